# SPDX-License-Identifier: MIT
# An HTTP GET as any MicroPython program would write it.
import socket


def http_get(host, port, path, timeout_s=10):
    sock = socket.socket()
    sock.settimeout(timeout_s)
    sock.connect(socket.getaddrinfo(host, port)[0][-1])
    request = "GET %s HTTP/1.0\r\nHost: %s\r\nConnection: close\r\n\r\n" % (path, host)
    sock.send(request.encode())
    reply = b""
    while True:
        part = sock.recv(1024)
        if not part:
            break
        reply += part
    sock.close()
    head, _, body = reply.partition(b"\r\n\r\n")
    status = int(head.split(b" ", 2)[1])
    return {"status": status, "bytes": len(body), "body": body.decode()}
