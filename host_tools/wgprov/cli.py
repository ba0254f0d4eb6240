# SPDX-License-Identifier: MIT
"""The command line as a whole: the commands, and one line for every error."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence

import click

from wgprov import __version__, output
from wgprov.errors import EXIT_INPUT, EXIT_INTERNAL, EXIT_INTERRUPTED, InputError, WgprovError

# What a command's own libraries are, and what to do when one is missing.
EXTRAS = {
    "fleet": (("sqlalchemy", "segno", "fpdf"), "needs more libraries: pip install 'wgprov[fleet]'"),
    "hil": (("pytest_wgprov",), "runs from a checkout of the project, after `make setup`"),
}


class Commands(click.Group):
    """Imports a command's module when it is asked for: `show` does not wait for a database."""

    NAMES: tuple[str, ...] = (
        "ports",
        "flash",
        "provision",
        "show",
        "status",
        "peer",
        "keygen",
        "rotate",
    )
    NAMES += ("backup", "monitor", "logs", "bench", "hil", "doctor", "selftest")
    NAMES += ("lock", "unlock", "remove", "fleet")

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.NAMES)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in self.NAMES:
            return None
        try:
            module = importlib.import_module(f"wgprov.commands.{name}")
        except ModuleNotFoundError as error:
            libraries, how = EXTRAS.get(name, ((), ""))
            if error.name not in libraries:
                raise
            return _unavailable(name, how)
        command: click.Command = module.command
        return command


def _unavailable(name: str, how: str) -> click.Command:
    """Stands for a command whose libraries are not installed."""

    def refuse() -> None:
        raise InputError(f"{name}: {how}")

    settings = {"ignore_unknown_options": True, "allow_extra_args": True}
    return click.Command(name, context_settings=settings, callback=refuse, short_help=how)


@click.group(
    cls=Commands,
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
    output.failure(line)
    return status
