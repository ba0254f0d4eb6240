# SPDX-License-Identifier: MIT
"""What the documentation site has beside the files in docs/: pages made from the sources."""
