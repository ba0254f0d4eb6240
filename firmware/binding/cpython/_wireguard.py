# SPDX-License-Identifier: MIT
"""`_wireguard` for CPython: the C of firmware/crypto and firmware/session through ctypes.

The same names as the MicroPython module (firmware/binding/), so that mpy/wireguard/core runs here
unchanged. Build it with `make hostlib`. Keys and sessions stand in C buffers, which are wiped by
wipe() and when the object goes; Python sees handles. ValueError: a wiped handle or a wrong length.
"""

from __future__ import annotations

import ctypes
import errno
import os
from ctypes import (
    POINTER,
    byref,
    c_bool,
    c_char_p,
    c_int,
    c_size_t,
    c_uint,
    c_uint16,
    c_uint32,
    c_uint64,
    c_void_p,
)
from pathlib import Path as _FilePath

Buffer = bytes | bytearray | memoryview

_KEY_BYTES = 32
_TAG_BYTES = 16
_HEADER_BYTES = 16
_OVERHEAD_BYTES = 32 + 15  # header, tag and most padding
_DATAGRAM_MAX_BYTES = 65_535

_SIGNATURES = {
    "wg_wipe": (None, c_void_p, c_size_t),
    "wg_blake2s": (None, c_char_p, c_size_t, c_char_p, c_size_t, c_char_p, c_size_t),
    "wg_x25519_base": (None, c_char_p, c_void_p),
    "wg_xaead_seal": (
        None, c_char_p, c_char_p, c_size_t, c_char_p, c_size_t, c_char_p, c_char_p,
    ),
    "wg_xaead_open": (
        c_bool, c_char_p, c_char_p, c_size_t, c_char_p, c_size_t, c_char_p, c_char_p,
    ),
    "wg_selftest": (c_uint,),
    "wg_selftest_report": (c_bool, c_uint, c_uint, POINTER(c_char_p)),
    "wg_symmetric_init": (None, c_void_p, c_char_p, c_char_p, c_size_t),
    "wg_symmetric_mix_hash": (None, c_void_p, c_char_p, c_size_t),
    "wg_symmetric_mix_key": (None, c_void_p, c_char_p, c_size_t),
    "wg_symmetric_mix_dh": (c_bool, c_void_p, c_void_p, c_char_p),
    "wg_symmetric_mix_psk": (None, c_void_p, c_void_p),
    "wg_symmetric_seal": (None, c_void_p, c_char_p, c_char_p, c_size_t),
    "wg_symmetric_open": (c_bool, c_void_p, c_char_p, c_char_p, c_size_t),
    "wg_symmetric_split": (None, c_void_p, c_void_p, c_bool, c_uint32, c_uint32, c_uint64),
    "wg_session_seal": (c_size_t, c_void_p, c_char_p, c_size_t),
    "wg_session_open": (c_bool, c_void_p, c_char_p, c_size_t, POINTER(c_size_t)),
    "wg_path_init": (None, c_void_p),
    "wg_path_set_identity": (None, c_void_p, c_char_p),
    "wg_host_add_peer": (c_int, c_void_p),
    "wg_host_remove_peer": (None, c_void_p, c_int),
    "wg_host_path_wipe": (None, c_void_p),
    "wg_path_peer": (c_void_p, c_void_p, c_int),
    "wg_path_has_index": (c_bool, c_void_p, c_uint32),
    "wg_path_output": (
        c_int, c_void_p, c_char_p, c_size_t, c_uint64, POINTER(c_int), POINTER(c_size_t),
    ),
    "wg_path_seal": (c_size_t, c_void_p, c_int, c_char_p, c_size_t, c_uint64),
    "wg_peer_wipe_sessions": (None, c_void_p),
    "wg_host_session_bytes": (c_size_t,),
    "wg_host_symmetric_bytes": (c_size_t,),
    "wg_host_path_bytes": (c_size_t,),
    "wg_host_allow": (c_bool, c_void_p, c_int, c_char_p, c_uint, c_uint),
    "wg_host_lookup": (c_int, c_void_p, c_char_p, c_uint),
    "wg_host_install": (None, c_void_p, c_void_p, c_uint64),
    "wg_host_endpoint": (c_uint, c_void_p, c_char_p, POINTER(c_uint16)),
    "wg_host_set_endpoint": (None, c_void_p, c_char_p, c_uint, c_uint16),
    "wg_host_activity": (None, c_void_p, POINTER(c_uint64)),
    "wg_host_arm": (None, c_void_p, c_bool),
    "wg_host_take_events": (c_uint, c_void_p),
    "wg_host_transfer": (None, c_void_p, POINTER(c_uint64)),
    "wg_host_counter_names": (c_char_p,),
    "wg_host_counters": (None, c_void_p, POINTER(c_uint32)),
    "wg_host_input": (
        c_int, c_void_p, c_char_p, c_size_t, c_char_p, c_uint, c_uint16, c_uint64,
        POINTER(c_int), POINTER(c_size_t),
    ),
}  # fmt: skip


