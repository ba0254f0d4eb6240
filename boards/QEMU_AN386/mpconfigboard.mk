# SPDX-License-Identifier: MIT
QEMU_MACHINE = mps2-an386
CPU_FLAGS = -mcpu=cortex-m4 -mfpu=fpv4-sp-d16 -mfloat-abi=hard
