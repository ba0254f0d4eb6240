# SPDX-License-Identifier: MIT
"""A provisioned link that cannot be made leaves neither keys nor a socket behind."""

from __future__ import annotations

import base64
import socket
from pathlib import Path

import pytest

import _wireguard
from wireguard import config, store
from wireguard.link import RawLink

PSK = bytes(range(32))
OTHER = bytes([9] + [0] * 31)


def text(key: bytes) -> str:
    return base64.b64encode(key).decode()


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("0.0.0.0", 0))
        return probe.getsockname()[1]


def test_nothing_is_left_of_a_link_that_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, port = _wireguard.PrivateKey.generate(), free_port()
    peers = [{"public_key": text(public)} for public in (OTHER, key.public_key())]
    settings = {"name": "wg7", "address": ["10.9.0.2/24"], "listen_port": port, "peers": peers}
    psk = _wireguard.PresharedKey(PSK)
    store.save(config.check(settings), key, [psk, psk], str(tmp_path))
    loaded: list = []
    load = store.load

    def noted(*where):
        settings, private_key, preshared = load(*where)
        loaded.extend([private_key, *preshared])
        return settings, private_key, preshared

    monkeypatch.setattr(store, "load", noted)
    with pytest.raises(ValueError, match="our own public key") as error:
        RawLink.provisioned("wg7", str(tmp_path))
    assert len(loaded) == 3 and error.traceback, "which keeps every frame, and so the link"
    for secret in loaded:
        with pytest.raises(ValueError, match="wiped"):
            secret.export_into(bytearray(32))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as again:
        again.bind(("0.0.0.0", port))
