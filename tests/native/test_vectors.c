// SPDX-License-Identifier: MIT
// Every vector of tests/vectors through the public functions, in the form gen_vectors.py packed.
#include "harness.h"
#include "wg_aead.h"
#include "wg_blake2s.h"
#include "wg_chacha20.h"
#include "wg_hkdf.h"
#include "wg_poly1305.h"
#include "wg_util.h"
#include "wg_x25519.h"
#include "test_lengths.h"

#define VECTOR_FIELDS_MAX 7
#define VECTOR_NAME_MAX 80
#define VECTOR_BYTES_MAX 1200

typedef struct {
    const uint8_t *p;
    size_t n;
} field;

typedef struct {
    uint8_t type;
    bool valid;
    char name[VECTOR_NAME_MAX];
    field f[VECTOR_FIELDS_MAX];
} vector;

extern const uint8_t test_vectors[];

static uint8_t out[VECTOR_BYTES_MAX + 16], back[VECTOR_BYTES_MAX + 16];

static const uint8_t *vector_read(vector *v, const uint8_t *p) {
    size_t name_len = p[2] | (size_t)p[3] << 8;
    unsigned fields;
    v->type = p[0];
    v->valid = p[1] != 0;
    __builtin_memcpy(v->name, p + 4, name_len);
    v->name[name_len] = 0;
    p += 4 + name_len;
    fields = *p++;
    for (unsigned i = 0; i < fields; i++) {
        v->f[i].n = wg_load32(p);
        v->f[i].p = p + 4;
        p += 4 + v->f[i].n;
    }
    return p;
}

static bool is(const uint8_t *got, field want) {
    return test_same(got, want.p, want.n);
}

static void run_xdh(const vector *v) {
    CHECK(wg_x25519(out, v->f[0].p, v->f[1].p) == v->valid);
    CHECK(is(out, v->f[2]));
    if (v->f[1].p[1] % 8 == 0) { // a ladder is dear: in place now and then
        __builtin_memcpy(out, v->f[0].p, 32);
        CHECK(wg_x25519(out, out, v->f[1].p) == v->valid && is(out, v->f[2]));
        __builtin_memcpy(out, v->f[1].p, 32);
        CHECK(wg_x25519(out, v->f[0].p, out) == v->valid && is(out, v->f[2]));
    }
    if (v->f[1].p[0] == 9 && test_all_zero(v->f[1].p + 1, 31)) {
        wg_x25519_base(out, v->f[0].p);
        CHECK(is(out, v->f[2]));
    }
}

static void run_xdh_iterated(const vector *v) {
    uint8_t k[32], u[32], next[32];
    __builtin_memcpy(k, v->f[0].p, 32);
    __builtin_memcpy(u, v->f[0].p, 32);
    for (uint32_t i = wg_load32(v->f[1].p); i != 0; i--) {
        CHECK(wg_x25519(next, k, u));
        __builtin_memcpy(u, k, 32);
        __builtin_memcpy(k, next, 32);
    }
    CHECK(is(k, v->f[2]));
}

static void run_hash(const vector *v) {
    wg_blake2s(out, v->f[2].n, v->f[0].p, v->f[0].n, v->f[1].p, v->f[1].n);
    CHECK(is(out, v->f[2]));
}

// make.py's hash_matrix().
static void run_hash_matrix(const vector *v) {
    static uint8_t message[512];
    uint8_t key[32], digest[32];
    size_t key_bytes = wg_load32(v->f[0].p);
    wg_blake2s_ctx whole;
    test_pattern(key, key_bytes, 1);
    test_pattern(message, sizeof message, 4);
    wg_blake2s_init(&whole, 32, NULL, 0);
    for (size_t n = 0; n <= sizeof message; n++) {
        wg_blake2s(digest, n % 32 + 1, key, key_bytes, message, n);
        wg_blake2s_update(&whole, digest, n % 32 + 1);
    }
    wg_blake2s_final(&whole, out);
    CHECK(is(out, v->f[1]));
}

static void run_mac(const vector *v) {
    wg_hmac_blake2s(out, v->f[0].p, v->f[0].n, v->f[1].p, v->f[1].n);
    CHECK(is(out, v->f[2]));
}

