"""Saved plans, who approves them and the prices of now: what carrying a plan out begins with."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from steelyard.adapters.database.connection import connect
from steelyard.adapters.database.journal import last_number
from steelyard.adapters.database.prices import StoredPrices
from steelyard.adapters.files import execution as execution_file
from steelyard.adapters.machine import trading_hours
from steelyard.adapters.machine.clock import SystemClock
from steelyard.adapters.machine.secret_store import SecretStore
from steelyard.app.check import check
from steelyard.app.trading.market import Sources
from steelyard.app.trading.market import market as assemble
from steelyard.app.trading.saved_plans import inputs_of, options_of, prices_then, saved_plan
from steelyard.bootstrap.books import (
    held_by,
    journal_rows,
    portfolio_file,
    sessions,
    with_books_of,
)
from steelyard.bootstrap.clock import today_at
from steelyard.bootstrap.folder import Folder
from steelyard.bootstrap.order_books import order_book
from steelyard.bootstrap.prices import price_settings, price_sources
from steelyard.domain.books.ledger import entries_then
from steelyard.domain.portfolio import Portfolio
from steelyard.domain.trading.approvals import Approver, proven

if TYPE_CHECKING:
    from steelyard.app.trading.market import Market
    from steelyard.domain.trades import Plan
    from steelyard.domain.trading.execution import ExecutionSettings
    from steelyard.domain.trading.saved_plans import SavedPlan


def execution_settings(folder: Folder) -> ExecutionSettings:
    """Read the execution file beside a portfolio file."""
    return execution_file.read(folder.execution, folder.shown(folder.execution))


def market(folder: Folder, holder: Portfolio, plan: SavedPlan, settings: ExecutionSettings) -> Market:
    """Return the prices of now for a plan; with a collar the other price sources are asked, too."""
    limits = settings.terms.limits
    collar = limits.collar is not None and limits.second_needed
    asked = price_settings(folder)
    with closing(connect(folder.database)) as connection:
        records = StoredPrices(connection, folder.database)
        return assemble(
            holder,
            portfolio_file(folder).outline()[1],
            datetime.fromtimestamp(folder.file.stat().st_mtime, UTC),
            Sources(price_sources(folder, asked), records, asked, SystemClock(), trading_hours.close_of),
            second_for={t.symbol for t in (*plan.trades, *plan.conversions)} if collar else (),
            accounts=plan.accounts,
            traded=[t.symbol for t in plan.trades],
            as_of=today_at(folder),
        )


def approver(folder: Folder, who: str) -> Approver:
    """Return somebody who approves: proven by the secret that belongs to a name of execution.toml.

    Raises:
        InputError: The name is one of those, and the secret is not there or is another (`approver-secret`).
    """
    settings = execution_file.read(folder.execution, folder.shown(folder.execution))
    if who not in settings.approvers:
        return Approver(who)
    secret = SecretStore(os.environ, folder.secrets).approver(who)
    return proven(who, settings.approvers[who], secret)


def past_portfolio(folder: Folder, inputs: Mapping[str, Any]) -> Portfolio:
    """Return a portfolio as a plan was saved with it: words of the file, fetched prices, journal so far."""
    past = entries_then(journal_rows(folder), inputs.get("entries", 0))
    found = portfolio_file(folder, past, inputs["file"]).load(*prices_then(inputs))
    return with_books_of(folder, held_by(found, past, date.max), past)


def save_plan(folder: Folder, holder: Portfolio, plan: Plan) -> SavedPlan:
    """Keep a plan in the database beside the portfolio file, with what it takes to make it again."""
    options = options_of(plan)
    inputs = inputs_of(
        holder,
        folder.file.read_text(encoding="utf-8-sig"),
        folder.file.name,
        options,
        fetched=portfolio_file(folder).outline()[1],
        entries=last_number(folder.database),
    )
    saved = plan_to_save(holder, plan, options["account"], inputs)
    with order_book(folder) as book:
        book.save_plan(saved, SystemClock().now())
    return saved


def plan_to_save(holder: Portfolio, plan: Plan, account: str | None, inputs: Mapping[str, Any]) -> SavedPlan:
    """Return a plan as it is saved, with what the policy said on its day."""
    decision = check(holder, sessions(), as_of=plan.as_of).decision
    return saved_plan(holder, plan, decision, flow_account=account, inputs=inputs)
