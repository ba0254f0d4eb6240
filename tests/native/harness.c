// SPDX-License-Identifier: MIT
#include "harness.h"

static const char *case_name, *case_reason;
static long case_number;
static unsigned long cases, failures;

bool harness_quiet;

static void say(const char *text) {
    if (!harness_quiet) {
        machine_write(text);
    }
}

static void write_number(unsigned long n) {
    char text[24], *p = text + sizeof text;
    *--p = 0;
    do {
        *--p = (char)('0' + n % 10);
        n /= 10;
    } while (n != 0);
    say(p);
}

void test_begin(const char *name, long number) {
    case_name = name;
    case_number = number;
    case_reason = NULL;
}

void test_check(bool good, const char *reason) {
    if (!good && case_reason == NULL) {
        case_reason = reason;
    }
}

void test_end(void) {
    cases++;
    failures += case_reason != NULL;
    say(case_reason == NULL ? "PASS " : "FAIL ");
    say(case_name);
    if (case_number >= 0) {
        say("/");
        write_number((unsigned long)case_number);
    }
    if (case_reason != NULL) {
        say(" ");
        say(case_reason);
    }
    say("\n");
}

int test_report(void) {
    test_value("TOTAL", "cases", cases);
    test_value("TOTAL", "failures", failures);
    return cases == 0 || failures != 0;
}

void test_restart(void) {
    cases = failures = 0;
}

void test_value(const char *kind, const char *name, unsigned long value) {
    say(kind);
    say(" ");
    say(name);
    say(" ");
    write_number(value);
    say("\n");
}

void test_pattern(uint8_t *out, size_t n, unsigned seed) {
    for (size_t i = 0; i < n; i++) {
        out[i] = (uint8_t)(i * 167 + (i >> 8) * 59 + seed * 101 + 17);
    }
}

uint32_t test_random(void) {
    static uint32_t state = 2463534242u;
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

void test_random_bytes(uint8_t *out, size_t n) {
    for (size_t i = 0; i < n; i++) {
        out[i] = (uint8_t)(test_random() >> 11);
    }
}

bool test_all_zero(const void *p, size_t n) {
    const uint8_t *bytes = p;
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

bool test_same(const void *a, const void *b, size_t n) {
    return n == 0 || __builtin_memcmp(a, b, n) == 0;
}
