# SPDX-License-Identifier: MIT
"""What becomes of the results: JSON lines for `wgprov hil`, figures and plots for pytest-html."""

from __future__ import annotations

import contextlib
import html
import json
import os
import subprocess
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest

from wgprov.errors import WgprovError

if TYPE_CHECKING:
    from demo.figure import Figure
    from demo.rig import Rig

    from pytest_wgprov.targets import Target

FIGURES: pytest.StashKey[list[tuple[str, Figure]]] = pytest.StashKey()  # of the run, by target
RECORDED: pytest.StashKey[list[Figure]] = pytest.StashKey()  # of one test
SAID: pytest.StashKey[dict[str, dict[str, list[str]]]] = pytest.StashKey()  # by what failed
RIG: pytest.StashKey[Rig | None] = pytest.StashKey()  # what is in use now

KINDS = {"hardware": "at a cable", "emulator": "an emulator, whose times are not a chip's"}
LOG_LINES = 8
TIME_CHARACTERS = 20  # at the start of each line of the server's log
REASON_CHARACTERS = 300


def said(rig: Rig) -> dict[str, list[str]]:
    """The last words of a board and of its server about their tunnel."""
    found = {"board": _asked(rig), "server": []}
    with contextlib.suppress(OSError):
        lines = rig.server_log.read_text(errors="replace").splitlines()
        latest = dict.fromkeys(line[TIME_CHARACTERS:] for line in reversed(lines))  # each once
        found["server"] = list(latest)[:LOG_LINES][::-1]
    return found


def _asked(rig: Rig) -> list[str]:
    from demo.rig import WgprovError as CommandFailed

    try:
        shown = json.loads(rig.wgprov("show", "--json"))["interfaces"]
        words = [f"{i['name']}: {i.get('status') or i.get('error') or 'off'}" for i in shown]
        return (words or ["no interface"]) + rig.wgprov("logs").splitlines()[-LOG_LINES:]
    except (CommandFailed, WgprovError, OSError, RuntimeError, subprocess.SubprocessError) as error:
        return [f"nothing: {error}"]


def target_of(item: pytest.Item) -> Target | None:
    """The board that a test is for, if it is for one."""
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    found: Target | None = parameters.get("wgprov_target")
    return found


def title(item_name: str, target: str) -> str:
    """test_transfers[qemu_an386-tcp_to_board] -> transfers: tcp to board."""
    name, _, variant = item_name.removesuffix("]").partition("[")
    parts = [name.removeprefix("test_"), variant.replace(target, "", 1).strip("-")]
    return ": ".join(part for part in parts if part).replace("_", " ")


def reason(made: pytest.TestReport) -> str:
    """The line that says why a test failed."""
    crash = getattr(made.longrepr, "reprcrash", None)
    text = crash.message if crash is not None else str(made.longrepr or "")
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[0][:REASON_CHARACTERS] if lines else ""


class Events:
    """Writes a JSON line for the list of tests, for each start, and for each end."""

    def __init__(self, config: pytest.Config) -> None:
        self._out = os.fdopen(config.getoption("--wgprov-events"), "w", buffering=1)
        self._names: dict[str, dict[str, str]] = {}
        self._ended: set[str] = set()
        self._seconds: defaultdict[str, float] = defaultdict(float)

    def _write(self, event: str, **fields: Any) -> None:
        try:
            self._out.write(json.dumps({"event": event, **fields}) + "\n")
        except BrokenPipeError:
            pytest.exit("who asked for this has gone")

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        for item in session.items:
            target = target_of(item)
            called = target.name if target else ""
            self._names[item.nodeid] = {"target": called, "name": title(item.name, called)}
        self._write("collected", tests=list(self._names.values()))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._write("start", **self._names[nodeid])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One line for each test: of its call, or of what kept it from being called."""
        self._seconds[report.nodeid] += report.duration
        if report.when != "call" and report.passed:
            return
        outcome = report.outcome if report.when == "call" or report.skipped else "error"
        if report.nodeid in self._ended and outcome != "error":
            return
        self._ended.add(report.nodeid)
        self._write(
            "result",
            **self._names[report.nodeid],
            outcome=outcome,
            seconds=round(self._seconds[report.nodeid], 3),
            reason="" if report.passed else reason(report),
            said=getattr(report, "said", {}),
            figures=getattr(report, "figures", []),
        )


def as_extras(figures: list[Figure]) -> list[dict[str, Any]]:
    """A test's figures for its row in pytest-html's table."""
    from pytest_html import extras

    if not figures:
        return []
    rows = "".join(
        f"<li>{html.escape(figure.label)}: {html.escape(figure.value)}</li>" for figure in figures
    )
    return [extras.html(f"<ul>{rows}</ul>")]


class Html:
    """pytest-html's report: its title, what was tested on, and the plots."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_html_report_title(self, report: Any) -> None:
        report.title = "WireGuard tunnel tests"

    def pytest_html_results_summary(self, prefix: list[str], session: pytest.Session) -> None:
        from pytest_wgprov import plots

        tested = [target for target in map(target_of, session.items) if target is not None]
        for target in dict.fromkeys(tested):
            words = f"{target.name}: {target.board}, {KINDS[target.kind]}"
            prefix.append(f"<p>{html.escape(words)}</p>")
        for name, picture in plots.pictures(self._config.stash[FIGURES]).items():
            source = f"data:image/png;base64,{picture}"
            prefix.append(f'<p><img alt="{html.escape(name)}" src="{source}"></p>')
