# SPDX-License-Identifier: MIT
"""`make xtensa`: which compiler it takes, and that a wrong one or a wrong package is refused."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from host_tools.bootstrap import paths, steps, xtensa

ROOT = Path(__file__).resolve().parents[2]
WINDOWED = 'echo "#define __XTENSA_WINDOWED_ABI__ 1"; echo "$@" >> "$(dirname "$0")/asked"\n'
CALL0 = 'echo "#define __XTENSA_CALL0_ABI__ 1"\n'
NO_NETWORK = {name: "http://127.0.0.1:9" for name in ("http_proxy", "https_proxy", "HTTP_PROXY")}


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of its own; no fetching, unless a test puts that back."""
    monkeypatch.setattr(paths, "STAMPS", tmp_path / "stamps")
    monkeypatch.setattr(paths, "LOGS", tmp_path / "logs")
    monkeypatch.setattr(xtensa, "HOME", tmp_path / "xtensa")
    monkeypatch.setattr(xtensa, "SOURCES", tmp_path / "src")
    monkeypatch.setattr(xtensa, "FETCH", tmp_path / "no-fetch.py")
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    return tmp_path


def put_on_path(box: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Espressif's programs by name, all the same script."""
    folder = box / "esp tools"
    folder.mkdir(exist_ok=True)
    for tool in xtensa.TOOLS:
        program = folder / f"{xtensa.ESPRESSIF}{tool}"
        program.write_text("#!/bin/sh\n" + script)
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


def test_espressif_on_path_wins(box: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = put_on_path(box, WINDOWED, monkeypatch)
    xtensa.ensure()
    names = {path.name for path in (box / "xtensa" / "bin").iterdir()}
    assert names == {f"xtensa-{tool}" for tool in xtensa.TOOLS} | {"xtensa-short-gcc"}
    (folder / "asked").unlink()
    subprocess.run([box / "xtensa" / "bin" / "xtensa-short-gcc", "a file.c"], check=True)
    assert (folder / "asked").read_text() == "-DWG_SHORT_MULTIPLY a file.c\n"


def test_done_once(box: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_on_path(box, WINDOWED, monkeypatch)
    xtensa.ensure()
    (box / "xtensa" / "mark").touch()
    xtensa.ensure()
    assert (box / "xtensa" / "mark").exists()
    (box / "xtensa" / "bin" / "xtensa-gcc").unlink()
    xtensa.ensure()
    assert not (box / "xtensa" / "mark").exists(), "made anew when it is not whole"


def test_a_compiler_that_left_path_is_not_used_on(
    box: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_on_path(box, WINDOWED, monkeypatch)
    xtensa.ensure()
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    with pytest.raises(steps.StepError, match="packages are not complete"):  # goes to Debian's
        xtensa.ensure()
    assert not (box / "stamps" / xtensa.STAMP).exists()
    assert not (box / "xtensa" / "bin").exists()


def test_a_compiler_of_another_abi_is_refused(box: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_on_path(box, CALL0, monkeypatch)
    for _ in range(2):  # and not taken for good the second time
        with pytest.raises(steps.StepError, match="xtensa-gcc does not work"):
            xtensa.ensure()
    assert not (box / "stamps" / xtensa.STAMP).exists()


def test_other_machines_are_told_what_to_do(box: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xtensa.platform, "machine", lambda: "aarch64")
    with pytest.raises(steps.StepError) as error:
        xtensa.ensure()
    text = str(error.value)
    assert "\n" not in text and "put Espressif's xtensa-esp32-elf-gcc on PATH" in text


def test_a_package_of_another_hash_is_not_unpacked(
    box: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The real fetch tool and the lock's first package, which was changed after its download and is
    not to be had anew: its suite does not exist."""
    (box / "firmware").mkdir()
    for name in ("fetch.py", "sourcelock.py", "xtensa.lock"):
        shutil.copy(ROOT / "firmware" / name, box / "firmware" / name)
    lock = (box / "firmware" / "xtensa.lock").read_text()
    section = lock[lock.index("[binutils-xtensa-lx106]") :].split("\n\n")[0]
    assert "suite = trixie" in section
    gone = section.replace("suite = trixie", "suite = nowhere") + "\n"
    (box / "firmware" / "xtensa.lock").write_text(gone)
    file = section.split("sha256 =\n")[1].splitlines()[0].split()[1]
    kept = box / ".cache" / "downloads" / "binutils-xtensa-lx106-2.44-3+6+b2-debian"
    kept.mkdir(parents=True)
    (kept / file).write_bytes(b"another")
    monkeypatch.setattr(xtensa, "FETCH", box / "firmware" / "fetch.py")
    monkeypatch.setattr(xtensa, "LOCK", box / "firmware" / "xtensa.lock")
    for name, value in NO_NETWORK.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(steps.StepError, match="packages are not complete"):
        xtensa.ensure()
    said = capfd.readouterr()
    assert "has sha256" in said.out + said.err and "nothing was unpacked" in said.out + said.err
    assert not (box / ".cache" / "src" / "xtensa" / "binutils-xtensa-lx106").exists()
    assert not (box / "xtensa" / "bin").exists()


def test_usage() -> None:
    command = [sys.executable, "-m", "host_tools.bootstrap", "xtensa", "more"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert done.returncode == 2 and done.stderr.startswith("setup: usage:")
