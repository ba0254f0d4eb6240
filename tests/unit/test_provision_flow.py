# SPDX-License-Identifier: MIT
"""Provisioning end to end: wgprov's half here, the real agent in another process, a real pty."""

import json
import os
import pty
import stat
import tty

import pytest
import serial
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.test_provision_kit import (
    SERVER_KEY,
    board_config,
    conf_text,
    spellings,
    stored,
    tapped_agent,
)
from wgprov import keys, output, wgshow
from wgprov import session as session_module
from wgprov.commands import provision, remove, show
from wgprov.errors import BoardError, InputError, PortError, WgprovError
from wgprov.serverformats import render
from wgprov.serverpeer import HEADER
from wgprov.session import Session
from wgprov.transport import SerialWire


def test_provision_show_remove(conf, board, tmp_path):
    with tapped_agent(board) as (session, _):
        outcome = provision.run(session, provision.plan(conf, psk="generate"))
        shown = show.run(session)
        removed = remove.run(session, "wg0")
        assert show.run(session) == []
        with pytest.raises(BoardError, match="it has: none"):
            remove.run(session, "wg0")
        session.bye()
    assert outcome.key_origin == "made" and keys.is_key(outcome.public_key)
    assert shown[0]["public_key"] == outcome.public_key and shown[0]["peers"][0]["preshared"]
    assert removed["name"] == "wg0"


def test_server_block_is_usable_and_private(conf, board, tmp_path):
    with tapped_agent(board) as (session, _):
        outcome = provision.run(session, provision.plan(conf, psk="generate"))
    path = tmp_path / "wg0.server-peer.conf"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    _, private_key, [psk] = stored(board)
    text = path.read_text()
    assert text.startswith(HEADER)
    assert text.splitlines()[2:] == [
        "[Peer]",
        f"PublicKey = {outcome.public_key}",
        f"PresharedKey = {keys.encode(psk)}",
        "AllowedIPs = 10.7.0.2/32",
    ]
    [(server, peer, file)] = outcome.servers
    assert (server, str(file)) == (SERVER_KEY, "wg0.server-peer.conf")
    assert "PresharedKey = (hidden)" in render(peer, "peer", "wg0", False)
    assert keys.encode(psk) not in json.dumps(outcome.as_json(False))
    assert outcome.as_json(True)["peers"][0]["preshared_key"] == keys.encode(psk)


def test_output_hides_secrets(conf, board, tmp_path, capfd):
    with tapped_agent(board) as (session, tap):
        job = provision.plan(conf, psk="generate")
        outcome = provision.run(session, job)
        provision.print_outcome(outcome, show_secrets=False)
        output.print_json(outcome.as_json(False))
        output.print_json({"interfaces": show.run(session)})
    out, err = capfd.readouterr()
    assert outcome.public_key in out and "(hidden)" in out and "0600" in out
    _, private_key, [psk] = stored(board)
    for spelling in spellings(private_key):
        for seen in (out.encode(), err.encode(), bytes(tap.to_host), bytes(tap.to_board)):
            assert spelling not in seen, "the private key left the board"
    for spelling in spellings(psk):
        for seen in (out.encode(), err.encode(), bytes(tap.to_host)):
            assert spelling not in seen
    lines = [line for _, line in tap.lines if keys.encode(psk).encode() in line]
    assert lines == [keys.secret_line(bytearray(psk)) + b"\n"], "one raw line, never in JSON"
    job.wipe()
    assert not any(job.conf.preshared[0])


def test_show_secrets_prints_them(conf, board, capfd):
    with tapped_agent(board) as (session, _):
        outcome = provision.run(session, provision.plan(conf, psk="generate"))
    provision.print_outcome(outcome, show_secrets=True)
    assert keys.encode(stored(board)[2][0]) in capfd.readouterr().out


def test_again_keeps_the_key_and_new_key_does_not(conf, board):
    seen = []
    for new_key in (False, False, True):
        with tapped_agent(board) as (session, _):
            outcome = provision.run(session, provision.plan(conf, new_key=new_key))
        seen.append((outcome.key_origin, outcome.public_key))
    assert [origin for origin, _ in seen] == ["made", "kept", "made"]
    assert seen[0][1] == seen[1][1] != seen[2][1]


def test_preshared_key_from_the_file_or_the_conf(conf, board, tmp_path):
    file = tmp_path / "psk"
    secret = keys.generate_psk()
    file.write_text(keys.encode(secret))
    with tapped_agent(board) as (session, _):
        provision.run(session, provision.plan(conf, psk=str(file)))
    assert stored(board)[2] == [secret]
    conf.write_text(conf_text(peer_extra=f"PresharedKey = {keys.encode(secret[::-1])}"))
    with tapped_agent(board) as (session, _):
        provision.run(session, provision.plan(conf))
    assert stored(board)[2] == [secret[::-1]]
    with tapped_agent(board) as (session, _):
        outcome = provision.run(session, provision.plan(conf, psk="keep"))
    assert stored(board)[2] == [secret[::-1]]
    assert "# PresharedKey: the one that the server has" in render(
        outcome.servers[0][1], "peer", "wg0", False
    )
    with tapped_agent(board) as (session, _):
        outcome = provision.run(session, provision.plan(conf, psk="none"))
    assert stored(board)[2] == [None]
    assert "is gone" in outcome.warnings[-1]


