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

# Paper §6.4 leaves the length of the queue open. A packet is up to one MTU of RAM each.
STAGED_PACKETS = 8

KEY_BYTES = 32
TIMESTAMP_BYTES = 12
