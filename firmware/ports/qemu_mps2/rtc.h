// SPDX-License-Identifier: MIT
// Calendar time. The board has no clock that runs without power: each start is 2000-01-01 until
// somebody (NTP, say) sets it.
#ifndef QEMU_MPS2_RTC_H
#define QEMU_MPS2_RTC_H

#include <stdint.h>

#include "py/obj.h"

uint64_t rtc_us(void); // since 1970
void rtc_set_us(uint64_t us);

extern const mp_obj_type_t machine_rtc_type;

#endif
