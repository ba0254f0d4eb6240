// SPDX-License-Identifier: MIT
#include "wg_chacha20.h"

#include "wg_core.h"
#include "wg_util.h"

void wg_chacha20_set_key(uint32_t state[16], const uint8_t key[32]) {
    state[0] = 0x61707865; // "expand 32-byte k"
    state[1] = 0x3320646e;
    state[2] = 0x79622d32;
    state[3] = 0x6b206574;
    wg_load_words(state + 4, key, 8);
}

void wg_chacha20_init(uint32_t state[16], const uint8_t key[32], const uint8_t nonce[12],
                      uint32_t counter) {
    wg_chacha20_set_key(state, key);
    state[12] = counter;
    for (unsigned i = 0; i < 3; i++) {
        state[13 + i] = wg_load32(nonce + 4 * i);
    }
}

void wg_chacha20_xor(uint32_t state[16], uint8_t *dst, const uint8_t *src, size_t len) {
    size_t nblocks = len / WG_CHACHA20_BLOCK_BYTES, whole = nblocks * WG_CHACHA20_BLOCK_BYTES;
    uint8_t tail[WG_CHACHA20_BLOCK_BYTES];
    wg_chacha20_run(state, dst, src, nblocks);
    if (len == whole) {
        return;
    }
    __builtin_memset(tail, 0, sizeof tail);
    __builtin_memcpy(tail, src + whole, len - whole);
    wg_chacha20_run(state, tail, tail, 1);
    __builtin_memcpy(dst + whole, tail, len - whole);
    wg_wipe(tail, sizeof tail);
}

// HChaCha20 is the block function without the last addition of the state, of which the words of key
// and counter are dropped: so subtracting the state from a block gives it with the same core.
void wg_hchacha20(uint8_t out[32], const uint8_t key[32], const uint8_t nonce[16]) {
    uint32_t state[16];
    uint8_t block[WG_CHACHA20_BLOCK_BYTES] = {0};
    wg_chacha20_set_key(state, key);
    for (unsigned i = 0; i < 4; i++) {
        state[12 + i] = wg_load32(nonce + 4 * i);
    }
    wg_chacha20_run(state, block, block, 1);
    state[WG_CHACHA20_COUNTER_WORD] -= 1;
    for (unsigned i = 0; i < 4; i++) {
        wg_store32(out + 4 * i, wg_load32(block + 4 * i) - state[i]);
        wg_store32(out + 16 + 4 * i, wg_load32(block + 48 + 4 * i) - state[12 + i]);
    }
    wg_wipe(state, sizeof state);
    wg_wipe(block, sizeof block);
}
