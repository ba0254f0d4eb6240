// SPDX-License-Identifier: MIT
// Half of the plugin that tells gcc and binutils about an Xtensa core (XTENSA_GNU_CONFIG): the LX6
// of the ESP32 as far as QEMU's core de233_fpu can run it. The differences are those between QEMU's
// description and the ISA manual's options that Espressif's chips list.
// Built twice: MULUH=1 is the real chips; MULUH=0 is what the emulated core itself has.
#include "core-isa.h"

#undef XCHAL_HAVE_MUL32_HIGH
#define XCHAL_HAVE_MUL32_HIGH MULUH
// Not on an LX6: double precision, CLAMPS (LX7's differs), exclusive access, an MMU.
#undef XCHAL_HAVE_DFP
#undef XCHAL_HAVE_DFP_DIV
#undef XCHAL_HAVE_DFP_RECIP
#undef XCHAL_HAVE_DFP_SQRT
#undef XCHAL_HAVE_DFP_RSQRT
#undef XCHAL_HAVE_CLAMPS
#undef XCHAL_HAVE_EXCLUSIVE
#undef XCHAL_HAVE_MMU
#define XCHAL_HAVE_CLAMPS 0
#define XCHAL_HAVE_EXCLUSIVE 0
#define XCHAL_HAVE_MMU 0
#define XSHAL_USE_ABSOLUTE_LITERALS 0
#define XSHAL_HAVE_TEXT_SECTION_LITERALS 1
#define XTHAL_ABI_WINDOWED 0
#define XTHAL_ABI_CALL0 1
#define XSHAL_ABI XTHAL_ABI_WINDOWED

#define XTENSA_CONFIG_DEFINITION
#include "xtensa-dynconfig.h"

XTENSA_CONFIG_INSTANCE_LIST;

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)
#undef XTENSA_CONFIG_ENTRY
#define XTENSA_CONFIG_ENTRY(name) "__" #name "=" TEXT(name)

// What gcc predefines.
const char *const xtensa_config_strings[] = {XTENSA_CONFIG_ENTRY_LIST, 0};

int plugin_is_GPL_compatible;
