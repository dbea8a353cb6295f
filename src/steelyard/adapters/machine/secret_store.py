"""Secrets from the environment, a `.env` file only its owner can read, or the keyring of the desktop.

Every variable is called STEELYARD_SOMETHING. A notification service is one address:
`STEELYARD_NOTIFY_TELEGRAM=tgram://token/chat` makes the service `telegram`. Names listed in
STEELYARD_KEYRING (`telegram,slack`) are asked of the keyring under `steelyard`, `notify-telegram`.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote

from steelyard.errors import InputError
from steelyard.extras import ExtraMissing
from steelyard.words import changed, say

PREFIX = "STEELYARD_"
SERVICE = "STEELYARD_NOTIFY_"
KEYRING = "STEELYARD_KEYRING"
MASK = "***"
_PLAIN = frozenset({"STEELYARD_KEYRING", "STEELYARD_SHARED", "STEELYARD_LOG"})
_PARTS = re.compile(r"[/:@?&=,;#\s]+")
LARGEST_FILE = 1_000_000
"""Letters of a `.env` file that are read."""
_SHORTEST = 6
"""A part of an address below this length is a port, a flag or a word, and masking it would hide the text."""


class SecretStore:
    """The `Secrets` of this process.

    Args:
        environ: The environment.
        env_file: A `.env` file, read when it exists; the environment wins.

    Raises:
        InputError: Others can read the `.env` file, or a line of it is no setting.
    """

    def __init__(self, environ: Mapping[str, str], env_file: Path | None = None) -> None:
        self._values: dict[str, str] = {}
        if env_file is not None:
            self._values |= _read(env_file)
        self._values |= {k: v for k, v in environ.items() if k.startswith(PREFIX) and v}
        self._keyring: dict[str, str] | None = None

    def get(self, name: str) -> str | None:
        """Return a secret, None when it is set nowhere."""
        return self._values.get(name if name.startswith(PREFIX) else PREFIX + name.upper())

    def approver(self, name: str) -> str | None:
        """Return the secret of an approver: of the environment, or of this user's own keyring."""
        return self.kept(f"APPROVER_{name}", f"approver-{name}")

    def kept(self, name: str, entry: str) -> str | None:
        """Return a secret of the environment, or of this user's own keyring, where it is called `entry`."""
        found = self.get(name)
        if found is not None:
            return found
        try:
            import keyring
        except ImportError:
            return None
        try:
            value = keyring.get_password("steelyard", entry)
        except keyring.errors.KeyringError:
            return None
        return str(value) if value else None

    def services(self) -> dict[str, str]:
        """Return the addresses of the notification services by name, sorted."""
        found = {
            name.removeprefix(SERVICE).lower(): value
            for name, value in self._values.items()
            if name.startswith(SERVICE) and name != SERVICE
        }
        return dict(sorted({**self._from_keyring(), **found}.items()))

    def mask(self, text: str) -> str:
        """Return the text with every secret made unreadable, and every longer part of an address."""
        pieces = self._pieces()

        def hidden(shown: str) -> str:
            for piece in pieces:
                shown = re.sub(re.escape(piece), MASK, shown, flags=re.IGNORECASE)
            return shown

        masked = changed(text, hidden)
        # A secret that a template and its facts make up together, which no language may show.
        return masked if hidden(masked) == masked else hidden(text)

    def _pieces(self) -> list[str]:
        values = [v for k, v in self._values.items() if k not in _PLAIN]
        values += (self._keyring or {}).values()
        pieces: set[str] = set()
        for value in values:
            pieces.add(value)
            scheme, mark, rest = value.partition("://")
            for text in (rest if mark else scheme, unquote(rest if mark else scheme)):
                pieces.update(_PARTS.split(text))
        return sorted((p for p in pieces if len(p) >= _SHORTEST), key=lambda p: (-len(p), p))

    def _from_keyring(self) -> dict[str, str]:
        if self._keyring is None:
            names = [n.strip().lower() for n in self._values.get(KEYRING, "").split(",") if n.strip()]
            self._keyring = {name: _ask_keyring(name) for name in names}
        return self._keyring


