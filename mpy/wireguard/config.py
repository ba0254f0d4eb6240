# SPDX-License-Identifier: MIT
"""Check an interface configuration on the board.

The host has checked the same things with longer words; the board checks again because a cable,
an old wgprov or a person at the REPL may hand it anything. Reasons are short: they share flash
with everything else. Shapes: see docs/PROVISIONING.md, "Configuration".
"""

from binascii import a2b_base64, b2a_base64

from .core import allowedips

VERSION = 1
KEY_BYTES = 32
NAME_MAX_CHARS = 15  # IFNAMSIZ - 1, what wg-quick allows
HOST_MAX_CHARS = 253  # RFC 1035 §2.3.4 without the root label
ADDRESSES_MAX = 4
DNS_MAX = 4
PEERS_MAX = 16  # WG_PEERS_AT_ONCE
ALLOWED_IPS_MAX = 64  # of all peers together: what a line of the agent has room for
MTU_MIN_BYTES = 576  # RFC 791: every host takes this much
MTU_MAX_BYTES = 1440  # 1500 - 20 (IPv4) - 8 (UDP) - 32 (WireGuard)
MTU_DEFAULT_BYTES = 1420  # the same with IPv6 outside
KEEPALIVE_MAX_S = 65535

_DIGITS = "0123456789"
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_NAME_CHARS = _LETTERS + _DIGITS + "_=+.-"
_HOST_CHARS = _LETTERS + _DIGITS + "-_"

_FIELDS = ("v", "name", "address", "listen_port", "mtu", "dns", "autostart", "peers")
_PEER_FIELDS = ("public_key", "endpoint", "allowed_ips", "persistent_keepalive")


class Bad(ValueError):
    """A field is wrong. `.field` is its path ("peers[0].endpoint"), `.reason` a few words."""

    def __init__(self, field, reason):
        super().__init__(reason)
        self.field = field
        self.reason = reason


def check(config):
    """Return a complete copy of `config` with defaults filled in, or raise Bad."""
    _known(config, _FIELDS, "", "config")
    if config.get("v", VERSION) != VERSION:
        raise Bad("v", "unknown version")
    peers = _list(config, "peers", "", PEERS_MAX)
    checked = {
        "v": VERSION,
        "name": name(config.get("name")),
        "address": [_text_of(cidr, a, f) for a, f in _items(config, "address", ADDRESSES_MAX)],
        "listen_port": _number(config, "listen_port", "", 0, 0, 65535),
        "mtu": _number(config, "mtu", "", MTU_DEFAULT_BYTES, MTU_MIN_BYTES, MTU_MAX_BYTES),
        "dns": [_text_of(address, a, f) for a, f in _items(config, "dns", DNS_MAX)],
        "autostart": _bool(config, "autostart", True),
        "peers": [_peer(p, "peers[%d]" % i) for i, p in enumerate(peers)],
    }
    if not checked["address"]:
        raise Bad("address", "missing")
    _distinct(checked["peers"])
    return checked


def name(text, field="name"):
    """Return an interface name (it becomes a file name) or raise Bad."""
    if not isinstance(text, str) or not 1 <= len(text) <= NAME_MAX_CHARS:
        raise Bad(field, "must be 1 to 15 characters")
    if text[0] == "." or not _only(text, _NAME_CHARS):
        raise Bad(field, "bad character")
    return text


def key(text, field="key"):
    """Return the 32 bytes of a base64 key or raise Bad."""
    try:
        raw = a2b_base64(text)
        good = len(text) == 44 and key_text(raw) == text
    except Exception:  # the two Pythons disagree about which: ValueError, TypeError, binascii.Error
        good = False
    if not good or len(raw) != KEY_BYTES:
        raise Bad(field, "not a base64 key of 32 bytes")
    if raw == bytes(KEY_BYTES):
        raise Bad(field, "all zero")
    return raw


def key_text(raw):
    """Base64 of a key: a public one, for it stays in the heap."""
    return b2a_base64(raw).strip().decode()


def address(text, field="address"):
    """Return the 4 or 16 bytes of an IPv4 or IPv6 address or raise Bad."""
    if not isinstance(text, str) or len(text) > 45:
        raise Bad(field, "not an address")
    raw = _packed(text)
    if raw is None:
        raise Bad(field, "not an address")
    return raw


def cidr(text, field="cidr"):
    """Return (address bytes, prefix length) of "10.7.0.2/24"; no slash means one host."""
    if not isinstance(text, str):
        raise Bad(field, "not an address")
    host, slash, prefix = text.partition("/")
    raw = address(host, field)
    bits = len(raw) * 8
    if not slash:
        return raw, bits
    length = _decimal(prefix, bits)
    if length is None:
        raise Bad(field, "prefix must be 0 to %d" % bits)
    return raw, length


