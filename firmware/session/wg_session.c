// SPDX-License-Identifier: MIT
#include "wg_session.h"

#include "wg_aead.h"
#include "wg_util.h"

void wg_session_init(wg_session *s, const uint8_t send_key[32], const uint8_t recv_key[32],
                     uint32_t local_index, uint32_t remote_index, bool initiator, uint64_t now_ms) {
    __builtin_memset(s, 0, sizeof *s);
    __builtin_memcpy(s->send_key, send_key, sizeof s->send_key);
    __builtin_memcpy(s->recv_key, recv_key, sizeof s->recv_key);
    s->local_index = local_index;
    s->remote_index = remote_index;
    s->created_ms = now_ms;
    s->initiator = initiator;
    s->in_use = true;
}

size_t wg_session_seal_padded(wg_session *s, uint8_t *msg, size_t inner_len, size_t padded_len) {
    uint8_t *inner = msg + WG_DATA_HEADER_BYTES;
    if (!s->in_use || s->send_counter >= WG_REJECT_AFTER_MESSAGES) {
        return 0;
    }
    __builtin_memset(inner + inner_len, 0, padded_len - inner_len);
    wg_store32(msg, WG_MESSAGE_DATA);
    wg_store32(msg + 4, s->remote_index);
    wg_store64(msg + 8, s->send_counter);
    wg_aead_seal(inner, inner, padded_len, NULL, 0, s->send_counter, s->send_key);
    s->send_counter++;
    return padded_len + WG_DATA_OVERHEAD_BYTES;
}

size_t wg_session_seal(wg_session *s, uint8_t *msg, size_t inner_len) {
    size_t padded_len = (inner_len + WG_PADDING_BYTES - 1) & ~(size_t)(WG_PADDING_BYTES - 1);
    return wg_session_seal_padded(s, msg, inner_len, padded_len);
}

bool wg_session_open(wg_session *s, uint8_t *msg, size_t len, size_t *inner_len) {
    if (!s->in_use || len < WG_DATA_OVERHEAD_BYTES || wg_load32(msg) != WG_MESSAGE_DATA ||
        wg_load32(msg + 4) != s->local_index) {
        return false;
    }
    uint8_t *sealed = msg + WG_DATA_HEADER_BYTES;
    uint64_t counter = wg_load64(msg + 8);
    if (counter >= WG_REJECT_AFTER_MESSAGES || !wg_replay_check(&s->replay, counter) ||
        !wg_aead_open(sealed, sealed, len - WG_DATA_HEADER_BYTES, NULL, 0, counter, s->recv_key)) {
        return false;
    }
    wg_replay_commit(&s->replay, counter);
    *inner_len = len - WG_DATA_OVERHEAD_BYTES;
    return true;
}

void wg_session_wipe(wg_session *s) {
    wg_wipe(s, sizeof *s);
}
