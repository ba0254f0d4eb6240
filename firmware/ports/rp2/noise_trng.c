/* SPDX-License-Identifier: MIT
 *
 * RP2350: the TRNG block (data sheet 12.12), with its own balancer and tests left on. It has four
 * ring oscillators, of which an attempt takes another one, at a slower pace. Half a bit is claimed
 * for each.
 */
#include "hardware/structs/trng.h"
#include "pico/time.h"

#include "wg_entropy.h"

#define BLOCK_WORDS 6
#define BLOCK_TIMEOUT_US 100000
#define ERROR_BITS                                                                                 \
    (TRNG_RNG_ISR_VN_ERR_BITS | TRNG_RNG_ISR_CRNGT_ERR_BITS | TRNG_RNG_ISR_AUTOCORR_ERR_BITS)

static const uint16_t paces_cycles[WG_NOISE_ATTEMPTS] = {251, 1009, 4001};
static uint32_t block[BLOCK_WORDS];
static uint8_t words_left;

const wg_noise_source wg_noise = {
    .name = "trng",
    .limits = &wg_health_half,
    .first_words = 32,
    .later_words = 32,
};

bool wg_noise_begin(unsigned attempt) {
    trng_hw->rnd_source_enable = 0;
    trng_hw->trng_sw_reset = 1; /* the only thing that clears the autocorrelation test's error */
    busy_wait_us(1);
    trng_hw->rng_icr = UINT32_MAX;
    trng_hw->trng_debug_control = 0;
    trng_hw->trng_config = attempt;
    trng_hw->sample_cnt1 = paces_cycles[attempt];
    trng_hw->rnd_source_enable = 1;
    words_left = 0;
    return true;
}

/* Reading the last word sets the collection off again. */
static bool read_block(void) {
    uint64_t end_us = time_us_64() + BLOCK_TIMEOUT_US;
    uint32_t status;
    do {
        status = trng_hw->rng_isr;
    } while (status == 0 && time_us_64() < end_us);
    for (unsigned i = 0; i < BLOCK_WORDS; i++) {
        block[i] = trng_hw->ehr_data[i];
    }
    trng_hw->rng_icr = UINT32_MAX;
    return (status & TRNG_RNG_ISR_EHR_VALID_BITS) != 0 && (status & ERROR_BITS) == 0;
}

bool wg_noise_word(uint32_t *word) {
    if (words_left == 0) {
        if (!read_block()) {
            return false;
        }
        words_left = BLOCK_WORDS;
    }
    words_left--;
    *word = block[words_left];
    block[words_left] = 0;
    return true;
}
