# SPDX-License-Identifier: MIT
"""wgprov selftest: does the board's crypto compute right, and which implementation is it?"""

from __future__ import annotations

import click

from wgprov import transport
from wgprov.errors import BoardError, printable
from wgprov.options import json_option, port_option
from wgprov.output import print_json, print_table
from wgprov.session import Session

GOOD = ("passed", "used", "declined")


def run(session: Session) -> dict[str, tuple[str, str]]:
    """{primitive: (implementation, result)}, tested anew."""
    session.hello()
    primitives = session.request("selftest").get("primitives")
    try:
        return {
            printable(name, 40): (printable(core, 40), printable(result, 20))
            for name, (core, result) in primitives.items()
        }
    except (AttributeError, TypeError, ValueError):
        raise BoardError("the board's report makes no sense: update its module") from None


def wrong(found: dict[str, tuple[str, str]]) -> list[str]:
    """The primitives that failed."""
    return [name for name, (_, result) in found.items() if result not in GOOD]


@click.command("selftest")
@port_option
@json_option
def command(port: str, as_json: bool) -> None:
    """Let a board test its crypto code against known answers.

    \b
    Examples:
      wgprov selftest
      wgprov selftest -p /dev/ttyACM0 --json
    """
    with transport.connect(port) as session:
        found = run(session)
    if as_json:
        print_json({name: {"core": c, "result": r} for name, (c, r) in found.items()})
    else:
        rows = [(name, *entry) for name, entry in found.items()]
        print_table(("primitive", "implementation", "result"), rows)
    failed = wrong(found)
    if failed or not found:
        raise BoardError(f"self-test: {', '.join(failed) or 'nothing was tested'}: do not use it")
