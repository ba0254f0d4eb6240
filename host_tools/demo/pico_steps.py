# SPDX-License-Identifier: MIT
"""The points of the demo on a Raspberry Pi Pico; as steps.py, whose steps these use."""

from __future__ import annotations

import time
from collections.abc import Callable

from demo import firmware_size, steps
from demo.figure import Figure, kib, require
from demo.pico import PASS_TIMEOUT_S, PicoRig
from demo.steps import Figures, Say

KEY_AGE_S = 120.0  # paper §6.1, REKEY_AFTER_TIME
YOUNG_S = 105.0
ATTEMPTS = 4
REKEY_TIMEOUT_S = 20.0


def provision(rig: PicoRig, say: Say) -> Figures:
    """1. The file that a user would copy to the drive, and the same wgprov over its USB port."""
    figures = steps.provision(rig, say)
    say("main.py with network.PPP, and a reset")
    rig.known_at = time.time()
    link_s = rig.install_uplink()
    return [
        Figure("UF2", f"{rig.image.stat().st_size} bytes, MicroPython's Raspberry Pi Pico"),
        *figures,
        Figure("PPP on UART0", f"up {link_s:.2f} s after a reset, {rig.network_address}"),
    ]


def handshake(rig: PicoRig, say: Say) -> Figures:
    """2. Handshake, and ping in both directions."""
    return steps.handshake(rig, say)


def transfers(rig: PicoRig, say: Say) -> Figures:
    """3. 64 KiB of TCP each way, full-size datagrams."""
    say("64 KiB of TCP, board → server")
    up = steps.tcp_to_server(rig)
    say("64 KiB of TCP, server → board")
    return [up, steps.tcp_to_board(rig)]


def board_reset(rig: PicoRig, say: Say) -> Figures:
    """4. machine.reset(): configuration and keys are in littlefs, the tunnel comes back."""
    before = rig.board_key
    figure = steps.board_reset(rig, say)
    require(rig.show()["public_key"] == before, "the board has another key after its reset")
    return [figure]


def rekey(rig: PicoRig, say: Say) -> Figures:
    """5. Two minutes of the board's time pass; the next packet makes new keys, and not before."""
    say(f"the keys grow {YOUNG_S:.0f} s old for the board")
    took_s = _grow(rig, YOUNG_S)
    made = rig.server.stats()[rig.board_key].last_handshake
    steps.require_answers("board to server", steps.ping_server(rig))
    now = rig.server.stats()[rig.board_key].last_handshake
    require(now == made, f"new keys after {rig.key_age_s()} s, before {KEY_AGE_S:.0f} s")
    say(f"and {KEY_AGE_S:.0f} s, and it sends")
    took_s += _grow(rig, KEY_AGE_S)
    steps.require_answers("board to server", steps.ping_server(rig))
    rig.wait_handshake(made + 0.001, REKEY_TIMEOUT_S)
    after = steps.ping_board(rig, rig.server)
    steps.require_answers("after the rekey", after)
    age_s = rig.key_age_s()
    require(age_s < YOUNG_S, f"the board's keys are {age_s} s old after the rekey")
    return [
        Figure("board's time", f"two minutes passed in {took_s:.1f} s"),
        Figure("keys", f"kept at {YOUNG_S:.0f} s, new after {KEY_AGE_S:.0f} s"),
        Figure("ping server → board", f"{after.received}/{steps.PINGS}"),
    ]


def _grow(rig: PicoRig, age_s: float) -> float:
    """Until the keys are that old. Again when a first attempt ended in new keys for another reason:
    packets of before may have been without answer while time flew."""
    took_s = 0.0
    for _ in range(ATTEMPTS):
        left_s = age_s - rig.key_age_s()
        if left_s <= 0 or (age_s >= KEY_AGE_S and left_s > KEY_AGE_S - YOUNG_S + 1):
            break  # old enough, or made anew by a keepalive on the way
        took_s += rig.board.let_pass(left_s, PASS_TIMEOUT_S)
    return took_s


def show(rig: PicoRig, say: Say) -> Figures:
    """6. `wgprov show` over USB."""
    return steps.show(rig, say)


def measures(rig: PicoRig, say: Say) -> Figures:
    """7. The capture on the PPP link, and sizes."""
    figures = steps.captured(rig, say)
    say("firmware sizes")
    total, module = firmware_size.total(rig.elf), firmware_size.module(rig.elf)
    return [
        *figures,
        Figure("firmware", f"flash {kib(total.flash_bytes)}, static RAM {kib(total.ram_bytes)}"),
        Figure("module", f"flash {kib(module.flash_bytes)}, static RAM {kib(module.ram_bytes)}"),
        Figure("PPP", f"{rig.network.counters['bad frames']} frames damaged or lost"),
    ]


POINTS: dict[int, tuple[str, Callable[[PicoRig, Say], Figures]]] = {
    1: ("The UF2 boots, wgprov provisions it over USB", provision),
    2: ("Handshake and ping, through PPP", handshake),
    3: ("64 KiB each way", transfers),
    4: ("The board resets", board_reset),
    5: ("The keys grow old", rekey),
    6: ("wgprov show", show),
    7: ("Capture and sizes", measures),
}
