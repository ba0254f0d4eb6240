# SPDX-License-Identifier: MIT
# Cores for Cortex-M0, M0+: Thumb-1, 32x32->32 multiply, no unaligned access. Relative to firmware/crypto.
WG_CORES := cores/blake2s/armv6m.S cores/chacha20/armv6m.S cores/poly1305/armv6m.S cores/chacha20poly1305/generic32.c cores/x25519/armv6m.S
