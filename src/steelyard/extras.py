"""Parts that only those install who want them: `pip install 'steelyard[lab]'`.

Values, drift, plans, the journal, runs and alerts need none of them, so what a plan says never depends on
what is installed. Where such a part is imported, its absence becomes one error with the line to type.
"""

from __future__ import annotations

from steelyard.errors import InputError
from steelyard.words import say


def is_there(package: str) -> bool:
    """Say whether a package is installed, without importing it."""
    from importlib.util import find_spec

    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:
        return False


class ExtraMissing(InputError):
    """A part that was not installed is needed (`extra-missing`, exit status 2)."""

    def __init__(self, extra: str, what: str, package: str) -> None:
        """Name what needs a package, and the extra of pyproject.toml that brings it."""
        super().__init__(
            "extra-missing",
            say("{what} needs {package}", what=what, package=package),
            say("run: {command}", command=f"pip install 'steelyard[{extra}]'"),
        )
        self.extra = extra
