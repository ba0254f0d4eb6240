# SPDX-License-Identifier: MIT
"""The seven points of the demo. Each works on a rig, returns its figures and raises PointFailed.

tests/hil runs the same functions, so that demo and tests cannot say different things.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from demo import capture, firmware_size
from demo.figure import Figure, kib, mbit_s, milliseconds, rate, require
from demo.rig import (
    BOARD_ADDRESS,
    KEEPALIVE_S,
    NETWORK,
    SECOND_ADDRESS,
    SECOND_NETWORK,
    SERVER_ADDRESS,
    Rig,
    peer_block,
)
from peer.driver import Peer, Ping

PINGS = 10
PING_WAIT_MS = 1000
HTTP_PORT, ECHO_PORT, TCP_UP_PORT, TCP_DOWN_PORT = 80, 5001, 5002, 5003
UDP_UP_PORT, UDP_DOWN_PORT, UDP_ACK_PORT = 5004, 5005, 5006
HTTP_BODY = "Hello from the other end of the tunnel.\n"
ECHO_BYTES = 20_000
DATAGRAM_BYTES = 1380
LOSS_MAX = 0.01  # more than this on one machine is a defect of ours
ACK_MS = 200  # this long without an acknowledgement: the next datagram
QUIET_MS = 1000  # this long without a datagram: the rest is lost
TRANSFER_TIMEOUT_S = 60.0
RESET_TIMEOUT_S = 15.0
CLOCK_SET_YEAR = 2024
RESTART_TIMEOUT_S = 20.0  # issue 3; the protocol needs 15 s to notice, plus jitter (paper §6.5)

Say = Callable[[str], None]
Figures = list[Figure]


def quiet(text: str) -> None:
    """For callers who do not show how a step goes on."""


def provision(rig: Rig, say: Say) -> Figures:
    """1. The board makes its own key pair; only the public key leaves it."""
    say(f"booting {rig.env}")
    boot_s = rig.boot()
    say("wgprov provision")
    started = time.monotonic()
    printed = rig.provision()
    took_s = time.monotonic() - started
    for file in rig.peer_files:
        check_block(printed, file.read_text())
    keys = {rig.board_key, peer_block(printed).public_key, rig.show().get("public_key")}
    require(len(keys) == 1, f"board, file and terminal differ about the board's key: {keys}")
    return [
        Figure("boot", f"{boot_s:.2f} s to the prompt"),
        Figure("provisioning", f"{took_s:.2f} s"),
        Figure("board's public key", rig.board_key),
        Figure("servers know", f"that key, a preshared key each, {BOARD_ADDRESS}/32"),
    ]


def check_block(printed: str, file: str) -> None:
    """The server's block has what it needs, and the terminal showed no secret."""
    block = peer_block(file)
    require(bool(block.preshared_key), "the server's [Peer] block has no preshared key")
    require(str(block.preshared_key) not in printed, "wgprov printed the preshared key")
    require("PrivateKey" not in printed + file, "wgprov shows a private key")
    require(block.allowed_ips == [f"{BOARD_ADDRESS}/32"], f"AllowedIPs are {block.allowed_ips}")


def handshake(rig: Rig, say: Say) -> Figures:
    """2. Handshake, and ping in both directions."""
    say("waiting for the handshake")
    took_s = rig.wait_handshake(rig.known_at)
    say("ping, both ways")
    to_board = ping_board(rig, rig.server)
    require_answers("server to board", to_board)
    to_server = ping_server(rig)
    require_answers("board to server", to_server)
    return [
        Figure(
            "handshake",
            f"{took_s * 1000:.0f} ms after the board's interface was started",
            "s",
            (took_s,),
        ),
        _pings("ping server → board", to_board),
        _pings("ping board → server", to_server),
    ]


def ping_board(rig: Rig, server: Peer, **fields: int) -> Ping:
    """From a server; fields as Peer.ping's."""
    wait_ms = int(PING_WAIT_MS * rig.patience)
    return server.ping(BOARD_ADDRESS, PINGS, wait_ms=wait_ms, **fields)


def ping_server(rig: Rig) -> Ping:
    """From the board, as a program of its own would."""
    return Ping(**rig.run("tunnel_ping", f"ping({SERVER_ADDRESS!r}, {PINGS})"))


def require_answers(what: str, ping: Ping) -> None:
    require(ping.received == ping.sent, f"{what}: {ping.received} of {ping.sent} pings answered")


