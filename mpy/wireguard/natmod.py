# SPDX-License-Identifier: MIT
"""Fetches the native module `_wireguard` that fits this board, for stock firmware (docs/NATMOD.md).

    import mip
    mip.install("https://example.org/wireguard/package.json")
    from wireguard import natmod
    natmod.install("https://example.org/wireguard")

mip itself cannot choose by architecture; what this board takes is in sys.implementation._mpy.
"""

import sys

MPY_VERSION = 6
MPY_SUB_VERSION = 3  # of the interface to native code: MicroPython from 1.23

# By MicroPython's number of it; a core that the next smaller one's code runs on takes that.
_ARCHS = {
    2: "x64",
    4: "armv6m",
    5: "armv7m",
    6: "armv7m",
    7: "armv7emsp",
    8: "armv7emdp",
    9: "xtensa",
    10: "xtensawin",
    11: "rv32imc",
}


def arch(mpy=None):
    """The name of this board's architecture; OSError with one line when there is no module."""
    if mpy is None:
        mpy = getattr(sys.implementation, "_mpy", 0)
    number = mpy >> 10
    if not number:
        raise OSError("this firmware loads no native modules")
    if mpy & 0xFF != MPY_VERSION or mpy >> 8 & 3 != MPY_SUB_VERSION:
        version = (mpy & 0xFF, mpy >> 8 & 3, MPY_VERSION, MPY_SUB_VERSION)
        raise OSError("this firmware takes .mpy files of version %d.%d, not %d.%d" % version)
    if number not in _ARCHS:
        raise OSError("no native module for architecture %d" % number)
    return _ARCHS[number]


def install(url, target=None):
    """Fetch the package and the module below `url` by mip; OSError when it did not all come."""
    name = arch()
    try:
        import mip
    except ImportError:
        raise OSError("no mip in this firmware: on a computer, mpremote mip install %s.json" % name)
    mip.install(url.rstrip("/") + "/" + name + ".json", target=target)
    try:
        import _wireguard  # which tests itself
    except ImportError as error:
        raise OSError("%s was not installed: %s" % (name, error))
    return _wireguard.selftest_report()
