# SPDX-License-Identifier: MIT
"""Counts what the crypto cores cost, in emulators: docs/PERFORMANCE.md explains it."""
