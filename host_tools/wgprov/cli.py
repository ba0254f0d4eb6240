# SPDX-License-Identifier: MIT
"""Command line of wgprov."""

import click

from wgprov import __version__


@click.group()
@click.version_option(__version__, prog_name="wgprov")
def main() -> None:
    """Provision WireGuard on MicroPython boards."""
