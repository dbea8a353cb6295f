"""What is installed here, as another machine would be told to install it."""

from __future__ import annotations

import platform
import re
from importlib.metadata import PackageNotFoundError, requires, version


def python() -> str:
    """Return the version of Python, as `3.12`."""
    return ".".join(platform.python_version_tuple()[:2])


def pins() -> tuple[str, ...]:
    """Return steelyard and all it rests on as `name==version`: itself first, then by name.

    Extras are left out, and so is what this system has no use for.
    """
    found: dict[str, str] = {}
    waiting = ["steelyard"]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            # Asked for by another system or Python.
            continue
        for line in requires(name) or ():
            needed, _, condition = line.partition(";")
            if "extra" not in condition:
                waiting.append(
                    re.split(r"[^A-Za-z0-9._-]", needed.strip(), maxsplit=1)[0].lower().replace("_", "-")
                )
    own = found.pop("steelyard")
    return (f"steelyard=={own}", *(f"{name}=={found[name]}" for name in sorted(found)))