def _load() -> ctypes.CDLL:
    root = _FilePath(__file__).resolve().parents[3]
    built = root / ".cache" / "build" / "host" / "lib_wireguard.so"
    file = os.environ.get("WIREGUARD_LIBRARY", str(built))
    try:
        library = ctypes.CDLL(file)
    except OSError as error:
        raise ImportError(f"{error}: run `make hostlib`") from None
    for name, (result, *arguments) in _SIGNATURES.items():
        function = getattr(library, name)
        function.restype = result
        function.argtypes = arguments
    return library


_c = _load()
_COUNTER_NAMES = _c.wg_host_counter_names().decode().split()

if _c.wg_selftest() != 0:
    raise ImportError(f"self-test of the crypto code failed: {_c.wg_selftest():#x}")


def _exactly(data: Buffer, size: int) -> bytes:
    data = bytes(data)
    if len(data) != size:
        raise ValueError(f"{size} bytes expected")
    return data


def _address(data: Buffer) -> bytes:
    data = bytes(data)
    if len(data) not in (4, 16):
        raise ValueError("4 or 16 bytes expected")
    return data


def selftest() -> int:
    """Known answers of every primitive: 0 is good."""
    return _c.wg_selftest()


def selftest_report() -> list[tuple[str, ...]]:
    """(primitive, implementation, result) of each: tests again, and says what runs."""
    failed, text, rows = selftest(), (c_char_p * 3)(), []
    while _c.wg_selftest_report(len(rows), failed, text):
        rows.append(tuple(word.decode() for word in text))
    return rows


def random(count: int) -> bytes:
    """Random bytes from the system."""
    return os.urandom(count)


def entropy() -> str:
    """What random bytes come from."""
    return "os.urandom"


def blake2s(data: Buffer, key: Buffer = b"", size: int = 32) -> bytes:
    """Hash, or keyed hash."""
    data, key = bytes(data), bytes(key)
    if not 1 <= size <= 32 or len(key) > 32:
        raise ValueError("size is 1 to 32, a key at most 32 bytes")
    out = ctypes.create_string_buffer(size)
    _c.wg_blake2s(out, size, key, len(key), data, len(data))
    return out.raw


def xaead_seal(key: Buffer, nonce: Buffer, plain: Buffer, ad: Buffer) -> bytes:
    """XChaCha20-Poly1305."""
    key, nonce, plain, ad = _exactly(key, 32), _exactly(nonce, 24), bytes(plain), bytes(ad)
    out = ctypes.create_string_buffer(len(plain) + _TAG_BYTES)
    _c.wg_xaead_seal(out, plain, len(plain), ad, len(ad), nonce, key)
    return out.raw


def xaead_open(key: Buffer, nonce: Buffer, cipher: Buffer, ad: Buffer) -> bytes | None:
    """XChaCha20-Poly1305; None for a forgery."""
    key, nonce, cipher, ad = _exactly(key, 32), _exactly(nonce, 24), bytes(cipher), bytes(ad)
    out = ctypes.create_string_buffer(max(1, len(cipher) - _TAG_BYTES))
    if not _c.wg_xaead_open(out, cipher, len(cipher), ad, len(ad), nonce, key):
        return None
    return out.raw[: len(cipher) - _TAG_BYTES]


