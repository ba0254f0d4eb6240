# SPDX-License-Identifier: MIT
"""The board's check of a configuration, and of each text in it: a reason or a complete copy that
passes again unchanged; nothing else is raised."""

from __future__ import annotations

import json

from wireguard import config
from wireguard.core import allowedips

KEY = "CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk="
TEXTS = (config.name, config.key, config.address, config.cidr, config.endpoint)


def whole(data: bytes) -> None:
    try:
        wanted = json.loads(data)
    except (ValueError, RecursionError):
        return
    try:
        checked = config.check(wanted)
    except config.Bad as error:
        assert isinstance(error.field, str) and error.reason
        return
    assert config.check(checked) == checked
    assert json.loads(json.dumps(checked)) == checked


def texts(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    for parse in TEXTS:
        try:
            parse(text)
        except config.Bad:
            pass
    try:
        packed, bits = allowedips.parse_cidr(text)
    except ValueError:
        return
    assert allowedips.parse_cidr(allowedips.format_cidr(packed, bits)) == (packed, bits)


def one(data: bytes) -> None:
    whole(data)
    texts(data)


_FULL = {
    "v": 1,
    "name": "wg0",
    "address": ["10.7.0.2/24", "fd00::2/64"],
    "listen_port": 51820,
    "mtu": 1420,
    "dns": ["10.7.0.1"],
    "autostart": True,
    "peers": [
        {
            "public_key": KEY,
            "endpoint": "[fd00::1]:51820",
            "allowed_ips": ["10.7.0.0/24", "::/0"],
            "persistent_keepalive": 25,
        }
    ],
}
SEEDS = (
    json.dumps(_FULL).encode(),
    json.dumps({"name": "wg0", "address": ["10.7.0.2"], "peers": []}).encode(),
    b"vpn.example.org:51820",
    b"[2001:db8::1%eth0]:1",
    b"::ffff:192.0.2.1/96",
    b"0.0.0.0/0",
)
