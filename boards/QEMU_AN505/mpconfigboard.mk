# SPDX-License-Identifier: MIT
QEMU_MACHINE = mps2-an505
CPU_FLAGS = -mcpu=cortex-m33 -mfpu=fpv5-sp-d16 -mfloat-abi=hard
