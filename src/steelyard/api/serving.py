"""What the page of a portfolio needs beside the reports that everybody has."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from steelyard import bootstrap
from steelyard.records import dataclass

if TYPE_CHECKING:
    from steelyard.bootstrap.folder import Place
    from steelyard.domain.trading.orders import Order
    from steelyard.domain.trading.saved_plans import SavedPlan


@dataclass(frozen=True, slots=True)
class KeptPlan:
    """A saved plan and how far it is.

    Attributes:
        plan: What was saved.
        approved_by: Who approved the attempt that goes on or comes next.
        finished: Its last attempt is over.
    """

    plan: SavedPlan
    approved_by: frozenset[str]
    finished: bool


@dataclass(frozen=True, slots=True)
class OrderState:
    """What the order book of a portfolio file tells.

    Attributes:
        plans: Every saved plan, the newest first.
        orders: Every order, as it was last heard of.
        halted: Why everything is halted, empty when it is not.
    """

    plans: tuple[KeptPlan, ...]
    orders: tuple[Order, ...]
    halted: str


def order_state(path: Place) -> OrderState:
    """Return what the order book beside a portfolio file tells; no broker is asked, nothing is written."""
    with bootstrap.order_book_to_look_at(bootstrap.Folder.of(path)) as book:
        over = book.finished()
        found = [
            KeptPlan(plan, book.approvals(plan.id, book.attempt(plan.id)), plan.id in over)
            for plan in book.plans(datetime.min.replace(tzinfo=UTC))
        ]
        return OrderState(tuple(reversed(found)), tuple(book.orders(None)), book.halted())


def kept_plan(path: Place, plan_id: str) -> KeptPlan | None:
    """Return the saved plan of an id, written out; None where there is none."""
    return next((kept for kept in order_state(path).plans if kept.plan.id == plan_id), None)


def page_token(path: Place) -> str:
    """Return what programs show to the page of a portfolio file; kept beside it, for its owner alone.

    Args:
        path: The portfolio file.

    Raises:
        InputError: The file of the token cannot be used (`page-token`).
    """
    return bootstrap.page_token(bootstrap.Folder.of(path))


def sample_text() -> str:
    """Return the bundled sample portfolio as a file holds it."""
    return bootstrap.sample_text()
