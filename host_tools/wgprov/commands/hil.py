# SPDX-License-Identifier: MIT
"""wgprov hil: the tunnel tests on boards at a cable, or on emulated ones."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from pytest_wgprov import targets
from pytest_wgprov.targets import Target
from wgprov.errors import BoardError, InputError, PortError, WgprovError, printable
from wgprov.options import json_option
from wgprov.output import console, print_json, say

TESTS = targets.ROOT / "tests" / "hil" / "test_tunnel.py"
PYTEST = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist"]
PYTEST += ["-c", str(targets.ROOT / "pyproject.toml"), "--rootdir", str(targets.ROOT)]
PYTEST_FAILED, PYTEST_NOTHING = 1, 5
END_TIMEOUT_S = 20.0
HEADLINES = ("handshake", "TCP board → server", "TCP server → board")
STYLES = {"passed": "green", "failed": "red", "error": "red", "absent": "red", "skipped": "yellow"}


@dataclass
class Run:
    """What is tested on, and what came out: the `result` events of pytest_wgprov.report."""

    targets: list[Target]
    absent: dict[str, str]  # name -> why
    results: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0

    def counts(self, name: str) -> Counter[str]:
        """How many tests of a target ended how; all of an absent board's are `absent`."""
        mine = [r["outcome"] for r in self.results if r["target"] == name]
        return Counter("absent" if name in self.absent else outcome for outcome in mine)

    def verdict(self, name: str) -> str:
        counts = self.counts(name)
        if name in self.absent:
            return "absent"
        return "passed" if counts["passed"] and not counts["failed"] + counts["error"] else "failed"

    def bad(self) -> list[dict[str, Any]]:
        """Tests that failed on boards that are there."""
        wrong = [r for r in self.results if r["outcome"] in ("failed", "error")]
        return [r for r in wrong if r["target"] not in self.absent]

    def as_json(self) -> dict[str, Any]:
        told: list[dict[str, Any]] = [
            {"name": t.name, "board": t.board, "kind": t.kind, "verdict": self.verdict(t.name)}
            | {"tests": dict(self.counts(t.name)), "absent": self.absent.get(t.name)}
            for t in self.targets
        ]
        tests = [{k: v for k, v in r.items() if k != "event"} for r in self.results]
        return {"targets": told, "tests": tests, "seconds": round(self.seconds, 1)}


def run(made: Run, command: list[str], show: Progress, as_json: bool) -> int:
    """pytest's exit status; what it prints itself is kept for a run that ends badly."""
    started = time.monotonic()
    reader, writer = os.pipe()
    with tempfile.TemporaryFile("w+") as log, os.fdopen(reader) as events:
        command = [*command, "--wgprov-events", str(writer)]
        child = subprocess.Popen(
            command, stdout=log, stderr=log, cwd=targets.ROOT, pass_fds=(writer,)
        )
        os.close(writer)
        try:
            _follow(made, events, show, as_json)
            status = child.wait(END_TIMEOUT_S)
        finally:
            _end(child)
        made.seconds = time.monotonic() - started
        if status not in (0, PYTEST_FAILED):
            raise _broken(status, log)
    return status


def _follow(made: Run, events: Iterator[str], show: Progress, as_json: bool) -> None:
    """Bar and lines, until pytest ends."""
    bar = show.add_task("collecting", total=None)
    for line in events:
        event = json.loads(line)
        if event["event"] == "collected":
            show.update(bar, total=len(event["tests"]))
        elif event["event"] == "start":
            show.update(bar, description=f"{event['target']}: {event['name']}")
        else:
            made.results.append(event)
            show.advance(bar)
            if not as_json:
                show.console.print(_line(event), soft_wrap=True)
    show.update(bar, description="done")


def _line(event: dict[str, Any]) -> Text:
    outcome = event["outcome"]
    text = Text(f"{outcome:7} ", style=STYLES.get(outcome, ""))
    text.append(f"{event['target']}: {event['name']}, {event['seconds']:.1f} s", style="default")
    if event["reason"]:
        text.append(f": {printable(event['reason'], 400)}", style="default")
    return text


def _end(child: subprocess.Popen[bytes]) -> None:
    """Interrupted: pytest's fixtures end the emulators and servers that they have started. A Ctrl-C
    has reached it too, and a second one would keep them from that."""
    for how in (None, signal.SIGINT, signal.SIGKILL):
        if child.poll() is not None:
            return
        if how is not None:
            child.send_signal(how)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(END_TIMEOUT_S)


def _broken(status: int, log: Any) -> WgprovError:
    """Why pytest has not tested: its last lines say it."""
    log.seek(0)
    lines = [line for line in log.read().splitlines() if line.strip()] or ["no message"]
    errors = [line for line in lines if line.startswith(("E ", "ERROR"))]
    last = printable((errors or lines)[-1])
    if status == PYTEST_NOTHING:
        return InputError(f"no test is left to run: {last}")
    return InputError(f"pytest ended with status {status}: {last}")


def table(made: Run) -> Table:
    """A line for each board."""
    shown = Table("board", "what it is", "verdict", "tests", *HEADLINES, box=None)
    for target in made.targets:
        verdict = made.verdict(target.name)
        counts = ", ".join(f"{n} {name}" for name, n in sorted(made.counts(target.name).items()))
        shown.add_row(
            Text(target.name),
            Text(f"{target.board}, {target.kind}"),
            Text(verdict, style=STYLES[verdict]),
            counts,
            *[_headline(made, target.name, label) for label in HEADLINES],
        )
    return shown


