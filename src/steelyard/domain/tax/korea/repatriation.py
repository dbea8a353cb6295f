"""The repatriation account of 2026: overseas shares sold in it, the money kept in Korean shares for a year.

The deduction follows from the sales in that account and, through one ratio, from what was bought and sold of
overseas shares and of KRX-listed funds like them everywhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from steelyard.domain.books.holdings import ADDING, scaled
from steelyard.domain.books.ledger import Entry, in_order
from steelyard.domain.money import EXACT, ONE, ZERO, exact_sum
from steelyard.domain.tax.country import Disposal, YearFacts
from steelyard.domain.tax.korea.exchange import in_won, is_like_overseas
from steelyard.domain.tax.korea.rates import TaxRates, whole_won
from steelyard.domain.tax.korea.settlement import settles_on
from steelyard.errors import InputError
from steelyard.records import dataclass
from steelyard.words import say

KIND = "ria"
"""The kind of account, as the portfolio file names it."""


@dataclass(frozen=True, slots=True)
class RepatriationSale:
    """A sale through the repatriation account: the day, its proceeds and its cost in won."""

    sold_on: date
    proceeds: Decimal
    cost: Decimal


@dataclass(frozen=True, slots=True)
class OutsideTrade:
    """A trade in overseas shares or KRX-listed ETFs on foreign indices in another account, in won."""

    traded_on: date
    bought: bool
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Repatriation:
    """What the repatriation account deducts: the amount, and the ratio left after purchases elsewhere."""

    deduction: Decimal
    ratio: Decimal


def repatriation_deduction(
    sales: Sequence[RepatriationSale],
    outside: Iterable[OutsideTrade],
    rates: TaxRates,
    data: Mapping[str, Any],
) -> Repatriation:
    """Return what sales through a repatriation account deduct from the year's gain.

    Each gain counts by the part of its period, as far as its proceeds fit under the cap, times the ratio
    1 - (A - B) / C of weighted purchases A and sales B elsewhere to weighted sales C in the account. The
    caller deducts it after the basic deduction: see `overseas_tax`.

    Args:
        sales: In the account.
        outside: In all other accounts, in the periods of the measure.
        rates: Of 2026.
        data: The Korean data file.

    Raises:
        InputError: A day outside the measure (`repatriation-day`).

    Source: rule kr.repatriation.
    """
    left = rates["repatriation.cap"]
    deduction = weighted_sales = ZERO
    for sale in sorted(sales, key=lambda s: s.sold_on):
        fits = min(sale.proceeds, left)
        if fits <= ZERO:
            continue
        left = EXACT.subtract(left, fits)
        weighted = EXACT.multiply(fits, _part(sale.sold_on, data))
        weighted_sales = EXACT.add(weighted_sales, weighted)
        # Counted before losses are netted (Decree 93-12(2)): a sale at a loss takes nothing off.
        gain = max(EXACT.subtract(sale.proceeds, sale.cost), ZERO)
        deduction = EXACT.add(deduction, EXACT.divide(EXACT.multiply(gain, weighted), sale.proceeds))
    net = ZERO
    for trade in outside:
        weighted = EXACT.multiply(trade.amount, _part(trade.traded_on, data))
        net = EXACT.add(net, weighted) if trade.bought else EXACT.subtract(net, weighted)
    if weighted_sales <= ZERO:
        return Repatriation(ZERO, ONE)
    ratio = EXACT.subtract(ONE, EXACT.divide(max(net, ZERO), weighted_sales))
    ratio = max(ratio, ZERO)
    return Repatriation(whole_won(max(EXACT.multiply(deduction, ratio), ZERO)), ratio)


def _part(day: date, data: Mapping[str, Any]) -> Decimal:
    for row in data["repatriation_periods"]:
        if date.fromisoformat(row["from"]) <= day <= date.fromisoformat(row["to"]):
            return Decimal(row["part"])
    raise InputError(
        "repatriation-day",
        say("{day} is outside the periods of the repatriation account", day=day),
        say("leave the trade out: the measure knows only its own periods"),
    )


@dataclass(frozen=True, slots=True)
class PaidBack:
    """What is due because money left the account too early, in won.

    Attributes:
        withdrawn_on: The day.
        due: Last day to pay.
        tax: National tax on what was deducted.
        interest: On it, as if the return was filed and this paid on the last day.
        a_day: Interest of one day.
        local: Local income tax on both.
    """

    withdrawn_on: date
    due: date
    tax: Decimal
    interest: Decimal
    a_day: Decimal
    local: Decimal


@dataclass(frozen=True, slots=True)
class RepatriationYear:
    """What the journal says of the repatriation account in its year, in won.

    Attributes:
        year: Of the sales.
        proceeds, gain: Of all sales in it.
        not_held: Proceeds of shares beyond those held on the day of reference: they deduct nothing.
        result: The deduction and its ratio.
        withdrawn_on: First day on which money or shares left the account within a year of a sale, None
            where none did.
    """

    year: int
    proceeds: Decimal
    gain: Decimal
    not_held: Decimal
    result: Repatriation
    withdrawn_on: date | None

    @property
    def kept(self) -> bool:
        """Whether the return may deduct at all: nothing was withdrawn by the day it is due.

        Source: STTCA 91-26(1)2.
        """
        return self.withdrawn_on is None or self.withdrawn_on > self.filed_on

    @property
    def filed_on(self) -> date:
        """The last day of the return, for the day on which it was filed, which no journal tells."""
        return date(self.year + 1, 5, 31)

    def paid_back(self, used: Decimal, rates: TaxRates) -> PaidBack | None:
        """Return what a withdrawal after the return makes due, None where there was none.

        Args:
            used: What the return deducted, won.
            rates: Of the year of the sales.

        Source: STTCA 91-26(4), (5); Decree 93-12(8), (11); Local Tax Act 103-63(1).
        """
        if self.withdrawn_on is None or not self.kept or used <= ZERO:
            return None
        month = self.withdrawn_on.month + 3
        after = date(self.withdrawn_on.year + (month - 1) // 12, (month - 1) % 12 + 1, 1)
        due = after - timedelta(days=1)
        tax = whole_won(EXACT.multiply(used, rates["overseas.national"]))
        # From the day after the return to the day of payment, both counted.
        days = (due - self.filed_on).days
        a_day = EXACT.multiply(tax, rates["repatriation.interest_a_day"])
        interest = whole_won(EXACT.multiply(a_day, days))
        local = whole_won(EXACT.multiply(EXACT.add(tax, interest), rates["repatriation.local_part"]))
        return PaidBack(self.withdrawn_on, due, tax, interest, whole_won(a_day), local)


def repatriation_year(facts: YearFacts, sold: Iterable[Disposal], rates: TaxRates) -> RepatriationYear | None:
    """Return what sales in accounts of the kind `ria` deduct; None where there are none, or no such year.

    Counted are shares up to the number of each symbol held on the day of reference in any account, or brought
    in later with an earlier purchase date. The settlement date decides the period, as it decides the year.

    Args:
        facts: See there; purchases and sales elsewhere are read from its entries.
        sold: Overseas-listed disposals settled in the year, of all accounts.
        rates: Of the year.

    Source: rule kr.repatriation; Decree 93-12(2), (3), (4), (12).
    """
    disposals = [d for d in sold if facts.account_kinds.get(d.account) == KIND]
    if not disposals or "repatriation.cap" not in rates.values:
        return None
    reference = date.fromisoformat(facts.rates["repatriation_held_on"])
    left = {d.symbol: _held_on(reference, d.symbol, facts.entries) for d in disposals}
    sales = []
    not_held = ZERO
    for d in sorted(disposals, key=lambda x: (x.sold_on, x.symbol, x.account)):
        scale = _splits(d.symbol, reference, d.sold_on, facts.entries)
        counted = min(d.shares, EXACT.multiply(left[d.symbol], scale))
        left[d.symbol] = EXACT.subtract(left[d.symbol], EXACT.divide(counted, scale))
        part = EXACT.divide(counted, d.shares)
        proceeds = EXACT.multiply(d.proceeds, part)
        not_held = EXACT.add(not_held, EXACT.subtract(d.proceeds, proceeds))
        if counted:
            sales.append(RepatriationSale(d.settles_on, proceeds, EXACT.multiply(d.cost, part)))
    first = min(d.sold_on for d in disposals)
    last = max(d.settles_on for d in disposals) + timedelta(days=365)
    return RepatriationYear(
        year=facts.year,
        proceeds=exact_sum(d.proceeds for d in disposals),
        gain=exact_sum(d.gain for d in disposals),
        not_held=not_held,
        result=repatriation_deduction(sales, _outside(facts), rates, facts.rates),
        withdrawn_on=min(
            (
                e.traded_on
                for e in facts.entries
                if e.kind in ("withdrawal", "transfer_out", "transfer")
                and facts.account_kinds.get(e.account) == KIND
                and first < e.traded_on <= last
            ),
            default=None,
        ),
    )


def _outside(facts: YearFacts) -> Iterable[OutsideTrade]:
    for entry in facts.entries:
        tax_class = facts.classes.get(entry.symbol)
        if (
            entry.kind not in ("buy", "sell")
            or tax_class is None
            or facts.account_kinds.get(entry.account) == KIND
            or abs(entry.traded_on.year - facts.year) > 1
            or not is_like_overseas(facts.instruments.get(entry.symbol), tax_class)
        ):
            continue
        settled = settles_on(entry.traded_on, tax_class, facts.is_session, facts.rates, entry.currency)
        if settled.year == facts.year:
            yield OutsideTrade(settled, entry.kind == "buy", in_won(entry, entry.gross, tax_class, facts))


def _held_on(day: date, symbol: str, entries: Iterable[Entry]) -> Decimal:
    """Shares held at the end of a day over all accounts, and shares bought by then that came in later."""
    held = brought = ZERO
    sizes: dict[str, Decimal] = {}
    for entry in in_order(e for e in entries if e.symbol == symbol):
        size = sizes.get(entry.account, ZERO)
        if entry.traded_on > day:
            if entry.kind == "transfer_in" and entry.lot is not None and entry.lot <= day:
                brought = EXACT.add(brought, entry.shares)
            elif entry.kind == "transfer_out":
                brought = EXACT.subtract(brought, entry.shares)
        elif entry.kind == "transfer":
            sizes[entry.account] = EXACT.subtract(size, entry.shares)
            sizes[entry.receiver] = EXACT.add(sizes.get(entry.receiver, ZERO), entry.shares)
        elif entry.kind in ADDING:
            sizes[entry.account] = EXACT.add(size, entry.shares)
        elif entry.kind in ("sell", "transfer_out"):
            sizes[entry.account] = EXACT.subtract(size, entry.shares)
        elif entry.kind == "split":
            sizes[entry.account] = scaled(size, entry)
        elif entry.kind == "stock_dividend":
            sizes[entry.account] = EXACT.add(size, entry.shares)
    held = exact_sum(sizes.values())
    return EXACT.add(held, max(brought, ZERO))


def _splits(symbol: str, after: date, until: date, entries: Iterable[Entry]) -> Decimal:
    """Shares on a day per share of an earlier day; the same split is written once an account."""
    ratios = {
        e.traded_on: e.ratio
        for e in entries
        if e.kind == "split" and e.symbol == symbol and after < e.traded_on <= until
    }
    scale = ONE
    for ratio in ratios.values():
        scale = EXACT.multiply(scale, ratio)
    return scale
