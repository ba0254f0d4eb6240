# SPDX-License-Identifier: MIT
"""One ping by lwIP's raw socket, through a tunnel or not: for `wgprov monitor`."""

import os
import socket

try:
    from time import ticks_diff, ticks_us
except ImportError:  # CPython
    from time import monotonic_ns

    def ticks_us():
        return monotonic_ns() // 1000

    def ticks_diff(a, b):
        return a - b


from . import packets

WAIT_MS = 1000


def ping(address, wait_ms=WAIT_MS):
    """Microseconds until an IPv4 address (4 bytes) answers, or None.

    OSError: no way there, or firmware without raw sockets.
    """
    token = os.urandom(4)
    identifier = int.from_bytes(os.urandom(2), "big")
    request = packets.echo(bytes(4), address, False, identifier, 1, token)
    sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, packets.ICMP)
    try:
        start = ticks_us()
        sock.sendto(request[packets.IPV4_HEADER_BYTES :], (".".join(str(b) for b in address), 0))
        while True:
            left_us = wait_ms * 1000 - ticks_diff(ticks_us(), start)
            if left_us <= 0:
                return None
            sock.settimeout(left_us / 1000000)
            try:
                answer = sock.recv(256)
            except OSError:  # in time there was none
                return None
            if _answers(answer, identifier, token):
                return ticks_diff(ticks_us(), start)
    finally:
        sock.close()


def _answers(packet, identifier, token):
    found = packets.parse(packet)
    if found is None or found[2] != packets.ICMP:
        return False
    return packets.parse_echo(found[0], found[1], found[3]) == (True, identifier, 1, token)
