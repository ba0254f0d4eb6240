# SPDX-License-Identifier: MIT
"""Man pages of wgprov and each of its commands, by click-man: `make man`, and part of the wheel."""

from __future__ import annotations

import copy
import inspect
import re
import sys
from pathlib import Path

import click
from click_man.core import write_man_pages

from wgprov import __version__, cli

AS_IT_STANDS = "\b"  # click's mark of a paragraph that is not to be wrapped
DATE = " "  # none: the same sources make the same pages


def write(folder: Path) -> list[Path]:
    """wgprov.1, wgprov-provision.1 … in `folder`, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    root = _plain(cli.cli, click.Context(cli.cli, info_name="wgprov"))
    write_man_pages("wgprov", root, version=__version__, target_dir=str(folder), date=DATE)
    return sorted(folder.glob("*.1"))


def _plain(command: click.Command, context: click.Context) -> click.Command:
    """A copy whose help is roff, and whose sub-commands are all there: click-man looks into
    `commands`, while wgprov imports a command when it is asked for."""
    made = copy.copy(command)
    made.help = roff("\n\n".join(filter(None, [command.help, command.epilog])))
    made.short_help = command.get_short_help_str(200)
    if isinstance(command, click.Group):
        names = command.list_commands(context)
        below = {name: command.get_command(context, name) for name in names}
        made = click.Group(command.name, help=made.help, short_help=made.short_help)
        made.params = command.params
        made.commands = {name: _plain(sub, context) for name, sub in below.items() if sub}
    return made


def roff(help_text: str) -> str:
    """A docstring with its code blocks unfilled, and no line that roff takes for a request."""
    return "\n\n".join(map(_roff_paragraph, inspect.cleandoc(help_text).split("\n\n")))


def _roff_paragraph(paragraph: str) -> str:
    first, _, rest = paragraph.partition("\n")
    is_code = first.strip() == AS_IT_STANDS
    text = (rest if is_code else paragraph).replace("\\", "\\e").replace("-", "\\-")
    text = re.sub(r"^(?=[.'])", r"\\&", text, flags=re.MULTILINE)
    return f".nf\n{text}\n.fi" if is_code else text


if __name__ == "__main__":
    print("\n".join(str(path) for path in write(Path(sys.argv[1]))))
