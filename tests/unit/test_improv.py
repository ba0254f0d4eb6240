# SPDX-License-Identifier: MIT
"""Improv Wi-Fi over serial: the board's half against a client that was written for this test from
the specification (https://www.improv-wifi.com/serial/), over a pty."""

from __future__ import annotations

import os
import pty
import select
import threading
import time
import tty
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wireguard import improv

INFO = ["firmware", "1.2", "chip", "device"]
SSID, PASSWORD = "Café Ünï", "correct horse battery"


class Wlan:
    """What acts as network.WLAN, with one access point."""

    def __init__(self, comes_up_after: int = 2) -> None:
        self.calls: list[tuple] = []
        self._up = False
        self._left = self._after = comes_up_after

    def active(self, on: bool) -> None:
        self.calls.append(("active", on))

    def connect(self, ssid: str, key: str | None = None) -> None:
        self.calls.append(("connect", ssid, key))
        self._good = (ssid, key) in ((SSID, PASSWORD), ("open", None))
        self._left = self._after

    def disconnect(self) -> None:
        self.calls.append(("disconnect",))
        self._up = self._good = False

    def isconnected(self) -> bool:
        if getattr(self, "_good", False):
            self._left -= 1
            self._up = self._left <= 0
        return self._up

    def scan(self) -> list[tuple]:
        return [
            (b"far", b"\0" * 6, 1, -80, 3, False),
            (SSID.encode(), b"\1" * 6, 6, -40, 4, False),
            (b"far", b"\2" * 6, 11, -70, 3, False),
            (b"open", b"\3" * 6, 11, -60, 0, False),
            (b"", b"\4" * 6, 11, -10, 3, True),
        ]


# The client, from the specification's tables alone


def command(number: int, data: bytes = b"") -> bytes:
    rpc = bytes([number, len(data)]) + data
    body = b"IMPROV" + b"\x01" + b"\x03" + bytes([len(rpc)]) + rpc
    return body + bytes([sum(body) % 256])


def wifi(ssid: str, password: str) -> bytes:
    parts = [text.encode() for text in (ssid, password)]
    return command(1, b"".join(bytes([len(part)]) + part for part in parts))


def packets(data: bytes) -> list[tuple[int, bytes]]:
    """(type, data) of every packet; checks everything about them."""
    found = []
    while data:
        assert data.startswith(b"IMPROV\x01"), data
        size = data[8]
        assert data[9 + size] == sum(data[: 9 + size]) % 256
        found.append((data[7], data[9 : 9 + size]))
        data = data[10 + size :].removeprefix(b"\n")
    return found


def strings(data: bytes) -> list[str]:
    """The list in an RPC result, behind the command and the length."""
    assert data[1] == len(data) - 2
    texts, rest = [], data[2:]
    while rest:
        texts.append(rest[1 : 1 + rest[0]].decode())
        rest = rest[1 + rest[0] :]
    return texts


def talk(data: bytes, wlan: Wlan | None = None, **options: object) -> list[tuple[int, bytes]]:
    said = bytearray()
    served = improv.Improv(wlan or Wlan(), said.extend, INFO, sleep_ms=lambda ms: None, **options)
    served.feed(data)
    assert not any(served._parser.buffer[9:]), "what came is wiped"
    return packets(bytes(said))


NO_ERROR, AUTHORIZED, PROVISIONING, PROVISIONED = (2, b"\0"), (1, b"\2"), (1, b"\3"), (1, b"\4")


def test_the_examples_of_the_specification() -> None:
    assert wifi("MyWirelessAP", "mysecurepassword")[9:-1] == (
        b"\x01\x1e\x0cMyWirelessAP\x10mysecurepassword"
    )
    assert improv.packet(1, b"\2") == b"IMPROV\x01\x01\x01\x02\xe2\n"


def test_state_and_information() -> None:
    assert talk(command(2)) == [NO_ERROR, AUTHORIZED]
    no_error, (kind, data) = talk(command(3))
    assert (no_error, kind, data[0]) == (NO_ERROR, 4, 3) and strings(data) == INFO


def test_networks_each_once_the_strongest_first() -> None:
    no_error, *results = talk(command(4))
    assert no_error == NO_ERROR and {kind for kind, _ in results} == {4}
    assert [strings(data) for _, data in results] == [
        [SSID, "-40", "YES"],
        ["open", "-60", "NO"],
        ["far", "-70", "YES"],
        [],
    ]


