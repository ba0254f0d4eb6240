# SPDX-License-Identifier: MIT
"""RawLink: WireGuard over a plain UDP socket, for firmware whose IP stack has no such interface.

    from wireguard.link import RawLink
    link = RawLink(private_key, ["10.7.0.2"])
    link.add_peer(server_key, "vpn.example.org:51820", ["10.7.0.0/24"])
    print(link.ping("10.7.0.1"))                  # milliseconds, or None
    port = link.udp()
    port.sendto(b"hello", ("10.7.0.1", 7))
    data, (host, number) = port.recvfrom(1000)

Stock MicroPython's sockets do not see the tunnel: what goes in and out are inner packets, UDP
datagrams and pings. There is no TCP, and none will be written for this: a board that needs it runs
firmware with the network interface (wireguard.WireGuard). docs/NATMOD.md says more.

The link lives while it is served: by the calls that wait, by step(), or by the task serve().
Keys and addresses may be text (as in wg's files) or bytes.
"""

import select
import socket
from binascii import a2b_base64

import _wireguard

from . import packets, underlay
from .core import allowedips
from .core.tunnel import Tunnel

MTU_DEFAULT_BYTES = 1420
DATAGRAM_MAX_BYTES = 2048
DATAGRAMS_AT_ONCE = 16  # of one step: timers must not starve under a flood
QUEUED_MAX = 8  # packets that nobody has taken yet, of the link and of each UDP port
EPHEMERAL_PORT = 49152  # RFC 6335 section 6
SERVE_INTERVAL_MS = 10
PING_TIMEOUT_MS = 3000

_COUNTERS = ("inner_malformed", "inner_not_ours", "inner_queue_full", "outer_send_failed")


