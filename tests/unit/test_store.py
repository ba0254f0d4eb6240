# SPDX-License-Identifier: MIT
"""The store on the board's flash: what is kept, what a damaged file does, and every power cut."""

import os

import pytest

import _wireguard
from tests.unit.test_provision_kit import board_config, secret_bytes, stored
from wireguard import config as board
from wireguard import store

OLD_PSK = bytes([7] * 32)
NEW_PSK = bytes([8] * 32)


class PowerCut(Exception):
    """Not an OSError: nothing may catch it."""


class CutFiles(store.Files):
    """The real files of a directory, until the power goes at the n-th step.

    A step is anything that changes flash; a write that is cut keeps half of its bytes. What was
    written and not synced is lost in part, in whole, or not at all (`unsynced`: bytes to keep).
    """

    def __init__(self, steps, unsynced=None):
        self.steps = steps
        self.unsynced = unsynced
        self.dirty = set()
        self.dead = False

    def step(self):
        if self.dead:
            raise PowerCut
        self.steps -= 1
        if self.steps < 0:
            self.dead = True
            for path in self.dirty:
                if self.unsynced is not None and os.path.exists(path):
                    os.truncate(path, min(self.unsynced, os.path.getsize(path)))
            raise PowerCut

    def open(self, path, mode):
        if "w" not in mode:
            return open(path, mode)
        self.step()
        self.dirty.add(path)
        return CutFile(self, open(path, mode, buffering=0), path)

    def rename(self, old, new):
        assert not os.path.exists(new), "not atomic on FAT"
        assert old not in self.dirty, "renamed before it was synced"
        self.step()
        os.rename(old, new)

    def remove(self, path):
        if os.path.exists(path):
            self.step()
        os.remove(path)

    def mkdir(self, path):
        self.step()
        os.mkdir(path)

    def sync(self, file):
        self.step()
        self.dirty.discard(file.path)


class CutFile:
    def __init__(self, files, file, path):
        self.files, self.file, self.path = files, file, path

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()

    def write(self, data):
        try:
            self.files.step()
        except PowerCut:
            self.file.write(bytes(data)[: len(data) // 2])
            raise
        self.file.write(bytes(data))


def keys(psk=None, count=1):
    preshared = _wireguard.PresharedKey(bytearray(psk)) if psk else None
    return _wireguard.PrivateKey.generate(), [preshared] * count


def snapshot(config, private_key, preshared):
    return config, secret_bytes(private_key), [secret_bytes(key) for key in preshared]


def cuts(action, setup, check, unsynced):
    """Cut the power of `action` at step 0, 1, 2 … until it comes through; returns how many."""
    step = 0
    while True:
        root = setup()
        try:
            action(root, CutFiles(step, unsynced))
        except PowerCut:
            check(root, False)
            step += 1
            assert step < 100
            continue
        check(root, True)
        return step


def test_keeps_everything(tmp_path):
    root = str(tmp_path / "wireguard")
    config = board_config(peers=3)
    private_key, _ = keys()
    preshared = [_wireguard.PresharedKey(bytearray(OLD_PSK)), None, None]
    store.save(config, private_key, preshared, root)
    assert stored(root) == snapshot(config, private_key, preshared)
    assert store.names(root) == ["wg0"]
    assert os.listdir(root) == ["wg0.wg"]


def test_json_line_holds_no_secret(tmp_path):
    private_key, preshared = keys(OLD_PSK)
    store.save(board_config(), private_key, preshared, str(tmp_path))
    data = (tmp_path / "wg0.wg").read_bytes()
    line = data[8 : data.index(b"\n")]
    assert b'"peers"' in line and secret_bytes(private_key) not in line and OLD_PSK not in line


def test_missing(tmp_path):
    root = str(tmp_path / "none")
    assert store.names(root) == []
    for call in (store.load, store.remove, store.load_staged):
        with pytest.raises(store.Missing):
            call("wg0", root)
    assert store.staged("wg0", root) is None


def test_every_damaged_byte_is_noticed(tmp_path):
    private_key, preshared = keys(OLD_PSK)
    store.save(board_config(), private_key, preshared, str(tmp_path))
    path = tmp_path / "wg0.wg"
    good = path.read_bytes()
    for i in range(len(good)):
        path.write_bytes(good[:i] + bytes([good[i] ^ 1]) + good[i + 1 :])
        with pytest.raises(store.Corrupt):
            store.load("wg0", str(tmp_path))
    for size in range(len(good)):
        path.write_bytes(good[:size])
        with pytest.raises(store.Corrupt):
            store.load("wg0", str(tmp_path))
    path.write_bytes(good + b"x")
    with pytest.raises(store.Corrupt):
        store.load("wg0", str(tmp_path))


def test_right_sum_of_wrong_content(tmp_path):
    for content in (b"", b"{}", b"[]\n", b'{"peers": 1}\n', b'{"peers": []}\n', b"\xff\n"):
        body = store.MAGIC + content
        (tmp_path / "wg0.wg").write_bytes(body + _wireguard.blake2s(body))
        with pytest.raises(store.Corrupt):
            store.load("wg0", str(tmp_path))


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "a\0b", "x" * 16, "wg 0", 7, None])
def test_a_name_is_never_a_path(tmp_path, name):
    root = tmp_path / "wireguard"
    private_key, preshared = keys()
    config = dict(board_config(), name=name)
    for call in (
        lambda: store.save(config, private_key, preshared, str(root)),
        lambda: store.load(name, str(root)),
        lambda: store.remove(name, str(root)),
        lambda: store.commit(name, "00", str(root)),
        lambda: store.Mark(name, str(root)),
    ):
        with pytest.raises(board.Bad):
            call()
    assert not root.exists()


