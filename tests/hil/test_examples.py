# SPDX-License-Identifier: MIT
"""The examples, each as a person copies it: main.py of an emulated board with a tunnel, against an
MQTT broker, web servers and a client inside it. What the board says is read from its console.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import serial
from demo import board_script
from demo.rig import BOARD_ADDRESS, HOST, SECOND_ADDRESS, SERVER_ADDRESS, Rig, chosen_env
from peer.driver import Peer

from wgprov import importers

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
UMQTT = ROOT / ".cache" / "umqtt" / "simple.py"
DEVICE_ADDRESS = "192.168.50.10"
MQTT_PORT = 1883
FILES_PORT = 8000
READ_S = 0.05
SAID_S = 30.0

MAKE_FOLDERS = "import os\nfor f in ('/lib', '/lib/umqtt'):\n    os.mkdir(f)\n"
CLEAN = """
import os
for f in os.listdir('/'):
    if f.rpartition('.')[2] in ('py', 'old', 'new', 'json'):
        os.remove('/' + f)
"""


class ExampleRig(Rig):
    """Provisioned by examples/site_gateway.conf. The second server plays that site's gateway and
    one device behind it."""

    def __init__(self, folder: Path, elf: Path) -> None:
        super().__init__(chosen_env(), folder, elf=elf)
        self.second = Peer([SECOND_ADDRESS, DEVICE_ADDRESS], log=self.second_log)

    def write_conf(self) -> Path:
        text = (EXAMPLES / "site_gateway.conf").read_text()
        for word, peer in (("SERVER", self.server), ("GATEWAY", self.second)):
            text = text.replace(f"{word}_PUBLIC_KEY", peer.public_key)
            text = re.sub(r"\w+\.example\.org:51820", f"{HOST}:{peer.port}", text, count=1)
        self.conf.write_text(text)
        return self.conf

    @contextmanager
    def running(self, example: str, **files: str) -> Iterator[Console]:
        """The board after a reset with this example as main.py; `files` are further ones."""
        port = self.board.port
        for name, text in {"main": (EXAMPLES / example).read_text(), **files}.items():
            board_script.write_file(port, f"/{name}.py", text.encode())
        with Console(port) as console:
            console.reset()
            yield console
        board_script.execute(port, CLEAN, SAID_S)


class Console:
    """What the board prints, read as it comes."""

    def __init__(self, port: str) -> None:
        self._serial = serial.Serial(port, timeout=READ_S)
        self.text = ""

    def __enter__(self) -> Console:
        return self

    def __exit__(self, *_: object) -> None:
        self._serial.close()

    def reset(self) -> None:
        self._serial.write(b"\r\x03\x03\x02import machine\rmachine.reset()\r")
        self.wait(r"machine\.reset\(\)\s")

    def wait(self, pattern: str, timeout_s: float = SAID_S) -> re.Match[str]:
        """Until something new matches; what came before it is done with."""
        deadline = time.monotonic() + timeout_s
        while True:
            match = re.search(pattern, self.text)
            if match:
                self.text = self.text[match.end() :]
                return match
            assert time.monotonic() < deadline, (
                f"no {pattern!r} in what the board said: {self.text}"
            )
            self.text += self._serial.read(4096).decode("utf-8", "replace")


@pytest.fixture(scope="module")
def rig(elf: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExampleRig]:
    if not UMQTT.is_file():
        pytest.fail(f"{UMQTT} is missing: run `make umqtt`")
    with ExampleRig(tmp_path_factory.mktemp("examples"), elf) as made:
        made.server.mqtt_serve(MQTT_PORT)
        made.boot()
        made.provision()
        board_script.execute(made.board.port, MAKE_FOLDERS, SAID_S)
        board_script.write_file(made.board.port, "/lib/umqtt/simple.py", UMQTT.read_bytes())
        yield made


def test_mqtt_readings_and_commands(rig: ExampleRig) -> None:
    with rig.running("mqtt_tunnel.py") as console:
        server = rig.server
        assert server.mqtt_wait("boards/kitchen/state").payload == "here"
        reading = server.mqtt_wait("boards/kitchen/reading")
        assert json.loads(reading.payload)["free_bytes"] > 0
        assert (reading.qos, reading.client) == (1, "boards-kitchen")
        server.mqtt_publish("boards/kitchen/command", "lamp on")
        assert server.mqtt_wait("boards/kitchen/answer").payload == "done: lamp on"
        console.wait("command: b'lamp on'")


def test_sensor_reports_after_each_sleep(rig: ExampleRig) -> None:
    """A new handshake for each wake, on a board whose clock begins in 2000 each time."""
    text = (EXAMPLES / "deepsleep_sensor.py").read_text()
    assert "\nSLEEP_MS = 600_000\n" in text
    before = handshakes(rig)
    with rig.running("deepsleep_sensor.py", main=text.replace("600_000", "500")):
        for _ in range(3):
            assert "awake_ms" in json.loads(rig.server.mqtt_wait("sensors/garden").payload)
        assert handshakes(rig) >= before + 3


def handshakes(rig: ExampleRig) -> int:
    """How many the server has answered so far, by its log."""
    return rig.server_log.read_text().count("Sending handshake response")


def test_board_behind_nat_is_reached(rig: ExampleRig) -> None:
    """QEMU's user network is a NAT: nothing from outside finds the board but by the tunnel."""
    with rig.running("road_warrior.py") as console:
        console.wait(f"serving at http://{BOARD_ADDRESS}:80/")
        rig.wait_handshake(0)
        got = rig.server.http_get(f"http://{BOARD_ADDRESS}/")
        assert got["status"] == 200 and json.loads(got["body"])["handshake_s_ago"] >= 0
        assert rig.server.http_get(f"http://{BOARD_ADDRESS}/other")["status"] == 404