def test_private_key_from_a_file_warns(conf, board, tmp_path):
    file = tmp_path / "key"
    secret = keys.generate_psk()
    file.write_text(keys.encode(secret))
    file.chmod(0o644)
    job = provision.plan(conf, private_key_from=file)
    assert len(job.warnings) == 2 and "outside the board" in job.warnings[0]
    with tapped_agent(board) as (session, _):
        outcome = provision.run(session, job)
    assert outcome.key_origin == "imported" and stored(board)[1] == secret


def test_several_servers_get_a_file_each(conf, board, tmp_path):
    other = keys.encode(bytes([9] * 32))
    conf.write_text(conf_text() + f"[Peer]\nPublicKey = {other}\nAllowedIPs = 10.8.0.0/24\n")
    with tapped_agent(board) as (session, _):
        outcome = provision.run(session, provision.plan(conf, psk="generate"))
    files = [str(path) for _, _, path in outcome.servers]
    assert files == ["wg0.server-peer-1.conf", "wg0.server-peer-2.conf"]
    for i, path in enumerate(files):
        assert keys.encode(stored(board)[2][i]) in (tmp_path / path).read_text()
    with pytest.raises(InputError, match="cannot serve 2 peers"):
        provision.plan(conf, psk="some-file")


def test_ipv6_address_of_the_board(conf, board):
    conf.write_text(conf_text("10.7.0.2/24, fd00:7::2/64"))
    with tapped_agent(board) as (session, _):
        outcome = provision.run(session, provision.plan(conf))
    assert outcome.servers[0][1].allowed_ips == ["10.7.0.2/32", "fd00:7::2/128"]
    assert outcome.servers[0][2] is None and sorted(os.listdir(conf.parent)) == [
        "flash",
        "wg0.conf",
    ]


def test_foreign_file_is_not_overwritten(conf, tmp_path):
    target = tmp_path / "server.conf"
    target.write_text("[Interface]\n")
    with pytest.raises(InputError, match="not from wgprov"):
        provision.plan(conf, out=target)
    with pytest.raises(InputError, match="does not exist"):
        provision.plan(conf, out=tmp_path / "none" / "x.conf")
    assert target.read_text() == "[Interface]\n"


def test_the_board_says_no(conf, board, tmp_path):
    with tapped_agent(board) as (session, _):
        first = provision.run(session, provision.plan(conf))
    before = stored(board)
    conf.write_text(conf_text().replace(SERVER_KEY, first.public_key))
    with tapped_agent(board) as (session, _):
        with pytest.raises(BoardError, match="own key") as caught:
            provision.run(session, provision.plan(conf, psk="generate"))
        session.bye()
    assert caught.value.exit_code == 4 and stored(board) == before
    assert sorted(os.listdir(tmp_path)) == ["flash", "wg0.conf"]


def test_prints_of_a_program_on_the_board_do_not_disturb(conf, board):
    """Anything that is not the reply to this request is passed over."""
    with tapped_agent(board) as (session, tap):
        noise = b'boot\r\n{"half\n{"id": 999, "ok": true}\n[]\n5\n\xff\xfe\n'
        session._lines.pending += noise
        assert session.hello()["protocol"] == 2


def messages_of_a_provisioning(conf, board):
    with tapped_agent(board) as (session, tap):
        provision.run(session, provision.plan(conf, psk="generate"))
        session.bye()
        return len(tap.lines)


OLD, NEW = "10.7.0.2/24", "10.7.0.3/24"
MESSAGES = 12  # hello, prepare, secret, commit, bye, a reply to each, and twice "working"
COMMITTED = 8  # with this many on their way, the board has what it needs


def test_number_of_messages(conf, board):
    assert messages_of_a_provisioning(conf, board) == MESSAGES


