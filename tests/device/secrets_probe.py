# SPDX-License-Identifier: MIT
# What tests/hil/test_secrets.py asks of the board.
import gc

import micropython

import _wireguard


def make_interface(seed):
    # A second interface with a session whose keys follow from `seed`, and a peer that there is no
    # memory for.
    made = _wireguard.Netif(None)
    peer = made.add_peer()
    state = _wireguard.SymmetricState(bytes(32))
    state.mix_key(seed)
    made.install(peer, state.split(True, 1, 2, 1), 1)
    micropython.heap_lock()
    try:
        made.add_peer()
    except Exception:  # a tuple of two would need memory
        return made
    finally:
        micropython.heap_unlock()


def keep_interface(seed):
    global kept
    kept = make_interface(seed)
    return kept is not None


def change_interface(how):
    # remove: its peer. close: it. drop: as a program does that forgets it.
    global kept
    if how == "remove":
        kept.remove_peer(0)
        return
    if how == "close":
        kept.close()
    kept = None
    gc.collect()


def fill(mark):
    # Copies of the mark in all of the heap that is free; how many.
    global kept
    kept, size, count = None, 8192, 0
    while size >= 1024:
        try:
            while True:
                block = bytearray(size)
                for at in range(0, size, len(mark)):
                    block[at : at + len(mark)] = mark
                kept = (kept, block)
                count += size // len(mark)
        except MemoryError:
            size >>= 1
    return count
