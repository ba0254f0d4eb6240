# SPDX-License-Identifier: MIT
QEMU_MACHINE = mps2-an385
CPU_FLAGS = -mcpu=cortex-m3 -mfloat-abi=soft
