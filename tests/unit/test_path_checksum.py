# SPDX-License-Identifier: MIT
"""The checksum that lwIP is given on our boards, against RFC 1071 as Python reads it."""

from __future__ import annotations

import ctypes
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parents[2]
NETIF = ROOT / "firmware" / "netif"

Sum = Callable[[bytes, int], int]


@pytest.fixture(scope="module")
def summed(tmp_path_factory: pytest.TempPathFactory) -> Sum:
    library = tmp_path_factory.mktemp("checksum") / "checksum.so"
    flags = ["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-Wconversion", "-shared", "-fPIC"]
    source, include = NETIF / "wg_checksum.c", NETIF / "include"
    subprocess.run(["gcc", *flags, f"-I{include}", source, "-o", library], check=True, timeout=60)
    function = ctypes.CDLL(str(library)).wg_lwip_checksum
    function.restype = ctypes.c_uint16

    def call(data: bytes, offset: int) -> int:
        room = ctypes.create_string_buffer(bytes(offset) + data, offset + len(data) + 8)
        at = ctypes.addressof(room)
        assert at % 8 == 0
        return int(function(ctypes.c_void_p(at + offset), len(data)))

    return call


def expected(data: bytes) -> int:
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f"<{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


@given(data=st.binary(max_size=200), offset=st.integers(0, 7))
def test_any_data_at_any_address(summed: Sum, data: bytes, offset: int) -> None:
    assert summed(data, offset) == expected(data)


@pytest.mark.parametrize("offset", range(4))
@pytest.mark.parametrize("length", [*range(70), 1419, 1420, 1500, 65535])
def test_carries(summed: Sum, length: int, offset: int) -> None:
    assert summed(b"\xff" * length, offset) == expected(b"\xff" * length)
