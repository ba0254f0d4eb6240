# SPDX-License-Identifier: MIT
"""A board's main.py: readings to an MQTT broker inside the tunnel, and commands from it.

    mpremote mip install umqtt.simple
    mpremote cp examples/mqtt_tunnel.py :main.py

The broker needs no TLS: what goes to it is encrypted and authenticated by the tunnel. Its clients
are the tunnel's, so let it listen on the server's tunnel address only.
"""

import gc
import json
import time

from umqtt.simple import MQTTClient, MQTTException

import wireguard

BROKER = "10.7.0.1"  # inside the tunnel
TOPIC = "boards/kitchen"
PERIOD_S = 30
ANSWER_S = 10
RETRY_S = 5
LOOK_MS = 100

wg = wireguard.WireGuard("wg0")


def reading():
    """What the board measures: put your sensor here."""
    return {"up_s": time.ticks_ms() // 1000, "free_bytes": gc.mem_free()}


def on_command(topic, message):
    """Somebody has published to TOPIC/command."""
    print("command:", message)
    client.publish(TOPIC + "/answer", b"done: " + message)


client = MQTTClient(TOPIC.replace("/", "-"), BROKER, keepalive=3 * PERIOD_S)
client.set_callback(on_command)
client.set_last_will(TOPIC + "/state", "lost", retain=True)


def serve():
    """Until the connection breaks."""
    client.connect()
    client.publish(TOPIC + "/state", "here", retain=True)
    client.subscribe(TOPIC + "/command")
    while True:
        client.sock.settimeout(ANSWER_S)  # else a broker that is gone would be waited for for ever
        client.publish(TOPIC + "/reading", json.dumps(reading()), qos=1)
        published = time.ticks_ms()
        while time.ticks_diff(time.ticks_ms(), published) < PERIOD_S * 1000:
            client.check_msg()
            time.sleep_ms(LOOK_MS)


while True:
    try:
        serve()
    except (OSError, MQTTException, IndexError) as error:  # IndexError: closed in mid-answer
        print("mqtt:", repr(error), "tunnel:", wg.status())
    time.sleep(RETRY_S)
