# SPDX-License-Identifier: MIT
"""Builds the plugin, and one guest program for each processor and choice of cores."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from .targets import BUILD, CRYPTO, ROOT, Target

PLUGIN = ROOT / "bench" / "plugin"
WARN = ("-Wall", "-Wextra", "-Werror")
ALGORITHMS = ("blake2s", "chacha20", "poly1305", "chacha20poly1305", "x25519")
TIMEOUT_S = 600


class BenchError(Exception):
    """Something could not be built, run or read; the text is one line for the user."""


def command(words: Sequence[str | Path]) -> str:
    """Run it in the checkout's root; its output, or BenchError with its errors' first lines."""
    text = [str(word) for word in words]
    try:
        done = subprocess.run(
            text, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    except OSError as error:
        raise BenchError(f"{text[0]}: {error.strerror}: is it installed?") from None
    except subprocess.TimeoutExpired:
        raise BenchError(f"{text[0]}: still running after {TIMEOUT_S} s") from None
    if done.returncode:
        raise BenchError(f"{text[0]} failed: {done.stderr.strip()[:2000]}")
    return done.stdout + done.stderr  # QEMU's semihosting writes to the latter


def make(words: Sequence[str | Path], output: Path) -> None:
    """Run a command that writes `-o output`, which then appears whole: others may build it too."""
    part = output.with_name(f"{output.name}.{os.getpid()}")
    command([*words, *(["-o"] if "objcopy" not in str(words[0]) else []), part])
    part.replace(output)


def newer(output: Path, inputs: Iterable[Path]) -> bool:
    """Whether output exists and is newer than all the inputs."""
    return output.exists() and all(
        path.stat().st_mtime_ns < output.stat().st_mtime_ns for path in inputs
    )


def plugin_api() -> int:
    """The version of QEMU's plugin interface; see bench/plugin/qemu_plugin.h. Run with 7.2 only."""
    match = re.search(r"version (\d+)\.(\d+)", command(["qemu-system-arm", "--version"]))
    version = (int(match[1]), int(match[2])) if match else (0, 0)
    return 1 if version < (9, 0) else 2 if version < (9, 1) else 3


@cache
def plugin() -> Path:
    """The counting plugin for QEMU, built by the host's compiler."""
    api = plugin_api()
    output = BUILD / f"cycles-v{api}.so"
    sources = sorted(PLUGIN.glob("*.c"))
    if not newer(output, [*sources, *PLUGIN.glob("*.h")]):
        BUILD.mkdir(parents=True, exist_ok=True)
        flags = ("-std=c11", "-O2", *WARN, "-Wconversion", "-shared", "-fPIC")
        define = ("-D_POSIX_C_SOURCE=200809L", f"-DQEMU_PLUGIN_API_VERSION={api}")
        make(["gcc", *flags, *define, *sources], output)
    return output


def listed(path: Path, variable: str) -> list[str]:
    """The words of `variable := …` in a makefile."""
    match = re.search(rf"^{variable} *:= *(.*)$", path.read_text(), re.MULTILINE)
    if match is None:
        raise BenchError(f"{path.name} does not set {variable}")
    return match.group(1).split()


def available(algorithm: str) -> dict[str, str]:
    """Cores of an algorithm: name to path below firmware/crypto."""
    folder = CRYPTO / "cores" / algorithm
    return {
        path.stem: f"cores/{algorithm}/{path.name}"
        for path in sorted(folder.iterdir())
        if path.suffix in (".c", ".S")
    }


def _list(target: Target) -> Path:
    return CRYPTO / "arch" / f"{target.arch}.mk"


def choice(target: Target, core: str) -> dict[str, str]:
    """For each algorithm the file of that core, or the generic one. `small` is generic ones, but
    where the target's list in firmware/crypto/arch has others for it; `chosen`, or the name of the
    target's architecture, is what that list says."""
    if core in ("chosen", target.arch):
        files = listed(_list(target), "WG_CORES")
        return {name.split("/")[1]: name for name in files}
    instead = {}
    if core == "small" and "WG_CORES_SMALL" in _list(target).read_text():
        instead = {name.split("/")[1]: name for name in listed(_list(target), "WG_CORES_SMALL")}
    generic = {name: f"cores/{name}/generic32.c" for name in ALGORITHMS} | instead
    return {name: available(name).get(core, generic[name]) for name in ALGORITHMS}


def optimization(core: str) -> str:
    """The compiler's level: for speed, but for the small build."""
    return "-Os" if core == "small" else "-O2"


