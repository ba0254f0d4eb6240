# SPDX-License-Identifier: MIT
"""The board's agent, fed with any bytes: it never raises, gives each line one JSON reply, tells no
secret, and what is in force afterwards is whole."""

from __future__ import annotations

import base64
import io
import json
import shutil
import tempfile

import _wireguard
from tests.fuzz.py_config import _FULL
from wireguard import agent, frames, store

SECRET = bytes(range(200, 232))


def secret_line() -> bytes:
    check = _wireguard.blake2s(SECRET)[:4]
    return base64.b64encode(SECRET) + b" " + base64.b64encode(check) + b"\n"


def one(data: bytes) -> None:
    root = tempfile.mkdtemp(prefix="fuzz-agent-")
    try:
        talk(data, root)
    finally:
        shutil.rmtree(root)


def talk(data: bytes, root: str) -> None:
    """Over plain lines, and over frames when the first byte is "#"."""
    framed = data[:1] == b"#"
    out = io.BytesIO()
    (agent.listen if framed else agent.serve)(io.BytesIO(data[framed:]), out, root=root)
    said = out.getvalue()
    assert base64.b64encode(SECRET) not in said and SECRET.hex().encode() not in said
    for line in said.splitlines():
        reply = json.loads(line[:-9] if framed else line)
        if reply.get("working"):
            continue
        assert reply.get("ok") is True or {"id", "error", "field"} <= set(reply), reply
    for name in store.names(root):
        secret = bytearray(32)
        store.load(name, root)[1].export_into(secret)
        assert base64.b64encode(secret) not in said and secret.hex().encode() not in said


def _lines(*requests: object) -> bytes:
    parts = [r if isinstance(r, bytes) else json.dumps(r).encode() + b"\n" for r in requests]
    return b"".join(parts)


SEEDS = (
    _lines({"op": "hello", "id": 1}, {"op": "show", "id": 2}, {"op": "bye", "id": 3}),
    _lines({"op": "prepare", "id": 1, "config": _FULL, "psk": ["given"]}, secret_line()),
    _lines(
        {"op": "prepare", "id": 1, "config": _FULL},
        {"op": "commit", "id": 2, "name": "wg0", "token": "00"},
        {"op": "staged", "id": 3, "name": "wg0"},
        {"op": "discard", "id": 4, "name": "wg0"},
        {"op": "remove", "id": 5, "name": "wg0"},
    ),
    _lines(
        {"op": "hello", "id": 0, "protocol": [1, 2]},
        {"op": "lock", "id": 1, "public_key": base64.b64encode(SECRET).decode()},
        {"op": "unlock", "id": 2},
        {"op": "unlock", "id": 3, "proof": base64.b64encode(bytes(32)).decode(), "remove": True},
        {"op": "pair", "id": 4},
        {"op": "pair", "id": 5, "message": base64.b64encode(bytes(96)).decode()},
        {"op": "erase", "id": 6},
    ),
    b"#" + frames.framed(b'{"op": "hello", "id": 1}') + b"\n" + b'{"op": "hello"} 00000000\n',
    b"\n\n[1]\n{}\n\xff\xfe\n" + b"x" * 5000 + b"\n" + b'{"op": "hello"}\n\x03{"op": "bye"}\n',
)