class RawLink:
    """One interface: our key, our inner addresses, and its peers.

    mark   object with load() -> int and store(int) that survives a reset (store.Mark): without
           one the board's clock must be set, or servers take a restart for a replay.
    family socket.AF_INET6 where the peers' endpoints are IPv6
    """

    def __init__(
        self,
        private_key,
        addresses,
        listen_port=0,
        mtu=MTU_DEFAULT_BYTES,
        mark=None,
        family=socket.AF_INET,
    ):
        if not isinstance(private_key, _wireguard.PrivateKey):
            private_key = _wireguard.PrivateKey(_key(private_key))
        self.private_key = private_key
        self.addresses = [_inner(text) for text in addresses]
        if not self.addresses:
            raise ValueError("a link needs an inner address")
        self.mtu = mtu
        self.counters = {name: 0 for name in _COUNTERS}
        self._clock = underlay.Clock()
        self._path = _wireguard.Path()
        self._tunnel = Tunnel(_wireguard, self._path, private_key, underlay.timestamps(mark))
        self._endpoints = []  # [peer, "host:port", was it looked up since the last failure?]
        self._sockaddrs = {}
        self._ports = {}
        self._packets = []
        self._pings = {}
        self._sequence = 0
        self.socket = underlay.udp_socket(family, listen_port)
        self._poll = select.poll()
        self._poll.register(self.socket, select.POLLIN)

    @classmethod
    def provisioned(cls, name="wg0", root=None):
        """The link of a configuration that `wgprov` or wireguard.store has put on the board."""
        from . import store

        where = (root or store.ROOT,)
        settings, private_key, preshared = store.load(name, *where)
        port, mtu = settings["listen_port"], settings["mtu"]
        link = None
        try:
            mark = store.Mark(name, *where)
            link = cls(private_key, settings["address"], port, mtu, mark)
            for peer, psk in zip(settings["peers"], preshared):
                keepalive_s = peer["persistent_keepalive"]
                link.add_peer(
                    peer["public_key"], peer["endpoint"], peer["allowed_ips"], psk, keepalive_s
                )
        except Exception:  # a name that cannot be looked up yet, most likely
            if link is not None:
                link.close()
            store.wipe_keys(private_key, preshared)
            raise
        return link

    @property
    def public_key(self):
        """Our public key, 32 bytes."""
        return self._tunnel.public_key

    def add_peer(
        self, public_key, endpoint=None, allowed_ips=(), preshared_key=None, keepalive_s=0
    ):
        """Let a peer in. endpoint: "host:port", "[v6]:port", or None for one that calls us.

        Returns it: .state is "idle", "connecting", "up" or "failed", .failure says why.
        """
        if preshared_key is not None and not isinstance(preshared_key, _wireguard.PresharedKey):
            preshared_key = _wireguard.PresharedKey(_key(preshared_key))
        address = None if endpoint is None else self._look_up(endpoint)
        routes = [allowedips.parse_cidr(text) for text in allowed_ips]
        peer = self._tunnel.add_peer(_key(public_key), preshared_key, address, routes, keepalive_s)
        if endpoint is not None:
            self._endpoints.append([peer, endpoint, True])
        self.step()
        return peer

    def connect(self, peer):
        """Start a handshake now instead of with the first packet."""
        self._tunnel.connect(peer, self._clock())
        self._drain()

    def close(self):
        """Wipe every key, close the socket. The link cannot be used again."""
        keys = [peer.preshared for peer in self._tunnel.peers.values()] + [self.private_key]
        self._tunnel.close()
        self._path.wipe()
        for key in keys:
            if key is not None:
                key.wipe()
        self._poll.unregister(self.socket)
        self.socket.close()

    # Serving. A loop of one's own: poll(link.socket) for link.timeout_ms(), then link.step().

    def step(self):
        """Take what has come, do what is due, send what is ready. Never waits."""
        for _ in range(DATAGRAMS_AT_ONCE):
            if not self._receive():
                break
        now_ms = self._clock()
        self._look_up_again()
        self._tunnel.wake(now_ms)
        self._take_inbox()
        self._drain()

    def timeout_ms(self):
        """How long nothing has to be done unless a datagram comes; None: for ever."""
        deadline = self._tunnel.next_deadline()
        return None if deadline is None else max(0, deadline - self._clock())

    def wait(self, is_done, timeout_ms=None):
        """Serve until is_done() is true, and return it; None: without end."""
        end_ms = None if timeout_ms is None else self._clock() + timeout_ms
        self.step()
        while not is_done():
            pauses = [self.timeout_ms()]
            if end_ms is not None:
                pauses.append(end_ms - self._clock())
                if pauses[-1] <= 0:
                    break
            pauses = [pause for pause in pauses if pause is not None]
            self._poll.poll(min(pauses) if pauses else -1)
            self.step()
        return is_done()

    async def serve(self):
        """An asyncio task that keeps the link alive; it ends when it is cancelled."""
        import asyncio

        while True:
            self.step()
            pause_ms = self.timeout_ms()
            pause_ms = SERVE_INTERVAL_MS if pause_ms is None else min(pause_ms, SERVE_INTERVAL_MS)
            await asyncio.sleep(pause_ms / 1000)

    # Inner packets.

    def send_packet(self, packet):
        """Send a whole IP packet to the peer whose AllowedIPs cover its target."""
        if len(packet) > self.mtu:
            raise ValueError("the packet has %d bytes, the MTU is %d" % (len(packet), self.mtu))
        self._tunnel.send(packet, self._clock())
        self._drain()

    def recv_packet(self):
        """The next packet that is neither a ping nor for a port of udp(), or None."""
        return self._packets.pop(0) if self._packets else None

    def udp(self, port=0):
        """A UDP port inside the tunnel; 0: any free one."""
        if not port:
            port = EPHEMERAL_PORT
            while port in self._ports:
                port += 1
        if not 1 <= port <= 65535 or port in self._ports:
            raise OSError("UDP port %d is in use, or none" % port)
        self._ports[port] = Udp(self, port)
        return self._ports[port]

    def ping(self, host, timeout_ms=PING_TIMEOUT_MS, size=56):
        """Milliseconds until the echo came back, or None. The handshake counts, when one is due."""
        number = self._send_ping(host, size)
        self.wait(lambda: self._pings[number][1] is not None, timeout_ms)
        return self._pings.pop(number)[1]

    async def aping(self, host, timeout_ms=PING_TIMEOUT_MS, size=56):
        """ping() for asyncio, beside the task serve()."""
        import asyncio

        number = self._send_ping(host, size)
        end_ms = self._clock() + timeout_ms
        while self._pings[number][1] is None and self._clock() < end_ms:
            await asyncio.sleep(SERVE_INTERVAL_MS / 1000)
        return self._pings.pop(number)[1]

    def _send_ping(self, host, size=56):
        target = allowedips.parse_address(host)
        source = self._source(target)
        self._sequence = number = self._sequence + 1 & 0xFFFF
        sent_ms = self._clock()
        self.send_packet(packets.echo(source, target, False, 1, number, bytes(size)))
        self._pings[number] = [sent_ms, None]
        return number

    def _source(self, target):
        for address in self.addresses:
            if len(address) == len(target):
                return address
        raise ValueError("the link has no address of the family of " + _text(target))

    def _take_inbox(self):
        inbox = self._tunnel.inbox
        while inbox:
            packet = inbox.pop(0)
            parsed = packets.parse(packet)
            if parsed is None:
                self.counters["inner_malformed"] += 1
            elif parsed[1] not in self.addresses:
                self.counters["inner_not_ours"] += 1
            elif not self._take(parsed):
                self._queue(self._packets, packet)

    def _take(self, parsed):
        source, target, protocol, payload = parsed
        if protocol == packets.UDP:
            return self._take_udp(source, target, payload)
        if protocol in (packets.ICMP, packets.ICMPV6):
            return self._take_echo(source, target, payload)
        return False

    def _take_udp(self, source, target, payload):
        datagram = packets.parse_udp(source, target, payload)
        if datagram is None:
            self.counters["inner_malformed"] += 1
            return True
        port = self._ports.get(datagram[1])
        if port is not None:
            self._queue(port.queue, (datagram[2], (_text(source), datagram[0])))
        return port is not None

    def _take_echo(self, source, target, payload):
        message = packets.parse_echo(source, target, payload)
        if message is None:
            return False
        is_reply, identifier, number, data = message
        if not is_reply:
            answer = packets.echo(target, source, True, identifier, number, data)
            self._tunnel.send(answer, self._clock())
        elif number in self._pings and self._pings[number][1] is None:
            self._pings[number][1] = self._clock() - self._pings[number][0]
        return True

    def _queue(self, queue, item):
        if len(queue) < QUEUED_MAX:
            queue.append(item)
        else:
            self.counters["inner_queue_full"] += 1

    # Outer datagrams.

    def _receive(self):
        try:
            datagram, source = self.socket.recvfrom(DATAGRAM_MAX_BYTES)
        except OSError:  # nothing there, or an ICMP error for something that was sent
            return False
        address, port = underlay.from_sockaddr(source)
        self._tunnel.receive(datagram, address, port, self._clock())
        return True

    def _drain(self):
        outbox = self._tunnel.outbox
        while outbox:
            datagram, address, port = outbox.pop(0)
            try:
                self.socket.sendto(datagram, self._to_sockaddr(address, port))
            except OSError:  # no route: the timers send again
                self.counters["outer_send_failed"] += 1

    def _to_sockaddr(self, address, port):
        key = (address, port)
        if key not in self._sockaddrs:
            if len(self._sockaddrs) >= QUEUED_MAX:
                self._sockaddrs.clear()  # peers that roam
            self._sockaddrs[key] = socket.getaddrinfo(_text(address), port)[0][-1]
        return self._sockaddrs[key]

    def _look_up(self, endpoint):
        host, colon, port = endpoint.rpartition(":")
        if not colon or not host or not port.isdigit() or not 1 <= int(port) <= 65535:
            raise ValueError("an endpoint is host:port, not " + repr(endpoint))
        try:
            found = socket.getaddrinfo(host.strip("[]"), int(port))
        except OSError:
            raise OSError("no address for " + repr(host))
        return underlay.from_sockaddr(found[0][-1])

    def _look_up_again(self):
        """A name may have moved: asked once for each time that a peer is given up."""
        for entry in self._endpoints:
            peer, endpoint, asked = entry
            if not peer.failure:
                entry[2] = False
            elif not asked:
                entry[2] = True
                try:
                    address, port = self._look_up(endpoint)
                    self._path.set_endpoint(peer.id, address, port)
                except OSError:
                    pass  # the address known until now may still be good


