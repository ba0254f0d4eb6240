# SPDX-License-Identifier: MIT
"""The mark of an interface's time stamps on flash, and the calls that are made of a file system.

Apart from store.py, because a running tunnel needs this and not that.
"""

import os

import _wireguard

# Not "/wireguard": the root folder is on sys.path, and a folder of that name would be imported
# as a package instead of the frozen one.
ROOT = "/wireguard.d"
_MARK_BYTES = 16
_SUM_BYTES = 8


class Corrupt(Exception):
    """The file is there but is not what was written."""


class Files:
    """What store and mark ask of it; the power-cut test passes its own."""

    def open(self, path, mode):
        return open(path, mode)

    def rename(self, old, new):
        os.rename(old, new)

    def remove(self, path):
        os.remove(path)

    def mkdir(self, path):
        os.mkdir(path)

    def listdir(self, path):
        return os.listdir(path)

    def size(self, path):
        return os.stat(path)[6]

    def sync(self, file):
        file.flush()
        if hasattr(os, "fsync"):
            os.fsync(file.fileno())

    def settle(self):
        """After a rename: some ports keep directory sectors in RAM until told."""
        if hasattr(os, "sync") and not hasattr(os, "fsync"):
            os.sync()


FILES = Files()


class Mark:
    """The high-water mark of one interface's TAI64N time stamps: an int, 0 at first.

    Two files in turn, so that the one that is not being written is always whole.
    """

    def __init__(self, name, root=ROOT, files=FILES):
        from .config import name as checked  # for the moment; it becomes a path

        stem = root + "/" + checked(name)
        self._paths = [stem + ".mk0", stem + ".mk1"]
        self._root = root
        self._files = files
        self._slots = None  # what is in the two files, while that is known

    def load(self):
        """The greatest mark that was stored whole; Corrupt when there must be one but is not."""
        slots = self._slots = [self._read(path) for path in self._paths]
        most = max(slots[0] or 0, slots[1] or 0)
        if most == 0 and None in slots:
            if all([exists(path, self._files) for path in self._paths]):
                raise Corrupt(self._paths[0])
        return most

    def store(self, value):
        """Keep `value` (0 <= value < 2**128). On return it is on flash."""
        if self._slots is None:
            self._slots = [self._read(path) for path in self._paths]
        slots, self._slots = self._slots, None
        # With no good slot take the first: a second cut must not spoil the other one as well.
        slot = 0 if slots[0] is None or (slots[1] or 0) > slots[0] else 1
        if slots[0] is None:
            make_folder(self._root, self._files)
        self._write(self._paths[slot], value.to_bytes(_MARK_BYTES, "big"))
        if self._read(self._paths[slot]) != value:
            raise Corrupt(self._paths[slot])
        slots[slot] = value
        self._slots = slots

    def _write(self, path, record):
        with self._files.open(path, "wb") as file:
            file.write(record + _wireguard.blake2s(record)[:_SUM_BYTES])
            self._files.sync(file)
        self._files.settle()

    def _read(self, path):
        try:
            with self._files.open(path, "rb") as file:
                data = file.read(_MARK_BYTES + _SUM_BYTES + 1)
        except OSError:
            return None
        record = data[:_MARK_BYTES]
        if data[_MARK_BYTES:] != _wireguard.blake2s(record)[:_SUM_BYTES]:
            return None
        return int.from_bytes(record, "big")


def exists(path, files):
    """Is there such a file or folder?"""
    try:
        files.size(path)
        return True
    except OSError:
        return False


def make_folder(root, files):
    """Make it, if it is not there."""
    if not exists(root, files):
        files.mkdir(root)
