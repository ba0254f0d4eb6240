// SPDX-License-Identifier: MIT
// The replay window against its plain specification: a list of the counters received.
#include "harness.h"
#include "wg_replay.h"

#define HISTORY 6000

static uint64_t seen[HISTORY];
static unsigned seen_count;

static bool spec_is_new(uint64_t counter) {
    uint64_t greatest = 0;
    for (unsigned i = 0; i < seen_count; i++) {
        if (seen[i] == counter) {
            return false;
        }
        greatest = seen[i] > greatest ? seen[i] : greatest;
    }
    return seen_count == 0 || counter > greatest || greatest - counter < WG_REPLAY_WINDOW;
}

static void offer(wg_replay *r, uint64_t counter) {
    bool fresh = spec_is_new(counter);
    CHECK(wg_replay_check(r, counter) == fresh);
    if (fresh) {
        wg_replay_commit(r, counter);
        seen[seen_count++] = counter;
        CHECK(!wg_replay_check(r, counter));
    }
}

static uint64_t random64(void) {
    uint64_t high = test_random();
    return high << 32 | test_random();
}

// A walk of counters: steps ahead, bursts back into the window, its border, and rare leaps.
static uint64_t next_counter(uint64_t base) {
    uint32_t kind = test_random() % 100, r = test_random();
    if (kind < 40) {
        return base + 1 + r % 3;
    }
    if (kind < 70) {
        return base - r % (WG_REPLAY_WINDOW + 40);
    }
    if (kind < 80) {
        return base - WG_REPLAY_WINDOW + r % 5 - 2;
    }
    if (kind < 97) {
        return base + r % 70;
    }
    return base + r % (3 * WG_REPLAY_BITS);
}

static void random_walk(long number, uint64_t start) {
    static wg_replay r;
    uint64_t greatest = start;
    test_begin("replay/walk", number);
    wg_replay_init(&r);
    seen_count = 0;
    for (unsigned i = 0; i < 1500; i++) {
        uint64_t counter = i == 0 ? start : next_counter(greatest);
        if (counter > greatest + (UINT64_C(1) << 40)) {
            continue; // below zero
        }
        offer(&r, counter);
        greatest = counter > greatest ? counter : greatest;
    }
    test_end();
}

static void scattered(void) {
    static wg_replay r;
    test_begin("replay/scattered", -1);
    wg_replay_init(&r);
    seen_count = 0;
    for (unsigned i = 0; i < 500; i++) {
        offer(&r, random64() >> (test_random() & 63));
    }
    test_end();
}

// In order, then everything again; then the same backwards through a fresh window.
static void exhaustive(void) {
    static wg_replay r;
    const uint64_t n = 2 * WG_REPLAY_BITS + 37;
    test_begin("replay/order", -1);
    wg_replay_init(&r);
    for (uint64_t c = 0; c < n; c++) {
        CHECK(wg_replay_check(&r, c));
        wg_replay_commit(&r, c);
    }
    for (uint64_t c = 0; c < n; c++) {
        CHECK(!wg_replay_check(&r, c));
    }
    test_end();
    test_begin("replay/backwards", -1);
    wg_replay_init(&r);
    for (uint64_t c = n; c-- != 0;) {
        bool inside = n - 1 - c < WG_REPLAY_WINDOW;
        CHECK(wg_replay_check(&r, c) == inside);
        if (inside) {
            wg_replay_commit(&r, c);
        }
    }
    test_end();
}

// A check moves nothing, so that what is forged moves nothing.
static void check_is_pure(void) {
    static wg_replay r, copy;
    test_begin("replay/check is pure", -1);
    wg_replay_init(&r);
    CHECK(test_all_zero(&r, sizeof r));
    wg_replay_commit(&r, 5000);
    copy = r;
    CHECK(wg_replay_check(&r, UINT64_MAX) && wg_replay_check(&r, 4999));
    CHECK(test_same(&copy, &r, sizeof r));
    test_end();
}

void suite_replay(void) {
    test_value("WINDOW", "counters", WG_REPLAY_WINDOW);
    random_walk(1, 0);
    random_walk(2, 1);
    random_walk(3, 31);
    random_walk(4, WG_REPLAY_BITS - 1);
    random_walk(5, (UINT64_C(1) << 32) - 100);
    random_walk(6, UINT64_MAX - (UINT64_C(1) << 41));
    scattered();
    exhaustive();
    check_is_pure();
}
