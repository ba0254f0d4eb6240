# SPDX-License-Identifier: MIT
"""The user module for MicroPython's esp32 port, as objects: every file compiles for each chip.

A syntax and size check, see tests/esp32/README.md: ESP-IDF's headers are not to be had here.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FIRMWARE = ROOT / "firmware"
PORT = FIRMWARE / "ports" / "esp32"
MICROPYTHON = ROOT / ".cache" / "src" / "micropython"
IDF = ROOT / "tests" / "esp32" / "idf"
NEWLIB = Path("/usr/include/newlib")
# What the headers of MicroPython's port and our files include of ESP-IDF, beside esp_idf.h itself.
IDF_HEADERS = """bootloader_random.h driver/gpio.h driver/i2s_std.h driver/spi_master.h esp_bt.h
esp_netif.h esp_random.h esp_system.h esp_timer.h esp_wifi.h esp_wifi_types.h freertos/FreeRTOS.h
freertos/queue.h freertos/semphr.h freertos/task.h sdkconfig.h soc/gpio_reg.h""".split()

XTENSA = [str(ROOT / ".cache" / "xtensa" / "bin" / "xtensa-gcc"), "-mlongcalls"]
RISCV = ["riscv64-unknown-elf-gcc", "-march=rv32imc", "-mabi=ilp32"]
XTENSA_IDF = ["-DCONFIG_IDF_TARGET_ARCH_XTENSA=1", "-DCONFIG_BT_ENABLED=1"]
RISCV_IDF = ["-DCONFIG_IDF_TARGET_ARCH_RISCV=1", "-DCONFIG_BT_ENABLED=1"]
CHIPS = {
    "ESP32": (XTENSA, "xtensa", XTENSA_IDF),
    "ESP32C3": (RISCV, "generic", RISCV_IDF),
    "ESP32C6": (
        [RISCV[0], "-march=rv32imac", RISCV[2]],
        "generic",
        [*RISCV_IDF, "-DSOC_CPU_IDRAM_SPLIT_USING_PMP=1"],
    ),
    # no Bluetooth on the one, LX7 on both, which the compiler here does not tell from LX6
    "ESP32S2": (XTENSA, "xtensa", [XTENSA_IDF[0], "-DCONFIG_BT_ENABLED=0"]),
    "ESP32S3": (XTENSA, "xtensa", XTENSA_IDF),
}
THEIRS = re.compile(
    r"(mp|m|gc|mpn|vstr|nlr|qstr)_\w+"  # MicroPython
    r"|(udp|pbuf|netif|ip|ip4|ip6|ip4addr|ip6addr|dns|nd6|sys|tcpip)_\w+|lock_tcpip_core|lwip_\w+"
    r"|(esp|bootloader)_\w+|__real_ip4_route_src_hook"
    r"|mem(cpy|set|cmp|move)|strlen|__(u|)(div|mod|mul)\w+|__\w+di[23]"
)
QUICK = ("ESP32C3",)  # its compiler is part of setup; for the others: make xtensa
LONG = [chip for chip in CHIPS if chip not in QUICK]


def words(path: Path, variable: str) -> list[str]:
    """A list of a make file, read as micropython.cmake reads it."""
    found = re.search(rf"^{variable} := *(.*)$", path.read_text(encoding="utf-8"), re.M)
    return found[1].split() if found else []


def cmake_sources() -> list[Path]:
    """The session, netif and binding files that micropython.cmake names."""
    text = (FIRMWARE / "binding" / "micropython.cmake").read_text(encoding="utf-8")
    found = re.findall(r"^ +\$\{WG_ROOT\}/((?:session|netif|binding)/\w+\.c)$", text, re.M)
    return [FIRMWARE / name for name in found]


def sources(arch: str) -> list[Path]:
    """What wireguard.cmake and micropython.cmake add up to for one arch list."""
    crypto = FIRMWARE / "crypto"
    names = words(crypto / "sources.mk", "WG_CRYPTO_SOURCES")
    names += words(crypto / "arch" / f"{arch}.mk", "WG_CORES")
    return [crypto / name for name in names] + cmake_sources() + sorted(PORT.glob("*.c"))


def definitions(arch: str, board: str) -> list[str]:
    cores = words(FIRMWARE / "crypto" / "arch" / f"{arch}.mk", "WG_CORES")
    chosen = [f"-DWG_CORE_{Path(core).parent.name}={Path(core).stem}" for core in cores]
    return [
        *chosen,
        *words(FIRMWARE / "crypto" / "arch" / f"{arch}.mk", "WG_ARCH_DEFINES"),
        *('-DWG_PORT_HEADER="wg_esp32.h"', "-DMICROPY_SCHEDULER_STATIC_NODES=(1)"),
        *(f"-DCONFIG_IDF_TARGET_{board}=1", "-DWG_CHECK_CORE_LOCKING=1", "-DWG_CHECK_NETIF_DATA=1"),
    ]


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def write_generated(folder: Path, files: list[Path]) -> None:
    """What a build generates: names of strings, the root pointers, and the board's header."""
    texts = [path.read_text(encoding="utf-8") for path in files if path.suffix == ".c"]
    texts += [path.read_text(encoding="utf-8") for path in (MICROPYTHON / "py").glob("*.h")]
    texts += [(FIRMWARE / "binding" / "binding.h").read_text(encoding="utf-8")]
    names = sorted({name for text in texts for name in re.findall(r"\bMP_QSTR_(\w+)", text)})
    header = 'QDEF0(MP_QSTRnull, 0, 0, "")\n'
    header += "".join(f'QDEF1(MP_QSTR_{name}, 0, {len(name)}, "{name}")\n' for name in names)
    # each counter of X-macro lists is a string too
    for text in texts + [p.read_text(encoding="utf-8") for p in FIRMWARE.glob("*/include/*.h")]:
        for name in re.findall(r"\bX\((\w+)\)", text):
            if name not in names:
                names.append(name)
                header += f'QDEF1(MP_QSTR_{name}, 0, {len(name)}, "{name}")\n'
    write(folder / "genhdr" / "qstrdefs.generated.h", header)
    roots = [
        p for text in texts for p in re.findall(r"^MP_REGISTER_ROOT_POINTER\((.*)\);", text, re.M)
    ]
    write(folder / "genhdr" / "root_pointers.h", "".join(f"{root};\n" for root in roots))
    write(folder / "genhdr" / "mpversion.h", '#define MICROPY_GIT_TAG "v1.25.0"\n')
    write(folder / "mpconfigboard.h", '#define MICROPY_HW_BOARD_NAME "check"\n')
    for name in IDF_HEADERS:
        write(folder / name, '#include "esp_idf.h"\n')


