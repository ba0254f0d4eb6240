# SPDX-License-Identifier: MIT
"""The other end of the board's Ethernet cable, frame by frame: no rights needed, any source,
fragments cut anywhere. QEMU hands each frame over as one datagram (-netdev dgram).

    with Wire(folder) as wire, WireBoard(wire, env, elf, flash) as qemu:
        sock = wire.socket("198.51.100.7")        # what Endpoint takes for a UDP socket
        wire.send_udp(source, to, data, cuts=(8, 16))

It answers ARP for every address, and DHCP; it is the board's gateway and the rest of the world.
"""

from __future__ import annotations

import os
import queue
import socket
import struct
import threading
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.hostile.packets import UDP, checksum, udp
from wgprov.targets.qemu import QemuBoard, _quote

MAC = bytes.fromhex("5255c0000202")
BROADCAST_MAC = b"\xff" * 6
GUEST, GATEWAY, DNS = "10.0.2.15", "10.0.2.2", "10.0.2.3"
MASK = "255.255.255.0"
IPV4, ARP = 0x0800, 0x0806
LEASE_S = 86400
MTU = 1500
STOP_S = 5.0
Address = tuple[str, int]


class WireSocket:
    """The part of a UDP socket that Endpoint uses, at any address of the world."""

    def __init__(self, wire: Wire, address: Address) -> None:
        self._wire, self._address = wire, address
        self._timeout_s: float | None = None

    def getsockname(self) -> Address:
        return self._address

    def settimeout(self, timeout_s: float | None) -> None:
        self._timeout_s = timeout_s

    def sendto(self, data: bytes, to: Address) -> int:
        self._wire.send_udp(self._address, to, data)
        return len(data)

    def recv(self, _size: int) -> bytes:
        try:
            return self._wire.received[self._address].get(timeout=self._timeout_s)
        except queue.Empty:
            raise TimeoutError from None

    def close(self) -> None:
        self._wire.received.pop(self._address, None)


class Wire:
    """A context manager; `received` holds datagrams by the address that the board sent them to."""

    def __init__(self, folder: Path) -> None:
        self.ours, self.theirs = folder / "wire", folder / "board"
        self.received: defaultdict[Address, queue.Queue[bytes]] = defaultdict(queue.Queue)
        self.sources: dict[Address, Address] = {}  # where the board sent from, by where to
        self._guest_mac = BROADCAST_MAC
        self._ident = 0
        self._next_port = 40000
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Wire:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(os.fspath(self.ours))
        self._socket.settimeout(0.1)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(STOP_S)
        self._socket.close()

    def socket(self, address: str = GATEWAY) -> Any:
        with self._lock:
            self._next_port += 1
            return WireSocket(self, (address, self._next_port))

    # To the board.

    def send_udp(
        self,
        source: Address,
        to: Address,
        data: bytes,
        *,
        cuts: Sequence[int] = (),
        order: Sequence[int] | None = None,
        options: bytes = b"",
    ) -> None:
        """cuts: where IP fragments begin, in bytes from the UDP header on, multiples of 8; without
        any, as few as the MTU asks for.  order: which fragments are sent, by number."""
        datagram = udp(source[0], to[0], source[1], to[1], data)
        room = (MTU - 20 - len(options)) & ~7
        places = [0, *(cuts or range(room, len(datagram), room)), len(datagram)]
        pieces = [(a, datagram[a:b]) for a, b in zip(places, places[1:], strict=False)]
        self._ident = (self._ident + 1) & 0xFFFF
        for number in range(len(pieces)) if order is None else order:
            offset, piece = pieces[number]
            more = 0 if offset + len(piece) == len(datagram) else 0x2000
            self._send_ip(source[0], to[0], piece, more | offset // 8, options)

    def _send_ip(self, source: str, to: str, body: bytes, fragment: int, options: bytes) -> None:
        words = 5 + len(options) // 4
        head = struct.pack(
            "!BBHHHBBH", 0x40 | words, 0, 4 * words + len(body), self._ident, fragment, 64, UDP, 0
        )
        head += socket.inet_aton(source) + socket.inet_aton(to) + options
        head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
        self.send_frame(IPV4, head + body)

    def send_frame(self, kind: int, body: bytes, to: bytes | None = None) -> None:
        frame = (to or self._guest_mac) + MAC + struct.pack("!H", kind) + body
        try:
            self._socket.sendto(frame.ljust(60, b"\0"), os.fspath(self.theirs))
        except (FileNotFoundError, ConnectionRefusedError):
            pass  # the board is off: frames get lost on a dead wire

    # From the board.

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                frame = self._socket.recv(65536)
            except TimeoutError:
                continue
            kind = struct.unpack_from("!H", frame, 12)[0]
            self._guest_mac = frame[6:12]
            if kind == ARP:
                self._take_arp(frame[14:])
            elif kind == IPV4:
                self._take_ip(frame[14:])

    def _take_arp(self, packet: bytes) -> None:
        sender, wanted = packet[14:18], packet[24:28]
        if packet[7] == 1 and sender != wanted and wanted != socket.inet_aton(GUEST):
            head = struct.pack("!HHBBH", 1, IPV4, 6, 4, 2)
            self.send_frame(ARP, head + MAC + wanted + packet[8:14] + sender)

    def _take_ip(self, packet: bytes) -> None:
        body = packet[4 * (packet[0] & 15) : struct.unpack_from("!H", packet, 2)[0]]
        if packet[9] != UDP or struct.unpack_from("!H", packet, 6)[0] & 0x3FFF:
            return
        source_port, port, length = struct.unpack_from("!HHH", body)
        if port == 67:
            self._take_dhcp(body[8:length])
            return
        to = socket.inet_ntoa(packet[16:20]), port
        self.sources[to] = socket.inet_ntoa(packet[12:16]), source_port
        self.received[to].put(body[8:length])

    def _take_dhcp(self, request: bytes) -> None:
        """RFC 2131: a discover gets an offer, a request an acknowledgement."""
        kind = request[request.index(b"\x35\x01", 240) + 2]
        reply = struct.pack("!BBBB", 2, 1, 6, 0) + request[4:12] + bytes(4)
        reply += socket.inet_aton(GUEST) + socket.inet_aton(GATEWAY) + bytes(4)
        reply += request[28:44] + bytes(192) + bytes.fromhex("63825363")
        reply += bytes([53, 1, 2 if kind == 1 else 5])
        for option, address in ((54, GATEWAY), (1, MASK), (3, GATEWAY), (6, DNS)):
            reply += bytes([option, 4]) + socket.inet_aton(address)
        reply += struct.pack("!BBIB", 51, 4, LEASE_S, 255)
        self.send_udp((GATEWAY, 67), (GUEST, 68), reply)


class WireBoard(QemuBoard):
    """A board whose cable is a Wire; otherwise as QemuBoard."""

    def __init__(self, wire: Wire, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._wire = wire

    def arguments(self) -> list[str]:
        args = super().arguments()
        place = args.index("-nic")
        local = f"local.type=unix,local.path={_quote(self._wire.theirs)}"
        remote = f"remote.type=unix,remote.path={_quote(self._wire.ours)}"
        args[place : place + 2] = ["-netdev", f"dgram,id=net0,{local},{remote}"]
        return [*args, "-net", "nic,netdev=net0,model=lan9118"]

    def start(self) -> QemuBoard:
        self._wire.theirs.unlink(missing_ok=True)
        return super().start()
