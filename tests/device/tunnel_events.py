# SPDX-License-Identifier: MIT
# What a program sees of a tunnel that comes and goes, and the network under it.
import network

import wireguard
from wireguard.core import timers


def watch(*names):
    # Note on_up and on_down of these interfaces, in order.
    global seen
    seen = []
    for name in names:
        wg = wireguard.WireGuard(name)
        wg.on_up = lambda wg: seen.append("%s up" % wg.name)
        wg.on_down = lambda wg: seen.append("%s down" % wg.name)


def take_seen():
    global seen
    taken, seen = seen, []
    return taken


def unwatch(*names):
    for name in names:
        wg = wireguard.WireGuard(name)
        wg.on_up = wg.on_down = None


def bad_callback(name):
    def fail(wg):
        raise RuntimeError("in the program's own on_down")

    wireguard.WireGuard(name).on_down = fail


def active(name, on):
    wg = wireguard.WireGuard(name)
    wg.active(on)
    return wg.status()


def connect(name):
    wireguard.WireGuard(name).connect()


def disconnect(name):
    wireguard.WireGuard(name).disconnect()


def status(name):
    return wireguard.WireGuard(name).status()


def stats(name):
    return wireguard.WireGuard(name).stats()


def give_up_after(ms):
    # 90 s are long for a test.
    timers.REKEY_ATTEMPT_TIME_MS = ms


def underlay(on):
    lan = network.LAN()
    lan.active(on)
    return lan.isconnected()


def renumber(address, mask, gateway):
    lan = network.LAN()
    lan.ipconfig(dhcp4=False)
    lan.ipconfig(addr4=(address, mask), gw4=gateway)
    return lan.ipconfig("addr4")


def use_dns(address):
    network.ipconfig(dns=address)


def number_by_dhcp():
    network.LAN().ipconfig(dhcp4=True)


def wait_both_ways(name, timeout_s):
    # wait_down() and wait_up() by asyncio, in several tasks at once.
    import asyncio

    wg = wireguard.WireGuard(name)
    order = []

    async def waiter(number):
        await wg.wait_down()
        order.append("down %d" % number)
        await wg.wait_up()
        order.append("up %d" % number)

    async def restart():
        await asyncio.sleep_ms(100)
        wg.active(False)
        await asyncio.sleep_ms(100)
        wg.active(True)

    async def main():
        await asyncio.wait_for(asyncio.gather(waiter(1), waiter(2), restart()), timeout_s)

    asyncio.run(main())
    return order


def stale_after(ms):
    # 15 s are long for a test; for the names of interfaces that are made from now on.
    from wireguard import resolver

    resolver.STALE_MIN_MS = ms


def endpoints(name):
    return [peer["endpoint"] for peer in wireguard.WireGuard(name).show()["peers"]]
