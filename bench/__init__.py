# SPDX-License-Identifier: MIT
"""Counts what the crypto cores cost, in emulators: `make bench`. docs/PERFORMANCE.md explains it."""
