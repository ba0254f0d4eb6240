# SPDX-License-Identifier: MIT
"""The board's agent over plain byte streams: every line gets one reply, whatever it is."""

import base64
import io
import json
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import _wireguard
import wireguard.agent as agent
import wireguard.lines as lines
import wireguard.store as store
from tests.unit.test_provision_kit import board_config, secret_bytes, spellings, stored
from wgprov import keys

PSK = bytes(range(100, 132))


def talk(root, *lines):
    """Serve `lines` (dicts, text or bytes) and return the replies."""
    data = b"".join(line if isinstance(line, bytes) else encoded(line) for line in lines)
    out = io.BytesIO()
    agent.serve(io.BytesIO(data), out, root=str(root))
    return [json.loads(line) for line in out.getvalue().splitlines()]


def served_from(data, root):
    """An agent that is about to read `data`."""
    return agent.Agent(lines.Lines(io.BytesIO(data), io.BytesIO(), 0), str(root))


def encoded(line):
    return (json.dumps(line) if isinstance(line, dict) else line).encode() + b"\n"


def secret_line(secret):
    return bytes(keys.secret_line(bytearray(secret))) + b"\n"


def prepare(config=None, **fields):
    return {"op": "prepare", "id": 1, "config": config or board_config(), **fields}


def provision(root, *secrets, config=None, **fields):
    """Prepare and commit; returns the replies."""
    replies = talk(root, prepare(config, **fields), *[secret_line(s) for s in secrets])
    name = (config or board_config())["name"]
    return replies + talk(
        root, {"op": "commit", "id": 2, "name": name, "token": replies[-1]["token"]}
    )


def test_hello(tmp_path):
    [reply, bye] = talk(tmp_path, {"op": "hello", "id": 7}, {"op": "bye", "id": 8}, {"op": "hello"})
    assert (reply["id"], reply["ok"], reply["protocol"], reply["names"]) == (7, True, 1, [])
    assert bye == {"op": "bye", "id": 8, "ok": True}


def test_provision_makes_the_key_on_the_board(tmp_path):
    prepared, committed = provision(tmp_path)
    config, private_key, preshared = stored(tmp_path)
    assert config == board_config() == prepared["config"]
    public = _wireguard.PrivateKey(bytearray(private_key)).public_key()
    assert prepared["public_key"] == base64.b64encode(public).decode() == committed["public_key"]
    assert prepared["key"] == "made" and preshared == [None]


def test_nothing_is_in_force_before_commit(tmp_path):
    talk(tmp_path, prepare())
    assert stored(tmp_path) is None
    assert talk(tmp_path, {"op": "hello"}, {"op": "show"})[0]["names"] == []


def test_key_is_kept_unless_a_new_one_is_asked_for(tmp_path):
    first, _ = provision(tmp_path)
    again, _ = provision(tmp_path, config=board_config(address="10.7.0.9/24"))
    assert (again["key"], again["public_key"]) == ("kept", first["public_key"])
    assert stored(tmp_path)[0]["address"] == ["10.7.0.9/24"]
    new, _ = provision(tmp_path, key="new")
    assert new["key"] == "made" and new["public_key"] != first["public_key"]


def test_interrupted_prepare_keeps_the_key_that_it_announced(tmp_path):
    [first] = talk(tmp_path, prepare())
    [second] = talk(tmp_path, prepare())
    assert first["public_key"] == second["public_key"]
    assert first["token"] == second["token"]


def test_secrets_come_as_lines_of_their_own(tmp_path):
    private_key = bytes(range(1, 33))
    config = board_config(peers=3)
    replies = talk(
        tmp_path,
        prepare(config, key="send", psk=["send", "none", "send"]),
        secret_line(private_key),
        secret_line(PSK),
        secret_line(PSK[::-1]),
    )
    wanted = [reply.get("send") for reply in replies]
    assert wanted == [["private_key", "psk[0]", "psk[2]"], ["psk[0]", "psk[2]"], ["psk[2]"], None]
    assert replies[-1]["preshared"] == [True, False, True] and replies[-1]["key"] == "imported"
    talk(tmp_path, {"op": "commit", "name": "wg0", "token": replies[-1]["token"]})
    assert stored(tmp_path) == (config, private_key, [PSK, None, PSK[::-1]])