static void run_kdf(const vector *v) {
    uint8_t *t1 = out, *t2 = out + 32, *t3 = out + 64;
    __builtin_memcpy(t1, v->f[0].p, 32); // the first output replaces the chaining key
    if (v->f[4].n != 0) {
        wg_kdf3(t1, t2, t3, t1, v->f[1].p, v->f[1].n);
    } else if (v->f[3].n != 0) {
        wg_kdf2(t1, t2, t1, v->f[1].p, v->f[1].n);
    } else {
        wg_kdf1(t1, t1, v->f[1].p, v->f[1].n);
    }
    CHECK(is(t1, v->f[2]) && is(t2, v->f[3]) && is(t3, v->f[4]));
}

static void run_stream(const vector *v) {
    uint32_t state[16];
    wg_chacha20_init(state, v->f[0].p, v->f[1].p, wg_load32(v->f[2].p));
    wg_chacha20_xor(state, out, v->f[3].p, v->f[3].n);
    CHECK(is(out, v->f[4]));
}

static void run_hchacha(const vector *v) {
    wg_hchacha20(out, v->f[0].p, v->f[1].p);
    CHECK(is(out, v->f[2]));
}

static void run_auth(const vector *v) {
    wg_poly1305_state st;
    wg_poly1305_init(&st, v->f[0].p);
    wg_poly1305_absorb(&st, v->f[1].p, v->f[1].n);
    wg_poly1305_final(&st, out);
    CHECK(is(out, v->f[2]));
}

typedef void seal_fn(uint8_t *, const uint8_t *, size_t, const uint8_t *, size_t, const uint8_t *,
                     const uint8_t *);
typedef bool open_fn(uint8_t *, const uint8_t *, size_t, const uint8_t *, size_t, const uint8_t *,
                     const uint8_t *);

static void run_aead_with(const vector *v, seal_fn *seal, open_fn *open) {
    const field *f = v->f, key = f[0], iv = f[1], ad = f[2], msg = f[3], ct = f[4], tag = f[5];
    seal(out, msg.p, msg.n, ad.p, ad.n, iv.p, key.p);
    CHECK(!v->valid || (is(out, ct) && is(out + ct.n, tag)));
    CHECK(v->valid || !is(out, ct) || !is(out + ct.n, tag));
    __builtin_memcpy(out, ct.p, ct.n);
    __builtin_memcpy(out + ct.n, tag.p, tag.n);
    __builtin_memset(back, 0xa5, sizeof back);
    CHECK(open(back, out, ct.n + tag.n, ad.p, ad.n, iv.p, key.p) == v->valid);
    if (v->valid) {
        CHECK(is(back, msg) && back[msg.n] == 0xa5);
    } else {
        test_pattern(out, sizeof out, 0);
        CHECK(back[0] == 0xa5 && test_same(back, back + 1, sizeof back - 1));
    }
}

// The prototypes fix the nonce's size: of the wrong sizes there is only to see that they are
// invalid.
static void run_aead(const vector *v, size_t iv_bytes, seal_fn *seal, open_fn *open) {
    if (v->f[1].n != iv_bytes) {
        CHECK(!v->valid);
    } else {
        CHECK(v->f[3].n <= VECTOR_BYTES_MAX);
        run_aead_with(v, seal, open);
    }
}

static void run_lengths(const vector *v) {
    const field *f = v->f;
    const lengths_answer want = {f[1].p, f[2].p, f[3].p, f[4].p, f[5].p, f[6].p};
    lengths_check(wg_load32(f[0].p), &want);
}

static void run(const vector *v) {
    switch (v->type) {
    case 1:
        return run_xdh(v);
    case 2:
        return run_xdh_iterated(v);
    case 3:
        return run_hash(v);
    case 4:
        return run_mac(v);
    case 5:
        return run_kdf(v);
    case 6:
        return run_stream(v);
    case 7:
        return run_hchacha(v);
    case 8:
        return run_auth(v);
    case 9:
        return run_aead(v, 12, wg_aead_seal_nonce, wg_aead_open_nonce);
    case 10:
        return run_aead(v, 24, wg_xaead_seal, wg_xaead_open);
    case 11:
        return run_lengths(v);
    case 12:
        return run_hash_matrix(v);
    default:
        test_check(false, "unknown type");
    }
}

void suite_vectors(void) {
    static vector v;
    for (const uint8_t *p = test_vectors; *p != 0;) {
        p = vector_read(&v, p);
        test_begin(v.name, -1);
        run(&v);
        test_end();
    }
}
