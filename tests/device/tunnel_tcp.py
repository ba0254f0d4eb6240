# SPDX-License-Identifier: MIT
# ruff: noqa: F821 (the clock is in boardcode/tunnel_clock.py)
# TCP between board and server: the hash of what went through, and how long it took.
import binascii
import hashlib
import os
import socket

BLOCK_BYTES = 4096


def listen(port, timeout_s):
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(socket.getaddrinfo("0.0.0.0", port)[0][-1])
    sock.listen(1)
    sock.settimeout(timeout_s)
    print("READY")
    conn, address = sock.accept()
    sock.close()
    conn.settimeout(timeout_s)
    return conn, address[0]


def connect(host, port, timeout_s):
    sock = socket.socket()
    sock.settimeout(timeout_s)
    sock.connect(socket.getaddrinfo(host, port)[0][-1])
    return sock


def read_into(sock, buffer):
    # MicroPython's sockets are streams; CPython's have recv_into.
    if hasattr(sock, "readinto"):
        return sock.readinto(buffer)
    return sock.recv_into(buffer)


def send_all(sock, data):
    view = memoryview(data)
    while view:
        view = view[sock.send(view) :]


def result(size, digest, start, remote):
    return {
        "bytes": size,
        "sha256": binascii.hexlify(digest).decode(),
        "seconds": seconds_since(start),
        "remote": remote,
    }


def tcp_source(host, port, size, timeout_s=60):
    sock = connect(host, port, timeout_s)
    block = bytearray(os.urandom(BLOCK_BYTES))
    digest = hashlib.sha256()
    start = ticks_ms()
    sent = 0
    while sent < size:
        # Numbered blocks: a lost, repeated or moved one changes the hash.
        block[0:4] = sent.to_bytes(4, "big")
        part = memoryview(block)[: min(BLOCK_BYTES, size - sent)]
        digest.update(part)
        send_all(sock, part)
        sent += len(part)
    took = result(sent, digest.digest(), start, host)
    sock.close()
    return took


def tcp_sink(port, timeout_s=60):
    sock, remote = listen(port, timeout_s)
    buffer = bytearray(BLOCK_BYTES)
    view = memoryview(buffer)
    digest = hashlib.sha256()
    start = ticks_ms()
    got = 0
    while True:
        n = read_into(sock, buffer)
        if not n:
            break
        digest.update(view[:n])
        got += n
    took = result(got, digest.digest(), start, remote)
    sock.close()
    return took


def tcp_echo(port, timeout_s=60):
    # Sends back what comes until the other side closes.
    sock, remote = listen(port, timeout_s)
    start = ticks_ms()
    total = 0
    while True:
        data = sock.recv(1024)
        if not data:
            break
        send_all(sock, data)
        total += len(data)
    sock.close()
    return {"bytes": total, "seconds": seconds_since(start), "remote": remote}
