# SPDX-License-Identifier: MIT
# A board's own network, without a tunnel: address, UDP, TCP.
import hashlib
import os
import socket
import time

import network

BLOCK_BYTES = 4096


def wait_address(timeout_ms=10000):
    nic = network.LAN()
    start = time.ticks_ms()
    while not nic.isconnected():
        if time.ticks_diff(time.ticks_ms(), start) > timeout_ms:
            raise OSError("no address by DHCP")
        time.sleep_ms(5)
    return nic.ipconfig("addr4")[0]


def addresses6(timeout_ms=5000):
    nic = network.LAN()
    start = time.ticks_ms()
    while not nic.ipconfig("addr6") and time.ticks_diff(time.ticks_ms(), start) < timeout_ms:
        time.sleep_ms(20)
    return [entry[0] for entry in nic.ipconfig("addr6")]


# Datagrams of each size, 1 to 1472 bytes, and how many came back as they went.
def udp_echo(host, port, sizes):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.settimeout(2)
    same = 0
    for size in sizes:
        data = os.urandom(size)
        sock.sendto(data, (host, port))
        try:
            same += sock.recv(2000) == data
        except OSError:
            pass
    sock.close()
    return same


def tcp_upload(host, port, size):
    sock = socket.socket()
    sock.settimeout(20)
    sock.connect((host, port))
    digest = hashlib.sha256()
    while size:
        block = os.urandom(min(size, BLOCK_BYTES))
        digest.update(block)
        sock.sendall(block)
        size -= len(block)
    sock.close()
    return digest.digest()


def tcp_download(host, port):
    sock = socket.socket()
    sock.settimeout(20)
    sock.connect((host, port))
    digest = hashlib.sha256()
    buffer = bytearray(BLOCK_BYTES)
    view = memoryview(buffer)
    size = 0
    while True:
        n = sock.readinto(buffer)
        if not n:
            break
        digest.update(view[:n])
        size += n
    sock.close()
    return size, digest.digest()


def resolve(name):
    return socket.getaddrinfo(name, 80)[0][-1][0]
