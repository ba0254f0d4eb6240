# SPDX-License-Identifier: MIT
"""Count WireGuard messages in a pcap file of a board's wire, and ask tshark to do the same.

File format: https://www.tcpdump.org/manpages/pcap-savefile.5.txt. Frames are Ethernet's, or bare IP
packets (PPP). Only IPv4 is looked at: that is what QEMU's user network gives the board.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

MAGIC_LITTLE = 0xA1B2C3D4
FILE_HEADER_BYTES = 24
RECORD_HEADER_BYTES = 16
LINK_TYPE_OFFSET = 20
RAW_IP = 101
ETHERNET_BYTES = 14
ETHERTYPE_IPV4 = b"\x08\x00"
UDP_PROTOCOL = 17
UDP_BYTES = 8
TSHARK_TIMEOUT_S = 60

NAMES = {1: "initiation", 2: "response", 3: "cookie reply", 4: "transport data"}
# Exact, or for data least, lengths of a message (paper §5.4). Data need not be a multiple of 16:
# wireguard-go and the kernel pad no further than to the MTU.
LENGTHS = {1: 148, 2: 92, 3: 64}
DATA_MIN_BYTES = 32


def frames(path: Path) -> Iterator[bytes]:
    """Ethernet frames; a bare packet is given the head of one."""
    data = path.read_bytes()
    if len(data) < FILE_HEADER_BYTES or struct.unpack_from("<I", data)[0] != MAGIC_LITTLE:
        raise ValueError(f"{path} is not a pcap file")
    raw_ip = struct.unpack_from("<I", data, LINK_TYPE_OFFSET)[0] == RAW_IP
    head = bytes(ETHERNET_BYTES - 2) + ETHERTYPE_IPV4 if raw_ip else b""
    offset = FILE_HEADER_BYTES
    while offset + RECORD_HEADER_BYTES <= len(data):
        size = struct.unpack_from("<I", data, offset + 8)[0]
        offset += RECORD_HEADER_BYTES
        yield head + data[offset : offset + size]
        offset += size


def snapshot(path: Path, copy: Path) -> Path:
    """The whole frames that a growing capture holds now, in a file of its own: two readers of the
    growing one would not see the same."""
    data = path.read_bytes()
    whole = FILE_HEADER_BYTES
    while whole + RECORD_HEADER_BYTES <= len(data):
        end = whole + RECORD_HEADER_BYTES + struct.unpack_from("<I", data, whole + 8)[0]
        if end > len(data):
            break
        whole = end
    copy.write_bytes(data[:whole])
    return copy


def udp_payload(frame: bytes, ports: set[int]) -> bytes | None:
    """The payload of a datagram from or to one of `ports`; None for everything else."""
    packet = frame[ETHERNET_BYTES:]
    if frame[12:14] != ETHERTYPE_IPV4 or len(packet) < 28 or packet[9] != UDP_PROTOCOL:
        return None
    datagram = packet[(packet[0] & 15) * 4 :]
    source, to, size = struct.unpack_from("!HHH", datagram)
    return datagram[UDP_BYTES:size] if ports & {source, to} else None


def message_type(payload: bytes) -> int:
    """1 to 4, or 0 for what is not a WireGuard message."""
    kind = struct.unpack_from("<I", payload)[0] if len(payload) >= 4 else 0
    if kind == 4:
        return 4 if len(payload) >= DATA_MIN_BYTES else 0
    return kind if LENGTHS.get(kind) == len(payload) else 0


def count_messages(path: Path, ports: set[int]) -> Counter[int]:
    """How many messages of each type went between the board and the servers' ports."""
    counts: Counter[int] = Counter()
    for frame in frames(path):
        payload = udp_payload(frame, ports)
        if payload is not None:
            counts[message_type(payload)] += 1
    return counts


def tshark_count(path: Path, ports: set[int]) -> Counter[int] | None:
    """The same by tshark; None where it is not installed."""
    tshark = shutil.which("tshark")
    if tshark is None:
        return None
    ours = " || ".join(f"udp.port == {port}" for port in sorted(ports))
    # An ICMP error quotes the datagram it is about, and tshark reads that too.
    command = [tshark, "-n", "-r", str(path), "-Y", f"wg && !icmp && ({ours})"]
    command += ["-T", "fields", "-e", "wg.type"]
    for port in ports:
        command += ["-d", f"udp.port=={port},wg"]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=TSHARK_TIMEOUT_S, check=False
    )
    if done.returncode != 0:
        raise ValueError(f"tshark: {done.stderr.strip().splitlines()[-1:]}")
    return Counter(int(word, 0) for word in done.stdout.split())
