# SPDX-License-Identifier: MIT
"""Every vector of tests/vectors through the host library, and random inputs against oracles.

The library is the one that `_wireguard` uses on CPython (`make hostlib`). The same vectors go
through each emulated core in test_vectors_native.py.
"""

from __future__ import annotations

import ctypes
import hashlib
import hmac
import json
import os
from collections.abc import Iterator
from ctypes import c_bool, c_char_p, c_size_t, c_uint, c_uint32, c_uint64, c_void_p
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.poly1305 import Poly1305
from hypothesis import given, settings
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parents[2]
VECTORS = ROOT / "tests" / "vectors"
LIBRARY = ROOT / ".cache" / "build" / "host" / "lib_wireguard.so"
TAG_BYTES = 16

Test = dict[str, Any]

sealing = [c_void_p, c_char_p, c_size_t, c_char_p, c_size_t]
SIGNATURES = {
    "wg_x25519": (c_bool, [c_void_p, c_char_p, c_char_p]),
    "wg_x25519_base": (None, [c_void_p, c_char_p]),
    "wg_blake2s": (None, [c_void_p, c_size_t, c_char_p, c_size_t, c_char_p, c_size_t]),
    "wg_hmac_blake2s": (None, [c_void_p, c_char_p, c_size_t, c_char_p, c_size_t]),
    "wg_kdf1": (None, [c_void_p] * 1 + [c_char_p, c_char_p, c_size_t]),
    "wg_kdf2": (None, [c_void_p] * 2 + [c_char_p, c_char_p, c_size_t]),
    "wg_kdf3": (None, [c_void_p] * 3 + [c_char_p, c_char_p, c_size_t]),
    "wg_chacha20_init": (None, [c_void_p, c_char_p, c_char_p, c_uint32]),
    "wg_chacha20_xor": (None, [c_void_p, c_void_p, c_char_p, c_size_t]),
    "wg_hchacha20": (None, [c_void_p, c_char_p, c_char_p]),
    "wg_poly1305_init": (None, [c_void_p, c_char_p]),
    "wg_poly1305_absorb": (None, [c_void_p, c_char_p, c_size_t]),
    "wg_poly1305_final": (None, [c_void_p, c_void_p]),
    "wg_aead_seal": (None, [*sealing, c_uint64, c_char_p]),
    "wg_aead_open": (c_bool, [*sealing, c_uint64, c_char_p]),
    "wg_aead_seal_nonce": (None, [*sealing, c_char_p, c_char_p]),
    "wg_aead_open_nonce": (c_bool, [*sealing, c_char_p, c_char_p]),
    "wg_xaead_seal": (None, [*sealing, c_char_p, c_char_p]),
    "wg_xaead_open": (c_bool, [*sealing, c_char_p, c_char_p]),
    "wg_selftest": (c_uint, []),
}


def load() -> ctypes.CDLL:
    library = ctypes.CDLL(os.environ.get("WIREGUARD_LIBRARY", str(LIBRARY)))
    for name, (result, arguments) in SIGNATURES.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


C = load()


# --- the library, with bytes in and out ----------------------------------------------------------


def x25519(private: bytes, public: bytes) -> tuple[bool, bytes]:
    out = ctypes.create_string_buffer(32)
    good = C.wg_x25519(out, private, public)
    return good, out.raw


def x25519_base(private: bytes) -> bytes:
    out = ctypes.create_string_buffer(32)
    C.wg_x25519_base(out, private)
    return out.raw


def blake2s(msg: bytes, key: bytes = b"", size: int = 32) -> bytes:
    out = ctypes.create_string_buffer(size)
    C.wg_blake2s(out, size, key, len(key), msg, len(msg))
    return out.raw


def hmac_blake2s(key: bytes, msg: bytes) -> bytes:
    out = ctypes.create_string_buffer(32)
    C.wg_hmac_blake2s(out, key, len(key), msg, len(msg))
    return out.raw


def kdf(count: int, key: bytes, msg: bytes) -> list[bytes]:
    outs = [ctypes.create_string_buffer(32) for _ in range(count)]
    getattr(C, f"wg_kdf{count}")(*outs, key, msg, len(msg))
    return [out.raw for out in outs]


def chacha20(key: bytes, iv: bytes, counter: int, msg: bytes) -> bytes:
    state, out = ctypes.create_string_buffer(64), ctypes.create_string_buffer(len(msg))
    C.wg_chacha20_init(state, key, iv, counter)
    C.wg_chacha20_xor(state, out, msg, len(msg))
    return out.raw


def hchacha20(key: bytes, iv: bytes) -> bytes:
    out = ctypes.create_string_buffer(32)
    C.wg_hchacha20(out, key, iv)
    return out.raw


def poly1305(key: bytes, msg: bytes) -> bytes:
    state, out = ctypes.create_string_buffer(64), ctypes.create_string_buffer(TAG_BYTES)
    C.wg_poly1305_init(state, key)
    C.wg_poly1305_absorb(state, msg, len(msg))
    C.wg_poly1305_final(state, out)
    return out.raw


