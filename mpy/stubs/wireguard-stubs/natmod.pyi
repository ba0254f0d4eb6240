# SPDX-License-Identifier: MIT
def arch(mpy: int | None = None) -> str:
    """The name of this board's architecture; OSError with one line when there is no module."""

def install(url: str, target: str | None = None) -> list[tuple[str, str, str]]:
    """Fetch the package and the module below `url` by mip; what the module's self-test says."""
