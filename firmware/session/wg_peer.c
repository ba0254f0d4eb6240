/* SPDX-License-Identifier: MIT */
#include "wg_peer.h"

#include "wg_limits.h"

static void move_session(wg_session *to, wg_session *from) {
    *to = *from;
    wg_session_wipe(from);
}

void wg_peer_install(wg_peer *peer, wg_session *session) {
    /* The handshake message that brought the session counts, as in the kernel. */
    peer->rx_bytes += session->initiator ? WG_RESPONSE_BYTES : WG_INITIATION_BYTES;
    if (!session->initiator) {
        wg_session_wipe(&peer->previous);
        move_session(&peer->next, session);
    } else {
        /* A pending `next` is newer than `current`: keep that one for late packets. */
        move_session(&peer->previous, peer->next.in_use ? &peer->next : &peer->current);
        move_session(&peer->current, session);
    }
    peer->wanted_ms = 0;
    peer->unanswered_since_ms = 0; /* the handshake was an answer */
    peer->awaited_index = 0;
}

void wg_peer_wipe_sessions(wg_peer *peer) {
    wg_session_wipe(&peer->previous);
    wg_session_wipe(&peer->current);
    wg_session_wipe(&peer->next);
}

static bool is_fresh(const wg_session *s, uint64_t now_ms) {
    return s->in_use && now_ms - s->created_ms < WG_REJECT_AFTER_TIME_MS;
}

wg_session *wg_peer_sending_session(wg_peer *peer, uint64_t now_ms) {
    wg_session *s = &peer->current;
    return is_fresh(s, now_ms) && s->send_counter < WG_REJECT_AFTER_MESSAGES ? s : NULL;
}

wg_session *wg_peer_find_session(wg_peer *peer, uint32_t local_index) {
    wg_session *const all[] = {&peer->current, &peer->next, &peer->previous};
    for (size_t i = 0; i < 3; i++) {
        if (all[i]->in_use && all[i]->local_index == local_index) {
            return all[i];
        }
    }
    return NULL;
}

void wg_peer_want_handshake(wg_peer *peer, uint64_t now_ms) {
    if (peer->wanted_ms == 0 || now_ms - peer->wanted_ms >= WG_REKEY_TIMEOUT_MS) {
        peer->wanted_ms = now_ms;
        peer->events |= WG_EVENT_WANT_HANDSHAKE;
    }
}

/* Start a stamp; tell Python only if none of its timers will look by itself. */
static void start_stamp(wg_peer *peer, uint64_t *stamp_ms, uint64_t now_ms) {
    if (*stamp_ms == 0) {
        *stamp_ms = now_ms;
        if (!peer->armed) {
            peer->events |= WG_EVENT_ACTIVITY;
        }
    }
}

void wg_peer_sent(wg_peer *peer, const wg_session *session, size_t message_bytes, bool is_data,
                  uint64_t now_ms) {
    peer->tx_bytes += message_bytes;
    peer->last_sent_ms = now_ms;
    peer->unacked_since_ms = 0;
    if (is_data) {
        start_stamp(peer, &peer->unanswered_since_ms, now_ms);
    }
    /* Paper §6.2: rekey on sending, by count for both roles, by age for the initiator. */
    bool old = session->initiator && now_ms - session->created_ms >= WG_REKEY_AFTER_TIME_MS;
    if (old || session->send_counter >= WG_REKEY_AFTER_MESSAGES) {
        wg_peer_want_handshake(peer, now_ms);
    }
}

static void confirm_next(wg_peer *peer) {
    move_session(&peer->previous, &peer->current);
    move_session(&peer->current, &peer->next);
    peer->awaited_index = 0;
    peer->events |= WG_EVENT_CONFIRMED;
}

void wg_peer_received(wg_peer *peer, wg_session *session, size_t message_bytes, bool is_data,
                      uint64_t now_ms) {
    if (session == &peer->next) {
        confirm_next(peer);
        session = &peer->current;
    }
    peer->rx_bytes += message_bytes;
    peer->last_received_ms = now_ms;
    peer->unanswered_since_ms = 0;
    if (is_data) {
        start_stamp(peer, &peer->unacked_since_ms, now_ms);
    }
    /* Paper §6.2: the initiator also rekeys on receiving, late enough that a retry still fits. */
    if (session == &peer->current && session->initiator &&
        now_ms - session->created_ms >= WG_REKEY_AFTER_TIME_RECEIVING_MS) {
        wg_peer_want_handshake(peer, now_ms);
    }
}
