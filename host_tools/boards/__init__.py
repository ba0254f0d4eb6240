# SPDX-License-Identifier: MIT
"""Builds the firmware of the boards that people buy: `make rpi_pico`, `make boards`.

Standard library only, as host_tools/bootstrap, whose steps it uses. The emulated boards have their
own port and makefile (firmware/ports/qemu_mps2).
"""
