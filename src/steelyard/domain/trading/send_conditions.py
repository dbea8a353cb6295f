"""What must hold at the very moment an order becomes sent, asked of the book in the same transaction.

Whoever carries a plan out looked at halt, approval and arming before; between that look and the order
anything may have happened, in another process too. So the book itself looks again, and its word decides.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from decimal import Decimal

from steelyard.domain.money import ZERO, plain
from steelyard.domain.trading.arming import Arming
from steelyard.domain.trading.orders import Order
from steelyard.errors import PlanError
from steelyard.records import dataclass
from steelyard.words import join, say


@dataclass(frozen=True, slots=True)
class SendConditions:
    """On whose word an order is sent.

    Attributes:
        halts: How many halts there had been when the run began: one more ends the run, lifted or not.
        unattended: Nobody is looking, so that the arming must cover it.
        amount: What the order may cost at most, base currency.
        proven: How many approvers must have proved to be who they say.
    """

    halts: int
    unattended: bool = False
    amount: Decimal = ZERO
    proven: int = 0


def need(
    conditions: SendConditions,
    *,
    halted: str,
    halts: int,
    approved: Collection[str],
    proven: Collection[str],
    arming: Arming | None,
    on: date,
) -> None:
    """Return when an order may become sent.

    Args:
        conditions: On whose word.
        halted: Why everything is halted, empty when it is not.
        halts: How many halts there have been by now.
        approved: Who approved the plan and attempt.
        proven: Who of them proved to be who they say.
        arming: The leave to trade unattended.
        on: Today.

    Raises:
        PlanError: It may not (`halted`, `not-approved`, `second-approval`, `not-armed`).
    """
    if halted:
        raise PlanError(
            "halted", say("everything is halted: {why}", why=halted), say("run `steelyard resume`")
        )
    if halts != conditions.halts:
        raise PlanError(
            "halted",
            say("it was halted meanwhile, and that ended this run"),
            say("look at `steelyard orders`, then run it again"),
        )
    if not approved:
        raise PlanError(
            "not-approved",
            say("this plan was not approved"),
            say("look at the dry run, then run it again with --live"),
        )
    if len(proven) < conditions.proven:
        raise PlanError(
            "second-approval",
            say("{count} of {needed} approvals are there", count=len(proven), needed=conditions.proven),
            say("let two of [approvers] in execution.toml run `steelyard approve` on the same plan"),
        )
    if conditions.unattended and (arming is None or not arming.covers(conditions.amount, on)):
        raise not_armed(conditions.amount, arming)


def not_armed(amount: Decimal, arming: Arming | None) -> PlanError:
    """Return the error of what no arming covers, with what the orders may cost at most."""
    if arming is None:
        text = say("unattended execution is not armed")
    else:
        text = say(
            "unattended execution is not armed for {amount}: it is for {most} until {day}, "
            "and {spent} are spent",
            amount=plain(amount),
            most=plain(arming.max_amount),
            day=arming.until,
            spent=plain(arming.spent),
        )
    return PlanError("not-armed", text, say("run `steelyard arm --until DATE --max-amount AMOUNT`"))


def changed(order: Order, now: Order) -> PlanError:
    """Return the error of an order that is not what its plan asks for, or not waiting to be sent any more."""
    return PlanError(
        "order-changed",
        say(
            "{id} is {state}: {side} {shares} {symbol} in the book, to be sent was {planned}",
            id=order.id[:11],
            state=now.state,
            side=now.side,
            shares=plain(now.shares),
            symbol=now.symbol,
            planned=join(" ", (order.side, plain(order.shares), order.symbol)),
        ),
        say("run `steelyard audit verify`; nothing was sent"),
    )