def seal(function: str, key: bytes, iv: bytes | int, aad: bytes, msg: bytes) -> bytes:
    out = ctypes.create_string_buffer(len(msg) + TAG_BYTES)
    getattr(C, function)(out, msg, len(msg), aad, len(aad), iv, key)
    return out.raw


def unseal(function: str, key: bytes, iv: bytes | int, aad: bytes, sealed: bytes) -> bytes | None:
    size = max(len(sealed) - TAG_BYTES, 0)
    out = ctypes.create_string_buffer(b"\xa5" * size, size)
    if getattr(C, function)(out, sealed, len(sealed), aad, len(aad), iv, key):
        return out.raw
    assert out.raw == b"\xa5" * size, "a forged message was written to the output"
    return None


# --- the vectors ---------------------------------------------------------------------------------


def run_xdh(test: Test) -> None:
    private, public, shared = (bytes.fromhex(test[k]) for k in ("private", "public", "shared"))
    assert x25519(private, public) == (any(shared), shared)
    if public == b"\x09" + bytes(31):
        assert x25519_base(private) == shared


def run_xdh_iterated(test: Test) -> None:
    k = u = bytes.fromhex(test["k"])
    for _ in range(test["count"]):
        k, u = x25519(k, u)[1], k
    assert k.hex() == test["out"]


def run_hash(test: Test) -> None:
    key, msg, out = (bytes.fromhex(test[k]) for k in ("key", "msg", "out"))
    assert blake2s(msg, key, len(out)) == out
    assert hashlib.blake2s(msg, key=key, digest_size=len(out)).digest() == out


def run_hash_matrix(test: Test) -> None:
    """make.py's hash_matrix()."""
    key, message, digests = pattern(1, test["keylen"]), pattern(4, 512), b""
    for n in range(len(message) + 1):
        digests += blake2s(message[:n], key, n % 32 + 1)
    assert hashlib.blake2s(digests).hexdigest() == test["out"]


def run_mac(test: Test) -> None:
    key, msg = bytes.fromhex(test["key"]), bytes.fromhex(test["msg"])
    assert hmac_blake2s(key, msg).hex() == test["out"]


def run_kdf(test: Test) -> None:
    want = [test[f"t{i}"] for i in (1, 2, 3) if f"t{i}" in test]
    outs = kdf(len(want), bytes.fromhex(test["key"]), bytes.fromhex(test["msg"]))
    assert [out.hex() for out in outs] == want


def run_stream(test: Test) -> None:
    key, iv, msg = (bytes.fromhex(test[k]) for k in ("key", "iv", "msg"))
    assert chacha20(key, iv, test["counter"], msg).hex() == test["ct"]


def run_hchacha(test: Test) -> None:
    assert hchacha20(bytes.fromhex(test["key"]), bytes.fromhex(test["iv"])).hex() == test["out"]


def run_auth(test: Test) -> None:
    assert poly1305(bytes.fromhex(test["key"]), bytes.fromhex(test["msg"])).hex() == test["tag"]


def run_aead(test: Test, prefix: str, iv_bytes: int) -> None:
    key, iv, aad, msg = (bytes.fromhex(test[k]) for k in ("key", "iv", "aad", "msg"))
    sealed = bytes.fromhex(test["ct"] + test["tag"])
    if len(iv) != iv_bytes:
        # The prototype takes no other size: all there is to see is that none of them was valid.
        assert test["result"] == "invalid"
        return
    opened = unseal(f"{prefix[0]}open{prefix[1]}", key, iv, aad, sealed)
    ours = seal(f"{prefix[0]}seal{prefix[1]}", key, iv, aad, msg)
    if test["result"] == "valid":
        assert ours == sealed and opened == msg
    else:
        assert ours != sealed and opened is None


def run_lengths(test: Test) -> None:
    n, key, iv = test["len"], pattern(1, 32), pattern(2, 24)
    msg, aad = pattern(4, n), pattern(3, n % 33)
    assert blake2s(msg).hex() == test["hash"]
    assert blake2s(msg, key, 16).hex() == test["keyed"]
    assert hmac_blake2s(key, msg).hex() == test["mac"]
    assert poly1305(key, msg).hex() == test["auth"]
    sealed = seal("wg_aead_seal_nonce", key, iv[:12], aad, msg)
    assert sealed == ChaCha20Poly1305(key).encrypt(iv[:12], msg, aad)
    assert sealed[-TAG_BYTES:].hex() == test["tag"]
    assert seal("wg_xaead_seal", key, iv, aad, msg)[-TAG_BYTES:].hex() == test["xtag"]


def pattern(seed: int, n: int) -> bytes:
    """As in tests/vectors/make.py."""
    return bytes((i * 167 + (i >> 8) * 59 + seed * 101 + 17) & 255 for i in range(n))


RUNNERS = {
    "XdhComp": run_xdh,
    "XdhIterated": run_xdh_iterated,
    "Hash": run_hash,
    "HashMatrix": run_hash_matrix,
    "Mac": run_mac,
    "Kdf": run_kdf,
    "Stream": run_stream,
    "HChaCha": run_hchacha,
    "OneTimeAuth": run_auth,
    "Lengths": run_lengths,
}
AEADS = {
    "CHACHA20-POLY1305": (("wg_aead_", "_nonce"), 12),
    "XCHACHA20-POLY1305": (("wg_xaead_", ""), 24),
}
ELSEWHERE = {"Noise": "test_noise.py", "Transcript": "test_natmod.py"}


