# SPDX-License-Identifier: MIT
"""The emulated Pico's surroundings by themselves: the PPP network's parts, the mended UART."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from demo.rig import ROOT

from ppp import hdlc, ipv4
from ppp.negotiation import IPCP, IPV4, LCP, Link, pack_options, packet, unpack_options
from wgprov.targets.rp2040 import Rp2040Board, Rp2040Error

HOST, BOARD = bytes((10, 0, 2, 2)), bytes((10, 0, 2, 15))
UART0, FR, IBRD, LCR_H, CR, IFLS, IMSC, MIS, ICR = (
    0x40034000,
    0x18,
    0x24,
    0x2C,
    0x30,
    0x34,
    0x38,
    0x40,
    0x44,
)
RX, TX, RX_TIMEOUT = 1 << 4, 1 << 5, 1 << 6


# --- frames ---


def test_the_check_is_that_of_the_standard() -> None:
    """ITU-T X.25's check of "123456789", as catalogues of CRCs have it."""
    assert hdlc.fcs(b"123456789") ^ 0xFFFF == 0x906E


@pytest.mark.parametrize("controls", [False, True])
def test_frames_survive_whatever_they_carry(controls: bool) -> None:
    payload = bytes(range(256)) * 5
    line = hdlc.encode(IPV4, payload, escape_controls=controls)
    assert line.count(hdlc.FLAG) == 2
    assert not controls or not any(byte < 0x20 for byte in line)
    decoder = hdlc.Decoder()
    got = [frame for i in range(0, len(line), 7) for frame in decoder.feed(line[i : i + 7])]
    assert got == [(IPV4, payload)] and decoder.bad_frames == 0


def test_a_damaged_frame_is_counted_and_the_next_one_read() -> None:
    good = hdlc.encode(IPV4, b"packet", escape_controls=False)
    bad = bytearray(good)
    bad[8] ^= 1
    decoder = hdlc.Decoder()
    assert list(decoder.feed(bytes(bad) + b"noise" + good)) == [(IPV4, b"packet")]
    assert decoder.bad_frames == 2


def test_compressed_heads_are_understood() -> None:
    body = b"\x21" + b"packet"  # no address and control, the protocol in one byte
    body += (hdlc.fcs(body) ^ 0xFFFF).to_bytes(2, "little")
    assert list(hdlc.Decoder().feed(b"~" + body + b"~")) == [(IPV4, b"packet")]


# --- negotiation ---


class Board:
    """The board's side, played by hand: what the network sent lies in `got`."""

    def __init__(self) -> None:
        self.got: list[tuple[int, int, int, bytes]] = []
        self.link = Link(self._take, HOST, BOARD)

    def _take(self, protocol: int, data: bytes) -> None:
        self.got.append((protocol, data[0], data[1], data[4:]))

    def say(self, protocol: int, code: int, identifier: int, data: bytes, now: float = 0.0) -> None:
        self.link.receive(protocol, packet(code, identifier, data), now)

    def take(self) -> list[tuple[int, int, int, bytes]]:
        got, self.got = self.got, []
        return got

    def open(self, protocol: int, options: bytes) -> None:
        """Ask, and agree to what is asked."""
        self.say(protocol, 1, 7, options)
        self.agree()

    def agree(self) -> None:
        for protocol, code, identifier, data in self.take():
            if code == 1:
                self.say(protocol, 2, identifier, data)


@pytest.fixture
def board() -> Board:
    return Board()


ADDRESS_AND_DNS = pack_options([(3, BOARD), (129, HOST)])


def test_the_board_is_given_its_address(board: Board) -> None:
    board.open(LCP, pack_options([(2, bytes(4)), (5, b"magi"), (7, b""), (8, b"")]))
    assert board.link.lcp.opened and not board.link.up
    board.say(IPCP, 1, 1, pack_options([(3, bytes(4)), (2, b"\0\x2d\x0f\1"), (129, bytes(4))]))
    rejected = [data for _, code, _, data in board.take() if code == 4]
    assert [kind for kind, _ in unpack_options(rejected[0])] == [2]  # header compression
    board.say(IPCP, 1, 2, pack_options([(3, bytes(4)), (129, bytes(4))]))
    assert (IPCP, 3, 2, ADDRESS_AND_DNS) in board.take()
    board.open(IPCP, ADDRESS_AND_DNS)
    assert not board.link.up  # the network's own request was not answered yet
    board.link.tick(10.0)
    board.agree()
    assert board.link.up


def test_a_board_that_begins_anew_is_met_anew(board: Board) -> None:
    """A reset is not announced: the next request is how the network hears of it."""
    board.open(LCP, b"")
    board.open(IPCP, ADDRESS_AND_DNS)
    assert board.link.up
    board.say(LCP, 1, 1, b"")
    assert not board.link.up
    assert [code for protocol, code, _, _ in board.take() if protocol == LCP] == [1, 2]


def test_unanswered_requests_are_repeated(board: Board) -> None:
    board.say(LCP, 1, 1, b"", now=100.0)
    board.take()
    board.link.tick(100.5)
    assert not board.take()
    board.link.tick(101.1)
    assert [code for _, code, _, _ in board.take()] == [1]


