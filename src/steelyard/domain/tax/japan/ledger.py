"""The journal read by Japanese rules: average cost of each fund in each account, sales, dividends.

What is sold leaves at the average of all purchases since the sale before, a yen rounded up a share; sales
of one day count as made at its end. NISA accounts are left out: nothing in them is taxed, and a loss is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal

from steelyard.domain.books.ledger import CASH_KINDS, Entry, in_order
from steelyard.domain.books.lots import TaxLot
from steelyard.domain.market.rates import rate_by
from steelyard.domain.money import EXACT, ONE, ZERO
from steelyard.domain.tax.backtest import IsSession
from steelyard.domain.tax.country import Disposal, SoldLot, YearFacts
from steelyard.errors import DataError, InputError
from steelyard.records import dataclass, field
from steelyard.words import say

YEN, LISTED, NISA = "JPY", "listed", "nisa"
MARKETS = {"JPY": ("XTKS", 2), "USD": ("XNYS", 1), "KRW": ("XKRX", 2), "HKD": ("XHKG", 2)}
"""Currency of a trade to its market and the sessions until it is settled there."""


@dataclass(slots=True)
class _Holding:
    """Shares of one fund in one account; changed in place."""

    shares: Decimal = ZERO
    cost: Decimal = ZERO
    bought: date = date.min


@dataclass(slots=True)
class JapaneseLedger:
    """What the journal leaves.

    Attributes:
        disposals: Every sale, by the year in which it is settled.
        dividends: Gross yen by year of payment.
        open_lots: Still held, one for each account and fund, at average cost.
    """

    disposals: dict[int, list[Disposal]] = field(default_factory=dict)
    dividends: dict[int, Decimal] = field(default_factory=dict)
    open_lots: tuple[TaxLot, ...] = ()

    def net_gain(self, year: int) -> Decimal:
        """Return the gains of a year less its losses."""
        total = ZERO
        for d in self.disposals.get(year, ()):
            total = EXACT.add(total, d.gain)
        return total

    @property
    def years(self) -> list[int]:
        """The years in which something was sold or paid."""
        return sorted({*self.disposals, *self.dividends})


def read_ledger(facts: YearFacts) -> JapaneseLedger:
    """Fold the journal.

    Raises:
        InputError: More is sold than held (`sold-more-than-held`), a kind of entry these rules do not cover
            (`tax-entry-kind`), a market whose settlement is not known (`settlement-unknown`).
        DataError: An entry has no rate (`rate-missing`).

    Source: rules jp.average, jp.same-day, jp.year.
    """
    found = JapaneseLedger()
    held: dict[tuple[str, str], _Holding] = {}
    for entry in _by_day(facts.entries):
        if entry.kind in CASH_KINDS or entry.kind == "convert":
            continue
        if facts.account_kinds.get(entry.account, "taxable") != "taxable" or not facts.reports(entry.account):
            continue
        _apply(entry, held, found, facts)
    found.open_lots = tuple(
        TaxLot(account, symbol, x.bought, x.shares, x.cost, x.bought)
        for (account, symbol), x in sorted(held.items())
        if x.shares > ZERO
    )
    return found


def _by_day(entries: Sequence[Entry]) -> Iterator[Entry]:
    """Yield entries in order, the sales of a day after everything else of it."""
    ordered = in_order(entries)
    yield from sorted(ordered, key=lambda e: (e.traded_on, e.kind == "sell"))


def _apply(
    entry: Entry, held: dict[tuple[str, str], _Holding], found: JapaneseLedger, facts: YearFacts
) -> None:
    holding = held.setdefault((entry.account, entry.symbol), _Holding())
    if entry.kind in ("buy", "transfer_in"):
        if entry.price is None or entry.gift_value is not None:
            raise _not_covered(entry)
        if not holding.shares:
            holding.bought = entry.lot or entry.traded_on
        holding.shares = EXACT.add(holding.shares, entry.shares)
        holding.cost = EXACT.add(holding.cost, in_yen(entry, EXACT.add(entry.gross, entry.fees), facts))
    elif entry.kind == "sell":
        if entry.lot is not None:
            raise _not_covered(entry)
        disposal = _sold(entry, holding, facts)
        found.disposals.setdefault(disposal.settles_on.year, []).append(disposal)
    elif entry.kind in ("dividend", "capital_gain_distribution"):
        year = entry.traded_on.year
        found.dividends[year] = EXACT.add(found.dividends.get(year, ZERO), in_yen(entry, entry.gross, facts))
    elif entry.kind == "split":
        holding.shares = EXACT.multiply(holding.shares, entry.ratio)
    elif entry.kind == "stock_dividend":
        holding.shares = EXACT.add(holding.shares, entry.shares)
    elif entry.kind == "merger":
        other = held.setdefault((entry.account, entry.other), _Holding(bought=holding.bought))
        other.shares = EXACT.add(other.shares, EXACT.multiply(holding.shares, entry.ratio))
        other.cost = EXACT.add(other.cost, holding.cost)
        held[entry.account, entry.symbol] = _Holding()
    elif entry.kind in ("transfer", "transfer_out"):
        cost = _leave(entry, holding)
        if entry.kind == "transfer":
            receiver = held.setdefault((entry.receiver, entry.symbol), _Holding(bought=holding.bought))
            receiver.shares = EXACT.add(receiver.shares, entry.shares)
            receiver.cost = EXACT.add(receiver.cost, cost)
    else:
        raise _not_covered(entry)


def _leave(entry: Entry, holding: _Holding) -> Decimal:
    """Take shares out of a holding at the average, a yen rounded up a share, and return their cost."""
    if entry.shares > holding.shares:
        raise InputError(
            "sold-more-than-held",
            say(
                "{traded_on}: {shares} {shares:share|shares} of {symbol} leave {account}, which holds {held}",
                traded_on=entry.traded_on,
                shares=entry.shares,
                symbol=entry.symbol,
                account=entry.account,
                held=holding.shares,
            ),
            say("record the purchase before it, or correct the entry"),
        )
    each = EXACT.divide(holding.cost, holding.shares).quantize(ONE, ROUND_CEILING, EXACT)
    cost = EXACT.multiply(each, entry.shares)
    left = EXACT.subtract(holding.shares, entry.shares)
    # What is left stands at the rounded average: it is the cost from which the next one begins.
    holding.shares, holding.cost = left, EXACT.multiply(each, left)
    return cost


def _sold(entry: Entry, holding: _Holding, facts: YearFacts) -> Disposal:
    cost = _leave(entry, holding)
    proceeds = in_yen(entry, EXACT.subtract(entry.gross, entry.fees), facts)
    return Disposal(
        account=entry.account,
        symbol=entry.symbol,
        tax_class=LISTED,
        sold_on=entry.traded_on,
        settles_on=settles_on(entry.traded_on, facts.is_session, entry.currency),
        shares=entry.shares,
        proceeds=proceeds,
        cost=cost,
        gain=EXACT.subtract(proceeds, cost),
        lots=(SoldLot(holding.bought, entry.shares, cost),),
        rules=("jp.average", "jp.year", *(("jp.fx",) if entry.currency != YEN else ())),
    )


def in_yen(entry: Entry, amount: Decimal, facts: YearFacts) -> Decimal:
    """Return an amount of an entry in yen: at its own rate, else at that of its day.

    Raises:
        DataError: There is neither (`rate-missing`).

    Source: rule jp.fx.
    """
    if entry.currency in ("", YEN):
        return amount
    rate = entry.fx_rate
    if rate is None:
        by_day = rate_by(facts.market_rates.get(entry.currency, {}), entry.traded_on)
        if by_day is None:
            raise DataError(
                "rate-missing",
                say(
                    "{traded_on}, {symbol}: no rate from {currency} to yen",
                    traded_on=entry.traded_on,
                    symbol=entry.symbol,
                    currency=entry.currency,
                ),
                say("write fx_rate with the entry (TTS of a purchase, TTB of a sale)"),
            )
        rate = by_day[1]
    return EXACT.multiply(amount, rate)


def settles_on(traded_on: date, is_session: IsSession, currency: str) -> date:
    """Return the day a trade is delivered, which decides its year.

    In Tokyo two sessions later; abroad as its market settles, and then on the next session in Tokyo.

    Raises:
        InputError: A market of that currency is not known (`settlement-unknown`).

    Source: rule jp.year.
    """
    if currency not in MARKETS:
        raise InputError(
            "settlement-unknown",
            say("when a trade in {currency} is delivered in Japan is not known", currency=currency),
            say("use one of {currencies}", currencies=", ".join(MARKETS)),
        )
    exchange, sessions = MARKETS[currency]
    day = traded_on
    for _ in range(sessions):
        day = _next(day, exchange, is_session)
    return day if exchange == "XTKS" else _next(day, "XTKS", is_session)


def _next(day: date, exchange: str, is_session: IsSession) -> date:
    day += timedelta(days=1)
    while not is_session(exchange, day):
        day += timedelta(days=1)
    return day


def _not_covered(entry: Entry) -> InputError:
    return InputError(
        "tax-entry-kind",
        say(
            "{traded_on}, {symbol}: the rules of {code} do not cover this {kind}",
            traded_on=entry.traded_on,
            symbol=entry.symbol,
            code="JP",
            kind=entry.kind,
        ),
        say("leave the entry to a tax accountant; what it changes is not guessed"),
    )