def includes(folder: Path) -> Iterator[str]:
    ours = [
        FIRMWARE / "binding",
        *(FIRMWARE / n / "include" for n in ("crypto", "session", "netif")),
    ]
    theirs = [MICROPYTHON, MICROPYTHON / "ports" / "esp32", MICROPYTHON / "lib/lwip/src/include"]
    for path in [folder, IDF, *ours, PORT, *theirs]:
        yield f"-I{path}"
    yield f"-isystem{NEWLIB}"


def compile_command(chip: str, folder: Path) -> list[str]:
    compiler, arch, options = CHIPS[chip]
    warnings = ["-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter", "-Wno-error=cpp"]
    warnings += ["-Wno-missing-field-initializers", "-Wno-sign-compare"]
    flags = [
        "-std=gnu17",
        "-O2",
        "-DNDEBUG",
        "-ffunction-sections",
        "-fdata-sections",
        "-fstack-usage",
        "-c",
    ]
    return [*compiler, *flags, *warnings, *options, *definitions(arch, chip), *includes(folder)]


def compile_one(command: list[str], path: Path, folder: Path) -> str:
    """Error text, empty when it compiled."""
    target = folder / f"{path.parent.name}-{path.stem}.o"
    run = [*command, str(path), "-o", str(target)]
    done = subprocess.run(run, capture_output=True, text=True, timeout=120)
    return done.stderr if done.returncode else ""


