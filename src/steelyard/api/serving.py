"""What the page of a portfolio needs beside the reports that everybody has."""

from __future__ import annotations

from steelyard import bootstrap
from steelyard.bootstrap.folder import Place


def page_token(path: Place) -> str:
    """Return what programs show to the page of a portfolio file; kept beside it, for its owner alone.

    Args:
        path: The portfolio file.

    Raises:
        InputError: The file of the token cannot be used (`page-token`).
    """
    return bootstrap.page_token(bootstrap.Folder.of(path))


def sample_text() -> str:
    """Return the bundled sample portfolio as a file holds it."""
    return bootstrap.sample_text()