def _pings(label: str, ping: Ping) -> Figure:
    text = f"{ping.received}/{ping.sent}, {milliseconds(ping.rtt_ms)}"
    return Figure(label, text, "ms", tuple(ping.rtt_ms))


def sockets(rig: Rig, say: Say) -> Figures:
    """3. An HTTP GET from the board, and a TCP connection into a socket of the board."""
    say("HTTP GET by the board")
    rig.server.http_serve(HTTP_PORT, HTTP_BODY)
    limit_s = TRANSFER_TIMEOUT_S * rig.patience
    call = f"http_get({SERVER_ADDRESS!r}, {HTTP_PORT}, '/', {limit_s})"
    page = rig.run("tunnel_http", call, TRANSFER_TIMEOUT_S)
    require((page["status"], page["body"]) == (200, HTTP_BODY), f"HTTP GET got {page}")
    say("TCP connection into the board")
    with rig.script("tunnel_tcp", f"tcp_echo({ECHO_PORT}, {limit_s})") as script:
        script.wait_ready()
        to = f"{BOARD_ADDRESS}:{ECHO_PORT}"
        echo = rig.server.tcp_echo(to, ECHO_BYTES, timeout_s=limit_s)
        board = script.result(limit_s)
    require(board["bytes"] == ECHO_BYTES, f"the board echoed {board['bytes']} bytes")
    require(board["remote"] == SERVER_ADDRESS, f"the connection came from {board['remote']}")
    return [
        Figure("HTTP GET", f"status {page['status']}, {page['bytes']} bytes"),
        Figure(
            "TCP into the board",
            f"{echo.bytes} bytes echoed in {echo.seconds * 1000:.0f} ms, equal",
        ),
    ]


def tcp_to_server(rig: Rig, size_bytes: int = 0) -> Figure:
    """The board sends, the server counts and hashes."""
    size_bytes = size_bytes or rig.transfer_bytes
    rig.before_transfer()
    rig.server.tcp_listen(TCP_UP_PORT)
    try:
        wait_s = TRANSFER_TIMEOUT_S * rig.patience
        sink = rig.server.submit("tcp_sink", wait_s, port=TCP_UP_PORT)
        call = f"tcp_source({SERVER_ADDRESS!r}, {TCP_UP_PORT}, {size_bytes})"
        sent = rig.run("tunnel_tcp", call, TRANSFER_TIMEOUT_S)
        got = rig.server.result(sink, "tcp_sink", wait_s)
    finally:
        rig.server.request("tcp_close", port=TCP_UP_PORT)
    return _transfer("TCP board → server", size_bytes, sent, got, got["seconds"])


def tcp_to_board(rig: Rig, size_bytes: int = 0) -> Figure:
    """The server sends into a socket that the board listens on."""
    size_bytes = size_bytes or rig.transfer_bytes
    rig.before_transfer()
    with rig.script("tunnel_tcp", f"tcp_sink({TCP_DOWN_PORT})") as script:
        script.wait_ready()
        sent = rig.server.request(
            "tcp_source",
            TRANSFER_TIMEOUT_S * rig.patience,
            connect=f"{BOARD_ADDRESS}:{TCP_DOWN_PORT}",
            bytes=size_bytes,
            seed=time.time_ns(),
        )
        got = script.result(TRANSFER_TIMEOUT_S * rig.patience)
    return _transfer("TCP server → board", size_bytes, sent, got, sent["seconds"])


def _transfer(
    label: str, size: int, sent: dict[str, Any], got: dict[str, Any], seconds: float
) -> Figure:
    require(sent["bytes"] == size, f"{label}: {sent['bytes']} of {size} bytes sent")
    require(got["bytes"] == size, f"{label}: {got['bytes']} of {size} bytes arrived")
    require(sent["sha256"] == got["sha256"], f"{label}: SHA-256 differs")
    text = f"{size} bytes, SHA-256 equal ({got['sha256'][:8]}…), {rate(size, seconds)}"
    return Figure(label, text, "Mbit/s", (mbit_s(size, seconds),))


