"""A lock that one run holds: the second leaves at once, and a killed one leaves nothing behind.

The operating system drops it with the process, so there is no stale lock to clean up.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from steelyard.adapters.machine.private import make_private
from steelyard.errors import InputError
from steelyard.words import say

NAME = "steelyard.lock"


@contextmanager
def run_lock(folder: Path) -> Iterator[bool]:
    """Hold the lock of a folder; gives False when another process holds it.

    Raises:
        InputError: The folder cannot be written.
    """
    try:
        make_private(folder / NAME)
        handle = os.open(folder / NAME, os.O_RDWR | getattr(os, "O_CLOEXEC", 0))
    except OSError as error:
        raise InputError(
            "unwritable",
            say("{folder} cannot be written: {strerror}", folder=folder / NAME, strerror=error.strerror),
            say("automation keeps its records beside the portfolio file: make the folder writable"),
        ) from None
    try:
        yield _take(handle)
    finally:
        os.close(handle)


def _take(handle: int) -> bool:
    if os.name == "nt":  # pragma: no cover - not run on this system
        import msvcrt

        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined, unused-ignore]
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
