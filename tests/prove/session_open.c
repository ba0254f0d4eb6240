/* SPDX-License-Identifier: MIT
 *
 * wg_session_open on every message of 0 to LEN_MAX bytes, in every state of the session. */
#include "stubs.h"
#include "wg_session.h"

wg_session nondet_session(void);

int main(void) {
    wg_session session = nondet_session();
    size_t len = nondet_size(), inner_len = SIZE_MAX;
    __CPROVER_assume(len <= LEN_MAX);
    uint8_t *message = any_datagram(len);
    if (wg_session_open(&session, message, len, &inner_len)) {
        __CPROVER_assert(inner_len == len - WG_DATA_OVERHEAD_BYTES, "the tag is not of the packet");
    } else {
        __CPROVER_assert(inner_len == SIZE_MAX, "nothing is said of a message that is refused");
    }
    return 0;
}
