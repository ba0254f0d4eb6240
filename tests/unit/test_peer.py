# SPDX-License-Identifier: MIT
"""Two wg-peer processes talk to each other: the server and its driver are what they claim."""

from __future__ import annotations

import base64
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from peer.driver import ROOT, Peer, PeerConfig, PeerError

from host_tools.bootstrap import go

PSK = "cGVlciB0ZXN0LCBub3QgYSBzZWNyZXQgYXQgYWxsISE="
SERVER, CLIENT = "10.8.0.1", "10.8.0.2"


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Peer, Peer]]:
    folder = tmp_path_factory.mktemp("peer")
    with (
        Peer([SERVER, "fd08::1"], log=folder / "server.log") as server,
        Peer([CLIENT, "fd08::2"], log=folder / "client.log") as client,
    ):
        introduce(server, client)
        yield server, client


def introduce(server: Peer, client: Peer, psk: str | None = PSK) -> None:
    server.add_peer(PeerConfig(client.public_key, [f"{CLIENT}/32", "fd08::2/128"], psk))
    client.add_peer(
        PeerConfig(
            server.public_key, [f"{SERVER}/32", "fd08::1/128"], psk, f"127.0.0.1:{server.port}"
        )
    )


@pytest.mark.parametrize("address", [SERVER, "fd08::1"])
def test_ping(pair: tuple[Peer, Peer], address: str) -> None:
    server, client = pair
    result = client.ping(address)
    assert (result.sent, result.received) == (10, 10)
    assert len(result.rtt_ms) == 10 and result.best_ms < 1000
    assert server.stats()[client.public_key].last_handshake > time.time() - 60


def test_tcp_has_the_same_hash_on_both_sides(pair: tuple[Peer, Peer]) -> None:
    server, client = pair
    server.tcp_listen(5001)
    sink = server.submit("tcp_sink", port=5001)
    sent = client.request("tcp_source", connect=f"{SERVER}:5001", bytes=1 << 20, seed=3)
    got = server.result(sink)
    assert got["bytes"] == sent["bytes"] == 1 << 20
    assert got["sha256"] == sent["sha256"]
    assert got["remote"].startswith(CLIENT)


def test_tcp_echo_needs_an_echo(pair: tuple[Peer, Peer]) -> None:
    server, client = pair
    server.tcp_listen(5003)
    sink = server.submit("tcp_sink", port=5003, bytes=1000)
    with pytest.raises(PeerError, match="0 of 1000 bytes came back"):
        client.tcp_echo(f"{SERVER}:5003", 1000)
    assert server.result(sink)["bytes"] == 1000


def test_udp_is_counted(pair: tuple[Peer, Peer]) -> None:
    server, client = pair
    server.udp_listen(5002)
    started = time.monotonic()
    blast = client.udp_blast(f"{SERVER}:5002", 1000, 1380, pace=4000)
    assert (blast.sent, blast.failed) == (1000, 0)
    assert 0.2 < time.monotonic() - started < 5, "1000 datagrams at 4000/s take a quarter second"
    count = server.udp_count(5002, expect=1000)
    assert (count.distinct, count.duplicates) == (1000, 0)
    assert count.bytes == 1000 * 1380
    server.udp_close(5002)


def test_udp_loss_is_a_figure(pair: tuple[Peer, Peer]) -> None:
    server, client = pair
    server.udp_listen(5004)
    client.udp_blast(f"{SERVER}:5004", 10, 100, pace=0)
    assert server.udp_count(5004, expect=20, quiet_ms=100).distinct == 10


def test_http(pair: tuple[Peer, Peer], tmp_path: Path) -> None:
    server, client = pair
    (tmp_path / "app.json").write_text("{}")
    server.http_serve(80, "hello", tmp_path)
    got = client.http_get(f"http://{SERVER}/")
    assert (got["status"], got["body"]) == (200, "hello")
    assert client.http_get(f"http://{SERVER}/files/app.json")["body"] == "{}"
    assert client.http_get(f"http://{SERVER}/files/../go.mod")["status"] == 404


