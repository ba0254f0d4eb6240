# SPDX-License-Identifier: MIT
"""Configurations and keys on the board's flash, one file per interface.

    NAME.wg    the configuration in force
    NAME.new   staged by `stage`, not in force; worth nothing unless whole (checksum)
    NAME.old   the configuration in force during the few milliseconds of a `commit`
    NAME.mk0, NAME.mk1   the TAI64N high-water mark, two alternating slots

File: 8 bytes magic, one JSON line without secrets, 32 bytes private key, 33 bytes for each peer
(flag, preshared key), 32 bytes BLAKE2s of everything before.

A power cut anywhere leaves the old or the new configuration. No step renames over an existing
file, because FAT (unlike littlefs) does that in two steps. Secrets pass through bytearrays that are
zeroed; what the file system keeps in its buffers and in freed flash blocks is out of reach here.
"""

import json

import _wireguard
import wireguard.config as _config
from wireguard.mark import FILES, ROOT, Corrupt, Files, Mark, exists, make_folder  # noqa: F401

MAGIC = b"WGSTORE1"
KEY_BYTES = 32
SUM_BYTES = 32
FILE_MAX_BYTES = 8192
TOKEN_BYTES = 8

_ENOENT = 2


class Missing(Exception):
    """No such interface (or nothing staged)."""


def save(config, private_key, preshared, root=ROOT, files=FILES):
    """Put a configuration in force: `preshared` is a list of PresharedKey or None, one per peer."""
    commit(config["name"], stage(config, private_key, preshared, root, files), root, files)


def load(name, root=ROOT, files=FILES):
    """Return (config, PrivateKey, [PresharedKey | None]); raise Missing or Corrupt."""
    return _load(_in_force(name, root, files), files)


def wipe_keys(private_key, preshared):
    """Wipe what `load` returned besides the configuration."""
    for key in [private_key] + preshared:
        if key is not None:
            key.wipe()


def names(root=ROOT, files=FILES):
    """Sorted names of the interfaces that have a configuration in force."""
    found = set()
    for entry in _listdir(root, files):
        stem, _, suffix = entry.rpartition(".")
        if suffix in ("wg", "old") and _is_name(stem):
            found.add(stem)
    return sorted(found)


def remove(name, root=ROOT, files=FILES):
    """Forget the configuration and its keys. The mark stays: it must never go back."""
    path = _in_force(name, root, files)
    if path[-4:] != ".old":  # last, so that a cut leaves the present one and never an older one
        _remove(_path(root, name, "old"), files)
    _remove(_path(root, name, "new"), files)
    _remove(path, files)
    files.settle()


def stage(config, private_key, preshared, root=ROOT, files=FILES):
    """Write NAME.new, read it back and return its token (hex) for `commit`."""
    config = _config.check(config)
    path = _path(root, config["name"], "new")
    body = _pack(config, private_key, preshared)
    try:
        make_folder(root, files)
        digest = _wireguard.blake2s(body)
        _write(path, body, digest, files)
    finally:
        _wipe(body)
    if _token(path, files) != _hex(digest):
        raise Corrupt(path)
    return _hex(digest)


def staged(name, root=ROOT, files=FILES):
    """Token of what is staged, or None."""
    return _token(_path(root, name, "new"), files)


def load_staged(name, root=ROOT, files=FILES):
    """As `load`, of what is staged."""
    return _load(_path(root, name, "new"), files)


def commit(name, token, root=ROOT, files=FILES):
    """Put what was staged under `token` in force. Twice is as good as once; raise Missing else."""
    new, now, old = (_path(root, name, s) for s in ("new", "wg", "old"))
    if token is None or _token(new, files) != token:
        if token is None or _token(now, files) != token:
            raise Missing(name)
        _remove(old, files)  # an earlier commit came as far as this
        return
    _step_up(new, now, old, files)
    _remove(old, files)
    files.settle()


def exchange(name, token, root=ROOT, files=FILES):
    """As `commit`, but what was in force becomes what is staged: doing it again with that one's
    token goes back. A cut in the middle may lose the replaced one, never both."""
    new, now, old = (_path(root, name, s) for s in ("new", "wg", "old"))
    if token is not None and _token(new, files) == token:
        _step_up(new, now, old, files)
    elif token is None or _token(now, files) != token:
        raise Missing(name)
    if exists(old, files):
        _remove(new, files)
        files.rename(old, new)
        files.settle()


