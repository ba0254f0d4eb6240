# SPDX-License-Identifier: MIT
"""What a board tells about itself and its interfaces: never a secret."""

import os
import sys

import wireguard
import wireguard.config as _config
import wireguard.entropy as entropy
import wireguard.store as store

_ENOSPC = 28


def board():
    """Who this is: the part of `hello` that no request changes."""
    return {
        "version": wireguard.__version__,
        "board": _uname("machine", sys.platform),
        "firmware": _uname("version", None),  # of MicroPython: with its commit and date
        "uid": uid(),
        "entropy": entropy.source(),
        "client": _client_state(),
    }


def without_keys(loaded):
    """(configuration, public key in base64, which peers have a preshared key) of what the store
    has loaded; the keys are wiped."""
    config, private_key, preshared = loaded
    try:
        public = _config.key_text(private_key.public_key())
        return config, public, [key is not None for key in preshared]
    finally:
        store.wipe_keys(private_key, preshared)


def _stored(name, root):
    """What `show` can say about an interface that is not up."""
    config, public, had = without_keys(store.load(name, root))
    peers = []
    for peer, has_preshared in zip(config["peers"], had):
        peers.append(
            {
                "public_key": peer["public_key"],
                "preshared": has_preshared,
                "endpoint": peer["endpoint"],
                "allowed_ips": peer["allowed_ips"],
                "latest_handshake_s": None,
                "rx_bytes": 0,
                "tx_bytes": 0,
                "persistent_keepalive_s": peer["persistent_keepalive"],
            }
        )
    shown = {"name": name, "public_key": public, "listen_port": config["listen_port"]}
    shown.update({"up": False, "peers": peers, "counters": {}})
    return shown


def show(name, root):
    """One entry of `show`: of the running interface, else of what is stored."""
    try:
        live = client().interfaces.get(name)
        if live:
            return live.show()
    except Exception as error:
        client_error = reason(error)
    else:
        client_error = None
    try:
        shown = _stored(name, root)
    except store.Corrupt:
        return {"name": name, "up": False, "error": "stored configuration is damaged"}
    if client_error:
        shown["error"] = client_error
    return shown


def client():
    """The client's module, which takes memory: imported when it is needed."""
    import wireguard.client as client

    return client


def clock_ms():
    """The clock of the log, or None where no tunnel runs."""
    client = sys.modules.get("wireguard.client")
    for live in client.interfaces.values() if client else ():
        return live.netif.now()
    return None


def _client_state():
    try:
        client()
        return "ready"
    except Exception as error:
        return reason(error)


def reload_client(name, good):
    """Let the running tunnel follow what was just stored. Failing is news, not an error."""
    try:
        client().reload(name)
        return good
    except Exception as error:
        return reason(error)


def reason(error):
    """One short line about an exception: never its traceback."""
    if isinstance(error, store.Corrupt):
        return "flash did not keep what was written"
    if isinstance(error, OSError) and error.errno == _ENOSPC:
        return "no room left on the board's flash"
    if isinstance(error, MemoryError):
        return "no room left in the board's memory"
    words = "%s %s" % (type(error).__name__, error)
    return "".join(c if " " <= c <= "~" else "?" for c in words)[:120]


def _uname(field, otherwise):
    """A port may be built without os.uname(); the unix port is."""
    return getattr(os.uname(), field) if hasattr(os, "uname") else otherwise


def uid():
    """The chip's unique number in hex, or None."""
    try:
        import machine

        return "".join("%02x" % b for b in machine.unique_id())
    except (ImportError, AttributeError):  # not every port has it
        return None
