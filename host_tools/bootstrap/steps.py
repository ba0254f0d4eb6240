# SPDX-License-Identifier: MIT
"""Runs one long command quietly: a line when it starts, one while it lasts, one at its end."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from .paths import LOGS

FIRST_NEWS_S = 10.0
POLL_S = 0.1
TAIL_LINES = 25
TAIL_COLUMNS = 300


class StepError(Exception):
    """A step failed; the text says which, and `status` is the exit status to end with."""

    def __init__(self, text: str, status: int = 1) -> None:
        super().__init__(text)
        self.status = status


def exit_status(program: str, action: Callable[[], object]) -> int:
    """What to end a program with after `action`, of which a StepError is one line."""
    try:
        action()
    except StepError as error:
        print(f"{program}: {error}", file=sys.stderr)
        return error.status
    except KeyboardInterrupt:
        return 130
    return 0


def say(text: str) -> None:
    """One line for the person who waits, at once."""
    print(text, flush=True)


def _log_path(label: str) -> Path:
    LOGS.mkdir(parents=True, exist_ok=True)
    return LOGS / (re.sub(r"[^A-Za-z0-9_.]+", "-", label).strip("-") + ".log")


def _tail(path: Path) -> str:
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join("    " + line[:TAIL_COLUMNS] for line in lines[-TAIL_LINES:])


def _last_line(path: Path) -> str:
    text = path.read_bytes()[-400:].decode("utf-8", errors="replace").strip()
    return text.splitlines()[-1][:70] if text else ""


def _wait(process: subprocess.Popen[bytes], label: str, log: Path, started: float) -> int:
    """Exit status; says every ten seconds that the step goes on, and what it printed last."""
    news = started + FIRST_NEWS_S
    while process.poll() is None:
        time.sleep(POLL_S)
        if time.monotonic() >= news:
            news += FIRST_NEWS_S
            say(f"  ... {label}: {time.monotonic() - started:.0f} s  {_last_line(log)}")
    return process.returncode


def run(
    label: str,
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> None:
    """Run the command; its output goes to a log in .cache/logs, shown only when it fails."""
    started = time.monotonic()
    say(f"* {label} ...")
    log = _log_path(label)
    environment = dict(os.environ, **(env or {}))
    with open(log, "wb") as output:
        try:
            # close_fds=False: a make below this one finds the jobserver of the make above.
            process = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                cwd=cwd,
                close_fds=False,
            )
        except OSError as error:
            raise StepError(f"{label}: {error}") from None
        try:
            status = _wait(process, label, log, started)
        except BaseException:
            process.terminate()
            process.wait()
            raise
    if status:
        print(_tail(log), file=sys.stderr)
        raise StepError(f"{label} failed with exit status {status}; all of its output: {log}")
    say(f"  {label}: done in {time.monotonic() - started:.1f} s")
