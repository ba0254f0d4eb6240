# SPDX-License-Identifier: MIT
# Programs that do nothing for others while they run. Each returns how long it did, in seconds.
# ruff: noqa: F821 (the clock is in boardcode/tunnel_clock.py)
import select
import socket
import sys
import time


def sleep(seconds):
    start = ticks_ms()
    print("READY")
    time.sleep(seconds)
    return seconds_since(start)


def spin(seconds):
    start = ticks_ms()
    print("READY")
    count = 0
    while ticks_diff(ticks_ms(), start) < seconds * 1000:
        count += 1
    return seconds_since(start)


def wait_in_socket(seconds):
    start = ticks_ms()
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(socket.getaddrinfo("0.0.0.0", 5999)[0][-1])
    sock.settimeout(seconds)
    print("READY")
    try:
        sock.recv(10)
    except OSError:
        pass
    sock.close()
    return seconds_since(start)


def read_console(seconds):
    start = ticks_ms()
    poller = select.poll()
    poller.register(sys.stdin, select.POLLIN)
    print("READY")
    poller.poll(int(seconds * 1000))
    return seconds_since(start)


def send_and_spin(host, seconds):
    # One datagram that nobody answers, then a busy loop.
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.sendto(b"?", socket.getaddrinfo(host, 5998)[0][-1])
    sock.close()
    return spin(seconds)