class _Secret:
    """C memory that is wiped before it is given back."""

    def __init__(self, size: int) -> None:
        self._memory: ctypes.Array | None = ctypes.create_string_buffer(size)

    @property
    def _at(self) -> ctypes.Array:
        if self._memory is None:
            raise ValueError(f"{type(self).__name__} was wiped")
        return self._memory

    def wipe(self) -> None:
        """Forget the secret; the handle cannot be used again."""
        if self._memory is not None:
            _c.wg_wipe(self._memory, len(self._memory))
            self._memory = None

    def __del__(self) -> None:
        if getattr(self, "_memory", None) is not None and _c is not None:
            self.wipe()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class _Key(_Secret):
    def __init__(self, secret: Buffer) -> None:
        if len(secret) != _KEY_BYTES:
            raise ValueError("32 bytes expected")
        super().__init__(_KEY_BYTES)
        memoryview(self._at).cast("B")[:] = secret

    def export_into(self, buffer: bytearray) -> None:
        """Copy the 32 secret bytes; the caller wipes them."""
        if len(buffer) != _KEY_BYTES:
            raise ValueError("32 bytes expected")
        memoryview(buffer)[:] = memoryview(self._at).cast("B")


class PrivateKey(_Key):
    """An X25519 scalar, static or ephemeral."""

    @classmethod
    def generate(cls) -> PrivateKey:
        """A new key, clamped as `wg genkey` does."""
        secret = bytearray(os.urandom(_KEY_BYTES))
        secret[0] &= 248
        secret[31] = secret[31] & 127 | 64
        key = cls(secret)
        secret[:] = bytes(_KEY_BYTES)
        return key

    def public_key(self) -> bytes:
        """The 32 bytes to give away."""
        out = ctypes.create_string_buffer(_KEY_BYTES)
        _c.wg_x25519_base(out, self._at)
        return out.raw


class PresharedKey(_Key):
    """The optional symmetric key of two peers."""


class SymmetricState(_Secret):
    """The secret half of a handshake: firmware/session/include/wg_symmetric.h."""

    def __init__(self, responder_public: Buffer, prologue: Buffer | None = None) -> None:
        super().__init__(_c.wg_host_symmetric_bytes())
        prologue = None if prologue is None else bytes(prologue)
        responder_public = _exactly(responder_public, _KEY_BYTES)
        _c.wg_symmetric_init(self._at, responder_public, prologue, len(prologue or b""))

    def mix_hash(self, data: Buffer) -> None:
        """h = HASH(h || data)"""
        _c.wg_symmetric_mix_hash(self._at, bytes(data), len(data))

    def mix_key(self, data: Buffer) -> None:
        """ck = KDF1(ck, data)"""
        _c.wg_symmetric_mix_key(self._at, bytes(data), len(data))

    def mix_dh(self, private_key: PrivateKey, public_key: Buffer) -> bool:
        """ck, k = KDF2(ck, DH); False, and unusable, for a point of low order."""
        if not isinstance(private_key, PrivateKey):
            raise TypeError("PrivateKey expected")
        return _c.wg_symmetric_mix_dh(self._at, private_key._at, _exactly(public_key, _KEY_BYTES))

    def mix_psk(self, preshared: PresharedKey | None) -> None:
        """ck, t, k = KDF3(ck, psk); None is the key of zeros."""
        if preshared is not None and not isinstance(preshared, PresharedKey):
            raise TypeError("PresharedKey expected")
        _c.wg_symmetric_mix_psk(self._at, None if preshared is None else preshared._at)

    def seal(self, plain: Buffer) -> bytes:
        """Encrypt with k, and mix into h."""
        out = ctypes.create_string_buffer(len(plain) + _TAG_BYTES)
        _c.wg_symmetric_seal(self._at, out, bytes(plain), len(plain))
        return out.raw

    def open(self, cipher: Buffer) -> bytes | None:
        """Decrypt with k, and mix into h; None, and nothing is changed, for a forgery."""
        out = ctypes.create_string_buffer(max(1, len(cipher) - _TAG_BYTES))
        if not _c.wg_symmetric_open(self._at, out, bytes(cipher), len(cipher)):
            return None
        return out.raw[: len(cipher) - _TAG_BYTES]

    def split(self, initiator: bool, local_index: int, remote_index: int, now_ms: int) -> Session:
        """The transport keys. The state is wiped."""
        session = Session()
        _c.wg_symmetric_split(self._at, session._at, initiator, local_index, remote_index, now_ms)
        self.wipe()
        return session


