# SPDX-License-Identifier: MIT
"""A locked board: who has the lock's key may do everything, who has not can erase it, or look."""

from __future__ import annotations

import base64
import os
import stat
from pathlib import Path

import pytest

import _wireguard
import wireguard.lock as board_side
import wireguard.store as store
from tests.unit.test_agent import prepare, talk
from tests.unit.test_provision_kit import board_config, spellings, stored, tapped_agent
from tests.unit.test_store import cuts
from wgprov import keys, locking
from wgprov.commands import backup, lock, provision, remove, rotate, show, unlock
from wgprov.errors import BoardError, RefusedError

KEY = bytes(range(40, 72))
OTHER = bytes(range(41, 73))
PUBLIC = locking.public_key(bytearray(KEY))


@pytest.fixture
def locked(conf: Path, board: Path) -> Path:
    """A board that was provisioned and then locked with KEY."""
    with tapped_agent(board) as (session, _):
        provision.run(session, provision.plan(conf))
        lock.run(session, bytearray(KEY))
        session.bye()
    return board


NEEDS_KEY = "lock: its key is needed: --lock-key, or wgprov unlock --erase"


def test_a_locked_board_refuses_without_the_key(conf: Path, locked: Path) -> None:
    before, files = stored(locked), sorted(os.listdir(locked))
    refused = [
        lambda session: provision.run(session, provision.plan(conf, new_key=True)),
        lambda session: rotate.begin(session, "wg0"),
        lambda session: rotate.switch(session, "wg0", 0),
        lambda session: remove.run(session, "wg0"),
        lambda session: backup.run(session, "wg0"),
        lambda session: session.lock(bytearray(OTHER)),
        lambda session: session.request("commit", name="wg0", token="00"),
        lambda session: session.request("discard", name="wg0"),
    ]
    with tapped_agent(locked) as (session, _):
        assert session.hello()["locked"] is True
        for attempt in refused:
            with pytest.raises(RefusedError, match=NEEDS_KEY):
                attempt(session)
        assert show.run(session)[0]["name"] == "wg0", "the status is for everybody"
        session.bye()
    assert stored(locked) == before and sorted(os.listdir(locked)) == files


def test_the_key_opens_one_conversation(conf: Path, locked: Path) -> None:
    with tapped_agent(locked) as (session, tap):
        session.lock_key = bytearray(KEY)
        again = provision.run(session, provision.plan(conf))
        assert backup.run(session, "wg0")["public_key"] == again.public_key
        session.bye()
    assert again.key_origin == "kept"
    for spelling in spellings(KEY):
        assert spelling not in tap.to_board and spelling not in tap.to_host
    with tapped_agent(locked) as (session, _):
        with pytest.raises(RefusedError, match=NEEDS_KEY):
            remove.run(session, "wg0")
        session.bye()


def test_another_key_opens_nothing(conf: Path, locked: Path) -> None:
    before = stored(locked)
    with tapped_agent(locked) as (session, _):
        session.lock_key = bytearray(OTHER)
        with pytest.raises(BoardError, match="locked with another key"):
            provision.run(session, provision.plan(conf))
        with pytest.raises(RefusedError, match=NEEDS_KEY):
            session.request("remove", name="wg0")
        session.bye()
    assert stored(locked) == before


def test_unlock_and_lock_again(conf: Path, locked: Path) -> None:
    with tapped_agent(locked) as (session, _):
        session.lock_key = bytearray(KEY)
        assert unlock.run(session) == {"locked": False}
        with pytest.raises(BoardError, match="is not locked"):
            unlock.run(session)
        lock.run(session, bytearray(OTHER))
        session.bye()
    with tapped_agent(locked) as (session, _):
        session.lock_key = bytearray(OTHER)
        job = provision.plan(conf)
        job.lock_key = bytearray(KEY)  # another lock, by who has the present one
        provision.run(session, job)
        session.bye()
    assert board_side._load(str(locked) + board_side.FILE, store.FILES) == base64.b64decode(PUBLIC)


def test_erase_destroys_the_keys_and_the_lock(locked: Path) -> None:
    (locked / "wg1.wg").write_bytes(b"damaged")
    (locked / "wg0.mk0").write_bytes(b"mark")
    with tapped_agent(locked) as (session, _):
        assert unlock.erase(session) == {"locked": False, "erased": ["wg0", "wg1"]}
        assert session.hello()["locked"] is False
        session.bye()
    assert os.listdir(locked) == ["wg0.mk0"]


def proof(challenge: str, key: bytes = KEY) -> str:
    return locking.proof(bytearray(key), challenge)


