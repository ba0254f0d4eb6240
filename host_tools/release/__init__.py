# SPDX-License-Identifier: MIT
"""What people install, made from the sources: the wheel and its man pages."""
