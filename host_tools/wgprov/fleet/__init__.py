# SPDX-License-Identifier: MIT
"""Many boards: who gets which address, what was made, and what the server has to be told."""
