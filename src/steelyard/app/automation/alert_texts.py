"""What alerts say, in the owner's language. A template of the owner's may use the placeholders of its alert.

The placeholders of an owner's template are `$name` or `${name}`; one that does not exist stays as written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from string import Template
from typing import TYPE_CHECKING

from steelyard.domain.automation.settings import AlertSettings
from steelyard.domain.money import EXACT, minor_digits
from steelyard.languages import translate
from steelyard.words import Text, join, say

if TYPE_CHECKING:
    from steelyard.app.check import CheckReport
    from steelyard.app.harvest.sale_value import Proposal
    from steelyard.domain.policy.drift import Drift
    from steelyard.domain.trades import Plan

_Facts = Mapping[str, str]

_TITLES: Mapping[str, Callable[[_Facts], str]] = {
    "rebalance_due": lambda f: say("Rebalance due: {portfolio}", **f),
    "new_cash": lambda f: say("Cash to invest: {portfolio}", **f),
    "harvest": lambda f: say("Worth realising by {deadline}: {portfolio}", **f),
    "irp_cap": lambda f: say("IRP cap exceeded: {account}", **f),
    "price_failure": lambda f: say("No good price: {symbols}", **f),
    "job_failure": lambda f: say("Steelyard could not finish: {code}", **f),
    "digest": lambda f: join(": ", (f["state"], f["portfolio"])),
    "test": lambda f: say("Steelyard test"),
}
_BODIES: Mapping[str, Callable[[_Facts], str]] = {
    "rebalance_due": lambda f: say("{reasons}\n\nSince {since}. Total {total}.{prices}\n\n{plan}", **f),
    "new_cash": lambda f: say("{cash} lies idle of {total}. Run: steelyard invest {amount}", **f),
    "harvest": lambda f: say(
        "{proposals}\n\nIt counts for {year} when traded by {deadline}, {days} days from now."
        " Run: steelyard harvest",
        **f,
    ),
    "irp_cap": lambda f: say(
        "Risky assets are {share} % of account {account}; the cap for new purchases is {cap} %.", **f
    ),
    "price_failure": lambda f: join("\n\n", (f["findings"], f["consequence"])),
    "job_failure": lambda f: say("{text}\n\nhint: {hint}", **f),
    "digest": lambda f: say("Total {total} on {day}. Largest drift {drift} points. Next look: {next}.", **f),
    "test": lambda f: say("This is a test message. If you can read it, {service} works.", **f),
}
_SIDES = {"buy": say("buy"), "sell": say("sell")}

LAST_GOOD = say("The last good prices were used to evaluate.")
NOTHING = say("The portfolio could not be evaluated; the next run tries again.")
QUIET, STILL_DUE, NONE = say("All quiet"), say("Still to be rebalanced"), say("none")


def compose(kind: str, facts: Mapping[str, str], settings: AlertSettings) -> tuple[str, str]:
    """Return title and body of an alert in the owner's language, by the owner's template if there is one.

    Args:
        kind: One of `automation.ALERT_KINDS`.
        facts: Placeholder to text; a message is said in that language.
        settings: Language and templates.
    """
    language = settings.language
    title = _TITLES[kind](facts) if kind in _TITLES else kind
    own = settings.templates.get(kind)
    if own is not None:
        told = {name: translate(fact, language) for name, fact in facts.items()}
        body = Template(own).safe_substitute(told)
    else:
        body = translate(_BODIES[kind](facts) if kind in _BODIES else facts["text"], language)
    return translate(title, language), body.strip()


def record_line(count: int, last: str, settings: AlertSettings) -> str:
    """Return the line of an alert that tells how far the audit record goes, in the owner's language."""
    return translate(say("Audit record: {count} {last}", count=count, last=last[:32]), settings.language)


def stale_prices(oldest: str) -> Text:
    """Return what follows the total when old prices had to do."""
    return say(" Evaluated on the last good prices, the oldest of {day}.", day=oldest)


def drift_line(drift: Drift) -> Text:
    """Return one instrument against its target.

    `VOO: 48.0 % (target 40.0 %, 8.0 points over)`, rounded half even to one decimal.
    """
    return say(
        "{symbol}: {weight} % (target {target} %, {points} points {side})",
        symbol=drift.symbol,
        weight=_percent(drift.weight),
        target=_percent(drift.target),
        points=_percent(abs(drift.drift)),
        side=say("over") if drift.excess > 0 else say("under"),
    )


def reason_lines(report: CheckReport) -> Text:
    """Return a line for every rule that fired: drifts worst first, then the calendar rules."""
    drifts = {d.symbol: d for d in report.drifts}
    lines = [drift_line(drifts[r.symbol]) if r.symbol in drifts else r.text for r in report.decision.reasons]
    return join("\n", dict.fromkeys(lines))


def plan_lines(plan: Plan, currency: str) -> Text:
    """Return the trades of a plan, what they cost, and their tax where it is known."""
    if not plan.trades:
        return say("No trades in whole shares would come nearer to target.")
    lines = [say("Plan (whole shares):")]
    for t in plan.trades:
        facts = {"account": t.account, "symbol": t.symbol, "amount": money(t.amount, currency)}
        lines.append(
            say(
                "- {account}: {side} {shares} {symbol}, {amount}",
                side=_SIDES[t.side],
                shares=t.shares,
                **facts,
            )
        )
    lines.append(say("costs: {amount}", amount=money(plan.costs, currency)))
    if plan.taxes is not None:
        lines.append(say("tax: {amount}", amount=money(plan.taxes, currency)))
    return join("\n", lines)


def harvest_lines(proposals: Sequence[Proposal], currency: str) -> Text:
    """Return a line for every sale worth making: what it realises, saves and costs."""
    lines = []
    for p in proposals:
        realised = money(abs(p.gain), currency)
        parts = [
            say("- {account}: sell {shares} {symbol}", account=p.account, shares=p.shares, symbol=p.symbol),
            say("loss {amount}", amount=realised) if p.gain < 0 else say("gain {amount}", amount=realised),
            say("saves {amount}", amount=money(p.saves, currency)),
            say("costs {amount}", amount=money(p.costs, currency)),
        ]
        if p.replacement is not None:
            parts.append(say("buy {symbol}", symbol=p.replacement[0]))
        if p.not_before is not None:
            parts.append(say("{symbol} again from {day}", symbol=p.symbol, day=p.not_before))
        lines.append(join(", ", parts))
    return join("\n", lines)


def money(amount: Decimal, currency: str) -> str:
    """Return an amount with thousands separated, in the smallest unit its currency is counted in."""
    step = Decimal(1).scaleb(-minor_digits(currency), EXACT)
    return f"{amount.quantize(step, context=EXACT):,f} {currency}"


def _percent(fraction: Decimal) -> str:
    return str(fraction.scaleb(2, EXACT).quantize(Decimal("0.1"), context=EXACT))
