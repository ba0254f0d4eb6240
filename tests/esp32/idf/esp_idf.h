/* SPDX-License-Identifier: MIT
 *
 * For a syntax and size check only (README.md): every name of ESP-IDF and FreeRTOS that the check
 * needs, in one file. The check makes a header of each name that is included, with this inside.
 */
#ifndef ESP_IDF_H
#define ESP_IDF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IRAM_ATTR __attribute__((section(".iram1")))
#define CONFIG_FREERTOS_UNICORE 0
#define IDF_VER "v5.4"
#define SOC_USB_OTG_SUPPORTED 0
#define SOC_USB_SERIAL_JTAG_SUPPORTED 0

/* FreeRTOS */
typedef struct tskTaskControlBlock *TaskHandle_t;
typedef struct {
    uint32_t owner, count;
} portMUX_TYPE;
typedef void *SemaphoreHandle_t;
typedef struct {
    uint32_t words[20];
} StaticSemaphore_t;
void portENTER_CRITICAL(portMUX_TYPE *mux);
void portEXIT_CRITICAL(portMUX_TYPE *mux);
uint32_t ulTaskNotifyTake(int clear, uint32_t ticks);
#define pdFALSE 0

/* errors */
typedef int esp_err_t;
#define ESP_OK 0

/* pins: MicroPython's mphalport.h has inline functions over these */
typedef int gpio_num_t;
typedef int spi_host_device_t;
#define GPIO_OUT_REG 0x3ff44004
#define GPIO_MODE_INPUT 1
#define GPIO_MODE_OUTPUT 2
#define GPIO_MODE_INPUT_OUTPUT 3
#define GPIO_MODE_INPUT_OUTPUT_OD 7
void esp_rom_gpio_pad_select_gpio(uint32_t pin);
esp_err_t gpio_set_direction(gpio_num_t pin, int mode);
esp_err_t gpio_set_level(gpio_num_t pin, uint32_t level);
int gpio_get_level(gpio_num_t pin);

/* esp_random.h, bootloader_random.h */
uint32_t esp_random(void);
void esp_fill_random(void *buffer, size_t length);
void bootloader_random_enable(void);
void bootloader_random_disable(void);

/* esp_timer.h */
typedef struct esp_timer *esp_timer_handle_t;
typedef struct {
    void (*callback)(void *arg);
    void *arg;
    int dispatch_method;
    const char *name;
    bool skip_unhandled_events;
} esp_timer_create_args_t;
esp_err_t esp_timer_create(const esp_timer_create_args_t *args, esp_timer_handle_t *handle);
esp_err_t esp_timer_start_once(esp_timer_handle_t timer, uint64_t timeout_us);
esp_err_t esp_timer_stop(esp_timer_handle_t timer);

/* esp_netif.h, esp_wifi.h, esp_bt.h */
typedef enum { WIFI_MODE_NULL, WIFI_MODE_STA, WIFI_MODE_AP, WIFI_MODE_APSTA } wifi_mode_t;
typedef enum {
    ESP_BT_CONTROLLER_STATUS_IDLE,
    ESP_BT_CONTROLLER_STATUS_INITED,
    ESP_BT_CONTROLLER_STATUS_ENABLED,
} esp_bt_controller_status_t;
esp_err_t esp_netif_init(void);
esp_err_t esp_wifi_get_mode(wifi_mode_t *mode);
esp_bt_controller_status_t esp_bt_controller_get_status(void);

#endif
