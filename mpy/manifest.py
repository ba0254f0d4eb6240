# SPDX-License-Identifier: MIT
# Freezes the package: FROZEN_MANIFEST=<this file>, or include() it from a board's own manifest.
package("wireguard", base_path=".", opt=3)
