# SPDX-License-Identifier: MIT
"""An app.py for ota_update.py: it confirms itself once it has reached its server."""

import socket
import time

SERVER = ("10.7.0.1", 8000)  # inside the tunnel
CHECK_S = 3600
ANSWER_S = 30


def main(updater):
    """Work, and look for a newer app every CHECK_S. `updater`: confirm(), check(), state."""
    reach_server()
    updater.confirm()
    print("app: version", updater.state["version"], "is in service")
    while True:
        updater.check()
        time.sleep(CHECK_S)


def reach_server():
    """OSError if it cannot be: then this app is not worth keeping, and the former one is back."""
    connection = socket.socket()
    connection.settimeout(ANSWER_S)
    connection.connect(socket.getaddrinfo(*SERVER)[0][-1])
    connection.close()
