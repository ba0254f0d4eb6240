# SPDX-License-Identifier: MIT
"""mip installs the package and the native module that fits: from a server on loopback, by mip of
MicroPython's unix port; from a folder, by mpremote, on an emulated board without a network."""

from __future__ import annotations

import functools
import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from wireguard import natmod

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "natmod"), str(ROOT / "firmware" / "binding" / "natmod")]
import machines  # noqa: E402
import mip  # noqa: E402

RUN_S = 60


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    folder = tmp_path / "served"
    folder.mkdir()
    handler = functools.partial(Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}/wireguard"
    assert mip.main([str(folder / "wireguard"), url]) == 0
    yield url, folder / "wireguard"
    server.shutdown()
    server.server_close()
    thread.join()


def micropython(code: str, lib: Path) -> str:
    binary = machines.require(machines.VMS / "unix" / "micropython")
    done = subprocess.run(
        [str(binary), "-c", code],
        env={**os.environ, "MICROPYPATH": f"{lib}:.frozen"},
        capture_output=True,
        text=True,
        timeout=RUN_S,
    )
    return done.stdout + done.stderr


INSTALL = """
import mip
mip.install("{url}/package.json")
from wireguard import natmod
print(natmod.install("{url}"))
"""


def test_mip_brings_the_module_of_this_architecture(served, tmp_path: Path) -> None:
    url, folder = served
    lib = tmp_path / "lib"
    out = micropython(INSTALL.format(url=url), lib)
    assert "('x25519', 'generic32', 'passed')" in out, out
    assert (lib / "_wireguard.mpy").read_bytes() == (folder / "x64/_wireguard.mpy").read_bytes()
    assert sorted(p.name for p in (lib / "wireguard").iterdir() if p.suffix == ".py") == sorted(
        path.name for path in (ROOT / "mpy" / "wireguard").glob("*.py")
    )
    code = "from wireguard.link import RawLink\nl = RawLink(bytes(range(32)), ['10.0.0.1'])\n"
    assert micropython(code + "print(len(l.public_key))", lib) == "32\n"


def test_what_is_missing_is_said(served, tmp_path: Path) -> None:
    url, folder = served
    (folder / "x64" / "_wireguard.mpy").unlink()
    out = micropython(INSTALL.format(url=url), tmp_path / "lib")
    assert "OSError: x64 was not installed" in out, out


def test_a_damaged_module_is_not_taken(served, tmp_path: Path) -> None:
    """One constant of BLAKE2s is flipped: the module's own test refuses the import."""
    url, folder = served
    module = folder / "x64" / "_wireguard.mpy"
    data = module.read_bytes()
    constant = (0x6A09E667).to_bytes(4, "little")
    assert data.count(constant) >= 1
    module.write_bytes(data.replace(constant, (0x6A09E666).to_bytes(4, "little")))
    out = micropython(INSTALL.format(url=url), tmp_path / "lib")
    assert "OSError: x64 was not installed: crypto self-test failed (" in out, out


@pytest.mark.parametrize(
    ("mpy", "words"),
    [
        (0x0306, "no native modules"),
        (7 << 10 | 3 << 8 | 5, "version 5.3, not 6.3"),
        (7 << 10 | 2 << 8 | 6, "version 6.2, not 6.3"),
        (1 << 10 | 3 << 8 | 6, "no native module for architecture 1"),
        (99 << 10 | 3 << 8 | 6, "no native module for architecture 99"),
    ],
)
def test_firmware_that_takes_none(mpy: int, words: str) -> None:
    with pytest.raises(OSError, match=words):
        natmod.arch(mpy)


def test_each_architecture_has_its_number() -> None:
    """As MicroPython's tools/mpy_ld.py writes it into the file."""
    for name, path in mip.modules().items():
        header = path.read_bytes()[:4]
        assert header[:2] == b"M\x06"
        assert natmod.arch(header[2] >> 2 << 10 | (header[2] & 3) << 8 | header[1]) == name
    assert natmod.arch(6 << 10 | 3 << 8 | 6) == "armv7m", "ARMv7E-M without floating point"


def test_package_json_of_the_repository_is_complete() -> None:
    """mpremote mip install github:…/mpy reads it: the Python package, by relative names.

    python3 firmware/binding/natmod/mip.py FOLDER makes one to copy.
    """
    kept = json.loads((ROOT / "mpy" / "package.json").read_text(encoding="utf-8"))
    assert kept == json.loads(mip.package([(name, name) for name in mip.python_files()], ""))


@pytest.mark.boards
def test_mpremote_installs_from_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    assert mip.main([str(folder)]) == 0
    with machines.with_mip(folder / "armv6m.json", tmp_path) as board:
        command = [sys.executable, "-m", "mpremote", "connect", board.port]
        code = "import sys\nsys.path.append('/lib')\nimport _wireguard, wireguard.link\n"
        code += "print(_wireguard.selftest())"
        done = subprocess.run([*command, "exec", code], timeout=60, capture_output=True, text=True)
        assert done.stdout.strip() == "0", done.stdout + done.stderr
