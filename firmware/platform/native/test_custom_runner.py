# SPDX-License-Identifier: MIT
"""Reads one line for each case, `PASS name` or `FAIL name: reason`: of tests/native, or, with a
board, of what tests/device has for a board that runs alone."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import click
from platformio.test.result import TestCase, TestStatus
from platformio.test.runners.base import TestRunnerBase

ROOT = Path(__file__).resolve().parents[3]
VENV_PYTHON = ROOT / ".cache" / "venv" / "bin" / "python"
ON_BOARD = ROOT / "tests" / "device" / "test_crypto.py"
BOARD_TIMEOUT_S = 120
CASE = re.compile(r"^(PASS|FAIL)\s+(\S+)\s*:?\s*(.*)$")


class CustomTestRunner(TestRunnerBase):
    """Found by PlatformIO through this name. No case at all is an error, not a success."""

    NAME = "wireguard-native"

    def on_testing_line_output(self, line: str) -> None:
        if self.options.verbose or not line.startswith("PASS"):
            click.echo(line, nl=False)
        if match := CASE.match(line.rstrip()):
            word, name, message = match.groups()
            status = TestStatus.PASSED if word == "PASS" else TestStatus.FAILED
            self.test_suite.add_case(TestCase(name=name, status=status, message=message or None))

    def stage_testing(self) -> None:
        if self.options.without_testing:
            return
        if self.platform.is_embedded():
            self._test_board()
        else:
            super().stage_testing()
        if not self.test_suite.cases:
            raise RuntimeError("no PASS or FAIL line was printed: nothing was tested")

    def _test_board(self) -> None:
        """By mpremote, which neither resets the board nor leaves a file on it."""
        env = f"env:{self.test_suite.env_name}"
        port = self.get_test_port() or self.project_config.get(env, "monitor_port") or "auto"
        click.secho(f"Testing on {port} ...", bold=True)
        python = str(VENV_PYTHON if VENV_PYTHON.exists() else sys.executable)
        command = [python, "-m", "mpremote", "connect", port, "resume", "run", str(ON_BOARD)]
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=BOARD_TIMEOUT_S,
        )
        self.on_testing_data_output(done.stdout)
        if done.returncode:
            raise RuntimeError(f"{ON_BOARD.name} ended with status {done.returncode}")
