# SPDX-License-Identifier: MIT
"""What the provisioning tests of this folder share: a configuration file and a board's flash."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.test_provision_kit import conf_text


@pytest.fixture
def conf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "wg0.conf"
    path.write_text(conf_text())
    return path


@pytest.fixture
def board(tmp_path: Path) -> Path:
    folder = tmp_path / "flash"
    folder.mkdir()
    return folder
