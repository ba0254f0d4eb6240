# SPDX-License-Identifier: MIT
# Cores for Cortex-M3: Thumb-2, long multiply of varying time, which no core here uses. Relative to firmware/crypto.
WG_CORES := cores/blake2s/armv7em.S cores/chacha20/armv7em.S cores/poly1305/armv6m.S cores/chacha20poly1305/generic32.c cores/x25519/armv6m.S
# For the generic cores, where WG_SIZE or WG_FALLBACK asks for them.
WG_ARCH_DEFINES := -DWG_SHORT_MULTIPLY
