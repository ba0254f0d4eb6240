# SPDX-License-Identifier: MIT
"""Each native module runs, in a MicroPython of its architecture: vectors, and a recorded handshake
with wireguard-go. The file that is given away runs those that its functions can be given, one in
eight where that takes long; the same sources with the primitives as functions (raw.c) run all."""

from __future__ import annotations

import ast
import hashlib
import hmac
import json
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "natmod"))
import machines  # noqa: E402

VECTORS = ROOT / "tests" / "vectors"
BATCH_CHARS = 6000
SAMPLE_STEP = 8
ARCHS = ("x64", "armv6m", "armv7m", "armv7emsp", "armv7emdp", "rv32imc", "xtensawin", "xtensa")
ALL = [pytest.param(a, marks=[] if a == "x64" else pytest.mark.boards) for a in ARCHS]
EACH = [pytest.param(a, marks=[] if a in ("x64", "armv6m") else pytest.mark.boards) for a in ARCHS]


def blake2s(*parts: bytes) -> bytes:
    return hashlib.blake2s(b"".join(parts)).digest()


def kdf2(key: bytes, data: bytes) -> tuple[bytes, bytes]:
    def mac(k: bytes, d: bytes) -> bytes:
        return hmac.new(k, d, hashlib.blake2s).digest()

    secret = mac(key, data)
    first = mac(secret, b"\x01")
    return first, mac(secret, first + b"\x02")


def sealed_dh(public: bytes, shared: bytes) -> bytes:
    """What a symmetric state seals after a Diffie-Hellman, by hashlib and PyPI's cryptography."""
    ck = blake2s(b"Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s")
    h = blake2s(blake2s(ck, b"WireGuard v1 zx2c4 Jason@zx2c4.com"), public)
    return ChaCha20Poly1305(kdf2(ck, shared)[1]).encrypt(bytes(12), b"after the DH", h)


@cache
def groups() -> list[tuple[str, list[dict[str, Any]]]]:
    found = []
    for path in sorted(VECTORS.glob("*.json")):
        data = json.loads(path.read_text(encoding="utf-8"))
        for group in data["testGroups"]:
            kind = group["type"]
            if kind == "AeadTest" and data["algorithm"].startswith("XCHACHA20"):
                kind = "XAeadTest"
            found.append((kind, group["tests"]))
    return found


def with_seal(test: dict[str, Any]) -> dict[str, Any]:
    shared = bytes.fromhex(test["shared"])
    sealed = sealed_dh(bytes.fromhex(test["public"]), shared) if any(shared) else b""
    return {k: test[k] for k in ("tcId", "private", "public")} | {"sealed": sealed.hex()}


def plain_groups() -> list[tuple[str, list[dict[str, Any]]]]:
    dh = [
        ("SealedDh", [with_seal(t) for t in tests]) for kind, tests in groups() if kind == "XdhComp"
    ]
    return dh + [group for group in groups() if group[0] in ("Hash", "HashMatrix", "XAeadTest")]


def raw_groups() -> list[tuple[str, list[dict[str, Any]]]]:
    return [group for group in groups() if group[0] not in ("Noise", "Transcript")]


def batches(tests: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    found: list[list[dict[str, Any]]] = []
    size = BATCH_CHARS
    for test in tests:
        test = {k: v for k, v in test.items() if k not in ("comment", "flags")}
        if size >= BATCH_CHARS:
            found.append([])
            size = 0
        found[-1].append(test)
        size += len(repr(test))
    return found


def run_groups(machine: Any, chosen: list[tuple[str, list[dict[str, Any]]]], step: int) -> int:
    """The number of vectors that went through; raises for the first batch with a wrong one."""
    machine.exec("import vectors")
    count = 0
    for kind, tests in chosen:
        for batch in batches(tests[::step]):
            wrong = machine.exec(f"print(vectors.run({kind!r}, {batch!r}))")
            assert ast.literal_eval(wrong.strip()) == [], kind
            count += len(batch)
    return count


def module_of(arch: str, suffix: str = "") -> Path:
    return machines.BUILD / (arch + suffix) / "_wireguard.mpy"


def transcripts() -> list[dict[str, Any]]:
    return next(tests for kind, tests in groups() if kind == "Transcript")


def replay(machine: Any, test: dict[str, Any]) -> int:
    head = {key: value for key, value in test.items() if key not in ("packets", "peer_private")}
    machine.exec(f"import transcript\nend = transcript.replay({head!r})")
    for direction, inner, datagram in test["packets"]:
        machine.exec(f"transcript.packet(end, {direction!r}, {inner!r}, {datagram!r})")
    machine.exec("end.wipe()")
    return len(test["packets"])


@pytest.mark.parametrize("arch", EACH)
def test_module(arch: str) -> None:
    """The file that is given away."""
    step = 1 if arch == "x64" else SAMPLE_STEP
    with machines.machine(arch, module_of(arch)) as machine:
        assert machine.exec("import _wireguard\nprint(_wireguard.selftest())") == "0\n"
        assert sum(replay(machine, test) for test in transcripts()) >= 19
        assert run_groups(machine, plain_groups(), step) >= 800 // step


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("arch", ALL)
def test_every_vector(arch: str) -> None:
    with machines.machine(arch, module_of(arch, "-raw")) as machine:
        assert run_groups(machine, raw_groups(), 1) > 1600


def test_a_wrong_transcript_and_vector_are_noticed() -> None:
    with machines.machine("x64", module_of("x64")) as machine:
        for field in ("ephemeral", "preshared", "our_private", "timestamp"):
            test = dict(transcripts()[0])
            test[field] = (
                "00" + test[field][2:] if test[field][:2] != "00" else "01" + test[field][2:]
            )
            with pytest.raises(machines.Failed):
                replay(machine, test)
        test = dict(transcripts()[0])
        direction, inner, datagram = test["packets"][2]
        test["packets"] = [*test["packets"][:2], [direction, inner[:-2] + "ff", datagram]]
        with pytest.raises(machines.Failed):
            replay(machine, test)
        kind, tests = plain_groups()[0]
        spoilt = [{**tests[0], "sealed": "00" + tests[0]["sealed"][2:]}]
        with pytest.raises(AssertionError):
            run_groups(machine, [(kind, spoilt)], 1)


def test_a_module_with_a_wrong_constant_fails_the_transcript(tmp_path: Path) -> None:
    """The protocol's identifier is in no self-test: only the recording can tell."""
    data = module_of("x64").read_bytes()
    assert data.count(b"WireGuard v1 zx2c4") == 1
    wrong = tmp_path / "_wireguard.mpy"
    wrong.write_bytes(data.replace(b"WireGuard v1 zx2c4", b"WireGuard v2 zx2c4"))
    with machines.machine("x64", wrong) as machine:
        assert machine.exec("import _wireguard\nprint(_wireguard.selftest())") == "0\n"
        for test in transcripts():
            with pytest.raises(machines.Failed, match="AssertionError|TypeError"):
                replay(machine, test)
