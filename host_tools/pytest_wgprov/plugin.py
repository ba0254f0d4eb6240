# SPDX-License-Identifier: MIT
"""The fixtures `board`, `server` and `tunnel`, on whatever board is named.

    pytest tests/hil/test_tunnel.py --wgprov-target qemu_an386
    pytest tests/hil/test_tunnel.py --wgprov-port id:E6614103E7174B2D --wgprov-server 192.168.1.20
    pytest tests/hil/test_tunnel.py --wgprov-bench bench.toml

Without an option: the emulated board that the variable ENV names. `wgprov hil` runs this with a
table, JUnit and a report (docs/HIL.md). Nothing heavy is imported before a fixture is used.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_wgprov import report, targets
from pytest_wgprov.targets import Target
from wgprov.errors import WgprovError

if TYPE_CHECKING:
    from demo.figure import Figure
    from demo.rig import Rig
    from peer.driver import Peer

TARGET = "wgprov_target"
FULL = "full: takes minutes of real time; run by `wgprov hil` and with --wgprov-full"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("wgprov", "WireGuard boards")
    group.addoption("--wgprov-target", action="append", metavar="BOARD", help="an emulated board")
    group.addoption("--wgprov-port", metavar="PORT", help="a board at a cable, as wgprov's --port")
    group.addoption("--wgprov-server", metavar="ADDRESS", help="this computer, as that board sees")
    group.addoption("--wgprov-replace", action="store_true", help="its wg0 may be destroyed")
    group.addoption("--wgprov-bench", type=Path, metavar="FILE", help="boards as TOML")
    group.addoption(
        "--wgprov-board", action="append", metavar="NAME", help="only this of the bench"
    )
    group.addoption("--wgprov-full", action="store_true", help="also what takes minutes")
    group.addoption("--wgprov-events", type=int, metavar="FD", help="results as JSON lines")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", FULL)
    config.stash[report.FIGURES] = []
    if config.getoption("--wgprov-events") is not None:
        config.pluginmanager.register(report.Events(config), "wgprov-events")
    if config.pluginmanager.hasplugin("html"):
        config.pluginmanager.register(report.Html(config), "wgprov-html")


def chosen(config: pytest.Config) -> list[Target]:
    """The targets that the options name; none: the default."""
    found = [targets.emulated(name) for name in config.getoption("--wgprov-target") or []]
    port = config.getoption("--wgprov-port")
    if port:
        server = config.getoption("--wgprov-server") or ""
        found.append(targets.attached(port, server, config.getoption("--wgprov-replace")))
    bench = config.getoption("--wgprov-bench")
    if bench:
        found += targets.only(targets.read_bench(bench), config.getoption("--wgprov-board") or [])
    return found


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each test once for each target, and all tests of one target in a row."""
    if TARGET not in metafunc.fixturenames:
        return
    try:
        found = chosen(metafunc.config)
    except WgprovError as error:
        raise pytest.UsageError(str(error)) from None
    if found:
        names = [target.name for target in found]
        metafunc.parametrize(TARGET, found, ids=names, scope="session", indirect=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        target = report.target_of(item)
        if target is not None and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(target.limit_s))
    if config.getoption("--wgprov-full"):
        return
    left_out = [item for item in items if item.get_closest_marker("full")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def wgprov_target(request: pytest.FixtureRequest) -> Target:
    """The board that is tested."""
    given = getattr(request, "param", None)
    return given or targets.emulated(os.environ.get("ENV") or targets.DEFAULT)


@pytest.fixture(scope="session")
def rig(
    request: pytest.FixtureRequest,
    wgprov_target: Target,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Rig]:
    """Servers that run; a board that is off, its flash blank, or one that waits at its port."""
    problem = wgprov_target.absent() or wgprov_target.missing()
    if problem:
        pytest.fail(f"{wgprov_target.name}: {problem}", pytrace=False)
    with wgprov_target.rig(tmp_path_factory.mktemp("rig")) as made:
        request.config.stash[report.RIG] = made
        yield made
        request.config.stash[report.RIG] = None


@pytest.fixture(scope="session")
def provisioned(rig: Rig) -> list[Figure]:
    """The figures of provisioning, by which the board has a tunnel from here on."""
    from demo import steps

    figures = steps.provision(rig, steps.quiet)
    rig.join()
    return figures


@pytest.fixture(scope="session")
def tunnel(rig: Rig, provisioned: list[Figure]) -> Rig:
    """A board that has completed its first handshake with both servers."""
    rig.wait_handshake(rig.known_at)
    rig.wait_second(rig.known_at)
    return rig


@pytest.fixture
def server(tunnel: Rig) -> Peer:
    """The first server."""
    return tunnel.server


@pytest.fixture
def board(tunnel: Rig) -> Any:
    """The board: `.port` is its serial port."""
    return tunnel.board


@pytest.fixture
def show(request: pytest.FixtureRequest) -> Callable[[list[Figure]], None]:
    """show(figures) puts a test's figures into the reports."""
    target = request.getfixturevalue(TARGET) if TARGET in request.fixturenames else None

    def keep(figures: list[Figure]) -> None:
        name = target.name if target else ""
        request.node.stash.setdefault(report.RECORDED, []).extend(figures)
        request.config.stash[report.FIGURES] += [(name, figure) for figure in figures]
        for figure in figures:
            request.node.user_properties.append((figure.label, figure.value))

    return keep


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """A test that fails is told with what board and server say; one that does not, with figures."""
    made = yield
    if made.when == "call":
        figures = item.stash.get(report.RECORDED, [])
        made.figures = [asdict(figure) for figure in figures]  # pytest-xdist sends plain data only
        if item.config.pluginmanager.hasplugin("html"):
            made.extras = [*getattr(made, "extras", []), *report.as_extras(figures)]
    rig_used = item.config.stash.get(report.RIG, None)
    if made.failed and rig_used is not None and TARGET in getattr(item, "fixturenames", ()):
        before = item.config.stash.setdefault(report.SAID, {})
        why = report.reason(made)  # a fixture's failure is every test's: ask once
        made.said = before[why] = before.get(why) or report.said(rig_used)
        made.sections += [(who, "\n".join(lines)) for who, lines in made.said.items()]
    return made
