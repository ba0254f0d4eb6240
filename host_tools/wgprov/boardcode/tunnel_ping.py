# SPDX-License-Identifier: MIT
# ruff: noqa: F821 (the clock is in tunnel_clock.py)
# ICMP echo from the board, with an ordinary raw socket (RFC 792).
import socket
import struct

IDENTIFIER = 0x5747
IPV4_HEADER_BYTES = 20
ICMP_PROTOCOL = 1


def checksum(data):
    total = 0
    for i in range(0, len(data) - 1, 2):
        total += data[i] << 8 | data[i + 1]
    if len(data) & 1:
        total += data[-1] << 8
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def echo_request(sequence, size):
    body = bytes(range(256)) * (size // 256 + 1)
    head = struct.pack("!BBHHH", 8, 0, 0, IDENTIFIER, sequence)
    head = struct.pack("!BBHHH", 8, 0, checksum(head + body[:size]), IDENTIFIER, sequence)
    return head + body[:size]


def is_answer(packet, sequence, size):
    answer = packet[IPV4_HEADER_BYTES:]
    if len(answer) != 8 + size or checksum(answer):
        return False
    kind, _, _, identifier, got = struct.unpack("!BBHHH", answer[:8])
    return kind == 0 and identifier == IDENTIFIER and got == sequence


def ping_once(sock, host, sequence, size, wait_ms):
    start = ticks_ms()
    sock.sendto(echo_request(sequence, size), (host, 0))
    while True:
        left = wait_ms - ticks_diff(ticks_ms(), start)
        if left <= 0:
            return None
        sock.settimeout(left / 1000)
        try:
            packet = sock.recv(1500)
        except OSError:
            return None
        if is_answer(packet, sequence, size):
            return ticks_diff(ticks_ms(), start)


def ping(host, count=10, size=56, interval_ms=20, wait_ms=1000):
    sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, ICMP_PROTOCOL)
    rtt_ms = []
    for sequence in range(count):
        took = ping_once(sock, host, sequence, size, wait_ms)
        if took is not None:
            rtt_ms.append(took)
        sleep_ms(interval_ms)
    sock.close()
    return {"sent": count, "received": len(rtt_ms), "rtt_ms": rtt_ms}


def ping_until(host, limit_ms, size=56, wait_ms=500):
    # Pings until one is answered; how long that took, or None.
    sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, ICMP_PROTOCOL)
    start = ticks_ms()
    sequence = 0
    took = None
    while took is None and ticks_diff(ticks_ms(), start) < limit_ms:
        sequence += 1
        if ping_once(sock, host, sequence, size, wait_ms) is not None:
            took = ticks_diff(ticks_ms(), start)
    sock.close()
    return took
