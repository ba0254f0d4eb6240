# SPDX-License-Identifier: MIT
# What the board itself knows of its tunnel and memory.
import gc
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
