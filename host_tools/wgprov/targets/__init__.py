# SPDX-License-Identifier: MIT
"""Ways to start a board. Each target knows how to get firmware onto one and where its port is."""
