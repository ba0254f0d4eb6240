# SPDX-License-Identifier: MIT
"""The serial loader of an ESP32-family chip over a pty, for tests: no emulator of it is to be had.

Written from Espressif's description of the protocol (esptool's documentation, "Serial Protocol").
It takes nothing on trust: a byte outside a frame, a wrong escape, length, checksum, order, size or
an address outside the flash is noted in `faults`, and a test wants that list empty.
"""

from __future__ import annotations

import hashlib
import os
import pty
import select
import struct
import threading
import tty
import zlib
from dataclasses import dataclass

END, ESC, ESC_END, ESC_ESC = 0xC0, 0xDB, 0xDC, 0xDD
CHECKSUM_SEED = 0xEF
SECTOR_BYTES = 0x1000
MAGIC_REG = 0x40001000
# ESP32: what its own measure of a 40 MHz crystal against the 8 MHz oscillator came to.
ESP32_CLOCKS = {0x3FF40014: 40_000_000 // 115200, 0x3FF5F06C: 800 << 7, 0x3FF5A010: 128}
SPI_USR = 1 << 18
READ_ID, READ_SFDP = 0x9F, 0x5A
SYNC_BYTES = b"\x07\x07\x12\x20" + b"\x55" * 32
ERROR_INVALID = b"\x01\x05"
ERROR_CHECKSUM = b"\x01\x07"


@dataclass(frozen=True)
class Chip:
    """What tells one chip from another on the wire."""

    name: str
    chip_id: int | None  # in the reply to GET_SECURITY_INFO; None: that is not known to it
    magic: int
    spi: int
    usr2: int
    w0: int


CHIPS = {
    "esp32": Chip("esp32", None, 0x00F01D83, 0x3FF42000, 0x24, 0x80),
    "esp32s2": Chip("esp32s2", None, 0x000007C6, 0x3F402000, 0x20, 0x58),
    "esp32s3": Chip("esp32s3", 9, 0, 0x60002000, 0x20, 0x58),
    "esp32c3": Chip("esp32c3", 5, 0, 0x60002000, 0x20, 0x58),
    "esp32c6": Chip("esp32c6", 13, 0, 0x60003000, 0x20, 0x58),
}


class Frames:
    """Bytes in, whole SLIP frames out; what breaks the rules is noted."""

    def __init__(self, faults: list[str]) -> None:
        self._faults = faults
        self._frame: bytearray | None = None
        self._escaped = False

    def feed(self, data: bytes) -> list[bytes]:
        done = []
        for byte in data:
            if self._frame is None:
                if byte == END:
                    self._frame = bytearray()
                else:
                    self._faults.append(f"byte {byte:#04x} outside a frame")
            elif self._escaped:
                self._unescape(byte)
            elif byte == ESC:
                self._escaped = True
            elif byte == END:
                done.append(bytes(self._frame))
                self._frame = None
            else:
                self._frame.append(byte)
        return done

    def _unescape(self, byte: int) -> None:
        assert self._frame is not None
        self._escaped = False
        if byte not in (ESC_END, ESC_ESC):
            self._faults.append(f"escape of {byte:#04x}")
        self._frame.append(END if byte == ESC_END else ESC)


def slip(frame: bytes) -> bytes:
    body = frame.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc")
    return b"\xc0" + body + b"\xc0"


def checksum(data: bytes) -> int:
    value = CHECKSUM_SEED
    for byte in data:
        value ^= byte
    return value


class Transfer:
    """A download in blocks, to RAM or flash."""

    def __init__(self, kind: str, size: int, blocks: int, block_bytes: int, address: int) -> None:
        self.kind, self.size, self.blocks = kind, size, blocks
        self.block_bytes, self.address = block_bytes, address
        self.next = 0
        self.received = bytearray()


class RomLoader:
    """`port` is its serial port while the context lasts; `flash` is the chip's flash.

    spoil: a byte of the flash that does not take what is written to it.  silent: never answers."""

    def __init__(
        self, chip: str, flash_bytes: int = 4 << 20, spoil: int | None = None, silent: bool = False
    ) -> None:
        self.chip = CHIPS[chip]
        self.flash = bytearray(b"\xff" * flash_bytes)
        self.spoil = spoil
        self.silent = silent
        self.faults: list[str] = []
        self.commands: list[int] = []
        self.parameters: tuple[int, ...] = ()
        self.is_stub = False
        self.stub_bytes = 0
        self._registers: dict[int, int] = {MAGIC_REG: self.chip.magic, **ESP32_CLOCKS}
        self._transfer: Transfer | None = None
        self._stop, self._wake = os.pipe()

    # --- life ---

    def __enter__(self) -> RomLoader:
        self._master, self._slave = pty.openpty()
        tty.setraw(self._master)
        self.port = os.ttyname(self._slave)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        os.write(self._wake, b"x")
        self._thread.join(10)
        for fd in (self._master, self._slave, self._stop, self._wake):
            os.close(fd)

    def _serve(self) -> None:
        frames = Frames(self.faults)
        while True:
            ready = select.select([self._master, self._stop], [], [])[0]
            if self._stop in ready:
                return
            for frame in frames.feed(os.read(self._master, 65536)):
                if not self.silent:
                    self._take(frame)

    # --- one frame ---

    def _fault(self, text: str) -> None:
        self.faults.append(text)

    def _send(self, frame: bytes) -> None:
        data = slip(frame)
        while data:
            data = data[os.write(self._master, data) :]

    def _reply(
        self, command: int, value: int = 0, data: bytes = b"", status: bytes = b"\0\0"
    ) -> None:
        tail = status if self.is_stub else status + b"\0\0"
        body = data + tail
        self._send(struct.pack("<BBHI", 1, command, len(body), value) + body)

    def _take(self, frame: bytes) -> None:
        if len(frame) < 8:
            return self._fault(f"frame of {len(frame)} bytes")
        direction, command, size, given = struct.unpack_from("<BBHI", frame)
        data = frame[8:]
        if direction != 0 or size != len(data):
            return self._fault(f"header of command {command:#04x}: {direction}, {size}")
        self.commands.append(command)
        handler = self.HANDLERS.get(command)
        if handler is None:
            return self._reply(command, status=ERROR_INVALID)
        if command in self.DATA:
            if given != checksum(data[16:]):
                self._fault(f"checksum of command {command:#04x}")
                return self._reply(command, status=ERROR_CHECKSUM)
        elif given != 0:
            self._fault(f"checksum of command {command:#04x}, which has none")
        handler(self, command, data)

    # --- commands ---

    def _sync(self, command: int, data: bytes) -> None:
        if data != SYNC_BYTES:
            self._fault("SYNC with other bytes")
        for _ in range(8):
            self._reply(command, value=0 if self.is_stub else 0x20120707)

    def _security(self, command: int, data: bytes) -> None:
        if self.chip.name == "esp32":
            return self._reply(command, status=ERROR_INVALID)
        info = struct.pack("<IB7B", 0, 0, *[0] * 7)
        if self.chip.chip_id is not None:
            info += struct.pack("<II", self.chip.chip_id, 0)
        self._reply(command, data=info)

    def _read_register(self, command: int, data: bytes) -> None:
        (address,) = struct.unpack("<I", data)
        self._reply(command, value=self._registers.get(address, 0))

    def _write_register(self, command: int, data: bytes) -> None:
        if not data or len(data) % 16:
            self._fault("WRITE_REG of no whole entries")
        for address, value, mask, _delay_us in struct.iter_unpack("<IIII", data):
            old = self._registers.get(address, 0)
            self._registers[address] = (old & ~mask) | (value & mask)
            if address == self.chip.spi and value & SPI_USR:
                self._run_spi()
        self._reply(command)

    def _run_spi(self) -> None:
        """The flash chip's own commands: what it is, of which maker and size."""
        size_id = len(self.flash).bit_length() - 1
        known = {READ_ID: (size_id << 16) | (0x40 << 8) | 0xC8, READ_SFDP: 0x50444653}
        opcode = self._registers.get(self.chip.spi + self.chip.usr2, 0) & 0xFF
        self._registers[self.chip.spi + self.chip.w0] = known.get(opcode, 0)
        self._registers[self.chip.spi] = 0  # done

    def _attach(self, command: int, data: bytes) -> None:
        if len(data) != (4 if self.is_stub else 8):
            self._fault(f"SPI_ATTACH of {len(data)} bytes")
        self._reply(command)

    def _set_parameters(self, command: int, data: bytes) -> None:
        self.parameters = struct.unpack("<6I", data)
        if self.parameters[2:] != (0x10000, SECTOR_BYTES, 256, 0xFFFF):
            self._fault(f"SPI_SET_PARAMS {self.parameters}")
        self._reply(command)

    def _begin(self, command: int, data: bytes) -> None:
        kinds = {0x02: "flash", 0x05: "ram", 0x10: "deflate"}
        extended = kinds[command] != "ram" and (self.is_stub or self.chip.name != "esp32")
        if len(data) != (20 if extended else 16):
            self._fault(f"begin of {len(data)} bytes")
        size, blocks, block_bytes, address = struct.unpack_from("<4I", data)
        if kinds[command] != "ram":
            if address % SECTOR_BYTES or address + size > len(self.flash):
                self._fault(f"{size} bytes at {address:#x} of the flash")
            self._erase(address, size)
        self._transfer = Transfer(kinds[command], size, blocks, block_bytes, address)
        self._reply(command)

    def _erase(self, address: int, size: int) -> None:
        end = min(-(-(address + size) // SECTOR_BYTES) * SECTOR_BYTES, len(self.flash))
        self.flash[address:end] = b"\xff" * (end - address)

    def _data(self, command: int, data: bytes) -> None:
        transfer = self._transfer
        size, sequence, *zero = struct.unpack_from("<4I", data)
        block = data[16:]
        if (
            transfer is None
            or {0x03: "flash", 0x07: "ram", 0x11: "deflate"}[command] != transfer.kind
        ):
            return self._fault("data without its begin")
        if size != len(block) or size > transfer.block_bytes or zero != [0, 0]:
            self._fault(f"block of {len(block)} bytes that says {size}")
        if sequence != transfer.next or sequence >= transfer.blocks:
            self._fault(f"block {sequence} where {transfer.next} of {transfer.blocks} is due")
        transfer.next += 1
        transfer.received += block
        if transfer.next == transfer.blocks:
            self._finish(transfer)
        self._reply(command)

    def _finish(self, transfer: Transfer) -> None:
        data = bytes(transfer.received)
        if transfer.kind == "ram":
            self.stub_bytes += len(data)
            if len(data) != transfer.size:
                self._fault(f"{len(data)} bytes to RAM where {transfer.size} were announced")
            return
        if transfer.kind == "deflate":
            data = zlib.decompress(data)
            if self.is_stub and len(data) != transfer.size:
                self._fault(f"{len(data)} bytes inflated where {transfer.size} were announced")
        room = self.flash[transfer.address : transfer.address + len(data)]
        if room.strip(b"\xff"):
            self._fault(f"write to flash at {transfer.address:#x} that is not erased")
        self.flash[transfer.address : transfer.address + len(data)] = data
        if self.spoil is not None:
            self.flash[self.spoil] ^= 1

    def _end_ram(self, command: int, data: bytes) -> None:
        stay, entry = struct.unpack("<II", data)
        self._reply(command)
        if not stay and entry and self.stub_bytes:
            self.is_stub = True
            self._send(b"OHAI")

    def _end_flash(self, command: int, data: bytes) -> None:
        if self._transfer is None or self._transfer.next != self._transfer.blocks:
            self._fault("end of a download that is not complete")
        self._reply(command)

    def _md5(self, command: int, data: bytes) -> None:
        address, size, *zero = struct.unpack("<4I", data)
        if zero != [0, 0] or address + size > len(self.flash):
            self._fault(f"MD5 of {size} bytes at {address:#x}")
        digest = hashlib.md5(self.flash[address : address + size])
        text = digest.digest() if self.is_stub else digest.hexdigest().encode()
        self._reply(command, data=text)

    def _baud(self, command: int, data: bytes) -> None:
        new, old = struct.unpack("<II", data)
        if (old != 0) != self.is_stub or new < 115200:
            self._fault(f"baud rate from {old} to {new}")
        self._reply(command)

    DATA = (0x03, 0x07, 0x11)
    HANDLERS = {
        0x02: _begin,
        0x03: _data,
        0x04: _end_flash,
        0x05: _begin,
        0x06: _end_ram,
        0x07: _data,
        0x08: _sync,
        0x09: _write_register,
        0x0A: _read_register,
        0x0B: _set_parameters,
        0x0D: _attach,
        0x0F: _baud,
        0x10: _begin,
        0x11: _data,
        0x12: _end_flash,
        0x13: _md5,
        0x14: _security,
    }
