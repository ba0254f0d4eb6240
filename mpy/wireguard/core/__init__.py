# SPDX-License-Identifier: MIT
"""The WireGuard protocol without IO: bytes and a clock in, bytes out. Imports only itself."""
