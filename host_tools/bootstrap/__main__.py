# SPDX-License-Identifier: MIT
"""python3 -m host_tools.bootstrap VERB ...: see USAGE."""

from __future__ import annotations

import contextlib
import fcntl
import subprocess
import sys
from collections.abc import Iterator, Sequence

from . import cbmc, environment, go, nmcli, paths, platformio, steps, system, umqtt, xtensa

OLDEST_PYTHON = (3, 10)
USAGE = (
    "usage: python3 -m host_tools.bootstrap "
    "sources | setup | peer | nmcli | umqtt | xtensa | cbmc | tools NAME | run LABEL -- COMMAND ..."
)


def fetch_sources() -> None:
    """firmware/fetch.py prints its own progress."""
    command = [sys.executable, str(paths.ROOT / "firmware" / "fetch.py")]
    if status := subprocess.run(command, stdin=subprocess.DEVNULL).returncode:
        raise steps.StepError("third-party sources are not complete", status)


@contextlib.contextmanager
def only_one(name: str) -> Iterator[None]:
    """Another process that wants the same waits."""
    paths.CACHE.mkdir(exist_ok=True)
    with open(paths.CACHE / f"{name}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def sources() -> None:
    """What firmware is built of and with: it need not wait for the Python packages."""
    with only_one("sources"):
        system.install_missing()
        fetch_sources()


def setup() -> None:
    """Everything a build or a test needs, each part only when it is not current."""
    sources()
    with only_one("setup"):
        environment.ensure()
        platformio.ensure()


def dispatch(arguments: Sequence[str]) -> None:
    """Carry out one command line."""
    verb, rest = (arguments[0], list(arguments[1:])) if arguments else ("", [])
    if verb == "sources" and not rest:
        sources()
    elif verb == "setup" and not rest:
        setup()
    elif verb == "peer" and not rest:
        go.build_peer()
    elif verb == "nmcli" and not rest:
        nmcli.ensure()
    elif verb == "umqtt" and not rest:
        umqtt.ensure()
    elif verb == "xtensa" and not rest:
        xtensa.ensure()
    elif verb == "tools" and len(rest) == 1 and rest[0] in system.TOOL_PACKAGES:
        system.install_missing(system.TOOL_PACKAGES[rest[0]], {})
    elif verb == "cbmc" and not rest:
        cbmc.ensure()
    elif verb == "run" and len(rest) > 2 and rest[1] == "--":
        steps.run(rest[0], rest[2:])
    else:
        raise steps.StepError(USAGE, status=2)


def main(arguments: Sequence[str]) -> int:
    """Exit status; errors are one line (and the tail of a log that was shown already)."""
    if sys.version_info < OLDEST_PYTHON:
        print(
            f"setup: Python 3.10 or newer is needed, this is {sys.version.split()[0]}",
            file=sys.stderr,
        )
        return 2
    return steps.exit_status("setup", lambda: dispatch(arguments))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
