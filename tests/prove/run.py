#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`make prove`: CBMC on the C receive path, one line for each proof with its bound.

Every loop is unwound as often as it can run, which CBMC checks as well: a bound that is too small
is a failure. Then the same proofs with a planted defect each, which they have to find."""

from __future__ import annotations

import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CBMC = ROOT / ".cache" / "cbmc" / "bin" / "cbmc"
PLANTED = ROOT / ".cache" / "build" / "prove"
SESSION = "firmware/session/"
HERE = "tests/prove/"
CHECKS = ["--bounds-check", "--pointer-check", "--pointer-overflow-check"]
CHECKS += ["--signed-overflow-check", "--undefined-shift-check", "--unwinding-assertions"]
# Of CPU time, so that a busy machine does not fail a proof.
TIMEOUT_S = 240
DEADLINE_S = 900
GOOD, BAD = "VERIFICATION SUCCESSFUL", "VERIFICATION FAILED"


@dataclass(frozen=True)
class Proof:
    """A harness of this folder, the sources that it is about, and how far it goes."""

    bound: str
    harness: str
    sources: tuple[str, ...]
    options: str
    stubbed: bool = True


@dataclass(frozen=True)
class Defect:
    """One text in one source, what takes its place, and the proof that has to fail by it."""

    label: str
    source: str
    old: str
    new: str
    proof: Proof


def induction(bits: int) -> Proof:
    """A step clears at most bits / 32 + 1 words."""
    bound = f"sequences of any length, any counters, window of {bits} (induction)"
    options = f"-DWG_REPLAY_BITS={bits} --unwind {bits // 32 + 2}"
    return Proof(bound, "replay_induction", ("wg_replay",), options, stubbed=False)


def sequence(count: int, bits: int) -> Proof:
    """From the empty window on."""
    bound = f"every sequence of {count} counters, window of {bits}"
    options = f"-DN={count} -DWG_REPLAY_BITS={bits} --unwind {max(bits // 32 + 2, count + 1)}"
    return Proof(bound, "replay_sequence", ("wg_replay",), options, stubbed=False)


INDUCTION = induction(128)
SEQUENCE = sequence(3, 64)
SESSION_OPEN = Proof(
    "length 0..2048, any state, window of 1024",
    "session_open",
    ("wg_session", "wg_replay"),
    "-DLEN_MAX=2048 --unwind 34",
)
PATH = Proof(
    "length 0..2048, any type, at most 1 peer, window of 64",
    "path_input",
    ("wg_path", "wg_peer", "wg_session", "wg_replay", "wg_ip"),
    "-DLEN_MAX=2048 -DPEERS=1 -DWG_REPLAY_BITS=64 --unwind 5 --unwindset memcmp.0:17",
)
INNER = Proof("length 0..2048", "inner_packet", ("wg_ip",), "-DLEN_MAX=2048 --unwind 5")
ALLOWEDIPS = Proof(
    "any address, any table of at most 1 prefix",
    "allowedips",
    ("wg_allowedips",),
    "-DPREFIXES=1 --unwind 4 --unwindset compare_prefix.0:17,covers.0:129",
)
PROOFS = [sequence(4, 64), sequence(2, 1024), INDUCTION, induction(256)]
PROOFS += [INNER, SESSION_OPEN, ALLOWEDIPS, PATH]

DEFECTS = [
    Defect(
        "window short by one",
        "wg_replay",
        "r->greatest - counter < WG_REPLAY_WINDOW",
        "r->greatest - counter < WG_REPLAY_WINDOW - 1",
        SEQUENCE,
    ),
    Defect(
        "clearing begins one bit late",
        "wg_replay",
        "counter - fresh + 1, fresh);",
        "counter - fresh + 2, fresh - 1);",
        INDUCTION,
    ),
    Defect(
        "IPv6 length read past the end",
        "wg_ip",
        "len >= WG_IPV6_HEADER_BYTES &&",
        "len >= 4 &&",
        INNER,
    ),
    Defect(
        "header read past the end",
        "wg_session",
        "len < WG_DATA_OVERHEAD_BYTES ||",
        "len < WG_DATA_HEADER_BYTES - 1 ||",
        SESSION_OPEN,
    ),
    Defect(
        "mac1 read past the end",
        "wg_path",
        "size_t covered = len - 2 * MAC_BYTES;",
        "size_t covered = len - MAC_BYTES + 1;",
        PATH,
    ),
    Defect(
        "last bits of an address not compared",
        "wg_allowedips",
        "return bits == 0 ? 0 :",
        "return bits < 8 ? 0 :",
        ALLOWEDIPS,
    ),
]


def cpu_s() -> float:
    """What the children that have ended have used."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run_cbmc(proof: Proof, timeout_s: int, replaced: dict[str, Path]) -> tuple[str, str]:
    """CBMC's verdict, and what it said."""
    files = [str(replaced.get(name, f"{SESSION}{name}.c")) for name in proof.sources]
    files += [f"{HERE}{name}.c" for name in ("stubs",) if proof.stubbed]
    command = [CBMC, *CHECKS, "--stop-on-fail", "--slice-formula", *proof.options.split()]
    command += ["-Ifirmware/session/include", "-Ifirmware/crypto/include"]
    done = subprocess.run(
        [*command, *files, f"{HERE}{proof.harness}.c"],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (timeout_s, timeout_s)),
    )
    if done.returncode < 0:
        return f"no verdict within {timeout_s} s of CPU time", ""
    last = (done.stdout.strip().splitlines() or ["nothing"])[-1]
    return last, done.stdout


def plant(defect: Defect) -> Path:
    """The source with the defect in it."""
    text = (ROOT / SESSION / f"{defect.source}.c").read_text(encoding="utf-8")
    if text.count(defect.old) != 1:
        raise SystemExit(f"prove: {defect.source}.c has not exactly once: {defect.old}")
    path = PLANTED / f"{defect.source}.c"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.replace(defect.old, defect.new), encoding="utf-8")
    return path


def violated(output: str) -> str:
    """CBMC's words about the property that does not hold."""
    lines = output.splitlines()
    for i, line in enumerate(lines):
        if line == "Violated property:":
            return "\n".join(lines[i + 1 : i + 4])
    return "\n".join(lines[-5:])


def main() -> int:
    """0 when everything is proved and every planted defect is found."""
    failures = 0
    todo: list[tuple[Proof, Defect | None]] = [(proof, None) for proof in PROOFS]
    todo += [(defect.proof, defect) for defect in DEFECTS]
    for proof, defect in todo:
        started = cpu_s()
        replaced = {defect.source: plant(defect)} if defect else {}
        timeout_s = max(1, min(TIMEOUT_S, int(DEADLINE_S - started)))
        verdict, output = run_cbmc(proof, timeout_s, replaced)
        took = f"{cpu_s() - started:.1f} s"
        if verdict != (BAD if defect else GOOD) or (defect and "Violated" not in output):
            failures += 1
            what = f"planted: {defect.label}" if defect else proof.bound
            print(f"  FAILED  {proof.harness}: {what}: {verdict}\n{violated(output)}")
        elif defect:
            print(f"  found   {proof.harness}: planted: {defect.label} ({took})")
        else:
            print(f"  proved  {proof.harness}: {proof.bound} ({took})")
    print(f"  prove: {len(PROOFS)} proofs, {len(DEFECTS)} planted defects, {failures} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