def test_a_bad_configuration_is_not_stored(tmp_path):
    private_key, preshared = keys()
    with pytest.raises(board.Bad):
        store.save(dict(board_config(), mtu=9), private_key, preshared, str(tmp_path))
    with pytest.raises(ValueError):
        store.save(board_config(), private_key, preshared * 2, str(tmp_path))
    assert os.listdir(tmp_path) == []


def test_full_flash_leaves_nothing(tmp_path):
    class Full(store.Files):
        def sync(self, file):
            raise OSError(28)

    private_key, preshared = keys()
    with pytest.raises(OSError):
        store.save(board_config(), private_key, preshared, str(tmp_path), Full())
    assert os.listdir(tmp_path) == []


def test_secrets_are_wiped_from_buffers(tmp_path, monkeypatch):
    seen = []
    real = store._wipe

    def spy(buffer):
        real(buffer)
        seen.append(buffer)

    monkeypatch.setattr(store, "_wipe", spy)
    private_key, preshared = keys(OLD_PSK)
    store.save(board_config(), private_key, preshared, str(tmp_path))
    store.load("wg0", str(tmp_path))
    assert len(seen) >= 6 and all(not any(buffer) for buffer in seen)


def test_stage_changes_nothing_in_force(tmp_path):
    private_key, preshared = keys()
    store.save(board_config(), private_key, preshared, str(tmp_path))
    before = stored(tmp_path)
    other, _ = keys()
    token = store.stage(board_config(address="10.7.0.9/24"), other, [None], str(tmp_path))
    assert stored(tmp_path) == before
    assert store.staged("wg0", str(tmp_path)) == token
    assert store.names(str(tmp_path)) == ["wg0"]


def test_commit_wants_the_token_and_is_idempotent(tmp_path):
    root = str(tmp_path)
    private_key, preshared = keys()
    token = store.stage(board_config(), private_key, preshared, root)
    for wrong in (None, "", token[:-1], "0" * 16, 5):
        with pytest.raises(store.Missing):
            store.commit("wg0", wrong, root)
    assert stored(tmp_path) is None
    store.commit("wg0", token, root)
    after = stored(tmp_path)
    store.commit("wg0", token, root)
    assert stored(tmp_path) == after == snapshot(board_config(), private_key, preshared)
    with pytest.raises(store.Missing):
        store.commit("wg0", None, root)


def test_exchange_goes_there_and_back(tmp_path):
    root = str(tmp_path)
    old = (board_config(), *keys(OLD_PSK))
    new = (board_config(address="10.7.0.9/24"), *keys(NEW_PSK))
    store.save(*old, root)
    there = store.stage(*new, root)
    for _ in range(2):  # twice is as good as once
        store.exchange("wg0", there, root)
        assert stored(tmp_path) == snapshot(*new)
    back = store.staged("wg0", root)
    assert snapshot(*store.load_staged("wg0", root)) == snapshot(*old)
    store.exchange("wg0", back, root)
    assert stored(tmp_path) == snapshot(*old) and store.staged("wg0", root) == there
    for wrong in (None, "", "0" * 16):
        with pytest.raises(store.Missing):
            store.exchange("wg0", wrong, root)
    store.discard("wg0", root)
    store.discard("wg0", root)
    assert os.listdir(root) == ["wg0.wg"] and stored(tmp_path) == snapshot(*old)


@pytest.mark.parametrize("unsynced", [None, 0, 60])
def test_power_cut_at_every_step_of_exchange(tmp_path, unsynced):
    old = (board_config(), *keys(OLD_PSK))
    new = (board_config(address="10.7.0.9/24"), *keys(NEW_PSK))
    counter = iter(range(1000))

    def setup():
        root = str(tmp_path / str(next(counter)))
        store.save(*old, root)
        store.stage(*new, root)
        return root

    def token():
        return store.staged("wg0", setup())

    def check(root, finished):
        assert stored(root) in [snapshot(*old)] * (not finished) + [snapshot(*new)]
        store.exchange("wg0", there, root)  # again, after the power is back
        assert stored(root) == snapshot(*new)
        assert snapshot(*store.load_staged("wg0", root)) == snapshot(*old)

    there = token()
    steps = cuts(
        lambda root, files: store.exchange("wg0", there, root, files), setup, check, unsynced
    )
    assert steps == 3