def test_preshared_key_is_kept_dropped_or_replaced(tmp_path):
    provision(tmp_path, PSK, psk=["send"])
    kept, _ = provision(tmp_path, psk=["keep"])
    assert kept["preshared"] == [True] and stored(tmp_path)[2] == [PSK]
    dropped, _ = provision(tmp_path, psk=["none"])
    assert (dropped["preshared"], dropped["preshared_before"]) == ([False], [True])
    assert stored(tmp_path)[2] == [None]


def test_preshared_key_goes_with_its_peer(tmp_path):
    provision(tmp_path, PSK, psk=["send", "none"], config=board_config(peers=2))
    turned = board_config(peers=2)
    turned["peers"].reverse()
    provision(tmp_path, psk=["keep", "keep"], config=turned)
    assert stored(tmp_path)[2] == [None, PSK]


def test_commit_twice_is_one_commit(tmp_path):
    prepared, committed = provision(tmp_path)
    line = {"op": "commit", "id": 2, "name": "wg0", "token": prepared["token"]}
    assert talk(tmp_path, line, line) == [committed] * 2


@pytest.mark.parametrize("token", [None, "", "0" * 16, 5, [], {}])
def test_commit_of_something_else(tmp_path, token):
    provision(tmp_path)
    before = stored(tmp_path)
    talk(tmp_path, prepare(board_config(address="10.9.9.9/32")))
    [reply] = talk(tmp_path, {"op": "commit", "id": 3, "name": "wg0", "token": token})
    assert (reply["id"], reply["field"]) == (3, "token") and "error" in reply
    assert stored(tmp_path) == before


def test_remove(tmp_path):
    provision(tmp_path)
    line = {"op": "remove", "id": 1, "name": "wg0"}
    [removed, again] = talk(tmp_path, line, line)
    assert removed["ok"] and removed["name"] == "wg0"
    assert (again["error"], again["field"]) == ("no such interface", "name")
    assert stored(tmp_path) is None and os.listdir(tmp_path) == []


def test_config_is_what_was_provisioned_without_its_secrets(tmp_path):
    prepared = provision(tmp_path, PSK, psk=["send"])[1]
    reply, unknown, missing = talk(
        tmp_path,
        {"op": "config", "id": 1, "name": "wg0"},
        {"op": "config", "id": 2, "name": "wg9"},
        {"op": "config", "id": 3},
    )
    assert (reply["config"], reply["preshared"]) == (board_config(), [True])
    assert reply["public_key"] == prepared["public_key"]
    assert set(reply) == {"id", "ok", "config", "preshared", "public_key"}
    assert (unknown["error"], unknown["field"]) == ("no such interface", "name")
    assert missing["field"] == "name"


def test_show_of_an_interface_that_is_not_up(tmp_path):
    prepared = provision(tmp_path, PSK, psk=["send"])[1]
    [reply] = talk(tmp_path, {"op": "show", "id": 1})
    [shown] = reply["interfaces"]
    assert (shown["name"], shown["up"]) == ("wg0", False)
    assert shown["public_key"] == prepared["public_key"]
    assert shown["peers"] == [
        {
            "public_key": board_config()["peers"][0]["public_key"],
            "preshared": True,
            "endpoint": "192.0.2.1:51820",
            "allowed_ips": ["10.7.0.0/24"],
            "latest_handshake_s": None,
            "rx_bytes": 0,
            "tx_bytes": 0,
            "persistent_keepalive_s": 25,
        }
    ]


def test_show_of_a_damaged_file(tmp_path):
    provision(tmp_path)
    provision(tmp_path, config=board_config(name="wg1"))
    (tmp_path / "wg0.wg").write_bytes(b"half")
    [reply] = talk(tmp_path, {"op": "show", "id": 1})
    damaged, good = reply["interfaces"]
    assert "damaged" in damaged["error"] and good["name"] == "wg1" and "error" not in good


