# SPDX-License-Identifier: MIT
"""umqtt.simple for the boards of tests/hil/test_examples.py, as `mip` would bring it to a board.

PyPI has it as a source archive of MicroPython's old installer, without a setup.py. pip fetches it,
checks its hash and unpacks it, and then says that it cannot be built; the files are what we want.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from . import environment, paths, steps

REQUIREMENTS = paths.ROOT / "requirements-umqtt.txt"
MODULE = paths.CACHE / "umqtt" / "simple.py"
FETCH_S = 120


def ensure() -> None:
    """Bring the module, if the one that is there is not the wanted one."""
    key = paths.digest([REQUIREMENTS])
    if paths.stamp_is("umqtt", key) and MODULE.is_file():
        return
    MODULE.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=MODULE.parent) as folder:
        said = _download(Path(folder))
        found = list(Path(folder).rglob("umqtt/simple.py"))
        if len(found) != 1:
            raise steps.StepError(f"umqtt.simple did not come: {said}")
        shutil.copy(found[0], MODULE)
    paths.set_stamp("umqtt", key)


def _download(folder: Path) -> str:
    """Let pip unpack the archive below `folder`; what it complains of."""
    options = ["--no-deps", "--no-clean", "--require-hashes", "--disable-pip-version-check"]
    done = subprocess.run(
        [environment.PYTHON, "-m", "pip", "download", *options, "--requirement", REQUIREMENTS],
        env={**os.environ, "TMPDIR": str(folder)},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=FETCH_S,
    )
    return next((line for line in done.stderr.splitlines() if "ERROR" in line), "no file in it")
