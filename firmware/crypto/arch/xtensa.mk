# SPDX-License-Identifier: MIT
# Cores for Xtensa LX6, LX7 (ESP32, ESP32-S2, ESP32-S3): register windows, MULL and MULUH. Relative to firmware/crypto.
WG_CORES := cores/blake2s/xtensa.S cores/chacha20/xtensa.c cores/poly1305/xtensa.c cores/chacha20poly1305/generic32.c cores/x25519/xtensa.c