def test_a_damaged_file_can_be_provisioned_again(tmp_path):
    provision(tmp_path)
    (tmp_path / "wg0.wg").write_bytes(b"half")
    prepared, committed = provision(tmp_path)
    assert committed["ok"] and prepared["key"] == "made" and stored(tmp_path)


def test_no_third_interface(tmp_path):
    for name in ("wg0", "wg1"):
        provision(tmp_path, config=board_config(name=name))
    [reply] = talk(tmp_path, prepare(board_config(name="wg2")))
    assert reply["field"] == "name" and "wg0 and wg1" in reply["error"]


def test_own_key_as_peer(tmp_path):
    own = provision(tmp_path)[0]["public_key"]
    config = board_config()
    config["peers"][0]["public_key"] = own
    [reply] = talk(tmp_path, prepare(config))
    assert reply["field"] == "peers[0].public_key"


@pytest.mark.parametrize(
    "line, field",
    [
        ("{}", "op"),
        ('{"op": 5}', "op"),
        ('{"op": "format"}', "op"),
        ('{"op": []}', "op"),
        ("[]", "line"),
        ("5", "line"),
        ("{", "line"),
        ("\xff\xfe", "line"),
        ("x" * 5000, "line"),
        ("x" * 100000, "line"),
        ("[" * 4000, "line"),
        ('{"op": "prepare"}', "config"),
        ('{"op": "prepare", "config": 5}', "config"),
        (json.dumps(prepare(key="steal")), "key"),
        (json.dumps(prepare(psk="send")), "psk"),
        (json.dumps(prepare(psk=[])), "psk"),
        (json.dumps(prepare(psk=["send", "send"])), "psk"),
        (json.dumps(prepare(psk=[{}])), "psk[0]"),
        (json.dumps(prepare(dict(board_config(), mtu=1))), "mtu"),
        ('{"op": "commit"}', "name"),
        ('{"op": "commit", "name": "../wg0"}', "name"),
        ('{"op": "remove", "name": "wg7"}', "name"),
        ('{"op": "remove", "name": "../../etc/passwd"}', "name"),
    ],
)
def test_bad_requests_name_the_field(tmp_path, line, field):
    provision(tmp_path)
    before = stored(tmp_path)
    replies = talk(tmp_path, line, {"op": "hello", "id": 99})
    assert len(replies) == 2 and replies[1]["ok"]
    assert replies[0]["field"] == field and "ok" not in replies[0]
    assert 0 < len(replies[0]["error"]) <= 120 and replies[0]["error"].isprintable()
    assert stored(tmp_path) == before


@pytest.mark.parametrize(
    "damage",
    [
        lambda line: b"x" + line[1:],
        lambda line: line[:-2] + b"\n",
        lambda line: line.replace(b" ", b""),
        lambda line: line[:10] + b"!" + line[11:],
        lambda line: line[:42] + b"/" + line[43:],
        lambda line: b"y" * 3000 + b"\n",
        lambda line: b"\x00\n",
    ],
)
def test_damaged_secret_is_refused_and_forgotten(tmp_path, damage):
    line = secret_line(PSK)
    replies = talk(tmp_path, prepare(psk=["send"]), damage(line), line)
    assert replies[1]["field"] == "psk[0]" and replies[1]["id"] == 1
    assert replies[2]["field"] == "line"  # nothing waits for it any more
    assert os.listdir(tmp_path) == []


def test_a_request_instead_of_the_secret_cancels(tmp_path):
    replies = talk(tmp_path, prepare(psk=["send"]), {"op": "hello", "id": 2}, secret_line(PSK))
    assert replies[1]["ok"] and replies[2]["field"] == "line"
    assert os.listdir(tmp_path) == []


def test_ctrl_c_ends_it_and_later_bytes_stay_unread(tmp_path):
    stream = io.BytesIO(b'{"op": "hel\x03\x02rest')
    out = io.BytesIO()
    agent.serve(stream, out, root=str(tmp_path))
    assert out.getvalue() == b"" and stream.read() == b"\x02rest"