@pytest.mark.parametrize("url", ["", "http://10.7.0.2/"])
def test_wifi_settings(url: str) -> None:
    wlan = Wlan()
    said = talk(wifi(SSID, PASSWORD) + command(2), wlan, url=url)
    kinds = [NO_ERROR, PROVISIONING, PROVISIONED]
    assert said[:3] == kinds and said[4:6] == [NO_ERROR, PROVISIONED]
    assert strings(said[3][1]) == strings(said[6][1]) == ([url] if url else [])
    assert ("connect", SSID, PASSWORD) in wlan.calls
    assert ("connect", "open", None) in wlan.calls or talk(wifi("open", ""), wlan)[2] == PROVISIONED


def test_wrong_password() -> None:
    wlan = Wlan()
    said = talk(wifi(SSID, "wrong") + wifi(SSID, PASSWORD), wlan, connect_ms=500)
    assert said[:4] == [NO_ERROR, PROVISIONING, (2, b"\3"), AUTHORIZED]
    assert said[6] == PROVISIONED, "and it can be tried again"


@pytest.mark.parametrize(
    "data, error",
    [
        (command(9), 2),
        (command(1), 1),
        (command(1, b"\x05abc"), 1),
        (command(1, b"\x00\x00"), 1),
        (command(1, b"\x01a"), 1),
        (command(1, b"\x01a\x01bX"), 1),
        (command(1, b"\x01\xff\x00"), 1),
        (command(1, bytes([33]) + b"a" * 33 + b"\0"), 1),
        (command(2)[:-1] + b"\0", 1),
        (b"IMPROV\x02\x03\x02\x02\x00" + bytes([sum(b"IMPROV\x02\x03\x02\x02") % 256]), 1),
        (b"IMPROV\x01\x03\x00" + bytes([sum(b"IMPROV\x01\x03") % 256]), 1),
    ],
)
def test_bad_packets(data: bytes, error: int) -> None:
    wlan = Wlan()
    assert talk(data, wlan)[-1] == (2, bytes([error]))
    assert not [call for call in wlan.calls if call[0] == "connect"]


def test_a_driver_that_fails() -> None:
    class Broken(Wlan):
        def connect(self, ssid: str, key: str | None = None) -> None:
            raise OSError(f"cannot connect with {key}")

    said = talk(wifi(SSID, PASSWORD), Broken())
    assert said == [NO_ERROR, PROVISIONING, (2, b"\xff"), AUTHORIZED]


@settings(max_examples=200)
@given(st.binary(max_size=80), st.sampled_from([b"", b"I", b"IMPROV\x01", b"IMPROVIMPRO"]))
def test_between_other_bytes(junk: bytes, start: bytes) -> None:
    """It is found again behind anything, at the latest after the longest packet."""
    said = talk(junk + start + b"\0" * 266 + command(2) + b"I" + command(2))
    assert said[-1] == AUTHORIZED and said.count(AUTHORIZED) == 2


@pytest.fixture
def line() -> Iterator[tuple[int, int]]:
    client, board = pty.openpty()
    for fd in (client, board):
        tty.setraw(fd)
    yield client, board
    os.close(client)
    os.close(board)


def test_over_a_serial_line(line: tuple[int, int]) -> None:
    """serve() ends when the board is connected, and says so."""
    client, board = line
    wlan, results = Wlan(), []
    with os.fdopen(os.dup(board), "r+b", buffering=0) as stream:
        served = threading.Thread(
            target=lambda: results.append(improv.serve(stream, wlan=wlan, info=INFO))
        )
        served.start()
        for part in (b"\n\n", command(3), wifi(SSID, PASSWORD)):
            os.write(client, part)
        said = b""
        deadline = time.monotonic() + 10
        while b"\x04\x01\x01" not in said[-16:] and time.monotonic() < deadline:
            if select.select([client], [], [], 0.1)[0]:
                said += os.read(client, 4096)
            elif not served.is_alive():
                break
        served.join(10)
    found = packets(said)
    assert strings(found[1][1]) == INFO and found[-2] == PROVISIONED and results == [True]


def test_a_line_on_which_nothing_comes(line: tuple[int, int]) -> None:
    client, board = line
    with os.fdopen(os.dup(board), "r+b", buffering=0) as stream:
        assert improv.serve(stream, wlan=Wlan(), info=INFO, limit_ms=20) is False
        os.write(client, b"\x03")
        assert improv.serve(stream, wlan=Wlan(), info=INFO) is False, "Ctrl-C between packets"


def test_a_board_without_wifi(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys
    import types

    monkeypatch.setitem(sys.modules, "network", types.ModuleType("network"))
    with pytest.raises(OSError, match="this board has no Wi-Fi"):
        improv.serve()
