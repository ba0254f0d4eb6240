// SPDX-License-Identifier: MIT
// The data path: datagrams of any bytes, datagrams that authenticate with any packet inside, and
// any packet on its way out. Steps are read from the input one after the other.
#include <stdlib.h>

#include "fuzz.h"
#include "wg_path.h"
#include "wg_util.h"

#define PACKET_MAX 1600
#define NOW_MS 1000

static const uint8_t key_a[32] = {1}, key_b[32] = {2};
static const uint8_t prefixes[2][4] = {{10, 9, 0, 1}, {10, 9, 0, 2}};

typedef struct {
    wg_path path;
    wg_peer peers[2];
    wg_allowedip prefixes[4];
    wg_session theirs[2]; // what the peers seal with
    uint64_t sealed;
} world;

static void make_world(world *w) {
    static const uint8_t everything6[16];
    memset(w, 0, sizeof *w);
    wg_path_init(&w->path);
    wg_path_set_identity(&w->path, key_a);
    w->path.mtu_bytes = 1420;
    FUZZ_CHECK(wg_allowedips_move(&w->path.allowed, w->prefixes, 4) == NULL);
    for (int i = 0; i < 2; i++) {
        wg_session mine;
        int id = wg_path_add_peer(&w->path, &w->peers[i]);
        FUZZ_CHECK(wg_allowedips_insert(&w->path.allowed, prefixes[i], 4, 32, id));
        wg_session_init(&mine, key_a, key_b, 0x01020300u + (uint32_t)i, 7, true, NOW_MS);
        wg_session_init(&w->theirs[i], key_b, key_a, 7, 0x01020300u + (uint32_t)i, false, NOW_MS);
        wg_peer_install(&w->peers[i], &mine);
    }
    FUZZ_CHECK(wg_allowedips_insert(&w->path.allowed, everything6, 16, 0, 1));
}

// A datagram in memory of exactly its size, so that a byte too far is seen.
static void arrive(world *w, const uint8_t *datagram, size_t len) {
    wg_endpoint from = {.addr = {192, 0, 2, 1}, .addr_bytes = 4, .port = 51820};
    size_t inner_len;
    int peer;
    uint8_t *copy = malloc(len + 1);
    memcpy(copy, datagram, len);
    wg_path_verdict verdict = wg_path_input(&w->path, copy, len, &from, NOW_MS, &peer, &inner_len);
    if (verdict == WG_PATH_DELIVER) {
        const uint8_t *inner = copy + WG_DATA_HEADER_BYTES;
        FUZZ_CHECK(peer == 0 || peer == 1);
        FUZZ_CHECK(w->sealed != 0); // nothing is delivered that was not sealed
        FUZZ_CHECK(inner_len >= 20 && inner_len <= len - WG_DATA_OVERHEAD_BYTES);
        bool is_ip4 = inner[0] >> 4 == 4;
        FUZZ_CHECK(wg_allowedips_lookup(&w->path.allowed, inner + (is_ip4 ? 12 : 8),
                                        is_ip4 ? 4 : 16) == peer);
    }
    free(copy);
}

static void arrive_sealed(world *w, fuzz_input *in) {
    uint8_t message[PACKET_MAX + 64];
    unsigned who = fuzz_byte(in) & 1;
    size_t wanted = fuzz_byte(in) * 6u;
    size_t len = fuzz_bytes(in, message + WG_DATA_HEADER_BYTES, wanted);
    size_t total = wg_session_seal_padded(&w->theirs[who], message, len, len);
    FUZZ_CHECK(total == len + WG_DATA_OVERHEAD_BYTES);
    w->sealed++;
    arrive(w, message, total);
}

static void leave(world *w, fuzz_input *in) {
    size_t wanted = fuzz_byte(in) * 6u, total;
    uint8_t packet[PACKET_MAX];
    int peer;
    size_t len = fuzz_bytes(in, packet, wanted);
    uint8_t *message = malloc(len + WG_DATA_OVERHEAD_BYTES + 15);
    memcpy(message + WG_DATA_HEADER_BYTES, packet, len);
    wg_path_verdict verdict = wg_path_output(&w->path, message, len, NOW_MS, &peer, &total);
    FUZZ_CHECK(verdict != WG_PATH_SEND || total <= len + WG_DATA_OVERHEAD_BYTES + 15);
    FUZZ_CHECK(verdict != WG_PATH_SEND || wg_load32(message) == WG_MESSAGE_DATA);
    free(message);
}

static void arrive_raw(world *w, fuzz_input *in) {
    uint8_t datagram[PACKET_MAX];
    size_t wanted = fuzz_byte(in) * 6u + (fuzz_byte(in) & 7);
    size_t len = fuzz_bytes(in, datagram, wanted);
    uint64_t opened = w->path.count.rx_data + w->path.count.rx_keepalive;
    arrive(w, datagram, len);
    FUZZ_CHECK(w->path.count.rx_data + w->path.count.rx_keepalive == opened);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static world w;
    fuzz_input in = {data, size};
    make_world(&w);
    while (in.left != 0) {
        switch (fuzz_byte(&in) & 3) {
        case 0:
            arrive_raw(&w, &in);
            break;
        case 1:
            leave(&w, &in);
            break;
        default:
            arrive_sealed(&w, &in);
        }
    }
    return 0;
}
