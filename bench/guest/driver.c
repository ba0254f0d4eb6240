// SPDX-License-Identifier: MIT
// Runs what bench/ asks for: a list of requests, put into memory before the start by QEMU's loader.
// For each one it prints
//   RESULT number verdict stack_bytes output(hex) registers(hex) residue(hex)
// where residue is what the operation left on its stack, from the deepest byte it used. The cycles
// are counted from outside, by plugin/cycles.c.
#include "driver.h"

#include "../../tests/native/harness.h"
#include "wg_aead.h"
#include "wg_blake2s.h"
#include "wg_hkdf.h"
#include "wg_selftest.h"
#include "wg_x25519.h"

#define STACK_BYTES 8192
#define PAINT 0xa5
#define MESSAGE_BYTES 2048
#define TAG_BYTES 16
#define LINE_BYTES 64

// Where bench/emulator.py writes, given to the linker: outside of what reset() clears.
extern volatile const bench_request bench_requests[BENCH_REQUESTS_MAX];
extern const uint8_t bench_ram[BENCH_RAM_BYTES];

static _Alignas(16) uint8_t stack[STACK_BYTES];
static _Alignas(16) uint8_t text[MESSAGE_BYTES], output[MESSAGE_BYTES + TAG_BYTES];
static _Alignas(16) uint8_t secret[32], input[32];
static uint32_t args[BENCH_ARGS], after[BENCH_AFTER];
static size_t output_bytes;

static void print_hex(const void *data, size_t n) {
    static const char digits[] = "0123456789abcdef";
    const uint8_t *bytes = data;
    char line[65];
    machine_write(n == 0 ? " -" : " ");
    for (size_t i = 0; i < n;) {
        size_t k = 0;
        for (; k < 64 && i < n; i++) {
            line[k++] = digits[bytes[i] >> 4];
            line[k++] = digits[bytes[i] & 15];
        }
        line[k] = 0;
        machine_write(line);
    }
}

static void print_word(uint32_t word) {
    const uint8_t bytes[4] = {(uint8_t)(word >> 24), (uint8_t)(word >> 16), (uint8_t)(word >> 8),
                              (uint8_t)word};
    print_hex(bytes, sizeof bytes);
}

// The message: zeros for seed 0, ones for all ones, else xorshift32's bytes as answers.py makes
// them.
static void fill(uint8_t *p, size_t n, uint32_t seed) {
    for (size_t i = 0; i < n; i++) {
        if (seed != 0 && seed != UINT32_MAX) {
            seed ^= seed << 13;
            seed ^= seed >> 17;
            seed ^= seed << 5;
        }
        p[i] = (uint8_t)(seed >> 8);
    }
}

static void nothing(void) {}

static uint32_t word(const void *p) {
    return (uint32_t)(uintptr_t)p;
}

// WireGuard's data message: no additional data, a counter as nonce. The counter is two words, the
// first of them in an even place, so that one stays empty (AAPCS; Xtensa) or not (RISC-V).
static uintptr_t arrange_aead(uintptr_t function, uint8_t *dst, const uint8_t *src, uint32_t len) {
    const uint32_t list[] = {word(dst), word(src), len,         word(NULL), 0,
#ifndef __riscv
                             0,
#endif
                             5,         0,         word(secret)};
    __builtin_memcpy(args, list, sizeof list);
    return function;
}

static uintptr_t arrange_list(uintptr_t function, uint32_t a, uint32_t b, uint32_t c, uint32_t d,
                              uint32_t e, uint32_t f) {
    const uint32_t list[] = {a, b, c, d, e, f};
    __builtin_memcpy(args, list, sizeof list);
    return function;
}

