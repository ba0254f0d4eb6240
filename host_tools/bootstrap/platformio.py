# SPDX-License-Identifier: MIT
"""PlatformIO's own state in .cache: a fresh clone starts with its telemetry switched off."""

from __future__ import annotations

import json

from . import paths

STATE = paths.CACHE / "pio" / "core" / "appstate.json"


def ensure() -> None:
    """Write the settings once; what the user changes afterwards by `pio settings` stays."""
    if STATE.exists():
        return
    STATE.parent.mkdir(parents=True, exist_ok=True)
    settings = {"enable_telemetry": False, "check_platformio_interval": 3650}
    STATE.write_text(json.dumps({"settings": settings}), encoding="utf-8")
