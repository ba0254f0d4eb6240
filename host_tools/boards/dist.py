# SPDX-License-Identifier: MIT
"""`make boards`: builds all that can be built here, and lays it into dist/ with a manifest.

Each item is a target of the Makefile. What cannot be built on this machine is left out and named
with its reason; what fails to build is an error, after the rest was built.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from host_tools.bootstrap import paths, steps, xtensa

from . import common, esp32, table

DIST = paths.ROOT / "dist"
FIRMWARE = paths.CACHE / "build" / "firmware"
NATMOD = paths.CACHE / "build" / "natmod"
MANIFEST = "manifest.json"
FLASH_FILE = "flash.bin"
STRIP = "arm-none-eabi-objcopy"
MANIFEST_VERSION = 1
FIRMWARE_SUFFIXES = ("uf2", "bin", "elf")


@dataclass(frozen=True)
class Item:
    """One target. `check` raises StepError with the reason when it cannot be built here; `files`
    are what to ship: name in dist/, and where the build leaves it; `strip`: without the debug
    information, which has the path of the checkout in it."""

    target: str
    check: Callable[[], object]
    files: tuple[tuple[str, Path], ...]
    strip: bool = False


def _no_check() -> None:
    """Setup brings all it needs."""


def _firmware(env: str, suffixes: Sequence[str], check: Callable[[], object]) -> Item:
    files = tuple((f"{env}.{end}", FIRMWARE / env / f"firmware.{end}") for end in suffixes)
    return Item(env, check, files)


def _natmod(arch: str) -> Item:
    check = xtensa.ensure if arch.startswith("xtensa") else _no_check
    file = (f"_wireguard-{arch}.mpy", NATMOD / arch / "_wireguard.mpy")
    return Item(f"natmod_{arch}", check, (file,))


def _is_shipped(board: table.Board, suffix: str) -> bool:
    """A board with a UF2 has no use for the .bin, and one without is flashed with it."""
    return {"uf2": bool(board.uf2_family), "bin": not board.uf2_family, "elf": True}[suffix]


def items(
    emulated: Sequence[str], natmods: Sequence[str], check: Callable[[table.Board], None]
) -> list[Item]:
    """Everything, boards to buy first."""
    found = []
    for board in table.BOARDS:
        suffixes = [suffix for suffix in FIRMWARE_SUFFIXES if _is_shipped(board, suffix)]
        found.append(_firmware(board.env, suffixes, partial(check, board)))
    for env in esp32.ENVS:
        found.append(_firmware(env, ("bin",), partial(esp32.find_idf, env)))
    found += [replace(_firmware(env, ("elf",), _no_check), strip=True) for env in emulated]
    return found + [_natmod(arch) for arch in natmods]


def make(target: str) -> None:
    """Build by the Makefile, which prints its own progress."""
    command = ["make", "--no-print-directory", target]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": common.EPOCH}
    status = subprocess.run(
        command, cwd=paths.ROOT, stdin=subprocess.DEVNULL, env=environment
    ).returncode
    if status:
        raise steps.StepError(f"make {target} failed with exit status {status}")


def describe(path: Path) -> dict[str, object]:
    """Name, size and hash of a file in dist/."""
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    return {"name": path.name, "bytes": len(content), "sha256": digest}


def _reason(item: Item) -> str | None:
    try:
        item.check()
    except steps.StepError as error:
        return str(error).removeprefix(f"{item.target}: ")
    return None


@dataclass
class Outcome:
    """What became of the items."""

    built: dict[str, list[dict[str, object]]]
    left_out: dict[str, str]
    failed: dict[str, str]


def ship(item: Item, folder: Path) -> list[dict[str, object]]:
    """Copy what the build left; complete files only."""
    shipped = []
    for name, source in item.files:
        if not source.is_file():
            raise steps.StepError(f"make {item.target} left no {source.name}")
        if item.strip:
            common.quiet([STRIP, "--strip-debug", source, folder / name])
        else:
            shutil.copyfile(source, folder / name)
        shipped.append(describe(folder / name))
    return shipped


def start_afresh(item: Item) -> None:
    """What earlier builds left may get into the next one (MicroPython collects names, and does not
    forget those of a source that has gone). An emulated board's flash stays."""
    for folder in {source.parent for _, source in item.files}:
        for path in folder.iterdir() if folder.is_dir() else ():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name != FLASH_FILE:
                path.unlink()


def build_all(chosen: Sequence[Item], folder: Path, run: Callable[[str], None]) -> Outcome:
    """Build the items from nothing, one after the other, into an empty folder."""
    outcome = Outcome({}, {}, {})
    for number, item in enumerate(chosen, 1):
        steps.say(f"[{number}/{len(chosen)}] {item.target}")
        if reason := _reason(item):
            outcome.left_out[item.target] = reason
            steps.say(f"  {item.target}: cannot be built here: {reason}")
            continue
        try:
            start_afresh(item)
            run(item.target)
            outcome.built[item.target] = ship(item, folder)
        except steps.StepError as error:
            outcome.failed[item.target] = str(error)
            steps.say(f"  {item.target}: FAILED: {error}")
    return outcome


def manifest(outcome: Outcome) -> str:
    """What was built and what was not: no date, no place, nothing of the machine, so that two
    builds have the same."""
    lock = hashlib.sha256(common.LOCK.read_bytes()).hexdigest()
    content = {
        "version": MANIFEST_VERSION,
        "micropython": common.micropython_version(),
        "sources_lock_sha256": lock,
        "built": outcome.built,
        "not_built": sorted({**outcome.left_out, **outcome.failed}),
    }
    return json.dumps(content, indent=2) + "\n"


def report(outcome: Outcome) -> list[str]:
    """The closing table, and what is not in it."""
    files = [file for group in outcome.built.values() for file in group]
    lines = [f"{'file':30} {'bytes':>10}  sha256"]
    lines += [f"{f['name']:30} {f['bytes']:>10}  {f['sha256']}" for f in files]
    for title, group in (("not built here", outcome.left_out), ("FAILED", outcome.failed)):
        lines += [f"{title}: {target}: {reason}" for target, reason in group.items()]
    made, out, bad = len(outcome.built), len(outcome.left_out), len(outcome.failed)
    lines.append(f"boards: {made} built into dist/, {out} cannot be built here, {bad} failed")
    return lines


def all_boards(
    emulated: Sequence[str], natmods: Sequence[str], check: Callable[[table.Board], None]
) -> None:
    """Fill dist/ anew; StepError when a build failed."""
    fresh = DIST.with_name("dist.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    outcome = build_all(items(emulated, natmods, check), fresh, make)
    (fresh / MANIFEST).write_text(manifest(outcome), encoding="utf-8")
    shutil.rmtree(DIST, ignore_errors=True)
    os.rename(fresh, DIST)
    for line in report(outcome):
        steps.say(line)
    if outcome.failed:
        raise steps.StepError(f"{len(outcome.failed)} failed: {' '.join(outcome.failed)}")
