# SPDX-License-Identifier: MIT
# The primitives that `_wireguard` shows, by vectors: the same file on MicroPython and on CPython.
# Run alone it checks the few answers below; tests/unit/test_vectors_device.py loads it on a board
# and hands it all the others in batches. Everything takes and gives hex strings.
from binascii import hexlify, unhexlify

import _wireguard


def hash_cases(cases):
    """Numbers of the (key, msg, out) that BLAKE2s gets wrong."""
    wrong = []
    for number, (key, msg, out) in enumerate(cases):
        digest = _wireguard.blake2s(unhexlify(msg), unhexlify(key), len(out) // 2)
        if hexlify(digest).decode() != out:
            wrong.append(number)
    return wrong


def xaead_cases(cases):
    """Numbers of the (key, iv, aad, msg, sealed, valid) that XChaCha20-Poly1305 gets wrong."""
    wrong = []
    for number, (key, iv, aad, msg, sealed, valid) in enumerate(cases):
        key, iv, aad, msg, sealed = (unhexlify(x) for x in (key, iv, aad, msg, sealed))
        same = _wireguard.xaead_seal(key, iv, msg, aad) == sealed
        opened = _wireguard.xaead_open(key, iv, sealed, aad)
        if same != valid or opened != (msg if valid else None):
            wrong.append(number)
    return wrong


def dh(private, public):
    """(public key of private, verdict of the DH, what a symmetric state seals after it)."""
    key = _wireguard.PrivateKey(bytearray(unhexlify(private)))
    state = _wireguard.SymmetricState(unhexlify(public))
    good = state.mix_dh(key, unhexlify(public))
    sealed = state.seal(b"after the DH") if good else b""
    answer = hexlify(key.public_key()).decode(), good, hexlify(sealed).decode()
    key.wipe()
    state.wipe()
    return answer


def test_selftest():
    assert _wireguard.selftest() == 0


def test_blake2s():
    abc = "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982"  # RFC 7693 B
    assert hash_cases([("", "616263", abc)]) == []
    assert hash_cases([("", "616264", abc)]) == [0]


def test_xaead():
    key, iv = "00" * 32, "11" * 24
    sealed = hexlify(_wireguard.xaead_seal(unhexlify(key), unhexlify(iv), b"\x07", b"")).decode()
    assert xaead_cases([(key, iv, "", "07", sealed, True)]) == []
    assert xaead_cases([(key, iv, "22", "07", sealed, True)]) == [0]


def test_x25519():
    alice = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"  # RFC 7748 6.1
    public = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"
    bob = "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"
    assert dh(alice, bob)[:2] == (public, True)
    assert dh(alice, "00" * 32) == (public, False, "")


if __name__ == "__main__":
    for test in (test_selftest, test_blake2s, test_xaead, test_x25519):
        test()
        print("PASS", test.__name__)
