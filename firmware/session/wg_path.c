/* SPDX-License-Identifier: MIT */
#include "wg_path.h"

#include <string.h>

#include "wg_blake2s.h"
#include "wg_ip.h"
#include "wg_util.h"

#define MAC_BYTES 16

void wg_path_init(wg_path *path) {
    memset(path, 0, sizeof *path);
}

void wg_path_wipe(wg_path *path) {
    while (path->peers != NULL) {
        (void)wg_path_remove_peer(path, path->peers->id);
    }
    wg_wipe(path, sizeof *path);
}

void wg_path_set_identity(wg_path *path, const uint8_t public_key[32]) {
    static const uint8_t label[8] = "mac1----"; /* no string: without its end */
    uint8_t label_and_key[sizeof label + 32];
    memcpy(label_and_key, label, sizeof label);
    memcpy(label_and_key + sizeof label, public_key, 32);
    wg_blake2s(path->mac1_key, sizeof path->mac1_key, NULL, 0, label_and_key, sizeof label_and_key);
}

int wg_path_add_peer(wg_path *path, wg_peer *memory) {
    int16_t id = 0;
    while (wg_path_peer(path, id) != NULL) {
        id++;
    }
    memset(memory, 0, sizeof *memory);
    memory->id = id;
    memory->following = path->peers;
    path->peers = memory;
    return id;
}

wg_peer *wg_path_remove_peer(wg_path *path, int peer) {
    wg_peer **at = &path->peers;
    while (*at != NULL && (*at)->id != peer) {
        at = &(*at)->following;
    }
    wg_peer *removed = *at;
    if (removed != NULL) {
        *at = removed->following;
        wg_allowedips_remove(&path->allowed, peer);
        wg_wipe(removed, sizeof *removed);
    }
    return removed;
}

wg_peer *wg_path_peer(const wg_path *path, int peer) {
    wg_peer *p = path->peers;
    while (p != NULL && p->id != peer) {
        p = p->following;
    }
    return p;
}

/* The session with this index among all peers; *owner gets its peer. */
static wg_session *find_session(const wg_path *path, uint32_t local_index, wg_peer **owner) {
    for (wg_peer *p = path->peers; p != NULL; p = p->following) {
        wg_session *s = wg_peer_find_session(p, local_index);
        if (s != NULL) {
            *owner = p;
            return s;
        }
    }
    return NULL;
}

bool wg_path_has_index(const wg_path *path, uint32_t local_index) {
    wg_peer *owner;
    return find_session(path, local_index, &owner) != NULL;
}

/* As the kernel: padding hides the length, but may not push a full packet past the MTU. */
static size_t padded_length(const wg_path *path, size_t inner_len) {
    size_t padded = (inner_len + WG_PADDING_BYTES - 1) & ~(size_t)(WG_PADDING_BYTES - 1);
    if (path->mtu_bytes == 0 || padded <= path->mtu_bytes) {
        return padded;
    }
    return inner_len > path->mtu_bytes ? inner_len : path->mtu_bytes;
}

size_t wg_path_seal(wg_path *path, int peer, uint8_t *message, size_t inner_len, uint64_t now_ms) {
    wg_peer *p = wg_path_peer(path, peer);
    wg_session *session = p == NULL ? NULL : wg_peer_sending_session(p, now_ms);
    size_t message_len = 0;
    if (session != NULL) {
        size_t padded_len = padded_length(path, inner_len);
        message_len = wg_session_seal_padded(session, message, inner_len, padded_len);
    }
    if (message_len == 0) {
        if (p != NULL) {
            wg_peer_want_handshake(p, now_ms);
        }
        return 0;
    }
    wg_peer_sent(p, session, message_len, inner_len != 0, now_ms);
    if (inner_len == 0) {
        path->count.tx_keepalive++;
    } else {
        path->count.tx_data++;
    }
    return message_len;
}

wg_path_verdict wg_path_output(wg_path *path, uint8_t *message, size_t inner_len, uint64_t now_ms,
                               int *peer, size_t *message_len) {
    wg_ip ip;
    *peer = WG_NO_PEER;
    *message_len = 0;
    if (!wg_ip_parse(&ip, message + WG_DATA_HEADER_BYTES, inner_len)) {
        path->count.drop_out_inner++;
        return WG_PATH_DROP;
    }
    *peer = wg_allowedips_lookup(&path->allowed, ip.destination, ip.addr_bytes);
    if (*peer == WG_NO_PEER) {
        path->count.drop_no_route++;
        return WG_PATH_DROP;
    }
    *message_len = wg_path_seal(path, *peer, message, inner_len, now_ms);
    if (*message_len == 0) {
        path->count.tx_staged++;
        return WG_PATH_STAGE;
    }
    return WG_PATH_SEND;
}

static wg_path_verdict input_inner(wg_path *path, const uint8_t *inner, size_t len, int peer,
                                   size_t *inner_len) {
    wg_ip ip;
    if (!wg_ip_parse(&ip, inner, len)) {
        path->count.drop_inner++;
        return WG_PATH_DROP;
    }
    if (wg_allowedips_lookup(&path->allowed, ip.source, ip.addr_bytes) != peer) {
        path->count.drop_source++;
        return WG_PATH_DROP;
    }
    path->count.rx_data++;
    *inner_len = ip.total_bytes;
    return WG_PATH_DELIVER;
}

