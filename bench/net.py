# SPDX-License-Identifier: MIT
"""make bench-net: instructions that an emulated board spends on one packet, each way, with the
tunnel and without, and what a handshake costs beside the crypto.

Counted by QEMU, so the figures are the same on every machine. The datagrams go from a Python socket
of the board through lwIP, tunnel and Ethernet driver to a wire of ours, and back. By function:

  crypto   firmware/crypto                       tunnel   firmware/session, netif
  lwIP     both passes, inner and outer          driver   Ethernet; here it moves every word itself
  copies   memcpy, memmove, memset               Python   the loop around the socket, and waiting

Python's share of `copies` cannot be told from the others', so it is all counted as the packet's.
What the tunnel adds beside the crypto is the difference to the same traffic without it.
"""

from __future__ import annotations

import argparse
import bisect
import json
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "host_tools")]

from demo.board_script import ScriptError  # noqa: E402

from bench.build import plugin  # noqa: E402
from tests.hil.netif_kit import BOARD4, NetBoard, net_board  # noqa: E402
from tests.hostile.endpoint import Endpoint, Session  # noqa: E402
from tests.hostile.packets import UDP, ipv4, udp  # noqa: E402
from tests.hostile.wire import GATEWAY, GUEST  # noqa: E402

OUT = ROOT / "bench" / "out" / "net.json"
TIMES = 20
SIZES = (64, 512, 1392)  # of UDP's data; 1392 fills the MTU of 1420
PORT, HOST_PORT = 7009, 9
REKEY_S = 6.0  # a handshake may begin 5 s after the last one
TRIES = 4
PACE_S = 0.06  # so that none waits in a queue while the guest is slow
COPIES = {"memcpy", "memmove", "memset"}
# A step of a handshake, by the X25519 that it takes: a key pair for `e`, one for each DH.
STEPS = {3: "initiation", 2: "response taken", 5: "initiation answered"}
GROUPS = (
    ("crypto", r"/crypto/"),
    ("tunnel", r"/(session|netif)/"),
    ("binding", r"/binding/"),
    ("lwIP", r"/lwip/"),
    ("driver", r"/(lan|lan9118)\.o$"),
    ("files", r"/lfs2|vfs_lfs|/flash\.o$"),
)
COLLECTOR = re.compile(r"gc_(collect|mark|sweep|deal)")
PACKET = ("tunnel", "lwIP", "driver", "copies")


@dataclass(frozen=True)
class Code:
    """Which part of the firmware an address belongs to."""

    starts: list[int]
    names: list[str]
    objects: list[tuple[int, str]]

    @classmethod
    def of(cls, elf: Path) -> Code:
        lines = subprocess.run(
            ["arm-none-eabi-nm", "-n", str(elf)], capture_output=True, text=True, check=True
        ).stdout.splitlines()
        code = [line.split() for line in lines if re.search(r" [tTwW] [^$]", line)]
        places = re.findall(
            r"^ \.text\S*\s+(0x[0-9a-f]+)\s+0x[0-9a-f]+ (\S+\.o\)?)$",
            elf.with_name("firmware.map").read_text(),
            re.MULTILINE,
        )
        objects = sorted((int(at, 16), name) for at, name in places if int(at, 16))
        return cls([int(row[0], 16) & ~1 for row in code], [row[2] for row in code], objects)

    def address(self, name: str, object_end: str) -> int:
        """Of a function, which may be static: its name, and how its object file's ends."""
        for start, found in zip(self.starts, self.names, strict=True):
            if found == name and self.object_of(start).endswith(object_end):
                return start
        raise SystemExit(f"bench-net: the firmware has no {name} in {object_end}")

    def object_of(self, at: int) -> str:
        place = bisect.bisect_right(self.objects, (at, "\x7f")) - 1
        return self.objects[place][1] if place >= 0 else "?"

    def function(self, at: int) -> str:
        place = bisect.bisect_right(self.starts, at) - 1
        return self.names[place] if place >= 0 else "?"

    def group(self, at: int) -> str:
        function = self.function(at)
        if function in COPIES:
            return "copies"
        if COLLECTOR.match(function):
            return "collector"
        path = self.object_of(at)
        return next((name for name, end in GROUPS if re.search(end, path)), "Python")


