# SPDX-License-Identifier: MIT
"""host_tools/boards: what `make boards` ships and says, and how a board that cannot be built ends.

The builds themselves, twice in different folders with equal bytes, are in test_boards_build.py.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from host_tools.boards import common, dist, rp2, table
from host_tools.bootstrap import steps, system

ROOT = Path(__file__).resolve().parents[2]


def boards(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the tool as the Makefile does."""
    return subprocess.run(
        [sys.executable, "-m", "host_tools.boards", *arguments],
        cwd=ROOT,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=120,
    )


# --- the table ----------------------------------------------------------------------------------


def test_each_board_has_a_folder_a_description_and_a_target() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.search(r"^BOARDS := (.*)$", makefile, re.MULTILINE)[1].split()
    assert sorted(targets) == sorted(board.env for board in table.BOARDS)
    for board in table.BOARDS:
        assert (ROOT / "boards" / board.folder).is_dir(), board.env
        described = json.loads((ROOT / "boards" / f"{board.env}.json").read_text(encoding="utf-8"))
        assert {"name", "url", "vendor"} <= described.keys(), board.env
        assert set(board.packages) <= system.BOARD_PACKAGES.keys(), board.env


def test_each_board_takes_what_is_common_to_its_port() -> None:
    for board in table.BOARDS:
        if board.port == "rp2":
            folder = ROOT / "boards" / board.folder
            text = (folder / "mpconfigboard.cmake").read_text(encoding="utf-8")
            assert "/firmware/ports/rp2/board.cmake)" in text, board.env
            header = (folder / "mpconfigboard.h").read_text(encoding="utf-8")
            assert header.rstrip().endswith('#include "wg_board.h"'), board.env


# --- bad input ----------------------------------------------------------------------------------


def test_unknown_board_is_one_line() -> None:
    done = boards("build", "rpi_pica")
    assert done.returncode == 2
    assert done.stderr.startswith("boards: no board 'rpi_pica'; there are: rpi_pico ")
    assert done.stderr.count("\n") == 1 and done.stdout == ""


@pytest.mark.parametrize("arguments", [(), ("build",), ("all", "x"), ("sing", "rpi_pico")])
def test_bad_command_line_is_one_line(arguments: tuple[str, ...]) -> None:
    done = boards(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("boards: usage: ") and done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("env", "wanted"),
    [
        ("rpi_pico", "cmake ninja-build libstdc++-arm-none-eabi-dev"),
        ("rpi_pico2_riscv", "cmake ninja-build gcc-riscv64-unknown-elf"),
    ],
)
def test_a_missing_program_that_a_package_brings_is_named(
    tmp_path: Path, env: str, wanted: str
) -> None:
    done = boards("build", env, PATH=str(tmp_path))
    assert done.returncode == 2
    assert f"missing system packages: {wanted}" in done.stderr


def test_a_source_out_of_reach_names_board_address_and_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real lock, with an upstream that does not exist in the place of GitHub."""
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "url.https://github.invalid/.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "https://github.com/")
    copy = tmp_path / "firmware"
    copy.mkdir()
    for name in ("fetch.py", "sourcelock.py", "sources.lock"):
        shutil.copy(ROOT / "firmware" / name, copy)
    monkeypatch.setattr(common, "FETCH", copy / "fetch.py")
    with pytest.raises(common.Unavailable) as caught:
        common.check_sources(table.find("rpi_pico_w"))
    text = str(caught.value)
    assert text.startswith("rpi_pico_w: cyw43-driver: https://github.com/georgerobotics/")
    assert ".cache/src/micropython/lib/cyw43-driver" in text and "\n" not in text
    assert not (tmp_path / ".cache" / "src").exists(), "nothing was fetched before"


def test_a_path_that_cmake_cannot_take_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rp2.paths, "ROOT", Path("/home/a,b/wireguard"))
    with pytest.raises(steps.StepError, match="cannot have a ',' in the path of the checkout"):
        rp2.check(table.find("rpi_pico"))


def test_a_firmware_that_reaches_into_the_files_is_refused(tmp_path: Path) -> None:
    board, image = table.find("rpi_pico"), tmp_path / "firmware.bin"
    text = (ROOT / ".cache/src/micropython/ports/rp2/boards/RPI_PICO/mpconfigboard.h").read_text()
    room = (2048 - int(re.search(r"STORAGE_BYTES +\((\d+) \* 1024\)", text)[1])) * 1024
    image.write_bytes(bytes(room))
    rp2.check_size(board, image)
    image.write_bytes(bytes(room + 1))
    with pytest.raises(steps.StepError, match=f"{room + 1} bytes, but the file system begins at"):
        rp2.check_size(board, image)


# --- dist/ --------------------------------------------------------------------------------------


def item(folder: Path, target: str, text: str, reason: str = "") -> dist.Item:
    """One target whose build writes `text`, or which cannot be built for a reason."""

    def check() -> None:
        if reason:
            raise steps.StepError(f"{target}: {reason}")

    place = folder / target / "firmware.out"
    place.parent.mkdir(parents=True)
    (place.parent / "text").write_text(text, encoding="utf-8")
    (place.parent / "flash.bin").touch()
    return dist.Item(target, check, ((f"{target}.uf2", place),))


def builder(folder: Path) -> Callable[[str], None]:
    """What stands for make: leaves what the item's text was, unless that was empty."""
    texts = {path.parent.name: path.read_text() for path in folder.glob("*/text")}

    def run(target: str) -> None:
        assert [path.name for path in (folder / target).iterdir()] == ["flash.bin"], "from nothing"
        if target == "broken":
            raise steps.StepError("make broken failed with exit status 2")
        if texts[target]:
            (folder / target / "firmware.out").write_text(texts[target], encoding="utf-8")

    return run