static bool same_endpoint(const wg_endpoint *a, const wg_endpoint *b) {
    return a->addr_bytes == b->addr_bytes && a->port == b->port &&
           memcmp(a->addr, b->addr, a->addr_bytes) == 0;
}

/* Why wg_session_open refused: the window is looked at first, and a forgery did not move it. */
static void count_refused(wg_path *path, const wg_session *session, const uint8_t *message) {
    uint64_t counter = wg_load64(message + 8);
    if (counter < WG_REJECT_AFTER_MESSAGES && wg_replay_check(&session->replay, counter)) {
        path->count.drop_tag++;
    } else {
        path->count.drop_replay++;
    }
}

void wg_path_handshake_sent(wg_path *path, const wg_endpoint *to, const uint8_t *message,
                            size_t len) {
    wg_peer *p = path->peers;
    while (p != NULL && !same_endpoint(&p->endpoint, to)) {
        p = p->following;
    }
    /* As the kernel: a cookie reply is nobody's. */
    if (p != NULL && len >= WG_RESPONSE_BYTES && wg_load32(message) != WG_MESSAGE_COOKIE_REPLY) {
        p->tx_bytes += len;
        p->awaited_index = wg_load32(message + 4);
    }
}

bool wg_path_is_awaited(const wg_path *path, const uint8_t *message) {
    uint32_t kind = wg_load32(message);
    if (kind == WG_MESSAGE_INITIATION) {
        return false;
    }
    uint32_t receiver = wg_load32(message + (kind == WG_MESSAGE_RESPONSE ? 8 : 4));
    const wg_peer *p = path->peers;
    while (p != NULL && (p->awaited_index == 0 || p->awaited_index != receiver)) {
        p = p->following;
    }
    return p != NULL;
}

static wg_path_verdict input_data(wg_path *path, uint8_t *message, size_t len,
                                  const wg_endpoint *from, uint64_t now_ms, int *peer,
                                  size_t *inner_len) {
    size_t plain_len;
    wg_peer *p;
    wg_session *session = find_session(path, wg_load32(message + 4), &p);
    if (session == NULL) {
        path->count.drop_index++;
        return WG_PATH_DROP;
    }
    *peer = p->id;
    if (now_ms - session->created_ms >= WG_REJECT_AFTER_TIME_MS) {
        path->count.drop_expired++;
        return WG_PATH_DROP;
    }
    if (!wg_session_open(session, message, len, &plain_len)) {
        count_refused(path, session, message);
        return WG_PATH_DROP;
    }
    wg_peer_received(p, session, len, plain_len != 0, now_ms);
    if (!same_endpoint(&p->endpoint, from)) {
        p->endpoint = *from;
        p->endpoint_changed++;
    }
    if (plain_len == 0) {
        path->count.rx_keepalive++;
        return WG_PATH_KEEPALIVE;
    }
    return input_inner(path, message + WG_DATA_HEADER_BYTES, plain_len, *peer, inner_len);
}

static bool mac1_is_good(const wg_path *path, const uint8_t *message, size_t len) {
    uint8_t mac1[MAC_BYTES];
    size_t covered = len - 2 * MAC_BYTES; /* mac1 and mac2 close the message */
    wg_blake2s(mac1, sizeof mac1, path->mac1_key, sizeof path->mac1_key, message, covered);
    return wg_equal(mac1, message + covered, sizeof mac1);
}

static wg_path_verdict input_handshake(wg_path *path, const uint8_t *message, size_t len,
                                       size_t expected_len, bool has_mac1) {
    if (len != expected_len) {
        path->count.drop_length++;
        return WG_PATH_DROP;
    }
    if (has_mac1 && !mac1_is_good(path, message, len)) {
        path->count.drop_mac1++;
        return WG_PATH_DROP;
    }
    path->count.rx_handshake++;
    return WG_PATH_HANDSHAKE;
}

wg_path_verdict wg_path_input(wg_path *path, uint8_t *message, size_t len, const wg_endpoint *from,
                              uint64_t now_ms, int *peer, size_t *inner_len) {
    *peer = WG_NO_PEER;
    *inner_len = 0;
    if (len < WG_DATA_OVERHEAD_BYTES) {
        path->count.drop_length++;
        return WG_PATH_DROP;
    }
    switch (wg_load32(message)) { /* the type and its three reserved zero bytes */
    case WG_MESSAGE_DATA:
        return input_data(path, message, len, from, now_ms, peer, inner_len);
    case WG_MESSAGE_INITIATION:
        return input_handshake(path, message, len, WG_INITIATION_BYTES, true);
    case WG_MESSAGE_RESPONSE:
        return input_handshake(path, message, len, WG_RESPONSE_BYTES, true);
    case WG_MESSAGE_COOKIE_REPLY:
        return input_handshake(path, message, len, WG_COOKIE_REPLY_BYTES, false);
    default:
        path->count.drop_type++;
        return WG_PATH_DROP;
    }
}
