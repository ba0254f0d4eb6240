# SPDX-License-Identifier: MIT
# What lwIP holds, read from its own free lists; the host knows the addresses from the ELF file.
import gc

import machine

POOL_MAX = 1000  # longer than any free list: a damaged one must not hang the board
HEAP_HEADER_BYTES = 8  # struct mem: next and prev (16 bits each), used (8 bits), padding


def pool_free(head):
    # The number of free elements of a memp pool: a singly linked list from its table entry.
    count = 0
    element = machine.mem32[head]
    while element and count < POOL_MAX:
        count += 1
        element = machine.mem32[element]
    return count


def heap_used(start, end):
    # Bytes of lwIP's heap that are in use: blocks follow one another by offset.
    used = 0
    block = start
    while block < end:
        following = start + machine.mem16[block]
        if machine.mem8[block + 4]:
            used += following - block
        block = following
    return used


def memory(pools, ram, ram_end):
    # pools: name -> address of its table entry.  ram, ram_end: addresses of the heap's pointers.
    gc.collect()
    result = {"python_used_bytes": gc.mem_alloc()}
    interrupts = machine.disable_irq()
    try:
        for name in pools:
            result[name] = pool_free(pools[name])
        result["heap_used_bytes"] = heap_used(machine.mem32[ram], machine.mem32[ram_end])
    finally:
        machine.enable_irq(interrupts)
    return result
