# SPDX-License-Identifier: MIT
"""A network at the end of a serial line: gives the board an address by PPP and lets its UDP out.

What the board sends to HOST:port goes to 127.0.0.1:port, from a socket that stays with the board's
own port: over resets of the board too, as a mobile network's address translation would.
"""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import threading
import time
from collections import Counter
from ipaddress import IPv4Address
from pathlib import Path
from typing import BinaryIO

from ppp import hdlc, ipv4
from ppp.negotiation import IPV4, LCP, Link

HOST, BOARD = "10.0.2.2", "10.0.2.15"  # as QEMU's user network has it
QUEUE_MAX_BYTES = 64 * 1024  # more than this before the line is lost, as in a modem
LOOK_S = 0.2
STOP_TIMEOUT_S = 5.0
READ_BYTES = 65536
PCAP_RAW_IP = 101


class PppPeer:
    """with PppPeer() as network: network.attach(board.uart); network.wait_up(10)"""

    def __init__(self, *, host: str = HOST, board: str = BOARD, pcap: Path | None = None) -> None:
        self.host = IPv4Address(host).packed
        self.board = IPv4Address(board).packed
        self.counters: Counter[str] = Counter()
        self._pcap_path = pcap
        self._pcap: BinaryIO | None = None
        self._line: socket.socket | None = None
        self._out = bytearray()
        self._decoder = hdlc.Decoder()
        self._link = Link(self._send, self.host, self.board)
        self._relays: dict[tuple[int, int], socket.socket] = {}
        self._identifier = 0
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ppp", daemon=True)
        self._wake, self._woken = socket.socketpair()

    # --- life ---

    def __enter__(self) -> PppPeer:
        if self._pcap_path is not None:
            self._pcap = self._pcap_path.open("wb")
            self._pcap.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, PCAP_RAW_IP))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._wake.send(b"!")
        self._thread.join(STOP_TIMEOUT_S)
        for end in (*self._relays.values(), self._wake, self._woken):
            end.close()
        if self._pcap is not None:
            self._pcap.close()

    def attach(self, line: socket.socket) -> None:
        """Plug the board in, or another start of its emulator. The relays stay."""
        with self._lock:
            self._line = line.dup()
            self._line.setblocking(False)
            self._out.clear()
            self._decoder = hdlc.Decoder()
            self._link.close()
        self._wake.send(b"!")

    @property
    def up(self) -> bool:
        return self._link.up

    def wait_up(self, timeout_s: float) -> float:
        """Wait until IPv4 may flow; how long that took. Raises TimeoutError."""
        started = time.monotonic()
        while not self.up:
            if time.monotonic() - started > timeout_s:
                raise TimeoutError(f"no PPP link within {timeout_s:g} s: {dict(self.counters)}")
            time.sleep(0.02)
        return time.monotonic() - started

    # --- the thread ---

    def _run(self) -> None:
        while not self._ended.is_set():
            relays = {relay: ports for ports, relay in self._relays.items()}
            readers = [self._woken, *relays]
            writers = []
            if self._line is not None:
                readers.append(self._line)
                writers = [self._line] if self._out else []
            ready, _, _ = select.select(readers, writers, [], LOOK_S)
            with self._lock:
                for end in ready:
                    self._serve(end, relays)
                self._link.tick(time.monotonic())
                self._flush()

    def _serve(self, end: socket.socket, relays: dict[socket.socket, tuple[int, int]]) -> None:
        if end is self._woken:
            end.recv(READ_BYTES)
        elif end in relays:
            with contextlib.suppress(OSError):  # refused: the server is down
                self._from_server(relays[end], end.recv(READ_BYTES))
        elif end is self._line:
            self._from_line(end)

    def _flush(self) -> None:
        if self._line is not None and self._out:
            with contextlib.suppress(OSError):
                del self._out[: self._line.send(self._out)]

    # --- the line ---

    def _from_line(self, line: socket.socket) -> None:
        try:
            data = line.recv(READ_BYTES)
        except OSError:
            data = b""
        if not data:
            line.close()
            self._line = None
            self._link.close()
            return
        for protocol, payload in self._decoder.feed(data):
            self.counters["frames from the board"] += 1
            if protocol == IPV4:
                self._from_board(payload)
            else:
                self._link.receive(protocol, payload, time.monotonic())
        self.counters["bad frames"] = self._decoder.bad_frames

    def _send(self, protocol: int, payload: bytes) -> None:
        if len(self._out) > QUEUE_MAX_BYTES:
            self.counters["lost before the line"] += 1
            return
        self._out += hdlc.encode(protocol, payload, escape_controls=protocol == LCP)

    # --- IPv4 ---

    def _from_board(self, data: bytes) -> None:
        packet = ipv4.parse(data) if self._link.up else None
        if packet is None or packet.source != self.board:
            self.counters["bad packets"] += 1
            return
        self._record(data)
        datagram = ipv4.parse_udp(packet)
        if packet.destination != self.host:
            self.counters["to nowhere"] += 1
        elif datagram is not None:
            self._to_server(datagram)
        else:
            answer = ipv4.echo_reply(packet, self._next())
            if answer is not None:
                self._to_board(answer)

    def _to_server(self, datagram: ipv4.Datagram) -> None:
        ports = datagram.source_port, datagram.destination_port
        if ports not in self._relays:
            relay = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            relay.setblocking(False)
            relay.connect(("127.0.0.1", datagram.destination_port))
            self._relays[ports] = relay
        self.counters["datagrams to servers"] += 1
        with contextlib.suppress(OSError):
            self._relays[ports].send(datagram.payload)

    def _from_server(self, ports: tuple[int, int], payload: bytes) -> None:
        if not self._link.up:
            self.counters["lost without a link"] += 1
            return
        self.counters["datagrams to the board"] += 1
        datagram = ipv4.Datagram(self.host, ports[1], self.board, ports[0], payload)
        self._to_board(ipv4.build_udp(datagram, self._next()))

    def _to_board(self, data: bytes) -> None:
        self._record(data)
        self._send(IPV4, data)

    def _next(self) -> int:
        self._identifier = (self._identifier + 1) & 0xFFFF
        return self._identifier

    def _record(self, data: bytes) -> None:
        if self._pcap is not None:
            now = time.time()
            stamp = int(now), int(now % 1 * 1e6)
            self._pcap.write(struct.pack("<IIII", *stamp, len(data), len(data)) + data)
            self._pcap.flush()
