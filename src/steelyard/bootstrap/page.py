"""What the page needs of its folder: the token by which programs of its owner show that they are theirs."""

from __future__ import annotations

import secrets

from steelyard.adapters.files.packaged import sample_path
from steelyard.adapters.machine.private import make_private, write_private
from steelyard.bootstrap.folder import Folder
from steelyard.errors import InputError
from steelyard.words import say

_LEAST = 20
"""Characters of a token: fewer can be guessed."""


def page_token(folder: Folder) -> str:
    """Return the token of a portfolio file, made and kept for its owner alone the first time.

    Raises:
        InputError: The file of it cannot be made or read, or holds none (`page-token`).
    """
    file = folder.page_token
    try:
        if not file.exists():
            write_private(file, secrets.token_urlsafe(32) + "\n")
        make_private(file)
        token = file.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise InputError(
            "page-token",
            say("{file} cannot be used: {why}", file=folder.shown(file), why=error),
            say("see who owns the folder, or remove the file: a new one is made"),
        ) from None
    if len(token) < _LEAST or not token.isascii() or not token.isprintable():
        raise InputError(
            "page-token",
            say("{file} holds no token", file=folder.shown(file)),
            say("remove the file: a new one is made"),
        )
    return token


def sample_text() -> str:
    """Return the bundled sample portfolio as a file holds it."""
    return sample_path().read_text(encoding="utf-8")
