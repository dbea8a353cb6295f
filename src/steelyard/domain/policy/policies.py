"""When a rebalance is due: by the calendar, by bands, or both.

One definition serves `check`, automation and the backtest. A band is crossed when drift is MORE
than it; of two bands the tighter one decides. Every rule that fires gives its reason as a value.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Literal, Protocol, get_args

from steelyard.domain.money import EXACT, ZERO, figure
from steelyard.domain.policy.drift import Drift
from steelyard.domain.policy.looks import LOOK_ATS, LOOKS, Look, LookAt, last_look, look_name, next_look
from steelyard.records import dataclass
from steelyard.words import say

PolicyKind = Literal["calendar", "threshold", "hybrid", "hold"]
Destination = Literal["target", "edge", "halfway"]
KINDS: tuple[PolicyKind, ...] = get_args(PolicyKind)
DESTINATIONS: tuple[Destination, ...] = get_args(Destination)
__all__ = [
    "DESTINATIONS", "KINDS", "LOOKS", "LOOK_ATS", "Decision", "OwnBand", "Policy", "Reason", "band",
    "bands_of", "decide",
]  # fmt: skip

_TENTH = Decimal("0.1")


class OpenDays(Protocol):
    """Which days an exchange trades; the `Sessions` port satisfies it."""

    def is_session(self, exchange: str, day: date) -> bool:
        """Say whether the exchange has a session on the day."""
        ...


@dataclass(frozen=True, slots=True)
class OwnBand:
    """A band of its own for one target, in place of the policy's two.

    Attributes:
        name: The target: a symbol or a class.
        threshold, relative_threshold: As of a policy; at least one.
    """

    name: str
    threshold: Decimal | None = None
    relative_threshold: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """When to rebalance and where to.

    Attributes:
        kind: calendar | threshold | hybrid (hold: never, for backtests).
        look: How often automation looks: see LOOKS.
        look_at: first | last session of the period.
        threshold: Absolute band half-width, fraction of the managed value, None for none.
        relative_threshold: Relative band half-width, fraction of the target, None for none.
        max_interval_days: hybrid: due when more than this many days have passed since the last rebalance.
        cooldown_days: Never due earlier than this many days after the last rebalance.
        destination: target | edge | halfway.
        last_rebalance: Date of the last one, None when unknown.
        own_bands: What `[bands]` says, at most one a target.
    """

    kind: PolicyKind = "hybrid"
    look: Look = "quarterly"
    look_at: LookAt = "first"
    threshold: Decimal | None = Decimal("0.05")
    relative_threshold: Decimal | None = None
    max_interval_days: int | None = 180
    cooldown_days: int = 0
    destination: Destination = "target"
    last_rebalance: date | None = None
    own_bands: tuple[OwnBand, ...] = ()


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule that fired.

    Attributes:
        rule: threshold | relative_threshold | max_interval | calendar.
        text: One line for the owner.
        symbol: The instrument, for the two band rules.
        drift: Its signed drift, for the two band rules.
        limit: The band it crossed, fraction of the managed value.
    """

    rule: str
    text: str
    symbol: str | None = None
    drift: Decimal | None = None
    limit: Decimal | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it as in a decision's document."""
        return {
            "rule": self.rule,
            "symbol": self.symbol,
            "drift": figure(self.drift),
            "limit": figure(self.limit),
            "text": self.text,
        }


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a rebalance is due, why, and when to look next.

    `held_back` says why it is not due although rules fired (the cooldown).
    """

    due: bool
    reasons: tuple[Reason, ...]
    next_look: date | None
    held_back: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it as in the documents of `check` and `plan`."""
        return {
            "due": self.due,
            "reasons": [reason.to_dict() for reason in self.reasons],
            "next_look": self.next_look.isoformat() if self.next_look else None,
            "held_back": self.held_back,
        }


def bands_of(name: str, policy: Policy) -> Policy | OwnBand:
    """Return who says the bands of a target: the policy, or the target's own entry of `[bands]`."""
    return next((own for own in policy.own_bands if own.name == name), policy)


def band(name: str, target: Decimal, policy: Policy) -> Decimal | None:
    """Return the band half-width of a target as a fraction of the managed value, None without bands.

    With both bands the tighter one counts: a 4 % target at 5/25 has a band of 1 point. A target of
    zero has only the absolute band. A band of its own takes the place of both.

    Source: the threshold rule of the ETF rebalancing guide; two bands together are the "5/25" rule.
    """
    said = bands_of(name, policy)
    relative = said.relative_threshold
    bands = []
    if said.threshold is not None:
        bands.append(said.threshold)
    if relative is not None and target:
        bands.append(EXACT.multiply(relative, target))
    return min(bands) if bands else None


