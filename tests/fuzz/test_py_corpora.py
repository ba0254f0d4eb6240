# SPDX-License-Identifier: MIT
"""What the fuzzers found worth keeping still passes, without the fuzzer."""

from __future__ import annotations

import importlib

import pytest

from tests.fuzz.py_run import CORPUS, TARGETS


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_and_corpus(name: str) -> None:
    target = importlib.import_module(f"tests.fuzz.py_{name}")
    files = sorted((CORPUS / name).glob("*"))
    assert files, "no corpus"
    for data in [*target.SEEDS, *(file.read_bytes() for file in files)]:
        target.one(data)
