# SPDX-License-Identifier: MIT
"""The handshake against a published vector, and against another implementation of Noise."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from noise.connection import Keypair, NoiseConnection

import _wireguard
from wireguard.core import noise

VECTORS = Path(__file__).parents[1] / "vectors" / "noise_ikpsk2.json"
IDENTIFIER = b"WireGuard v1 zx2c4 Jason@zx2c4.com"
TIMESTAMP = bytes(range(12))
NOW_MS = 1
KEYS = st.binary(min_size=32, max_size=32)

# u coordinates of small order, RFC 7748 §6.1 and every published list: DH gives zero.
LOW_ORDER = [
    bytes(32),
    b"\x01" + bytes(31),
    bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    bytes.fromhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
    b"\xec" + b"\xff" * 30 + b"\x7f",
    b"\xed" + b"\xff" * 30 + b"\x7f",
    b"\xee" + b"\xff" * 30 + b"\x7f",
]


class Pair:
    """Both ends of one handshake, and the messages between them."""

    def __init__(self, psk: bytes | None = None, prologue: bytes | None = None) -> None:
        self.static_i = _wireguard.PrivateKey.generate()
        self.static_r = _wireguard.PrivateKey.generate()
        self.psk = None if psk is None else _wireguard.PresharedKey(psk)
        self.public_i = self.static_i.public_key()
        self.public_r = self.static_r.public_key()
        self.initiator = noise.Initiator(
            _wireguard, self.static_i, self.public_i, self.public_r, prologue
        )
        self.responder = noise.Responder(_wireguard, self.static_r, self.public_r, prologue)

    def first(self) -> tuple[bytes, bytes, bytes]:
        return self.initiator.initiate(TIMESTAMP)

    def second(self, message: tuple[bytes, bytes, bytes]) -> tuple[bytes, bytes]:
        assert self.responder.read_static(message[0], message[1]) == self.public_i
        assert self.responder.read_timestamp(message[2]) == TIMESTAMP
        return self.responder.respond(self.psk)

    def sessions(self) -> tuple[_wireguard.Session, _wireguard.Session]:
        return self.initiator.split(1, 2, NOW_MS), self.responder.split(2, 1, NOW_MS)


def vectors() -> list[dict]:
    groups = json.loads(VECTORS.read_text())["testGroups"]
    return [test for group in groups for test in group["tests"]]


def key_of(text: str) -> _wireguard.PrivateKey:
    return _wireguard.PrivateKey(bytes.fromhex(text))


def transport_ciphertext(session: _wireguard.Session, plain: bytes) -> bytes:
    """A stream cipher: padding changes the tag, and nothing before the end of the plaintext."""
    return session.seal(plain)[16 : 16 + len(plain)]


def test_there_is_a_vector() -> None:
    assert len(vectors()) >= 1


@pytest.mark.parametrize("vector", vectors(), ids=lambda v: v["protocol_name"])
def test_vector(vector: dict) -> None:
    prologue = bytes.fromhex(vector["init_prologue"])
    psk = _wireguard.PresharedKey(bytes.fromhex(vector["init_psks"][0]))
    messages = [(bytes.fromhex(m["payload"]), m["ciphertext"]) for m in vector["messages"]]
    static_i, static_r = key_of(vector["init_static"]), key_of(vector["resp_static"])
    public_r = bytes.fromhex(vector["init_remote_static"])
    assert static_r.public_key() == public_r

    initiator = noise.Initiator(_wireguard, static_i, static_i.public_key(), public_r, prologue)
    first = initiator.initiate(messages[0][0], key_of(vector["init_ephemeral"]))
    assert b"".join(first).hex() == messages[0][1]

    responder = noise.Responder(_wireguard, static_r, public_r, prologue)
    assert responder.read_static(first[0], first[1]) == static_i.public_key()
    assert responder.read_timestamp(first[2]) == messages[0][0]
    second = responder.respond(psk, key_of(vector["resp_ephemeral"]), messages[1][0])
    assert b"".join(second).hex() == messages[1][1]
    assert initiator.finish(second[0], second[1], psk) == messages[1][0]

    ends = initiator.split(1, 2, NOW_MS), responder.split(2, 1, NOW_MS)
    assert len(messages) > 3
    for number, (payload, ciphertext) in enumerate(messages[2:]):
        sealed = transport_ciphertext(ends[number % 2], payload)
        assert sealed.hex() == ciphertext[: 2 * len(payload)]


def oracle(role: str, static: _wireguard.PrivateKey, peer: bytes, psk: bytes) -> NoiseConnection:
    secret = bytearray(32)
    static.export_into(secret)
    other = NoiseConnection.from_name(b"Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s")
    other.set_psks(psk)
    other.set_prologue(IDENTIFIER)
    other.set_keypair_from_private_bytes(Keypair.STATIC, bytes(secret))
    if role == "initiator":
        other.set_as_initiator()
        other.set_keypair_from_public_bytes(Keypair.REMOTE_STATIC, peer)
    else:
        other.set_as_responder()
    other.start_handshake()
    return other


def check_transport(session: _wireguard.Session, other: NoiseConnection) -> None:
    """Packets of 16 bytes need no padding, and nonces count alike, so the messages are the same."""
    for number, packet in enumerate((b"sixteen bytes ab", b"more of the same")):
        assert other.decrypt(session.seal(packet)[16:]) == packet
        header = b"\x04\0\0\0" + (1).to_bytes(4, "little") + number.to_bytes(8, "little")
        assert session.open(header + other.encrypt(packet)) == packet


@settings(max_examples=20, deadline=None)
@given(psk=KEYS)
def test_initiator_meets_another_implementation(psk: bytes) -> None:
    pair = Pair(psk)
    other = oracle("responder", pair.static_r, pair.public_i, psk)
    assert other.read_message(b"".join(pair.first())) == TIMESTAMP
    second = bytes(other.write_message(b""))
    assert pair.initiator.finish(second[:32], second[32:], pair.psk) == b""
    check_transport(pair.initiator.split(1, 2, NOW_MS), other)


@settings(max_examples=20, deadline=None)
@given(psk=KEYS)
def test_responder_meets_another_implementation(psk: bytes) -> None:
    pair = Pair(psk)
    other = oracle("initiator", pair.static_i, pair.public_r, psk)
    first = bytes(other.write_message(TIMESTAMP))
    second = pair.second((first[:32], first[32:80], first[80:]))
    assert other.read_message(b"".join(second)) == b""
    check_transport(pair.responder.split(1, 2, NOW_MS), other)


def test_no_psk_is_the_psk_of_zeros() -> None:
    pair = Pair(None)
    other = oracle("responder", pair.static_r, pair.public_i, bytes(32))
    other.read_message(b"".join(pair.first()))
    second = bytes(other.write_message(b""))
    assert pair.initiator.finish(second[:32], second[32:], None) == b""


def test_keys_are_for_opposite_directions() -> None:
    pair = Pair(bytes(32))
    second = pair.second(pair.first())
    assert pair.initiator.finish(*second, pair.psk) == b""
    ours, theirs = pair.sessions()
    assert theirs.open(ours.seal(b"to the responder")) == b"to the responder"
    assert ours.open(theirs.seal(b"to the initiator")) == b"to the initiator"
    assert ours.open(ours.seal(b"to nobody at all")) is None


@pytest.mark.parametrize("part", [0, 1])
def test_forged_response_does_not_end_the_handshake(part: int) -> None:
    pair = Pair(bytes(32))
    second = pair.second(pair.first())
    for forged_with in (LOW_ORDER[0], bytes(31) + b"\x05", b"\xaa" * 32):
        forged = list(second)
        forged[part] = forged_with[: len(second[part])]
        assert pair.initiator.finish(*forged, pair.psk) is None
    assert pair.initiator.finish(*second, pair.psk) == b""
    ours, theirs = pair.sessions()
    assert theirs.open(ours.seal(b"still good, then")) == b"still good, then"


@settings(max_examples=40, deadline=None)
@given(bit=st.integers(0, 8 * 108 - 1))
def test_any_flipped_bit_of_the_first_message_is_refused(bit: int) -> None:
    pair = Pair()
    message = bytearray(b"".join(pair.first()))
    # RFC 7748: the top bit of a point is ignored, but the transcript's hash sees it.
    message[bit // 8] ^= 1 << bit % 8
    fields = bytes(message[:32]), bytes(message[32:80]), bytes(message[80:])
    claimed = pair.responder.read_static(fields[0], fields[1])
    assert claimed is None or pair.responder.read_timestamp(fields[2]) is None


def test_wrong_psk_is_refused() -> None:
    pair = Pair(bytes(32))
    second = pair.second(pair.first())
    wrong = _wireguard.PresharedKey(b"\x01" + bytes(31))
    assert pair.initiator.finish(*second, wrong) is None


@pytest.mark.parametrize("point", LOW_ORDER, ids=lambda p: p.hex()[:8])
def test_points_of_low_order_are_refused(point: bytes) -> None:
    pair = Pair()
    assert pair.responder.read_static(point, bytes(48)) is None

    with_bad_peer = noise.Initiator(_wireguard, pair.static_i, pair.public_i, point)
    assert with_bad_peer.initiate(TIMESTAMP) is None

    fresh = Pair()
    fresh.first()
    assert fresh.initiator.finish(point, bytes(16), None) is None


def test_a_low_order_point_does_not_make_the_state_known() -> None:
    """All zero is what C leaves after such a point: sealing with that must not help."""
    pair = Pair()
    known = _wireguard.SymmetricState(pair.public_r)
    assert not known.mix_dh(pair.static_i, LOW_ORDER[0])
    assert pair.responder.read_static(LOW_ORDER[0], known.seal(pair.public_i)) is None

    pair.first()
    assert not known.mix_dh(pair.static_r, LOW_ORDER[0])
    known.mix_psk(None)
    assert pair.initiator.finish(LOW_ORDER[0], known.seal(b""), None) is None


def test_the_ephemeral_is_new_each_time() -> None:
    pair = Pair()
    assert pair.first()[0] != pair.first()[0]


def test_wiped_handles_are_dead() -> None:
    pair = Pair()
    pair.first()
    state, ephemeral = pair.initiator.symmetric, pair.initiator.ephemeral
    pair.initiator.wipe()
    with pytest.raises(ValueError):
        ephemeral.public_key()
    with pytest.raises(ValueError):
        state.mix_hash(b"")
    pair.responder.wipe()
    with pytest.raises(ValueError):
        pair.responder.symmetric.seal(b"")
