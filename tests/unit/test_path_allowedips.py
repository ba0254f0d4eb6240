# SPDX-License-Identifier: MIT
"""AllowedIPs in C against a slow reference: any number of peers and prefixes, longest one first."""

from __future__ import annotations

import ipaddress
import random

from hypothesis import given
from hypothesis import strategies as st

from _wireguard import Path

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Table = dict[Network, int]


def network(raw: bytes, bits: int) -> Network:
    return ipaddress.ip_network((raw, bits), strict=False)


def expected(table: Table, address: bytes) -> int:
    addr = ipaddress.ip_address(address)
    covering = [net for net in table if net.version == addr.version and addr in net]
    return table[max(covering, key=lambda net: net.prefixlen)] if covering else -1


def short(size: int) -> st.SearchStrategy[bytes]:
    """Addresses that share long prefixes, so that look-ups hit and nearly hit."""
    few = st.sampled_from([0, 1, 2, 127, 128, 254, 255])
    head = st.lists(few, min_size=size, max_size=size)
    return st.builds(lambda h, n: bytes(h[:n] + [10] * (size - n)), head, st.integers(0, size))


addresses = short(4) | short(16)
prefixes = addresses.flatmap(lambda a: st.tuples(st.just(a), st.integers(0, 8 * len(a))))
entries = st.lists(st.tuples(prefixes, st.integers(0, 4)), max_size=40)


@given(entries, st.lists(addresses, max_size=20), st.integers(0, 4))
def test_longest_prefix(
    given_entries: list[tuple[tuple[bytes, int], int]], asked: list[bytes], removed: int
) -> None:
    path, table = Path(), {}
    peers = [path.add_peer() for _ in range(5)]
    for (raw, bits), peer in given_entries:
        path.allow(peers[peer], raw, bits)
        table[network(raw, bits)] = peers[peer]
    asked = asked + [raw for (raw, _), _ in given_entries]
    assert [path.lookup(a) for a in asked] == [expected(table, a) for a in asked]
    path.remove_peer(peers[removed])
    table = {net: peer for net, peer in table.items() if peer != peers[removed]}
    assert [path.lookup(a) for a in asked] == [expected(table, a) for a in asked]


def test_many_peers_and_prefixes() -> None:
    """300 peers, 3,000 prefixes: bounded by memory alone."""
    choice, path, table = random.Random(6), Path(), {}
    peers = [path.add_peer() for _ in range(300)]
    assert peers == list(range(300))
    for number in range(3000):
        size = choice.choice((4, 16))
        raw, bits = choice.randbytes(size), choice.randrange(8 * size + 1)
        path.allow(peers[number % 300], raw, bits)
        table[network(raw, bits)] = peers[number % 300]
    asked = [net.network_address.packed for net in table]
    assert [path.lookup(a) for a in asked] == [expected(table, a) for a in asked]
    for peer in peers[:299]:
        path.remove_peer(peer)
    kept = {net: peer for net, peer in table.items() if peer == peers[299]}
    assert [path.lookup(a) for a in asked[:200]] == [expected(kept, a) for a in asked[:200]]
    assert path.add_peer() == 0
