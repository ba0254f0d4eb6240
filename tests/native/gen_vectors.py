# SPDX-License-Identifier: MIT
"""Packs tests/vectors/*.json into one file that C reads: gen_vectors.py OUT.bin IN.json…

A record is: type (1 byte, TYPES), valid (1), name (2-byte length, bytes), number of fields (1), and
each field (4-byte length, bytes). Lengths are little-endian. A type of 0 ends the file.
"""

from __future__ import annotations

import json
import struct
import sys
from pathlib import Path
from typing import Any

# type of a group: (number, fields in order). An integer field is 4 bytes, little-endian.
TYPES: dict[str, tuple[int, tuple[str, ...]]] = {
    "XdhComp": (1, ("private", "public", "shared")),
    "XdhIterated": (2, ("k", "count", "out")),
    "Hash": (3, ("key", "msg", "out")),
    "Mac": (4, ("key", "msg", "out")),
    "Kdf": (5, ("key", "msg", "t1", "t2", "t3")),
    "Stream": (6, ("key", "iv", "counter", "msg", "ct")),
    "HChaCha": (7, ("key", "iv", "out")),
    "OneTimeAuth": (8, ("key", "msg", "tag")),
    "AeadTest": (9, ("key", "iv", "aad", "msg", "ct", "tag")),
    "XAeadTest": (10, ("key", "iv", "aad", "msg", "ct", "tag")),
    "HashMatrix": (12, ("keylen", "out")),
    "Lengths": (11, ("len", "hash", "keyed", "mac", "auth", "tag", "xtag")),
}
# No primitive's business: tests/unit's test_noise.py and test_natmod.py take them.
ELSEWHERE = {"Noise", "Transcript"}


def field(value: int | str | None) -> bytes:
    data = struct.pack("<I", value) if isinstance(value, int) else bytes.fromhex(value or "")
    return struct.pack("<I", len(data)) + data


def valid(kind: str, test: dict[str, Any]) -> bool:
    """Wycheproof's verdict; but an all-zero secret, acceptable there, must fail here."""
    if kind == "XdhComp":
        return set(test["shared"]) != {"0"}
    return test.get("result", "valid") == "valid"


def record(kind: str, name: str, test: dict[str, Any]) -> bytes:
    number, names = TYPES[kind]
    head = struct.pack("<BBH", number, valid(kind, test), len(name)) + name.encode()
    present = [test.get(n) for n in names]
    return head + bytes([len(names)]) + b"".join(field(value) for value in present)


def pack(path: Path) -> tuple[bytes, int]:
    data = json.loads(path.read_text())
    prefix = "X" if data["algorithm"].startswith("XCHACHA20") else ""
    out, count = b"", 0
    for group in data["testGroups"]:
        if group["type"] in ELSEWHERE:
            continue
        kind = prefix + group["type"] if group["type"] == "AeadTest" else group["type"]
        for test in group["tests"]:
            number = test.get("tcId", test.get("len"))
            out += record(kind, f"{path.stem}/{group['type']}/{number}", test)
            count += 1
    return out, count


def main(out: str, *sources: str) -> None:
    packed = [pack(Path(source)) for source in sorted(sources)]
    if not sum(count for _, count in packed):
        sys.exit("gen_vectors: no vector found")
    Path(out).write_bytes(b"".join(data for data, _ in packed) + b"\0")


if __name__ == "__main__":
    main(*sys.argv[1:])