def udp_to_server(rig: Rig, count: int = 0) -> Figure:
    """The board sends at a pace."""
    count, pace = count or rig.datagrams, rig.datagram_pace
    rig.before_transfer()
    rig.server.udp_listen(UDP_UP_PORT)
    try:
        call = f"udp_blast({SERVER_ADDRESS!r}, {UDP_UP_PORT}, {count}, {DATAGRAM_BYTES}, {pace})"
        sent = rig.run("tunnel_udp", call, TRANSFER_TIMEOUT_S)
        got = rig.server.udp_count(UDP_UP_PORT, count, quiet_ms=int(QUIET_MS * rig.patience))
    finally:
        rig.server.udp_close(UDP_UP_PORT)
    return _datagrams("UDP board → server", count, sent["sent"], got.distinct, got.seconds)


def udp_to_board(rig: Rig, count: int = 0) -> Figure:
    """The server sends as fast as the board's program acknowledges (see tunnel_udp.py)."""
    count = count or rig.datagrams
    take = f"{UDP_DOWN_PORT}, {count}, {DATAGRAM_BYTES}, {SERVER_ADDRESS!r}, {UDP_ACK_PORT}"
    take += f", {int(QUIET_MS * rig.patience)}"
    rig.before_transfer()
    with rig.script("tunnel_udp", f"udp_take({take})") as script:
        script.wait_ready()
        to = f"{BOARD_ADDRESS}:{UDP_DOWN_PORT}"
        limit_s = TRANSFER_TIMEOUT_S * rig.patience
        sent = rig.server.udp_step(
            to, UDP_ACK_PORT, count, DATAGRAM_BYTES, limit_s, wait_ms=int(ACK_MS * rig.patience)
        )
        got = script.result(limit_s)
    return _datagrams("UDP server → board", count, sent.sent, got["distinct"], got["seconds"])


def _datagrams(label: str, count: int, sent: int, got: int, seconds: float) -> Figure:
    lost = count - got
    require(sent == count, f"{label}: only {sent} of {count} datagrams could be sent")
    require(lost <= count * LOSS_MAX, f"{label}: {lost} of {count} datagrams lost")
    speed = f"{got / seconds:.0f}/s, {rate(got * DATAGRAM_BYTES, seconds)}"
    text = f"{got} of {count} × {DATAGRAM_BYTES} bytes, {lost} lost ({lost / count:.2%}), {speed}"
    return Figure(label, text, "Mbit/s", (mbit_s(got * DATAGRAM_BYTES, seconds),))


def transfers(rig: Rig, say: Say) -> Figures:
    """4. 1 MiB of TCP and 5,000 datagrams each way."""
    figures = []
    for text, transfer in (
        ("1 MiB of TCP, board → server", tcp_to_server),
        ("1 MiB of TCP, server → board", tcp_to_board),
        (f"{rig.datagrams} datagrams, board → server", udp_to_server),
        (f"{rig.datagrams} datagrams, server → board", udp_to_board),
    ):
        say(text)
        figures.append(transfer(rig))
    return figures


def second_restarts(rig: Rig, say: Say) -> None:
    """The beginning of point 5: its 15 s pass while the others run.

    The server forgets sessions and endpoints, so it is the board that has to notice, by a packet
    without answer (paper §6.5). One ping is that packet.
    """
    say("the second server restarts, without sessions and endpoints; the board has to notice")
    rig.wait_second(after=0)
    rig.second.restart()
    rig.restarted_at = time.time()
    call = f"ping({SECOND_ADDRESS!r}, 1, wait_ms=10)"
    answered = rig.run("tunnel_ping", call)["received"]
    require(answered == 0, "the second server still knew its session after the restart")


def recovery(rig: Rig, say: Say) -> Figures:
    """5. A server restarts, the board resets: the tunnel comes back by itself."""
    return [server_restart(rig, say), board_reset(rig, say)]


def server_restart(rig: Rig, say: Say) -> Figure:
    """The end of what second_restarts began."""
    say("waiting until the board has noticed the restart (15 s, paper §6.5)")
    left_s = rig.restarted_at + RESTART_TIMEOUT_S - time.time()
    took_s = rig.wait_second(rig.restarted_at, max(left_s, 0.1))
    ping = ping_board(rig, rig.second)
    require_answers("after the server's restart", ping)
    text = f"tunnel back after {took_s:.1f} s, {ping.received}/{PINGS} pings"
    return Figure("server restart", text, "s", (took_s,))


