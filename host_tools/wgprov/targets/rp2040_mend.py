# SPDX-License-Identifier: MIT
"""What rp2040py 0.3.6 lacks for a board that is talked to, mended from outside: nothing of it is
edited, its own objects are replaced or listened to.

1. USB: its host answers each armed OUT endpoint at once, with an empty packet when it has nothing
   to say. A real host says nothing (NAK). TinyUSB arms the endpoint again in its interrupt, so an
   idle guest never sleeps. `CdcHost` answers when there is something to say.
2. UART: its PL011 has no transmit FIFO and raises the transmit interrupt again whenever anything is
   touched; there is no receive time-out interrupt, which MicroPython's UART.IRQ_RXIDLE (and with it
   network.PPP) waits for, no trigger level, no line speed, and a peripherals' clock that is not
   MicroPython's. `Pl011` follows Arm's manual of the
   part (DDI 0183) in what software can see.
3. Time: a sleeping guest is jumped to its next alarm, so it sees seconds pass while the other end
   of a wire, which lives in real time, had microseconds. `Idle` lets real time pass as well.
4. Ring oscillator: it is not there and reads as ones, a stuck source, with which our firmware makes
   no key. `Rosc` runs and gives random bits of the host.

Times are guest nanoseconds unless they say otherwise.
"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable
from typing import Any

from rp2040py.peripherals.peripheral import BasePeripheral
from rp2040py.peripherals.uart import RPUART

DR, RSR, IBRD, FBRD, IFLS, ICR, DMACR = 0x00, 0x04, 0x24, 0x28, 0x34, 0x44, 0x48
CTS, BUSY, RXFE, TXFF, RXFF, TXFE = 1 << 0, 1 << 3, 1 << 4, 1 << 5, 1 << 6, 1 << 7
RX, TX, RX_TIMEOUT = 1 << 4, 1 << 5, 1 << 6
FIFO_BYTES = 32
TRIGGER_BYTES = (4, 8, 16, 24, 28)  # 1/8 to 7/8 of the FIFO, by the field of IFLS
IFLS_AFTER_RESET = 0b010_010
CHARACTER_BITS = 10  # a start and a stop bit
SILENCE_BITS = 32
BAUD_BEFORE_ANY = 115200
ARRIVAL_BYTES = 8  # received bytes come in steps of so many, for the emulator's speed
CLK_PERI_CTRL, AUXSRC_SHIFT, AUXSRC_MASK, AUXSRC_PLL_USB = 0x48, 5, 7, 2
PLL_USB_HZ = 48_000_000
ROSC_PAGE, ROSC_STATUS, ROSC_RANDOMBIT = 0x40060, 0x18, 0x1C
ROSC_STABLE, ROSC_ENABLED = 1 << 31, 1 << 12
UART_PAGE = {0: 0x40034, 1: 0x40038}

IDLE_MAX_S = 0.05
NAP_MIN_S = 0.001  # shorter waits are added up: a sleep of the host is not that exact


class CdcHost:
    """The USB host's side of the serial port (1)."""

    def __init__(self, cdc: Any) -> None:
        self._cdc = cdc
        self._usb = cdc.usb
        self._queue = bytearray()
        self._armed_bytes = 0
        self._answer, self._usb.on_endpoint_read = self._usb.on_endpoint_read, self._armed
        self._forget, self._usb.on_reset = self._usb.on_reset, self._reset

    @property
    def queued_bytes(self) -> int:
        return len(self._queue)

    def send(self, data: bytes) -> None:
        self._queue += data
        self._deliver()

    def _armed(self, endpoint: int, size: int) -> None:
        if endpoint == 0 or endpoint != self._cdc._out_endpoint:
            self._answer(endpoint, size)
            return
        self._armed_bytes = size
        self._deliver()

    def _deliver(self) -> None:
        if self._queue and self._armed_bytes:
            packet = bytes(self._queue[: self._armed_bytes])
            del self._queue[: len(packet)]
            self._armed_bytes = 0
            self._usb.endpoint_read_done(self._cdc._out_endpoint, packet)

    def _reset(self) -> None:
        self._queue.clear()
        self._armed_bytes = 0
        self._forget()


