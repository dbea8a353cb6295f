"""The owner's crontab, read and written through the `crontab` program, and the folder of systemd units."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from steelyard.errors import InputError, ServiceError
from steelyard.words import say


def read_crontab() -> str:
    """Return the owner's crontab, empty when there is none.

    Its bytes come back as they are when the text is written again, whatever their encoding and line ends.

    Raises:
        InputError: There is no crontab program.
        ServiceError: It does not say what there is: to write then would be to delete.
    """
    done = _crontab("-l")
    if done.returncode == 0:
        return done.stdout.decode("utf-8", "surrogateescape")
    told = done.stderr.decode("utf-8", "replace").strip()
    # What the crons there are say when there is none: "no crontab for user", busybox "can't open 'user'".
    silent = done.returncode == 1 and not told
    if not done.stdout and (silent or any(words in told.lower() for words in _NONE)):
        return ""
    raise ServiceError("crontab", say("crontab refused: {stderr}", stderr=told), say("see: crontab -l"))


def write_crontab(text: str) -> None:
    """Replace the owner's crontab.

    Raises:
        InputError: There is no crontab program.
        ServiceError: It refused the text.
    """
    done = _crontab("-", text.encode("utf-8", "surrogateescape"))
    if done.returncode:
        told = done.stderr.decode("utf-8", "replace").strip()
        raise ServiceError("crontab", say("crontab refused: {stderr}", stderr=told), say("see: crontab -l"))


_NONE = ("no crontab", "can't open", "no such file")


def _crontab(argument: str, text: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    program = shutil.which("crontab")
    if program is None:
        raise InputError(
            "no-cron",
            say("there is no crontab program here"),
            say("use: steelyard schedule install --systemd, or steelyard watch"),
        )
    return subprocess.run(
        [program, argument],
        input=text,
        capture_output=True,
        check=False,
        timeout=30,
        env={**os.environ, "LC_ALL": "C"},
    )


def unit_folder() -> Path:
    """Return where systemd looks for the owner's own units."""
    home = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(home) / "systemd" / "user"


def systemctl(*words: str) -> str | None:
    """Ask the owner's systemd; return what it says, None when there is none to ask."""
    program = shutil.which("systemctl")
    if program is None:
        return None
    done = subprocess.run(
        [program, "--user", *words], capture_output=True, text=True, check=False, timeout=30
    )
    return done.stdout if done.returncode == 0 else None
