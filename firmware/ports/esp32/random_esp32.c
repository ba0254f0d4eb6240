/* SPDX-License-Identifier: MIT
 *
 * Randomness from the chip's generator, as a provider (wg_accel.h) that adds to os.urandom. That
 * one reads the same generator, but without a source of noise behind it unless the radio runs: a
 * board makes its key before it has joined a network. So where no radio is on, the generator is fed
 * from the ADC's noise while it is read ("Random Number Generation" in ESP-IDF's guide), which that
 * guide forbids while a radio is on.
 */
#include "bootloader_random.h"
#include "esp_random.h"
#include "esp_wifi.h"
#include "sdkconfig.h"
#if CONFIG_BT_ENABLED
#include "esp_bt.h"
#endif

#include "wg_accel.h"

const char wg_accel_name[] = "esp32";

uint32_t wg_accel_claims(void) {
    return WG_ACCEL_RANDOM;
}

static bool radio_is_on(void) {
    wifi_mode_t mode;
#if CONFIG_BT_ENABLED
    if (esp_bt_controller_get_status() == ESP_BT_CONTROLLER_STATUS_ENABLED) {
        return true;
    }
#endif
    return esp_wifi_get_mode(&mode) == ESP_OK && mode != WIFI_MODE_NULL;
}

bool wg_accel_random(uint8_t *out, size_t len) {
    bool feed = !radio_is_on();
    if (feed) {
        bootloader_random_enable();
    }
    esp_fill_random(out, len);
    if (feed) {
        bootloader_random_disable();
    }
    return true;
}

bool wg_accel_x25519(uint8_t out[32], const uint8_t scalar[32], const uint8_t *point) {
    (void)out;
    (void)scalar;
    (void)point;
    return false;
}

bool wg_accel_blake2s(uint32_t h[8], const uint8_t *blocks, size_t nblocks, uint32_t t[2],
                      uint32_t inc, uint32_t f0) {
    (void)h;
    (void)blocks;
    (void)nblocks;
    (void)t;
    (void)inc;
    (void)f0;
    return false;
}