Region = dict[int, int]  # address -> times executed


def read_regions(text: str) -> list[Region]:
    regions: list[Region] = []
    for line in text.splitlines():
        words = line.split()
        if words[0] == "region":
            regions.append({})
        elif words[0] == "at":
            at = int(words[1], 16)
            regions[-1][at] = regions[-1].get(at, 0) + int(words[3])
    return regions


def by_group(code: Code, region: Region) -> Counter[str]:
    found: Counter[str] = Counter()
    for at, executed in region.items():
        found[code.group(at)] += executed
    return found


def by_function(code: Code, region: Region) -> Counter[str]:
    found: Counter[str] = Counter()
    for at, executed in region.items():
        found[f"{code.group(at)}: {code.function(at)}"] += executed
    return found


class Counted:
    """A board whose instructions are counted between two functions."""

    def __init__(self, folder: Path, elf: Path, start: int, stop: int) -> None:
        self.counts = folder / "counts.txt"
        options = f"cpu=count,profile=on,start={start:#x},stop={stop:#x},out={self.counts}"
        self.board = net_board(folder, peers=1, more=["-plugin", f"{plugin()},{options}"])

    def regions(self) -> list[Region]:
        """Once the board has been stopped."""
        return read_regions(self.counts.read_text())


def packet_scenarios(board: NetBoard) -> list[tuple[str, int, int]]:
    """(what, bytes of UDP's data, growth of Python's heap) in the order of the regions."""
    done = []
    client, session = board.connected()
    inside, outside = client.identity.address, GATEWAY
    for what, host in (("out, tunnel", inside), ("out, plain", outside)):
        for size in SIZES:
            grown = board.ask(f"send_counted({host!r}, {size}, {TIMES})", 60)
            done.append((what, size, grown))
    for what in ("in, tunnel", "in, plain"):
        for size in SIZES:
            if what == "in, plain":
                send = partial(board.wire.send_udp, (GATEWAY, HOST_PORT), (GUEST, PORT))
            else:
                send = partial(send_inside, client, session)
            done.append((what, size, receive(board, size, send)))
    return done


def send_inside(client: Endpoint, session: Session, data: bytes) -> None:
    inside = client.identity.address
    packet = ipv4(inside, BOARD4, udp(inside, BOARD4, HOST_PORT, PORT, data), UDP)
    client.send(session.seal(packet))


def receive(board: NetBoard, size: int, send: Callable[[bytes], None]) -> int:
    """A guest that a busy host keeps waiting loses datagrams: then it is counted again, slower."""
    for attempt in range(1, TRIES + 1):
        call = f"receive_counted({PORT}, {size}, {TIMES})"
        with board.script("netif_probe", call) as script:
            script.wait_ready()
            for _ in range(TIMES + 1):
                send(bytes(size))
                time.sleep(attempt * PACE_S)
            try:
                return int(script.result(60))
            except ScriptError:
                if attempt == TRIES:
                    raise
    raise AssertionError


