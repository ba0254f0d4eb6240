# SPDX-License-Identifier: MIT
"""The Python package, installed from a server on this computer: by the board's own mip over the
board's network, and by mpremote's mip over the serial port.

The board's mip (MicroPython 1.25) wants whole URLs in the index, as `make mip MIP_URL=` writes
them; mpremote also takes the relative names of mpy/package.json, the one in the repository."""

from __future__ import annotations

import functools
import hashlib
import http.server
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from demo.rig import CACHE, HOST, chosen_env

from tests.unit.test_provision_kit import ROOT
from wgprov import transport
from wgprov.targets.qemu import QemuBoard

sys.path.insert(0, str(ROOT / "firmware" / "binding" / "natmod"))
import mip  # noqa: E402

LIBRARY = CACHE / "src" / "micropython" / "lib" / "micropython-lib"
INSTALL = """
import network, sys, time
sys.path.append("/lib")
lan = network.LAN()
lan.active(True)
for _ in range(100):
    if lan.isconnected():
        break
    time.sleep_ms(100)
import mip
mip.install({url!r}, target="/lib")
"""
LISTED = """
import binascii, hashlib, os
def files(folder):
    for entry in os.ilistdir(folder):
        path = folder + "/" + entry[0]
        if entry[1] & 0x4000:
            yield from files(path)
        else:
            yield path
for path in files({folder!r} + "/wireguard"):
    with open(path, "rb") as file:
        digest = hashlib.sha256(file.read()).digest()
    print(path[len({folder!r}) + 1 :], binascii.hexlify(digest).decode())
"""
USED = """
import sys
sys.path[:] = [{folder!r}]
for name in [n for n in sys.modules if n.startswith("wireguard")]:
    del sys.modules[name]
import wireguard
from wireguard import agent
print(wireguard.__file__, agent.__file__, wireguard.__version__)
print(all(result == "passed" for _, result in wireguard.selftest().values()))
"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def server(tmp_path: Path) -> Iterator[int]:
    """A port of 127.0.0.1 that serves the package, package.json and whole.json."""
    folder = tmp_path / "served"
    folder.mkdir()
    (folder / "wireguard").symlink_to(ROOT / "mpy" / "wireguard")
    (folder / "package.json").symlink_to(ROOT / "mpy" / "package.json")
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        files = [(name, name) for name in mip.python_files()]
        index = mip.package(files, f"http://{HOST}:{running.server_port}")
        (folder / "whole.json").write_text(index)
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield running.server_port
        running.shutdown()
        thread.join()


@pytest.fixture
def board(elf: Path, tmp_path: Path) -> Iterator[QemuBoard]:
    with QemuBoard(chosen_env(), elf, tmp_path / "flash.bin") as running:
        running.wait_prompt()
        yield running


def run(board: QemuBoard, code: str, files: dict[str, bytes] | None = None) -> list[str]:
    """What the code prints on the board, after these files were written."""
    with transport._raw_repl(board.port) as repl:
        for name, content in (files or {}).items():
            repl.fs_writefile(name, content)
        out, err = repl.exec_raw(code, timeout=60)
    assert not err, err.decode()
    return out.decode().splitlines()


def check_installed(board: QemuBoard, folder: str) -> None:
    """Each file is there, byte for byte, and it is that package which then works."""
    index = json.loads((ROOT / "mpy" / "package.json").read_text())
    assert dict(line.split() for line in run(board, LISTED.format(folder=folder))) == {
        name: hashlib.sha256((ROOT / "mpy" / source).read_bytes()).hexdigest()
        for name, source in index["urls"]
    }
    where, right = run(board, USED.format(folder=folder))
    package = f"{folder}/wireguard"
    assert where == f"{package}/__init__.py {package}/agent.py {index['version']}"
    assert right == "True"


def test_the_boards_own_mip(board: QemuBoard, server: int) -> None:
    run(board, "import os\nfor d in ('/lib', '/lib/mip', '/lib/requests'): os.mkdir(d)")
    parts = ("python-ecosys/mip/mip", "micropython/requests/requests")
    sources = {
        f"/lib/{Path(part).name}/__init__.py": (LIBRARY / part / "__init__.py").read_bytes()
        for part in parts
    }
    said = run(board, INSTALL.format(url=f"http://{HOST}:{server}/whole.json"), sources)
    assert said[-1] == "Done", said
    check_installed(board, "/lib")


@pytest.mark.boards
def test_mpremotes_mip(board: QemuBoard, server: int) -> None:
    command = [sys.executable, "-m", "mpremote", "connect", board.port, "mip", "install"]
    command += ["--target", "/got", f"http://127.0.0.1:{server}/package.json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    check_installed(board, "/got")
