/* SPDX-License-Identifier: MIT
 * What the proofs of the receive path put in the place of firmware/crypto: functions that demand
 * what the headers demand, and then write any bytes and return any verdict. */
#ifndef PROVE_STUBS_H
#define PROVE_STUBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool nondet_bool(void);
size_t nondet_size(void);
uint64_t nondet_time(void);

/* A datagram of exactly len bytes, of any content: one byte past it is out of bounds. */
uint8_t *any_datagram(size_t len);

#endif
