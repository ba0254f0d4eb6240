# SPDX-License-Identifier: MIT
# What the frozen package costs in heap when it is imported.
import gc
import sys


def loaded():
    return [name for name in sys.modules if name.startswith("wireguard")]


def forget():
    for name in list(sys.modules):
        if name.startswith("wireguard"):
            del sys.modules[name]


def used():
    gc.collect()
    gc.collect()
    return gc.mem_alloc()


def cost(name="wireguard.client"):
    # All that comes with the client and stays; before it the board had nothing of ours.
    forget()
    before = used()
    __import__(name)
    return used() - before


def each():
    # Module by module, in the order in which they are imported.
    cost()
    names = [name for name in sys.modules if name.startswith("wireguard")]
    wanted = (
        "wireguard log core core.constants core.cookie core.peer core.tai64n core.messages "
        "core.noise core.bucket core.guard core.handshakes core.timers core.tunnel mark resolver "
        "sender wall client"
    )
    forget()
    sizes = []
    for word in wanted.split():
        name = word if word == "wireguard" else "wireguard." + word
        before = used()
        __import__(name)
        sizes.append((name, used() - before))
    assert len(names) <= len(sizes), names
    return sizes
