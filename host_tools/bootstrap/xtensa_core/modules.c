// SPDX-License-Identifier: MIT
// The other half of the plugin: the instructions, as QEMU's description of the core lists them.
// clang-format off
#include "ansidecl.h"
#include "xtensa-modules.c.inc"
// clang-format on
