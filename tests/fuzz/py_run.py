# SPDX-License-Identifier: MIT
"""Run the Python fuzz targets with atheris: python tests/fuzz/py_run.py SECONDS [TARGET …]

The seconds are for all targets together. What is found stays in .cache/fuzz/<target>/, and each
input that fails is named; `python tests/fuzz/py_run.py 0 TARGET FILE` runs one input alone.
Inputs worth keeping go to tests/fuzz/py_corpus/<target>/, where `make test` runs them.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT / "tests" / "fuzz" / "py_corpus"
CACHE = ROOT / ".cache" / "fuzz"
TARGETS = ("receive", "config", "agent", "wgconf")
INPUT_MAX_BYTES = 8192
GRACE_S = 120
sys.path[:0] = [str(ROOT / p) for p in (".", "host_tools", "mpy", "firmware/binding/cpython")]


def fuzz(name: str, seconds: int) -> None:
    """In a process of its own: libFuzzer ends it."""
    import atheris

    with atheris.instrument_imports(include=["wireguard", "wgprov"]):
        target = importlib.import_module(f"tests.fuzz.py_{name}")
    work, found = CACHE / name, CACHE / "found"
    work.mkdir(parents=True, exist_ok=True)
    found.mkdir(exist_ok=True)
    for number, seed in enumerate(target.SEEDS):
        (work / f"seed-{number}").write_bytes(seed)
    folders = [str(work), *([str(CORPUS / name)] if (CORPUS / name).is_dir() else [])]
    options = [f"-max_total_time={seconds}", f"-max_len={INPUT_MAX_BYTES}", "-print_final_stats=1"]
    options += [f"-artifact_prefix={found}/{name}-", "-rss_limit_mb=2048", "-timeout=20"]
    atheris.Setup([sys.argv[0], *options, *folders], target.one)
    atheris.Fuzz()


def main(arguments: list[str]) -> int:
    seconds, names = int(arguments[0]), arguments[1:]
    if names[:1] == ["--inside"]:
        fuzz(names[1], seconds)
        return 0
    if seconds == 0:
        importlib.import_module(f"tests.fuzz.py_{names[0]}").one(Path(names[1]).read_bytes())
        return 0
    names = names or list(TARGETS)
    each, failed = max(1, seconds // len(names)), []
    for name in names:
        command = [sys.executable, __file__, str(each), "--inside", name]
        log = CACHE / f"{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as out:
            done = subprocess.run(command, stderr=out, stdout=out, timeout=each + GRACE_S)
        lines = log.read_text(errors="replace").splitlines()
        runs = [line.split()[-1] for line in lines if line.startswith("stat::number_of_executed")]
        verdict = "nothing found" if done.returncode == 0 else f"FOUND (see {log})"
        print(f"{name:10} {each} s, {runs[0] if runs else '?'} runs: {verdict}", flush=True)
        if done.returncode:
            failed.append(name)
            print(
                "\n".join(f"    {line}" for line in lines if "Error" in line or "artifact" in line)
            )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
