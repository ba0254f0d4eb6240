# SPDX-License-Identifier: MIT
# Runs at every start, before boot.py. Nothing here may keep the board from its prompt.
import sys


def mount():
    import vfs
    from flashbdev import bdev

    if bdev is None:
        return
    try:
        vfs.mount(bdev, "/")
    except OSError:
        import inisetup

        inisetup.setup()


def tunnel_up():
    # The interface waits for an underlay: Wi-Fi is the program's to bring up, in boot.py or later.
    import wireguard

    wireguard.autostart()


for step in (mount, tunnel_up):
    try:
        step()
    except Exception as error:
        print("_boot:", step.__name__)
        sys.print_exception(error)

del sys, step, mount, tunnel_up