@pytest.mark.parametrize("half", [False, True], ids=["before", "within"])
@pytest.mark.parametrize("message", range(MESSAGES))
@pytest.mark.parametrize("fresh", [False, True], ids=["old", "fresh"])
def test_cable_pulled_at_every_message(conf, board, tmp_path, fresh, message, half):
    """The board has all of the old configuration or all of the new one; the next run completes."""
    old = None
    if not fresh:
        conf.write_text(conf_text(OLD))
        with tapped_agent(board) as (session, _):
            provision.run(session, provision.plan(conf, psk="generate"))
        old = stored(board)
        os.unlink("wg0.server-peer.conf")

    conf.write_text(conf_text(NEW))
    job = provision.plan(conf, psk="generate")
    with tapped_agent(board, message, half) as (session, tap):
        try:
            provision.run(session, job)
            session.bye()
        except PortError as error:
            assert error.exit_code == 3 and "run it again" in str(error)
        else:
            pytest.fail("the cable was not pulled")
        announced = tap.to_host.count(b'"token"')
    now = stored(board)
    if now != old:
        config, private_key, preshared = now
        assert config["address"] == [NEW] and preshared == [bytes(job.conf.preshared[0])]
        assert old is None or private_key == old[1]
        assert message >= COMMITTED, "new before it was committed"
    else:
        assert message <= COMMITTED, "old although it was committed"
    leftovers = set(os.listdir(tmp_path)) - {"flash", "wg0.conf"}
    assert leftovers == ({"wg0.server-peer.conf"} if message > COMMITTED + 1 else set())

    with tapped_agent(board) as (session, _):
        outcome = provision.run(session, provision.plan(conf, psk="generate"))
    config, private_key, [psk] = stored(board)
    assert config["address"] == [NEW]
    assert old is None or private_key == old[1]
    if announced:  # the key that the first try announced is the key that the board has
        assert outcome.key_origin == "kept"
    assert keys.encode(psk) in (tmp_path / "wg0.server-peer.conf").read_text()
    assert os.listdir(board) == ["wg0.wg"]


def test_no_answer_is_bounded(monkeypatch):
    """A port on which nobody answers."""
    monkeypatch.setattr(session_module, "REPLY_TIMEOUT_S", 0.2)
    master, slave = pty.openpty()
    tty.setraw(slave)
    with serial.Serial(os.ttyname(slave)) as port:
        with pytest.raises(PortError, match="no answer to `hello` within 0.2 s"):
            Session(SerialWire("COM9", port)).request("hello")
    os.close(slave)
    os.close(master)


@pytest.mark.parametrize(
    "good, bad, error",
    [
        (b"10.7.0.2/24", b"10.7.0.6/24", "damaged on the way"),
        (b"vpn.example", b"vpm.example", "damaged on the way"),
        (b'"op": "prepare"', b'"op": "prepara"', "board refuses: op: unknown"),
        (b'"id": 3', b'"id": 4', "no answer to `prepare`"),
        (b'"token": "', b'"token": "0', "nothing staged under it"),
    ],
)
def test_a_cable_that_changes_bytes(conf, board, tmp_path, monkeypatch, good, bad, error):
    with tapped_agent(board) as (session, tap):
        session.hello()  # from here the agent runs
        monkeypatch.setattr(session_module, "REPLY_TIMEOUT_S", 1.0)
        tap.alter = lambda line: line.replace(good, bad)
        with pytest.raises(WgprovError, match=error):
            provision.run(session, provision.plan(conf, psk="generate"))
    assert stored(board) is None
    assert sorted(os.listdir(tmp_path)) == ["flash", "wg0.conf"]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=6,
)
replies = st.fixed_dictionaries(
    {},
    optional={
        "protocol": st.just(2) | st.just(1) | values,
        "line_max_bytes": st.just(4096) | values,
        "names": st.just(["wg0"]) | values,
        "board": values,
        "uid": values,
        "send": values,
        "config": st.just(board_config()) | values,
        "public_key": st.just(SERVER_KEY) | values,
        "token": st.just("00") | values,
        "preshared": values,
        "preshared_before": values,
        "interfaces": st.lists(values, max_size=2) | values,
        "error": values,
        "field": values,
    },
)


@settings(max_examples=150, deadline=None)
@given(replies, st.lists(replies | values, max_size=3), st.sampled_from(["psk", "show", "remove"]))
def test_any_answer_of_a_board_is_taken_or_refused_in_one_line(tmp_path_factory, first, rest, what):
    folder = tmp_path_factory.mktemp("host")
    path = folder / "wg0.conf"
    path.write_text(conf_text())
    answers = [{"protocol": 2, "line_max_bytes": 4096, **first}, *rest]
    master, slave = pty.openpty()
    tty.setraw(slave)
    lines = [{"id": i + 1, **a} if isinstance(a, dict) else a for i, a in enumerate(answers)]
    try:
        with serial.Serial(os.ttyname(slave), timeout=0.1) as port:
            os.write(master, b"\n".join(json.dumps(line).encode() for line in lines) + b"\n\x04")
            session = Session(SerialWire("COM9", port))
            if what == "show":
                wgshow.text(show.run(session))
            elif what == "remove":
                remove.run(session, "wg0")
            else:
                job = provision.plan(path, psk="generate", out=folder / "peer.conf")
                provision.run(session, job).as_json(False)
    except WgprovError as error:
        assert str(error).isprintable() and 0 < len(str(error)) < 400
        assert os.listdir(folder) == ["wg0.conf"]
    finally:
        os.close(slave)
        os.close(master)


def test_no_half_written_file_when_the_disk_is_full(conf, board, tmp_path, monkeypatch):
    def full(fd):
        raise OSError(28, "No space left on device")

    with tapped_agent(board) as (session, _):
        job = provision.plan(conf, psk="generate")
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(WgprovError, match="No space left"):
            provision.run(session, job)
        monkeypatch.undo()
        session.bye()
    assert stored(board) is None
    assert sorted(os.listdir(tmp_path)) == ["flash", "wg0.conf"]
