# SPDX-License-Identifier: MIT
"""A bench file's mistakes are one line each, and wgprov hil refuses before it starts anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_wgprov import report, targets
from wgprov import cli, transport
from wgprov.errors import InputError

PICO = """[[board]]
name = "desk-pico"
board = "rpi_pico_w"
serial = "E6614103"
server = "192.168.1.20"
"""
QEMU = '[[board]]\nname = "q"\nboard = "qemu_an386"\n'


def bench(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "bench.toml"
    path.write_text(text)
    return path


def test_a_bench_is_read(tmp_path: Path) -> None:
    (tmp_path / "wifi.py").write_text("")
    more = 'listen = "192.168.1.20"\nserver_port = 51820\nuplink = "wifi.py"\npatience = 2\n'
    pico, qemu = targets.read_bench(bench(tmp_path, PICO + more + "replace = true\n" + QEMU))
    assert (pico.name, pico.port, pico.server) == ("desk-pico", "id:E6614103", "192.168.1.20")
    assert pico.uplink == tmp_path / "wifi.py" and pico.replace and pico.patience == 2.0
    assert (pico.kind, qemu.kind, qemu.port) == ("hardware", "emulator", "")


@pytest.mark.parametrize(
    "text, part",
    [
        ("", "must be [[board]] tables and nothing else"),
        ("x = 1\n" + QEMU, "must be [[board]] tables and nothing else"),
        ("[[board]\n", "bench.toml: "),
        (QEMU + 'colour = "red"\n', "board 1: may have name, board, serial"),
        ('[[board]]\nboard = "qemu_an386"\n', "board 1: name is missing"),
        ('[[board]]\nname = "x"\n', "board 1: board is missing"),
        (PICO.replace('serial = "E6614103"\n', ""), "board 1: serial is missing (rpi_pico_w"),
        (PICO.replace('server = "192.168.1.20"\n', ""), "board 1: server is missing"),
        (PICO.replace("192.168.1.20", "myhost"), "server: myhost: must be an IP address"),
        (PICO.replace("desk-pico", "../x"), "name: at most 40 letters"),
        (PICO + 'port = "/dev/ttyACM0"\n', "serial, port: one of them"),
        (PICO + "server_port = 70000\n", "server_port: must be a number from 1 to 65534"),
        (PICO + "patience = true\n", "patience: must be a number from 1 to 100"),
        (PICO + 'replace = "yes"\n', "replace: must be true or false"),
        (PICO + 'uplink = "none.py"\n', "none.py: no such file"),
        (QEMU + QEMU, "board 2: name: is also board 1's"),
        (PICO + PICO.replace("desk-pico", "other"), "board 2: serial or port: is also board 1's"),
    ],
)
def test_a_mistake_is_one_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], text: str, part: str
) -> None:
    path = bench(tmp_path, text)
    with pytest.raises(InputError) as caught:
        targets.read_bench(path)
    assert part in str(caught.value)
    assert cli.run(["hil", "--bench", str(path)]) == 2
    out, err = capfd.readouterr()
    assert out == "" and err.count("\n") == 1 and part in err


@pytest.mark.parametrize(
    "arguments, part",
    [
        (["-t", "qemu_nonsense"], "qemu_nonsense: not emulated here: one of qemu_an385"),
        (["-p", "/dev/ttyACM0"], "--port: needs --server"),
        (["--junit", "none/x.xml"], "must be a file in a folder that exists"),
        (["--bench", "none.toml"], "none.toml: cannot read it"),
        (["none_test.py"], "does not exist"),
    ],
)
def test_bad_usage(
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    part: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(targets.Target, "missing", lambda _self: "")
    assert cli.run(["hil", *arguments]) == 2
    out, err = capfd.readouterr()
    assert out == "" and err.count("\n") == 1 and part in err


def test_one_board_of_a_bench(tmp_path: Path) -> None:
    found = targets.read_bench(bench(tmp_path, PICO + QEMU))
    assert [target.name for target in targets.only(found, ["q"])] == ["q"]
    with pytest.raises(InputError, match="nobody: not in the bench .it has: desk-pico, q"):
        targets.only(found, ["nobody"])


def test_a_board_that_is_not_plugged_in_is_absent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pico, qemu = targets.read_bench(bench(tmp_path, PICO + QEMU))
    monkeypatch.setattr(transport, "usb_ports", lambda: [])
    assert "no board with the serial number E6614103" in pico.absent()
    assert qemu.absent() == ""
    found = [transport.Port("/dev/ttyACM7", "E6614103", "Board")]
    monkeypatch.setattr(transport, "usb_ports", lambda: found)
    assert pico.absent() == ""


def test_tests_are_named_for_people() -> None:
    assert report.title("test_handshake_and_ping[qemu_an386]", "qemu_an386") == "handshake and ping"
    name = report.title("test_transfers[desk-pico-tcp_to_board]", "desk-pico")
    assert name == "transfers: tcp to board"
