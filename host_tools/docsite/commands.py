# SPDX-License-Identifier: MIT
"""The page of wgprov's commands, from the help that wgprov itself prints."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import click

from wgprov import cli

AS_IT_STANDS = "\b"  # click's mark of a paragraph that is not to be wrapped

INTRODUCTION = """\
# wgprov: commands

Made from what `wgprov --help` says. Exit status: 0 done, 1 a bug, 2 bad input, 3 no board or a
broken connection, 4 the board says no, 130 interrupted
([more](PROVISIONING.md#errors-and-exit-status)).
"""


def page() -> str:
    """Markdown: each command with its usage, its help, its options."""
    root = click.Context(cli.cli, info_name="wgprov")
    sections = [INTRODUCTION, *_options(root)]
    for name in cli.cli.list_commands(root):
        command = cli.cli.get_command(root, name)
        assert command is not None, name
        sections += _sections(command, name, root, "##")
    return "\n\n".join(sections) + "\n"


def _sections(
    command: click.Command, name: str, parent: click.Context, heading: str
) -> Iterator[str]:
    context = click.Context(command, info_name=name, parent=parent)
    usage = " ".join(command.collect_usage_pieces(context))
    yield f"{heading} {context.command_path}"
    yield f"```text\n{context.command_path} {usage}\n```"
    yield from _paragraphs(command.help or "")
    yield from _options(context)
    if isinstance(command, click.Group):
        for sub in command.list_commands(context):
            below = command.get_command(context, sub)
            assert below is not None, sub
            yield from _sections(below, sub, context, heading + "#")


def _paragraphs(help_text: str) -> Iterator[str]:
    """The docstring's paragraphs; those that keep their lines are code, under their heading."""
    for paragraph in inspect.cleandoc(help_text).split("\n\n"):
        first, _, rest = paragraph.partition("\n")
        if first.strip() != AS_IT_STANDS:
            yield paragraph
            continue
        title, _, lines = rest.partition("\n")
        yield title
        yield f"```sh\n{inspect.cleandoc(lines)}\n```"


def _options(context: click.Context) -> Iterator[str]:
    records = [parameter.get_help_record(context) for parameter in _parameters(context)]
    rows = [f"| `{_cell(name)}` | {_cell(text)} |" for name, text in filter(None, records)]
    if rows:
        yield "\n".join(["| option | |", "|---|---|", *rows])


def _parameters(context: click.Context) -> list[click.Parameter]:
    """The options but --help. Arguments are in the usage."""
    parameters = context.command.get_params(context)
    return [p for p in parameters if isinstance(p, click.Option) and "--help" not in p.opts]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
