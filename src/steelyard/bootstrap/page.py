"""What the page needs of its folder: the token by which programs of its owner show that they are theirs."""

from __future__ import annotations

import json
import os
import secrets
import stat
from base64 import b64encode
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from steelyard.adapters.files.packaged import sample_path
from steelyard.adapters.machine.private import make_private, write_private
from steelyard.adapters.machine.web_answers import Unanswered, Unreachable
from steelyard.bootstrap.folder import Folder
from steelyard.errors import InputError
from steelyard.words import say

PORTFOLIO = "portfolio.toml"
"""What a portfolio file is called where nobody says its name."""
PASSWORD = 12
_LEAST = 20
"""Characters of a token: fewer can be guessed."""


def page_token(folder: Folder) -> str:
    """Return the token of a portfolio file, made and kept for its owner alone the first time.

    Raises:
        InputError: The file of it cannot be made or read, or holds none (`page-token`).
    """
    return _kept_secret(folder, folder.page_token, lambda: secrets.token_urlsafe(32))


def page_password(file: Path) -> str:
    """Return the password of a file that its owner alone may read.

    Raises:
        InputError: It is not there, others may read it, or it is short (`password-file`).
    """
    try:
        rights = stat.S_IMODE(file.stat().st_mode)
        text = file.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise InputError(
            "password-file",
            say("{file} cannot be used: {why}", file=file, why=error),
            say("write a password of at least {least} characters into it", least=PASSWORD),
        ) from None
    if os.name == "posix" and rights & 0o077:
        raise InputError(
            "password-file",
            say("others may read {file}", file=file),
            say("run: {command}", command=f"chmod 600 {file}"),
        )
    if len(text) < PASSWORD or not text.isprintable():
        raise InputError(
            "password-file",
            say(
                "the password in {file} is no line of at least {least} characters", file=file, least=PASSWORD
            ),
            say("write a longer one: it is all that stands before your portfolio"),
        )
    return text


def webhook_secret(folder: Folder) -> str:
    """Return by what events are signed, made and kept for its owner alone the first time.

    Raises:
        InputError: As for `page_token`.
    """
    return _kept_secret(
        folder, folder.webhook_secret, lambda: "whsec_" + b64encode(secrets.token_bytes(32)).decode()
    )


def webhook_taken(folder: Folder) -> str:
    """Return the id of the event that was taken last, empty where none was."""
    try:
        return folder.webhook_taken.read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return ""


def note_taken(folder: Folder, event_id: str) -> None:
    """Keep the id of the event that was taken last."""
    write_private(folder.webhook_taken, event_id + "\n")


def models_of_clients(folder: Folder) -> dict[str, Any]:
    """Return what clients of the rebalancing addresses keep; nothing where there is no file of it.

    Raises:
        InputError: The file holds something else (`models-of-clients`).
    """
    file = folder.models_of_clients
    try:
        found = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        if isinstance(found, dict):
            return found
    except (OSError, ValueError):
        pass
    raise InputError(
        "models-of-clients",
        say("{file} cannot be read", file=folder.shown(file)),
        say("move it away, and an empty one is created"),
    )


def write_models_of_clients(folder: Folder, document: Mapping[str, Any]) -> None:
    """Keep what clients of the rebalancing addresses keep, for their owner alone."""
    write_private(folder.models_of_clients, json.dumps(document, ensure_ascii=False, indent=1) + "\n")


def send_signed(url: str, headers: Mapping[str, str], body: bytes) -> int:
    """Post a body as it is, and return the status; 0 where nobody answered."""
    from steelyard.adapters.machine.web import Web

    with closing(Web(seconds=10, largest=64 * 1024)) as web:
        try:
            return web.ask("POST", url, headers=headers, content=body).status
        except (Unanswered, Unreachable):
            return 0


def _kept_secret(folder: Folder, file: Path, make: Callable[[], str]) -> str:
    try:
        if not file.exists():
            write_private(file, make() + "\n")
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


def portfolio_files(path: Path) -> dict[str, Path]:
    """Return the portfolio files of a folder by the names of their folders; of a file, that by its own.

    Raises:
        InputError: The folder holds none (`no-portfolios`).
    """
    if not path.is_dir():
        return {path.stem: path}
    own = path / PORTFOLIO
    found = {path.absolute().name: own} if own.is_file() else {}
    found |= {f.parent.name: f for f in sorted(path.glob(f"*/{PORTFOLIO}")) if _is_plain(f.parent.name)}
    if not found:
        raise InputError(
            "no-portfolios",
            say("{folder} holds no portfolio", folder=path),
            say("put each into a folder of its own, as {file}", file=f"{path}/mine/{PORTFOLIO}"),
        )
    return found


def _is_plain(name: str) -> bool:
    return name.isprintable() and not name.startswith(".")


def sample_text() -> str:
    """Return the bundled sample portfolio as a file holds it."""
    return sample_path().read_text(encoding="utf-8")