def _ask_keyring(name: str) -> str:
    try:
        import keyring
    except ImportError:
        raise ExtraMissing("keyring", KEYRING, "keyring") from None
    try:
        value = keyring.get_password("steelyard", f"notify-{name}")
    except keyring.errors.KeyringError as error:
        raise InputError(
            "keyring",
            say("the keyring refuses: {name}", name=type(error).__name__),
            say("unlock it, or use the environment"),
        ) from None
    if not value:
        raise InputError(
            "keyring",
            say("the keyring has no notify-{name}", name=name),
            say("run: keyring set steelyard notify-{name}", name=name),
        )
    return str(value)


def _regular(path: Path) -> tuple[os.stat_result, str]:
    """Return rights and text of a file; a pipe, which would be waited for, or a device is none."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with open(handle, encoding="utf-8-sig") as file:
        mode = os.fstat(handle)
        if not stat.S_ISREG(mode.st_mode):
            raise OSError(errno.EINVAL, say("it is a pipe or a device, not a file"))
        return mode, file.read(LARGEST_FILE)


def _read(path: Path) -> dict[str, str]:
    try:
        mode, text = _regular(path)
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or say("it is not UTF-8 text")
        raise InputError(
            "env-file",
            say("{path} cannot be read: {reason}", path=path, reason=reason),
            say("check its rights"),
        ) from None
    if os.name == "posix" and stat.S_IMODE(mode.st_mode) & 0o077:
        raise InputError(
            "env-permissions",
            say("others can read {path}, and it holds secrets", path=path),
            say("run: chmod 600 {path}", path=path),
        )
    if os.name == "posix" and (why := untrusted(mode, path.parent.stat(), os.geteuid(), os.getegid())):
        raise InputError(
            "env-permissions",
            say("{path} may be written by somebody else: {why}", path=path, why=why),
            say("run: chown $USER {path}; chmod go-w {folder}", path=path, folder=path.parent),
        )
    values = {}
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip().removeprefix("export ")
        if not line or line.startswith("#"):
            continue
        name, mark, value = line.partition("=")
        plain = _value(value.strip()) if mark else None
        if not mark:
            # The line itself may be a secret: only its number is shown.
            raise InputError(
                "env-file",
                say("{name}:{number} is no setting", name=path.name, number=number),
                say("write NAME=value"),
            )
        if plain is None:
            raise InputError(
                "env-file",
                say(
                    "{name}:{number} has quotes that do not close in their line",
                    name=path.name,
                    number=number,
                ),
                say("write the value in one line"),
            )
        if name.strip().startswith(PREFIX) and plain:
            values[name.strip()] = plain
    return values


def untrusted(file: os.stat_result, folder: os.stat_result, user: int, group: int) -> str:
    """Return why somebody else may write a file of secrets, or put another there; empty when nobody may.

    A folder where everybody may write but only remove what is theirs (`/tmp`) is none.

    Args:
        file: Of the file.
        folder: Of its folder.
        user, group: Whose process this is.
    """
    if file.st_uid not in (user, 0):
        return say("it belongs to user {number}", number=file.st_uid)
    if folder.st_uid not in (user, 0):
        return say("its folder belongs to user {number}", number=folder.st_uid)
    if folder.st_mode & stat.S_ISVTX:
        return ""
    if folder.st_mode & stat.S_IWOTH:
        return say("everybody may write its folder")
    if folder.st_mode & stat.S_IWGRP and folder.st_gid != group:
        return say("group {number} may write its folder", number=folder.st_gid)
    return ""


def _value(text: str) -> str | None:
    """Return a value as dotenv reads it, None where its quotes do not close or something stands behind them.

    Without quotes a ` #` begins a comment; between single quotes everything is itself; between double ones a
    backslash makes a line end of n, and takes the meaning from a quote or a backslash.
    """
    if text[:1] not in ("'", '"'):
        return re.split(r"\s+#|^#", text, maxsplit=1)[0].rstrip()
    body = r"[^']*" if text[0] == "'" else r'(?:[^"\\]|\\.)*'
    found = re.fullmatch(rf"{text[0]}({body}){text[0]}\s*(?:#.*)?", text)
    if found is None:
        return None
    if text[0] == "'":
        return found[1]
    return re.sub(r"\\(.)", lambda m: {"n": "\n", "t": "\t", "r": "\r"}.get(m[1], m[1]), found[1])
