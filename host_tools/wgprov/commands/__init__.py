# SPDX-License-Identifier: MIT
"""One module per command: `run` does it, `command` is its command line."""
