# SPDX-License-Identifier: MIT
"""The PlatformIO side of the platform: it needs no package of PlatformIO's registry.

PlatformIO's build engine and checkers are packages there. Where they are not installed, small
packages of this platform stand in, which run the same programs from PyPI or the system.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import sys
from pathlib import Path

from platformio.dependencies import get_core_dependencies
from platformio.package.manager.tool import ToolPackageManager
from platformio.package.meta import PackageSpec
from platformio.platform.base import PlatformBase

OWNER = "platformio"
OURS = "from-pypi"
# PlatformIO starts its build engine as <tool-scons>/scons.py with the interpreter it runs in, where
# PyPI's scons is the same engine.
SCONS_SCRIPT = """# SPDX-License-Identifier: MIT
import SCons.Script

SCons.Script.main()
"""
PROGRAM_SCRIPT = '#!/bin/sh\nexec "{program}" "$@"\n'
CHECKERS = {"tool-cppcheck": "cppcheck", "tool-clangtidy": "clang-tidy"}


class MicropythonPlatform(PlatformBase):
    """Found by PlatformIO through its name, which follows `name` in platform.json."""

    def is_embedded(self) -> bool:
        """False for the environment without a board, whose tests run here, without an upload."""
        env = getattr(self, "project_env", None)
        return env is None or self.config.has_option(f"env:{env}", "board")

    def configure_default_packages(self, options: dict, targets: list[str]) -> None:
        if importlib.util.find_spec("SCons") and not self._is_installed("tool-scons"):
            folder = self._write_package("tool-scons", "scons.py", SCONS_SCRIPT)
            self.packages["tool-scons"] = {"owner": OWNER, "version": f"symlink://{folder}"}
            if "nobuild" in targets:  # then PlatformIO installs nothing, and looks there only
                self._link("tool-scons", folder)
        for package, name in CHECKERS.items():
            self._offer_checker(package, name)
        super().configure_default_packages(options, targets)

    @staticmethod
    def _installed(package: str) -> Path | None:
        """Where it is, in a version that this PlatformIO takes."""
        wanted = get_core_dependencies()[package]
        spec = PackageSpec(owner=OWNER, name=package, requirements=wanted)
        found = ToolPackageManager().get_package(spec)
        return None if found is None else Path(found.path)

    def _is_installed(self, package: str) -> bool:
        """By PlatformIO, not by us."""
        path = self._installed(package)
        return path is not None and OURS not in path.parts

    def _offer_checker(self, package: str, name: str) -> None:
        """`pio check` looks among the installed packages only, so link ours there."""
        beside = Path(sys.executable).parent / name
        program = str(beside) if os.access(beside, os.X_OK) else shutil.which(name)
        if program is None or self._is_installed(package):
            return
        self._link(
            package, self._write_package(package, name, PROGRAM_SCRIPT.format(program=program))
        )

    def _link(self, package: str, folder: Path) -> None:
        """Among the installed packages."""
        if self._installed(package) == folder.resolve():
            return  # another pio may be reading the link
        spec = PackageSpec(owner=OWNER, name=package, requirements=f"symlink://{folder}")
        manager = ToolPackageManager()
        Path(manager.package_dir).mkdir(parents=True, exist_ok=True)
        manager.install_symlink(spec)

    def _write_package(self, package: str, file: str, text: str) -> Path:
        """A package folder in the version that this PlatformIO asks for."""
        core = Path(self.config.get("platformio", "core_dir"))
        folder = core.absolute() / OURS / package
        folder.mkdir(parents=True, exist_ok=True)
        manifest = {
            "name": package,
            "version": get_core_dependencies()[package].lstrip("~^"),
            "description": "Runs the program that PyPI or the system has",
        }
        for name, content in (("package.json", json.dumps(manifest)), (file, text)):
            fresh = folder / f"{name}.{os.getpid()}"
            fresh.write_text(content, encoding="utf-8")
            fresh.chmod(0o755)
            fresh.replace(folder / name)  # another pio may be reading it
        return folder
