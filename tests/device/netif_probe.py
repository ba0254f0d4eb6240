# SPDX-License-Identifier: MIT
# ruff: noqa: F821 (the clock is in boardcode/tunnel_clock.py)
# What tests/hil/test_netif*.py ask of the board.
import gc
import socket
import sys

import machine
import network

import _wireguard
from wireguard import client

ICMP = 1
WAIT_S = 1


def interface():
    return client.interfaces["wg0"]


def netif():
    return interface().netif


def mtu():
    return netif().mtu()


def counters():
    return netif().counters()


def sizes():
    return {
        "session": _wireguard.SESSION_BYTES,
        "peer": _wireguard.PEER_BYTES,
        "prefix": _wireguard.PREFIX_BYTES,
        "interface": _wireguard.NETIF_BYTES,
        "replay_bits": _wireguard.REPLAY_BITS,
    }


def address(host, port=9):
    return socket.getaddrinfo(host, port)[0]


def send_to(host, size=32, times=1):
    # The errno of the last datagram, 0 for none.
    found = address(host)
    sock = socket.socket(found[0], socket.SOCK_DGRAM)
    if ":" in host:
        sock.bind(address("::", 0)[-1])  # MicroPython's UDP sockets are IPv4's until they are bound
    error = 0
    for _ in range(times):
        try:
            sock.sendto(bytes(size), found[-1])
            error = 0
        except OSError as raised:
            error = raised.errno
    sock.close()
    return error


def send_growing(host, size, times):
    for more in range(times):
        send_to(host, size + more)


def icmp_about(host, size=32):
    # (errno of sending, the ICMP packet that came of it, in hexadecimal)
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, ICMP)
    raw.settimeout(WAIT_S)
    error = send_to(host, size)
    try:
        packet = raw.recv(1500)
    except OSError:
        packet = b""
    raw.close()
    return error, "".join("%02x" % byte for byte in packet)


def try_tcp(host, port, wait_s):
    # A SYN goes out; whether anybody answers is not of interest.
    found = address(host, port)
    sock = socket.socket(found[0])
    sock.settimeout(wait_s)
    try:
        sock.connect(found[-1])
    except OSError:
        pass
    sock.close()


def set_underlay_mtu(netif_list, old, new):
    # netif_list: address of lwIP's list, whose elements begin with the next one's address. Where
    # mtu and mtu6 are in struct netif is seen by their value.
    at = machine.mem32[netif_list]
    while at:
        for offset in range(0, 400, 2):
            place = at + offset
            if machine.mem16[place] == old and machine.mem16[place + 2] == old:
                machine.mem16[place] = machine.mem16[place + 2] = new
                before = mtu()
                netif().wake_at(netif().now())
                for _ in range(10):  # on a busy host the guest's time runs without the guest
                    sleep_ms(50)
                    if mtu() != before:
                        break
                return mtu()
        at = machine.mem32[at]
    return None


def lan_address(ip):
    network.LAN().ipconfig(addr4=ip)


def lan_off_and_on(pause_ms):
    lan = network.LAN()
    lan.active(False)
    sleep_ms(pause_ms)
    lan.active(True)


def keepalive():
    # Through Python, as the timers send it.
    place = netif().endpoint(0)
    message = netif().seal(0, b"", netif().now())
    return message is not None and netif().send(message, place[0], place[1])


def keepalive_without(pools):
    # Addresses of memp table entries, each a list by its first element. None is left meanwhile.
    interrupts = machine.disable_irq()
    kept = [(pool, machine.mem32[pool]) for pool in pools]
    for pool in pools:
        machine.mem32[pool] = 0
    try:
        return keepalive()
    finally:
        for last, free in kept:
            while machine.mem32[last]:
                last = machine.mem32[last]
            machine.mem32[last] = free
        machine.enable_irq(interrupts)