def endpoint(text, field="endpoint"):
    """Return (host, port) of "name:1", "1.2.3.4:1" or "[2001:db8::1]:1" or raise Bad."""
    if not isinstance(text, str):
        raise Bad(field, "not host:port")
    host, colon, port_text = text.rpartition(":")
    port = _decimal(port_text, 65535)
    if not colon or not port:
        raise Bad(field, "port must be 1 to 65535")
    if host[:1] == "[" and host[-1:] == "]":
        if ":" not in host or _packed(host[1:-1]) is None:
            raise Bad(field, "not an IPv6 address")
        return host[1:-1], port
    if not _host(host):
        raise Bad(field, "not a host name or address")
    return host, port


def _peer(peer, field):
    _known(peer, _PEER_FIELDS, field + ".", field)
    where = peer.get("endpoint")
    return {
        "public_key": _text_of(key, peer.get("public_key"), field + ".public_key"),
        "endpoint": None if where is None else _text_of(endpoint, where, field + ".endpoint"),
        "allowed_ips": [
            _text_of(cidr, a, f) for a, f in _items(peer, "allowed_ips", ALLOWED_IPS_MAX, field)
        ],
        "persistent_keepalive": _number(peer, "persistent_keepalive", field, 0, 0, KEEPALIVE_MAX_S),
    }


def _distinct(peers):
    """Two peers with one key, or one route to two peers, is a mistake, not a wish."""
    keys = set()
    routes = set()
    for i, peer in enumerate(peers):
        if peer["public_key"] in keys:
            raise Bad("peers[%d].public_key" % i, "same key twice")
        keys.add(peer["public_key"])
        for j, text in enumerate(peer["allowed_ips"]):
            route = _masked(cidr(text))
            if route in routes:
                raise Bad("peers[%d].allowed_ips[%d]" % (i, j), "same range twice")
            routes.add(route)
    if len(routes) > ALLOWED_IPS_MAX:
        raise Bad("peers", "at most %d allowed_ips in all" % ALLOWED_IPS_MAX)


def _masked(route):
    raw, prefix = route
    bits = len(raw) * 8
    value = int.from_bytes(raw, "big") >> (bits - prefix) << (bits - prefix)
    return bits, value, prefix


def _text_of(parse, text, field):
    parse(text, field)
    return text


def _known(value, fields, prefix, field):
    if not isinstance(value, dict):
        raise Bad(field, "must be an object")
    for unknown in value:
        if unknown not in fields:
            raise Bad(prefix + (str(unknown)[:24] or '""'), "unknown field")


def _list(value, field, prefix, most):
    items = value.get(field, [])
    path = prefix + "." + field if prefix else field
    if not isinstance(items, list):
        raise Bad(path, "must be a list")
    if len(items) > most:
        raise Bad(path, "at most %d" % most)
    return items


def _items(value, field, most, prefix=""):
    path = prefix + "." + field if prefix else field
    return [(x, "%s[%d]" % (path, i)) for i, x in enumerate(_list(value, field, prefix, most))]


def _number(value, field, prefix, default, low, high):
    number = value.get(field, default)
    if isinstance(number, bool) or not isinstance(number, int) or not low <= number <= high:
        raise Bad(prefix + "." + field if prefix else field, "must be %d to %d" % (low, high))
    return number


def _bool(value, field, default):
    flag = value.get(field, default)
    if not isinstance(flag, bool):
        raise Bad(field, "must be true or false")
    return flag


def _only(text, allowed):
    for char in text:
        if char not in allowed:
            return False
    return True


def _decimal(text, most):
    """An ASCII decimal without sign, blanks or leading zeros, or None. int() takes far more."""
    if not 1 <= len(text) <= 5 or not _only(text, _DIGITS) or (text[0] == "0" and len(text) > 1):
        return None
    number = int(text)
    return number if number <= most else None


def _host(text):
    if not 1 <= len(text) <= HOST_MAX_CHARS:
        return False
    labels = text.split(".")
    if _only(labels[-1], _DIGITS):  # a top-level name is never all digits: this is an address
        return _packed(text) is not None
    for label in labels:
        if not 1 <= len(label) <= 63 or not _only(label, _HOST_CHARS):
            return False
        if label[0] == "-" or label[-1] == "-":
            return False
    return True


def _packed(text):
    """The 4 or 16 bytes of an address, or None."""
    try:
        return allowedips.parse_address(text)
    except ValueError:
        return None
