# SPDX-License-Identifier: MIT
# Vectors of tests/vectors on a native module: the same file on CPython and on every MicroPython.
# A case is a group's type and a dict of hex strings, as they stand in the files.
#
# With the module as it is given away: hashes, XChaCha20-Poly1305, and Diffie-Hellman, whose result
# only shows in what a symmetric state seals with it (`sealed`, made by the host). With the module
# that has the primitives as well (raw.c): all of them.
from binascii import unhexlify

import _wireguard

NONCE_BYTES = {"AeadTest": 12, "XAeadTest": 24}


def hexes(test, *names):
    return [unhexlify(test.get(name) or "") for name in names]


def hash_(t):
    key, msg, out = hexes(t, "key", "msg", "out")
    return _wireguard.blake2s(msg, key, len(out)) == out


def sealed_dh(t):
    private, public, sealed = hexes(t, "private", "public", "sealed")
    key = _wireguard.PrivateKey(private)
    state = _wireguard.SymmetricState(public)
    good = state.mix_dh(key, public)
    try:
        if not sealed:
            return not good
        return good and state.seal(b"after the DH") == sealed
    finally:
        key.wipe()
        state.wipe()


def aead(t, seal, open_):
    key, iv, aad, msg, ct, tag = hexes(t, "key", "iv", "aad", "msg", "ct", "tag")
    valid = t.get("result", "valid") == "valid"
    same = seal(key, iv, msg, aad) == ct + tag
    return same == valid and open_(key, iv, ct + tag, aad) == (msg if valid else None)


def xaead(t):
    return aead(t, _wireguard.xaead_seal, _wireguard.xaead_open)


# raw.c


def raw_aead(t):
    return aead(t, _wireguard.aead_seal, _wireguard.aead_open)


def xdh(t):
    private, public, shared = hexes(t, "private", "public", "shared")
    got = _wireguard.x25519(private, public)
    return got == (None if shared == bytes(32) else shared)


def xdh_iterated(t):
    k = u = unhexlify(t["k"])
    for _ in range(t["count"]):
        k, u = _wireguard.x25519(k, u), k
    return k == unhexlify(t["out"])


def mac(t):
    key, msg, out = hexes(t, "key", "msg", "out")
    return _wireguard.hmac(key, msg) == out


def kdf(t):
    key, msg, t1, t2, t3 = hexes(t, "key", "msg", "t1", "t2", "t3")
    return _wireguard.kdf(key, msg, 1 + bool(t2) + bool(t3)) == t1 + t2 + t3


def stream(t):
    key, iv, msg, ct = hexes(t, "key", "iv", "msg", "ct")
    return _wireguard.chacha20(key, iv, t["counter"], msg) == ct


def hchacha(t):
    key, iv, out = hexes(t, "key", "iv", "out")
    return _wireguard.hchacha20(key, iv) == out


def auth(t):
    key, msg, tag = hexes(t, "key", "msg", "tag")
    return _wireguard.poly1305(key, msg) == tag


def pattern(n, seed):
    return bytes([(i * 167 + (i >> 8) * 59 + seed * 101 + 17) & 0xFF for i in range(n)])


def lengths(t):
    """make.py: every length around the borders of blocks, from patterns."""
    n, key = t["len"], pattern(32, 1)
    msg, aad, iv = pattern(n, 4), pattern(n % 33, 3), pattern(24, 2)
    got = (
        _wireguard.blake2s(msg),
        _wireguard.blake2s(msg, key, 16),
        _wireguard.hmac(key, msg),
        _wireguard.poly1305(key, msg),
        _wireguard.aead_seal(key, iv[:12], msg, aad)[-16:],
        _wireguard.xaead_seal(key, iv, msg, aad)[-16:],
    )
    return list(got) == hexes(t, "hash", "keyed", "mac", "auth", "tag", "xtag")


def hash_matrix(t):
    """make.py: every length from 0 to 512, with a key of one length."""
    key, message, digests = pattern(t["keylen"], 1), pattern(512, 4), bytearray()
    for n in range(513):
        digests += _wireguard.blake2s(message[:n], key, n % 32 + 1)
    return _wireguard.blake2s(digests) == unhexlify(t["out"])


PLAIN = {"Hash": hash_, "HashMatrix": hash_matrix, "XAeadTest": xaead, "SealedDh": sealed_dh}
RAW = {
    "AeadTest": raw_aead,
    "XdhComp": xdh,
    "XdhIterated": xdh_iterated,
    "Mac": mac,
    "Kdf": kdf,
    "Stream": stream,
    "HChaCha": hchacha,
    "OneTimeAuth": auth,
    "Lengths": lengths,
}


def run(kind, tests):
    """Ids of the tests that are wrong. A nonce of a wrong size must not be taken."""
    check = PLAIN.get(kind) or RAW[kind]
    wrong = []
    for t in tests:
        if kind in NONCE_BYTES and len(t["iv"]) != 2 * NONCE_BYTES[kind]:
            try:
                check(t)
                good = False
            except ValueError:
                good = True
        else:
            good = check(t)
        if not good:
            wrong.append(t.get("tcId", t.get("len")))
    return wrong