def keepalive_without_heap(lowest_free, heap_end):
    # lowest_free: address of lwIP's pointer to where the search for free memory begins.
    interrupts = machine.disable_irq()
    before = machine.mem32[lowest_free]
    machine.mem32[lowest_free] = machine.mem32[heap_end]
    try:
        return keepalive()
    finally:
        machine.mem32[lowest_free] = before
        machine.enable_irq(interrupts)


def without_pool(pool, pause_ms):
    # What arrives in this time finds no buffer.
    interrupts = machine.disable_irq()
    free = machine.mem32[pool]
    machine.mem32[pool] = 0
    machine.enable_irq(interrupts)
    sleep_ms(pause_ms)
    interrupts = machine.disable_irq()
    last = pool
    while machine.mem32[last]:
        last = machine.mem32[last]
    machine.mem32[last] = free
    machine.enable_irq(interrupts)


def types_waiting(number, pause_ms):
    # A handshake with that peer begins, and Python takes no message for a while. Then: what C has
    # for it, by type, in the order in which it is handed out.
    held, tunnel = netif(), interface().tunnel
    tunnel.handshakes.initiate(interface().peers[number], held.now())
    interface().netif = None  # the scheduled callback returns at once
    for item in tunnel.outbox:
        held.send(*item)
    tunnel.outbox.clear()
    print("READY")
    sleep_ms(pause_ms)
    found = []
    message = held.next_message()
    while message is not None:
        found.append(message[0][0])
        message = held.next_message()
    interface().netif = held
    held.wake_at(held.now())
    return found


def collect():
    gc.collect()


def peer_heap():
    # What one more peer with one prefix takes of Python's heap: its objects, and C's peer in it.
    tunnel = interface().tunnel
    gc.collect()
    gc.collect()
    before = gc.mem_alloc()
    allowed = [(b"\x0a\x63\x00\x01", 32)]
    peer = tunnel.add_peer(_wireguard.PrivateKey.generate().public_key(), allowed_ips=allowed)
    gc.collect()
    grown = gc.mem_alloc() - before
    tunnel.remove_peer(peer)
    return grown


def loaded():
    return sorted(name for name in sys.modules if name.startswith("wireguard"))


def forget_sessions():
    interface().disconnect()


def updown(times):
    for _ in range(times):
        interface().active(False)
        client.WireGuard("wg0").active(True)


def tcp_echo_server(port, total, is_ip6):
    # One connection; what comes is sent back until `total` bytes have come.
    listener = socket.socket(socket.AF_INET6 if is_ip6 else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(address("::" if is_ip6 else "0.0.0.0", port)[-1])
    listener.listen(1)
    listener.settimeout(10)
    print("READY")
    connection, _ = listener.accept()
    connection.settimeout(10)
    count = 0
    while count < total:
        data = connection.recv(1024)
        if not data:
            break
        connection.write(data)
        count += len(data)
    connection.close()
    listener.close()
    return count


# bench/net.py counts the instructions between these two calls of C.


def count_from_here():
    netif().lookup(b"\x00\x00\x00\x00")


def count_to_here():
    netif().mtu()


def send_counted(host, size, times):
    found = address(host)
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    data = bytes(size)
    sock.sendto(data, found[-1])  # ARP and whatever else the first one needs
    sleep_ms(50)
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    count_from_here()
    for _ in range(times):
        sock.sendto(data, found[-1])
    count_to_here()
    grown = gc.mem_alloc() - before
    gc.enable()
    sock.close()
    return grown


def receive_counted(port, size, times):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(address("0.0.0.0", port)[-1])
    sock.settimeout(10)
    buffer = bytearray(size)  # readinto() goes on until it is full
    gc.collect()
    gc.disable()
    print("READY")
    sock.recv(1500)
    before = gc.mem_alloc()
    count_from_here()
    for _ in range(times):
        sock.readinto(buffer)
    count_to_here()
    grown = gc.mem_alloc() - before
    gc.enable()
    sock.close()
    return grown
