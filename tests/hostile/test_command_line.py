# SPDX-License-Identifier: MIT
"""`python -m tests.hostile`, as somebody runs it on a stack of theirs."""

from __future__ import annotations

import base64
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from peer.driver import Peer, PeerConfig

from tests.hostile import noise
from tests.hostile.cases import CASES

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_S = 60


def hostile(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.hostile", *arguments]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )


def text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


@pytest.fixture(scope="module")
def arguments(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """Of a wireguard-go that knows one key of ours."""
    folder = tmp_path_factory.mktemp("cli")
    private = noise.new_private()
    file = folder / "me.key"
    file.write_text(text(private) + "\n")
    with Peer(["10.7.0.2"], log=folder / "server.log") as server:
        server.add_peer(PeerConfig(text(noise.public(private)), ["10.9.0.1/32"]))
        yield [
            *("--target", f"127.0.0.1:{server.port}", "--public-key", server.public_key),
            *("--inner", "10.7.0.2", "--private-key-file", str(file), "--address", "10.9.0.1"),
        ]


def test_list_names_every_case() -> None:
    done = hostile("--list")
    assert done.returncode == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == list(CASES)
    assert all(len(line.split()) > 2 for line in done.stdout.splitlines())


def test_pass_and_skip_with_a_reason(arguments: list[str]) -> None:
    done = hostile(*arguments, "--only", "inner_source_*")
    assert done.returncode == 0, done.stdout
    lines = done.stdout.splitlines()
    assert "skip: needs 2 identities that the target knows" in lines[0]
    assert lines[1].split()[0] == "inner_source_of_nobody" and lines[1].endswith("pass")
    assert lines[-1] == "1 passed, 0 failed, 1 skipped"


def test_failure_is_said_and_is_the_status(arguments: list[str], tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.key"
    wrong.write_text(text(noise.new_private()))
    other = [str(wrong) if a.endswith("me.key") else a for a in arguments]
    done = hostile(*other, "--only", "replayed_data")
    assert done.returncode == 1
    assert "FAIL: no handshake with 127.0.0.1:" in done.stdout


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (["--target", "nowhere"], "--target: address:port"),
        (["--public-key", "AAAA"], "--public-key: a key is 32 bytes in base64"),
        (["--private-key-file", "/nonexistent"], "No such file"),
        (["--only", "nothing_like_it"], "no case is named nothing_like_it"),
    ],
)
def test_bad_arguments(arguments: list[str], change: list[str], complaint: str) -> None:
    done = hostile(*arguments, *change)
    assert done.returncode == 2
    assert complaint in done.stderr


def test_missing_arguments() -> None:
    done = hostile()
    assert done.returncode == 2 and "missing: --target, --public-key" in done.stderr
