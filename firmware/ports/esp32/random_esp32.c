/* SPDX-License-Identifier: MIT
 *
 * Random bytes for keys, from the chip's generator. os.urandom reads the same one, but it has a
 * source of noise behind it only while a radio runs, and a board makes its key before it has joined
 * a network. So where no radio is on, the generator is fed from the ADC's noise while it is read
 * ("Random Number Generation" in ESP-IDF's guide), which that guide forbids while a radio is on.
 * What comes out is mixed by the hardware: noise itself cannot be tested here, a register that is
 * stuck can.
 */
#include "bootloader_random.h"
#include "esp_random.h"
#include "esp_wifi.h"
#include "sdkconfig.h"
#if CONFIG_BT_ENABLED
#include "esp_bt.h"
#endif

#include "wg_esp32.h"

#define PROBE_WORDS 8

static bool radio_is_on(void) {
    wifi_mode_t mode;
#if CONFIG_BT_ENABLED
    if (esp_bt_controller_get_status() == ESP_BT_CONTROLLER_STATUS_ENABLED) {
        return true;
    }
#endif
    return esp_wifi_get_mode(&mode) == ESP_OK && mode != WIFI_MODE_NULL;
}

static bool is_stuck(void) {
    uint32_t first = esp_random();
    for (unsigned i = 1; i < PROBE_WORDS; i++) {
        if (esp_random() != first) {
            return false;
        }
    }
    return true;
}

bool wg_esp32_random(uint8_t *out, size_t len) {
    bool feed = !radio_is_on();
    if (feed) {
        bootloader_random_enable();
    }
    bool good = !is_stuck();
    if (good) {
        esp_fill_random(out, len);
    }
    if (feed) {
        bootloader_random_disable();
    }
    return good;
}
