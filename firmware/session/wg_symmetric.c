// SPDX-License-Identifier: MIT
#include "wg_symmetric.h"

#include "wg_aead.h"
#include "wg_blake2s.h"
#include "wg_hkdf.h"
#include "wg_util.h"
#include "wg_x25519.h"

// Paper §5.4: CONSTRUCTION and IDENTIFIER, both without a terminating zero.
static const char construction[] = "Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s";
static const char identifier[] = "WireGuard v1 zx2c4 Jason@zx2c4.com";

void wg_symmetric_init(wg_symmetric *s, const uint8_t responder_public[32], const uint8_t *prologue,
                       size_t prologue_len) {
    if (prologue == NULL) {
        prologue = (const uint8_t *)identifier;
        prologue_len = sizeof identifier - 1;
    }
    wg_blake2s(s->ck, 32, NULL, 0, construction, sizeof construction - 1);
    for (unsigned i = 0; i < 32; i++) {
        s->h[i] = s->ck[i];
        s->k[i] = 0;
    }
    wg_symmetric_mix_hash(s, prologue, prologue_len);
    wg_symmetric_mix_hash(s, responder_public, 32);
}

void wg_symmetric_mix_hash(wg_symmetric *s, const uint8_t *data, size_t len) {
    wg_blake2s_ctx ctx;
    wg_blake2s_init(&ctx, 32, NULL, 0);
    wg_blake2s_update(&ctx, s->h, 32);
    wg_blake2s_update(&ctx, data, len);
    wg_blake2s_final(&ctx, s->h);
}

void wg_symmetric_mix_key(wg_symmetric *s, const uint8_t *data, size_t len) {
    wg_kdf1(s->ck, s->ck, data, len);
}

bool wg_symmetric_mix_dh(wg_symmetric *s, const uint8_t scalar[32], const uint8_t point[32]) {
    uint8_t shared[32];
    bool good = wg_x25519(shared, scalar, point);
    if (good) {
        wg_kdf2(s->ck, s->k, s->ck, shared, 32);
    } else {
        wg_symmetric_wipe(s);
    }
    wg_wipe(shared, sizeof shared);
    return good;
}

void wg_symmetric_mix_psk(wg_symmetric *s, const uint8_t *psk) {
    static const uint8_t no_psk[32] = {0};
    uint8_t t[32];
    wg_kdf3(s->ck, t, s->k, s->ck, psk != NULL ? psk : no_psk, 32);
    wg_symmetric_mix_hash(s, t, 32);
    wg_wipe(t, sizeof t);
}

void wg_symmetric_seal(wg_symmetric *s, uint8_t *dst, const uint8_t *src, size_t len) {
    wg_aead_seal(dst, src, len, s->h, 32, 0, s->k);
    wg_symmetric_mix_hash(s, dst, len + WG_SYMMETRIC_TAG_BYTES);
}

bool wg_symmetric_open(wg_symmetric *s, uint8_t *dst, const uint8_t *src, size_t len) {
    // The hash is over the ciphertext, which is gone after opening in place: make the next h first.
    wg_symmetric next = *s;
    wg_symmetric_mix_hash(&next, src, len);
    bool good = len >= WG_SYMMETRIC_TAG_BYTES && wg_aead_open(dst, src, len, s->h, 32, 0, s->k);
    if (good) {
        *s = next;
    }
    wg_symmetric_wipe(&next);
    return good;
}

void wg_symmetric_split(wg_symmetric *s, wg_session *session, bool initiator, uint32_t local_index,
                        uint32_t remote_index, uint64_t now_ms) {
    uint8_t first[32], second[32];
    wg_kdf2(first, second, s->ck, NULL, 0);
    wg_session_init(session, initiator ? first : second, initiator ? second : first, local_index,
                    remote_index, initiator, now_ms);
    wg_wipe(first, sizeof first);
    wg_wipe(second, sizeof second);
    wg_symmetric_wipe(s);
}

void wg_symmetric_wipe(wg_symmetric *s) {
    wg_wipe(s, sizeof *s);
}
