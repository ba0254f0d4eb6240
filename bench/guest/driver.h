// SPDX-License-Identifier: MIT
// What bench/emulator.py and the guest agree on.
#ifndef BENCH_DRIVER_H
#define BENCH_DRIVER_H

#include <stdint.h>

#define BENCH_REQUESTS_MAX 513
#define BENCH_RAM_BYTES 0x200000u
#define BENCH_ARGS 16
#ifdef __XTENSA__
#define BENCH_AFTER 24
#else
#define BENCH_AFTER 16
#endif
// Of the stack given to bench_call, what call_*.S itself uses.
#ifdef __riscv
#define BENCH_FRAME_BYTES 64
#else
#define BENCH_FRAME_BYTES 112
#endif

// Another number is the address of a function without arguments.
enum {
    BENCH_NOTHING,
    BENCH_X25519,
    BENCH_X25519_BASE,
    BENCH_SEAL,
    BENCH_OPEN,
    BENCH_BLAKE2S,
    BENCH_KEYED,
    BENCH_HKDF,
    BENCH_SELFTEST,
    BENCH_FORGED
};

// 80 bytes. The first one's op is how many follow.
typedef struct {
    uint32_t op;
    uint32_t bytes;        // of the message
    uint32_t seed;         // of the message
    uint32_t print_memory; // 1: all of RAM afterwards, in lines MEMORY address(hex) bytes(hex)
    uint8_t secret[32];    // private key, AEAD's key, or chaining key
    uint8_t input[32];     // point; first byte: which byte of the tag is forged
} bench_request;

void bench_call(const uint32_t args[BENCH_ARGS], uintptr_t function, uint8_t *stack_top,
                uint32_t after[BENCH_AFTER]);

#endif