class Session(_Secret):
    """Transport keys on their way to Path.install. Made by SymmetricState.split only."""

    def __init__(self) -> None:
        super().__init__(_c.wg_host_session_bytes())

    def seal(self, inner: Buffer) -> bytes | None:
        """A whole data message; None when the counters are used up."""
        message = _message_with(inner)
        size = _c.wg_session_seal(self._at, message, len(inner))
        return message.raw[:size] if size else None

    def open(self, message: Buffer) -> bytes | None:
        """The padded inner packet of a whole data message; None for a forgery or a replay."""
        work = ctypes.create_string_buffer(bytes(message), max(1, len(message)))
        size = c_size_t()
        if not _c.wg_session_open(self._at, work, len(message), byref(size)):
            return None
        return work.raw[_HEADER_BYTES : _HEADER_BYTES + size.value]


    def open_in(self, message: bytearray | memoryview) -> int | None:
        """As open, but in the caller's buffer: the inner packet is then at message[16:], and its
        length comes back."""
        work = (ctypes.c_char * len(message)).from_buffer(message)
        size = c_size_t()
        if not _c.wg_session_open(self._at, work, len(message), byref(size)):
            return None
        return size.value


def _message_with(inner: Buffer) -> ctypes.Array:
    """Room for a data message, the inner packet in its place."""
    message = ctypes.create_string_buffer(len(inner) + _OVERHEAD_BYTES)
    message[_HEADER_BYTES : _HEADER_BYTES + len(inner)] = bytes(inner)
    return message


