# SPDX-License-Identifier: MIT
"""The documentation site: built strictly, complete, and all of it from here."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from host_tools.docsite import boards, links
from wgprov import cli

ROOT = Path(__file__).resolve().parents[2]
BUILD_S = 120
# What a page makes a browser load by itself. A link that a person may follow is another matter.
LOADED = re.compile(
    r"<(?:script|img|iframe|source)\b[^>]*?\ssrc=[\"']?([^\"'\s>]+)"
    r"|<link\b[^>]*?rel=[\"']?(?:stylesheet|icon|preload|preconnect)[^>]*?href=[\"']?([^\"'\s>]+)"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = build("--site-dir", str(folder))
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def build(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", *options],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=BUILD_S,
    )


def test_every_page_of_docs_is_there(site: Path) -> None:
    pages = [path.relative_to(ROOT / "docs") for path in (ROOT / "docs").rglob("*.md")]
    assert len(pages) > 8
    for page in pages:
        assert (site / page.with_suffix(".html")).is_file(), page


def test_a_browser_loads_nothing_from_elsewhere(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    loaded = {a or b for page in pages for a, b in LOADED.findall(page.read_text())}
    assert any(name.endswith(".js") for name in loaded), "the pattern sees nothing"
    assert [name for name in loaded if re.match(r"(?i)(https?:)?//", name)] == []
    styles = "".join(path.read_text() for path in site.rglob("*.css"))
    assert re.findall(r"url\([\"']?(?:https?:)?//[^)]*\)|@import[^;]*//", styles) == []


def commands(group: click.Group, path: str) -> list[tuple[str, click.Command]]:
    context = click.Context(group)
    found = []
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        found.append((f"{path} {name}", command))
        if isinstance(command, click.Group):
            found += commands(command, f"{path} {name}")
    return found


def test_every_command_and_option_is_described(site: Path) -> None:
    text = (site / "commands.html").read_text()
    for path, command in commands(cli.cli, "wgprov"):
        assert re.search(rf"<h[2-6] id=[^>]*>{path}<", text), path
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.opts[-1] in text, (path, parameter.opts)


def test_every_board_has_its_commands(site: Path) -> None:
    text = "".join(page.read_text() for page in (site / "boards").glob("*.html"))
    for path in (ROOT / "boards").glob("*.json"):
        assert f'id="{path.stem}"' in text, path
        assert json.loads(path.read_text())["url"] in text, path


def test_boards_are_described_by_the_one_table() -> None:
    table = boards.verified()
    assert len(table) > 10
    pico = boards.pages()["boards/raspberry-pi-pico.md"]
    [row] = [line for line in table if "`rpi_pico2`" in line.split("|")[1]]
    assert row.replace("](../", "](../../") in pico
    assert "(../BOARDS.md#rp2040" in pico


@pytest.mark.parametrize(
    "link, page, there",
    [
        ("[a](../CONTRIBUTING.md)", "DESIGN.md", "[a](project/contributing.md)"),
        ("[a](../../../docs/BOARDS.md#x)", "ports/rp2.md", "[a](../BOARDS.md#x)"),
        ("[a](BOARDS.md)", "DESIGN.md", "[a](BOARDS.md)"),
        ("[the code](../mpy/manifest.py)", "DESIGN.md", "the code"),
        ("[a](../none.md)", "DESIGN.md", "[a](../none.md)"),
        ("[a](https://example.org/x)", "DESIGN.md", "[a](https://example.org/x)"),
    ],
)
def test_links_are_good_in_both_places(link: str, page: str, there: str) -> None:
    assert links.rewrite(link, page) == there


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/BOARDS.md"])
def test_links_lead_to_files_of_the_repository(page: str) -> None:
    """Where no site is: on the host of the repository."""
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", (ROOT / page).read_text())
    assert targets or page != "README.md"
    assert [t for t in targets if not (ROOT / page).parent.joinpath(t).exists()] == []


def test_a_broken_link_fails_the_build(tmp_path: Path) -> None:
    """In a site of one page with the same settings, which takes a second."""
    settings = (ROOT / "mkdocs.yml").read_text()
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text("# A\n\n[b](b.md), [c](#c)\n")
    validation = settings[settings.index("validation:") : settings.index("hooks:")]
    (tmp_path / "mkdocs.yml").write_text(f"site_name: x\nstrict: true\n{validation}")
    done = build("--config-file", str(tmp_path / "mkdocs.yml"))
    assert done.returncode != 0
    assert "'b.md'" in done.stderr and "'#c'" in done.stderr, done.stderr
