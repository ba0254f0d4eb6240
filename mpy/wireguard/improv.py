# SPDX-License-Identifier: MIT
"""Improv Wi-Fi over a serial line, version 1: a web page gives the board its Wi-Fi.

    from wireguard import improv
    improv.serve()                      # in main.py, until the board is connected

The protocol is public: https://www.improv-wifi.com/serial/. `Improv` is sans-IO: bytes in, packets
out. What it does with a network is the `wlan` it is given: network.WLAN, or what acts as one. The
credentials are handed to that and wiped here; the port keeps them or not (ESP32 does, in its NVS).
"""

import sys

from wireguard.lines import CTRL_C, interrupt

HEADER = b"IMPROV"
VERSION = 1
OVERHEAD_BYTES = 10  # header, version, type, length, and the checksum behind the data
DATA_MAX_BYTES = 255

CURRENT_STATE, ERROR_STATE, RPC_COMMAND, RPC_RESULT = 1, 2, 3, 4
AUTHORIZED, PROVISIONING, PROVISIONED = 2, 3, 4
NO_ERROR, INVALID_PACKET, UNKNOWN_COMMAND, UNABLE_TO_CONNECT, UNKNOWN_ERROR = 0, 1, 2, 3, 0xFF
SEND_WIFI, GET_STATE, GET_INFO, GET_NETWORKS = 1, 2, 3, 4

SSID_MAX_BYTES = 32  # IEEE 802.11
PASSWORD_MAX_BYTES = 64  # WPA: 8 to 63 characters, or 64 hex digits
CONNECT_MS = 20000  # below the 30 s that the web installers wait
POLL_MS = 100
OPEN = 0  # `security` in a scan


def packet(kind, data):
    """The bytes of one packet, with the line end that browsers' readers like to see."""
    body = HEADER + bytes((VERSION, kind, len(data))) + data
    return body + bytes((sum(body) & 0xFF, 0x0A))


def result(command, texts):
    """An RPC result: a list of strings, each cut so that the packet holds them."""
    data = bytearray()
    for text in texts:
        raw = text.encode()[: DATA_MAX_BYTES - 3 - len(data)]
        data += bytes((len(raw),)) + raw
    return packet(RPC_RESULT, bytes((command, len(data))) + bytes(data))


class Parser:
    """Finds packets in a stream that holds other things too. One buffer, wiped after each."""

    def __init__(self):
        self.buffer = bytearray(OVERHEAD_BYTES + DATA_MAX_BYTES)
        self._length = 0

    def feed(self, byte):
        """The data's length when this byte completes a packet for us, -1 when it completes a
        damaged one, else None. The type is at buffer[7], the data at buffer[9:]."""
        buffer, at = self.buffer, self._length
        if at < len(HEADER) and byte != HEADER[at]:
            self._length = at = 0
            if byte != HEADER[0]:
                return None
        buffer[at] = byte
        self._length = at + 1
        if at < OVERHEAD_BYTES - 1 or at < OVERHEAD_BYTES - 1 + buffer[8]:
            return None
        self._length = 0
        good = byte == sum(memoryview(buffer)[:at]) & 0xFF and buffer[6] == VERSION
        if good:
            return buffer[8]
        self.wipe()
        return -1

    def is_inside(self):
        """Has a packet begun?"""
        return self._length > 0

    def wipe(self):
        """Forget what came: it may hold a password."""
        for i in range(len(self.buffer)):
            self.buffer[i] = 0
        self._length = 0


