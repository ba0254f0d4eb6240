# SPDX-License-Identifier: MIT
"""A board's main.py: a page on a board that has no address of its own in the internet.

    wgprov provision --name wg0 examples/road_warrior.conf      (with your server's key in it)
    mpremote cp examples/road_warrior.py :main.py

The board sits behind NAT, on a mobile network or in somebody's Wi-Fi. It calls the server, and
PersistentKeepalive keeps the way back open: `curl http://10.7.0.2/` works from the server's side.
The page is served at the tunnel's address only, so the local network does not see it.
"""

import json
import socket
import time

import wireguard

PORT = 80
REQUEST_MAX_BYTES = 1024
CLIENT_S = 5

wg = wireguard.WireGuard("wg0")


def page():
    """What the board tells: put your own state here."""
    peer = wg.show()["peers"][0]
    return {"up_s": time.ticks_ms() // 1000, "handshake_s_ago": peer["latest_handshake_s"]}


def answer(client):
    """One request, one answer. Whoever sends nothing is not waited for."""
    client.settimeout(CLIENT_S)
    request = client.recv(REQUEST_MAX_BYTES)
    if request.startswith(b"GET / "):
        head, body = "200 OK", json.dumps(page())
    else:
        head, body = "404 Not Found", "{}"
    client.write(f"HTTP/1.0 {head}\r\nContent-Type: application/json\r\n\r\n{body}\n".encode())


def serve():
    """For ever, at the tunnel's address."""
    mine = wg.ipconfig("addr4")
    if mine is None:
        raise OSError("wg0 has no IPv4 address")
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(socket.getaddrinfo(mine[0], PORT)[0][-1])
    listener.listen(2)
    print(f"serving at http://{mine[0]}:{PORT}/")
    while True:
        client, _ = listener.accept()
        try:
            answer(client)
        except OSError as error:
            print("client:", error)
        finally:
            client.close()


serve()
