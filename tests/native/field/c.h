// SPDX-License-Identifier: MIT
// field.h's operations on a core in C, by the names that ladder.h calls. Included once, last.
static x25519_state state;

void field_mul(uint32_t *r, const uint32_t *a, const uint32_t *b) {
    fe25519_mul(&state, r, a, b);
}

void field_sqr(uint32_t *r, const uint32_t *a) {
    fe25519_sqr(&state, r, a);
}

void field_add_sub(uint32_t *sum, uint32_t *difference, const uint32_t *a, const uint32_t *b) {
    fe25519_add(sum, a, b);
    fe25519_sub(difference, a, b);
}

void field_a24(uint32_t *e, uint32_t *r, const uint32_t *a, const uint32_t *b) {
    fe25519_sub(e, a, b);
    fe25519_mul_word(&state, r, e, X25519_A24);
    fe25519_add(r, r, a);
}

void field_nine(uint32_t *r, const uint32_t *a) {
    fe25519_mul_word(&state, r, a, 9);
}
