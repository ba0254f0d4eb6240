// SPDX-License-Identifier: MIT
// Transport messages between the two ends of one session.
#include "harness.h"
#include "wg_aead.h"
#include "wg_session.h"
#include "wg_util.h"

#define INNER_MAX 1500
#define MESSAGE_MAX (INNER_MAX + WG_DATA_OVERHEAD_BYTES + 15)

static wg_session here, there;
static uint8_t msg[MESSAGE_MAX], copy[MESSAGE_MAX], inner[INNER_MAX];

static void both_ends(void) {
    uint8_t a[32], b[32];
    test_pattern(a, 32, 1);
    test_pattern(b, 32, 2);
    wg_session_init(&here, a, b, 0x11223344, 0xa1b2c3d4, true, 7);
    wg_session_init(&there, b, a, 0xa1b2c3d4, 0x11223344, false, 8);
}

static size_t seal(size_t len) {
    __builtin_memset(msg, 0xee, sizeof msg);
    test_pattern(inner, len, 3);
    __builtin_memcpy(msg + WG_DATA_HEADER_BYTES, inner, len);
    return wg_session_seal(&here, msg, len);
}

static bool opens(size_t len, size_t inner_len) {
    size_t got = 12345;
    return wg_session_open(&there, msg, len, &got) && got == (inner_len + 15) / 16 * 16 &&
           test_same(msg + WG_DATA_HEADER_BYTES, inner, inner_len) &&
           test_all_zero(msg + WG_DATA_HEADER_BYTES + inner_len, got - inner_len);
}

// A refused message and the receiver's session are as before.
static bool refused(size_t len) {
    static wg_session before;
    size_t got = 12345;
    before = there;
    __builtin_memcpy(copy, msg, sizeof msg);
    return !wg_session_open(&there, msg, len, &got) && got == 12345 &&
           test_same(copy, msg, sizeof msg) && test_same(&before, &there, sizeof before);
}

static void round_trips(void) {
    test_begin("session/round trips", -1);
    both_ends();
    for (size_t len = 0; len <= INNER_MAX; len += len < 100 ? 1 : 97) {
        uint64_t counter = here.send_counter;
        size_t total = seal(len);
        CHECK(total == 32 + (len + 15) / 16 * 16);
        CHECK(wg_load32(msg) == 4 && wg_load32(msg + 4) == 0xa1b2c3d4);
        CHECK(wg_load64(msg + 8) == counter && here.send_counter == counter + 1);
        CHECK(total + 15 > sizeof msg || msg[total] == 0xee);
        CHECK(opens(total, len));
        CHECK(refused(total)); // plaintext now, and a replay
    }
    test_end();
}

static void replays(void) {
    static uint8_t kept[40][64];
    test_begin("session/replays", -1);
    both_ends();
    for (unsigned i = 0; i < 40; i++) {
        CHECK(seal(20) == 64);
        __builtin_memcpy(kept[i], msg, 64);
    }
    for (unsigned pass = 0; pass < 2; pass++) {
        for (unsigned i = 0; i < 40; i++) {
            __builtin_memcpy(msg, kept[i * 7 % 40], 64);
            CHECK(pass == 0 ? opens(64, 20) : refused(64));
        }
    }
    test_end();
}

static void tampering(void) {
    size_t total;
    test_begin("session/tampering", -1);
    both_ends();
    total = seal(50);
    for (size_t i = 0; i < total * 8; i++) {
        msg[i / 8] ^= 1u << (i & 7);
        CHECK(refused(total));
        msg[i / 8] ^= 1u << (i & 7);
    }
    for (size_t len = 0; len < total; len++) {
        CHECK(refused(len));
    }
    CHECK(refused(total + 1));
    CHECK(opens(total, 50));
    test_end();
}

// A forged counter far ahead must not push the window away from good messages.
static void forged_counter(void) {
    size_t total;
    test_begin("session/forged counter", -1);
    both_ends();
    total = seal(10);
    msg[12] = 1;
    CHECK(refused(total));
    msg[12] = 0;
    CHECK(opens(total, 10));
    test_end();
}

static void counter_limit(void) {
    size_t total;
    test_begin("session/counter limit", -1);
    both_ends();
    here.send_counter = WG_REJECT_AFTER_MESSAGES - 1;
    total = seal(4);
    CHECK(total == 48 && opens(total, 4));
    CHECK(seal(4) == 0 && here.send_counter == WG_REJECT_AFTER_MESSAGES);
    // Genuine but past the limit: the receiver refuses by itself.
    __builtin_memcpy(msg + 16, inner, 16);
    wg_store64(msg + 8, WG_REJECT_AFTER_MESSAGES);
    wg_store32(msg + 4, there.local_index);
    wg_store32(msg, 4);
    wg_aead_seal(msg + 16, inner, 16, NULL, 0, WG_REJECT_AFTER_MESSAGES, here.send_key);
    CHECK(refused(48));
    CHECK(WG_REJECT_AFTER_MESSAGES == UINT64_C(0xffffffffffffdfff));
    test_end();
}

static void padding_by_caller(void) {
    size_t total;
    test_begin("session/padding by the caller", -1);
    both_ends();
    test_pattern(inner, 1420, 3);
    __builtin_memcpy(msg + 16, inner, 1420);
    total = wg_session_seal_padded(&here, msg, 1420, 1420);
    CHECK(total == 1452);
    size_t got = 0;
    CHECK(wg_session_open(&there, msg, total, &got) && got == 1420);
    CHECK(test_same(msg + 16, inner, 1420));
    test_end();
}

static void wiped(void) {
    test_begin("session/wiped", -1);
    both_ends();
    size_t total = seal(9);
    wg_session_wipe(&here);
    CHECK(test_all_zero(&here, sizeof here));
    CHECK(wg_session_seal(&here, copy, 9) == 0);
    wg_session_wipe(&there);
    CHECK(refused(total));
    test_end();
}

void suite_session(void) {
    round_trips();
    replays();
    tampering();
    forged_counter();
    counter_limit();
    padding_by_caller();
    wiped();
}
