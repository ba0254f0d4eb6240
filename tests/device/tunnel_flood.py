# SPDX-License-Identifier: MIT
# What one pass of the scheduled callback takes from the heap when it has nothing to do.
import gc
import time

import wireguard


def idle_pass_bytes(name="wg0", times=50):
    wg = wireguard.WireGuard(name)
    gc.collect()
    gc.disable()
    try:
        before = gc.mem_alloc()
        for _ in range(times):
            wg.run(None)
        return (gc.mem_alloc() - before) / times
    finally:
        gc.enable()


def spin(ms):
    # How far a program gets in this time.
    print("READY")
    end = time.ticks_add(time.ticks_ms(), ms)
    count = 0
    while time.ticks_diff(end, time.ticks_ms()) > 0:
        count += 1
    return count
