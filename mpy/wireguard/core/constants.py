# SPDX-License-Identifier: MIT
"""Numbers of the protocol, with their unit in the name.

Source: the WireGuard paper (NDSS 2017, revision of 2020), §6.1 unless another is given.
"""

REKEY_AFTER_TIME_MS = 120_000
REJECT_AFTER_TIME_MS = 180_000
REKEY_ATTEMPT_TIME_MS = 90_000
REKEY_TIMEOUT_MS = 5_000
KEEPALIVE_TIMEOUT_MS = 10_000

# Kernel, messages.h: spreads the retries of two ends that start together.
REKEY_JITTER_MAX_MS = 333

# Paper §6.2 end: three times the life of a session without a new one, and all keys go.
WIPE_AFTER_MS = 3 * REJECT_AFTER_TIME_MS

# Paper §5.4.7: both the secret behind a cookie and the cookie live two minutes.
COOKIE_VALID_MS = 120_000

# Kernel, messages.h: at most 50 initiations per second are taken from one peer.
INITIATION_INTERVAL_MS = 20

# Our own: what a board calls load (guard.py). Four peers that start together are none; a flood of
# X25519 is, on a Cortex-M0+ from 10 a second on.
LOAD_BURST = 8
LOAD_INTERVAL_MS = 250  # one more in each
# Kernel, receive.c: load lasts for a second after it was last seen.
LOAD_LATENCY_MS = 1000

# Kernel, ratelimiter.c: 20 a second and 5 at once from one source; forgotten after a second. The
# kernel's table has 8,192 sources or more, ours costs some 80 bytes of heap for each.
SOURCE_INTERVAL_MS = 50
SOURCE_BURST = 5
SOURCE_FORGOTTEN_MS = 1000
SOURCES_MAX = 32

# Paper §6.4 leaves the length of the queue open. A packet is up to one MTU of RAM each.
STAGED_PACKETS = 8

KEY_BYTES = 32
TIMESTAMP_BYTES = 12
