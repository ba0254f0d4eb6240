# SPDX-License-Identifier: MIT
"""Man pages and shell completion: what a person gets from `man wgprov` and from the Tab key."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from host_tools.release import manpages
from wgprov import cli, transport

WAIT_S = 60


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    written = manpages.write(tmp_path_factory.mktemp("man"))
    return {path.stem: path.read_text() for path in written}


def test_code_keeps_its_lines_and_no_line_is_a_request() -> None:
    text = "One\nparagraph.\n\n\b\nExamples:\n  x --y\n\n.TH is text, 'so is this\n'and \\this"
    lines = manpages.roff(text).splitlines()
    assert lines[:2] == ["One", "paragraph."]
    assert lines[3:7] == [".nf", "Examples:", "  x \\-\\-y", ".fi"]
    assert lines[8:] == ["\\&.TH is text, 'so is this", "\\&'and \\ethis"]


def test_a_page_for_each_command_and_all_of_its_words(pages: dict[str, str]) -> None:
    assert {"wgprov", "wgprov-provision", "wgprov-fleet-provision"} <= pages.keys()
    plain = pages["wgprov-provision"].replace("\\-", "-")
    for part in ("The board makes its private key", "--psk", "wgprov provision wg0.conf"):
        assert part in plain
    assert "wgprov-flash(1)" in pages["wgprov"].replace("\\-", "-")
    assert "Exit status: 0 done" in pages["wgprov"]
    assert not [name for name, text in pages.items() if "\b" in text]


def test_the_same_sources_make_the_same_pages(pages: dict[str, str], tmp_path: Path) -> None:
    assert {path.stem: path.read_text() for path in manpages.write(tmp_path)} == pages


@pytest.mark.skipif(shutil.which("groff") is None, reason="no groff")
def test_groff_has_nothing_to_say(pages: dict[str, str]) -> None:
    done = subprocess.run(
        ["groff", "-man", "-ww", "-Tascii", "-P-cbou"],
        input="\n".join(pages.values()),
        capture_output=True,
        text=True,
        timeout=WAIT_S,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(
        r"^ +wgprov provision -p /dev/ttyACM0 --psk generate wg0.conf$", done.stdout, re.M
    )


# Completion

WGPROV = Path(sys.executable).with_name("wgprov")
WORDS = [
    ("wgprov pro", "provision"),
    ("wgprov provision --server", "--server-peer-out"),
    ("wgprov peer --format net", "networkmanager,networkd"),
    ("wgprov fleet la", "labels"),
]


def complete(shell: str, words: str, **variables: str) -> list[str]:
    """What click's protocol answers to a shell that asks for the last of the words."""
    environment = {**os.environ, "_WGPROV_COMPLETE": f"{shell}_complete", **variables}
    environment.setdefault("COMP_WORDS", words)
    done = subprocess.run([WGPROV], env=environment, capture_output=True, text=True, timeout=WAIT_S)
    assert done.stderr == ""
    return done.stdout.split("\n")


def test_bash_completes() -> None:
    """A real bash that has read what docs/INSTALL.md tells it to read."""
    asked = "\n".join(f"ask {words}" for words, _ in WORDS)
    script = f"""
        PATH={WGPROV.parent}:$PATH
        eval "$(_WGPROV_COMPLETE=bash_source wgprov)"
        complete -p wgprov >/dev/null || exit
        ask() {{
            COMPREPLY=(); COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
            _wgprov_completion wgprov
            (IFS=,; echo "${{COMPREPLY[*]}}")
        }}
        {asked}
    """
    bash = subprocess.run(
        ["bash", "--norc", "-c", script], capture_output=True, text=True, timeout=WAIT_S
    )
    assert (bash.stdout.split(), bash.stderr) == ([wanted for _, wanted in WORDS], "")


def test_zsh_and_fish_are_answered_in_their_way() -> None:
    assert complete("zsh", "wgprov pro", COMP_CWORD="1")[:2] == ["plain", "provision"]
    [fish, *_] = complete("fish", "wgprov pro", COMP_CWORD="pro")
    assert fish.startswith("plain,provision\t")


def test_ports_are_completed_by_device_and_by_serial_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = [transport.Port("/dev/ttyACM0", "e660", "Pico"), transport.Port("COM3", "", "UART")]
    monkeypatch.setattr(transport, "usb_ports", lambda: found)
    asked = ShellComplete(cli.cli, {}, "wgprov", "_WGPROV_COMPLETE")

    def names(incomplete: str) -> list[str]:
        return [item.value for item in asked.get_completions(["show", "-p"], incomplete)]

    assert names("") == ["/dev/ttyACM0", "id:e660", "COM3"]
    assert names("id:") == ["id:e660"] and names("/dev/ttyU") == []
