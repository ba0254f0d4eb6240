# SPDX-License-Identifier: MIT
# API files of firmware/crypto, relative to this folder. Add one arch/<arch>.mk for the cores, and options.mk.
WG_CRYPTO_SOURCES := util.c blake2s.c hkdf.c chacha20.c poly1305.c aead.c xaead.c x25519.c selftest.c report.c
