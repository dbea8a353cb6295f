"""Steelyard keeps an ETF portfolio on target: when to rebalance and exactly what to trade.

The library's functions are `load`, `check`, `plan`, `invest`, `withdraw`, `backtest` and `compare`; they are
imported on first use, so that `import steelyard` costs nothing. It calculates from its owner's own targets
and is no advice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from steelyard.api import check, invest, load, plan, withdraw
    from steelyard.api.lab import backtest, compare

__version__ = "0.1.0"
__all__ = ["__version__", "backtest", "check", "compare", "invest", "load", "plan", "withdraw"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        # Not `from steelyard import api`: that would ask this function for `api` again.
        import importlib

        home = "steelyard.api.lab" if name in ("backtest", "compare") else "steelyard.api"
        found = getattr(importlib.import_module(home), name)
        globals()[name] = found  # The next time this function is not asked.
        return found
    raise AttributeError(f"module 'steelyard' has no attribute {name!r}")
