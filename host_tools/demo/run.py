# SPDX-License-Identifier: MIT
"""`make demo`: an emulated board reaches a real WireGuard server, in seven points with figures.

Ends with status 0 when all points hold, 1 when one fails, 2 when something is missing at first.
"""

from __future__ import annotations

import argparse
import os
import sys
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "host_tools"), str(ROOT / "tests" / "hil")]  # the PPP peer is a test's

from demo import pico, pico_steps, steps  # noqa: E402
from demo.report import Report  # noqa: E402
from demo.rig import CACHE, Rig, chosen_env, firmware  # noqa: E402
from peer.driver import BINARY, PeerError  # noqa: E402

from wgprov.targets.rp2040 import ENV as PICO_ENV  # noqa: E402

ORDER = (1, 2, 3, 4, 6, 7, 5)  # 5 begins after 1: the board needs 15 s to notice a restart


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    env = chosen_env()
    parser.add_argument("--env", default=env, help=f"which board (default: {env})")
    parser.add_argument(
        "--folder", type=Path, default=CACHE / "demo", help="where capture and log are left"
    )
    return parser.parse_args()


def missing(env: str) -> str:
    """What has to be built first, or nothing."""
    for path in (pico.uf2() if env == PICO_ENV else firmware(env), BINARY):
        if not path.is_file():
            return f"{relative(path)} is missing: run `make demo`, which builds it"
    return ""


def relative(path: Path) -> Path:
    return Path(os.path.relpath(path))


def main() -> int:
    options = arguments()
    problem = missing(options.env)
    if problem:
        print(f"demo: {problem}", file=sys.stderr)
        return 2
    report = Report()
    try:
        with new_rig(options.env, options.folder) as rig:
            if isinstance(rig, pico.PicoRig):
                show_in_order(rig, report)
            else:
                show_points(rig, report)
            report.finish({name: relative(path) for name, path in rig.files().items()})
    except PeerError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 2
    return 1 if report.failed else 0


def new_rig(env: str, folder: Path) -> Rig:
    return pico.PicoRig(folder) if env == PICO_ENV else Rig(env, folder)


def show_points(rig: Rig, report: Report) -> None:
    """A failure of 1 or 2 leaves nothing for the others to use, so they are not tried."""
    for number in ORDER:
        title, step = steps.POINTS[number]
        point = report.point(number, title, partial(step, rig, report.say))
        if point.failure and number <= 2:
            return
        if number == 1:
            report.background(5, partial(steps.second_restarts, rig, report.say))


def show_in_order(rig: pico.PicoRig, report: Report) -> None:
    """The same for the Pico, whose points are others."""
    for number, (title, step) in pico_steps.POINTS.items():
        point = report.point(number, title, partial(step, rig, report.say))
        if point.failure and number <= 2:
            return


if __name__ == "__main__":
    sys.exit(main())
