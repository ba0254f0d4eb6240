# SPDX-License-Identifier: MIT
"""The C side. The package `wireguard` is its user; a program has little to do with it.

Its functions take no keywords. Handles of secrets (keys, handshake states, sessions) have the
bytes in C, and wipe them when they are collected.
"""

from collections.abc import Callable

_Buffer = bytes | bytearray | memoryview

SESSION_BYTES: int
PEER_BYTES: int
PREFIX_BYTES: int
NETIF_BYTES: int
REPLAY_BITS: int

def blake2s(data: _Buffer, key: _Buffer = b"", size: int = 32, /) -> bytes: ...
def xaead_seal(key: _Buffer, nonce: _Buffer, plain: _Buffer, ad: _Buffer, /) -> bytes: ...
def xaead_open(key: _Buffer, nonce: _Buffer, cipher: _Buffer, ad: _Buffer, /) -> bytes | None:
    """None for a forgery."""

def random(count: int, /) -> bytes:
    """From the source that `entropy()` names; OSError EIO when it does not work."""

def entropy() -> str:
    """What random bytes come from."""

def selftest() -> int:
    """0, or a mask of the primitives that failed."""

def selftest_report() -> list[tuple[str, str, str]]:
    """[(primitive, implementation, result)]."""

class PrivateKey:
    """An X25519 scalar, static or ephemeral."""

    def __init__(self, secret: _Buffer, /) -> None: ...
    @staticmethod
    def generate() -> PrivateKey:
        """A new key, clamped as `wg genkey` does."""

    def public_key(self) -> bytes:
        """The 32 bytes to give away."""

    def export_into(self, buffer: bytearray, /) -> None:
        """Copy the 32 secret bytes; the caller wipes them."""

    def wipe(self) -> None: ...
    def __del__(self) -> None: ...

class PresharedKey:
    """The optional symmetric key of two peers."""

    def __init__(self, secret: _Buffer, /) -> None: ...
    def export_into(self, buffer: bytearray, /) -> None:
        """Copy the 32 secret bytes; the caller wipes them."""

    def wipe(self) -> None: ...
    def __del__(self) -> None: ...

class SymmetricState:
    """The secret half of a handshake."""

    def __init__(self, responder_public: _Buffer, prologue: _Buffer | None = None, /) -> None: ...
    def mix_hash(self, data: _Buffer, /) -> None: ...
    def mix_key(self, data: _Buffer, /) -> None: ...
    def mix_dh(self, private_key: PrivateKey, public_key: _Buffer, /) -> bool:
        """False, and unusable, for a point of low order."""

    def mix_psk(self, preshared: PresharedKey | None, /) -> None: ...
    def seal(self, plain: _Buffer, /) -> bytes: ...
    def open(self, cipher: _Buffer, /) -> bytes | None:
        """None, and nothing is changed, for a forgery."""

    def split(
        self, initiator: bool, local_index: int, remote_index: int, now_ms: int, /
    ) -> Session:
        """The transport keys. The state is wiped."""

    def wipe(self) -> None: ...
    def __del__(self) -> None: ...

class Session:
    """Transport keys on their way to install(). Made by SymmetricState.split only."""

    def seal(self, inner: _Buffer, /) -> bytes | None:
        """A whole data message; None when the counters are used up."""

    def open(self, message: _Buffer, /) -> bytes | None:
        """The padded inner packet of a whole data message; None for a forgery or a replay."""

    def open_in(self, message: bytearray | memoryview, /) -> int | None:
        """As open, in place: the inner packet is then at message[16:], and its length is here."""

    def wipe(self) -> None: ...
    def __del__(self) -> None: ...

class Netif:
    """The lwIP interface. handler(None) runs as a scheduled callback when there is work."""

    def __init__(self, handler: Callable[[None], object], /) -> None: ...
    def open(self, port: int, /) -> int:
        """Bind the outer UDP port, 0 for any; the port."""

    def close(self) -> None: ...
    def up(self, mtu: int, /) -> None:
        """mtu: at most; 0 for what the underlay has room for."""

    def mtu(self) -> int: ...
    def add_address(self, address: _Buffer, prefix_bits: int, /) -> None: ...
    def now(self) -> int:
        """Milliseconds of the clock that the deadlines are of."""

    def wake_at(self, deadline_ms: int | None, /) -> None:
        """The one deadline; a later call replaces it."""

    def next_message(self) -> tuple[bytes, tuple[bytes, int]] | None:
        """(handshake message, address bytes, port)."""

    def send(self, datagram: _Buffer, address: _Buffer, port: int, /) -> bool: ...
    def seal(self, peer: int, inner: _Buffer, now_ms: int, /) -> bytes | None: ...
    def install(self, peer: int, session: Session, now_ms: int, /) -> None:
        """Move a session to the peer; the handle is wiped."""

    def flush(self, peer: int, now_ms: int, /) -> int:
        """Send what waits for a session."""

    def drop_staged(self, peer: int, /) -> None: ...
    def resolve(self, name: str, /) -> None: ...
    def resolved(self) -> bytes | bool | None:
        """Address bytes, False (failed), or None (not yet, or nothing was asked)."""

    def counters(self) -> dict[str, int]: ...
    def underlay_changes(self) -> int:
        """Another number says that an address or a link has come or gone."""

    def set_identity(self, public_key: _Buffer, /) -> None: ...
    def add_peer(self) -> int: ...
    def remove_peer(self, peer: int, /) -> None: ...
    def allow(self, peer: int, address: _Buffer, prefix_bits: int, /) -> None:
        """Route a prefix to the peer."""

    def lookup(self, address: _Buffer, /) -> int:
        """The peer whose longest prefix covers the address, or -1."""

    def wipe(self, peer: int, /) -> None:
        """Wipe all sessions of a peer."""

    def has_index(self, index: int, /) -> bool: ...
    def has_session(self, peer: int, /) -> bool: ...
    def endpoint(self, peer: int, /) -> tuple[bytes, int] | None: ...
    def set_endpoint(self, peer: int, address: _Buffer, port: int, /) -> None: ...
    def activity(self, peer: int, /) -> tuple[int, int, int, int]:
        """(unanswered_since, unacked_since, last_sent, last_received) in ms, 0 for none."""

    def take_events(self, peer: int, /) -> int: ...
    def arm(self, peer: int, armed: bool, /) -> None: ...
    def transfer(self, peer: int, /) -> tuple[int, int]:
        """(received, sent) bytes of messages."""

    def __del__(self) -> None: ...
