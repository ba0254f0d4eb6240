# SPDX-License-Identifier: MIT
"""An arrow may only point down the list of layers in docs/DESIGN.md: imports, includes, symbols.

Each rule is a function of a tree's root that returns its violations, one line each. It is run on
the checkout, where it must find none, and on small trees with a planted violation, which it must
find.
"""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Bottom first. A C file may include headers of its own layer and of those before it.
C_LAYERS = ("crypto", "session", "netif", "binding", "ports")
# Layers whose every include is known: nothing else may come in (no libc, lwIP or MicroPython).
CLOSED_LAYERS = ("crypto", "session")
CRYPTO_HEADERS = {"stdint.h", "stddef.h", "stdbool.h"}
# string.h only declares the block moves that every C compiler provides or calls by itself.
SYSTEM_HEADERS = {"crypto": CRYPTO_HEADERS, "session": CRYPTO_HEADERS | {"string.h"}}
# What a compiler may call by itself: block moves, and M0+'s 64-bit multiply and shifts. Division
# is absent on purpose: it is slow and its time depends on the operands. memcmp's time depends on
# them too: it is for public addresses and indices, never in crypto.
INTRINSICS = (
    r"memcpy|memset|memmove|__aeabi_(memcpy|memset|memmove|memclr)[48]?"
    r"|__aeabi_(lmul|llsl|llsr|lasr)|__gnu_thumb1_case_\w+"
)
PROVIDED = {"crypto": re.compile(INTRINSICS), "session": re.compile(INTRINSICS + "|memcmp")}
COMPILERS = {
    "host": ["gcc"],
    "m0plus": ["arm-none-eabi-gcc", "-mcpu=cortex-m0plus", "-mthumb"],
    "m4": ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb"],
}


# --- Python ------------------------------------------------------------------------------------


def imported_modules(path: Path) -> Iterator[tuple[int, int, str]]:
    """(line, level, dotted name) of each import in a file, nested ones included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, 0, alias.name
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, node.level, node.module or ""
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "__import__":
            yield node.lineno, 0, "__import__"


def absolute_name(path: Path, base: Path, level: int, name: str) -> str:
    """The dotted name an import means, for a file below the package root's parent `base`."""
    if level == 0:
        return name
    package = path.relative_to(base).parent.parts
    kept = package[: len(package) - (level - 1)] if level - 1 <= len(package) else ()
    return ".".join([*kept, *([name] if name else [])])


