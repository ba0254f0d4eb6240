# SPDX-License-Identifier: MIT
# Cores for Xtensa LX6, LX7 (ESP32, ESP32-S2, ESP32-S3): register windows, MULL and MULUH. Relative to firmware/crypto.
WG_CORES := cores/blake2s/xtensa.S cores/chacha20/xtensa.c cores/poly1305/xtensa.c cores/chacha20poly1305/generic32.c cores/x25519/xtensa.c
# No carry flag: the time of the generic Poly1305 and X25519 would depend on secrets. So WG_SIZE=small
# keeps these cores, and WG_FALLBACK has nothing to put in their place (docs/PORTING.md).
WG_CORES_SMALL := cores/blake2s/generic32.c cores/chacha20/generic32.c cores/poly1305/xtensa.c cores/chacha20poly1305/generic32.c cores/x25519/xtensa.c
WG_NO_FALLBACK := poly1305 x25519
