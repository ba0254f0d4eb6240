# SPDX-License-Identifier: MIT
"""host_tools/bootstrap: what a person sees when setup cannot go on, and that it is idempotent."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from host_tools.bootstrap import environment, go, paths, steps, system

ROOT = Path(__file__).resolve().parents[2]


def bootstrap(*arguments: str, cwd: Path = ROOT, **environ: str) -> subprocess.CompletedProcess:
    """Run the tool as the Makefile does."""
    return subprocess.run(
        [sys.executable, "-m", "host_tools.bootstrap", *arguments],
        cwd=cwd,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_missing_packages_without_the_right_to_install(tmp_path: Path) -> None:
    """A PATH without any program has no apt-get and no sudo either: they are listed, status 2."""
    done = bootstrap("setup", PATH=str(tmp_path))
    assert done.returncode == 2
    assert done.stdout == ""
    first, second = done.stderr.splitlines()
    assert first.startswith("setup: missing system packages: git ")
    for name in ("gcc", "gcc-arm-none-eabi", "libnewlib-arm-none-eabi", "qemu-system-arm"):
        assert name in first.split() and name in second.split()
    assert "sudo apt-get install git" in second


def test_each_package_is_recognised_when_present() -> None:
    """`make setup` has run before this test, so nothing may count as missing."""
    assert system.missing() == []


def test_setup_twice_does_nothing_the_second_time() -> None:
    assert environment.is_current(), "requirements changed since `make setup`"
    done = bootstrap("setup")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_unknown_command() -> None:
    done = bootstrap("sing")
    assert done.returncode == 2 and done.stderr.startswith("setup: usage: ")


def test_old_python_is_one_line() -> None:
    """The version is checked before anything that an old Python would stumble over at run time."""
    code = (
        "import sys; sys.version_info = (3, 9, 2); sys.version = '3.9.2 (x)'\n"
        "from host_tools.bootstrap.__main__ import main; sys.exit(main(['setup']))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (
        2,
        "setup: Python 3.10 or newer is needed, this is 3.9.2\n",
    )


def test_step_shows_the_end_of_a_failed_log(capfd: pytest.CaptureFixture[str]) -> None:
    command = [sys.executable, "-c", "print('first'); print('reason'); raise SystemExit(3)"]
    with pytest.raises(steps.StepError, match="a test step failed with exit status 3"):
        steps.run("a test step", command)
    captured = capfd.readouterr()
    assert captured.out == "* a test step ...\n"
    assert captured.err == "    first\n    reason\n"


def test_step_that_cannot_start() -> None:
    with pytest.raises(steps.StepError, match="No such file or directory"):
        steps.run("a test step", ["no-such-program-here"])


def test_stamps_follow_the_content(tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    absent = paths.digest([file, "3.11"])
    file.write_text("one\n")
    first = paths.digest([file, "3.11"])
    file.write_text("two\n")
    assert len({absent, first, paths.digest([file, "3.11"]), paths.digest([file, "3.12"])}) == 4


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("go version go1.26.8 linux/amd64", (1, 26, 8)),
        ("go version go1.19 linux/amd64", (1, 19, 0)),
        ("cannot run", (0, 0, 0)),
    ],
)
def test_go_version(tmp_path: Path, said: str, expected: tuple[int, int, int]) -> None:
    program = tmp_path / "go"
    program.write_text(f"#!/bin/sh\necho '{said}'\n")
    program.chmod(0o755)
    assert go.version_of(program) == expected
    assert go.version_of(tmp_path / "absent") == (0, 0, 0)
    assert go.wanted_version() > (1, 0, 0)


def test_requirements_are_pinned_and_name_no_host() -> None:
    for name in ("requirements.txt", "requirements-go.txt"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "://" not in text and "--index" not in text and "--find-links" not in text, name
        pins = [block for block in text.split("\n") if "==" in block and not block.startswith(" ")]
        assert len(pins) > 0 and all(line.endswith("\\") for line in pins), "a pin without a hash"


def test_make_in_a_path_with_a_space(tmp_path: Path) -> None:
    """Make's own part: nothing in the Makefile may split the checkout's path."""
    make = ["make", "--no-print-directory"]
    checkout = tmp_path / "my checkout"
    checkout.mkdir()
    shutil.copy(ROOT / "Makefile", checkout)
    done = subprocess.run([*make, "help"], cwd=checkout, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0 and "make demo" in done.stdout
    done = subprocess.run(
        [*make, "-n", "distclean"], cwd=checkout, capture_output=True, text=True, timeout=30
    )
    assert str(tmp_path) not in done.stdout, "only relative paths"
