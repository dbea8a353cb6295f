"""When machine code is worth loading: a process begins without it.

To load it takes half a second, and to make it, once a version, several; plain code does little work in less.
So a process begins with plain code, and loads the rest when that has taken as long as loading would have: a
loop of many backtests pays for it once, a single one never. What both compute is the same, bit for bit.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

PATIENCE = 0.5
"""Seconds of plain work in a process before machine code is loaded."""


class _Process:
    """What this process has done so far."""

    spent = 0.0
    loaded = False


def load_for(seconds: float) -> bool:
    """Say whether machine code is loaded, or so much more plain work is reason to load it."""
    if not _Process.loaded and _Process.spent + seconds > PATIENCE:
        _Process.loaded = True
    return _Process.loaded


def spent(seconds: float) -> None:
    """Count plain work that was done."""
    _Process.spent += seconds


class Kernels:
    """A module of compiled functions that is imported once machine code is worth loading."""

    __slots__ = ("_module", "_name")

    def __init__(self, name: str) -> None:
        """Remember a module by its full name."""
        self._name = name
        self._module: Any = None

    def at_hand(self, seconds: float = 0.0) -> Any:
        """Return the module, None while plain code is to do; see `load_for`."""
        if self._module is None and load_for(seconds):
            self._module = import_module(self._name)
        return self._module
