# SPDX-License-Identifier: MIT
# ruff: noqa: F821 (the clock is in boardcode/tunnel_clock.py)
# Takes away what the tunnel lives on: Python's heap, lwIP's buffers, flash, quiet, time.
import gc
import os
import time

import machine

FILE = "/filler"
BLOCK_BYTES = 1 << 14


def without_heap(seconds):
    # Every free piece of Python's heap is taken, down to the smallest. A chain of pairs, because a
    # list would have to grow. READY once it is gone: to print that takes none.
    gc.collect()
    chain = None
    size = 1 << 18
    while size:
        try:
            while True:
                chain = (chain, bytearray(size))
        except MemoryError:
            size >>= 1
    print("READY")
    time.sleep(seconds)
    chain = None
    gc.collect()
    return gc.mem_free()


def garbage(seconds):
    # A program that makes garbage and has it collected all the time.
    start = ticks_ms()
    print("READY")
    rounds = 0
    while ticks_diff(ticks_ms(), start) < seconds * 1000:
        rubbish = [bytes(50) for _ in range(200)]
        gc.collect()
        rounds += len(rubbish) > 0
    return rounds


def without_pool(pools, seconds):
    # lwIP's pools have nothing to give: their free lists are hidden, then joined to what has come
    # back meanwhile. pools: addresses of the table entries.
    hidden = []
    print("READY")
    for head in pools:
        irq = machine.disable_irq()
        hidden.append(machine.mem32[head])
        machine.mem32[head] = 0
        machine.enable_irq(irq)
    time.sleep(seconds)
    for i in range(len(pools)):
        irq = machine.disable_irq()
        last = pools[i]
        while machine.mem32[last]:
            last = machine.mem32[last]
        machine.mem32[last] = hidden[i]
        machine.enable_irq(irq)
    return len(hidden)


def without_lwip_heap(lfree, ram, ram_end, seconds):
    # lwIP looks for room from its lowest free block on: that is now the end. It may be set to the
    # start at any time, because blocks in use are stepped over.
    print("READY")
    deadline = ticks_ms()
    while ticks_diff(ticks_ms(), deadline) < seconds * 1000:
        machine.mem32[lfree] = machine.mem32[ram_end]  # what is given back moves it
    machine.mem32[lfree] = machine.mem32[ram]
    return True


def fill_flash():
    # Until not one byte more can be written: in large pieces, then in small ones, which fit where
    # littlefs keeps small files, in blocks of directories.
    size = number = 0
    block = os.urandom(BLOCK_BYTES)
    while block:
        number += 1
        try:
            with open(FILE + str(number), "wb") as file:
                file.write(block)
            size += len(block)
        except OSError:
            block = block[: len(block) // 4]
    return size, os.statvfs("/")[3]


def empty_flash():
    for name in os.listdir("/"):
        if name.startswith(FILE[1:]):
            os.remove("/" + name)
    return os.statvfs("/")[3]


def set_clock(turns, last, timer, lwip_timer, boundary, left_ms):
    # The board's clock is `turns` of a 32-bit down-counter at 25 MHz: put it `left_ms` before the
    # end of turn number `boundary`. Forward only, as after a sleep. lwIP's periodic timer would
    # catch up with each of its 64 ms: it is moved too (expiry_ms of soft_timer_entry_t).
    irq = machine.disable_irq()
    machine.mem32[timer] = left_ms * 25000  # LOAD also sets the value
    machine.mem32[last] = 0
    machine.mem32[turns] = boundary - 1
    now = (boundary * 2**32 // 25000 - left_ms) & 0xFFFFFFFF
    machine.mem32[lwip_timer + 20] = (now + 64) & 0xFFFFFFFF
    machine.enable_irq(irq)
    return ticks_ms()


def spin(seconds):
    # Does nothing for others; says when it began and ended by its own clock.
    start = ticks_ms()
    print("READY")
    while ticks_diff(ticks_ms(), start) < seconds * 1000:
        pass
    return ticks_diff(ticks_ms(), start)


def block(seconds):
    # The same with a handshake asked for at the beginning, so that the board is the initiator.
    import wireguard

    wireguard.WireGuard("wg0").connect()
    return spin(seconds)
