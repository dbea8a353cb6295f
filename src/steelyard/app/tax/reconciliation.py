"""Use case: a broker's yearly statement of sales beside the year as computed, with the likely reason of each
difference.

A broker knows one account, its own method and its own rates; the year knows all of them. So a difference is
not an error yet: it is explained where one figure explains it, and otherwise said to be unexplained.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from steelyard.app.tax.situation import TaxSituation
from steelyard.domain.books.statements import StatedSale
from steelyard.domain.money import EXACT, ONE, ZERO, exact_sum, plain
from steelyard.domain.tax.country import Disposal, YearTax
from steelyard.domain.tax.statements import Difference, Reconciliation
from steelyard.errors import SteelyardError
from steelyard.records import replace
from steelyard.words import say

NEAR_DAYS = 10
"""How far apart a trade and a settlement date may lie that mean the same sale."""
_METHODS = ("fifo", "average", "lifo", "hifo")
_CENTS = Decimal("0.05")
"""What rounding lot by lot may differ by in dollars."""


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
    near_enough = _CENTS if any(d.term for d in ours) else ONE
    lines = list(stated)
    if any(d.term for d in ours):
        # A 1099-B has a line a lot, the return a line a sale and term.
        lines, ours = _by_sale(lines, ours, by_term=True)
    left, agreed = list(ours), 0
    differences: list[Difference] = []
    rest: list[StatedSale] = []
    for line in lines:
        found = _match(line, left)
        if found is None:
            rest.append(line)
            continue
        left.remove(found)
        agreed += _compared(line, found, year, others, near_enough, differences)
    if rest and any(d.term for d in left):
        # Where the terms are cut otherwise, days and symbols are compared as a whole.
        rest, left = _by_sale(rest, left, by_term=False)
    for line in rest:
        found = _match(line, left)
        if found is None:
            reason = say(
                "the journal has no such sale: the account is not recorded, or it is of another year"
            )
            differences.append(Difference(line, None, line.counted, reason))
            continue
        left.remove(found)
        agreed += _compared(line, found, year, others, near_enough, differences)
    differences += [
        Difference(None, d, EXACT.minus(d.counted), say("not in the statement: another account or broker"))
        for d in left
    ]
    total = exact_sum(line.counted for line in lines)
    return Reconciliation(agreed, tuple(differences), total, exact_sum(d.counted for d in ours))


def _compared(
    line: StatedSale,
    found: Disposal,
    year: YearTax,
    others: dict[str, YearTax],
    near_enough: Decimal,
    differences: list[Difference],
) -> int:
    """Return 1 where a sale agrees; else note its difference and return 0."""
    amount = EXACT.subtract(line.counted, found.counted)
    other_term = line.term is not None and found.term is not None and line.term != found.term
    if abs(amount) <= near_enough and not other_term:
        return 1
    reason = _term_reason(found) if other_term else _reason(line, found, year, others)
    differences.append(Difference(line, found, amount, reason))
    return 0


def _term_reason(ours: Disposal) -> str:
    return say(
        "the broker counts it under the other term, {term} here: days that a wash sale, a gift or an "
        "inheritance added",
        term=say("long") if ours.term == "long" else say("short"),
    )


def _by_sale(
    stated: Sequence[StatedSale], ours: Sequence[Disposal], *, by_term: bool
) -> tuple[list[StatedSale], list[Disposal]]:
    """Add up what is of one symbol, day and term, or of one symbol and day, on both sides."""
    lines: dict[tuple[object, ...], StatedSale] = {}
    for line in stated:
        key = (line.symbol, line.on, line.term if by_term else None)
        lines[key] = _sum_of_lines(lines[key], line) if key in lines else line
    stating_terms = any(line.term for line in stated)
    sales: dict[tuple[object, ...], Disposal] = {}
    for d in ours:
        sale = (d.symbol, d.sold_on, d.term if by_term and stating_terms else None)
        sales[sale] = _sum_of_sales(sales[sale], d) if sale in sales else d
    return list(lines.values()), list(sales.values())


def _sum_of_lines(one: StatedSale, other: StatedSale) -> StatedSale:
    return replace(
        one,
        shares=EXACT.add(one.shares, other.shares),
        proceeds=_sum(one.proceeds, other.proceeds),
        cost=_sum(one.cost, other.cost),
        expenses=_sum(one.expenses, other.expenses),
        gain=EXACT.add(one.gain, other.gain),
        disallowed=_sum(one.disallowed, other.disallowed),
        term=one.term if one.term == other.term else None,
    )


def _sum(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None and other is None else EXACT.add(one or ZERO, other or ZERO)


def _sum_of_sales(one: Disposal, other: Disposal) -> Disposal:
    return replace(
        one,
        shares=EXACT.add(one.shares, other.shares),
        proceeds=EXACT.add(one.proceeds, other.proceeds),
        cost=EXACT.add(one.cost, other.cost),
        gain=EXACT.add(one.gain, other.gain),
        disallowed=EXACT.add(one.disallowed, other.disallowed),
        lots=(*one.lots, *other.lots),
        term=one.term if one.term == other.term else None,
    )


def _match(line: StatedSale, left: Sequence[Disposal]) -> Disposal | None:
    same = [d for d in left if d.symbol == line.symbol and d.shares == line.shares]
    near = [d for d in same if min(abs(d.sold_on - line.on), abs(d.settles_on - line.on)).days <= NEAR_DAYS]
    # The day itself first, whichever of both it is; then the gain that is nearest.
    near.sort(
        key=lambda d: (
            line.on not in (d.sold_on, d.settles_on),
            line.term is not None and d.term != line.term,
            abs(EXACT.subtract(d.counted, line.counted)),
        )
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
        if any(abs(EXACT.subtract(d.counted, line.counted)) <= ONE and d.gain != ours.gain for d in same):
            return say("the broker reckons cost by {method}: write it as cost_method", method=method)
    stated_loss = line.disallowed or ZERO
    if ours.term is not None and abs(EXACT.subtract(stated_loss, ours.disallowed)) > _CENTS:
        if stated_loss < ours.disallowed:
            return say(
                "the broker disallows {theirs} as a wash sale, the journal {ours}: it does not see purchases "
                "of other accounts, an IRA or a spouse; the return takes yours (Form 8949, code W)",
                theirs=plain(round(stated_loss, 2)),
                ours=plain(round(ours.disallowed, 2)),
            )
        return say(
            "the broker disallows {theirs} as a wash sale, the journal {ours}: a purchase is missing in the "
            "journal, or the broker counts one that the setting `identical` does not",
            theirs=plain(round(stated_loss, 2)),
            ours=plain(round(ours.disallowed, 2)),
        )
    if ours.disallowed and abs(EXACT.subtract(line.counted, ours.counted)) > ONE:
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
        if ours.term is not None:
            return say(
                "the cost differs: shares that came from another broker, a gift, a return of capital, or a "
                "loss that a wash sale elsewhere moved into them"
            )
        return say("the cost differs: shares that came from another broker, a gift, or fees left out")
    return say("not explained by one figure: the statement has neither proceeds nor cost")
