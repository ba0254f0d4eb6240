# SPDX-License-Identifier: MIT
"""The one exception that a user sees: a line that says what is wrong and what to do."""

EXIT_INTERNAL = 1
EXIT_INPUT = 2
EXIT_PORT = 3
EXIT_BOARD = 4
EXIT_INTERRUPTED = 130


class WgprovError(Exception):
    """Ends wgprov with `exit_code` after printing its one line."""

    exit_code = EXIT_INTERNAL


class InputError(WgprovError):
    """A file, key or option is wrong. Nothing was sent and nothing written."""

    exit_code = EXIT_INPUT


class PortError(WgprovError):
    """No board, a busy or forbidden port, a cable that was pulled, a board that does not answer."""

    exit_code = EXIT_PORT


class BoardError(WgprovError):
    """The board answers, and says no: no module, an old one, or a request that it refuses."""

    exit_code = EXIT_BOARD


class RefusedError(BoardError):
    """The board's own words for its no; `field` is the part of the request that it names."""

    def __init__(self, reason: object, field: object) -> None:
        self.reason = printable(reason)
        self.field = printable(field) if field else ""
        where = f"{self.field}: " if self.field else ""
        super().__init__(f"the board refuses: {where}{self.reason}")


def printable(text: object, limit: int = 200) -> str:
    """`text` without control characters: what a board says must not drive the terminal."""
    return "".join(c if c.isprintable() else "?" for c in str(text))[:limit]