def test_a_proof_is_good_once_and_for_its_challenge(tmp_path: Path) -> None:
    from wireguard.config import Bad

    board_side.put(base64.b64decode(PUBLIC), str(tmp_path))
    guard = board_side.Guard(str(tmp_path))
    first, second = guard.challenge(), guard.challenge()
    with pytest.raises(Bad, match="another key"):
        guard.prove(proof(first))
    with pytest.raises(Bad, match="none"):
        guard.prove(proof(second))
    for junk in (None, 5, "", "!", base64.b64encode(bytes(31)).decode(), [], "A" * 44):
        guard.challenge()
        with pytest.raises(Bad):
            guard.prove(junk)
    with pytest.raises(Bad, match="its key is needed"):
        guard.check()
    guard.prove(proof(guard.challenge()))
    guard.check()
    assert proof(first) != proof(second)


@pytest.mark.parametrize("damage", [b"", b"x" * 72, b"WGLOCK01" + bytes(64)])
def test_a_damaged_lock_stays_a_lock(locked: Path, damage: bytes) -> None:
    (locked / "lock").write_bytes(damage)
    hello, refused, unlocking = talk(
        locked, {"op": "hello", "id": 1}, prepare(), {"op": "unlock", "id": 3}
    )
    assert hello["locked"] and refused["field"] == "lock"
    assert (unlocking["field"], unlocking["error"]) == ("lock", "damaged")


@pytest.mark.parametrize("unsynced", [None, 0, 20, 72])
@pytest.mark.parametrize("old", [None, bytes([1] * 32)])
def test_power_cut_while_it_is_locked(tmp_path: Path, old: bytes | None, unsynced) -> None:
    """Locked with the old key or the new one or, when there was none, not at all."""
    new, count = bytes([2] * 32), [0]

    def setup() -> str:
        count[0] += 1
        root = str(tmp_path / str(count[0]))
        if old:
            board_side.put(old, root)
        return root

    def check(root: str, done: bool) -> None:
        paths = (root + board_side.FILE, root + board_side.NEW)
        found = [key for path in paths if (key := board_side._load(path, store.FILES))]
        assert board_side.is_locked(root) == bool(found)
        assert found[:1] in ([[new]] if done else [[old] if old else [], [new]])
        board_side.put(new, root)  # and it can be done again
        assert board_side._load(paths[0], store.FILES) == new

    assert cuts(lambda root, files: board_side.put(new, root, files), setup, check, unsynced) > 3


def test_power_cut_while_it_is_erased(tmp_path: Path) -> None:
    """Never a board that is open and has its keys."""
    count = [0]

    def setup() -> str:
        count[0] += 1
        root = str(tmp_path / str(count[0]))
        for name in ("wg0", "wg1"):
            store.save(board_config(name=name), _wireguard.PrivateKey.generate(), [None], root)
        board_side.put(bytes([1] * 32), root)
        return root

    def erase(root: str, files: store.Files) -> None:
        store.erase(root, files)
        board_side.remove(root, files)

    def check(root: str, done: bool) -> None:
        assert board_side.is_locked(root) or not store.names(root)
        assert not done or os.listdir(root) == []

    assert cuts(erase, setup, check, None) == 3


@pytest.mark.parametrize("key", ["", "A" * 44, "short", 5, None, base64.b64encode(bytes(32))])
def test_locking_with_what_is_no_key(tmp_path: Path, key: object) -> None:
    key = key.decode() if isinstance(key, bytes) else key
    [reply] = talk(tmp_path, {"op": "lock", "id": 1, "public_key": key})
    assert reply["field"] == "public_key" and not board_side.is_locked(str(tmp_path))


def test_a_point_of_low_order_locks_for_nobody(tmp_path: Path) -> None:
    """It is taken, as any 32 bytes; then there is no challenge to be had, only --erase."""
    low = base64.b64encode(b"\x01" + bytes(31)).decode()
    _, unlocking, erased = talk(
        tmp_path,
        {"op": "lock", "id": 1, "public_key": low},
        {"op": "unlock", "id": 2},
        {"op": "erase", "id": 3},
    )
    assert unlocking["error"] == "damaged" and erased["ok"]


def test_the_key_file_is_made_private_and_kept(tmp_path: Path, capsys) -> None:
    path = tmp_path / "fleet.lock"
    key = locking.read_or_make(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and locking.read_or_make(path) == key
    assert capsys.readouterr().err == ""
    path.chmod(0o644)
    assert locking.read(path) == key and "others can read" in capsys.readouterr().err
    assert keys.encode(key) == path.read_text().strip()