class Path(_Secret):
    """The data path of one interface, without IO: firmware/session/include/wg_path.h."""

    def __init__(self) -> None:
        super().__init__(_c.wg_host_path_bytes())
        _c.wg_path_init(self._at)

    def wipe(self, peer: int | None = None) -> None:
        """Wipe all sessions of a peer; without one, the whole path, for good."""
        if peer is None:
            if self._memory is not None:
                _c.wg_host_path_wipe(self._memory)
            super().wipe()
        else:
            _c.wg_peer_wipe_sessions(self._peer(peer))

    def _peer(self, peer: int) -> int:
        pointer = _c.wg_path_peer(self._at, peer)
        if not pointer:
            raise ValueError("no such peer")
        return pointer

    def set_identity(self, public_key: Buffer) -> None:
        """Our own public key, by which mac1 is checked."""
        _c.wg_path_set_identity(self._at, _exactly(public_key, _KEY_BYTES))

    def add_peer(self) -> int:
        """A peer id; OSError ENOMEM when memory is short."""
        peer = _c.wg_host_add_peer(self._at)
        if peer < 0:
            raise OSError(errno.ENOMEM, "no room for another peer")
        return peer

    def remove_peer(self, peer: int) -> None:
        """Forget the peer, its sessions and its AllowedIPs."""
        self._peer(peer)
        _c.wg_host_remove_peer(self._at, peer)

    def allow(self, peer: int, address: Buffer, prefix_bits: int) -> None:
        """Route a prefix to the peer; OSError ENOMEM when memory is short."""
        self._peer(peer)
        address = _address(address)
        if not 0 <= prefix_bits <= 8 * len(address):
            raise ValueError("bad prefix")
        if not _c.wg_host_allow(self._at, peer, address, len(address), prefix_bits):
            raise OSError(errno.ENOMEM, "no room for another prefix")

    def lookup(self, address: Buffer) -> int:
        """The peer whose longest prefix covers the address, or -1."""
        return _c.wg_host_lookup(self._at, _address(address), len(address))

    def install(self, peer: int, session: Session, now_ms: int) -> None:
        """Move a session to the peer; the handle is wiped."""
        _c.wg_host_install(self._peer(peer), session._at, now_ms)
        session.wipe()

    def has_index(self, index: int) -> bool:
        """Does a session of any peer have this local index?"""
        return _c.wg_path_has_index(self._at, index)

    def endpoint(self, peer: int) -> tuple[bytes, int] | None:
        """(address bytes, port)."""
        address, port = ctypes.create_string_buffer(16), c_uint16()
        size = _c.wg_host_endpoint(self._peer(peer), address, byref(port))
        return (address.raw[:size], port.value) if size else None

    def set_endpoint(self, peer: int, address: Buffer, port: int) -> None:
        """Where the peer is, until authenticated traffic says otherwise."""
        if not 1 <= port <= 65_535:
            raise ValueError("bad endpoint")
        _c.wg_host_set_endpoint(self._peer(peer), _address(address), len(address), port)

    def activity(self, peer: int) -> tuple[int, int, int, int]:
        """(unanswered_since_ms, unacked_since_ms, last_sent_ms, last_received_ms), 0 = none."""
        stamps = (c_uint64 * 4)()
        _c.wg_host_activity(self._peer(peer), stamps)
        return tuple(stamps)

    def take_events(self, peer: int) -> int:
        """1 WANT_HANDSHAKE, 2 CONFIRMED, 4 ACTIVITY; cleared."""
        return _c.wg_host_take_events(self._peer(peer))

    def arm(self, peer: int, armed: bool) -> None:
        """Say whether a timer will read activity() within 10 s."""
        _c.wg_host_arm(self._peer(peer), armed)

    def flush(self, peer: int, now_ms: int) -> int:
        """Send what C has staged: here it stages nothing."""
        self._peer(peer)
        return 0

    def drop_staged(self, peer: int) -> None:
        """Drop what C has staged: here it stages nothing."""
        self._peer(peer)

    def transfer(self, peer: int) -> tuple[int, int]:
        """(received, sent) bytes of transport messages."""
        both = (c_uint64 * 2)()
        _c.wg_host_transfer(self._peer(peer), both)
        return tuple(both)

    def counters(self) -> dict[str, int]:
        """What happened to packets, by name."""
        values = (c_uint32 * len(_COUNTER_NAMES))()
        _c.wg_host_counters(self._at, values)
        return dict(zip(_COUNTER_NAMES, values, strict=True))

    def seal(self, peer: int, inner: Buffer, now_ms: int) -> bytes | None:
        """A data message for the peer, past AllowedIPs; None without a session."""
        self._peer(peer)
        message = _message_with(inner)
        size = _c.wg_path_seal(self._at, peer, message, len(inner), now_ms)
        return message.raw[:size] if size else None

    def output(self, inner: Buffer, now_ms: int) -> tuple[int, int, bytes | None]:
        """(verdict, peer, datagram): 0 DROP, 1 SEND, 2 STAGE."""
        message = _message_with(inner)
        peer, size = c_int(), c_size_t()
        verdict = _c.wg_path_output(self._at, message, len(inner), now_ms, byref(peer), byref(size))
        return verdict, peer.value, message.raw[: size.value] if size.value else None

    def input(
        self, datagram: Buffer, address: Buffer, port: int, now_ms: int
    ) -> tuple[int, int, bytes | None]:
        """(verdict, peer, inner packet): 0 DROP, 1 DELIVER, 2 KEEPALIVE, 3 HANDSHAKE."""
        message = ctypes.create_string_buffer(bytes(datagram), max(1, len(datagram)))
        peer, size = c_int(), c_size_t()
        verdict = _c.wg_host_input(
            self._at, message, len(datagram), _address(address), len(address), port, now_ms,
            byref(peer), byref(size),
        )  # fmt: skip
        inner = message.raw[_HEADER_BYTES : _HEADER_BYTES + size.value] if verdict == 1 else None
        return verdict, peer.value, inner
