"""The only place that pairs ports with adapters, one module for each thing that needs several of them.

The functions of all modules are names of this package; a module is imported when one of its names is used,
since `check` and `plan` need one of them only.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from steelyard.bootstrap.batch import (
        batch_engine,
        batch_results,
        batch_table,
        batch_tables,
        batch_work,
    )
    from steelyard.bootstrap.books import (
        instruments,
        journal_entries,
        journal_rows,
        market_rates,
        models,
        new_portfolio_text,
        packaged_instruments,
        portfolio,
        portfolio_of,
        sample,
        sessions,
    )
    from steelyard.bootstrap.brokers import desk, fill_books, paper_accounts
    from steelyard.bootstrap.clock import today, today_at
    from steelyard.bootstrap.folder import Folder
    from steelyard.bootstrap.journal import (
        account_names,
        beginning,
        begun_portfolio_text,
        file_alone,
        file_columns,
        import_formats,
        import_options,
        imported,
        journal_to_look_at,
        much_to_keep,
        open_journal,
    )
    from steelyard.bootstrap.lab import backtest_tax, history_of, with_paid_out
    from steelyard.bootstrap.order_books import only_looked_at, order_book, order_book_to_look_at
    from steelyard.bootstrap.order_state import has_record, has_unknown_orders
    from steelyard.bootstrap.page import (
        models_of_clients,
        note_taken,
        page_password,
        page_token,
        portfolio_files,
        sample_text,
        send_signed,
        webhook_secret,
        webhook_taken,
        write_models_of_clients,
    )
    from steelyard.bootstrap.scheduled import (
        Automation,
        automation,
        automation_settings,
        crontab,
        database_copies,
        installation,
        recorded,
        run_lock,
    )
    from steelyard.bootstrap.targets import edited_policy, edited_targets, policy_keys, write_edited
    from steelyard.bootstrap.tax import stated_sales, tax_figures, tax_situation
    from steelyard.bootstrap.trading import (
        approver,
        execution_settings,
        market,
        past_portfolio,
        plan_to_save,
        save_plan,
    )

__all__ = [
    "Automation",
    "Folder",
    "account_names",
    "approver",
    "automation",
    "automation_settings",
    "backtest_tax",
    "batch_engine",
    "batch_results",
    "batch_table",
    "batch_tables",
    "batch_work",
    "beginning",
    "begun_portfolio_text",
    "crontab",
    "database_copies",
    "desk",
    "edited_policy",
    "edited_targets",
    "execution_settings",
    "file_alone",
    "file_columns",
    "fill_books",
    "has_record",
    "has_unknown_orders",
    "history_of",
    "import_formats",
    "import_options",
    "imported",
    "installation",
    "instruments",
    "journal_entries",
    "journal_rows",
    "journal_to_look_at",
    "market",
    "market_rates",
    "models",
    "models_of_clients",
    "much_to_keep",
    "new_portfolio_text",
    "note_taken",
    "only_looked_at",
    "open_journal",
    "order_book",
    "order_book_to_look_at",
    "packaged_instruments",
    "page_password",
    "page_token",
    "paper_accounts",
    "past_portfolio",
    "plan_to_save",
    "policy_keys",
    "portfolio",
    "portfolio_files",
    "portfolio_of",
    "recorded",
    "run_lock",
    "sample",
    "sample_text",
    "save_plan",
    "send_signed",
    "sessions",
    "stated_sales",
    "tax_figures",
    "tax_situation",
    "today",
    "today_at",
    "webhook_secret",
    "webhook_taken",
    "with_paid_out",
    "write_edited",
    "write_models_of_clients",
]

_MODULES = {
    "batch": ("batch_engine", "batch_results", "batch_table", "batch_tables", "batch_work"),
    "brokers": ("desk", "fill_books", "paper_accounts"),
    "clock": ("today", "today_at"),
    "folder": ("Folder",),
    "journal": (
        "account_names",
        "beginning",
        "begun_portfolio_text",
        "file_alone",
        "file_columns",
        "import_formats",
        "import_options",
        "imported",
        "journal_to_look_at",
        "much_to_keep",
        "open_journal",
    ),
    "lab": ("backtest_tax", "history_of", "with_paid_out"),
    "order_books": ("only_looked_at", "order_book", "order_book_to_look_at"),
    "order_state": ("has_record", "has_unknown_orders"),
    "page": (
        "models_of_clients",
        "note_taken",
        "page_password",
        "page_token",
        "portfolio_files",
        "sample_text",
        "send_signed",
        "webhook_secret",
        "webhook_taken",
        "write_models_of_clients",
    ),
    "scheduled": (
        "Automation",
        "automation",
        "automation_settings",
        "crontab",
        "database_copies",
        "installation",
        "recorded",
        "run_lock",
    ),
    "targets": ("edited_policy", "edited_targets", "policy_keys", "write_edited"),
    "tax": ("stated_sales", "tax_figures", "tax_situation"),
    "trading": (
        "approver",
        "execution_settings",
        "past_portfolio",
        "market",
        "plan_to_save",
        "save_plan",
    ),
}
"""Names by module; the others are in `books`."""


def __getattr__(name: str) -> Any:
    if name in __all__:
        home = next((module for module, names in _MODULES.items() if name in names), "books")
        found = getattr(import_module(f"{__name__}.{home}"), name)
        # Found once, it is a name of this module: the next use costs no search.
        globals()[name] = found
        return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
