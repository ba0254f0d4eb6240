# SPDX-License-Identifier: MIT
# What the board itself knows of its tunnel and memory.
import gc

import _wireguard
import wireguard


def state(name="wg0"):
    interface = wireguard.client.interfaces.get(name)
    gc.collect()
    return {
        "show": interface.show() if interface else None,
        "free_bytes": gc.mem_free(),
        "used_bytes": gc.mem_alloc(),
    }


def sizes():
    return {"session_bytes": _wireguard.SESSION_BYTES, "peer_bytes": _wireguard.PEER_BYTES}