def test_flash_errors_are_replies(tmp_path):
    (tmp_path / "file").write_text("x")
    [reply] = talk(tmp_path / "file", prepare())
    assert "OSError" in reply["error"] or "NotADirectoryError" in reply["error"]
    assert "Traceback" not in reply["error"] and reply["field"] is None


def test_client_trouble_is_told_not_raised(tmp_path):
    """On CPython there is no lwIP, so the real client cannot start a tunnel."""
    prepared, committed = provision(tmp_path)
    assert committed["ok"] and committed["tunnel"].isprintable()
    assert stored(tmp_path) is not None


def test_secret_line_is_wiped_before_the_next_one(tmp_path):
    data = encoded(prepare(psk=["send"])) + secret_line(PSK)
    served = served_from(data, tmp_path)
    for field in ("send", "token"):
        assert field in served._answer(served._wire.read())
    assert not any(served._wire.buffer[:53])


def test_secret_buffers_are_wiped(tmp_path):
    data = encoded(prepare(psk=["send"])) + secret_line(PSK)
    served = served_from(data, tmp_path)
    served.run()
    assert not any(served._wire.buffer) and served._operations.pending is None


def test_no_reply_holds_a_secret(tmp_path):
    private_key = bytes(range(1, 33))
    data = (
        encoded(prepare(key="send", psk=["send"]))
        + secret_line(private_key)
        + secret_line(PSK)
        + encoded({"op": "show"})
        + encoded({"op": "config", "name": "wg0"})
        + encoded({"op": "hello"})
    )
    out = io.BytesIO()
    agent.serve(io.BytesIO(data), out, root=str(tmp_path))
    assert secret_bytes(store.load_staged("wg0", str(tmp_path))[1]) == private_key
    for secret in (private_key, PSK):
        for spelling in spellings(secret):
            assert spelling not in out.getvalue()


requests = st.one_of(
    st.binary(max_size=60),
    st.fixed_dictionaries(
        {
            "op": st.sampled_from(["hello", "prepare", "commit", "show", "config", "remove"])
            | st.text()
        },
        optional={
            "id": st.integers() | st.none() | st.text(max_size=3) | st.floats(),
            "name": st.sampled_from(["wg0", "wg1", ""]) | st.integers(),
            "token": st.text(max_size=3) | st.none(),
            "key": st.sampled_from(["keep", "new", "send", "x"]),
            "psk": st.lists(st.sampled_from(["none", "keep", "send", 5]), max_size=2),
            "config": st.just(board_config(name="wg1")) | st.text() | st.none(),
        },
    ).map(lambda value: json.dumps(value).encode()),
    st.just(secret_line(PSK)[:-1]),
)


@settings(max_examples=60)
@given(lines=st.lists(requests, max_size=12))
def test_any_lines_get_one_reply_each(tmp_path_factory, lines):
    root = tmp_path_factory.mktemp("board")
    provision(root)
    removes = any(b"remove" in line for line in lines)
    before = stored(root)
    lines = [line.replace(b"\x03", b"").replace(b"\n", b"").replace(b"\r", b"") for line in lines]
    replies = talk(root, *[line + b"\n" for line in lines])
    assert len(replies) == len([line for line in lines if line])
    for reply in replies:
        assert ("error" in reply) != (reply.get("ok") is True)
        assert "Traceback" not in json.dumps(reply)
    if not removes:
        assert stored(root) == before


@settings(max_examples=30)
@given(data=st.binary(max_size=400), size=st.integers(0, 400))
def test_any_bytes_at_any_cut(tmp_path_factory, data, size):
    root = tmp_path_factory.mktemp("board")
    provision(root)
    before = stored(root)
    good = encoded(prepare(board_config(address="10.8.8.8/32"), psk=["send"])) + secret_line(PSK)
    talk(root, (good[:size] + data))
    assert stored(root) == before