def test_mqtt_messages_wait_in_order_and_by_topic(pair: tuple[Peer, Peer]) -> None:
    """What a client of another make publishes: tests/hil/test_examples.py."""
    server, _ = pair
    with pytest.raises(PeerError, match="no broker"):
        server.mqtt_publish("a", "1")
    server.mqtt_serve(1883)
    for topic, payload in (("a", "1"), ("b", "2"), ("a", "3")):
        server.mqtt_publish(topic, payload)
    assert [server.mqtt_wait(topic).payload for topic in "baa"] == ["2", "1", "3"]
    with pytest.raises(PeerError, match="nothing was published as a"):
        server.mqtt_wait("a", timeout_s=0.2)


def test_another_preshared_key_means_no_tunnel() -> None:
    with Peer([SERVER]) as server, Peer([CLIENT]) as client:
        introduce(server, client)
        server.add_peer(PeerConfig(client.public_key, [f"{CLIENT}/32"]))
        server.request("uapi_set", config=zero_psk(client.public_key))
        assert client.ping(SERVER, count=2, wait_ms=200).received == 0


def zero_psk(public_key: str) -> str:
    key = base64.b64decode(public_key).hex()
    return f"public_key={key}\npreshared_key={'00' * 32}\n"


def test_restart_keeps_keys_port_and_peers() -> None:
    with Peer([SERVER]) as server, Peer([CLIENT]) as client:
        introduce(server, client)
        assert client.ping(SERVER, count=1).received == 1
        before = server.public_key, server.port, server.pid
        server.restart()
        assert (server.public_key, server.port) == before[:2] and server.pid != before[2]
        stats = server.stats()[client.public_key]
        assert stats.last_handshake == 0 and stats.endpoint == ""


def test_the_process_ends_with_its_input() -> None:
    peer = Peer([SERVER])
    peer.start()
    process = peer._process
    assert process is not None
    waiting = peer.submit("wait", 60, public_key=peer.public_key, after=0)
    peer.stop()
    assert process.returncode == 0
    with pytest.raises(PeerError, match="has ended|deadline|canceled"):
        peer.result(waiting)


def test_bad_requests_get_one_line(pair: tuple[Peer, Peer]) -> None:
    server, _ = pair
    for op, fields, message in [
        ("dance", {}, "unknown op"),
        ("ping", {"address": "nonsense"}, "unable to parse IP"),
        ("ping", {"address": CLIENT, "count": 0}, "count 1"),
        ("add_peer", {"public_key": "short"}, "base64 form of 32 bytes"),
        ("tcp_sink", {"port": 9}, "tcp_listen"),
        ("start", {}, "already started"),
    ]:
        with pytest.raises(PeerError, match=message) as caught:
            server.request(op, **fields)
        assert "\n" not in str(caught.value)


def test_a_missing_binary_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(PeerError, match="run make build"):
        Peer([SERVER], binary=tmp_path / "nothing").start()


@pytest.mark.long
@pytest.mark.parametrize(
    "command",
    [["vet", "./..."], ["test", "./..."], ["run", "cmd/gofmt", "-l", "."], ["mod", "verify"]],
    ids=["vet", "test", "gofmt", "mod verify"],
)
def test_the_go_module_is_clean(command: list[str]) -> None:
    folder = ROOT / ".cache" / "go"
    environ = {
        **os.environ,
        "GOTOOLCHAIN": "local",
        "GOPATH": str(folder),
        "GOMODCACHE": str(folder / "mod"),
        "GOCACHE": str(folder / "cache"),
        "GOFLAGS": "-mod=readonly -modcacherw -trimpath",
        "CGO_ENABLED": "0",
    }
    done = subprocess.run(
        [go.find(), *command],
        cwd=ROOT / "host_tools" / "peer",
        env=environ,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    if command[0] == "run":
        assert not done.stdout, "gofmt would change these"
