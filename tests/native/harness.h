// SPDX-License-Identifier: MIT
// What every test program here is made of: cases, each of which prints one line, `PASS name` or
// `FAIL name reason`, and what the machine below must supply. No libc but memcpy and its kin.
#ifndef WG_TEST_HARNESS_H
#define WG_TEST_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A case. number < 0 is left out of the name.
void test_begin(const char *name, long number);
void test_check(bool good, const char *reason);
void test_end(void);
// Prints the total; the exit status: 1 when a case failed or there was none.
int test_report(void);
// Forgets the cases so far. While quiet, nothing is printed.
void test_restart(void);
extern bool harness_quiet;
// One line `NAME name value`, for measurements.
void test_value(const char *kind, const char *name, unsigned long value);

#define TEST_STRING_(x) #x
#define TEST_STRING(x) TEST_STRING_(x)
#define CHECK(condition) test_check((condition), #condition " line " TEST_STRING(__LINE__))

// make.py's pattern(): bytes with a long period.
void test_pattern(uint8_t *out, size_t n, unsigned seed);
// A fixed sequence of pseudo-random numbers (xorshift), the same in every run.
uint32_t test_random(void);
void test_random_bytes(uint8_t *out, size_t n);
bool test_all_zero(const void *p, size_t n);
bool test_same(const void *a, const void *b, size_t n);

// Supplied by host.c and baremetal/.
void machine_write(const char *text);
// Runs work on the given stack, to see what it leaves there.
void machine_call(void (*work)(void), uint8_t *stack, size_t stack_bytes);
// Time in ticks of a constant number per instruction; 0 on a machine without.
uint32_t machine_ticks(void);

// The suites.
void suite_vectors(void);
void suite_lengths(void);
void suite_cores(void);
void suite_replay(void);
void suite_session(void);
void suite_selftest(void);
void suite_wipe(void);
void suite_field(void);

#endif
