# SPDX-License-Identifier: MIT
"""A board's main.py: reads a device that stands in a network behind the server.

    wgprov provision --name wg0 examples/site_gateway.conf      (with your servers' keys in it)
    mpremote mip install requests
    mpremote cp examples/site_gateway.py :main.py

AllowedIPs is the routing table: the site's 192.168.50.0/24 goes to the peer that has it there. To
the program the device is an address like any other.
"""

import time

import requests

import wireguard

DEVICE = "http://192.168.50.10/"
PERIOD_S = 60
ANSWER_S = 10

wg = wireguard.WireGuard("wg0")

while True:
    try:
        response = requests.get(DEVICE, timeout=ANSWER_S)
        print("device:", response.status_code, response.text)
        response.close()
    except OSError as error:
        print("device:", repr(error), "tunnel:", wg.status())
    time.sleep(PERIOD_S)
