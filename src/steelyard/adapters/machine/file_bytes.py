"""The bytes of a file that somebody names: a regular file, of a size that one of its kind can have.

A pipe, a device or a file that never ends would be read for ever, or fill the memory: such a thing is an
`OSError` like one that may not be read, so that whoever asks has one kind of failure to tell about.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from steelyard.words import say


class TooLarge(OSError):
    """A file has more bytes than one of its kind can have."""


def read_file(path: Path, largest: int) -> bytes:
    """Return the bytes of a file.

    Args:
        path: A regular file, or a link to one.
        largest: Bytes that one of its kind may have.

    Raises:
        OSError: There is none, it may not be read, or it is no regular file; `TooLarge` where it is one
            with too many bytes. `strerror` says it in the owner's words.
    """
    # Else opening a pipe that nobody writes to would wait for somebody.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with open(handle, "rb") as file:
        mode = os.fstat(handle).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, say("it is a pipe or a device, not a file"), str(path))
        data = file.read(largest + 1)
    if len(data) > largest:
        text = say("it has more than {largest:,} bytes, which no file of its kind has", largest=largest)
        raise TooLarge(errno.EFBIG, text, str(path))
    return data


def is_file(path: Path) -> bool:
    """Say whether a path leads to a regular file; False for a name that no file can have."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