class Pl011(RPUART):
    """A UART of the RP2040 as software sees it (2). `sent` collects what the guest has written."""

    def __init__(self, chip: Any, index: int) -> None:
        old = chip.uart[index]
        super().__init__(chip, old.name, old.irq, old.dreq)
        self._clock = chip.clock
        self._arrival = self._clock.create_alarm(self._arrive)
        self._silence = self._clock.create_alarm(self._silent)
        self._drain = self._clock.create_alarm(self._drained)
        self._line: bytearray = bytearray()  # on its way to the guest
        self._received: deque[int] = deque()
        self._sent_until = 0.0  # when the last written byte will have left
        self._draining = False
        self._bit = 1e9 / BAUD_BEFORE_ANY
        self._ifls = IFLS_AFTER_RESET
        self.sent = bytearray()
        self.overruns = 0
        chip.uart[index] = chip.peripherals[UART_PAGE[index]] = self

    def reset(self) -> None:
        super().reset()
        for alarm in (self._arrival, self._silence, self._drain):
            alarm.cancel()
        self._line.clear()
        self._received.clear()
        self._sent_until = 0.0
        self._draining = False
        self._ifls = IFLS_AFTER_RESET

    # --- the line ---

    @property
    def queued_bytes(self) -> int:
        return len(self._line)

    def _set_speed(self) -> None:
        if self.baud_divider:
            self._bit = 16e9 * self.baud_divider / self._clock_hz

    @property
    def _clock_hz(self) -> int:
        """The emulator takes the peripherals' clock for the system's; MicroPython sets another."""
        control = self.rp2040.clocks.read_uint32(CLK_PERI_CTRL)
        is_usb = control >> AUXSRC_SHIFT & AUXSRC_MASK == AUXSRC_PLL_USB
        return PLL_USB_HZ if is_usb else int(self.rp2040.clk_peri)

    def feed(self, data: bytes) -> None:
        """Bytes for the guest; they arrive at the line's speed. Lost when nobody listens."""
        if not (self.enabled and self.rx_enabled):
            return
        if not self._line:
            self._await_arrival(min(len(data), ARRIVAL_BYTES))
        self._line += data

    def _await_arrival(self, count: int) -> None:
        self._arrival.schedule(count * CHARACTER_BITS * self._bit)

    def _arrive(self) -> None:
        for byte in self._line[:ARRIVAL_BYTES]:
            if len(self._received) < self._depth:
                self._received.append(byte)
            else:
                self.overruns += 1
        del self._line[:ARRIVAL_BYTES]
        if len(self._received) >= self._rx_trigger:
            self._interrupt_status |= RX
        self._silence.schedule(SILENCE_BITS * self._bit)
        if self._line:
            self._await_arrival(min(len(self._line), ARRIVAL_BYTES))
        self.check_interrupts()

    def _silent(self) -> None:
        if self._received:
            self._interrupt_status |= RX_TIMEOUT
            self.check_interrupts()

    def _take(self) -> int:
        byte = self._received.popleft() if self._received else 0
        if len(self._received) < self._rx_trigger:
            self._interrupt_status &= ~RX
        if not self._received:
            self._interrupt_status &= ~RX_TIMEOUT
        self.check_interrupts()
        return byte

    def _put(self, byte: int) -> None:
        level, character = self._unsent, CHARACTER_BITS * self._bit
        if level >= self._depth:
            return
        self.sent.append(byte)
        self._sent_until = max(self._sent_until, self._clock.nanos) + character
        if level + 1 > self._tx_trigger:
            self._interrupt_status &= ~TX
            self.check_interrupts()
        if not self._draining:
            self._await_drain()

    def _await_drain(self) -> None:
        self._draining = True
        left = self._sent_until - self._clock.nanos
        self._drain.schedule(max(left - self._tx_trigger * CHARACTER_BITS * self._bit, 1.0))

    def _drained(self) -> None:
        self._draining = False
        if self._unsent > self._tx_trigger:
            self._await_drain()
        else:  # the level has fallen to the trigger: that is the interrupt, once
            self._interrupt_status |= TX
            self.check_interrupts()

    # --- the registers ---

    @property
    def _depth(self) -> int:
        return FIFO_BYTES if self.fifos_enabled else 1

    @property
    def _unsent(self) -> int:
        left = (self._sent_until - self._clock.nanos) / (CHARACTER_BITS * self._bit)
        return max(0, -int(-left // 1))

    def _trigger(self, field: int) -> int:
        return TRIGGER_BYTES[min(field & 7, 4)] if self.fifos_enabled else 1

    @property
    def _rx_trigger(self) -> int:
        return self._trigger(self._ifls >> 3)

    @property
    def _tx_trigger(self) -> int:
        return self._trigger(self._ifls) if self.fifos_enabled else 0

    @property
    def flags(self) -> int:
        unsent, received = self._unsent, len(self._received)
        return (
            CTS
            | (BUSY if unsent else TXFE)
            | (TXFF if unsent >= self._depth else 0)
            | (RXFF if received >= self._depth else 0)
            | (0 if received else RXFE)
        )

    def check_interrupts(self) -> None:
        self.rp2040.set_interrupt(self.irq, bool(self._interrupt_status & self._interrupt_mask))

    def read_uint32(self, offset: int) -> int:
        if offset == DR:
            return self._take()
        if offset == IFLS:
            return self._ifls
        if offset in (RSR, DMACR, ICR):
            return 0
        return super().read_uint32(offset)

    def write_uint32(self, offset: int, value: int) -> None:
        if offset == DR:
            self._put(value & 0xFF)
        elif offset == IFLS:
            self._ifls = value & 0x3F
        elif offset not in (RSR, DMACR):
            super().write_uint32(offset, value)
            if offset in (IBRD, FBRD):
                self._set_speed()

    def write_uint32_atomic(self, offset: int, value: int, atomic_type: int) -> None:
        if offset in (DR, ICR):  # whose reading would change, or mean, something else
            self.raw_write_value = value
            self.write_uint32(offset, value)
        else:
            super().write_uint32_atomic(offset, value, atomic_type)


class Rosc(BasePeripheral):
    """The ring oscillator as a source of random bits (4): RP2040 data sheet 2.17.8."""

    def __init__(self, chip: Any) -> None:
        super().__init__(chip, "ROSC_BASE")
        chip.peripherals[ROSC_PAGE] = self

    def read_uint32(self, offset: int) -> int:
        if offset == ROSC_RANDOMBIT:
            return secrets.randbits(1)
        return ROSC_STABLE | ROSC_ENABLED if offset == ROSC_STATUS else 0

    def write_uint32(self, offset: int, value: int) -> None:
        """Its speed is not modelled."""


class Idle:
    """How long a sleeping guest's host has to wait (3): its time goes no faster than real time.

    Time that is lost while the guest computes, far slower than the chip, is not made up for: a
    guest that waits a second for an answer waits a second for it. `skip` is for tests that do not
    want to wait until keys have grown old.
    """

    def __init__(self, clock: Any) -> None:
        self._clock = clock
        self._owed_s = 0.0
        self._skip_until = 0.0

    def skip(self, duration: float) -> None:
        """Let that much guest time pass as fast as the guest's alarms can be served."""
        self._skip_until = self._clock.nanos + duration

    @property
    def skipping(self) -> bool:
        return bool(self._clock.nanos < self._skip_until)

    def step(self, wait: Callable[[float], float]) -> None:
        """Move the guest to its next alarm. `wait(seconds)` waits so long for the guest's wires, or
        less when one has something, and returns how long it took."""
        next_s = self._next_s()
        if self.skipping:
            wait(0.0)
            self._clock.tick(next_s * 1e9)
            return
        total_s = self._owed_s + next_s
        if total_s < NAP_MIN_S:
            self._owed_s = total_s
            self._clock.tick(next_s * 1e9)
            return
        took_s = wait(total_s)
        # Not beyond what the wires have just brought: the guest has to run when that is due.
        passed_s = min(max(took_s - self._owed_s, 0.0), self._next_s())
        self._clock.tick(passed_s * 1e9)
        self._owed_s = max(self._owed_s - took_s, 0.0)

    def _next_s(self) -> float:
        if not self._clock.has_scheduled_alarm:
            return IDLE_MAX_S
        return float(min(max(self._clock.nanos_to_next_alarm, 0.0) * 1e-9, IDLE_MAX_S))
