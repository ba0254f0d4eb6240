# SPDX-License-Identifier: MIT
"""The demo's own parts: what it says when something fails, and what it measures with."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from demo import capture, firmware_size
from demo.figure import Figure, PointFailed, require
from demo.report import Report
from demo.rig import ROOT, WgprovError, peer_block
from rich.console import Console

PORT = 40000
RUN = [sys.executable, str(ROOT / "host_tools" / "demo" / "run.py")]
INITIATION = struct.pack("<I", 1) + bytes(144)


def report() -> tuple[Report, io.StringIO]:
    text = io.StringIO()
    return Report(Console(file=text, width=100)), text


def fails() -> list[Figure]:
    require(False, "9 of 10 pings answered")
    return []


def test_a_point_that_fails_fails_the_demo() -> None:
    made, text = report()
    made.point(1, "good", lambda: [Figure("ping", "10/10")])
    assert not made.failed
    made.point(2, "bad", fails)
    made.finish({"capture": Path("x.pcap")})
    assert made.failed
    for needed in ("ping: 10/10", "9 of 10 pings answered", "point 2 failed", "capture: x.pcap"):
        assert needed in text.getvalue()


def test_what_fails_in_the_background_fails_its_point() -> None:
    made, text = report()
    made.background(5, fails)
    made.point(5, "begun early", lambda: [Figure("never", "reached")])
    assert made.failed and "never" not in text.getvalue()


def test_missing_firmware_is_one_line_and_status_2() -> None:
    command = [*RUN, "--env", "qemu_nonsense"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and "qemu_nonsense" in done.stderr


def ipv4(protocol: int, inside: bytes) -> bytes:
    addresses = b"\n\0\2\2", b"\n\0\2\x0f"
    size = 20 + len(inside)
    return struct.pack("!BBHHHBBH4s4s", 0x45, 0, size, 0, 0, 64, protocol, 0, *addresses) + inside


def datagram(payload: bytes) -> bytes:
    return ipv4(17, struct.pack("!HHHH", PORT, 7, 8 + len(payload), 0) + payload)


def port_unreachable(packet: bytes) -> bytes:
    """ICMP quotes what it is about (RFC 792)."""
    return ipv4(1, struct.pack("!BBHI", 3, 3, 0, 0) + packet)


def pcap(path: Path, *packets: bytes) -> Path:
    data = struct.pack("<IHHiIII", capture.MAGIC_LITTLE, 2, 4, 0, 0, 65535, 1)
    for packet in packets:
        frame = bytes(12) + capture.ETHERTYPE_IPV4 + packet
        data += struct.pack("<IIII", 0, 0, len(frame), len(frame)) + frame
    path.write_bytes(data)
    return path


def test_capture_counts_as_tshark_does(tmp_path: Path) -> None:
    data = struct.pack("<I", 4) + bytes(28)
    payloads = (INITIATION, data, data, INITIATION[:-1], b"hello")
    quoted = port_unreachable(datagram(INITIATION))
    path = pcap(tmp_path / "x.pcap", *map(datagram, payloads), quoted)
    counts = capture.count_messages(path, {PORT})
    assert dict(counts) == {1: 1, 4: 2, 0: 2}
    assert not capture.count_messages(path, {PORT + 1})
    seen = capture.tshark_count(path, {PORT})
    assert seen is None or (seen[1], seen[4]) == (1, 2)


def test_a_file_that_is_no_capture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.pcap"
    path.write_bytes(b"not a capture, but long enough for a header")
    with pytest.raises(ValueError, match="not a pcap file"):
        capture.count_messages(path, {PORT})


def test_sizes_add_up(elf: Path) -> None:
    total, module = firmware_size.total(elf), firmware_size.module(elf)
    assert 10_000 < module.flash_bytes < total.flash_bytes
    assert 0 < module.ram_bytes < total.ram_bytes


def test_the_map_is_read_by_object_and_by_frozen_name() -> None:
    text = """
 .text.wg_x25519
                0x00000000000100a0       0x40 ../fw/crypto/x25519.o
 .bss.pool      0x0000000020000000       0x10 ../fw/binding/obj_key.o
 .rodata.fun_data_wireguard_client_x
                0x0000000000010100        0x8 ../fw/frozen_content.o
 .rodata.fun_data_asyncio_core_x
                0x0000000000010108       0x80 ../fw/frozen_content.o
 .text.gc_alloc
                0x0000000000010200       0x99 ../fw/py/gc.o
"""
    size = firmware_size.summed(firmware_size.our_sections(text))
    assert size == firmware_size.Size(0x48, 0x10)


def test_no_peer_block_is_an_error() -> None:
    with pytest.raises(WgprovError, match="no .Peer. block"):
        peer_block("something else")
    with pytest.raises(PointFailed):
        fails()
