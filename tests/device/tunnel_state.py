# SPDX-License-Identifier: MIT
# What the board itself knows of its tunnel and memory.
import gc
import socket
import time

import _wireguard
import wireguard


def state(name="wg0"):
    gc.collect()
    interface = wireguard.WireGuard(name)
    return {
        "show": interface.show() if interface.active() else None,
        "clock": time.gmtime()[0],
        "free_bytes": gc.mem_free(),
        "used_bytes": gc.mem_alloc(),
    }


def sizes():
    return {"session_bytes": _wireguard.SESSION_BYTES, "peer_bytes": _wireguard.PEER_BYTES}


def again(name="wg0"):
    interface = wireguard.WireGuard(name)
    interface.active(False)
    interface.active(True)
    return interface.active()


# The prompt's variables live until a reset, and so tell whether there was one.


def remember(word):
    global memory_word
    memory_word = word


def remembered():
    return globals().get("memory_word")


def hold(port):
    # A socket that nobody reads from.
    global held_socket
    held_socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    held_socket.bind(socket.getaddrinfo("0.0.0.0", port)[0][-1])


def release():
    global held_socket
    held_socket.close()
    held_socket = None
