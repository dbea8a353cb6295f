"""Carrying plans out: saving and approving them, sending orders, hearing what became of them, the record.

These functions work beside a portfolio file and take its path first; it is resolved when they are called.
Nothing is sent to a broker but by `execute(..., live=True)`.
"""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from steelyard import bootstrap
from steelyard.api import planning
from steelyard.api.reading import Money, amount
from steelyard.app.trading import sync as trading
from steelyard.app.trading import trade_report as trade_reports
from steelyard.app.trading.execute import execute as carry_out
from steelyard.app.trading.saved_plans import differing
from steelyard.app.trading.watch_orders import follow
from steelyard.domain.money import plain
from steelyard.domain.trading.arming import Arming
from steelyard.errors import InputError, PlanError
from steelyard.records import dataclass
from steelyard.words import say

if TYPE_CHECKING:
    from steelyard.app.trading.execute import Execution
    from steelyard.app.trading.sync import AuditState, Story, SyncReport
    from steelyard.app.trading.trade_report import TradeReport
    from steelyard.bootstrap.folder import Place
    from steelyard.domain.portfolio import Portfolio
    from steelyard.domain.trades import Plan
    from steelyard.domain.trading.orders import Order
    from steelyard.domain.trading.saved_plans import SavedPlan


@dataclass(frozen=True, slots=True)
class Halted:
    """What became of the open orders: as they are now, and why some could not be cancelled, by id."""

    orders: tuple[Order, ...]
    failed: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Replayed:
    """A saved plan and the same made again; `differs` names what is not the same, empty when nothing is."""

    saved: SavedPlan
    again: SavedPlan
    differs: tuple[str, ...]


def save_plan(path: Place, portfolio: Portfolio, plan: Plan) -> SavedPlan:
    """Keep a plan in the database beside a portfolio file, to be approved and carried out.

    Args:
        path: The portfolio file.
        portfolio: From `load` of that file, as the plan was made on it.
        plan: From `plan`, `invest` or `withdraw`.

    Returns:
        What was saved; its `id` is the hash of all it holds.
    """
    return bootstrap.save_plan(bootstrap.Folder.of(path), portfolio, plan)


def approve(path: Place, plan: str = "latest", *, who: str | None = None) -> str:
    """Approve a saved plan, by its hash, without sending anything, and return its id.

    Args:
        path: The portfolio file.
        plan: Its id, the beginning of it, or `latest`.
        who: Who approves; the login name unless given. A name of [approvers] in execution.toml needs its
            secret.

    Raises:
        InputError: There is no such plan, or the secret is not there (`approver-secret`).
    """
    approver = bootstrap.approver(bootstrap.Folder.of(path), who or getpass.getuser())
    with bootstrap.order_book(bootstrap.Folder.of(path)) as book:
        saved = book.plan(plan)
        book.approve(saved.id, approver, _now())
    return saved.id


def execute(
    path: Place,
    plan: str = "latest",
    *,
    live: bool = False,
    who: str | None = None,
    unattended: bool = False,
) -> Execution:
    """Carry a saved plan out, or say what would be sent.

    Called again it goes on where it stopped; no order is ever sent twice.

    Args:
        path: The portfolio file.
        plan: Its id, the beginning of it, or `latest`.
        live: Send the orders; without it nothing is sent or written.
        who: Who approves it by calling; the login name unless given.
        unattended: Nobody is looking: needs `arm`.

    Raises:
        InputError, DataError, PlanError, ServiceError: See `steelyard.errors`.
    """
    folder = bootstrap.Folder.of(path)
    with ExitStack() as opened:
        if not live:
            folder = opened.enter_context(bootstrap.only_looked_at(folder))
        desk, settings, holder = opened.enter_context(bootstrap.desk(folder))
        saved = desk.book.plan(plan)
        market = bootstrap.market(folder, holder, saved, settings)
        name = bootstrap.approver(folder, who or getpass.getuser())
        return carry_out(desk, saved, market, settings.terms, live=live, who=name, unattended=unattended)


def follow_orders(path: Place, plan: str | None = None, *, pause: Callable[[], bool]) -> Iterator[Order]:
    """Yield every open order, and again each time it changes, until none is left; nothing is cancelled.

    Args:
        path: The portfolio file.
        plan: Only those of one plan.
        pause: Waits between two questions to the brokers; True ends it.
    """
    with bootstrap.desk(bootstrap.Folder.of(path)) as (desk, settings, _):
        plan_id = None if plan is None else desk.book.plan(plan).id
        hours = settings.terms.unknown_after_hours
        yield from follow(desk, plan_id, over_after_hours=hours, pause=pause)


def cancel(path: Place, order: str) -> Order:
    """Cancel an order by its id or the beginning of it, and return it as it is then: it may have filled.

    Raises:
        InputError: There is no such order, or more than one.
        ServiceError: The broker did not answer; the order stays as it was.
    """
    folder = bootstrap.Folder.of(path)
    with bootstrap.order_book_to_look_at(folder) as book:
        trading.find_order(book, order)
    with bootstrap.desk(folder) as (desk, _, _), desk.book.sole_run():
        return trading.cancel(desk, trading.find_order(desk.book, order))


def sync(path: Place, *, days: int = 30) -> SyncReport:
    """Ask the brokers for orders, fills, shares and cash; enter fills in the journal, report what differs.

    Args:
        path: The portfolio file.
        days: Fills of so many days, >= 0.
    """
    folder = bootstrap.Folder.of(path)
    with (
        bootstrap.desk(folder) as (desk, settings, _),
        desk.book.sole_run(),
        bootstrap.fill_books(folder, settings) as journal,
    ):
        return trading.sync(
            desk,
            lambda: bootstrap.portfolio(folder).accounts,
            since=(_now() - timedelta(days=days)).date(),
            journal=journal,
            over_after_hours=settings.terms.unknown_after_hours,
        )