def test_other_protocols_are_refused(board: Board) -> None:
    board.open(LCP, b"")
    board.say(0x8057, 1, 1, b"")  # IPv6
    assert [(protocol, code) for protocol, code, _, _ in board.take()] == [(LCP, 8)]


# --- packets ---


def test_udp_there_and_back() -> None:
    sent = ipv4.Datagram(BOARD, 4000, HOST, 51820, b"odd length!")
    parsed = ipv4.parse(ipv4.build_udp(sent, 1))
    assert parsed is not None and ipv4.parse_udp(parsed) == sent


def test_damaged_packets_and_fragments_are_not_taken() -> None:
    data = bytearray(ipv4.build_udp(ipv4.Datagram(BOARD, 1, HOST, 2, b"x" * 40), 1))
    for at in (0, 3, 8, 13):
        damaged = bytearray(data)
        damaged[at] ^= 1
        assert ipv4.parse(bytes(damaged)) is None
    damaged = bytearray(data)
    damaged[30] ^= 1
    parsed = ipv4.parse(bytes(damaged))
    assert parsed is not None and ipv4.parse_udp(parsed) is None


# --- the UART (rp2040_mend.py) ---


class Wired:
    """A chip without a program, its UART0 mended and set to 48 MHz / 16 / 3 = 1 Mbaud."""

    def __init__(self) -> None:
        from rp2040py import RP2040  # type: ignore[import-not-found]

        from wgprov.targets.rp2040_mend import Pl011

        self.chip: Any = RP2040()
        self.uart = Pl011(self.chip, 0)
        self.chip.write_uint32(0x40008048, 2 << 5)  # the peripherals' clock is the USB PLL's
        for register, value in ((IBRD, 3), (LCR_H, 0x70), (CR, 0x301), (IMSC, 0x70)):
            self.write(register, value)

    def read(self, register: int) -> int:
        return int(self.chip.read_uint32(UART0 + register))

    def write(self, register: int, value: int) -> None:
        self.chip.write_uint32(UART0 + register, value)

    def pass_us(self, count: float) -> None:
        self.chip.clock.tick(count * 1000)


@pytest.fixture
def wired() -> Wired:
    return Wired()


def test_silence_on_the_line_is_an_interrupt(wired: Wired) -> None:
    wired.uart.feed(b"abc")
    wired.pass_us(30)  # three characters of ten bits
    assert wired.read(MIS) == 0 and wired.read(FR) & 1 << 4 == 0
    wired.pass_us(33)
    assert wired.read(MIS) == RX_TIMEOUT
    assert bytes(wired.read(0) for _ in range(3)) == b"abc"
    assert wired.read(MIS) == 0


def test_the_trigger_level_is_an_interrupt(wired: Wired) -> None:
    wired.write(IFLS, 0b011_000)  # three quarters
    wired.uart.feed(bytes(40))
    wired.pass_us(170)
    assert wired.read(MIS) & RX == 0
    wired.pass_us(80)
    assert wired.read(MIS) & RX
    wired.write(ICR, RX)
    assert wired.read(MIS) & RX == 0


def test_what_is_not_read_in_time_is_lost_and_counted(wired: Wired) -> None:
    wired.uart.feed(bytes(range(40)))
    wired.pass_us(500)
    assert wired.uart.overruns == 8
    assert [wired.read(0) for _ in range(32)] == list(range(32))


def test_a_transmitter_that_runs_empty_interrupts_once(wired: Wired) -> None:
    wired.write(IFLS, 0)  # at four left
    for byte in range(20):
        wired.write(0, byte)
    assert wired.uart.sent == bytes(range(20)) and wired.read(MIS) & TX == 0
    wired.pass_us(170)
    assert wired.read(MIS) & TX
    wired.write(ICR, TX)
    wired.pass_us(1000)
    assert wired.read(MIS) & TX == 0 and wired.read(FR) & 1 << 7


def test_a_full_transmitter_says_so(wired: Wired) -> None:
    for byte in range(32):
        assert wired.read(FR) & 1 << 5 == 0, byte
        wired.write(0, byte)
    assert wired.read(FR) & 1 << 5


# --- bad input ---


def test_a_board_that_is_not_emulated() -> None:
    with pytest.raises(Rp2040Error, match="unknown board 'rpi_pico_w'"):
        Rp2040Board("rpi_pico_w", "x.uf2", "flash.img")


def test_no_firmware(tmp_path: Path) -> None:
    with pytest.raises(Rp2040Error, match="no firmware .*: run `make rpi_pico`$"):
        Rp2040Board("rpi_pico", tmp_path / "x.uf2", tmp_path / "flash.img").start()


def test_a_file_that_is_no_uf2(tmp_path: Path) -> None:
    path = tmp_path / "x.uf2"
    path.write_bytes(bytes(1024))
    with pytest.raises(Rp2040Error, match="^the emulator ended: .*not a UF2") as caught:
        Rp2040Board("rpi_pico", path, tmp_path / "flash.img").start()
    assert "\n" not in str(caught.value)


def test_demo_on_a_board_that_is_not_emulated() -> None:
    command = ["make", "demo", "BOARD=nonsense"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and "BOARD=nonsense is not emulated" in done.stderr
