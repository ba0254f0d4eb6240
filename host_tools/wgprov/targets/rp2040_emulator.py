# SPDX-License-Identifier: MIT
"""The emulator's process: rp2040py with a UF2 in its flash, its USB serial port on a pty.

    python -m wgprov.targets.rp2040_emulator UF2 FLASH UART_FD

FLASH is the host file that plays the flash chip behind the firmware, written as the guest writes.
UART_FD is a socket that this process inherits: UART0's bytes. Requests are JSON lines on standard
input, answered on standard output; the first line tells the pty. Ends when standard input does.
Used by rp2040.py only, which documents the requests.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import select
import signal
import sys
import termios
import time
import tty
from pathlib import Path
from typing import Any

from rp2040py.boards import BoardSpec
from rp2040py.device.base_device import BaseDevice, ResetCause
from rp2040py.execute_batch import execute_batch
from rp2040py.external.bootsel_button import BootselButton
from rp2040py.memory_map import FLASH_START_ADDRESS

from wgprov.targets.rp2040_mend import CdcHost, Idle, Pl011, Rosc
from wgprov.targets.uf2 import SECTOR_BYTES, span

FLASH_BYTES = 2 << 20  # the Pico's chip
UF2_MAGIC = b"UF2\n"
ERASED = 0xFF
SLICE_NS = 100_000  # guest time between two looks at the wires
CYCLE_NS = 8  # 125 MHz
ONE_AT_A_TIME = 1  # alarms in the cycle they are due: the counts are exact
QUEUE_MAX_BYTES = 4096
READ_BYTES = 4096
PC, LR = 15, 14
WATCH_MAX = 100_000


class FlashFile:
    """Keeps what the guest programs in a host file. The firmware is not kept: it comes from the UF2
    at each start, as after an update by UF2."""

    def __init__(self, path: str, chip: Any, firmware_end: int) -> None:
        self._chip = chip
        with open(path, "a+b") as file:
            if file.seek(0, os.SEEK_END) != FLASH_BYTES:
                file.truncate(0)
                file.write(bytes([ERASED]) * FLASH_BYTES)
                file.flush()
            self._map = mmap.mmap(file.fileno(), FLASH_BYTES)
        chip.flash[firmware_end:FLASH_BYTES] = self._map[firmware_end:FLASH_BYTES]
        ssi = chip.ssi
        self._apply, ssi._apply_command = ssi._apply_command, self._command
        self._ssi = ssi

    def _command(self) -> None:
        """A whole command has reached the chip: byte 0 is what, bytes 1 to 3 are where."""
        head = bytes(self._ssi._tx_buffer[:4])
        self._apply()
        if len(head) == 4:
            start = int.from_bytes(head[1:], "big") & -SECTOR_BYTES
            end = min(start + 16 * SECTOR_BYTES, FLASH_BYTES)  # the most that one command erases
            self._map[start:end] = bytes(self._chip.flash[start:end])


class Emulator:
    """One board and its wires."""

    def __init__(self, uf2: str, flash: str, uart_fd: int) -> None:
        end = firmware_end(uf2)
        device = BaseDevice(board=BoardSpec(image=uf2, extras=(BootselButton,)))
        self.device = device
        self.chip = device.mcu
        self.simulator = device.simulator
        self.clock = device.simulator.clock
        self.core = self.chip.core
        self.flash = FlashFile(flash, self.chip, end)
        self.usb = CdcHost(device.cdc)
        self.uart = Pl011(self.chip, 0)
        Rosc(self.chip)
        self.idle = Idle(self.clock)
        self.ended = False
        self._slice = self.clock.create_alarm(self._end_slice)
        self._uart_fd = uart_fd
        self._uart_out = bytearray()
        self._pty, self._tty = os.openpty()
        tty.setraw(self._tty, termios.TCSANOW)
        for fd in (self._pty, uart_fd):
            os.set_blocking(fd, False)
        self._requests = b""
        self._watched: dict[int, tuple[int, ...]] = {}
        self._calls: dict[int, list[int]] = {}  # not returned yet, by where they return to
        self._seen: list[list[int]] = []
        device.cdc.on_serial_data = self._from_usb

    def run(self) -> None:
        self.answer({"port": os.ttyname(self._tty)})
        self.core.pc = FLASH_START_ADDRESS
        while not self.ended:
            if self.core.waiting:
                self.idle.step(self.serve)
            else:
                self._run_slice()
                self.serve(0.0)

    # --- the guest ---

    def _run_slice(self) -> None:
        self._slice.schedule(SLICE_NS)
        self.simulator.stopped = False
        if self._watched:
            self._run_watched()
        else:
            execute_batch(self.simulator, ONE_AT_A_TIME)
        self._slice.cancel()

    def _end_slice(self) -> None:
        self.simulator.stopped = True

    def _run_watched(self) -> None:
        """As a slice, an instruction at a time: notes each call of a watched function."""
        core, clock, registers, watched = self.core, self.clock, self.core.registers, self._watched
        while not self.simulator.stopped and not core.waiting:
            at = int(registers[PC])
            if at in self._calls:
                call = self._calls.pop(at)
                call[1] = round(clock.nanos / CYCLE_NS) - call[1]
                self._seen.append(call)
            if at in watched and len(self._seen) < WATCH_MAX:
                values = [int(registers[i]) for i in watched[at]]
                back = int(registers[LR]) & ~1
                self._calls[back] = [at, round(clock.nanos / CYCLE_NS), *values]
            clock.tick(core.execute_instruction() * CYCLE_NS)

    # --- the wires ---

    def serve(self, timeout_s: float) -> float:
        """Carry what waits on the wires, waiting for it at most so long; how long that took."""
        started = time.monotonic()
        self._to_uart_wire()
        readers = [sys.stdin.fileno()]
        if self.usb.queued_bytes < QUEUE_MAX_BYTES:
            readers.append(self._pty)
        if self.uart.queued_bytes < QUEUE_MAX_BYTES:
            readers.append(self._uart_fd)
        writers = [self._uart_fd] if self._uart_out else []
        ready, _, _ = select.select(readers, writers, [], timeout_s)
        for fd in ready:
            self._read(fd)
        return time.monotonic() - started

    def _read(self, fd: int) -> None:
        try:
            data = os.read(fd, READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if fd == self._pty:
            self.usb.send(data)
        elif fd == self._uart_fd:
            self.uart.feed(data)
        elif data:
            self._request_bytes(data)
        else:
            self.ended = True

    def _from_usb(self, data: bytes | bytearray) -> None:
        """To the pty. What nobody reads is lost when its buffer is full, as with a closed port."""
        with contextlib.suppress(BlockingIOError):
            os.write(self._pty, data)

    def _to_uart_wire(self) -> None:
        self._uart_out += self.uart.sent
        self.uart.sent.clear()
        if self._uart_out:
            with contextlib.suppress(OSError):
                del self._uart_out[: os.write(self._uart_fd, self._uart_out)]
            del self._uart_out[: -16 * QUEUE_MAX_BYTES]  # nobody at the other end

    # --- requests ---

    def _request_bytes(self, data: bytes) -> None:
        *lines, self._requests = (self._requests + data).split(b"\n")
        for line in lines:
            request = json.loads(line)
            answer = getattr(self, "do_" + request.pop("op"))(**request)
            self.answer(answer or {})

    def answer(self, values: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps(values) + "\n")
        sys.stdout.flush()

    def do_reset(self) -> None:
        """The port goes with the chip: what was on its way is lost, as on a cable. A Ctrl-C among
        it would stop the board's start."""
        with contextlib.suppress(BlockingIOError):
            while os.read(self._pty, READ_BYTES):
                pass
        self.device.hard_reset(cause=ResetCause.RUN_PIN)

    def do_skip(self, seconds: float) -> None:
        self.idle.skip(seconds * 1e9)

    def do_status(self) -> dict[str, Any]:
        return {
            "guest_s": self.clock.nanos * 1e-9,
            "skipping": self.idle.skipping,
            "overruns": self.uart.overruns,
            "asleep": bool(self.core.waiting),
            "pc": int(self.core.registers[PC]),
        }

    def do_memory(self, address: int, words: int) -> dict[str, Any]:
        return {"words": [self.chip.read_uint32(address + 4 * i) for i in range(words)]}

    def do_watch(self, addresses: list[int], registers: list[int]) -> dict[str, Any]:
        seen, self._seen, self._calls = self._seen, [], {}
        self._watched = {address: tuple(registers) for address in addresses}
        return {"seen": seen}


def firmware_end(path: str) -> int:
    """Offset in flash of the first sector behind the firmware."""
    data = Path(path).read_bytes()
    if data[:4] != UF2_MAGIC:
        raise SystemExit(f"{path} is not a UF2 file")
    return span(data)[1] - FLASH_START_ADDRESS


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # the terminal's Ctrl-C is for the one who started us
    uf2, flash, uart_fd = sys.argv[1:]
    Emulator(uf2, flash, int(uart_fd)).run()


if __name__ == "__main__":
    main()
