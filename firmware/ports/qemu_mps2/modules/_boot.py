# SPDX-License-Identifier: MIT
# Runs at every start, before boot.py. Nothing here may keep the board from its prompt.
import sys


def mount():
    import mps2
    import vfs

    try:
        flash = mps2.Flash()
    except OSError:
        print("no flash: start QEMU with -semihosting-config ...,arg=flash=FILE")
        return
    # Only a blank flash is formatted: one that does not mount may hold keys that can be rescued.
    # littlefs keeps its superblock in the first two blocks.
    head = bytearray(2 * 4096)
    flash.readblocks(0, head)
    if head == b"\xff" * len(head):
        vfs.VfsLfs2.mkfs(flash, progsize=256)
    vfs.mount(vfs.VfsLfs2(flash, progsize=256), "/")


def network_up():
    import network

    network.LAN().active(True)


def tunnel_up():
    try:
        import _wireguard  # noqa: F401  the user C module, if this firmware has it
    except ImportError as error:
        if "self-test" in str(error):  # it is there, and wrong
            print("_boot:", error)
        return
    import wireguard

    wireguard.autostart()


for step in (mount, network_up, tunnel_up):
    try:
        step()
    except Exception as error:
        print("_boot:", step.__name__)
        sys.print_exception(error)

del sys, step, mount, network_up, tunnel_up