def compile_all(chip: str, folder: Path) -> dict[str, str]:
    """Errors by file name."""
    files = sources(CHIPS[chip][1])
    write_generated(folder, files)
    command = compile_command(chip, folder)
    with ThreadPoolExecutor(2) as pool:
        errors = pool.map(lambda path: compile_one(command, path, folder), files)
        return {path.name: text for path, text in zip(files, errors, strict=True) if text}


def sizes(chip: str, folder: Path) -> tuple[int, int]:
    """Bytes of flash and of static RAM of the objects together."""
    tool = CHIPS[chip][0][0].removesuffix("gcc") + "size"
    objects = [str(path) for path in sorted(folder.glob("*.o"))]
    done = subprocess.run([tool, "-t", *objects], capture_output=True, text=True, check=True)
    text, data, bss = (int(word) for word in done.stdout.splitlines()[-1].split()[:3])
    return text + data, data + bss


def unknown_symbols(chip: str, folder: Path) -> set[str]:
    """What the objects need that neither they nor MicroPython, lwIP, ESP-IDF or libc provide."""
    tool = CHIPS[chip][0][0].removesuffix("gcc") + "nm"
    objects = [str(path) for path in sorted(folder.glob("*.o"))]
    listing = subprocess.run([tool, *objects], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in listing.splitlines() if re.search(r" [A-Za-z] \w", line)]
    defined = {row[-1] for row in rows if row[-2] in "TtDdBbRrVWC"}
    needed = {row[-1] for row in rows if row[-2] == "U"} - defined
    return {name for name in needed if not THEIRS.fullmatch(name)}


def check(chip: str, folder: Path, record_property) -> None:
    assert compile_all(chip, folder) == {}
    assert unknown_symbols(chip, folder) == set()
    flash, ram = sizes(chip, folder)
    record_property("flash_bytes", flash)
    record_property("ram_bytes", ram)
    print(f"{chip}: {flash} bytes of flash, {ram} bytes of static RAM, as objects")
    assert 20_000 < flash < 80_000 and 2_000 < ram < 24_000


@pytest.mark.parametrize("chip", QUICK)
def test_module_compiles(chip: str, tmp_path: Path, record_property) -> None:
    assert NEWLIB.is_dir() and shutil.which(RISCV[0]), "make setup installs both"
    check(chip, tmp_path, record_property)


@pytest.mark.boards
@pytest.mark.parametrize("chip", LONG)
def test_module_compiles_on_all_chips(chip: str, tmp_path: Path, record_property) -> None:
    assert Path(XTENSA[0]).exists(), "make xtensa makes the compiler"
    check(chip, tmp_path, record_property)


CMAKE_PROJECT = """cmake_minimum_required(VERSION 3.12)
project(check C)
add_library(usermod INTERFACE)
set(IDF_TARGET {target})
include({firmware}/binding/micropython.cmake)
foreach(library usermod_wireguard usermod_wireguard_esp32)
    foreach(property SOURCES COMPILE_DEFINITIONS COMPILE_OPTIONS LINK_OPTIONS)
        get_target_property(value ${{library}} INTERFACE_${{property}})
        message(STATUS "${{property}}=${{value}}")
    endforeach()
endforeach()
"""


