"""Compiled functions in several files, with a cache on disk that no edit can make stale.

numba's own cache watches only the file of the function it compiles, so a change to a function that it
calls from another file silently keeps the old machine code. Here the cache folder is named by a hash of
every kernel file: files whose names end in `_kernel.py`, the only ones that may hold compiled functions or
constants that these read.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from steelyard.extras import ExtraMissing
from steelyard.words import say

try:
    import numba
except ImportError:
    raise ExtraMissing("lab", say("a backtest"), "numba") from None

_FORGET_AFTER_DAYS = 7
"""A process that runs an older version meanwhile only compiles again."""
_SECONDS_A_DAY = 86_400


def compiled(function: Callable[..., Any]) -> Any:
    """Compile a function that Python calls.

    It releases the interpreter lock, divides as IEEE 754 does, and never reorders or fuses arithmetic.
    """
    return _compile(function)


def inner(function: Callable[..., Any]) -> Any:
    """Compile a function that only compiled ones call: without its doors for Python it compiles faster."""
    return _compile(function, no_cpython_wrapper=True, no_cfunc_wrapper=True)


def _compile(function: Callable[..., Any], **options: bool) -> Any:
    folder = cache_folder()
    # numba asks for its cache folder when it decorates, and knows only this one switch for it.
    config: Any = numba.config
    before = config.CACHE_DIR
    config.CACHE_DIR = str(folder or "")
    try:
        jit: Any = numba.njit
        return jit(cache=folder is not None, nogil=True, error_model="numpy", **options)(function)
    finally:
        config.CACHE_DIR = before


@cache
def cache_folder() -> Path | None:
    """Return where this version of the kernels keeps machine code, None where nothing can be written.

    It is beside this file, or where that cannot be written in the user's own cache (`XDG_CACHE_HOME`).
    """
    name = f"compiled-{sources_hash()}"
    own = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    for parent in (Path(__file__).parent / "__pycache__", own / "steelyard"):
        folder = parent / name
        try:
            if not folder.is_dir():
                folder.mkdir(parents=True, exist_ok=True)
                _forget_older(parent)
            tempfile.TemporaryFile(dir=folder).close()
        except OSError:
            continue
        return folder
    return None


def sources_hash(root: Path | None = None) -> str:
    """Return the hash of all kernel files under a folder, this package's unless given."""
    digest = hashlib.sha256()
    root = root or Path(__file__).parent
    for path in [Path(__file__), *sorted(root.rglob("*_kernel.py"))]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _forget_older(parent: Path) -> None:
    """Delete what earlier versions of the kernels left, once it is some days old."""
    for folder in parent.glob("compiled-*"):
        try:
            age = time.time() - folder.stat().st_mtime
        except OSError:
            continue
        if age > _FORGET_AFTER_DAYS * _SECONDS_A_DAY:
            shutil.rmtree(folder, ignore_errors=True)
