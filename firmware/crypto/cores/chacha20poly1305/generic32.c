// SPDX-License-Identifier: MIT
// The two linked cores one after the other. Without a data cache a second pass costs only the
// loads, and each core keeps all its registers; so tuned single cores are used here without another
// line.
#include "wg_aead.h"
#include "wg_core.h"

void wg_chacha20poly1305_core(wg_aead_state *st, uint8_t *dst, const uint8_t *src, size_t nblocks) {
    wg_chacha20_run(st->chacha, dst, src, nblocks);
    wg_poly1305_run(&st->poly, dst, nblocks * (WG_CHACHA20_BLOCK_BYTES / WG_POLY1305_BLOCK_BYTES),
                    1);
}
