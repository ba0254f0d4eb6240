# SPDX-License-Identifier: MIT
"""A board's main.py: wake, send one reading through the tunnel, sleep.

    mpremote mip install umqtt.simple
    mpremote cp examples/deepsleep_sensor.py :main.py

Session keys are in RAM, so each wake makes a new handshake: one packet each way, and the server
must not take it for a replay, although the board has no clock. That is what the mark on the flash
is for. Wi-Fi is brought up in boot.py; the tunnel has been started before main.py runs.
"""

import json
import time

import machine
from umqtt.simple import MQTTClient, MQTTException

import wireguard

BROKER = "10.7.0.1"  # inside the tunnel
TOPIC = "sensors/garden"
SLEEP_MS = 600_000
TUNNEL_MAX_MS = 20_000  # awake for no longer than this without a tunnel: the battery
ANSWER_S = 5
HATCH_MS = 3_000

wg = wireguard.WireGuard("wg0")


def reading():
    """What the board measures: put your sensor here."""
    return {"awake_ms": time.ticks_ms()}


def wait_for_tunnel():
    """Until a handshake is complete; OSError says what hinders it."""
    began = time.ticks_ms()
    while not wg.isconnected():
        if time.ticks_diff(time.ticks_ms(), began) > TUNNEL_MAX_MS:
            raise OSError(wg.status())
        time.sleep_ms(20)


def report():
    """Publish a reading; on return the broker has it."""
    client = MQTTClient(TOPIC.replace("/", "-"), BROKER)
    client.connect()
    client.sock.settimeout(ANSWER_S)
    client.publish(TOPIC, json.dumps(reading()), qos=1)
    client.disconnect()


if machine.reset_cause() == machine.PWRON_RESET:
    # A moment in which Ctrl-C, and so wgprov and mpremote, get in. Asleep, the board does not hear.
    time.sleep_ms(HATCH_MS)
try:
    wait_for_tunnel()
    report()
except (OSError, MQTTException, IndexError) as error:
    print("sensor:", repr(error))
machine.deepsleep(SLEEP_MS)
