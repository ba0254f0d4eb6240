# SPDX-License-Identifier: MIT
"""The stub of `_wireguard` against the module in the firmware: its names, and how many arguments
each function takes at most, as the functions themselves say when they are given too many."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
from demo import board_script
from demo.rig import chosen_env

from wgprov.targets.qemu import QemuBoard

STUB = Path(__file__).resolve().parents[2] / "mpy/stubs/_wireguard-stubs/__init__.pyi"
BOARD_S = 20.0
MANY = 17
# Prints {"name": most arguments or None, "Type.name": the same, with self}.
# A method looks at its object first, so each type gets one.
ASK = f"""
import json, _wireguard
state = _wireguard.SymmetricState(bytes(32))
made = [_wireguard.PrivateKey.generate(), _wireguard.PresharedKey(bytes(32)), state]
made += [state.split(True, 1, 2, 3), _wireguard.Netif(print)]
def arity(call):
    try:
        call(*([None] * {MANY}))
    except TypeError as error:
        words = str(error).replace(",", " ").split()
        return [int(word) for word in words if word.isdigit()][0]
found = {{}}
for name in dir(_wireguard):
    thing = getattr(_wireguard, name)
    if not isinstance(thing, type) and name[:2] != "__":
        found[name] = arity(thing) if callable(thing) else None
for thing in made:
    kind = type(thing)
    for part in dir(kind):
        if part == "__del__" or part[:2] != "__":
            found[kind.__name__ + "." + part] = arity(getattr(thing, part))
print(json.dumps(found))
"""


def described() -> dict[str, int | None]:
    """The same of the stub."""
    found: dict[str, int | None] = {}
    for node in ast.parse(STUB.read_text()).body:
        if isinstance(node, ast.ClassDef):
            for part in node.body:
                if isinstance(part, ast.FunctionDef) and part.name != "__init__":
                    found[f"{node.name}.{part.name}"] = _arity(part)
        elif isinstance(node, ast.FunctionDef):
            found[node.name] = _arity(node)
        elif isinstance(node, ast.AnnAssign):
            assert isinstance(node.target, ast.Name)
            found[node.target.id] = None
    return found


def _arity(function: ast.FunctionDef) -> int:
    return len(function.args.posonlyargs) + len(function.args.args)


@pytest.fixture(scope="module")
def firmware(elf: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, int | None]:
    flash = tmp_path_factory.mktemp("board") / "flash.img"
    with QemuBoard(chosen_env(), elf, flash) as board:
        board.wait_prompt()
        answer: dict[str, int | None]
        answer = json.loads(board_script.execute(board.port, ASK, BOARD_S))
    return answer


def test_the_stub_has_the_names_of_the_firmware(firmware: dict[str, int | None]) -> None:
    assert set(firmware) == set(described()), "mpy/stubs has to follow"
    assert len(firmware) > 50


def test_each_function_takes_as_many_arguments(firmware: dict[str, int | None]) -> None:
    told = {name: arity for name, arity in firmware.items() if arity is not None}
    assert len(told) > 40, "the firmware does not say"
    assert told == {name: described()[name] for name in told}
