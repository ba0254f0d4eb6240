# SPDX-License-Identifier: MIT
"""Lays the package and the native modules that are built into a folder, as mip wants them.

    mip.py FOLDER            for mpremote, from that folder
    mip.py FOLDER URL        for mip on the boards, once the folder is at URL

package.json is the Python package, <arch>.json that and the module of one architecture. With a URL
every file is named by it: mip of MicroPython 1.25 does not take relative ones.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = ROOT / "mpy"
BUILT = ROOT / ".cache" / "build" / "natmod"
MODULE = "_wireguard.mpy"
VERSION_LINE = '__version__ = "'


def version() -> str:
    text = (PACKAGE / "wireguard" / "__init__.py").read_text(encoding="utf-8")
    return text[text.index(VERSION_LINE) + len(VERSION_LINE) :].partition('"')[0]


def python_files() -> list[str]:
    found = sorted(PACKAGE.glob("wireguard/**/*.py"))
    return [path.relative_to(PACKAGE).as_posix() for path in found]


def modules() -> dict[str, Path]:
    """The built ones by architecture; without those of the tests."""
    found = sorted(BUILT.glob(f"*/{MODULE}"))
    return {path.parent.name: path for path in found if not path.parent.name.endswith("-raw")}


def package(files: list[tuple[str, str]], url: str) -> str:
    """package.json: where each file goes, and where it comes from."""
    start = url.rstrip("/") + "/" if url else ""
    urls = [[target, start + source] for target, source in files]
    return json.dumps({"urls": urls, "deps": [], "version": version()}, indent=1) + "\n"


def copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def lay(folder: Path, url: str) -> list[str]:
    """Fill the folder anew; the architectures in it."""
    shutil.rmtree(folder, ignore_errors=True)
    python = [(name, name) for name in python_files()]
    for name, _ in python:
        copy(PACKAGE / name, folder / name)
    (folder / "package.json").write_text(package(python, url), encoding="utf-8")
    for arch, module in modules().items():
        copy(module, folder / arch / MODULE)
        files = [*python, (MODULE, f"{arch}/{MODULE}")]
        (folder / f"{arch}.json").write_text(package(files, url), encoding="utf-8")
    return list(modules())


def main(arguments: list[str]) -> int:
    if len(arguments) not in (1, 2):
        print(__doc__, file=sys.stderr)
        return 2
    archs = lay(Path(arguments[0]), arguments[1] if len(arguments) == 2 else "")
    if not archs:
        print("mip: no native module is built: run `make natmods`", file=sys.stderr)
        return 1
    print(f"  mip: {arguments[0]}: {', '.join(archs)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
