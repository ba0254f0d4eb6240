/* SPDX-License-Identifier: MIT
 *
 * The ESP32's answers to what binding.h asks of a port (WG_PORT_HEADER). lwIP runs in a task of its
 * own, on either CPU, so its lock is a mutex: lwIP's "core lock", which the tcpip task holds too
 * while it works. MicroPython's task keeps its GIL meanwhile; the tcpip task never asks for it.
 */
#ifndef WG_ESP32_H
#define WG_ESP32_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void wg_esp32_lock(void);
void wg_esp32_unlock(void);

/* false, with nothing written: the generator's register is stuck. */
bool wg_esp32_random(uint8_t *out, size_t len);

/* Main sleeps up to a tick in its prompt and in time.sleep(): a notification ends that. */
void mp_hal_wake_main_task(void);

#define WG_LOCK() wg_esp32_lock();
#define WG_UNLOCK() wg_esp32_unlock();
#define WG_SCHEDULED() mp_hal_wake_main_task()
#define WG_ENTROPY(out, len) wg_esp32_random(out, len)
#define WG_ENTROPY_NAME "esp32"

#endif
