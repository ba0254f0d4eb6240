# SPDX-License-Identifier: MIT
"""One module per command; each is a function with plain arguments, cli.py holds the options."""
