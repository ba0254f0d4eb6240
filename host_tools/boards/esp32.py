# SPDX-License-Identifier: MIT
"""MicroPython's esp32 port for one of our boards, where ESP-IDF is installed.

    python3 -m host_tools.boards.esp32 find ENV     stops with one line where ESP-IDF is not there
    python3 -m host_tools.boards.esp32 build ENV

ESP-IDF is not in sources.lock: its own installer brings compilers and a Python environment, and
`. export.sh` makes them known, which is where this looks for them.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from host_tools.bootstrap import paths, steps

from . import common

ENVS = {
    "esp32": "ESP32",
    "esp32s2": "ESP32S2",
    "esp32s3": "ESP32S3",
    "esp32c3": "ESP32C3",
    "esp32c6": "ESP32C6",
}
# What MicroPython 1.25 says it supports (ports/esp32/README.md), and what its own CI builds with.
SUPPORTED = ("5.2", "5.3", "5.4")
RECOMMENDED = "v5.2.2"
PORT = common.MICROPYTHON / "ports" / "esp32"
HOW = (
    f"git clone -b {RECOMMENDED} --recursive https://github.com/espressif/esp-idf.git && "
    "esp-idf/install.sh {chip} && . esp-idf/export.sh"
)
USAGE = "usage: python3 -m host_tools.boards.esp32 find|build " + "|".join(ENVS)


def idf_version(folder: Path) -> str:
    """ "5.4", from the file in which ESP-IDF keeps it; empty when this is no ESP-IDF."""
    try:
        text = (folder / "tools" / "cmake" / "version.cmake").read_text(encoding="utf-8")
    except OSError:
        return ""
    found = [re.search(rf"IDF_VERSION_{part} (\d+)", text) for part in ("MAJOR", "MINOR")]
    return ".".join(match[1] for match in found if match)


def find_idf(env: str, environ: Mapping[str, str] = os.environ) -> Path:
    """ESP-IDF's folder. StepError, one line, with how to get it."""
    how = HOW.format(chip=env)
    place = environ.get("IDF_PATH", "")
    if not place:
        raise steps.StepError(f"{env}: ESP-IDF {RECOMMENDED} is missing (IDF_PATH): {how}", 2)
    version = idf_version(Path(place))
    if not version:
        raise steps.StepError(f"{env}: IDF_PATH is {place}, which is no ESP-IDF: {how}", 2)
    if version not in SUPPORTED:
        wanted = ", ".join(SUPPORTED)
        raise steps.StepError(
            f"{env}: IDF_PATH has ESP-IDF {version}; MicroPython 1.25 builds with {wanted}: {how}",
            2,
        )
    if shutil.which("idf.py", path=environ.get("PATH")) is None:
        raise steps.StepError(f"{env}: idf.py is not on PATH: . {place}/export.sh", 2)
    return Path(place)


def _command(env: str, folder: Path) -> list[str]:
    board = paths.ROOT / "boards" / ENVS[env]
    module = paths.ROOT / "firmware" / "binding" / "micropython.cmake"
    settings = [f"MICROPY_BOARD={ENVS[env]}", f"MICROPY_BOARD_DIR={board}"]
    settings.append(f"USER_C_MODULES={module}")
    options = [word for setting in settings for word in ("-D", setting)]
    return ["idf.py", "-C", str(PORT), "-B", str(folder), *options, "build"]


def build(env: str) -> Path:
    """Folder with the parts that an upload needs, and firmware.bin, which is all of them."""
    find_idf(env)
    folder = paths.CACHE / "build" / "firmware" / env
    folder.mkdir(parents=True, exist_ok=True)
    steps.run(f"firmware {env}", _command(env, folder))
    parts = ["bootloader/bootloader.bin", "partition_table/partition-table.bin", "micropython.bin"]
    made = [folder / name for name in ("sdkconfig", *parts, "firmware.bin", "firmware.uf2")]
    steps.run(f"image {env}", [sys.executable, PORT / "makeimg.py", *made])
    return folder


def dispatch(arguments: Sequence[str]) -> None:
    """Carry out one command line."""
    if len(arguments) != 2 or arguments[0] not in ("find", "build") or arguments[1] not in ENVS:
        raise steps.StepError(USAGE, 2)
    (find_idf if arguments[0] == "find" else build)(arguments[1])


def main(arguments: Sequence[str]) -> int:
    """Exit status; errors are one line."""
    return steps.exit_status("boards", lambda: dispatch(arguments))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
