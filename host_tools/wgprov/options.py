# SPDX-License-Identifier: MIT
"""Options that several commands have."""

from __future__ import annotations

import click

port_option = click.option(
    "-p",
    "--port",
    default="auto",
    envvar="WGPROV_PORT",
    show_default=True,
    metavar="PORT",
    help="auto, id:SERIAL, a device such as /dev/ttyACM0 or COM3, a0/u0/c3, or a URL "
    "(socket://host:port, rfc2217://host:port); framed: before it for an agent without a REPL.",
)
show_secrets_option = click.option(
    "--show-secrets", is_flag=True, help="Print the preshared key instead of (hidden)."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")
