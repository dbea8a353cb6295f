"""Files and folders that only their owner may read, whatever the umask of the process says.

A database, a ticket, a token and a lock tell what somebody owns. They are 0600 from the first byte on, and
one that an earlier version or a careless copy left open to others is closed when it is next written.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

_FILE, _FOLDER = 0o600, 0o700


def make_private(path: Path) -> None:
    """Make an empty file for its owner alone, or take the rights of others from one that is there.

    Raises:
        OSError: It can be neither made nor found.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FILE)
    except FileExistsError:
        # Never opened here: closing it again would drop the locks that this process holds on it (POSIX).
        found = path.stat()
        if stat.S_ISREG(found.st_mode) and stat.S_IMODE(found.st_mode) & ~_FILE:
            # Somebody else's file that we may only write stays as they want it.
            with suppress(PermissionError):
                path.chmod(_FILE)
        return
    os.close(handle)
    # A umask can take rights from the owner, too.
    path.chmod(_FILE)


def make_private_folder(folder: Path) -> None:
    """Make a folder and what is missing above it, each for its owner alone; one that is there stays.

    Raises:
        OSError: It cannot be made.
    """
    if folder.is_dir():
        return
    make_private_folder(folder.parent)
    folder.mkdir(mode=_FOLDER, exist_ok=True)
    folder.chmod(_FOLDER)


def fresh_beside(path: Path, ending: str) -> Path:
    """Make an empty private file beside a path under a name that nobody has, and return it.

    Whatever lies beside it, a link included, is neither followed nor written over.

    Raises:
        OSError: It cannot be made.
    """
    import tempfile

    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=ending, dir=path.parent)
    os.close(handle)
    made = Path(name)
    made.chmod(_FILE)
    return made


def write_private(path: Path, text: str) -> None:
    """Write a file of its owner whole or not at all, on disk before the return.

    Raises:
        OSError: It cannot be written.
    """
    beside = fresh_beside(path, ".new")
    try:
        with beside.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def write_over(path: Path, text: str) -> None:
    """Write over somebody's own file whole or not at all; its rights stay, and a link to it stays a link.

    Raises:
        OSError: It cannot be written.
    """
    place = path.resolve()
    rights = stat.S_IMODE(place.stat().st_mode)
    beside = fresh_beside(place, ".new")
    try:
        with beside.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.chmod(rights)
        beside.replace(place)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
