# SPDX-License-Identifier: MIT
# ruff: noqa: F821 (the clock is in boardcode/tunnel_clock.py)
# Numbered datagrams at a pace, and the count of those that came.
import socket

SEQUENCE_BYTES = 4  # big endian, at the start of each datagram
RETRY_MS = 1
RETRIES = 50


def send_patiently(sock, data, to):
    # lwIP says ENOMEM when its buffers are full: a program waits a little, as for a slow link.
    for attempt in range(RETRIES):
        try:
            sock.sendto(data, to)
            return attempt
        except OSError:
            sleep_ms(RETRY_MS)
    return -1


def udp_blast(host, port, count, size, pace):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    to = socket.getaddrinfo(host, port)[0][-1]
    datagram = bytearray(size)
    failed = retried = 0
    start = ticks_ms()
    for sequence in range(count):
        ahead = sequence * 1000 // pace - ticks_diff(ticks_ms(), start)
        if ahead > 0:
            sleep_ms(ahead)
        datagram[0:SEQUENCE_BYTES] = sequence.to_bytes(SEQUENCE_BYTES, "big")
        attempts = send_patiently(sock, datagram, to)
        failed += attempts < 0
        retried += attempts > 0
    took = seconds_since(start)
    sock.close()
    return {"sent": count - failed, "failed": failed, "retried": retried, "seconds": took}


def udp_take(port, count, size, ack_host, ack_port, quiet_ms=1000, first_ms=10000):
    # MicroPython 1.25 keeps one unread datagram for each socket, so each one is acknowledged and
    # the sender waits for that: what is lost here was lost on the way. `size` is exact, because
    # readinto() would fill the rest of a larger buffer from the next datagram.
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(socket.getaddrinfo("0.0.0.0", port)[0][-1])
    sock.settimeout(first_ms / 1000)
    ack_to = socket.getaddrinfo(ack_host, ack_port)[0][-1]
    datagram = bytearray(size)
    ack = memoryview(datagram)[:SEQUENCE_BYTES]
    seen = bytearray((count + 7) // 8)
    distinct = again = 0
    start = last = ticks_ms()
    print("READY")
    while distinct < count:
        try:
            read_into(sock, datagram)
        except OSError:
            break
        sock.sendto(ack, ack_to)
        last = ticks_ms()
        if not distinct:
            start = last
            sock.settimeout(quiet_ms / 1000)
        sequence = int.from_bytes(ack, "big")
        bit = 1 << (sequence & 7)
        again += bool(seen[sequence >> 3] & bit)
        distinct += not seen[sequence >> 3] & bit
        seen[sequence >> 3] |= bit
    sock.close()
    took = max(ticks_diff(last, start), 1) / 1000
    return {"distinct": distinct, "duplicates": again, "seconds": took}


def read_into(sock, buffer):
    if hasattr(sock, "readinto"):
        return sock.readinto(buffer)
    return sock.recv_into(buffer)
