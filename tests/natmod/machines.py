# SPDX-License-Identifier: MIT
"""The MicroPythons that native modules are run in: each starts, takes Python code, gives what it
prints. None of them has WireGuard in it; what they import was handed to them."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mpremote.transport import TransportExecError
from mpremote.transport_serial import SerialTransport

from wgprov.targets.qemu import QemuBoard

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / ".cache" / "build" / "natmod"
VMS = BUILD / "vm"
DEVICE = ROOT / "tests" / "natmod" / "device"
MPY_CROSS = ROOT / ".cache" / "src" / "micropython" / "mpy-cross" / "build" / "mpy-cross"
PACKAGE = (
    "wireguard/__init__.py",
    "wireguard/core/__init__.py",
    "wireguard/core/constants.py",
    "wireguard/core/messages.py",
    "wireguard/core/noise.py",
    "wireguard/core/cookie.py",
)
END = b"\x04\n"
START_S = 30.0
READY_S = 10.0
EXEC_S = 900.0  # a thousand X25519 on the slowest of them, on a busy computer
CHUNK_BYTES = 4096

# By the name of the architecture: which board of firmware/ports/qemu_mps2 runs it.
BOARDS = {
    "armv6m": ("stock_m0plus", "qemu_m0plus"),
    "armv7m": ("stock_an385", "qemu_an385"),
    "armv7emsp": ("stock_an386", "qemu_an386"),
    "armv7emdp": ("stock_an500", "qemu_an500"),
}
# The calling convention, and QEMU's core.
XTENSA = {"xtensawin": ("windowed", "de233_fpu"), "xtensa": ("call0", "lx106")}
LOOP = """
import sys
while True:
    size = sys.stdin.readline()
    if not size:
        break
    try:
        exec(sys.stdin.read(int(size)), globals())
    except Exception as error:
        sys.print_exception(error, sys.stdout)
        print("ERROR")
    print("\\x04")
"""


class Failed(AssertionError):
    """The code raised, or the machine did not answer."""


class Piped:
    """A process that reads `length\\n code` and ends what it prints by END."""

    def __init__(self, command: list[str], environment: dict[str, str] | None = None) -> None:
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
        )

    def exec(self, code: str) -> str:
        data = code.encode()
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(b"%d\n%b" % (len(data), data))
            self.process.stdin.flush()
        except BrokenPipeError:
            raise Failed("the machine has ended") from None
        text = self._read().decode(errors="replace")
        if text.endswith("ERROR\n"):
            raise Failed(text)
        return text

    def _read(self) -> bytes:
        assert self.process.stdout is not None
        got, end = b"", time.monotonic() + EXEC_S
        while not got.endswith(END):
            if not select.select([self.process.stdout], [], [], end - time.monotonic())[0]:
                raise Failed(f"no answer within {EXEC_S} s; {got!r}")
            more = os.read(self.process.stdout.fileno(), 65536)
            if not more:
                raise Failed(f"the machine has ended; {got.decode(errors='replace')}")
            got += more
        return got[: -len(END)]

    def close(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=10)


class Serial:
    """Raw REPL on a serial port."""

    def __init__(self, port: str) -> None:
        self.line = SerialTransport(port, timeout=5)
        self.line.enter_raw_repl(soft_reset=False, timeout_overall=20)

    def exec(self, code: str) -> str:
        try:
            out, err = self.line.exec_raw(code, timeout=EXEC_S)
        except TransportExecError as error:
            raise Failed(str(error)) from None
        if err:
            raise Failed(err.decode(errors="replace"))
        return out.decode().replace("\r\n", "\n")

    def start(self, code: str) -> None:
        """Returns when the code has printed READY; finish() waits for its end."""
        self.line.exec_raw_no_follow(code)
        data = self.line.read_until(1, b"READY\r\n", timeout_overall=READY_S)
        if not data.endswith(b"READY\r\n"):
            raise Failed(f"not ready within {READY_S} s; {data!r}")

    def finish(self, timeout_s: float) -> None:
        _, err = self.line.follow(timeout_s)
        if err:
            raise Failed(err.decode(errors="replace"))

    def close(self) -> None:
        self.line.close()


def require(path: Path) -> Path:
    assert path.exists(), f"{path.relative_to(ROOT)} is missing: run `make natmods-boards`"
    return path


def compiled(source: Path, folder: Path) -> bytes:
    """A file's bytecode: smaller than its text, and the same for every MicroPython."""
    out = folder / "out.mpy"
    subprocess.run([require(MPY_CROSS), "-o", out, source], check=True, timeout=60)
    return out.read_bytes()


