# SPDX-License-Identifier: MIT
"""Command line of wgprov: options, and one line for every error. The work is in commands/."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from wgprov import __version__, transport, wgshow
from wgprov.commands import ports as ports_command
from wgprov.commands import provision as provision_command
from wgprov.commands import remove as remove_command
from wgprov.commands import show as show_command
from wgprov.errors import EXIT_INPUT, EXIT_INTERNAL, EXIT_INTERRUPTED, InputError, WgprovError

ORIGINS = {"made": "made on the board", "kept": "kept", "imported": "imported"}

port_option = click.option(
    "-p",
    "--port",
    default="auto",
    envvar="WGPROV_PORT",
    show_default=True,
    metavar="PORT",
    help="auto, id:SERIAL, a device such as /dev/ttyACM0 or COM3, a0/u0/c3, or a URL "
    "(socket://host:port, rfc2217://host:port).",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit status: 0 done, 2 bad input, 3 no board or a broken connection, "
    "4 the board says no, 1 a bug.",
)
@click.version_option(__version__, prog_name="wgprov")
def cli() -> None:
    """Provision WireGuard on MicroPython boards over their serial port.

    \b
    Examples:
      wgprov ports                          which boards are there
      wgprov provision wg0.conf             the board makes its key; prints the server's [Peer]
      wgprov show                           like `wg show`, from the board
    """


@cli.command()
@click.option("-p", "--port", "names", multiple=True, metavar="PORT", help="Ask only this port.")
@click.option("--no-probe", is_flag=True, help="List only; do not open the ports.")
@json_option
def ports(names: Sequence[str], no_probe: bool, as_json: bool) -> None:
    """List serial ports and what answers on them.

    Asking interrupts the program that a board runs, as mpremote does.

    \b
    Examples:
      wgprov ports
      wgprov ports --no-probe --json
      wgprov ports -p socket://127.0.0.1:5555
    """
    found = ports_command.run(list(names), not no_probe)
    if as_json:
        _print_json({"ports": [port.as_json() for port in found]})
    elif not found:
        _say("no USB serial ports: plug a board in, or name a port with -p")
    else:
        _print_ports(found)


@cli.command()
@click.argument("conf", type=click.Path(path_type=Path))
@port_option
@click.option("--name", help="Interface name (default: the file's name without .conf).")
@click.option(
    "--psk",
    metavar="generate|keep|none|FILE",
    help="Preshared key: make one, keep the board's, use none, or read FILE "
    "(default: what the conf says).",
)
@click.option("--new-key", is_flag=True, help="Let the board make a new key pair.")
@click.option(
    "--private-key-from",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Hand a private key to the board instead of letting it make one (it warns).",
)
@click.option(
    "--server-peer-out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where the server's [Peer] block goes, mode 0600 (default: NAME.server-peer.conf "
    "when it has a preshared key).",
)
@click.option("--show-secrets", is_flag=True, help="Print the preshared key instead of (hidden).")
@json_option
def provision(
    conf: Path,
    port: str,
    name: str | None,
    psk: str | None,
    new_key: bool,
    private_key_from: Path | None,
    server_peer_out: Path | None,
    show_secrets: bool,
    as_json: bool,
) -> None:
    """Give a board the configuration in CONF, a wg-quick file.

    The board makes its private key and keeps it. Printed are its public key and the [Peer] block
    for the server. Running it again keeps the board's key; a cable pulled in the middle leaves the
    old configuration or the new one.

    \b
    Examples:
      wgprov provision wg0.conf
      wgprov provision -p /dev/ttyACM0 --psk generate wg0.conf
      wgprov provision -p id:e660583883724a32 --server-peer-out peer.conf --json wg0.conf
    """
    job = provision_command.plan(conf, name, psk, private_key_from, new_key, server_peer_out)
    try:
        for warning in job.warnings:
            _warn(warning)
        with transport.connect(port) as session:
            outcome = provision_command.run(session, job)
        for warning in outcome.warnings[len(job.warnings) :]:
            _warn(warning)
        if as_json:
            _print_json(outcome.as_json(show_secrets))
        else:
            _print_outcome(outcome, show_secrets)
    finally:
        job.wipe()


@cli.command()
@click.argument("name", required=False)
@port_option
@json_option
def show(name: str | None, port: str, as_json: bool) -> None:
    """Print the board's interfaces as `wg show` does. No secret is ever printed.

    \b
    Examples:
      wgprov show
      wgprov show wg0 -p /dev/ttyACM0 --json
    """
    with transport.connect(port) as session:
        interfaces = show_command.run(session, name)
    if as_json:
        _print_json({"interfaces": interfaces})
    elif interfaces:
        click.echo(wgshow.text(interfaces), nl=False)
    else:
        _warn("the board has no interface yet: see `wgprov provision --help`")


@cli.command()
@click.argument("name")
@port_option
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@json_option
def remove(name: str, port: str, yes: bool, as_json: bool) -> None:
    """Remove an interface from a board, its private key included.

    \b
    Examples:
      wgprov remove wg0
      wgprov remove wg0 -p /dev/ttyACM0 --yes
    """
    if not yes:
        if not sys.stdin.isatty():
            raise InputError(f"remove {name}: destroys the board's key: say --yes")
        click.confirm(f"Remove {name} and its private key from the board?", abort=True)
    with transport.connect(port) as session:
        result = remove_command.run(session, name)
    if as_json:
        _print_json(result)
    else:
        _say(f"{name}: removed")


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point: exits with the documented status."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit status; every error is one line on stderr."""
    try:
        result = cli.main(args=arguments, prog_name="wgprov", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except WgprovError as error:
        return _fail(str(error), error.exit_code)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return EXIT_INPUT
    except click.Abort:
        return _fail("interrupted", EXIT_INTERRUPTED)
    except click.ClickException as error:
        return _fail(error.format_message().replace("\n", " "), EXIT_INPUT)
    except KeyboardInterrupt:
        return _fail("interrupted", EXIT_INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_INTERNAL
    except Exception as error:
        # Its message may hold anything, a secret included: only a developer asks for it.
        if os.environ.get("WGPROV_DEBUG"):
            raise
        kind = type(error).__name__
        return _fail(f"a bug ({kind}): set WGPROV_DEBUG=1 to see where", EXIT_INTERNAL)


def _fail(line: str, status: int) -> int:
    _console(stderr=True).print(
        f"wgprov: {line}", style="red", markup=False, highlight=False, soft_wrap=True
    )
    return status


def _warn(line: str) -> None:
    _console(stderr=True).print(
        f"wgprov: note: {line}", style="yellow", markup=False, highlight=False, soft_wrap=True
    )


def _say(line: str) -> None:
    _console().print(line, markup=False, highlight=False, soft_wrap=True)


def _console(stderr: bool = False) -> Console:
    return Console(stderr=stderr)  # colours only on a terminal, and NO_COLOR is heeded


def _print_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=2))


def _print_ports(found: list[ports_command.Found]) -> None:
    rows = [
        (p.port, p.serial_number, p.board or "", p.module or "", ", ".join(p.interfaces), p.note)
        for p in found
    ]
    heads = ("port", "serial number", "board", "module", "interfaces", "note")
    if not sys.stdout.isatty():
        for row in rows:
            click.echo("\t".join(row))
        return
    table = Table(*heads, box=None)
    for row in rows:
        table.add_row(*[click.unstyle(cell).replace("[", "\\[") for cell in row])
    _console().print(table)


def _print_outcome(outcome: provision_command.Outcome, show_secrets: bool) -> None:
    _say(f"{outcome.name}: provisioned on {outcome.board}")
    origin = ORIGINS.get(outcome.key_origin, outcome.key_origin)
    _say(f"  public key: {outcome.public_key} ({origin})")
    _say(f"  tunnel: {outcome.tunnel}")
    for server_key, peer, path in outcome.servers:
        where = f" (with its preshared key in {path}, mode 0600)" if path else ""
        if path and peer.preshared is None:
            where = f" (also in {path})"
        _say(f"\nFor the server {server_key}{where}:\n")
        click.echo(peer.block(show_secrets), nl=False)