class Improv:
    """One conversation. `write(bytes)` sends; `info` are four strings: firmware, its version, chip,
    name of the device; `url` is where a browser goes when the board is connected, or ""."""

    def __init__(self, wlan, write, info, url="", sleep_ms=None, connect_ms=CONNECT_MS):
        self._wlan = wlan
        self._write = write
        self._info = info
        self._url = url
        self._sleep_ms = sleep_ms or _sleep_ms()
        self._connect_ms = connect_ms
        self._parser = Parser()

    def feed(self, data):
        """Take bytes that came, and answer the packets that they complete."""
        for byte in data:
            length = self._parser.feed(byte)
            if length is None:
                continue
            try:
                if length < 0:
                    self._error(INVALID_PACKET)
                elif self._parser.buffer[7] == RPC_COMMAND:
                    self._command(memoryview(self._parser.buffer)[9 : 9 + length])
            finally:
                self._parser.wipe()

    def is_inside(self):
        """Has a packet begun?"""
        return self._parser.is_inside()

    def is_connected(self):
        """Is the Wi-Fi up?"""
        return bool(self._wlan.isconnected())

    def _command(self, data):
        if len(data) < 2 or data[1] != len(data) - 2:
            self._error(INVALID_PACKET)
            return
        answers = {
            SEND_WIFI: self._send_wifi,
            GET_STATE: self._get_state,
            GET_INFO: self._get_info,
            GET_NETWORKS: self._get_networks,
        }
        if data[0] not in answers:
            self._error(UNKNOWN_COMMAND)
            return
        self._error(NO_ERROR)
        try:
            answers[data[0]](data[2:])
        except Exception:  # the port's own, whose words may hold the password
            self._error(UNKNOWN_ERROR)
            self._state()

    def _send_wifi(self, data):
        ssid, rest = _text(data, SSID_MAX_BYTES)
        password, rest = _text(rest, PASSWORD_MAX_BYTES)
        if not ssid or password is None or len(rest):
            self._error(INVALID_PACKET)
            return
        self._tell(PROVISIONING)
        if self._connect(ssid, password):
            self._tell(PROVISIONED)
            self._write(result(SEND_WIFI, [self._url] if self._url else []))
        else:
            self._error(UNABLE_TO_CONNECT)
            self._tell(AUTHORIZED)

    def _connect(self, ssid, password):
        self._wlan.active(True)
        if self._wlan.isconnected():  # to another network, perhaps
            self._wlan.disconnect()
        self._wlan.connect(*((ssid, password) if password else (ssid,)))
        waited = 0
        while not self._wlan.isconnected():
            if waited >= self._connect_ms:
                self._wlan.disconnect()
                return False
            self._sleep_ms(POLL_MS)
            waited += POLL_MS
        return True

    def _get_state(self, data):
        self._state()
        if self.is_connected():
            self._write(result(GET_STATE, [self._url] if self._url else []))

    def _get_info(self, data):
        self._write(result(GET_INFO, self._info))

    def _get_networks(self, data):
        """Each name once, the strongest first."""
        self._wlan.active(True)
        seen = {}
        for found in self._wlan.scan():
            name = found[0].decode("utf-8", "ignore") if found[0] else ""
            if name and (name not in seen or seen[name][0] < found[3]):
                seen[name] = found[3], found[4]
        for name in sorted(seen, key=lambda name: -seen[name][0]):
            rssi, security = seen[name]
            needs = "NO" if security == OPEN else "YES"
            self._write(result(GET_NETWORKS, [name, str(rssi), needs]))
        self._write(result(GET_NETWORKS, []))

    def _state(self):
        self._tell(PROVISIONED if self.is_connected() else AUTHORIZED)

    def _tell(self, state):
        self._write(packet(CURRENT_STATE, bytes((state,))))

    def _error(self, error):
        self._write(packet(ERROR_STATE, bytes((error,))))


def serve(
    stdin=None, stdout=None, wlan=None, info=None, url="", limit_ms=None, connect_ms=CONNECT_MS
):
    """Answer on a serial line (default: the REPL's) until the board is connected by it, or nothing
    came for `limit_ms`, or Ctrl-C between two packets. Returns whether it is connected."""
    own = stdin is None
    stdin = stdin or sys.stdin.buffer
    stdout = stdout or (sys.stdout.buffer if own else stdin)
    improv = Improv(wlan or _wlan(), stdout.write, info or _about(), url, connect_ms=connect_ms)
    interrupt(-1)  # 3 is also the type of a command
    try:
        _answer(improv, _poller(sys.stdin if own else stdin), stdin, limit_ms)
    finally:
        interrupt(CTRL_C)
    return improv.is_connected()


def _answer(improv, poll, stdin, limit_ms):
    byte = bytearray(1)
    was = improv.is_connected()
    while was or not improv.is_connected():
        if not poll.poll(-1 if limit_ms is None else limit_ms) or not stdin.readinto(byte):
            return
        if byte[0] == CTRL_C and not improv.is_inside():
            return
        was = was and improv.is_connected()
        improv.feed(byte)


def _text(data, most):
    """(text, what is behind it) of a length and as many bytes; (None, …) when they are not."""
    if not len(data) or data[0] > most or data[0] > len(data) - 1:
        return None, data
    size = 1 + data[0]
    try:
        return bytes(data[1:size]).decode(), data[size:]
    except UnicodeError:
        return None, data


def _about():
    import wireguard
    import wireguard.report as report

    board = report.board()["board"]
    return ["MicroPython WireGuard", wireguard.__version__, board, board]


def _wlan():
    """network.WLAN as a station; OSError where the port has none."""
    import network

    if not hasattr(network, "WLAN"):
        raise OSError("this board has no Wi-Fi")
    wlan = network.WLAN(network.STA_IF)
    wlan.active(True)
    return wlan


def _poller(stream):
    import select

    poll = select.poll()
    poll.register(stream, select.POLLIN)
    return poll


def _sleep_ms():
    import time

    return getattr(time, "sleep_ms", None) or (lambda ms: time.sleep(ms / 1000))
