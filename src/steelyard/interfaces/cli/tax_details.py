"""One sale explained, and a year beside a broker's statement, as the terminal shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steelyard.interfaces.language import tell
from steelyard.words import say

if TYPE_CHECKING:
    from decimal import Decimal

    from steelyard.domain.tax.explanation import Explanation
    from steelyard.domain.tax.statements import Reconciliation


def show_explanation(walk: Explanation) -> None:
    """Print the steps of a sale and the text of each rule behind them."""
    from steelyard.interfaces.cli.tables import console

    out = console()
    for number, step in enumerate(walk.steps, 1):
        out.print(f"{number}. {tell(step)}")
    if walk.rules:
        out.print(f"\n{tell(say('Rules:'))}")
    for rule in walk.rules:
        out.print(f"  {rule.id}: {tell(rule.text)}")
        text = say("{source}, verified {verified}.", source=rule.source, verified=rule.verified)
        out.print(f"    {tell(text)}")
        if rule.doubtful:
            out.print(f"    {tell(say('Doubtful: {doubt}', doubt=rule.doubtful))}")


def show_reconciliation(compared: Reconciliation) -> None:
    """Print how many sales agree and each difference with its likely reason."""
    from steelyard.interfaces.cli.tables import console

    out = console()
    text = say(
        "{agreed} {agreed:sale agrees|sales agree}; the statement's gain is {stated}, ours {ours}.",
        agreed=compared.agreed,
        stated=_amount(compared.stated),
        ours=_amount(compared.ours),
    )
    out.print(tell(text))
    for found in compared.differences:
        facts = {"amount": _amount(found.amount), "reason": found.reason}
        if found.stated is None:
            assert found.ours is not None
            facts |= {"symbol": found.ours.symbol, "day": found.ours.sold_on.isoformat()}
            text = say("only ours: {symbol} sold on {day}, {amount}: {reason}", **facts)
        else:
            facts |= {"symbol": found.stated.symbol, "day": found.stated.on.isoformat()}
            facts["line"] = str(found.stated.line)
            text = say("line {line}, {symbol} of {day}: {amount}: {reason}", **facts)
        out.print(f"  {tell(text)}")


def _amount(value: Decimal) -> str:
    return f"{value:,.2f}" if value != value.to_integral_value() else f"{value:,.0f}"
