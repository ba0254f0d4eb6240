# SPDX-License-Identifier: MIT
"""wgprov as people get it: a wheel in an empty environment."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
from demo.rig import chosen_env, firmware

import wireguard
from host_tools.release.wheel import build, pip_wheel
from tests.unit.test_provision_kit import conf_text
from wgprov.cli import Commands
from wgprov.targets.qemu import QemuBoard

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


class Installed:
    """The `wgprov` of an environment, run in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = folder / "v"

    def make(self, *options: str) -> None:
        command = [sys.executable, "-m", "venv", *options, str(self.environment)]
        subprocess.run(command, check=True, timeout=120)

    def install(self, *arguments: str) -> None:
        """By the pip at hand, which may install into another environment."""
        python = str(self.environment / "bin" / "python")
        command = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet"]
        subprocess.run([*command, *arguments], check=True, timeout=280)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(self.environment / "bin" / "wgprov"), *arguments]
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        return subprocess.run(
            command, capture_output=True, text=True, timeout=60, cwd=self.folder, env=environment
        )

    def provision(self) -> None:
        """An emulated board, as a person would."""
        (self.folder / "wg0.conf").write_text(conf_text())
        env = chosen_env()
        with QemuBoard(env, firmware(env), self.folder / "flash.bin") as board:
            board.wait_prompt()
            done = self.run("provision", "-p", board.port, "--json", "wg0.conf")
            assert done.returncode == 0, done.stderr
            shown = self.run("show", "-p", board.port).stdout
        assert f"public key: {json.loads(done.stdout)['public_key']}" in shown


def test_the_installed_command_provisions_a_board(wheel: Path, tmp_path: Path) -> None:
    """Without a network: what wgprov needs is lent by the environment that runs the tests."""
    installed = Installed(tmp_path)
    installed.make("--without-pip")
    installed.install("--no-deps", "--no-index", str(wheel))
    [site] = (installed.environment / "lib").glob("python*/site-packages")
    (site / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    python = installed.environment / "bin" / "python"
    where = [str(python), "-c", "import wgprov; print(wgprov.__file__)"]
    found = subprocess.run(where, capture_output=True, text=True, timeout=60, cwd=tmp_path).stdout
    assert found.startswith(str(site)), "not the checkout's"
    installed.provision()


@pytest.mark.boards
@pytest.mark.timeout(900)
def test_it_works_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    """With what its metadata asks for and nothing else; fetched by the machine's own pip."""
    installed = Installed(tmp_path)
    installed.make()
    installed.install(str(wheel))
    run = installed.run
    assert run("--version").stdout.startswith("wgprov, version ")
    assert "provision" in run("--help").stdout
    assert run("ports", "--no-probe", "--json").returncode == 0
    refused = run("fleet", "list")
    assert refused.returncode == 2 and "pip install 'wgprov[fleet]'" in refused.stderr
    assert run("show", "-p", str(tmp_path / "none")).returncode == 3
    installed.provision()
    installed.install(f"{wheel}[fleet,qr,plot,postgresql]")
    assert run("fleet", "list").returncode == 0
    for module in ("zxingcpp", "matplotlib", "psycopg", "segno"):
        python = str(installed.environment / "bin" / "python")
        subprocess.run([python, "-c", f"import {module}"], check=True, timeout=60)
