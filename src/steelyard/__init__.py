"""Steelyard keeps an ETF portfolio on target: when to rebalance and exactly what to trade.

    import steelyard
    portfolio = steelyard.load("portfolio.toml")
    report = steelyard.check(portfolio)
    plan = steelyard.invest(portfolio, "1000000")

The functions are imported on first use, so that `import steelyard` costs nothing. It calculates from its
owner's own targets and is no advice.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from steelyard.api import batch as batch
    from steelyard.api.automation import (
        backup,
        doctor,
        install_schedule,
        masked,
        notifications,
        remove_schedule,
        restore,
        run,
        schedule_text,
        scheduled,
        try_services,
    )
    from steelyard.api.books import build, history, holdings, load, values
    from steelyard.api.journal import import_, import_formats, open_journal, record, undo
    from steelyard.api.lab import backtest, backtest_portfolio, compare, compare_portfolio
    from steelyard.api.market import (
        check_prices,
        fetch_prices,
        find,
        models,
        sample,
        set_price,
        stored_prices,
        template,
        template_from,
    )
    from steelyard.api.orders import orders
    from steelyard.api.planning import invest, plan, ways, what_if, withdraw
    from steelyard.api.policy import check, new_targets, targets_from_holdings, write_targets
    from steelyard.api.tax import harvest, reconcile, tax
    from steelyard.api.trading import (
        anchor_audit,
        approve,
        arm,
        audit,
        cancel,
        disarm,
        execute,
        follow_orders,
        halt,
        replay,
        resume,
        save_plan,
        sync,
        trade_report,
        verify_audit,
    )

__version__ = "0.1.0"
__all__ = [
    "__version__",
    "anchor_audit",
    "approve",
    "arm",
    "audit",
    "backtest",
    "backtest_portfolio",
    "backup",
    "band_map",
    "bands",
    "build",
    "cancel",
    "check",
    "check_prices",
    "compare",
    "compare_portfolio",
    "deposits",
    "disarm",
    "doctor",
    "execute",
    "fetch_prices",
    "find",
    "follow_orders",
    "halt",
    "harvest",
    "history",
    "holdings",
    "import_",
    "import_formats",
    "install_schedule",
    "invest",
    "literature",
    "load",
    "masked",
    "models",
    "new_targets",
    "notifications",
    "open_journal",
    "orders",
    "plan",
    "reconcile",
    "record",
    "remove_schedule",
    "replay",
    "restore",
    "resume",
    "rule_duels",
    "run",
    "sample",
    "save_plan",
    "schedule_text",
    "scheduled",
    "set_price",
    "stored_prices",
    "sync",
    "targets_from_holdings",
    "tax",
    "template",
    "template_from",
    "trade_report",
    "try_services",
    "undo",
    "values",
    "verify_audit",
    "ways",
    "what_if",
    "withdraw",
    "write_targets",
]

_ROOMS = {
    "advice": ("band_map", "bands", "deposits", "literature", "rule_duels"),
    "automation": (
        "backup",
        "doctor",
        "install_schedule",
        "masked",
        "notifications",
        "remove_schedule",
        "restore",
        "run",
        "schedule_text",
        "scheduled",
        "try_services",
    ),
    "books": ("build", "history", "holdings", "load", "values"),
    "journal": ("import_", "import_formats", "open_journal", "record", "undo"),
    "lab": ("backtest", "backtest_portfolio", "compare", "compare_portfolio"),
    "market": (
        "check_prices",
        "fetch_prices",
        "find",
        "models",
        "sample",
        "set_price",
        "stored_prices",
        "template",
        "template_from",
    ),
    "orders": ("orders",),
    "planning": ("invest", "plan", "ways", "what_if", "withdraw"),
    "policy": ("check", "new_targets", "targets_from_holdings", "write_targets"),
    "tax": ("harvest", "reconcile", "tax"),
    "trading": (
        "anchor_audit",
        "approve",
        "arm",
        "audit",
        "cancel",
        "disarm",
        "execute",
        "follow_orders",
        "halt",
        "replay",
        "resume",
        "save_plan",
        "sync",
        "trade_report",
        "verify_audit",
    ),
}
"""Names by module of `steelyard.api`."""


def __getattr__(name: str) -> Any:
    if name == "batch":  # A room of its own: its functions are called as those for one account.
        return import_module("steelyard.api.batch")
    room = next((room for room, names in _ROOMS.items() if name in names), None)
    if room is None:
        raise AttributeError(f"module 'steelyard' has no attribute {name!r}")
    found = getattr(import_module(f"steelyard.api.{room}"), name)
    globals()[name] = found  # The next time this function is not asked.
    return found


def __dir__() -> list[str]:
    return __all__
