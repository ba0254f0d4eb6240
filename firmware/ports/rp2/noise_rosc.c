/* SPDX-License-Identifier: MIT
 *
 * RP2040: the ring oscillator, sampled by the crystal's clock (data sheet 2.17, RANDOMBIT). The
 * data sheet warns that a bit read by itself is no match for security, and nobody here has measured
 * a chip: so an eighth of a bit is claimed for each, and BLAKE2s makes 32 bytes of 4096. The bits
 * lie microseconds apart, because those of one period of the oscillator (1.8 to 12 MHz) are one
 * bit. Where the pace and the oscillator are in step, the next attempt's pace, a prime number of
 * cycles as well, is not.
 */
#include "hardware/clocks.h"
#include "hardware/structs/rosc.h"

#include "wg_entropy.h"

static const uint16_t paces_cycles[WG_NOISE_ATTEMPTS] = {251, 401, 599};
static uint16_t pace_cycles;

const wg_noise_source wg_noise = {
    .name = "rosc",
    .limits = &wg_health_eighth,
    .first_words = 128,
    .later_words = 32,
};

/* Sampled by a clock that is made from it, it would only show itself. */
static bool clocked_by_rosc(void) {
    uint32_t ctrl = clocks_hw->clk[clk_sys].ctrl;
    uint32_t aux = (ctrl & CLOCKS_CLK_SYS_CTRL_AUXSRC_BITS) >> CLOCKS_CLK_SYS_CTRL_AUXSRC_LSB;
    bool is_aux = (ctrl & CLOCKS_CLK_SYS_CTRL_SRC_BITS) != 0;
    return is_aux ? aux == CLOCKS_CLK_SYS_CTRL_AUXSRC_VALUE_ROSC_CLKSRC
                  : (clocks_hw->clk[clk_ref].ctrl & CLOCKS_CLK_REF_CTRL_SRC_BITS) ==
                        CLOCKS_CLK_REF_CTRL_SRC_VALUE_ROSC_CLKSRC_PH;
}

bool wg_noise_begin(unsigned attempt) {
    pace_cycles = paces_cycles[attempt];
    return (rosc_hw->status & ROSC_STATUS_ENABLED_BITS) != 0 && !clocked_by_rosc();
}

bool wg_noise_word(uint32_t *word) {
    uint32_t bits = 0;
    for (unsigned i = 0; i < 32; i++) {
        busy_wait_at_least_cycles(pace_cycles);
        bits = bits << 1 | (rosc_hw->randombit & ROSC_RANDOMBIT_BITS);
    }
    *word = bits;
    return true;
}