@pytest.mark.parametrize("unsynced", [None, 0, 60])
@pytest.mark.parametrize("first", [True, False])
def test_power_cut_at_every_step_of_save(tmp_path, first, unsynced):
    old = (board_config(), *keys(OLD_PSK))
    new = (board_config(address="10.7.0.9/24", peers=2), *keys(NEW_PSK, 2))
    allowed = [None if first else snapshot(*old), snapshot(*new)]
    counter = iter(range(1000))

    def setup():
        root = tmp_path / str(next(counter))
        if not first:
            store.save(*old, str(root))
        return str(root)

    def check(root, finished):
        assert stored(root) in (allowed[1:] if finished else allowed)
        store.save(*new, root)  # and nothing that a cut left is in the way
        assert stored(root) == allowed[1] and os.listdir(root) == ["wg0.wg"]

    steps = cuts(lambda root, files: store.save(*new, root, files), setup, check, unsynced)
    assert steps == (6 if first else 7)


@pytest.mark.parametrize("unsynced", [None, 0, 60])
def test_power_cut_during_the_repair_of_a_power_cut(tmp_path, unsynced):
    old = (board_config(), *keys(OLD_PSK))
    new = (board_config(address="10.7.0.9/24"), *keys(NEW_PSK))
    allowed = [snapshot(*old), snapshot(*new)]
    counter = iter(range(10000))
    for first_cut in range(9):

        def setup(first_cut=first_cut):
            root = str(tmp_path / str(next(counter)))
            store.save(*old, root)
            try:
                store.save(*new, root, CutFiles(first_cut, unsynced))
            except PowerCut:
                pass
            return root

        def check(root, finished):
            assert stored(root) in (allowed[1:] if finished else allowed)

        cuts(lambda root, files: store.save(*new, root, files), setup, check, unsynced)


def test_power_cut_at_every_step_of_remove(tmp_path):
    old = (board_config(), *keys(OLD_PSK))
    now = (board_config(address="10.7.0.9/24"), *keys(NEW_PSK))
    counter = iter(range(1000))

    def setup():
        root = str(tmp_path / str(next(counter)))
        store.save(*old, root)
        with pytest.raises(PowerCut):  # leaves NAME.old behind: it must not come back
            store.save(*now, root, CutFiles(6))
        assert sorted(os.listdir(root)) == ["wg0.old", "wg0.wg"]
        store.stage(*old, root)
        return root

    def check(root, finished):
        assert stored(root) == (None if finished else snapshot(*now))
        assert not finished or os.listdir(root) == []

    assert cuts(lambda root, files: store.remove("wg0", root, files), setup, check, None) == 3


@pytest.mark.parametrize("unsynced", [None, 0, 10])
def test_power_cut_at_every_step_of_mark(tmp_path, unsynced):
    counter = iter(range(1000))
    values = [5, 2**64, 2**64 + 1, 2**96, 2**127]
    for count in range(len(values)):

        def setup(count=count):
            root = str(tmp_path / str(next(counter)))
            for value in values[:count]:
                store.Mark("wg0", root).store(value)
            return root

        def check(root, finished, count=count):
            before = values[count - 1] if count else 0
            allowed = {values[count]} if finished else {before, values[count]}
            assert store.Mark("wg0", root).load() in allowed

        def action(root, files, count=count):
            store.Mark("wg0", root, files).store(values[count])

        assert cuts(action, setup, check, unsynced) >= 3


def test_mark_after_two_cuts_in_a_row(tmp_path):
    for first in range(4):
        for second in range(4):
            root = str(tmp_path / f"{first}-{second}")
            store.Mark("wg0", root).store(1)
            reached = {1}
            for value, cut in ((2, first), (3, second)):
                try:
                    store.Mark("wg0", root, CutFiles(cut, 0)).store(value)
                    reached = {value}
                except PowerCut:
                    reached.add(value)
            assert store.Mark("wg0", root).load() in reached


def test_first_mark_cut_twice_is_no_mark(tmp_path):
    for _ in range(2):
        with pytest.raises(PowerCut):
            store.Mark("wg0", str(tmp_path), CutFiles(1)).store(9)
    assert store.Mark("wg0", str(tmp_path)).load() == 0


def test_mark_is_per_name_and_survives_remove(tmp_path):
    root = str(tmp_path)
    private_key, preshared = keys()
    store.save(board_config(), private_key, preshared, root)
    store.Mark("wg0", root).store(77)
    store.Mark("wg1", root).store(5)
    store.remove("wg0", root)
    assert (store.Mark("wg0", root).load(), store.Mark("wg1", root).load()) == (77, 5)
    assert store.names(root) == []


def test_damaged_mark_is_not_zero(tmp_path):
    mark = store.Mark("wg0", str(tmp_path))
    for value in (1, 2):
        mark.store(value)
    (tmp_path / "wg0.mk1").write_bytes(b"x" * 24)
    assert mark.load() == 1
    (tmp_path / "wg0.mk0").write_bytes(b"")
    with pytest.raises(store.Corrupt):
        mark.load()