def halt(
    path: Place, why: str = say("halted by the owner"), *, told: Callable[[], None] = lambda: None
) -> Halted:
    """Refuse everything until `resume`, then cancel what is open.

    Args:
        path: The portfolio file.
        why: One line for whoever meets the refusal.
        told: Called once the halt stands, before any broker is asked.
    """
    folder = bootstrap.Folder.of(path)
    # Written down first and alone: a broken portfolio file must not keep the switch from working.
    with bootstrap.order_book(folder) as book:
        book.halt(why, _now())
    told()
    with bootstrap.desk(folder) as (desk, _, _):
        return Halted(*trading.halt(desk, why))


def resume(path: Place) -> None:
    """Lift the halt."""
    with bootstrap.order_book(bootstrap.Folder.of(path)) as book:
        book.resume(_now())


def arm(path: Place, *, until: date, max_amount: Money) -> Arming:
    """Give leave to execute unattended.

    Args:
        path: The portfolio file.
        until: Last day, included; today (UTC) or later.
        max_amount: Most traded in all, base currency, > 0.

    Raises:
        InputError: The day is over, or the amount is not above zero (`arming`).
    """
    today, most = _now().date(), amount(max_amount)
    if until < today:
        raise InputError(
            "arming", say("{day} is over", day=until), say("write --until {day} or a later day", day=today)
        )
    if most <= 0:
        raise InputError(
            "arming", say("{amount} is not above 0", amount=plain(most)), say("write --max-amount 5000000")
        )
    leave = Arming(until, most)
    with bootstrap.order_book(bootstrap.Folder.of(path)) as book:
        book.arm(leave, _now())
    return leave


def disarm(path: Place) -> None:
    """Stop allowing unattended execution."""
    with bootstrap.order_book(bootstrap.Folder.of(path)) as book:
        book.disarm(_now())


def audit(path: Place, plan: str = "latest") -> Story:
    """Return everything that the audit record tells of a saved plan: decided, sent, answered."""
    with bootstrap.order_book_to_look_at(bootstrap.Folder.of(path)) as book:
        return trading.story(book, book.plan(plan).id)


def verify_audit(path: Place, *, head: str | None = None) -> AuditState:
    """Say whether the audit record is whole, and name the first broken link when it is not.

    Whole is a record whose links follow from each other, that ends where its anchor beside the database says,
    and that tells of every order, approval, halt and arming in the book.

    Args:
        path: The portfolio file.
        head: Count and hash that an alert or a backup told: the record must have gone on from there.

    Raises:
        InputError: That is no head (`audit-head`).
    """
    with bootstrap.order_book_to_look_at(bootstrap.Folder.of(path)) as book:
        broken = trading.verify(book) if head is None else trading.agrees_with(book, head)
        return trading.AuditState(links=book.head()[0], broken=broken, last=book.head()[1])


def anchor_audit(path: Place) -> AuditState:
    """Let the anchor follow the record as it is now, once its owner has looked why they differ.

    Raises:
        PlanError: The record itself is broken, which no anchor mends (`audit-broken`).
    """
    with bootstrap.order_book(bootstrap.Folder.of(path)) as book:
        broken = trading.verify_alone(book)
        if broken is not None:
            text = say("link {number}: {why}", number=broken.number, why=broken.why)
            raise PlanError("audit-broken", text, say("compare with a backup from before"))
        book.anchor_anew(_now())
        return trading.AuditState(book.head()[0], None, book.head()[1])


def replay(path: Place, plan: str = "latest") -> Replayed:
    """Make a saved plan again from what it was saved with, and compare the bytes.

    The words of the file, the options and the fetched prices are the saved ones; the journal is taken as far
    as it had been written then.
    """
    folder = bootstrap.Folder.of(path)
    with bootstrap.order_book_to_look_at(folder) as book:
        saved = book.plan(plan)
    options = saved.inputs["options"]
    drift = options["accept_drift"]
    if drift is None and options["save_tax"]:
        drift = "0.5%"
    holder = bootstrap.past_portfolio(folder, saved.inputs)
    made = planning.plan(
        holder,
        cash=options["cash"],
        as_of=date.fromisoformat(options["as_of"]),
        account=options["account"],
        can_buy=not options["no_buy"],
        can_sell=not options["no_sell"],
        sell=options.get("sell", "any"),
        fractional=options["fractional"],
        objective=options["objective"],
        policy_gate=options["policy_gate"],
        max_tax=options["max_tax"],
        max_gain=options["max_gain"],
        allow_wash_sales=options.get("allow_wash_sales", False),
        accept_drift=drift,
        harvest=options["harvest"],
        save_tax=options["save_tax"],
        relocate=options.get("relocate", False),
    )
    again = bootstrap.plan_to_save(holder, made, options["account"], saved.inputs)
    return Replayed(saved, again, differing(saved, again))


def trade_report(path: Place, quarter: str) -> TradeReport:
    """Match every trade of a quarter (`2026Q4`) to the rule that caused it.

    A trade is an order that filled, in part or in full; a fill that the broker reported and no Steelyard
    order matches is one, too, without a rule.
    """
    with bootstrap.order_book_to_look_at(bootstrap.Folder.of(path)) as book:
        return trade_reports.trade_report(book, quarter)


def _now() -> datetime:
    return datetime.now(UTC)
