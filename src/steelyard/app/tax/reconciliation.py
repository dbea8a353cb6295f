"""Use case: a broker's yearly statement of sales beside the year as computed, with the likely reason of each
difference.

A broker knows one account, its own method and its own rates; the year knows all of them. So a difference is
not an error yet: it is explained where one figure explains it, and otherwise said to be unexplained.
"""

from __future__ import annotations

from collections.abc import Sequence

from steelyard.app.tax.situation import TaxSituation
from steelyard.domain.books.statements import StatedSale
from steelyard.domain.money import EXACT, ONE, exact_sum
from steelyard.domain.tax.country import Disposal, YearTax
from steelyard.domain.tax.statements import Difference, Reconciliation
from steelyard.errors import SteelyardError
from steelyard.records import replace
from steelyard.words import say

NEAR_DAYS = 10
"""How far apart a trade and a settlement date may lie that mean the same sale."""
_METHODS = ("fifo", "average", "lifo")


def reconcile(situation: TaxSituation, stated: Sequence[StatedSale], account: str | None) -> Reconciliation:
    """Return how a broker's statement of a year differs from the year as computed.

    Args:
        situation: The year, and what it was computed from.
        stated: The lines of the statement.
        account: The account it is of; None compares with all.
    """
    year = situation.so_far
    ours = [d for d in year.disposals if account is None or d.account == account]
    others = _by_method(situation)
    left, differences, agreed = list(ours), [], 0
    for line in stated:
        found = _match(line, left)
        if found is None:
            reason = say("no such sale in the journal: an account that is not recorded, or another year")
            differences.append(Difference(line, None, line.gain, reason))
            continue
        left.remove(found)
        amount = EXACT.subtract(line.gain, found.gain)
        if abs(amount) <= ONE:
            agreed += 1
        else:
            differences.append(Difference(line, found, amount, _reason(line, found, year, others)))
    differences += [
        Difference(None, d, EXACT.minus(d.gain), say("not in the statement: another account or broker"))
        for d in left
    ]
    total = exact_sum(line.gain for line in stated)
    return Reconciliation(agreed, tuple(differences), total, exact_sum(d.gain for d in ours))


def _match(line: StatedSale, left: Sequence[Disposal]) -> Disposal | None:
    same = [d for d in left if d.symbol == line.symbol and d.shares == line.shares]
    near = [d for d in same if min(abs(d.sold_on - line.on), abs(d.settles_on - line.on)).days <= NEAR_DAYS]
    # The day itself first, whichever of both it is; then the gain that is nearest.
    near.sort(
        key=lambda d: (line.on not in (d.sold_on, d.settles_on), abs(EXACT.subtract(d.gain, line.gain)))
    )
    return near[0] if near else None


def _by_method(situation: TaxSituation) -> dict[str, YearTax]:
    """Return the year by each method that a broker may apply, in every account."""
    facts = situation.facts
    keys = {(d.account, d.tax_class) for d in situation.so_far.disposals}
    found = {}
    for method in _METHODS:
        methods = {**facts.methods, **dict.fromkeys(keys, method)}
        try:
            found[method] = situation.country.year_tax(replace(facts, methods=methods))
        except SteelyardError:
            # A method the country does not know explains nothing.
            continue
    return found


def _reason(line: StatedSale, ours: Disposal, year: YearTax, others: dict[str, YearTax]) -> str:
    for method, other in others.items():
        same = [
            d
            for d in other.disposals
            if (d.account, d.symbol, d.sold_on, d.shares)
            == (ours.account, ours.symbol, ours.sold_on, ours.shares)
        ]
        if any(abs(EXACT.subtract(d.gain, line.gain)) <= ONE and d.gain != ours.gain for d in same):
            return say("the broker reckons cost by {method}: write it as cost_method", method=method)
    if ours.disallowed and abs(EXACT.subtract(line.gain, ours.counted)) > ONE:
        return say("a wash sale that reaches beyond what this broker knows")
    ours_gross = ours.proceeds if ours.gross is None else ours.gross
    sold = [r for r in year.rates_used if (r.account, r.symbol) == (ours.account, ours.symbol)]
    same_proceeds = (
        line.proceeds is not None
        and min(
            abs(EXACT.subtract(line.proceeds, ours_gross)), abs(EXACT.subtract(line.proceeds, ours.proceeds))
        )
        <= ONE
    )
    if line.proceeds is not None and not same_proceeds:
        if sold:
            return say(
                "the proceeds differ: the rate of exchange of another day (trade or settlement) or source"
            )
        return say("the proceeds differ: another price, or fees counted elsewhere")
    if line.cost is not None:
        if sold:
            return say("the cost differs: the rate of another day, or shares that came from another broker")
        return say("the cost differs: shares that came from another broker, a gift, or fees left out")
    return say("not explained by one figure: the statement has neither proceeds nor cost")