def test_site_behind_the_gateway_is_reached(rig: ExampleRig) -> None:
    rig.second.http_serve(80, "pump: on")
    with rig.running("site_gateway.py") as console:
        console.wait("device: 200 pump: on")


def test_update_stays_when_confirmed_and_goes_when_not(rig: ExampleRig, tmp_path: Path) -> None:
    app = (EXAMPLES / "ota_app.py").read_text()
    assert "\nCHECK_S = 3600\n" in app
    app = app.replace("CHECK_S = 3600", "CHECK_S = 1")
    rig.server.http_serve(FILES_PORT, "", tmp_path)
    with rig.running("ota_update.py", app=app) as console:
        console.wait("app: version 0 is in service")
        offer(tmp_path, 2, app + "\nprint('second edition')\n")
        console.wait("second edition(.|\n)*app: version 2 is in service")

        offer(tmp_path, 3, "def main(updater):\n    raise ValueError('bad edition')\n")
        console.wait("ValueError: bad edition")
        console.wait("update: did not confirm: version 3")
        console.wait("second edition(.|\n)*app: version 2 is in service")

        offer(tmp_path, 4, app + "\nprint('damaged')\n", sha256="0" * 64)
        console.wait("app-4.py is not what app.json says")
        offer(tmp_path, 5, app + "\nprint('fifth edition')\n")
        said = console.wait("(.|\n)*app: version 5 is in service")[0]
        assert "fifth edition" in said and "damaged" not in said and "bad edition" not in said


def offer(folder: Path, version: int, text: str, sha256: str = "") -> None:
    """Put an app on the server; its description last, as one who publishes must."""
    name = f"app-{version}.py"
    (folder / name).write_text(text)
    digest = sha256 or hashlib.sha256(text.encode()).hexdigest()
    manifest = folder / "app.json.new"
    manifest.write_text(json.dumps({"version": version, "file": name, "sha256": digest}))
    manifest.rename(folder / "app.json")


@pytest.mark.parametrize("name", ["road_warrior.conf", "site_gateway.conf"])
def test_configurations_are_what_wgprov_takes(rig: ExampleRig, name: str, tmp_path: Path) -> None:
    text = (EXAMPLES / name).read_text()
    text = text.replace("SERVER_PUBLIC_KEY", rig.server.public_key)
    (tmp_path / "wg0.conf").write_text(text.replace("GATEWAY_PUBLIC_KEY", rig.second.public_key))
    config = importers.load(tmp_path / "wg0.conf").config
    assert config["address"] == [f"{BOARD_ADDRESS}/24"]
    assert all(peer["persistent_keepalive"] == 25 for peer in config["peers"])
    assert SERVER_ADDRESS.rpartition(".")[0] in config["peers"][0]["allowed_ips"][0]
