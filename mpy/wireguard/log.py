# SPDX-License-Identifier: MIT
"""The latest of what happened to this board's tunnels, for `wgprov logs` (docs/PROVISIONING.md).

A ring of bounded size, made by the first interface that starts. To note something takes no more
from the heap than a place in a table for each peer and each kind of event. No secret is in it:
names of events, public keys, endpoints, reasons.

What happens again is not written again: its entry is moved to the end and says how often. That is
the newest entry of a peer, or of what belongs to no peer the one of the same event. So strangers,
whose messages belong to no peer, can fill no more entries than there are kinds of message to send.
"""

ENTRIES = 32
AT_ONCE = 8
NUMBER, AT_MS, NAME, EVENT, KEY, DETAIL, TIMES = range(7)
_FIELDS = 7

_ring = []
_newest = {}  # by interface: where the newest entry of a peer's key, or of a stranger's event, lies
_made = 0  # entries so far: where the next one goes
latest = 0  # number of the newest; numbers begin at 1


def prepare():
    """Take the memory. Nothing is noted before."""
    if not _ring:
        _ring.extend([None] * (ENTRIES * _FIELDS))


def note(at_ms, name, event, key=None, detail=None):
    """Something has happened to the interface `name`. key: the peer's public key; detail: words,
    or an endpoint as (address bytes, port)."""
    global latest, _made
    if not _ring:
        return
    at = _same(name, event, key, detail)
    if at is None:
        at = _made % ENTRIES * _FIELDS
        _made += 1
        _ring[at + TIMES] = 0
        _remember(name, key or event, at)
    latest += 1
    _ring[at] = latest
    _ring[at + AT_MS] = at_ms
    _ring[at + NAME] = name
    _ring[at + EVENT] = event
    _ring[at + KEY] = key
    _ring[at + DETAIL] = detail
    _ring[at + TIMES] += 1


def after(number, most=ENTRIES):
    """Up to `most` entries with a greater number, as tuples in the order of the fields, oldest
    first."""
    starts = range(0, len(_ring), _FIELDS)
    wanted = sorted([(_ring[at], at) for at in starts if _ring[at] and _ring[at] > number])
    return [tuple(_ring[at : at + _FIELDS]) for _, at in wanted[:most]]


def told(number, now_ms):
    """The next entries after `number` as `wgprov logs` gets them; now_ms: their clock, or None."""
    entries = [_told(*entry) for entry in after(number, AT_ONCE)]
    return {"now_ms": now_ms, "latest": latest, "entries": entries}


def _told(number, at_ms, name, event, key, detail, times):
    from . import config, status

    if isinstance(detail, tuple):
        detail = status.endpoint_text(*detail)
    peer = None if key is None else config.key_text(key)
    return {
        "number": number,
        "at_ms": at_ms,
        "name": name,
        "event": event,
        "peer": peer,
        "detail": detail,
        "times": times,
    }


def _same(name, event, key, detail):
    """Where an entry lies that this one only repeats, or None."""
    places = _newest.get(name)
    at = None if places is None else places.get(key or event)
    if at is None or _ring[at + EVENT] != event:
        return None
    if _ring[at + NAME] != name or _ring[at + KEY] != key:  # it gave way to a newer one
        return None
    return at if key is None or _ring[at + DETAIL] == detail else None


def _remember(name, what, at):
    try:
        if name not in _newest or len(_newest[name]) >= ENTRIES:
            _newest[name] = {}
        _newest[name][what] = at
    except MemoryError:  # then the next one is another entry
        pass
