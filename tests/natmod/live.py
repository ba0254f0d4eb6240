# SPDX-License-Identifier: MIT
# A RawLink against a real server: the same file on CPython and on MicroPython's unix port.
# stdin: one line of JSON. stdout: a line for each thing that worked. tests/unit/test_link.py.
import asyncio
import json
import sys

from wireguard.link import RawLink

ECHO_PORT = 7
WAIT_MS = 15000


def make(task):
    link = RawLink(bytes.fromhex(task["key"]), [task["address"] + "/24", task["address6"]])
    inside = [task["server"] + "/32", task["server6"] + "/128"]
    peer = link.add_peer(task["server_key"], task["endpoint"], inside, task["preshared_key"])
    return link, peer


def run(task):
    link, peer = make(task)
    for size in (0, 1, 56, 1300):
        took_ms = link.ping(task["server"], size=size)
        print("ping", size, took_ms is not None)
    print("ping6", link.ping(task["server6"]) is not None)
    print("state", peer.state, peer.failure)
    port = link.udp(ECHO_PORT)
    print("ready")
    echoed = 0
    while echoed < task["echoes"]:
        data, source = port.recvfrom(WAIT_MS)
        port.sendto(data, source)
        echoed += 1
    print("echoed", echoed)
    print("counters", sum(link.counters.values()))
    link.close()
    try:
        link.ping(task["server"])
    except (ValueError, OSError):
        print("closed")


async def serve(task):
    link, peer = make(task)
    server = asyncio.create_task(link.serve())
    print("ping", await link.aping(task["server"]) is not None)
    port = link.udp(ECHO_PORT)
    print("ready")
    ticks = echoed = 0

    async def tick():
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0.005)

    other = asyncio.create_task(tick())
    while echoed < task["echoes"]:
        data, source = await port.arecvfrom()
        port.sendto(data, source)
        echoed += 1
    print("echoed", echoed)
    print("others ran", ticks > 1)
    server.cancel()
    other.cancel()
    await asyncio.sleep(0.02)
    link.close()


task = json.loads(sys.stdin.readline())
if task["asyncio"]:
    asyncio.run(serve(task))
else:
    run(task)
