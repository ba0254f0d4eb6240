/* SPDX-License-Identifier: MIT
 *
 * Deadlines by ESP-IDF's esp_timer, whose task calls back also while the main program is blocked
 * and, unlike lwIP's own timeouts, when another task than lwIP's has set it. The callback only
 * schedules, so it needs no lock.
 */
#include "esp_timer.h"

#include "binding.h"
#include "wg_netif.h"

#define US_PER_MS 1000u

typedef struct {
    esp_timer_handle_t handle; /* NULL until first used; kept from then on */
    void (*callback)(size_t slot);
} wake_timer;

static wake_timer timers[WG_INTERFACES_MAX];

static void fired(void *arg) {
    wake_timer *timer = arg;
    timer->callback((size_t)(timer - timers));
}

void wg_wake_cancel(size_t slot) {
    if (timers[slot].handle != NULL) {
        esp_timer_stop(timers[slot].handle); /* an error says that it was not running */
    }
}

static bool create(wake_timer *timer) {
    esp_timer_create_args_t how = {.callback = fired, .arg = timer, .name = "wireguard"};
    return timer->handle != NULL || esp_timer_create(&how, &timer->handle) == ESP_OK;
}

void wg_wake_after(size_t slot, uint32_t delay_ms, void (*callback)(size_t slot)) {
    wg_wake_cancel(slot);
    timers[slot].callback = callback;
    if (!create(&timers[slot])) {
        mp_raise_msg(&mp_type_MemoryError, MP_ERROR_TEXT("no timer"));
    }
    esp_timer_start_once(timers[slot].handle, (uint64_t)delay_ms * US_PER_MS);
}