def _headline(made: Run, name: str, label: str) -> str:
    for result in made.results:
        for figure in result["figures"] if result["target"] == name else ():
            if figure["label"] == label and figure["numbers"]:
                return f"{figure['numbers'][0]:.2f} {figure['unit']}"
    return "-"


def _say_failures(made: Run) -> None:
    for name, why in made.absent.items():
        say(f"\n{name}: absent: {why}")
    told: set[str] = set()
    for result in made.bad():
        say(f"\n{result['target']}: {result['name']}: failed; there")
        words = [f"  {who}: {printable(line)}" for who, n in result["said"].items() for line in n]
        fresh = [line for line in words if f"{result['target']}{line}" not in told]
        told |= {f"{result['target']}{line}" for line in fresh}
        for line in fresh:
            say(line)


@dataclass(frozen=True)
class Choice:
    """What is tested on, as the command line has it."""

    names: tuple[str, ...]
    port: str | None
    server: str
    replace: bool
    bench: Path | None
    only: tuple[str, ...]

    def targets(self) -> list[Target]:
        found = [targets.emulated(name) for name in self.names]
        if self.port:
            found.append(targets.attached(self.port, self.server, self.replace))
        if self.bench:
            found += targets.read_bench(self.bench)
        return targets.only(found or [targets.emulated(targets.DEFAULT)], list(self.only))

    def arguments(self) -> list[str]:
        """The same for pytest_wgprov.plugin."""
        default = () if self.names or self.port or self.bench else (targets.DEFAULT,)
        given = [f"--wgprov-target={name}" for name in self.names or default]
        if self.port:
            given += [f"--wgprov-port={self.port}", f"--wgprov-server={self.server}"]
        if self.bench:
            given.append(f"--wgprov-bench={self.bench.absolute()}")
        given += [f"--wgprov-board={name}" for name in self.only]
        return given + (["--wgprov-replace"] if self.replace else [])


def _report_file(option: str, path: Path | None) -> list[str]:
    if path is None:
        return []
    path = path.absolute()
    if path.is_dir() or not path.parent.is_dir():
        raise InputError(f"{option}: {path}: must be a file in a folder that exists")
    return [f"{option}={path}"]


@click.command("hil")
@click.argument("tests", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("-t", "--target", "names", multiple=True, metavar="BOARD", help="An emulated board.")
@click.option(
    "-p", "--port", metavar="PORT", help="A board at a cable: id:SERIAL, a device, a URL."
)
@click.option("--server", default="", metavar="ADDRESS", help="This computer, as that board sees.")
@click.option("--replace", is_flag=True, help="An interface wg0 on that board may be destroyed.")
@click.option("--bench", type=click.Path(path_type=Path), metavar="FILE.toml", help="Boards.")
@click.option("--board", "only", multiple=True, metavar="NAME", help="Only this one of the bench.")
@click.option("--quick", is_flag=True, help="Leave out what takes minutes: keys that grow old.")
@click.option("-k", "words", metavar="WORDS", help="Only tests whose names match, as pytest's -k.")
@click.option("--junit", type=click.Path(path_type=Path), metavar="FILE.xml")
@click.option("--html", type=click.Path(path_type=Path), metavar="FILE.html", help="With plots.")
@json_option
def command(
    tests: tuple[Path, ...],
    names: tuple[str, ...],
    port: str | None,
    server: str,
    replace: bool,
    bench: Path | None,
    only: tuple[str, ...],
    quick: bool,
    words: str | None,
    junit: Path | None,
    html: Path | None,
    as_json: bool,
) -> None:
    """Test the tunnel of boards against a real WireGuard server; TESTS are the project's own unless
    named. Without a board named, on the emulated qemu_an386.

    Exit status: 0 all passed, 2 bad input, 3 a board is absent and the others passed, 4 a test
    failed.

    \b
    Examples:
      wgprov hil                                    on the emulated board
      wgprov hil -t qemu_an500 -t rpi_pico --html report.html
      wgprov hil -p /dev/ttyACM0 --server 192.168.1.20
      wgprov hil --bench bench.toml --junit hil.xml
    """
    choice = Choice(names, port, server, replace, bench, only)
    chosen = choice.targets()
    problem = next(filter(None, (target.missing() for target in chosen)), "")
    if problem or not TESTS.is_file():
        raise InputError(problem or f"{TESTS} is missing: hil runs from a checkout of the project")
    arguments = [*PYTEST, *[str(path.absolute()) for path in tests or (TESTS,)]]
    arguments += _report_file("--junitxml", junit) + _report_file("--html", html)
    arguments += ["--self-contained-html"] if html else []
    arguments += [] if quick else ["--wgprov-full"]
    arguments += (["-k", words] if words else []) + choice.arguments()
    absent = {target.name: target.absent() for target in chosen}
    made = Run(chosen, {name: why for name, why in absent.items() if why})
    where = console(stderr=as_json)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    bar = Progress(*columns, TimeElapsedColumn(), console=where, disable=not where.is_terminal)
    with bar as show:
        run(made, arguments, show, as_json)
    _finish(made, as_json, [path for path in (junit, html) if path])


def _finish(made: Run, as_json: bool, files: list[Path]) -> None:
    """The table, what went wrong, and the exit status that says so."""
    if as_json:
        print_json(made.as_json())
    else:
        console().print(table(made))
        _say_failures(made)
        for path in files:
            say(f"{path}: written")
    bad = made.bad()
    if bad:
        raise BoardError(f"{len(bad)} of {len(made.results)} tests failed")
    if made.absent:
        raise PortError(f"absent: {', '.join(made.absent)}")
    if not any(made.verdict(target.name) == "passed" for target in made.targets):
        raise BoardError("no test passed")