class Program:
    """A linked guest: where it is and what is in it."""

    def __init__(self, target: Target, folder: Path, cores: dict[str, str]) -> None:
        self.target = target
        self.folder = folder
        self.cores = cores
        self.elf = folder / "bench.elf"

    def nm(self) -> list[tuple[int, int, str]]:
        """(address, size, name) of each symbol, Thumb's bit cleared, by address."""
        bit = 1 if self.target.prefix.startswith("arm") else 0
        found = []
        for line in command([f"{self.target.prefix}nm", "-S", "-n", self.elf]).splitlines():
            words = line.split()
            if len(words) == 4 and words[2] in "tTwW":
                found.append((int(words[0], 16) & ~bit, int(words[1], 16), words[3]))
            elif len(words) == 3 and words[1] in "tTwWA":
                found.append((int(words[0], 16) & ~bit, 0, words[2]))
        return found

    def halfwords(self) -> dict[int, int]:
        """Address to code, of the program's text."""
        binary = self.folder / "text.bin"
        make([f"{self.target.prefix}objcopy", "-O", "binary", "-j", ".text", self.elf], binary)
        data = binary.read_bytes()
        return {
            self.target.code_base + at: int.from_bytes(data[at : at + 2], "little")
            for at in range(0, len(data), 2)
        }

    def address(self, name: str) -> int:
        for address, _, symbol in self.nm():
            if symbol == name:
                return address
        raise BenchError(f"{self.elf.name} has no symbol {name}")

    def sizes(self, sources: Iterable[str]) -> tuple[int, int]:
        """Code with constants, and RAM, of these files of firmware/crypto, as compiled."""
        objects = [self.folder / object_name(f"firmware/crypto/{name}") for name in sources]
        lines = command([f"{self.target.prefix}size", *objects]).splitlines()[1:]
        words = [[int(word) for word in line.split()[:3]] for line in lines]
        return sum(text for text, _, _ in words), sum(data + bss for _, data, bss in words)

    def code_bytes(self, sources: Iterable[str]) -> int:
        return self.sizes(sources)[0]

    def library(self) -> list[str]:
        """All files of firmware/crypto that are linked."""
        return [*listed(CRYPTO / "sources.mk", "WG_CRYPTO_SOURCES"), *self.cores.values()]


def object_name(source: str) -> str:
    return re.sub(r"[/.]", "_", source) + ".o"


def _compile(target: Target, folder: Path, source: str, flags: Sequence[str]) -> Path:
    output = folder / object_name(source)
    headers = [*(CRYPTO / "include").glob("*.h"), *(ROOT / "bench" / "guest").glob("*.h")]
    core = [p for p in (CRYPTO / "cores").glob("*/*") if p.parent.name in source]
    if not newer(output, [ROOT / source, *headers, *core]):
        include = ("-Ifirmware/crypto/include", "-std=c11", "-ffreestanding", "-g")
        sections = ("-ffunction-sections", "-fdata-sections")
        make(
            [f"{target.prefix}gcc", *target.flags, *include, *sections, *WARN, *flags]
            + ["-c", source],
            output,
        )
    return output


def program(
    target: Target,
    core: str = "chosen",
    optimize: str = "",
    extra: Sequence[str] = (),
    label: str = "",
    keep: bool = False,
    replace: dict[str, str] | None = None,
) -> Program:
    """Build the guest with that core. For tests there are extra: more sources, all of which is
    linked with `keep`; replace: algorithm to the file used as its core; label: its own folder."""
    cores = choice(target, core)
    optimize = optimize or optimization(core)
    folder = BUILD / f"{target.name}-{core}{optimize}{label}"
    folder.mkdir(parents=True, exist_ok=True)
    library = [f"firmware/crypto/{n}" for n in listed(CRYPTO / "sources.mk", "WG_CRYPTO_SOURCES")]
    library += [(replace or {}).get(a, f"firmware/crypto/{path}") for a, path in cores.items()]
    objects = [_compile(target, folder, source, (optimize,)) for source in library]
    guest = ["bench/guest/driver.c", "tests/native/harness.c", *target.sources, *extra]
    objects += [_compile(target, folder, source, ("-O2",)) for source in guest]
    result = Program(target, folder, cores)
    symbols = {
        "CODE_BASE": target.code_base,
        "RAM_BASE": target.ram_base,
        "bench_requests": target.requests_address,
        "bench_ram": target.ram_base,
    }
    defsyms = [f"-Wl,--defsym={name}={value:#x}" for name, value in symbols.items()]
    collect = () if keep else ("-Wl,--gc-sections",)
    make(
        [f"{target.prefix}gcc", *target.flags, *target.link, *defsyms, *collect]
        + ["-T", target.linker_script, *objects],
        result.elf,
    )
    return result
