# SPDX-License-Identifier: MIT
# Runs at every start, before boot.py. Nothing here may keep the board from its prompt.
import sys


def mount():
    import rp2
    import vfs

    flash = rp2.Flash()
    # Only a blank flash is formatted: one that does not mount may hold keys that can be rescued.
    # littlefs keeps its superblock in the first two blocks.
    head = bytearray(2 * 4096)
    flash.readblocks(0, head)
    if head == b"\xff" * len(head):
        vfs.VfsLfs2.mkfs(flash, progsize=256)
    try:
        vfs.mount(vfs.VfsLfs2(flash, progsize=256), "/")
    except OSError:
        print("_boot: no littlefs in the flash, and something else is. To erase that:")
        print("import rp2, vfs; vfs.VfsLfs2.mkfs(rp2.Flash(), progsize=256)")


def tunnel_up():
    try:
        import _wireguard  # noqa: F401
    except ImportError as error:  # its self-test failed
        print("_boot:", error)
        return
    import wireguard

    wireguard.autostart()


for step in (mount, tunnel_up):
    try:
        step()
    except Exception as error:
        print("_boot:", step.__name__)
        sys.print_exception(error)

del sys, step, mount, tunnel_up
