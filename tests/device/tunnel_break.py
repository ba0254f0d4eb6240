# SPDX-License-Identifier: MIT
# Breaks a part of the running board, to show that a test notices.
import os
import socket

import wireguard
from wireguard import store
from wireguard.core import handshakes, timers


def forget_mark(name="wg0"):
    # The high-water mark of the time stamps, as if it had never been written.
    removed = []
    for entry in os.listdir(store.ROOT):
        if entry.startswith(name) and not entry.endswith(".wg"):
            os.remove(store.ROOT + "/" + entry)
            removed.append(entry)
    return removed


def disable_handshakes(method):
    setattr(handshakes.Handshakes, method, lambda *_: None)


def disable_timers():
    timers.Timers.review = lambda *_: 0
    timers.Timers.due = lambda *_: 0
    timers.Timers.next_deadline = lambda *_: None


def send_plain(host, port):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.sendto(b"not a WireGuard message", socket.getaddrinfo(host, port)[0][-1])
    sock.close()


def down(name="wg0"):
    wireguard.WireGuard(name).active(False)
