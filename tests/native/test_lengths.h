// SPDX-License-Identifier: MIT
#ifndef WG_TEST_LENGTHS_H
#define WG_TEST_LENGTHS_H

#include <stddef.h>
#include <stdint.h>

#define LENGTHS_MAX_BYTES 320

// The answers for one length, by an oracle; what is computed is said in make.py's lengths().
typedef struct {
    const uint8_t *hash, *keyed, *mac, *auth, *tag, *xtag;
} lengths_answer;

// Checks every primitive at this length: at every alignment, in place, and in pieces.
void lengths_check(size_t len, const lengths_answer *want);

#endif
