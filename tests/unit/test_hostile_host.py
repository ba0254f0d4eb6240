# SPDX-License-Identifier: MIT
"""A hostile host at the board's agent: whatever it asks for, in whatever order, over plain lines or
frames, no byte that comes back holds a key, and what is locked stays as it was."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import _wireguard
import wireguard.agent as agent
import wireguard.lock as board_lock
import wireguard.pairing as board_pairing
import wireguard.store as store
from tests.unit.test_agent import PSK, secret_line
from tests.unit.test_frames import frame
from tests.unit.test_provision_kit import board_config, spellings, stored
from wgprov import locking

PRIVATE = bytes([8, *range(201, 231), 100])  # clamped
LOCK_PUBLIC = locking.public_key(bytearray(range(1, 33)))
OPERATIONS = [
    "hello",
    "prepare",
    "commit",
    "show",
    "config",
    "staged",
    "exchange",
    "discard",
    "selftest",
    "probe",
    "logs",
    "lock",
    "unlock",
    "erase",
    "pair",
    "bye",
    "remove",
]
bytes32 = st.binary(min_size=32, max_size=32).map(lambda raw: base64.b64encode(raw).decode())
requests = st.fixed_dictionaries(
    {"op": st.sampled_from(OPERATIONS), "id": st.integers(0, 99)},
    optional={
        "protocol": st.just([1, 2]),
        "name": st.sampled_from(["wg0", "wg1", "../wg0", "lock"]),
        "token": st.text("0123456789abcdef", min_size=16, max_size=16),
        "key": st.sampled_from(["keep", "new", "send"]),
        "psk": st.lists(st.sampled_from(["none", "keep", "send"]), min_size=1, max_size=1),
        "config": st.just(board_config()) | st.just(board_config(name="wg1")),
        "public_key": bytes32,
        "proof": bytes32 | st.none(),
        "remove": st.booleans(),
        "message": st.binary(min_size=96, max_size=96).map(
            lambda raw: base64.b64encode(raw).decode()
        ),
        "host": st.just("127.0.0.1"),
        "after": st.integers(-5, 5),
    },
).map(lambda request: json.dumps(request).encode())
conversation = st.lists(
    requests | st.binary(max_size=40) | st.just(secret_line(PSK).strip()), max_size=15
)


def provisioned(root: Path, locked: bool) -> str:
    private = _wireguard.PrivateKey(bytearray(PRIVATE))
    preshared = [_wireguard.PresharedKey(bytearray(PSK))]
    store.save(board_config(), private, preshared, str(root))
    if locked:
        board_lock.put(base64.b64decode(LOCK_PUBLIC), str(root))
    return str(root)


def heard(root: str, sent: list[bytes], framed: bool) -> bytes:
    out = io.BytesIO()
    clean = [line.replace(b"\n", b"").replace(b"\r", b"").replace(b"\x03", b"") for line in sent]
    data = b"".join(frame(line) if framed else line + b"\n" for line in clean)
    (agent.listen if framed else agent.serve)(io.BytesIO(data), out, root=root)
    return out.getvalue()


@settings(max_examples=40, deadline=None)
@given(sent=conversation, framed=st.booleans(), locked=st.booleans())
def test_no_request_gets_a_key(tmp_path_factory, sent, framed, locked) -> None:
    folder = tmp_path_factory.mktemp("board")
    said = heard(provisioned(folder, locked), sent, framed)
    for secret in (PRIVATE, PSK):
        for spelling in spellings(secret):
            assert spelling not in said
    erased = any(b'"erase"' in line for line in sent)
    if locked and not erased:
        assert stored(folder) == (board_config(), PRIVATE, [PSK])
        assert board_lock.is_locked(str(folder))
    assert {path.parent for path in folder.rglob("*")} <= {folder}, "files of its own only"


@settings(max_examples=25, deadline=None)
@given(sent=conversation, framed=st.booleans())
def test_without_the_pairing_code_there_is_nothing(tmp_path_factory, sent, framed) -> None:
    folder = tmp_path_factory.mktemp("board")
    root = provisioned(folder, False)
    shown: list[str] = []
    board_pairing.new(shown.append)
    try:
        said = heard(root, sent, framed)
    finally:
        board_pairing.spend()
        board_pairing.required = False
    assert shown[0].encode() not in said and shown[0].replace("-", "").encode() not in said
    assert stored(folder) == (board_config(), PRIVATE, [PSK])
    assert b"10.7.0.2" not in said and b"wg0" not in said


def test_the_search_would_find_one(tmp_path: Path) -> None:
    """The spellings do occur where a key is."""
    provisioned(tmp_path, False)
    assert any(spelling in (tmp_path / "wg0.wg").read_bytes() for spelling in spellings(PRIVATE))
    with pytest.raises(AssertionError):
        assert base64.b64encode(PRIVATE)[:40] not in spellings(PRIVATE)
