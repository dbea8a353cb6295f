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

_NO_DOORS = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}

_FORGET_AFTER_DAYS = 7
"""A process that runs an older version meanwhile only compiles again."""
_SECONDS_A_DAY = 86_400


def compiled(function: Callable[..., Any]) -> Any:
    """Compile a function that Python calls.

    It releases the interpreter lock, divides as IEEE 754 does, and never reorders or fuses arithmetic.
    Arrays are borrowed from the caller: nothing counts who holds them, which took longer than many a session
    of a backtest, and longer to compile. A function that makes arrays is under `compiled_with_arrays`.
    """
    return _compile(function, _nrt=False)


def compiled_with_arrays(function: Callable[..., Any]) -> Any:
    """Compile a function that Python calls and that makes arrays, or is given new ones by what it calls."""
    return _compile(function, _nrt=True)


def inner(function: Callable[..., Any]) -> Any:
    """Compile a function that only compiled ones call: without its doors for Python it compiles faster."""
    return _compile(function, _nrt=False, **_NO_DOORS)


def inner_with_arrays(function: Callable[..., Any]) -> Any:
    """Do the same where the function makes arrays, or is given new ones by what it calls."""
    # Said, since it would take over from the function that calls it that nothing is counted.
    return _compile(function, _nrt=True, **_NO_DOORS)


def inlined(function: Callable[..., Any]) -> Any:
    """Copy a function into the compiled ones that call it, before they are compiled.

    For parts that need many arrays at every step: handing those over would take longer than the part. An
    argument that is None leaves its code out, as it does for a function that Python calls. Keep them short:
    numba copies slowly.
    """
    return _compile(function, _nrt=False, inline="always")


def _compile(function: Callable[..., Any], **options: bool | str) -> Any:
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
