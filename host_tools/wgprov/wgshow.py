# SPDX-License-Identifier: MIT
"""Print what a board reports as `wg show` prints it. Never a secret: the board has none to give."""

from __future__ import annotations

from typing import Any

from wgprov.errors import BoardError, printable

_INTERFACE_FIELDS = (
    "name",
    "public_key",
    "listen_port",
    "up",
    "status",
    "error",
    "counters",
    "mtu",
    "mtu_configured",
)
_PEER_FIELDS = (
    "public_key",
    "preshared",
    "endpoint",
    "allowed_ips",
    "latest_handshake_s",
    "rx_bytes",
    "tx_bytes",
    "persistent_keepalive_s",
    "status",
)
_UNITS = ((365 * 86400, "year"), (86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
_SIZES = ("B", "KiB", "MiB", "GiB", "TiB")


def known_fields(reply: Any) -> list[dict[str, Any]]:
    """The interfaces of a `show` reply with the fields that we know, and only those."""
    try:
        return [_interface(interface) for interface in reply["interfaces"]]
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError):
        raise BoardError("the board's report makes no sense: update its module") from None


def _interface(raw: dict[str, Any]) -> dict[str, Any]:
    shown = {k: _safe(raw[k]) for k in _INTERFACE_FIELDS if k in raw}
    shown["peers"] = [
        {k: _safe(peer.get(k)) for k in _PEER_FIELDS} for peer in raw.get("peers", [])
    ]
    for peer in shown["peers"]:
        for count in ("rx_bytes", "tx_bytes", "persistent_keepalive_s"):
            peer[count] = int(peer[count] or 0)
        if peer["latest_handshake_s"] is not None:
            peer["latest_handshake_s"] = int(peer["latest_handshake_s"])
        peer["allowed_ips"] = list(peer["allowed_ips"] or [])
    return shown


def _safe(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, list):
        return [_safe(v) for v in value]
    if isinstance(value, dict):
        return {printable(k): _safe(v) for k, v in value.items()}
    return value if isinstance(value, int | float | bool) or value is None else printable(value)


def text(interfaces: list[dict[str, Any]]) -> str:
    """All interfaces, most recent handshake first within each, as `wg show` orders them."""
    return "\n".join(_interface_text(interface) for interface in interfaces)


def dump(interfaces: list[dict[str, Any]], now_s: int) -> str:
    """As `wg show all dump`: fields between tabs, a line for each interface and each peer.

    Secrets are (hidden), the latest handshake is Unix time by this computer's clock `now_s`."""
    lines = []
    for interface in interfaces:
        name = str(interface.get("name"))
        port = interface.get("listen_port") or 0
        lines.append((name, "(hidden)", interface.get("public_key") or "(none)", port, "off"))
        lines += [(name, *_peer_fields(peer, now_s)) for peer in interface["peers"]]
    return "".join("\t".join(str(field) for field in line) + "\n" for line in lines)


def _peer_fields(peer: dict[str, Any], now_s: int) -> tuple[Any, ...]:
    age = peer["latest_handshake_s"]
    return (
        peer["public_key"],
        "(hidden)" if peer["preshared"] else "(none)",
        peer["endpoint"] or "(none)",
        ",".join(peer["allowed_ips"]) or "(none)",
        0 if age is None else now_s - age,
        peer["rx_bytes"],
        peer["tx_bytes"],
        peer["persistent_keepalive_s"] or "off",
    )


def _interface_text(interface: dict[str, Any]) -> str:
    lines = [f"interface: {interface.get('name')}"]
    if "error" in interface:
        lines.append(f"  error: {interface['error']}")
    if "public_key" in interface:
        lines.append(f"  public key: {interface['public_key']}")
        lines.append("  private key: (hidden)")
    if interface.get("listen_port"):
        lines.append(f"  listening port: {interface['listen_port']}")
    mtu, configured = interface.get("mtu"), interface.get("mtu_configured")
    if mtu != configured:
        lines.append(f"  mtu: {mtu} (configured: {configured}; the network under it takes no more)")
    said = None
    if not interface.get("up"):  # one line more than `wg show`, which has nothing to explain
        said = interface.get("status") or "off"
        lines.append(f"  status: {said}")
    if dropped := _dropped(interface.get("counters") or {}):
        lines.append(f"  dropped: {dropped}")
    for peer in sorted(interface["peers"], key=_age):
        lines += ["", *_peer_lines(peer)]
        if peer.get("status") not in (None, "up", said):
            lines.append(f"  status: {peer['status']}")
    return "\n".join(lines) + "\n"


def _dropped(counters: dict[str, Any]) -> str:
    """Each reason that packets were dropped for, and how many."""
    found = [(name.removeprefix("drop_"), n) for name, n in counters.items() if "drop" in name]
    return ", ".join(f"{name} {n}" for name, n in sorted(found) if n)


def _age(peer: dict[str, Any]) -> float:
    age = peer["latest_handshake_s"]
    return float("inf") if age is None else age


def _peer_lines(peer: dict[str, Any]) -> list[str]:
    lines = [f"peer: {peer['public_key']}"]
    if peer["preshared"]:
        lines.append("  preshared key: (hidden)")
    if peer["endpoint"]:
        lines.append(f"  endpoint: {peer['endpoint']}")
    lines.append(f"  allowed ips: {', '.join(peer['allowed_ips']) or '(none)'}")
    if peer["latest_handshake_s"] is not None:
        lines.append(f"  latest handshake: {ago(peer['latest_handshake_s'])}")
    if peer["rx_bytes"] or peer["tx_bytes"]:
        received, sent = size(peer["rx_bytes"]), size(peer["tx_bytes"])
        lines.append(f"  transfer: {received} received, {sent} sent")
    if peer["persistent_keepalive_s"]:
        lines.append(f"  persistent keepalive: every {duration(peer['persistent_keepalive_s'])}")
    return lines


def handshake_age_s(interface: dict[str, Any]) -> int | None:
    """Of the peer that was heard last; None when there was none yet."""
    ages = [peer["latest_handshake_s"] for peer in interface["peers"]]
    return min((age for age in ages if age is not None), default=None)


def ago(seconds: int) -> str:
    """ "1 minute, 3 seconds ago", or "Now"."""
    return f"{duration(seconds)} ago" if seconds > 0 else "Now"


def duration(seconds: int) -> str:
    parts = []
    for unit_s, name in _UNITS:
        count, seconds = divmod(seconds, unit_s)
        if count:
            parts.append(f"{count} {name}{'s' if count != 1 else ''}")
    return ", ".join(parts)


def size(count: int) -> str:
    """ "1.20 KiB": binary units with two decimals, bytes without."""
    if count < 1024:
        return f"{count} B"
    value = float(count)
    for unit in _SIZES:
        if value < 1024 or unit == _SIZES[-1]:
            break
        value /= 1024
    return f"{value:.2f} {unit}"
