# SPDX-License-Identifier: MIT
"""tests/device/test_crypto.py, here and on each emulated board's own firmware, with every vector
that the `_wireguard` module can be given."""

from __future__ import annotations

import ast
import importlib.util
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from mpremote.transport_serial import SerialTransport

from wgprov.targets.qemu import MACHINES, QemuBoard

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "tests" / "device" / "test_crypto.py"
BATCH = 20
DH_CASES = 12
MESSAGE_BYTES_MAX = 300


def vectors_of(name: str, kind: str) -> list[dict[str, Any]]:
    data = json.loads((ROOT / "tests" / "vectors" / f"{name}.json").read_text(encoding="utf-8"))
    return [test for g in data["testGroups"] if g["type"] == kind for test in g["tests"]]


def hash_cases() -> list[tuple]:
    return [(t["key"], t["msg"], t["out"]) for t in vectors_of("rfc7693", "Hash")]


def xaead_cases() -> list[tuple]:
    return [
        (t["key"], t["iv"], t["aad"], t["msg"], t["ct"] + t["tag"], t["result"] == "valid")
        for t in vectors_of("wycheproof_xchacha20_poly1305", "AeadTest")
        if len(t["iv"]) == 48 and len(t["msg"]) <= 2 * MESSAGE_BYTES_MAX
    ]


def dh_cases() -> list[tuple[str, str]]:
    """Few, for each is two ladders, and all of them go through each core in test_vectors_native."""
    cases = [(t["private"], t["public"]) for t in vectors_of("wycheproof_x25519", "XdhComp")]
    step = len(cases) // (DH_CASES - 2)
    zero = next(
        (t["private"], t["public"])
        for t in vectors_of("wycheproof_x25519", "XdhComp")
        if set(t["shared"]) == {"0"}
    )
    return [*cases[::step][: DH_CASES - 1], zero]


def host_module() -> Any:
    spec = importlib.util.spec_from_file_location("device_test_crypto", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@contextmanager
def board(env: str, folder: Path) -> Iterator[SerialTransport]:
    elf = ROOT / ".cache" / "build" / "firmware" / env / "firmware.elf"
    assert elf.exists(), f"no firmware for {env}: run `make {env}`"
    with QemuBoard(env, elf, folder / "flash.bin") as qemu:
        qemu.wait_prompt(20)
        line = SerialTransport(qemu.port, timeout=5)
        try:
            line.enter_raw_repl(soft_reset=False, timeout_overall=10)
            yield line
        finally:
            line.close()


def run(line: SerialTransport, code: str) -> str:
    out, err = line.exec_raw(code, timeout=60)
    assert not err, err.decode()
    return out.decode()


def call(line: SerialTransport, function: str, argument: object) -> object:
    return ast.literal_eval(run(line, f"print({function}({argument!r}))").strip())


def test_script_on_cpython() -> None:
    module = host_module()
    for name in ("test_selftest", "test_blake2s", "test_xaead", "test_x25519"):
        getattr(module, name)()
    assert module.hash_cases(hash_cases()) == []
    assert module.xaead_cases(xaead_cases()) == []
    spoilt = [(*case[:4], "00" + case[4][2:], True) for case in xaead_cases()[:3]]
    assert module.xaead_cases(spoilt) == [0, 1, 2]


@pytest.mark.slow
@pytest.mark.parametrize(
    "env",
    [pytest.param(e, marks=[] if e == "qemu_an386" else pytest.mark.long) for e in MACHINES],
)
def test_script_on_board(env: str, tmp_path: Path) -> None:
    module, hashes, xaeads = host_module(), hash_cases(), xaead_cases()
    assert len(hashes) >= 49 and len(xaeads) > 250
    with board(env, tmp_path) as line:
        assert run(line, SCRIPT.read_text(encoding="utf-8")).count("PASS") == 4
        for at in range(0, len(hashes), 8):
            assert call(line, "hash_cases", hashes[at : at + 8]) == []
        for at in range(0, len(xaeads), BATCH):
            assert call(line, "xaead_cases", xaeads[at : at + BATCH]) == []
        for private, public in dh_cases():
            on_board = run(line, f"print(dh({private!r}, {public!r}))")
            assert ast.literal_eval(on_board.strip()) == module.dh(private, public)