def measure_packets(elf: Path, code: Code, detail: bool) -> list[dict[str, object]]:
    start = code.address("lookup", "/obj_path.o")
    stop = code.address("netif_mtu", "/obj_netif.o")
    rows = []
    with tempfile.TemporaryDirectory(prefix="wg-net-") as name:
        counted = Counted(Path(name), elf, start, stop)
        with counted.board as board:
            scenarios = packet_scenarios(board)
        regions = counted.regions()
        assert len(regions) == len(scenarios), (len(regions), scenarios)
    for (what, size, grown), region in zip(scenarios, regions, strict=True):
        groups = by_group(code, region)
        row = {group: groups[group] // TIMES for group in ("crypto", *PACKET, "binding", "Python")}
        packet = sum(groups[group] for group in PACKET) // TIMES
        rows.append({"what": what, "bytes": size, "packet": packet, **row, "heap": grown})
        if detail:
            print_functions(f"{what} {size}", by_function(code, region), TIMES)
    return rows


def answer(client: Endpoint) -> None:
    opened = client.wait_initiation(20)
    assert opened is not None, "the board starts no handshake"
    client.send(client.respond(opened)[0])
    assert client.receive_inner(10), "nothing confirms the session"


def exchange_handshakes(board: NetBoard) -> None:
    """Each step twice or more: from the start on, and with a heap that was just collected, where
    the search for free blocks begins at the front again."""
    client = board.client()
    board.run("tunnel_state", "again()")
    answer(client)
    for _ in range(2):
        time.sleep(REKEY_S)
        board.ask("collect()")
        board.ask("interface().connect()")
        answer(client)
    for _ in range(2):
        time.sleep(1)
        board.ask("collect()")
        client.handshake()
    time.sleep(1)


def measure_handshakes(elf: Path, code: Code, detail: bool) -> list[dict[str, object]]:
    """Each run of the scheduled callback that does a step of a handshake, from C's call to the
    deadline that it asks for last. `collector`: a collection of garbage, if one falls into it."""
    start = code.address("run_handler", "/obj_netif.o")
    stop = code.address("netif_wake_at", "/obj_netif.o")
    x25519 = code.address("wg_x25519_core", ".o")
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory(prefix="wg-net-") as name:
        counted = Counted(Path(name), elf, start, stop)
        with counted.board as board:
            exchange_handshakes(board)
        regions = counted.regions()
    for region in regions:
        step, groups = STEPS.get(region.get(x25519, 0)), by_group(code, region)
        if step is None:
            continue
        python = groups["Python"] + groups["binding"]
        beside = {group: groups[group] for group in ("collector", "files", "crypto")}
        rows.append({"step": step, "python": python, **beside})
        if detail:
            print_functions(step, by_function(code, region), 1)
    return rows


def print_functions(title: str, functions: Counter[str], times: int) -> None:
    print(f"\n{title}")
    for name, executed in functions.most_common(30):
        print(f"  {executed / times:12.1f}  {name}")


def print_packets(rows: list[dict[str, object]]) -> None:
    columns = ["packet", "crypto", *PACKET, "binding", "Python", "heap"]
    print(f"{'instructions per packet':24}" + "".join(f"{name:>9}" for name in columns))
    for row in rows:
        title = f"{row['what']}, {row['bytes']} B"
        print(f"{title:24}" + "".join(f"{row[name]:>9}" for name in columns))


def added_by_the_tunnel(rows: list[dict[str, object]]) -> dict[str, int]:
    """Beside the crypto: what the same packet costs more than without the tunnel."""
    cost = {(row["what"], row["bytes"]): int(str(row["packet"])) for row in rows}
    return {
        f"{way}, {size} B": cost[f"{way}, tunnel", size] - cost[f"{way}, plain", size]
        for way in ("out", "in")
        for size in SIZES
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--detail", action="store_true", help="the dearest functions too")
    parser.add_argument("--env", default="qemu_an386")
    options = parser.parse_args()
    elf = ROOT / ".cache" / "build" / "firmware" / options.env / "firmware.elf"
    code = Code.of(elf)
    packets = measure_packets(elf, code, options.detail)
    print_packets(packets)
    handshakes = measure_handshakes(elf, code, options.detail)
    added = added_by_the_tunnel(packets)
    print(
        "\nadded by the tunnel beside the crypto: "
        + "; ".join(f"{k} {v}" for k, v in added.items())
    )
    for row in handshakes:
        counts = ", ".join(f"{name} {count}" for name, count in row.items() if name != "step")
        print(f"{row['step']:20} {counts}")
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(
        json.dumps({"packets": packets, "added": added, "handshakes": handshakes}, indent=1) + "\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