// Arguments into args, the size of the result into output_bytes; the function's address.
static uintptr_t arrange(uint32_t op, uint32_t n) {
    output_bytes = 32;
    switch (op) {
    case BENCH_X25519:
        return arrange_list((uintptr_t)wg_x25519, word(output), word(secret), word(input), 0, 0, 0);
    case BENCH_X25519_BASE:
        return arrange_list((uintptr_t)wg_x25519_base, word(output), word(secret), 0, 0, 0, 0);
    case BENCH_SEAL:
        output_bytes = n + TAG_BYTES;
        return arrange_aead((uintptr_t)wg_aead_seal, output, text, n);
    case BENCH_OPEN:
    case BENCH_FORGED:
        wg_aead_seal(output, text, n, NULL, 0, 5, secret);
        output_bytes = n;
        if (op == BENCH_FORGED) {
            output[n + input[0] % TAG_BYTES] ^= 0x10;
        }
        return arrange_aead((uintptr_t)wg_aead_open, output, output, n + TAG_BYTES);
    case BENCH_BLAKE2S:
        return arrange_list((uintptr_t)wg_blake2s, word(output), 32, word(NULL), 0, word(text), n);
    case BENCH_KEYED:
        return arrange_list((uintptr_t)wg_blake2s, word(output), 32, word(secret), 32, word(text),
                            n);
    case BENCH_HKDF:
        output_bytes = 64;
        return arrange_list((uintptr_t)wg_kdf2, word(output), word(output + 32), word(secret),
                            word(text), n, 0);
    case BENCH_SELFTEST:
        output_bytes = 0;
        return (uintptr_t)wg_selftest;
    default:
        output_bytes = 0;
        return op == BENCH_NOTHING ? (uintptr_t)nothing : (uintptr_t)op;
    }
}

static size_t used_bytes(void) {
    size_t unused = 0;
    while (unused < sizeof stack && stack[unused] == PAINT) {
        unused++;
    }
    return sizeof stack - BENCH_FRAME_BYTES - unused;
}

// After the caller's own copies are gone, every line of RAM that is not zero, but the requests.
static void print_memory(void) {
    const uint8_t *const skip = (const uint8_t *)bench_requests;
    __builtin_memset(secret, 0, sizeof secret);
    __builtin_memset(text, 0, sizeof text);
    __builtin_memset(after, 0, sizeof after);
    __builtin_memset(stack + sizeof stack - BENCH_FRAME_BYTES, 0, BENCH_FRAME_BYTES);
    __builtin_memset(output, 0, sizeof output);
    for (const uint8_t *p = bench_ram; p < bench_ram + BENCH_RAM_BYTES; p += LINE_BYTES) {
        bool requests = p >= skip && p < skip + BENCH_REQUESTS_MAX * sizeof bench_requests[0];
        if (!requests && !test_all_zero(p, LINE_BYTES)) {
            machine_write("MEMORY");
            print_word(word(p));
            print_hex(p, LINE_BYTES);
            machine_write("\n");
        }
    }
}

static void run(uint32_t number, volatile const bench_request *request) {
    size_t used;
    for (unsigned i = 0; i < 32; i++) {
        secret[i] = request->secret[i];
        input[i] = request->input[i];
    }
    __builtin_memset(output, 0, sizeof output);
    __builtin_memset(args, 0, sizeof args);
    fill(text, request->bytes, request->seed);
    uintptr_t function = arrange(request->op, request->bytes);
    __builtin_memset(stack, PAINT, sizeof stack);
    bench_call(args, function, stack + sizeof stack, after);
    used = used_bytes();
    machine_write("RESULT");
    print_word(number);
    print_word(after[0]);
    print_word((uint32_t)used);
    print_hex(output, output_bytes);
    print_hex(after, sizeof after);
    print_hex(stack + sizeof stack - BENCH_FRAME_BYTES - used, used);
    machine_write("\n");
    if (request->print_memory) {
        print_memory();
    }
}

int main(void) {
    uint32_t count = bench_requests[0].op;
    for (uint32_t i = 1; i <= count && i < BENCH_REQUESTS_MAX; i++) {
        run(i - 1, &bench_requests[i]);
    }
    return 0;
}