def test_what_is_built_what_is_left_out_and_what_fails(tmp_path: Path) -> None:
    made, out = tmp_path / "build", tmp_path / "dist"
    made.mkdir()
    out.mkdir()
    chosen = [
        item(made, "good", "firmware"),
        item(made, "missing", "", reason="no compiler for it"),
        item(made, "broken", ""),
        item(made, "silent", ""),
    ]
    outcome = dist.build_all(chosen, out, builder(made))
    assert outcome.left_out == {"missing": "no compiler for it"}
    assert outcome.failed == {
        "broken": "make broken failed with exit status 2",
        "silent": "make silent left no firmware.out",
    }
    content = b"firmware"
    expected = {"name": "good.uf2", "bytes": 8, "sha256": hashlib.sha256(content).hexdigest()}
    assert outcome.built == {"good": [expected]}
    assert [path.name for path in out.iterdir()] == ["good.uf2"]
    lines = dist.report(outcome)
    assert lines[-1] == "boards: 1 built into dist/, 1 cannot be built here, 2 failed"
    assert "not built here: missing: no compiler for it" in lines
    assert any(line.startswith("good.uf2 ") and expected["sha256"] in line for line in lines)


@pytest.mark.parametrize("fails", [False, True])
def test_exit_status_and_dist_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    """What cannot be built is no error, what fails is; either way dist/ is what was built now."""
    made = tmp_path / "build"
    made.mkdir()
    old = tmp_path / "dist"
    old.mkdir()
    (old / "old.uf2").touch()
    name = "broken" if fails else "good"
    chosen = [item(made, name, "firmware"), item(made, "missing", "", reason="no compiler")]
    monkeypatch.setattr(dist, "DIST", old)
    monkeypatch.setattr(dist, "items", lambda *_: chosen)
    monkeypatch.setattr(dist, "make", builder(made))
    if fails:
        with pytest.raises(steps.StepError, match="1 failed: broken"):
            dist.all_boards([], [], print)
    else:
        dist.all_boards([], [], print)
    names = sorted(path.name for path in old.iterdir())
    assert names == (["manifest.json"] if fails else ["good.uf2", "manifest.json"])
    found = json.loads((old / "manifest.json").read_text(encoding="utf-8"))
    assert found["not_built"] == (["broken", "missing"] if fails else ["missing"])
    assert found["micropython"] == "1.25.0"
    assert not (tmp_path / "dist.new").exists()


def test_the_manifest_holds_nothing_of_the_machine(tmp_path: Path) -> None:
    """Equal for two builds, also when what cannot be built has another reason."""
    texts = []
    for place, reason in (("one", "no compiler"), ("another/one", f"{tmp_path} is no ESP-IDF")):
        folder = tmp_path / place
        folder.mkdir(parents=True)
        chosen = [item(folder, "good", "firmware"), item(folder, "missing", "", reason=reason)]
        shipped = folder / "dist"
        shipped.mkdir()
        texts.append(dist.manifest(dist.build_all(chosen, shipped, builder(folder))))
    assert texts[0] == texts[1]
    assert str(tmp_path) not in texts[0]


def test_everything_is_an_item() -> None:
    chosen = dist.items(["qemu_an386"], ["armv6m", "xtensawin"], print)
    names = {name for one in chosen for name, _ in one.files}
    assert {"rpi_pico.uf2", "rpi_pico.elf", "rpi_pico2.uf2", "nucleo_f767zi.bin"} <= names
    assert {"esp32c3.bin", "qemu_an386.elf", "_wireguard-armv6m.mpy"} <= names
    assert "rpi_pico.bin" not in names, "nobody copies it"
    assert len(names) == sum(len(one.files) for one in chosen), "no name twice"
