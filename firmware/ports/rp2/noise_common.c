/* SPDX-License-Identifier: MIT
 *
 * What the sources of both chips share.
 */
#include <string.h>

#include "pico/time.h"
#include "pico/unique_id.h"
#include "py/mphal.h"

#include "wg_entropy.h"

void wg_noise_extra(uint8_t out[WG_NOISE_EXTRA_BYTES]) {
    pico_unique_board_id_t id;
    uint64_t now_us = time_us_64();
    pico_get_unique_board_id(&id);
    memcpy(out, id.id, PICO_UNIQUE_BOARD_ID_SIZE_BYTES);
    memcpy(out + PICO_UNIQUE_BOARD_ID_SIZE_BYTES, &now_us, sizeof now_us);
}

/* lwIP's lock of the port: a mutex between the processors that holds PendSV off. */
void wg_noise_lock(void) {
    MICROPY_PY_LWIP_ENTER
}

void wg_noise_unlock(void) {
    MICROPY_PY_LWIP_EXIT
}
