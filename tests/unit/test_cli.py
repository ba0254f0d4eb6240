# SPDX-License-Identifier: MIT
"""The command line: exit codes, one line for every error, help, and what ports say."""

import fcntl
import json
import os
import pty
import re
import socket
import subprocess
import sys
import threading
import time
import tty
from pathlib import Path

import click
import pytest

from tests.unit.test_provision_kit import OTHER_KEY, SERVER_KEY, conf_text
from wgprov import cli, transport, wgshow
from wgprov.commands import ports
from wgprov.errors import BoardError, PortError

WGPROV = [sys.executable, "-c", "from wgprov.cli import main; main()"]


@pytest.fixture
def conf(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("wg0.conf").write_text(conf_text())
    return "wg0.conf"


def run(capfd, *arguments):
    """(exit status, stdout, stderr) of one command line."""
    status = cli.run(list(arguments))
    out, err = capfd.readouterr()
    return status, out, err


def one_line(err):
    assert err.startswith("wgprov: ") and err.count("\n") == 1 and err.endswith("\n"), err
    return err.rstrip("\n")


@pytest.fixture
def silent_port():
    """A pty on which nobody answers."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    yield os.ttyname(slave)
    os.close(slave)
    os.close(master)


def test_bad_conf_is_one_line_with_status_2(conf, capfd):
    Path(conf).write_text(conf_text().replace("vpn.example:51820", "vpn.example"))
    before = sorted(os.listdir())
    status, out, err = run(capfd, "provision", "-p", "/dev/does-not-exist", conf)
    assert (status, out) == (2, "")
    assert one_line(err).startswith("wgprov: wg0.conf:7: Endpoint: vpn.example: ")
    assert sorted(os.listdir()) == before


@pytest.mark.parametrize(
    "arguments, part",
    [
        (["provision", "none.conf"], "none.conf: cannot read it: No such file"),
        (["provision"], "Missing argument 'CONF'"),
        (["provision", "--psk", "none.psk", "wg0.conf"], "none.psk: cannot read it"),
        (["provision", "--new-key", "--private-key-from", "k", "wg0.conf"], "contradict"),
        (["provision", "--server-peer-out", "wg0.conf", "wg0.conf"], "is not from wgprov"),
        (["provision", "--name", "a/b", "wg0.conf"], "--name"),
        (["provision", "--colour", "wg0.conf"], "No such option"),
        (["remove", "wg0"], "say --yes"),
        (["frobnicate"], "No such command 'frobnicate'"),
        (["show", "wg0", "wg1"], "unexpected extra argument"),
    ],
)
def test_bad_usage(conf, capfd, monkeypatch, arguments, part):
    monkeypatch.setattr(sys, "stdin", open(os.devnull))
    before = sorted(os.listdir())
    status, out, err = run(capfd, *arguments)
    assert (status, out) == (2, "") and part in one_line(err)
    assert sorted(os.listdir()) == before


@pytest.mark.parametrize("command", [[], ["ports"], ["provision"], ["show"], ["remove"]])
def test_help_has_examples(capfd, command):
    status, out, err = run(capfd, *command, "--help")
    assert (status, err) == (0, "") and "Examples:" in out and "wgprov " in out


def test_version_and_no_arguments(capfd):
    assert re.fullmatch(r"wgprov, version \d+\.\d+\.\d+\n", run(capfd, "--version")[1])
    status, out, err = run(capfd)
    assert status == 2 and "Examples:" in out + err


def test_no_board(conf, capfd, monkeypatch):
    monkeypatch.setattr(transport, "usb_ports", lambda: [])
    status, out, err = run(capfd, "provision", conf)
    assert (status, out) == (3, "") and "plug it in" in one_line(err)
    status, out, err = run(capfd, "show", "-p", "id:1234")
    assert status == 3 and "serial number 1234" in one_line(err)
    assert run(capfd, "ports")[:2] == (
        0,
        "no USB serial ports: plug a board in, or name a port with -p\n",
    )


def test_several_boards(capfd, monkeypatch):
    found = [transport.Port(f"/dev/ttyACM{i}", str(i), "Board") for i in range(2)]
    monkeypatch.setattr(transport, "usb_ports", lambda: found)
    status, _, err = run(capfd, "show")
    assert status == 3 and "/dev/ttyACM0, /dev/ttyACM1" in one_line(err) and "-p" in err
    assert transport.resolve("id:1") == "/dev/ttyACM1"


def test_symlink_to_a_pty(tmp_path, silent_port):
    (tmp_path / "board").symlink_to(silent_port)
    assert transport.resolve(str(tmp_path / "board")) == silent_port


def test_missing_port(conf, capfd):
    for port in ("/dev/does-not-exist", "port:/dev/does-not-exist", "a99"):
        status, _, err = run(capfd, "provision", "-p", port, conf)
        assert status == 3 and "no such port" in one_line(err) and port in err


def test_not_a_serial_port(conf, capfd, tmp_path):
    status, _, err = run(capfd, "provision", "-p", str(tmp_path / "wg0.conf"), conf)
    assert status == 3 and "cannot open it" in one_line(err)


@pytest.mark.parametrize("url", ["nonsense://x", "socket://", "rfc2217://", "socket://h:x"])
def test_bad_url(capfd, url):
    status, _, err = run(capfd, "show", "-p", url)
    assert status == 3 and url in one_line(err)


def test_refused_connection(capfd):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"socket://127.0.0.1:{free.getsockname()[1]}"
        status, _, err = run(capfd, "show", "-p", url)
    assert status == 3 and "cannot open it" in one_line(err)


def test_busy_port(capfd, silent_port):
    with open(silent_port, "rb", buffering=0) as other:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        status, _, err = run(capfd, "show", "-p", silent_port)
    assert status == 3 and "in use by another program" in one_line(err)


def test_no_permission(silent_port):
    """In a child, because root may open everything."""
    os.chmod(silent_port, 0o000)
    child = os.fork()
    if child == 0:
        status = 99
        try:
            if os.getuid() == 0:
                os.setgid(65534)
                os.setuid(65534)
            transport._open(silent_port, silent_port)
        except PortError as error:
            status = 0 if "no permission" in str(error) and "dialout" in str(error) else 98
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_silent_port_is_given_up(capfd, silent_port):
    start = time.monotonic()
    status, _, err = run(capfd, "show", "-p", silent_port)
    assert status == 3 and "nothing answers as a MicroPython prompt" in one_line(err)
    assert time.monotonic() - start < 6


@pytest.mark.parametrize(
    "noise", [b"x" * 200, b"$GPGGA,1\r\n", b"raw REPL; CTRL-B to exit\r\n>\x04"]
)
def test_port_that_never_stops_is_given_up(capfd, noise):
    """A GPS receiver, or a board that prints all the time, or something that means harm."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    stop = threading.Event()

    def flood():
        os.set_blocking(master, False)
        while not stop.wait(0.001):
            try:
                os.write(master, noise)
            except BlockingIOError:
                pass

    thread = threading.Thread(target=flood)
    thread.start()
    start = time.monotonic()
    try:
        status, out, err = run(capfd, "show", "-p", os.ttyname(slave))
    finally:
        stop.set()
        thread.join()
        os.close(slave)
        os.close(master)
    assert status in (3, 4) and out == ""
    assert one_line(err).isprintable() and time.monotonic() - start < 12


def test_port_that_goes_away(capfd):
    master, slave = pty.openpty()
    tty.setraw(slave)
    timer = threading.Timer(0.5, os.close, [master])
    timer.start()
    status, _, err = run(capfd, "show", "-p", os.ttyname(slave))
    timer.join()
    os.close(slave)
    assert status == 3 and one_line(err)


@pytest.mark.parametrize(
    "traceback, part",
    [
        ("ImportError: no module named 'wireguard'", "without the wireguard module: flash"),
        ("ImportError: no module named 'wireguard.agent'", "too old"),
        ("ImportError: can't import name agent", "too old"),
        ("ImportError: no module named '_wireguard'", "C module `_wireguard`"),
        ("MemoryError: \x1b[31mmemory", "does not start: MemoryError: ?[31mmemory"),
    ],
)
def test_why_the_agent_does_not_start(traceback, part):
    head = '\x04Traceback (most recent call last):\r\n  File "<stdin>", line 1\r\n'
    text = f"{head}{traceback}\r\n\x04>"
    error = transport._no_agent(text)
    assert isinstance(error, BoardError) and part in str(error) and str(error).isprintable()


def test_ports_lists_what_answers_or_why_not(capfd, silent_port):
    status, out, _ = run(capfd, "ports", "-p", silent_port, "--json")
    [port] = json.loads(out)["ports"]
    assert status == 0 and port["port"] == silent_port and port["board"] is None
    assert "nothing answers" in port["note"]
    status, out, _ = run(capfd, "ports", "-p", silent_port, "--no-probe")
    assert (status, out.split("\t")[0]) == (0, silent_port)


def test_a_bug_shows_no_message(capfd, monkeypatch):
    def broken(*_):
        raise RuntimeError(f"holds {OTHER_KEY}")

    monkeypatch.setattr(ports, "run", broken)
    monkeypatch.delenv("WGPROV_DEBUG", raising=False)
    status, out, err = run(capfd, "ports")
    assert status == 1 and "RuntimeError" in one_line(err) and OTHER_KEY not in out + err


def test_ctrl_c(capfd, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(ports, "run", interrupted)
    status, _, err = run(capfd, "ports")
    assert (status, err) == (130, "\nwgprov: interrupted\n")


def test_no_option_takes_a_secret():
    """Command lines are visible to every user of the machine: secrets come in files only."""
    seen = 0
    for option in options(cli.cli):
        if {"psk", "private_key_from"} & {option.name}:
            assert isinstance(option.type, click.Choice) or "FILE" in option.metavar
            seen += 1
    assert seen >= 2


def options(command):
    """Every option of a command and of those below it."""
    context = click.Context(command)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            yield from options(command.get_command(context, name))
    yield from (p for p in command.params if isinstance(p, click.Option))


def test_a_command_without_its_libraries_says_which(capfd, monkeypatch):
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    for name in [n for n in sys.modules if n.startswith("wgprov.commands.fleet")]:
        monkeypatch.delitem(sys.modules, name)
    for name in [n for n in sys.modules if n.startswith("wgprov.fleet")]:
        monkeypatch.delitem(sys.modules, name)
    status, _, err = run(capfd, "fleet", "list", "--db", "x")
    assert status == 2 and "pip install 'wgprov[fleet]'" in one_line(err)
    status, out, _ = run(capfd, "--help")
    assert status == 0 and "provision" in out


def test_a_key_given_as_psk_is_not_repeated(conf, capfd):
    status, out, err = run(capfd, "provision", "--psk", OTHER_KEY, conf)
    assert status == 2 and OTHER_KEY not in out + err and "file" in one_line(err)


def test_errors_of_the_installed_command_are_plain_text_in_a_pipe(conf):
    done = subprocess.run(
        [*WGPROV, "show", "-p", "/dev/does-not-exist"],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
    )
    assert done.returncode == 3 and done.stdout == ""
    assert one_line(done.stderr).isprintable()


PEER = {
    "public_key": SERVER_KEY,
    "preshared": True,
    "endpoint": "192.0.2.1:51820",
    "allowed_ips": ["10.7.0.0/24", "fd00::/64"],
    "latest_handshake_s": 63,
    "rx_bytes": 1229,
    "tx_bytes": 3565158,
    "persistent_keepalive_s": 25,
}
INTERFACE = {"name": "wg0", "public_key": OTHER_KEY, "listen_port": 51821, "up": True}


def test_show_looks_like_wg_show():
    never = dict(PEER, preshared=False, endpoint=None, allowed_ips=[], latest_handshake_s=None)
    never.update(rx_bytes=0, tx_bytes=0, persistent_keepalive_s=0)
    reply = {"interfaces": [{**INTERFACE, "peers": [never, PEER], "private_key": "secret"}]}
    assert wgshow.text(wgshow.known_fields(reply)) == (
        "interface: wg0\n"
        f"  public key: {OTHER_KEY}\n"
        "  private key: (hidden)\n"
        "  listening port: 51821\n"
        "\n"
        f"peer: {SERVER_KEY}\n"
        "  preshared key: (hidden)\n"
        "  endpoint: 192.0.2.1:51820\n"
        "  allowed ips: 10.7.0.0/24, fd00::/64\n"
        "  latest handshake: 1 minute, 3 seconds ago\n"
        "  transfer: 1.20 KiB received, 3.40 MiB sent\n"
        "  persistent keepalive: every 25 seconds\n"
        "\n"
        f"peer: {SERVER_KEY}\n"
        "  allowed ips: (none)\n"
    )


def test_show_passes_on_known_fields_only():
    reply = {"interfaces": [{**INTERFACE, "peers": [{**PEER, "psk": "x"}], "private_key": "y"}]}
    text = json.dumps(wgshow.known_fields(reply))
    assert "psk" not in text and "private_key" not in text


@pytest.mark.parametrize(
    "reply",
    [{}, {"interfaces": 5}, {"interfaces": [5]}, {"interfaces": [{"peers": 5}]}]
    + [{"interfaces": [{"peers": [dict(PEER, rx_bytes=value)]}]} for value in ("x", [1], 1e999)]
    + [{"interfaces": [{"peers": [dict(PEER, allowed_ips=5)]}]}],
)
def test_a_report_without_sense(reply):
    with pytest.raises(BoardError, match="no sense"):
        wgshow.known_fields(reply)


def test_a_board_cannot_drive_the_terminal():
    reply = {"interfaces": [{**INTERFACE, "name": "\x1b]0;x\x07", "peers": []}]}
    assert "\x1b" not in wgshow.text(wgshow.known_fields(reply))


@pytest.mark.parametrize(
    "seconds, text",
    [
        (0, "Now"),
        (1, "1 second ago"),
        (60, "1 minute ago"),
        (7325, "2 hours, 2 minutes, 5 seconds ago"),
        (86400 * 366 + 61, "1 year, 1 day, 1 minute, 1 second ago"),
    ],
)
def test_ago(seconds, text):
    assert wgshow.ago(seconds) == text


@pytest.mark.parametrize(
    "count, text",
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.00 KiB"),
        (2**20, "1.00 MiB"),
        (2**30 * 3 // 2, "1.50 GiB"),
        (2**50, "1024.00 TiB"),
    ],
)
def test_size(count, text):
    assert wgshow.size(count) == text
