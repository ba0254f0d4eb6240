# SPDX-License-Identifier: MIT
# Cores for Cortex-M33: as armv7em. Relative to firmware/crypto.
WG_CORES := cores/blake2s/armv7em.S cores/chacha20/armv7em.S cores/poly1305/armv7em.S cores/chacha20poly1305/generic32.c cores/x25519/armv7em.S
