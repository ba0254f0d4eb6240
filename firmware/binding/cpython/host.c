/* SPDX-License-Identifier: MIT
 *
 * What ctypes cannot do well: sizes of structs, and their fields. Everything else that
 * _wireguard.py calls is a function of firmware/crypto or firmware/session itself.
 * A peer id is trusted here: _wireguard.py has asked wg_path_peer.
 */
#include <stdlib.h>
#include <string.h>

#include "wg_path.h"
#include "wg_symmetric.h"

size_t wg_host_session_bytes(void);
size_t wg_host_symmetric_bytes(void);
size_t wg_host_path_bytes(void);
int wg_host_add_peer(wg_path *path);
void wg_host_remove_peer(wg_path *path, int peer);
void wg_host_path_wipe(wg_path *path);
bool wg_host_allow(wg_path *path, int peer, const uint8_t *addr, unsigned addr_bytes,
                   unsigned prefix_bits);
int wg_host_lookup(const wg_path *path, const uint8_t *addr, unsigned addr_bytes);
void wg_host_install(wg_peer *peer, wg_session *session, uint64_t now_ms);
unsigned wg_host_endpoint(const wg_peer *peer, uint8_t addr[16], uint16_t *port);
void wg_host_set_endpoint(wg_peer *peer, const uint8_t *addr, unsigned addr_bytes, uint16_t port);
void wg_host_activity(const wg_peer *peer, uint64_t stamps[4]);
unsigned wg_host_take_events(wg_peer *peer);
void wg_host_arm(wg_peer *peer, bool armed);
void wg_host_transfer(const wg_peer *peer, uint64_t bytes[2]);
const char *wg_host_counter_names(void);
void wg_host_counters(const wg_path *path, uint32_t *values);
wg_path_verdict wg_host_input(wg_path *path, uint8_t *message, size_t len, const uint8_t *addr,
                              unsigned addr_bytes, uint16_t port, uint64_t now_ms, int *peer,
                              size_t *inner_len);

size_t wg_host_session_bytes(void) {
    return sizeof(wg_session);
}

size_t wg_host_symmetric_bytes(void) {
    return sizeof(wg_symmetric);
}

size_t wg_host_path_bytes(void) {
    return sizeof(wg_path);
}

int wg_host_add_peer(wg_path *path) {
    wg_peer *memory = malloc(sizeof *memory);
    return memory == NULL ? WG_NO_PEER : wg_path_add_peer(path, memory);
}

void wg_host_remove_peer(wg_path *path, int peer) {
    free(wg_path_remove_peer(path, peer));
}

void wg_host_path_wipe(wg_path *path) {
    while (path->peers != NULL) {
        wg_host_remove_peer(path, path->peers->id);
    }
    free(path->allowed.entry);
    wg_path_wipe(path);
}

static bool make_room(wg_allowedips *table) {
    unsigned more = table->room + 4u;
    wg_allowedip *memory = malloc(more * sizeof *memory);
    if (memory == NULL || more > UINT16_MAX) {
        free(memory);
        return false;
    }
    free(wg_allowedips_move(table, memory, more));
    return true;
}

bool wg_host_allow(wg_path *path, int peer, const uint8_t *addr, unsigned addr_bytes,
                   unsigned prefix_bits) {
    if (path->allowed.used == path->allowed.room && !make_room(&path->allowed)) {
        return false;
    }
    return wg_allowedips_insert(&path->allowed, addr, addr_bytes, prefix_bits, peer);
}

int wg_host_lookup(const wg_path *path, const uint8_t *addr, unsigned addr_bytes) {
    return wg_allowedips_lookup(&path->allowed, addr, addr_bytes);
}

void wg_host_install(wg_peer *peer, wg_session *session, uint64_t now_ms) {
    session->created_ms = now_ms;
    wg_peer_install(peer, session);
}

unsigned wg_host_endpoint(const wg_peer *peer, uint8_t addr[16], uint16_t *port) {
    memcpy(addr, peer->endpoint.addr, sizeof peer->endpoint.addr);
    *port = peer->endpoint.port;
    return peer->endpoint.addr_bytes;
}

static wg_endpoint make_endpoint(const uint8_t *addr, unsigned addr_bytes, uint16_t port) {
    wg_endpoint endpoint = {.addr_bytes = (uint8_t)addr_bytes, .port = port};
    memcpy(endpoint.addr, addr, addr_bytes);
    return endpoint;
}

void wg_host_set_endpoint(wg_peer *peer, const uint8_t *addr, unsigned addr_bytes, uint16_t port) {
    peer->endpoint = make_endpoint(addr, addr_bytes, port);
}

void wg_host_activity(const wg_peer *peer, uint64_t stamps[4]) {
    stamps[0] = peer->unanswered_since_ms;
    stamps[1] = peer->unacked_since_ms;
    stamps[2] = peer->last_sent_ms;
    stamps[3] = peer->last_received_ms;
}

unsigned wg_host_take_events(wg_peer *peer) {
    unsigned events = peer->events;
    peer->events = 0;
    return events;
}

void wg_host_arm(wg_peer *peer, bool armed) {
    peer->armed = armed;
}

void wg_host_transfer(const wg_peer *peer, uint64_t bytes[2]) {
    bytes[0] = peer->rx_bytes;
    bytes[1] = peer->tx_bytes;
}

const char *wg_host_counter_names(void) {
#define NAME(name) #name " "
    return WG_PATH_COUNTERS(NAME);
#undef NAME
}

void wg_host_counters(const wg_path *path, uint32_t *values) {
#define VALUE(name) *values++ = path->count.name;
    WG_PATH_COUNTERS(VALUE)
#undef VALUE
}

wg_path_verdict wg_host_input(wg_path *path, uint8_t *message, size_t len, const uint8_t *addr,
                              unsigned addr_bytes, uint16_t port, uint64_t now_ms, int *peer,
                              size_t *inner_len) {
    wg_endpoint from = make_endpoint(addr, addr_bytes, port);
    return wg_path_input(path, message, len, &from, now_ms, peer, inner_len);
}