def erase(root=ROOT, files=FILES):
    """Destroy every configuration and key, whole or damaged. The marks stay."""
    for suffix in ("new", "old", "wg"):  # the one in force last
        for entry in _listdir(root, files):
            stem, _, found = entry.rpartition(".")
            if found == suffix and _is_name(stem):
                _remove(root + "/" + entry, files)
    files.settle()


def discard(name, root=ROOT, files=FILES):
    """Forget what is staged, and its keys."""
    _remove(_path(root, name, "new"), files)
    files.settle()


def _step_up(new, now, old, files):
    """Put NAME.new in force. What was in force, if anything was, becomes NAME.old."""
    if exists(now, files):
        _remove(old, files)
        files.rename(now, old)
    files.rename(new, now)
    files.settle()


def _write(path, body, digest, files):
    try:
        if len(body) > FILE_MAX_BYTES:
            raise OSError(27)  # EFBIG
        with files.open(path, "wb") as file:
            file.write(body)
            file.write(digest)
            files.sync(file)
        files.settle()
    except OSError:  # full, most likely: do not leave half a file with a key in it
        _remove(path, files)
        raise


def _pack(config, private_key, preshared):
    if len(preshared) != len(config["peers"]):
        raise ValueError("one preshared key or None for each peer")
    head = MAGIC + json.dumps(config).encode() + b"\n"
    body = bytearray(len(head) + KEY_BYTES + (1 + KEY_BYTES) * len(preshared))
    body[: len(head)] = head
    secret = bytearray(KEY_BYTES)
    at = len(head)
    for key in [private_key] + preshared:
        if at > len(head):  # a flag before each preshared key
            body[at] = key is not None
            at += 1
        if key is not None:
            key.export_into(secret)
            body[at : at + KEY_BYTES] = secret
        at += KEY_BYTES
    _wipe(secret)
    return body


def _load(path, files):
    body, _ = _read(path, files)
    try:
        return _unpack(body)
    except (ValueError, KeyError, TypeError, IndexError):
        raise Corrupt(path) from None
    finally:
        _wipe(body)


def _unpack(body):
    end = len(MAGIC)
    while body[end] != 10:  # MicroPython's bytearray has no find()
        end += 1
    end += 1
    config = json.loads(bytes(body[len(MAGIC) : end]))
    count = len(config["peers"])
    if len(body) != end + KEY_BYTES + (1 + KEY_BYTES) * count:
        raise ValueError
    private_key = _key(_wireguard.PrivateKey, body, end)
    preshared = []
    for i in range(count):
        at = end + KEY_BYTES + (1 + KEY_BYTES) * i
        preshared.append(_key(_wireguard.PresharedKey, body, at + 1) if body[at] else None)
    return config, private_key, preshared


def _key(kind, body, at):
    secret = bytearray(KEY_BYTES)
    for i in range(KEY_BYTES):  # a slice would be one more copy to wipe
        secret[i] = body[at + i]
    key = kind(secret)
    _wipe(secret)
    return key


def _read(path, files):
    """Return (body, checksum) of a whole file; raise Missing or Corrupt."""
    try:
        size = files.size(path) - SUM_BYTES
        if not len(MAGIC) < size <= FILE_MAX_BYTES:
            raise Corrupt(path)
        body = bytearray(size)
        with files.open(path, "rb") as file:
            got = file.readinto(body)
            digest = file.read(SUM_BYTES + 1)
    except OSError as error:
        if error.errno == _ENOENT:
            raise Missing(path) from None
        raise
    if got != size or digest != _wireguard.blake2s(body) or body[: len(MAGIC)] != MAGIC:
        _wipe(body)
        raise Corrupt(path)
    return body, digest


def _token(path, files):
    try:
        body, digest = _read(path, files)
    except (Missing, Corrupt):
        return None
    _wipe(body)
    return _hex(digest)


def _hex(digest):
    return "".join("%02x" % b for b in digest[:TOKEN_BYTES])


def _in_force(name, root, files):
    for suffix in ("wg", "old"):
        path = _path(root, name, suffix)
        if exists(path, files):
            return path
    raise Missing(name)


def _path(root, name, suffix):
    # The name becomes a path: never without a check, whoever calls.
    return root + "/" + _config.name(name) + "." + suffix


def _is_name(text):
    try:
        return bool(_config.name(text))
    except _config.Bad:
        return False


def _remove(path, files):
    try:
        files.remove(path)
    except OSError as error:
        if error.errno != _ENOENT:
            raise


def _listdir(root, files):
    try:
        return files.listdir(root)
    except OSError:
        return []


def _wipe(buffer):
    for i in range(len(buffer)):
        buffer[i] = 0
