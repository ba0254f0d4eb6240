# SPDX-License-Identifier: MIT
"""The other end of a board's PPP link, as a modem's network would be: PppPeer in peer.py."""
