// SPDX-License-Identifier: MIT
// The ladder of RFC 7748 section 5 and the division at its end, and with them wg_x25519_core: what
// the C cores of this folder have in common. Each includes it once, last, and has before that
//   fe25519, x25519_state    a number; the values below with what its products need
//   FE_ONE                   1 as word 0 has it
//   fe25519_add, _sub, _mul, _sqr, _sqr_times, _mul_word, _load, _store
//   x25519_swap              exchanges both points when bit is 1, in constant time
//   X25519_STACK_BYTES       what all of it uses of the stack at most
#define X25519_A24 121665 // (486662 - 2) / 4

// RFC 7748 section 5's step in place; for the point x1, which is 9 when base.
static void x25519_step(x25519_state *s, bool base) {
    fe25519_add(s->t0, s->x2, s->z2);    // A
    fe25519_sub(s->z2, s->x2, s->z2);    // B
    fe25519_add(s->x2, s->x3, s->z3);    // C
    fe25519_sub(s->z3, s->x3, s->z3);    // D
    fe25519_mul(s, s->x3, s->z3, s->t0); // DA
    fe25519_mul(s, s->z3, s->x2, s->z2); // CB
    fe25519_sqr(s, s->t0, s->t0);        // AA
    fe25519_sqr(s, s->x2, s->z2);        // BB
    fe25519_sub(s->z2, s->x3, s->z3);
    fe25519_add(s->x3, s->x3, s->z3);
    fe25519_sqr(s, s->x3, s->x3); // (DA + CB)^2
    fe25519_sqr(s, s->z2, s->z2);
    if (base) {
        fe25519_mul_word(s, s->z3, s->z2, 9);
    } else {
        fe25519_mul(s, s->z3, s->z2, s->x1); // x1 (DA - CB)^2
    }
    fe25519_sub(s->z2, s->t0, s->x2);    // E
    fe25519_mul(s, s->x2, s->t0, s->x2); // AA BB
    fe25519_mul_word(s, s->t1, s->z2, X25519_A24);
    fe25519_add(s->t0, s->t0, s->t1);
    fe25519_mul(s, s->z2, s->z2, s->t0); // E (AA + a24 E)
}

static void x25519_ladder(x25519_state *s, const uint8_t scalar[32], bool base) {
    uint32_t previous = 0;
    for (unsigned i = 255; i-- != 0;) {
        uint32_t bit = (uint32_t)scalar[i >> 3] >> (i & 7) & 1;
        x25519_swap(s, previous ^ bit);
        previous = bit;
        x25519_step(s, base);
    }
    // Clamping made bit 0 zero, so there is nothing left to exchange.
}

// x2 = x2 / z2 by z2^(p - 2) = z2^(2^255 - 21): 254 squarings, 11 products. Comments give the
// exponent.
static void x25519_divide(x25519_state *s) {
    uint32_t *e2 = s->x1, *e9 = s->x3, *e11 = s->z3, *run = s->t0, *t = s->t1, *z = s->z2;
    fe25519_sqr(s, e2, z);
    fe25519_sqr_times(s, t, e2, 2);
    fe25519_mul(s, e9, t, z);
    fe25519_mul(s, e11, e9, e2);
    fe25519_sqr(s, t, e11);
    fe25519_mul(s, run, t, e9); // 2^5 - 1
    fe25519_sqr_times(s, t, run, 5);
    fe25519_mul(s, run, t, run); // 2^10 - 1
    fe25519_sqr_times(s, t, run, 10);
    fe25519_mul(s, e9, t, run); // 2^20 - 1
    fe25519_sqr_times(s, t, e9, 20);
    fe25519_mul(s, t, t, e9); // 2^40 - 1
    fe25519_sqr_times(s, t, t, 10);
    fe25519_mul(s, run, t, run); // 2^50 - 1
    fe25519_sqr_times(s, t, run, 50);
    fe25519_mul(s, e9, t, run); // 2^100 - 1
    fe25519_sqr_times(s, t, e9, 100);
    fe25519_mul(s, t, t, e9); // 2^200 - 1
    fe25519_sqr_times(s, t, t, 50);
    fe25519_mul(s, t, t, run); // 2^250 - 1
    fe25519_sqr_times(s, t, t, 5);
    fe25519_mul(s, t, t, e11); // 2^255 - 21
    fe25519_mul(s, s->x2, s->x2, t);
}

static __attribute__((noinline)) void x25519_run(uint8_t out[32], const uint8_t scalar[32],
                                                 const uint8_t *point) {
    x25519_state s;
    __builtin_memset(&s, 0, sizeof s);
    if (point != NULL) {
        fe25519_load(s.x1, point);
    } else {
        s.x1[0] = 9 * FE_ONE;
    }
    __builtin_memcpy(s.x3, s.x1, sizeof s.x3);
    s.x2[0] = s.z3[0] = FE_ONE;
    x25519_ladder(&s, scalar, point == NULL);
    x25519_divide(&s);
    fe25519_store(out, s.x2, s.t0);
}

// The state and the registers that the compiler saved below it are wiped in one.
void wg_x25519_core(uint8_t out[32], const uint8_t scalar[32], const uint8_t *point) {
    x25519_run(out, scalar, point);
    wg_wipe_stack(X25519_STACK_BYTES);
}
