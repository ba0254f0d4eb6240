# SPDX-License-Identifier: MIT
"""The receive path with datagrams of every length up to 2,048, of every type, forged and sealed, in
memory of exactly that size under AddressSanitizer and UBSan."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CRYPTO, SESSION = ROOT / "firmware" / "crypto", ROOT / "firmware" / "session"
PROGRAM = r"""
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "wg_icmp.h"
#include "wg_ip.h"
#include "wg_path.h"
#define MOST 2048
static const uint8_t key[32] = {1}, other[32] = {2}, all4[4], all6[16];
static wg_path path;
static wg_peer peer;
static wg_allowedip prefixes[2];
static wg_session theirs;
static const wg_endpoint from = {.addr = {192, 0, 2, 1}, .addr_bytes = 4, .port = 1};

static wg_path_verdict arrive(const uint8_t *datagram, size_t len) {
    int id;
    size_t inner_len;
    uint8_t *exact = malloc(len);
    memcpy(exact, datagram, len);
    wg_path_verdict verdict = wg_path_input(&path, exact, len, &from, 2, &id, &inner_len);
    if (verdict == WG_PATH_DELIVER) {
        uint8_t *inner = malloc(inner_len), icmp[WG_ICMP_MAX_BYTES];
        memcpy(inner, exact + WG_DATA_HEADER_BYTES, inner_len);
        wg_ip_carry_congestion(inner, inner_len, 3);
        wg_icmp_unreachable(icmp, inner, inner_len, 1280);
        free(inner);
    }
    free(exact);
    return verdict;
}

int main(void) {
    static uint8_t message[MOST + 64];
    wg_session mine;
    unsigned long delivered = 0, keepalives = 0, forged = 0;
    wg_path_init(&path);
    wg_path_set_identity(&path, key);
    wg_path_add_peer(&path, &peer);
    wg_allowedips_move(&path.allowed, prefixes, 2);
    wg_allowedips_insert(&path.allowed, all4, 4, 0, 0);
    wg_allowedips_insert(&path.allowed, all6, 16, 0, 0);
    wg_session_init(&mine, key, other, 9, 7, true, 1);
    wg_session_init(&theirs, other, key, 7, 9, false, 1);
    wg_peer_install(&peer, &mine);
    for (size_t len = 0; len <= MOST; len++) {
        for (uint8_t type = 0; type < 6; type++) {
            memset(message, 0x5a, sizeof message);
            memcpy(message, (uint8_t[]){type, 0, 0, 0, 9, 0, 0, 0}, 8);
            memset(message + 8, 0, 8);
            forged += arrive(message, len) != WG_PATH_DROP;
        }
        for (uint8_t first = 0x45; len + WG_DATA_OVERHEAD_BYTES <= MOST; first = 0x60) {
            uint8_t *inner = message + WG_DATA_HEADER_BYTES;
            memset(inner, 1, len + 40);
            inner[0] = first;
            size_t claimed = first == 0x60 && len >= 40 ? len - 40 : len;
            uint8_t *place = inner + (first == 0x60 ? 4 : 2);
            place[0] = (uint8_t)(claimed >> 8);
            place[1] = (uint8_t)claimed;
            size_t total = wg_session_seal_padded(&theirs, message, len, len);
            wg_path_verdict verdict = arrive(message, total);
            delivered += verdict == WG_PATH_DELIVER;
            keepalives += verdict == WG_PATH_KEEPALIVE;
            if (first == 0x60) {
                break;
            }
        }
    }
    printf("%lu %lu %lu\n", delivered, keepalives, forged);
    return 0;
}
"""


def listed(name: str, variable: str) -> list[Path]:
    """The files that a make file of firmware/crypto lists."""
    text = (CRYPTO / name).read_text()
    found = re.search(rf"^{variable} *:= *(.*)$", text, re.MULTILINE)
    assert found is not None
    return [CRYPTO / word for word in found.group(1).split()]


def test_every_length(tmp_path: Path) -> None:
    program = tmp_path / "lengths"
    (tmp_path / "lengths.c").write_text(PROGRAM)
    sources = listed("sources.mk", "WG_CRYPTO_SOURCES") + listed("arch/host.mk", "WG_CORES")
    sources += sorted(SESSION.glob("*.c"))
    defines = [
        f"-DWG_CORE_{path.parent.name}={path.stem}" for path in sources if "cores" in str(path)
    ]
    flags = ["-std=c11", "-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    include = [f"-I{CRYPTO / 'include'}", f"-I{SESSION / 'include'}"]
    command = ["gcc", *flags, *defines, *include, tmp_path / "lengths.c", *sources, "-o", program]
    subprocess.run(command, check=True, timeout=120)
    done = subprocess.run([program], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    delivered, keepalives, forged = map(int, done.stdout.split())
    assert delivered == (2016 - 20 + 1) + (2016 - 40 + 1)
    assert keepalives == 2  # the length 0, sealed twice
    assert forged == 1  # a cookie reply has no mac1: Python opens it