class Udp:
    """A UDP port inside the tunnel: RawLink.udp()."""

    def __init__(self, link, port):
        self.link = link
        self.port = port
        self.queue = []

    def sendto(self, data, target):
        """target: (address as text, port). One datagram, no longer than the MTU allows."""
        address = allowedips.parse_address(target[0])
        source = self.link._source(address)
        head = packets.IPV4_HEADER_BYTES if len(address) == 4 else packets.IPV6_HEADER_BYTES
        most = self.link.mtu - head - packets.UDP_HEADER_BYTES
        if len(data) > most:
            raise ValueError("%d bytes, %d fit into one datagram" % (len(data), most))
        self.link.send_packet(packets.udp(source, self.port, address, target[1], bytes(data)))
        return len(data)

    def recvfrom(self, timeout_ms=None):
        """(data, (address as text, port)); OSError when none came in time."""
        if not self.link.wait(lambda: bool(self.queue), timeout_ms):
            raise OSError("timed out")
        return self.queue.pop(0)

    async def arecvfrom(self):
        """recvfrom() for asyncio, beside the task serve()."""
        import asyncio

        while not self.queue:
            await asyncio.sleep(SERVE_INTERVAL_MS / 1000)
        return self.queue.pop(0)

    def close(self):
        self.link._ports.pop(self.port, None)


def _text(address):
    return allowedips.format_address(address)


def _inner(text):
    """The address of "10.7.0.2/24", its host bits kept."""
    allowedips.parse_cidr(text)
    return allowedips.parse_address(text.partition("/")[0])


def _key(key):
    """32 bytes of what may be base64, as wg writes keys."""
    if isinstance(key, str):
        try:
            key = a2b_base64(key)
        except ValueError:
            raise ValueError("a key is 44 characters of base64")
    if len(key) != 32:
        raise ValueError("a key has 32 bytes, this one %d" % len(key))
    return key
