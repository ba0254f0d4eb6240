# SPDX-License-Identifier: MIT
"""Reads the lines of tests/native: one `PASS name` or `FAIL name: reason` for each case."""

from __future__ import annotations

import re

import click
from platformio.test.result import TestCase, TestStatus
from platformio.test.runners.base import TestRunnerBase

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
        super().stage_testing()
        if not self.options.without_testing and not self.test_suite.cases:
            raise RuntimeError("tests/native printed no PASS or FAIL line: nothing was tested")