def is_inside(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def python_violations(root: Path) -> list[str]:
    """core imports only core; the MicroPython package imports nothing of the host's tools."""
    found = []
    base = root / "mpy"
    host = {path.stem for path in (root / "host_tools").glob("*")} | {"host_tools", "tests"}
    for path in sorted((base / "wireguard").rglob("*.py")):
        in_core = (base / "wireguard" / "core") in path.parents
        for line, level, name in imported_modules(path):
            full = absolute_name(path, base, level, name)
            if in_core and not is_inside(full, "wireguard.core"):
                found.append(f"{path.relative_to(root)}:{line}: core imports {full}")
            elif full.split(".")[0] in host:
                found.append(f"{path.relative_to(root)}:{line}: the board imports {full}")
    return found


# --- C includes --------------------------------------------------------------------------------


def c_files(root: Path, layer: str) -> list[Path]:
    return sorted(p for p in (root / "firmware" / layer).rglob("*") if p.suffix in {".c", ".h"})


def includes(path: Path) -> Iterator[tuple[int, str]]:
    """(line, name) of each #include."""
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if match := re.match(r'\s*#\s*include(?:_next)?\s*[<"]([^>"]+)[>"]', text):
            yield number, match[1]


def header_layers(root: Path) -> dict[str, str]:
    """Base name of each of our headers -> its layer."""
    return {
        path.name: layer
        for layer in C_LAYERS
        for path in c_files(root, layer)
        if path.suffix == ".h"
    }


def include_error(layer: str, name: str, owner: str | None) -> str | None:
    """What is wrong with a file of `layer` including `name`, or None."""
    if owner is not None and name.split("/")[-1].startswith("wg_"):
        upward = C_LAYERS.index(owner) > C_LAYERS.index(layer)
        return f"{layer} includes {owner}'s {name}" if upward else None
    if layer == "crypto" and name.startswith("cores/"):
        return None  # fallback.c: the generic cores under another name
    if layer in CLOSED_LAYERS and owner != layer and name not in SYSTEM_HEADERS[layer]:
        return f"{layer} includes {name}"
    if layer == "netif" and name.startswith(("py/", "extmod/")):
        return f"netif includes MicroPython's {name}"
    return None


def include_violations(root: Path) -> list[str]:
    """Includes that point upwards, or out of the freestanding layers."""
    owners = header_layers(root)
    found = []
    for layer in C_LAYERS:
        for path in c_files(root, layer):
            for line, name in includes(path):
                if error := include_error(layer, name, owners.get(name.split("/")[-1])):
                    found.append(f"{path.relative_to(root)}:{line}: {error}")
    return found


# --- C symbols ---------------------------------------------------------------------------------


# Cores of C with one machine's assembly inside; their own harness compiles them.
ONE_MACHINE_CORES = ("xtensa",)


def is_portable(path: Path) -> bool:
    return path.suffix == ".c" and path.stem not in ONE_MACHINE_CORES


def compile_layer(root: Path, layer: str, compiler: list[str], out: Path) -> list[Path]:
    """Objects of a layer's C files, compiled freestanding."""
    folders = [f"-I{root}/firmware/{name}/include" for name in CLOSED_LAYERS]
    flags = ["-std=c11", "-Os", "-ffreestanding", "-fno-stack-protector", "-c"]
    objects = []
    for number, path in enumerate(p for p in c_files(root, layer) if is_portable(p)):
        target = out / f"{layer}-{number}-{path.stem}.o"
        command = [*compiler, *flags, *folders, str(path), "-o", str(target)]
        done = subprocess.run(command, timeout=60, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        objects.append(target)
    return objects


def symbols(path: Path) -> Iterator[tuple[str, str]]:
    """(nm's letter, name)."""
    listing = subprocess.run(["nm", str(path)], check=True, capture_output=True, text=True).stdout
    for line in listing.splitlines():
        *_, letter, name = line.split()
        yield letter, name


def symbol_violations(root: Path, compiler: list[str], out: Path) -> list[str]:
    """Writable statics; symbols that neither the layer, one below, nor the compiler provides."""
    defined: set[str] = set()
    found = []
    for layer in CLOSED_LAYERS:
        objects = compile_layer(root, layer, compiler, out)
        table = [(path, letter, name) for path in objects for letter, name in symbols(path)]
        defined |= {name for _, letter, name in table if letter in "TRVW"}
        for path, letter, name in table:
            if letter in "dDbBC" and not name.startswith("$"):
                found.append(f"{path.name}: writable static {name}")
            elif letter == "U" and name not in defined and not PROVIDED[layer].fullmatch(name):
                found.append(f"{path.name}: {layer} needs {name}")
    return found


# --- the checkout ------------------------------------------------------------------------------


def test_python_layers() -> None:
    assert len(list((ROOT / "mpy" / "wireguard" / "core").glob("*.py"))) > 3, "wrong folder?"
    assert python_violations(ROOT) == []


def test_include_layers() -> None:
    assert all(c_files(ROOT, layer) for layer in C_LAYERS), "wrong folder?"
    assert include_violations(ROOT) == []


def test_cores_are_called_through_the_seam() -> None:
    """wg_core.h: a core that is called by its own name would be called although it is broken."""
    files = [p for p in (ROOT / "firmware" / "crypto").glob("*.c") if p.name != "fallback.c"]
    files.append(ROOT / "firmware" / "crypto" / "cores" / "chacha20poly1305" / "generic32.c")
    texts = {path: path.read_text(encoding="utf-8") for path in files}
    calls = {path.name: re.findall(r"^ .*\bwg_\w+_core\(", t, re.M) for path, t in texts.items()}
    assert {name: found for name, found in calls.items() if found} == {}
    assert sum(len(re.findall(r"\bwg_\w+_run\(", text)) for text in texts.values()) > 10


@pytest.mark.parametrize("target", COMPILERS)
def test_crypto_and_session_are_freestanding(target: str, tmp_path: Path) -> None:
    assert shutil.which(COMPILERS[target][0]), "make setup installs it"
    assert symbol_violations(ROOT, COMPILERS[target], tmp_path) == []


# --- the rules find what is planted ------------------------------------------------------------


def plant(root: Path, path: str, text: str) -> None:
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("core/noise.py", "from . import messages\n", []),
        ("core/noise.py", "from wireguard.core.messages import TYPE\n", []),
        ("core/noise.py", "import time\n", ["core/noise.py:1: core imports time"]),
        ("core/noise.py", "def f():\n    import os\n", ["core/noise.py:2: core imports os"]),
        ("core/noise.py", "from .. import store\n", ["core/noise.py:1: core imports wireguard"]),
        ("core/noise.py", "m = __import__('os')\n", ["core/noise.py:1: core imports __import__"]),
        ("core/noise.py", "import wireguard.corelib\n", None),
        ("client.py", "import time, _wireguard\nfrom .core import tunnel\n", []),
        ("client.py", "from wgprov import keys\n", ["client.py:1: the board imports wgprov"]),
        ("client.py", "import host_tools.peer\n", None),
    ],
)
def test_planted_python(tmp_path: Path, path: str, text: str, expected: list[str] | None) -> None:
    plant(tmp_path, "host_tools/wgprov/__init__.py", "")
    plant(tmp_path, "mpy/wireguard/" + path, text)
    found = python_violations(tmp_path)
    if expected is None:
        assert len(found) == 1
    else:
        assert found == ["mpy/wireguard/" + line for line in expected]