def decide(
    drifts: Sequence[Drift],
    policy: Policy,
    *,
    as_of: date,
    sessions: OpenDays,
    exchanges: tuple[str, ...],
) -> Decision:
    """Evaluate a policy as of a date, whether or not it is a look date.

    This is the rule; the backtest repeats it in binary floats (`engines.lab.backtest` has three texts),
    held to this by one table of cases.

    Args:
        drifts: One a target.
        policy: The owner's.
        as_of: The date to evaluate for.
        sessions: Which days exchanges are open.
        exchanges: Those of the portfolio; a look needs all of them open.
    """

    def is_open(day: date) -> bool:
        return all(sessions.is_session(exchange, day) for exchange in exchanges)

    reasons: list[Reason] = []
    if policy.kind in ("threshold", "hybrid"):
        reasons += _crossed(drifts, policy)
    if policy.kind == "hybrid":
        reasons += _overdue(policy, as_of)
    if policy.kind == "calendar":
        reasons += _come_round(policy, as_of, last_look(policy.look, policy.look_at, as_of, is_open))
    held_back = None
    if reasons and policy.last_rebalance is not None and policy.cooldown_days:
        days = (as_of - policy.last_rebalance).days
        if days < policy.cooldown_days:
            held_back = say(
                "{days} days since the last rebalance on {last}; the cooldown is {cooldown}",
                days=days,
                last=policy.last_rebalance,
                cooldown=policy.cooldown_days,
            )
    upcoming = None if policy.kind == "hold" else next_look(policy.look, policy.look_at, as_of, is_open)
    return Decision(bool(reasons) and held_back is None, tuple(reasons), upcoming, held_back)


def _crossed(drifts: Sequence[Drift], policy: Policy) -> list[Reason]:
    """Return a reason for every instrument outside its band, worst first, ties by symbol."""
    found = []
    for drift in drifts:
        limit = band(drift.symbol, drift.target, policy)
        if limit is None or not drift.beyond(limit):
            continue
        absolute = limit == bands_of(drift.symbol, policy).threshold
        side = say("over") if drift.excess > 0 else say("under")
        text = say(
            "{symbol}: {weight} % (target {target} %, {points} points {side}; the band is {limit} points)",
            symbol=drift.symbol,
            weight=_percent(drift.weight),
            target=_percent(drift.target),
            points=_percent(drift.drift.copy_abs()),
            side=side,
            limit=_percent(limit),
        )
        rule = "threshold" if absolute else "relative_threshold"
        found.append(Reason(rule, text, drift.symbol, drift.drift, limit))
    return sorted(found, key=lambda r: ((r.drift or ZERO).copy_abs().copy_negate(), r.symbol or ""))


def _overdue(policy: Policy, as_of: date) -> list[Reason]:
    if policy.last_rebalance is None or policy.max_interval_days is None:
        return []
    days = (as_of - policy.last_rebalance).days
    if days <= policy.max_interval_days:
        return []
    text = say(
        "{days} days since the last rebalance on {last}; the most is {most}",
        days=days,
        last=policy.last_rebalance,
        most=policy.max_interval_days,
    )
    return [Reason("max_interval", text)]


def _come_round(policy: Policy, as_of: date, look: date | None) -> list[Reason]:
    if look is None or (policy.last_rebalance is not None and policy.last_rebalance >= look):
        return []
    since = (
        say("none is on record")
        if policy.last_rebalance is None
        else say("the last one was on {last}", last=policy.last_rebalance)
    )
    return [
        Reason(
            "calendar",
            say(
                "the {look} rebalance of {day} has come; {since}",
                look=look_name(policy.look),
                day=look,
                since=since,
            ),
        )
    ]


def _percent(fraction: Decimal) -> str:
    """Return a fraction in percent with one decimal, or two where one would hide a difference."""
    percent = fraction.scaleb(2, EXACT)
    short = percent.quantize(_TENTH, context=EXACT)
    hidden = EXACT.subtract(percent, short).copy_abs()
    return str(short if hidden < Decimal("0.005") else percent.quantize(Decimal("0.01"), context=EXACT))
