"""How the owner wants plans carried out: limits, prices, patience, and which broker serves whom."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from steelyard.domain.money import ZERO
from steelyard.domain.trading.guardrails import OrderLimits
from steelyard.records import dataclass, field


@dataclass(frozen=True, slots=True)
class ExecutionTerms:
    """How the owner wants plans carried out.

    Attributes:
        limits: For the guardrails.
        limit_distance: How much worse than the plan's price an order may trade, a fraction; None asks
            for market orders.
        max_plan_age_hours: Older plans are refused.
        max_price_move: A plan is refused when a price moved more than this fraction since.
        settled_only: Buy with settled money only.
        polls: How often the broker is asked before leaving the rest for the next call.
        poll_seconds: Time between.
        unknown_after_hours: An order nobody sees for so long after it was sent is over.
        attempts: How often an order the broker certainly did not take is offered in one run.
    """

    limits: OrderLimits = field(default_factory=OrderLimits)
    limit_distance: Decimal | None = Decimal("0.005")
    max_plan_age_hours: int = 24
    max_price_move: Decimal = Decimal("0.02")
    settled_only: bool = False
    polls: int = 30
    poll_seconds: int = 2
    unknown_after_hours: int = 24
    attempts: int = 3


ON_PAPER = "paper"
"""The broker of an account that no other is named for."""


@dataclass(frozen=True, slots=True)
class ExecutionSettings:
    """What `execution.toml` says.

    Attributes:
        terms: For every plan.
        brokers: Account to broker; accounts not named are on paper.
        paper_commission: What the paper broker charges, a fraction.
        approvers: Name to the SHA-256 of the secret that belongs to it.
        integrated_margin: Dollars at KIS may be bought for won (its integrated margin service).
        paper_fill_at_most: Most shares it fills at a time, None for all.
    """

    terms: ExecutionTerms = ExecutionTerms()
    brokers: Mapping[str, str] = field(default_factory=dict)
    paper_commission: Decimal = ZERO
    paper_fill_at_most: Decimal | None = None
    integrated_margin: bool = False
    approvers: Mapping[str, str] = field(default_factory=dict)

    def broker_of(self, account: str) -> str:
        """Return what the broker of an account is called here."""
        return self.brokers.get(account, ON_PAPER)
