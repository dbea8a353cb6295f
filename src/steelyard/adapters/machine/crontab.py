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

    Raises:
        InputError: There is no crontab program.
    """
    done = _crontab("-l")
    # "no crontab for user" is status 1 with nothing on standard output.
    return done.stdout if done.returncode == 0 else ""


def write_crontab(text: str) -> None:
    """Replace the owner's crontab.

    Raises:
        InputError: There is no crontab program.
        ServiceError: It refused the text.
    """
    done = _crontab("-", text)
    if done.returncode:
        raise ServiceError(
            "crontab", say("crontab refused: {stderr}", stderr=done.stderr.strip()), say("see: crontab -l")
        )


def _crontab(argument: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    program = shutil.which("crontab")
    if program is None:
        raise InputError(
            "no-cron",
            say("there is no crontab program here"),
            say("use: steelyard schedule install --systemd, or steelyard watch"),
        )
    return subprocess.run(
        [program, argument], input=text, capture_output=True, text=True, check=False, timeout=30
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