def hand_over(machine: Piped | Serial, module: Path) -> None:
    """The module, our package and the scripts, into the machine's RAM."""
    machine.exec((DEVICE / "ramfs.py").read_text(encoding="utf-8"))
    files = {"_wireguard.mpy": module.read_bytes()}
    with tempfile.TemporaryDirectory() as folder:
        for name in PACKAGE:
            files[name[:-2] + "mpy"] = compiled(ROOT / "mpy" / name, Path(folder))
        for script in ("transcript", "vectors"):
            files[script + ".mpy"] = compiled(DEVICE / f"{script}.py", Path(folder))
    machine.exec("from binascii import unhexlify as _u")
    for name, data in files.items():
        machine.exec(f"ram.files[{name!r}] = bytearray()")
        for at in range(0, len(data), CHUNK_BYTES):
            machine.exec(f"ram.files[{name!r}] += _u({data[at : at + CHUNK_BYTES].hex()!r})")


@contextmanager
def unix(module: Path) -> Iterator[Piped]:
    folders = [module.parent, ROOT / "mpy", DEVICE]
    path = ":".join([*(str(folder) for folder in folders), ".frozen"])
    machine = Piped([str(require(VMS / "unix" / "micropython")), "-c", LOOP], {"MICROPYPATH": path})
    try:
        yield machine
    finally:
        machine.close()


@contextmanager
def board(arch: str, module: Path) -> Iterator[Serial]:
    name, env = BOARDS[arch]
    elf = require(VMS / name / "firmware.elf")
    with tempfile.TemporaryDirectory() as folder:
        with QemuBoard(env, elf, Path(folder) / "flash.bin") as qemu:
            qemu.wait_prompt(START_S)
            machine = Serial(qemu.port)
            try:
                hand_over(machine, module)
                yield machine
            finally:
                machine.close()


@contextmanager
def with_mip(index: Path, folder: Path) -> Iterator[QemuBoard]:
    """A Cortex-M0+ with stock firmware, and on it what mpremote's mip brings by this index file."""
    elf = require(VMS / "stock_m0plus" / "firmware.elf")
    with QemuBoard("qemu_m0plus", elf, folder / "flash.bin") as qemu:
        qemu.wait_prompt(START_S)
        install = [sys.executable, "-m", "mpremote", "connect", qemu.port, "mip", "install"]
        install += ["--target", "/lib", str(index)]
        subprocess.run(install, check=True, timeout=300, capture_output=True)
        yield qemu


@contextmanager
def xtensa(arch: str, module: Path) -> Iterator[Piped]:
    abi, core = XTENSA[arch]
    command = ["qemu-system-xtensa", "-M", "sim", "-cpu", core, "-display", "none", "-semihosting"]
    command += ["-monitor", "none", "-serial", "none", "-kernel"]
    machine = Piped([*command, str(require(VMS / f"xtensa_{abi}" / "firmware.elf"))])
    try:
        hand_over(machine, module)
        yield machine
    finally:
        machine.close()


@contextmanager
def rv32(module: Path) -> Iterator[Serial]:
    command = ["qemu-system-riscv32", "-bios", "none", "-machine", "virt", "-nographic"]
    command += ["-monitor", "null", "-semihosting", "-serial", "pty", "-kernel"]
    process = subprocess.Popen(
        [*command, str(require(VMS / "rv32" / "firmware.elf"))],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert "/dev/pts/" in line, line
        machine = Serial(line[line.index("/dev/pts/") :].split()[0])
        try:
            hand_over(machine, module)
            yield machine
        finally:
            machine.close()
    finally:
        process.kill()
        process.communicate(timeout=10)


def machine(arch: str, module: Path):
    """Start the machine for an architecture, and hand it the module."""
    require(module)
    if arch == "x64":
        return unix(module)
    if arch in XTENSA:
        return xtensa(arch, module)
    if arch == "rv32imc":
        return rv32(module)
    return board(arch, module)
