"""Foreign amounts of the journal in won, at the rate of the day on which the money moved.

A rate the owner wrote into an entry always counts. Without one the rate of that day is looked up among the
rates he has fetched; a day without one takes the last before it, and says so.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from decimal import Decimal

from steelyard.domain.books.ledger import PAYMENT_KINDS, Entry
from steelyard.domain.market.instruments import Instrument
from steelyard.domain.market.rates import BASE_RATES, EXIMBANK, rate_by
from steelyard.domain.money import EXACT, ONE
from steelyard.domain.tax.country import RateUsed, YearFacts, unrated
from steelyard.domain.tax.korea.settlement import settles_on
from steelyard.errors import DataError, InputError
from steelyard.records import dataclass, replace
from steelyard.words import say

WON = "KRW"


@dataclass(frozen=True, slots=True)
class WonRate:
    """Won for one unit of a currency.

    Attributes:
        note: What is particular about it, "" where nothing is.
        day: Of the rate; None where it is the entry's own.
        name: Where it comes from, "" where it is the entry's own or nobody said.
    """

    rate: Decimal
    note: str = ""
    day: date | None = None
    name: str = ""


def in_won(entry: Entry, amount: Decimal, tax_class: str, facts: YearFacts) -> Decimal:
    """Return an amount of an entry in won.

    Raises:
        DataError: There is no rate (`rate-missing`).
    """
    return EXACT.multiply(amount, won_rate(entry, tax_class, facts).rate)


def won_rate(entry: Entry, tax_class: str, facts: YearFacts) -> WonRate:
    """Return the rate of an entry: its own, or that of the day its money moved from `facts.market_rates`.

    That day is the Korean settlement date of a purchase or sale, the pay date of a dividend, and of shares
    transferred in the settlement date of their original purchase (`lot`): the day of the transfer says
    nothing about what they cost.

    Raises:
        DataError: There is none, nor one of the last seven days before (`rate-missing`).

    Source: rule kr.overseas-rate-of-exchange.
    """
    if entry.currency in ("", WON):
        return WonRate(ONE)
    if entry.fx_rate is not None:
        return WonRate(entry.fx_rate)
    moved = _moved_on(entry, tax_class, facts)
    if moved is None:
        raise _missing(entry, moved)
    found = rate_by(facts.market_rates.get(entry.currency, {}), moved)
    if found is None:
        raise _missing(entry, moved)
    day, rate = found
    name = facts.rate_names.get(entry.currency, {}).get(day, "")
    if day == moved:
        return WonRate(rate, "", day, name)
    return WonRate(
        rate,
        say(
            "no {currency} rate of {moved} is at hand: that of {day} counts",
            currency=entry.currency,
            moved=moved,
            day=day,
        ),
        day,
        name,
    )


def rate_note(facts: YearFacts, used: Collection[RateUsed]) -> str:
    """Return what the reader has to know where rates from elsewhere stand in for the owner's, else "".

    Args:
        facts: See there.
        used: Those behind the year; where none was looked up for it, all that are at hand are named.
    """
    currencies = unrated(facts.entries, WON)
    if not currencies:
        return ""
    names = tuple(sorted({u.name for u in used if u.name}))
    names = names or tuple(sorted({n for c in currencies for n in facts.rate_names.get(c, {}).values()}))
    if names and set(names) <= {BASE_RATES, EXIMBANK}:
        return say(
            "Entries without fx_rate take the base rate of their settlement date from {names}.",
            names=names,
        )
    if not names:
        return say(
            "Entries without fx_rate take the fetched rate of their settlement date: a "
            "market rate, while the return takes the base rate of that day."
        )
    return say(
        "Entries without fx_rate take the rate of their settlement date from {names}: only those of {base} "
        "are the base rates that the return takes.",
        names=names,
        base=(BASE_RATES, EXIMBANK),
    )


def rates_used(facts: YearFacts, pairs: Collection[tuple[str, str]]) -> tuple[RateUsed, ...]:
    """Return every rate behind a year: of the payments in it, and of purchases and sales of what was sold.

    Args:
        facts: See there.
        pairs: (account, symbol) of what was sold in the year.
    """
    found = []
    for entry in facts.entries:
        tax_class = facts.classes.get(entry.symbol)
        if entry.currency in ("", WON) or entry.price is None or tax_class is None:
            continue
        traded = entry.kind in ("buy", "sell", "transfer_in") and (entry.account, entry.symbol) in pairs
        paid = entry.kind in PAYMENT_KINDS and entry.traded_on.year == facts.year
        if entry.traded_on.year > facts.year or not (traded or paid):
            continue
        used = won_rate(entry, tax_class, facts)
        found.append(
            RateUsed(
                entry.kind,
                entry.account,
                entry.symbol,
                entry.traded_on,
                entry.lot if entry.kind == "transfer_in" and entry.lot else entry.traded_on,
                _moved_on(entry, tax_class, facts),
                entry.shares,
                entry.currency,
                used.rate,
                used.day,
                used.name,
            )
        )
    return tuple(sorted(found, key=lambda r: (r.account, r.symbol, r.traded_on, r.kind)))


def with_tax_base(entry: Entry, facts: YearFacts) -> Entry:
    """Return an entry with the tax base price of its day from the files at hand, where it states none."""
    if entry.tax_base_price is not None or entry.kind not in ("buy", "sell", "dividend", "transfer_in"):
        return entry
    day = entry.lot if entry.kind == "transfer_in" and entry.lot else entry.traded_on
    found = facts.tax_base_prices.get(entry.symbol, {}).get(day)
    return entry if found is None else replace(entry, tax_base_price=found)


def is_like_overseas(instrument: Instrument | None, tax_class: str | None) -> bool:
    """Say whether purchases elsewhere count: overseas-listed, or KRX-listed on an index of a market abroad.

    A KRX-listed ETF of the class `krx_other` counts unless its asset class or index is known to be Korean.

    Source: Decree 93-12(3).
    """
    if tax_class != "krx_other" or instrument is None:
        return tax_class in ("overseas_listed", "krx_other")
    korean_index = (instrument.index or "").startswith(("KRX", "KOSPI", "KOSDAQ", "KIS"))
    return not (instrument.asset_class.startswith("kr_") or korean_index)


def _moved_on(entry: Entry, tax_class: str, facts: YearFacts) -> date | None:
    traded = entry.lot if entry.kind == "transfer_in" else entry.traded_on
    if traded is None or entry.kind in PAYMENT_KINDS:
        return traded
    try:
        return settles_on(traded, tax_class, facts.is_session, facts.rates, entry.currency)
    except InputError:
        # Older than the table of settlement cycles, of which no rate is needed but this one.
        return None


def _missing(entry: Entry, moved: date | None) -> DataError:
    what = say(
        "{kind} of {shares} {symbol} on {traded_on} in account {account!r}",
        kind=entry.kind,
        shares=entry.shares,
        symbol=entry.symbol,
        traded_on=entry.traded_on,
        account=entry.account,
    )
    if moved is None:
        return DataError(
            "rate-missing",
            say(
                "no rate of {currency} to won, nor the day it was bought, for the {what}",
                currency=entry.currency,
                what=what,
            ),
            say(
                "add fx_rate to that entry, the base rate of the day its purchase was settled; "
                "or for shares transferred in their purchase date as lot"
            ),
        )
    return DataError(
        "rate-missing",
        say(
            "no rate of {currency} to won for {moved}: {what}",
            currency=entry.currency,
            moved=moved,
            what=what,
        ),
        say(
            "add fx_rate to that entry, the base rate of {moved}, when the money moved; or "
            "put {currency}{won}.csv with the columns date,close and that day into the "
            "folder of prices, or fetch it: `steelyard prices fetch --all`, with enough "
            "history_days in automation.toml",
            moved=moved,
            currency=entry.currency,
            won=WON,
        ),
    )
