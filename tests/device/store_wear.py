# SPDX-License-Identifier: MIT
# How often littlefs erases which block for the mark of the time stamps.

import vfs

from wireguard import store


class Blocks:
    # A small flash in RAM that counts the erases of each block.
    def __init__(self, count, size=4096):
        self.size = size
        self.data = [bytearray(b"\xff" * size) for _ in range(count)]
        self.erased = [0] * count
        self.programmed = 0

    def readblocks(self, block, buffer, offset=0):
        data = self.data[block]
        for i in range(len(buffer)):
            buffer[i] = data[offset + i]

    def writeblocks(self, block, buffer, offset=0):
        self.programmed += len(buffer)
        self.data[block][offset : offset + len(buffer)] = buffer

    def ioctl(self, operation, argument):
        if operation == 4:
            return len(self.data)
        if operation == 5:
            return self.size
        if operation == 6:
            self.erased[argument] += 1
            self.data[argument][:] = b"\xff" * self.size
        return 0


def wear(writes, blocks=8, progsize=256):
    flash = Blocks(blocks)
    vfs.VfsLfs2.mkfs(flash, progsize=progsize)
    vfs.mount(vfs.VfsLfs2(flash, progsize=progsize), "/wear")
    try:
        flash.erased = [0] * blocks
        mark = store.Mark("wg0", root="/wear/wireguard.d")
        for value in range(1, writes + 1):
            mark.store(value)
        assert mark.load() == writes
    finally:
        vfs.umount("/wear")
    return {"erases": sum(flash.erased), "most": max(flash.erased)}