def cmake_lists(target: str, folder: Path) -> dict[str, set[str]]:
    """What micropython.cmake hands to ESP-IDF for a chip, by property."""
    text = CMAKE_PROJECT.format(target=target, firmware=FIRMWARE)
    write(folder / "project" / "CMakeLists.txt", text)
    command = ["cmake", "-S", str(folder / "project"), "-B", str(folder / "build")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    lists: dict[str, set[str]] = {}
    for name, values in re.findall(r"^-- ([A-Z_]+)=(.*)$", done.stdout, re.M):
        lists.setdefault(name, set()).update(values.split(";"))
    return lists


@pytest.mark.boards
@pytest.mark.parametrize("chip", CHIPS)
def test_cmake_says_the_same(chip: str, tmp_path: Path) -> None:
    """What is compiled here is what ESP-IDF would compile, with the same definitions; no hook of
    lwIP is defined, which would redefine ESP-IDF's."""
    lists = cmake_lists(chip.lower(), tmp_path)
    arch = CHIPS[chip][1]
    assert {Path(name) for name in lists["SOURCES"]} == set(sources(arch))
    options = lists["COMPILE_OPTIONS"] | {f"-D{name}" for name in lists["COMPILE_DEFINITIONS"]}
    ours = {word for word in definitions(arch, chip) if not re.match(r"-D(CONFIG|WG_CHECK)_", word)}
    assert options - {"-Dvalue-NOTFOUND", "value-NOTFOUND"} == ours
    assert "-Wl,--wrap=ip4_route_src_hook" in lists["LINK_OPTIONS"]


@pytest.mark.parametrize(
    ("setting", "name"),
    [
        ("WG_CHECK_CORE_LOCKING", "LWIP_TCPIP_CORE_LOCKING"),
        ("WG_CHECK_NETIF_DATA", "LWIP_PPP_SUPPORT"),
    ],
)
def test_missing_setting_stops_the_build(setting: str, name: str, tmp_path: Path) -> None:
    write_generated(tmp_path, sources("generic"))
    command = [*compile_command("ESP32C3", tmp_path), f"-U{setting}", f"-D{setting}=0"]
    text = compile_one(command, PORT / "wg_esp32.c", tmp_path)
    assert f"#error Build with firmware/ports/esp32/sdkconfig.wireguard: CONFIG_{name}" in text
    assert f"CONFIG_{name}=y\n" in (PORT / "sdkconfig.wireguard").read_text(encoding="utf-8")


# --- the lock is a mutex: what stands under it ---------------------------------------------------


def locked_blocks(text: str) -> Iterator[str]:
    """The C text between each WG_LOCK() and its WG_UNLOCK()."""
    for piece in text.split("WG_LOCK();")[1:]:
        yield piece.split("WG_UNLOCK();")[0]


def lock_violations(texts: list[str]) -> list[str]:
    """Calls under the lock of functions that take it themselves, raise or allocate."""
    functions = re.findall(
        r"^[a-z][^;{}]*?\b(\w+)\([^;{}]*\) \{\n(.*?)^\}", "".join(texts), re.M | re.S
    )
    lockers = {name for name, body in functions if "WG_LOCK()" in body}
    found = []
    for text in texts:
        for block in locked_blocks(text):
            calls = set(re.findall(r"\b(\w+)\(", block))
            found += sorted(calls & lockers)
            found += sorted(
                name for name in calls if re.match(r"mp_raise|mp_obj_new|m_new|mp_call", name)
            )
    return found


def test_nothing_locks_or_raises_under_the_lock() -> None:
    texts = [path.read_text(encoding="utf-8") for path in (FIRMWARE / "binding").glob("*.c")]
    assert sum(text.count("WG_LOCK();") for text in texts) > 10
    assert all(text.count("WG_LOCK();") == text.count("WG_UNLOCK();") for text in texts)
    assert lock_violations(texts) == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("wg_netif_free(wg);", []),
        ("now(self);", ["now"]),
        ("mp_raise_OSError(1);", ["mp_raise_OSError"]),
    ],
)
def test_planted_lock(line: str, expected: list[str]) -> None:
    text = "static int now(int self) {\n    WG_LOCK();\n    WG_UNLOCK();\n    return 1;\n}\n"
    text += f"static int other(int self) {{\n    WG_LOCK();\n    {line}\n    WG_UNLOCK();\n}}\n"
    assert lock_violations([text]) == expected