def groups() -> Iterator[Any]:
    for path in sorted(VECTORS.glob("*.json")):
        data = json.loads(path.read_text(encoding="utf-8"))
        for number, group in enumerate(data["testGroups"]):
            if group["type"] not in ELSEWHERE:
                name = f"{path.stem}-{group['type']}-{number}"
                yield pytest.param(data["algorithm"], group, id=name)


@pytest.mark.parametrize(("algorithm", "group"), list(groups()))
def test_vectors(algorithm: str, group: dict[str, Any]) -> None:
    assert group["tests"]
    for test in group["tests"]:
        try:
            if group["type"] == "AeadTest":
                run_aead(test, *AEADS[algorithm])
            else:
                RUNNERS[group["type"]](test)
        except AssertionError as error:
            error.add_note(f"in test {test}") if hasattr(error, "add_note") else print(test)
            raise


def test_each_file_states_its_source_and_licence() -> None:
    counts = {}
    for path in VECTORS.glob("*.json"):
        data = json.loads(path.read_text(encoding="utf-8"))
        assert data["source"] and data["license"], path
        counts[path.stem] = sum(len(group["tests"]) for group in data["testGroups"])
    assert counts["wycheproof_x25519"] == 518
    assert counts["wycheproof_chacha20_poly1305"] == 325
    assert counts["wycheproof_xchacha20_poly1305"] == 315
    assert counts["noise_ikpsk2"] == 1
    assert counts["blake2s_matrix"] == 33


def test_selftest_passes() -> None:
    assert C.wg_selftest() == 0


# --- random inputs against other libraries -----------------------------------------------------

keys = st.binary(min_size=32, max_size=32)
texts = st.binary(max_size=700)
aads = st.binary(max_size=70)


@given(private=keys, public=keys)
def test_x25519_agrees_with_cryptography(private: bytes, public: bytes) -> None:
    ours = X25519PrivateKey.from_private_bytes(private)
    assert x25519_base(private) == ours.public_key().public_bytes_raw()
    good, shared = x25519(private, public)
    try:
        assert shared == ours.exchange(X25519PublicKey.from_public_bytes(public)) and good
    except ValueError:
        assert not good and shared == bytes(32)


@given(key=keys, iv=st.binary(min_size=12, max_size=12), aad=aads, msg=texts)
def test_aead_agrees_with_cryptography(key: bytes, iv: bytes, aad: bytes, msg: bytes) -> None:
    sealed = seal("wg_aead_seal_nonce", key, iv, aad, msg)
    assert sealed == ChaCha20Poly1305(key).encrypt(iv, msg, aad)
    assert unseal("wg_aead_open_nonce", key, iv, aad, sealed) == msg


@given(key=keys, counter=st.integers(0, 2**64 - 1), msg=texts, bit=st.integers(0))
def test_counter_form_and_forgeries(key: bytes, counter: int, msg: bytes, bit: int) -> None:
    iv = bytes(4) + counter.to_bytes(8, "little")
    sealed = seal("wg_aead_seal", key, counter, b"", msg)
    assert sealed == ChaCha20Poly1305(key).encrypt(iv, msg, None)
    forged = bytearray(sealed)
    forged[bit // 8 % len(forged)] ^= 1 << bit % 8
    with pytest.raises(InvalidTag):
        ChaCha20Poly1305(key).decrypt(iv, bytes(forged), None)
    assert unseal("wg_aead_open", key, counter, b"", bytes(forged)) is None
    assert unseal("wg_aead_open", key, counter, b"", sealed) == msg


@given(
    key=keys, iv=st.binary(min_size=12, max_size=12), counter=st.integers(0, 2**32 - 64), msg=texts
)
def test_chacha20_agrees_with_cryptography(key: bytes, iv: bytes, counter: int, msg: bytes) -> None:
    oracle = algorithms.ChaCha20(key, counter.to_bytes(4, "little") + iv)
    assert chacha20(key, iv, counter, msg) == Cipher(oracle, None).encryptor().update(msg)


@given(key=keys, msg=texts)
def test_poly1305_agrees_with_cryptography(key: bytes, msg: bytes) -> None:
    assert poly1305(key, msg) == Poly1305.generate_tag(key, msg)


@given(key=st.binary(max_size=32), msg=texts, size=st.integers(1, 32))
def test_blake2s_agrees_with_hashlib(key: bytes, msg: bytes, size: int) -> None:
    assert blake2s(msg, key, size) == hashlib.blake2s(msg, key=key, digest_size=size).digest()


@settings(max_examples=50)
@given(key=st.binary(max_size=150), msg=texts)
def test_hmac_agrees_with_hmac(key: bytes, msg: bytes) -> None:
    assert hmac_blake2s(key, msg) == hmac.new(key, msg, "blake2s").digest()