@pytest.mark.parametrize(
    ("path", "include", "ok"),
    [
        ("crypto/aead.c", "<stdint.h>", True),
        ("crypto/aead.c", "<string.h>", False),
        ("crypto/aead.c", '"wg_session.h"', False),
        ("crypto/aead.c", '"../session/include/wg_session.h"', False),
        ("session/wg_session.c", '"wg_aead.h"', True),
        ("session/wg_session.c", '"wg_netif.h"', False),
        ("session/wg_session.c", '"lwip/pbuf.h"', False),
        ("netif/wg_netif.c", '"lwip/pbuf.h"', True),
        ("netif/wg_netif.c", '"py/runtime.h"', False),
        ("netif/wg_netif.c", '"wg_module.h"', False),
        ("binding/module.c", '"py/runtime.h"', True),
        ("binding/module.c", '"wg_netif.h"', True),
        ("ports/qemu_mps2/main.c", '"wg_module.h"', True),
    ],
)
def test_planted_include(tmp_path: Path, path: str, include: str, ok: bool) -> None:
    for layer, name in zip(C_LAYERS, ("aead", "session", "netif", "module"), strict=False):
        plant(tmp_path, f"firmware/{layer}/include/wg_{name}.h", "#include <stdint.h>\n")
    plant(tmp_path, "firmware/" + path, f"#include {include}\n")
    assert (include_violations(tmp_path) == []) == ok


@pytest.mark.parametrize(
    ("layer", "text", "expected"),
    [
        ("crypto", "int wg_f(int x) { return x + 1; }", None),
        ("crypto", "static int n; int wg_f(void) { return n++; }", "writable static n"),
        ("crypto", "int wg_s(int); int wg_f(void) { return wg_s(1); }", "crypto needs wg_s"),
        ("crypto", "void *malloc(unsigned long); void *wg_f(void) { return malloc(9); }", "malloc"),
        (
            "crypto",
            "int memcmp(const void *, const void *, unsigned long);"
            "int wg_f(const void *a, const void *b) { return memcmp(a, b, 32); }",
            "crypto needs memcmp",
        ),
        ("session", "int wg_a(int); int wg_f(void) { return wg_a(1); }", None),
    ],
)
def test_planted_symbol(tmp_path: Path, layer: str, text: str, expected: str | None) -> None:
    plant(tmp_path, "firmware/crypto/a.c", "int wg_a(int x); int wg_a(int x) { return x; }\n")
    plant(tmp_path, "firmware/session/s.c", "int wg_s(int x); int wg_s(int x) { return x; }\n")
    plant(tmp_path, f"firmware/{layer}/planted.c", text + "\n")
    found = symbol_violations(tmp_path, COMPILERS["host"], tmp_path)
    assert (found == []) if expected is None else (len(found) == 1 and expected in found[0])


def test_planted_division(tmp_path: Path) -> None:
    text = "#include <stdint.h>\nuint64_t wg_f(uint64_t a, uint64_t b) { return a / b; }\n"
    plant(tmp_path, "firmware/crypto/a.c", text)
    found = symbol_violations(tmp_path, COMPILERS["m0plus"], tmp_path)
    assert found == ["crypto-0-a.o: crypto needs __aeabi_uldivmod"]
