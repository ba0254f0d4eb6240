# SPDX-License-Identifier: MIT
"""Sets a fresh clone up: system packages, the venv, Go, third-party sources.

Standard library only and Python 3.10 or newer, because it runs before anything is installed.
Everything it makes lies in the checkout's .cache folder, except system packages.
"""
