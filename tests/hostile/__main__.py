# SPDX-License-Identifier: MIT
"""Run the named cases against any WireGuard that answers ping inside its tunnel.

    python -m tests.hostile --target 127.0.0.1:51820 --public-key KEY= --inner 10.7.0.2 \\
        --private-key-file me.key --address 10.9.0.1 [--psk-file psk.key] \\
        [--second-private-key-file other.key --second-address 10.9.0.2]

The target must have a [Peer] with our public key and our address as AllowedIPs; a second one lets
the cases run in which one client attacks another. Endpoints need not be set. The cases are
attacks: run them against what is yours. Status 0: no case failed; 1: some did; 2: bad arguments.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import fnmatch
import sys
import time
from pathlib import Path

from tests.hostile import noise
from tests.hostile.cases import CASES, SLOW, Skip, World
from tests.hostile.endpoint import Identity, NoAnswer, Target


def key(text: str) -> bytes:
    try:
        raw = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != 32:
        raise argparse.ArgumentTypeError("a key is 32 bytes in base64")
    return raw


def key_file(name: str) -> bytes:
    try:
        return key(Path(name).read_text())
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{name}: {error.strerror}") from None


def outer(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise argparse.ArgumentTypeError("address:port")
    return host, int(port)


def parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.hostile",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--list", action="store_true", help="names of the cases, and what each says")
    add("--target", type=outer, metavar="ADDRESS:PORT")
    add("--public-key", type=key, help="the target's")
    add("--inner", help="the target's address in the tunnel")
    add("--private-key-file", type=key_file, help="ours")
    add("--address", help="ours in the tunnel")
    add("--psk-file", type=key_file, default=noise.NO_PSK)
    add("--second-private-key-file", type=key_file)
    add("--second-address")
    add("--second-psk-file", type=key_file, default=noise.NO_PSK)
    add("--only", default="*", metavar="PATTERN", help="names, such as 'replayed_*'")
    add("--quick", action="store_true", help="leave out the cases that wait for the protocol")
    options = parser.parse_args(arguments)
    needed = ("target", "public_key", "inner", "private_key_file", "address")
    missing = [name for name in needed if getattr(options, name) is None]
    if missing and not options.list:
        parser.error("missing: " + ", ".join("--" + name.replace("_", "-") for name in missing))
    return options


def world(options: argparse.Namespace) -> World:
    host, port = options.target
    mine = [Identity(options.private_key_file, options.address, options.psk_file)]
    if options.second_private_key_file:
        if not options.second_address:
            raise SystemExit("--second-private-key-file needs --second-address")
        second = options.second_private_key_file
        mine.append(Identity(second, options.second_address, options.second_psk_file))
    return World(Target(host, port, options.public_key, options.inner), mine)


def run(name: str, options: argparse.Namespace) -> str:
    """One line about one case, its first word the verdict."""
    here = world(options)
    started = time.monotonic()
    try:
        CASES[name](here)
        verdict = "pass"
    except Skip as reason:
        verdict = f"skip: {reason}"
    except (AssertionError, NoAnswer) as reason:
        verdict = f"FAIL: {reason}"
    finally:
        here.close()
    return f"{name:40} {time.monotonic() - started:5.1f} s  {verdict}"


def main(arguments: list[str] | None = None) -> int:
    options = parsed(sys.argv[1:] if arguments is None else arguments)
    names = [n for n in CASES if fnmatch.fnmatch(n, options.only)]
    names = [n for n in names if not (options.quick and n in SLOW)]
    if options.list:
        for name in names:
            print(f"{name:40} {(CASES[name].__doc__ or '').splitlines()[0]}")
        return 0
    if not names:
        print(f"no case is named {options.only}", file=sys.stderr)
        return 2
    lines = []
    for name in names:
        lines.append(run(name, options))
        print(lines[-1], flush=True)
    failed = sum(" FAIL" in line for line in lines)
    skipped = sum(" skip: " in line for line in lines)
    print(f"{len(lines) - failed - skipped} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
