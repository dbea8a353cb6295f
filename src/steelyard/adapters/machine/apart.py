"""Somebody else's library in a process of its own, which can be left when it does not come back.

Such a library asks other machines in its own way: without a deadline for the whole, without a limit to what
comes back, or in a loop that no exception ends. What it runs in is killed at the deadline, by whoever asked
or by itself where that one is gone, and has a limit on its memory.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

MEMORY = 2 << 30
"""Bytes of address space that such a process may have."""
LARGEST = 16_000_000
"""Bytes of what it gives back."""


class Left(Exception):
    """It did not come back in time, or its process ended without a word."""


def call(function: Callable[[Any], Any], facts: object, *, seconds: float) -> Any:
    """Return what a function returns that runs in a process of its own.

    Args:
        function: One of a module, which is imported there; it returns what JSON can say.
        facts: What it is given, as JSON can say it; it never stands on a command line.
        seconds: After which it is killed.

    Raises:
        Left: See there.
    """
    import subprocess

    # Imports must find what they find here, and nothing that lies in the current folder.
    paths = os.pathsep.join(path for path in sys.path if path)
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", __name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": paths, "PYTHONIOENCODING": "utf-8"},
    )
    asked = json.dumps(
        {"module": function.__module__, "name": function.__name__, "facts": facts, "seconds": seconds}
    )
    try:
        out, _ = process.communicate(asked.encode(), seconds)
    except subprocess.TimeoutExpired:
        raise Left from None
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    try:
        return json.loads(out)["found"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Left from None


def _serve() -> None:
    """Answer one call: what comes in on standard input, what goes out on standard output."""
    # Whatever the library prints must not get between.
    out = os.dup(1)
    os.dup2(2, 1)
    asked = json.loads(sys.stdin.buffer.read())
    _limit(asked["seconds"])
    found = getattr(import_module(asked["module"]), asked["name"])(asked["facts"])
    text = json.dumps({"found": found}).encode()
    if len(text) <= LARGEST:
        with os.fdopen(out, "wb") as file:
            file.write(text)
            file.flush()
    # A thread that the library left waiting would keep the process.
    os._exit(0)


def _limit(seconds: float) -> None:
    """Limit memory, and end by itself soon after the deadline: whoever asked may have been killed."""
    try:
        import resource
        import signal
    except ImportError:  # Windows
        return
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds + 1)
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    if most == resource.RLIM_INFINITY or most > MEMORY:
        try:
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, most))
        except (OSError, ValueError):  # some systems know the limit and do not let it be set
            return


if __name__ == "__main__":
    _serve()
