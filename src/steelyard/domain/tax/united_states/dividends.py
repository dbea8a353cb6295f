"""Dividends of a US return: what the holding period lets be qualified.

Of the two tests for a qualified dividend the journal can answer one, how long the share was held round the
ex-dividend date. That the fund reports it as qualified is the other; funds of bonds or metal never do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from decimal import Decimal

from steelyard.domain.books.ledger import Entry
from steelyard.domain.money import EXACT, ZERO
from steelyard.domain.tax.united_states.capital_gains import is_qualified
from steelyard.domain.tax.united_states.wash_sales import Block
from steelyard.records import dataclass


@dataclass(frozen=True, slots=True)
class PaidDividend:
    """A dividend in a taxed account, in dollars; `entry` says of what and when."""

    entry: Entry
    gross: Decimal
    withheld: Decimal


@dataclass(frozen=True, slots=True)
class DividendIncome:
    """A year's dividends in dollars.

    Attributes:
        gross, withheld: All of them, and the foreign tax on them.
        qualified: Whose shares were held long enough.
        ordinary: Whose shares were not, or whose fund pays interest.
        unknown: Without an ex-dividend date, or on shares the journal does not know.
    """

    gross: Decimal
    withheld: Decimal
    qualified: Decimal
    ordinary: Decimal
    unknown: Decimal


def dividend_income(
    paid: Iterable[PaidDividend], blocks: Iterable[Block], interest_funds: Collection[str] = ()
) -> DividendIncome:
    """Return what a year's dividends are.

    The holding period of each share counts from its own purchase: what a wash sale tacked on does not
    (246(c)(3)(B)). Of a dividend on shares of several purchases each has its part by number. Shares that are
    still held count as kept until the window ends.

    Args:
        paid: In taxed accounts, in the year.
        blocks: All shares bought, as in `wash_sales`, in one unit over splits.
        interest_funds: Symbols of funds of bonds, bills or metal: their distributions are never qualified.

    Source: 26 U.S.C. 1(h)(11)(B)(iii), 246(c); IRS Pub. 550, Qualified Dividends.
    """
    paid = tuple(paid)
    if not paid:
        return DividendIncome(ZERO, ZERO, ZERO, ZERO, ZERO)
    held: dict[tuple[str, str], list[Block]] = defaultdict(list)
    for block in blocks:
        held[block.account, block.symbol].append(block)
        held["", block.symbol].append(block)
    gross = withheld = qualified = ordinary = unknown = ZERO
    for dividend in paid:
        entry, amount = dividend.entry, dividend.gross
        gross, withheld = EXACT.add(gross, amount), EXACT.add(withheld, dividend.withheld)
        if entry.symbol in interest_funds:
            ordinary = EXACT.add(ordinary, amount)
            continue
        # Shares that moved to another account since are found there.
        here = _good(entry, held[entry.account, entry.symbol]) or _good(entry, held["", entry.symbol])
        if here is None:
            unknown = EXACT.add(unknown, amount)
            continue
        good, all_of_them = here
        part = EXACT.divide(EXACT.multiply(amount, good), all_of_them)
        qualified = EXACT.add(qualified, part)
        ordinary = EXACT.add(ordinary, EXACT.subtract(amount, part))
    return DividendIncome(gross, withheld, qualified, ordinary, unknown)


def _good(entry: Entry, blocks: Iterable[Block]) -> tuple[Decimal, Decimal] | None:
    """Return shares held long enough, and all that had a right to the dividend; None without any."""
    if entry.ex_date is None:
        return None
    good = all_of_them = ZERO
    for block in blocks:
        if block.bought >= entry.ex_date or (block.sold_on is not None and block.sold_on < entry.ex_date):
            continue
        all_of_them = EXACT.add(all_of_them, block.shares)
        if is_qualified(block.bought, block.sold_on, entry.ex_date):
            good = EXACT.add(good, block.shares)
    return (good, all_of_them) if all_of_them else None
