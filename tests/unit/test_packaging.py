# SPDX-License-Identifier: MIT
"""wgprov as people get it: a wheel in an empty environment."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import wireguard
from host_tools.release.wheel import build, pip_wheel
from wgprov.cli import Commands

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("wheel"))


def test_the_wheel_holds_wgprov_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top.partition("-")[0] for top in tops} == {"wgprov"}
    for part in (
        "py.typed",
        "boardcode/bench.py",
        "commands/provision.py",
        "targets/uf2.py",
        "fleet/database.py",
    ):
        assert f"wgprov/{part}" in names


def test_the_wheel_has_a_man_page_for_each_command(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        pages = {name for name in archive.namelist() if "/data/share/man/man1/" in name}
    names = {page.rpartition("/")[2].removesuffix(".1") for page in pages}
    assert {f"wgprov-{name}" for name in Commands.NAMES} | {"wgprov"} <= names


def test_the_extras_are_those_that_the_manual_names() -> None:
    settings = (ROOT / "host_tools" / "pyproject.toml").read_text()
    section = settings.partition("[project.optional-dependencies]\n")[2].partition("\n[")[0]
    manual = (ROOT / "docs" / "INSTALL.md").read_text()
    extras = set(re.findall(r"^(\w+) = ", section, re.M))
    assert extras and extras == set(re.findall(r"^\| `wgprov\[(\w+)\]`", manual, re.M))


def test_the_stubs_are_a_package_of_their_own(tmp_path: Path) -> None:
    built = pip_wheel(ROOT / "mpy" / "stubs", tmp_path)
    names = zipfile.ZipFile(built).namelist()
    parts = {name for name in names if ".dist-info/" not in name}
    sources = (ROOT / "mpy" / "stubs").glob("*-stubs/*.pyi")
    assert parts == {f"{path.parent.name}/{path.name}" for path in sources}
    assert built.name.split("-")[1] == wireguard.__version__


@pytest.mark.boards
def test_it_works_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    """With what its metadata asks for and nothing else; fetched by the machine's own pip."""
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "v")], check=True, timeout=120)
    program = tmp_path / "v" / "bin"
    subprocess.run(
        [program / "python", "-m", "pip", "install", "--quiet", str(wheel)],
        check=True,
        timeout=280,
    )

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(program / "wgprov"), *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path)

    assert run("--version").stdout.startswith("wgprov, version ")
    assert "provision" in run("--help").stdout
    assert run("ports", "--no-probe", "--json").returncode == 0
    refused = run("fleet", "list")
    assert refused.returncode == 2 and "pip install 'wgprov[fleet]'" in refused.stderr
    assert run("show", "-p", str(tmp_path / "none")).returncode == 3
