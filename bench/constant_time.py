# SPDX-License-Identifier: MIT
"""Whether time and addresses depend on secrets: the same instructions must run, and the same
addresses be loaded and stored, whatever the secret is."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator

from . import answers, emulator
from .build import Program
from .emulator import Request, Result

P = 2**255 - 19
SEED = 25519
SECRETS = 64

# u-coordinates of small order, and what is not reduced (RFC 7748 sections 5 and 6.1).
EDGE_POINTS = (
    0,
    1,
    325606250916557431795983626356110631294008115727848805560023387167927233504,
    39382357235489614581723060781553021112529911719440698176882885853963445705823,
    P - 1,
    P,
    P + 1,
    2**255 - 1,
    2**256 - 1,
    9,
)
# Carries: limbs of 32, 26, 25 and 16 bits at all ones and at zero, one bit, the field's borders.
EDGE_SECRETS = (
    0,
    2**256 - 1,
    1,
    2**255,
    2**254,
    P - 1,
    P,
    2**255 - 1,
    int("55" * 32, 16),
    int("aa" * 32, 16),
    int("00000000ffffffff" * 4, 16),
    int("ffffffff00000000" * 4, 16),
    int("ffff0000" * 8, 16),
    sum(1 << 51 * i for i in range(5)),
    sum(1 << 32 * i + 31 for i in range(8)),
    2**252 + 27742317777372353535851937790883648493,
)
# Messages that are secret too: zeros, ones, and pseudo-random ones.
EDGE_SEEDS = (0, 0xFFFFFFFF)

# Time of these depends on the operands: the divide everywhere, the long multiply on the Cortex-M3
# (its Technical Reference Manual: 3 to 5 and 4 to 7 cycles).
VARIABLE = {"m3": ("divide", "long_mul", "long_mla")}


def _bytes(number: int) -> bytes:
    return number.to_bytes(32, "little")


def secrets() -> list[bytes]:
    """Edge cases and random ones, the same in every run."""
    generator = random.Random(SEED)
    edges = [_bytes(number) for number in EDGE_SECRETS]
    return edges + [generator.randbytes(32) for _ in range(SECRETS - len(edges))]


def points() -> list[bytes]:
    generator = random.Random(SEED + 1)
    return [_bytes(number) for number in EDGE_POINTS] + [generator.randbytes(32) for _ in range(6)]


def batches(core_lengths: tuple[int, ...] = (0, 131)) -> Iterator[tuple[str, list[Request]]]:
    """(name, requests that differ in their secrets only)."""
    keys = secrets()
    seeds = [*EDGE_SEEDS, *range(7, 5 + len(keys))]
    yield "x25519", [Request("x25519", 32, secret=k) for k in keys]
    yield "x25519 points", [Request("x25519", 32, input=p) for p in points()]
    yield "x25519_base", [Request("x25519_base", 32, secret=k) for k in keys]
    for op in ("seal", "open", "blake2s_keyed", "hkdf"):
        for length in core_lengths:
            pairs = zip(keys, seeds, strict=True)
            yield f"{op} {length}", [Request(op, length, secret=k, seed=s) for k, s in pairs]
    yield (
        "forged",
        [Request("forged", 64, secret=k, input=bytes([i % 16]) * 32) for i, k in enumerate(keys)],
    )


def differences(name: str, requests: list[Request], results: list[Result]) -> Iterator[str]:
    """A line when the traces are not all the same, naming a request that stands out."""
    for kind in ("code", "data"):
        traces = Counter(getattr(result, kind) for result in results)
        if len(traces) == 1:
            continue
        usual = traces.most_common(1)[0][0]
        at = next(i for i, result in enumerate(results) if getattr(result, kind) != usual)
        yield (
            f"{name}: {len(traces)} different {kind} traces in {len(results)} runs, "
            f"e.g. secret {requests[at].secret.hex()}"
        )


def variable_time(program: Program, name: str, results: list[Result]) -> Iterator[str]:
    """A line when an instruction was executed whose time depends on what it works on."""
    for kind in VARIABLE.get(program.target.name, ("divide",)):
        count = results[0].classes.get(kind, 0)
        if count:
            yield f"{name}: {count} instructions of the class {kind}"


def check(program: Program, only: str = "") -> tuple[list[str], list[str]]:
    """(what differs, what takes a varying time): should be empty. only: the name of a batch."""
    unequal, varying = [], []
    for name, requests in batches():
        if only not in ("", name):
            continue
        results = emulator.run(program, requests)
        unequal += differences(name, requests, results)
        varying += variable_time(program, name, results)
        for request, result in zip(requests, results, strict=True):
            if result.output != answers.expected(request):
                unequal.append(f"{name}: wrong answer for secret {request.secret.hex()}")
                break
    return unequal, varying