def board_reset(rig: Rig, say: Say) -> Figure:
    """No RTC, no NTP: the server takes the new handshake only if the board's time went on."""
    say("resetting the board")
    before = time.time()
    rig.reset()
    took_s = rig.wait_handshake(before, RESET_TIMEOUT_S)
    ping = ping_board(rig, rig.server)
    require_answers("after the board's reset", ping)
    year = rig.run("tunnel_state", "state()")["clock"]
    if not rig.has_clock:
        require(year < CLOCK_SET_YEAR, f"the board knows the time ({year}): this shows nothing")
    text = f"tunnel back after {took_s:.2f} s, {ping.received}/{PINGS} pings"
    return Figure("board reset", f"{text}, its clock says {year}", "s", (took_s,))


def show(rig: Rig, say: Say) -> Figures:
    """6. `wgprov show` says what `wg show` would, and no secret."""
    say("wgprov show")
    printed = rig.wgprov("show")
    for needed in (
        "interface: wg0",
        f"public key: {rig.board_key}",
        f"peer: {rig.server.public_key}",
        f"endpoint: {rig.host}:{rig.server.port}",
        f"allowed ips: {NETWORK}",
        f"peer: {rig.second.public_key}",
        f"endpoint: {rig.host}:{rig.second.port}",
        f"allowed ips: {SECOND_NETWORK}",
        "preshared key: (hidden)",
        "latest handshake: ",
        "transfer: ",
        f"persistent keepalive: every {KEEPALIVE_S} seconds",
    ):
        require(needed in printed, f"wgprov show does not print {needed!r}")
    known = {rig.board_key, rig.server.public_key, rig.second.public_key}
    others = [word for word in printed.split() if len(word) == 44 and word.endswith("=")]
    require(set(others) <= known, "wgprov show prints a key that is not public")
    return shown_figures(
        printed, {rig.server.public_key: "server", rig.second.public_key: "second server"}
    )


def shown_figures(printed: str, names: dict[str, str]) -> Figures:
    """Of each peer, by its name here: endpoint, latest handshake and transfer."""
    figures, peer = [], ""
    for line in printed.splitlines():
        name, _, value = line.strip().partition(": ")
        if name == "peer":
            peer = names[value]
        elif name in ("endpoint", "latest handshake", "transfer"):
            figures.append(Figure(f"{peer}: {name}", value))
    return figures


def measures(rig: Rig, say: Say) -> Figures:
    """7. The capture on the board's wire, and the sizes of firmware, module and session."""
    figures = captured(rig, say)
    say("firmware sizes")
    total = firmware_size.total(rig.elf)
    module = firmware_size.module(rig.elf)
    constants = rig.run("tunnel_state", "sizes()")
    return [
        *figures,
        Figure("firmware", f"flash {kib(total.flash_bytes)}, static RAM {kib(total.ram_bytes)}"),
        Figure("module", f"flash {kib(module.flash_bytes)}, static RAM {kib(module.ram_bytes)}"),
        Figure("one session", f"{constants['session_bytes']} bytes"),
        Figure("one peer", f"{constants['peer_bytes']} bytes, three sessions included"),
    ]


def captured(rig: Rig, say: Say) -> Figures:
    """What went over the board's wire, by two readers."""
    say("counting messages in the capture")
    now = capture.snapshot(rig.capture, rig.folder / "point-7.pcap")
    counts = capture.count_messages(now, rig.ports)
    require(counts[1] > 0 and counts[2] > 0 and counts[4] > 0, f"messages by type: {counts}")
    require(counts[0] == 0, f"{counts[0]} datagrams are not WireGuard messages")
    names = [f"{counts[kind]} {name}" for kind, name in capture.NAMES.items() if counts[kind]]
    return [Figure("capture", ", ".join(names)), _tshark(now, rig.ports, counts, say)]


def _tshark(path: Path, ports: set[int], counts: dict[int, int], say: Say) -> Figure:
    say("tshark")
    seen = capture.tshark_count(path, ports)
    if seen is None:
        return Figure("tshark", "not installed; the counts above are our own reader's")
    require(dict(seen) == dict(counts), f"tshark counts {dict(seen)}, we count {dict(counts)}")
    return Figure("tshark", f"reads the same {sum(seen.values())} messages")


# In the order of issue 3; `demo.run` starts point 5 early and ends it last.
POINTS: dict[int, tuple[str, Callable[[Rig, Say], Figures]]] = {
    1: ("The board makes its key, wgprov provisions it", provision),
    2: ("Handshake and ping", handshake),
    3: ("HTTP from the board, TCP into the board", sockets),
    4: ("1 MiB and 5,000 datagrams each way", transfers),
    5: ("Server restart, board reset", recovery),
    6: ("wgprov show", show),
    7: ("Capture and sizes", measures),
}
