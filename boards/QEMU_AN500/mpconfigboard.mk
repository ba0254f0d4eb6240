# SPDX-License-Identifier: MIT
QEMU_MACHINE = mps2-an500
CPU_FLAGS = -mcpu=cortex-m7 -mfpu=fpv5-sp-d16 -mfloat-abi=hard
