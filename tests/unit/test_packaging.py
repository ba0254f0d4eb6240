# SPDX-License-Identifier: MIT
"""wgprov as people get it: a wheel in an empty environment."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"  # setuptools leaves its build folder beside what it builds
    shutil.copytree(ROOT / "host_tools" / "wgprov", source / "wgprov")
    shutil.copy(ROOT / "host_tools" / "pyproject.toml", source)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    command += ["--no-index", "--wheel-dir", str(folder), str(source)]
    subprocess.run(command, check=True, timeout=120, capture_output=True, text=True)
    [built] = folder.glob("wgprov-*.whl")
    return built


def test_the_wheel_holds_wgprov_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top.partition("-")[0] for top in tops} == {"wgprov"}
    for part in ("py.typed", "commands/provision.py", "targets/uf2.py", "fleet/database.py"):
        assert f"wgprov/{part}" in names


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
