# SPDX-License-Identifier: MIT
"""The PlatformIO side of the platform: it needs no package, not even PlatformIO's tool-scons."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

from platformio.dependencies import get_core_dependencies
from platformio.platform.base import PlatformBase

# PlatformIO starts its build engine as <tool-scons>/scons.py with the interpreter it runs in, where
# PyPI's scons is the same engine.
SCONS_SCRIPT = """# SPDX-License-Identifier: MIT
import SCons.Script

SCons.Script.main()
"""


class MicropythonPlatform(PlatformBase):
    """Found by PlatformIO through its name, which follows `name` in platform.json."""

    def is_embedded(self) -> bool:
        """False: tests of the native environment run here, without an upload."""
        return False

    def configure_default_packages(self, options: dict, targets: list[str]) -> None:
        if importlib.util.find_spec("SCons"):
            self.packages["tool-scons"] = {
                "owner": "platformio",
                "version": f"symlink://{self._write_scons_package()}",
            }
        super().configure_default_packages(options, targets)

    def _write_scons_package(self) -> Path:
        """A package folder around PyPI's scons, in the version that this PlatformIO asks for."""
        core = Path(self.config.get("platformio", "core_dir"))
        folder = core.absolute() / "from-pypi" / "tool-scons"
        folder.mkdir(parents=True, exist_ok=True)
        manifest = {
            "name": "tool-scons",
            "version": get_core_dependencies()["tool-scons"].lstrip("~^"),
            "description": "PyPI's scons, in the interpreter that runs PlatformIO",
        }
        (folder / "package.json").write_text(json.dumps(manifest), encoding="utf-8")
        (folder / "scons.py").write_text(SCONS_SCRIPT, encoding="utf-8")
        return folder
