# SPDX-License-Identifier: MIT
"""The server's side of a board, in the words of the program that runs the server.

Each function takes a ServerPeer, the preshared key as text (None without one) and the name of the
server's interface, and returns text that ends in a newline. Sources: wg(8), nm-settings-keyfile(5),
systemd.netdev(5), RouterOS's manual for /interface wireguard peers, OPNsense's API for
wireguard/client/addClient.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable

from wgprov.errors import InputError
from wgprov.serverpeer import ServerPeer

PSK_FILE = "PSK-FILE"


def peer_block(peer: ServerPeer, psk: str | None, interface: str) -> str:
    """For wg-quick, `wg setconf` and `wg addconf`."""
    lines = [f"# {peer.title}", "[Peer]", f"PublicKey = {peer.public_key}"]
    if psk:
        lines.append(f"PresharedKey = {psk}")
    elif peer.preshared_unchanged:
        lines.append("# PresharedKey: the one that the server has")
    return _text(*lines, f"AllowedIPs = {', '.join(peer.allowed_ips)}")


def wg_set(peer: ServerPeer, psk: str | None, interface: str) -> str:
    """One command. wg takes a preshared key from a file only, so the line names one."""
    words = ["wg", "set", interface, "peer", peer.public_key]
    words += ["preshared-key", PSK_FILE] if psk else []
    words += ["allowed-ips", ",".join(peer.allowed_ips)]
    line = " ".join(shlex.quote(word) for word in words)
    return (
        _text(f"# {PSK_FILE}: a file with the preshared key, mode 0600", line)
        if psk
        else _text(line)
    )


def networkmanager(peer: ServerPeer, psk: str | None, interface: str) -> str:
    """A section for the connection's keyfile; `nmcli connection reload` reads it."""
    secret = [f"preshared-key={psk}", "preshared-key-flags=0"] if psk else []
    ips = "".join(f"{ip};" for ip in peer.allowed_ips)
    return _text(
        f"# {peer.title}", f"[wireguard-peer.{peer.public_key}]", *secret, f"allowed-ips={ips}"
    )


def networkd(peer: ServerPeer, psk: str | None, interface: str) -> str:
    """A section for the .netdev; `networkctl reload` reads it."""
    lines = [f"# {peer.title}", "[WireGuardPeer]", f"PublicKey={peer.public_key}"]
    lines += [f"PresharedKey={psk}"] if psk else []
    return _text(*lines, f"AllowedIPs={','.join(peer.allowed_ips)}")


def mikrotik(peer: ServerPeer, psk: str | None, interface: str) -> str:
    """One RouterOS command (7.1 and later)."""
    words = [f"interface={_routeros(interface)}", f"public-key={_routeros(peer.public_key)}"]
    words += [f"preshared-key={_routeros(psk)}"] if psk else []
    words += [f"allowed-address={','.join(peer.allowed_ips)}", f"comment={_routeros(peer.title)}"]
    return _text("/interface wireguard peers add " + " ".join(words))


def opnsense(peer: ServerPeer, psk: str | None, interface: str) -> str:
    """The body of POST /api/wireguard/client/addClient; its fields are those of the web page."""
    client = {
        "enabled": "1",
        "name": "".join(c if c.isascii() and c.isalnum() else "_" for c in peer.title)[:64],
        "pubkey": peer.public_key,
        "psk": psk or "",
        "tunneladdress": ",".join(peer.allowed_ips),
    }
    return _text(json.dumps({"client": client}, indent=2))


FORMATS: dict[str, Callable[[ServerPeer, str | None, str], str]] = {
    "peer": peer_block,
    "wg-set": wg_set,
    "networkmanager": networkmanager,
    "networkd": networkd,
    "mikrotik": mikrotik,
    "opnsense": opnsense,
}


def render(peer: ServerPeer, name: str, interface: str, show_secrets: bool) -> str:
    """`peer` in one of FORMATS; the preshared key is hidden unless asked for."""
    if name not in FORMATS:
        raise InputError(f"--format {name}: one of {', '.join(FORMATS)}")
    return FORMATS[name](peer, peer.secret_text(show_secrets), interface)


def _routeros(text: str) -> str:
    """A quoted string of RouterOS's scripting language."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    return f'"{escaped}"'


def _text(*lines: str) -> str:
    return "\n".join(lines) + "\n"
