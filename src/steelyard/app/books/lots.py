"""The lots that a journal leaves, as the portfolio has them: in the currency they were paid in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal

from steelyard.domain.books.holdings import ADDING, TAKING
from steelyard.domain.books.ledger import ACTION_KINDS, Entry, in_order, until
from steelyard.domain.books.lots import Pool, TaxLot, by_least_tax
from steelyard.domain.money import EXACT, ONE
from steelyard.domain.portfolio import Lot, Portfolio
from steelyard.errors import InputError
from steelyard.records import replace

_KINDS = ADDING | TAKING | {*ACTION_KINDS, "return_of_capital", "transfer"}
_Key = tuple[str, str]


def open_lots(entries: Sequence[Entry], portfolio: Portfolio, as_of: date) -> dict[_Key, tuple[Lot, ...]]:
    """Return the lots left of each (account, symbol), under the account's cost method.

    A sale under `least_tax` that names no lot takes the dearest share first here: the rates that would say
    more belong to the tax report. What has a share of unknown cost, or costs in two currencies, is left out.
    """
    fold = _Fold(portfolio)
    for entry in until(entries, as_of):
        if entry.kind in _KINDS:
            fold.add(entry)
    return fold.lots()


def lots_misnamed(entries: Sequence[Entry], portfolio: Portfolio) -> list[tuple[Entry, InputError]]:
    """Return the entries that name a lot which is not held, or not with so many shares, each with its error.

    Args:
        entries: In any order; they take no more shares than are held.
        portfolio: Says by which method an account sells, and so which lots are left.
    """
    fold = _Fold(portfolio)
    for entry in in_order(entries):
        if entry.kind in _KINDS:
            fold.add(entry)
    return fold.misnamed


class _Fold:
    """The lots while the journal is walked."""

    def __init__(self, portfolio: Portfolio) -> None:
        self.portfolio = portfolio
        self.methods = {account.name: account.cost_method for account in portfolio.accounts}
        self.pools: dict[_Key, Pool] = {}
        self.currencies: dict[_Key, set[str]] = {}
        self.unknown: set[_Key] = set()
        self.rates: dict[int, Decimal | None] = {}
        self.misnamed: list[tuple[Entry, InputError]] = []

    def pool(self, key: _Key) -> Pool:
        found = self.pools.get(key)
        if found is None:
            found = self.pools[key] = Pool(_method(self.methods.get(key[0], {}), key[1], self.portfolio))
        return found

    def add(self, entry: Entry) -> None:
        key = (entry.account, entry.symbol)
        pool = self.pool(key)
        if entry.kind in ADDING:
            if entry.price is None:
                self.unknown.add(key)
            bought = entry.lot if entry.kind == "transfer_in" and entry.lot else entry.traded_on
            cost = EXACT.add(entry.gross, entry.fees)
            self.put(TaxLot(*key, bought, entry.shares, cost, bought), {entry.currency}, entry.fx_rate)
        elif entry.kind == "split":
            pool.split(entry.shares, ONE if entry.per is None else entry.per)
        elif entry.kind == "stock_dividend":
            if pool.shares > -entry.shares and pool.shares:
                pool.grow(entry.shares)
            else:
                self.unknown.add(key)
        elif entry.kind == "return_of_capital":
            self.currencies.setdefault(key, set()).add(entry.currency)
            if pool.shares:
                pool.pay_back(entry.gross)
        elif entry.kind in ("spin_off", "merger"):
            self.hand_over(entry, pool, key)
        elif entry.kind == "transfer":
            self.move(entry, pool, key)
        else:
            try:
                pool.take(entry.shares, bought=entry.lot, order=_dearest_first)
            except InputError as error:
                self.wrong(entry, error)
                pool.move_out(min(entry.shares, pool.shares))

    def wrong(self, entry: Entry, error: InputError) -> None:
        """Note an entry that names what is not there: nobody knows what is left, and `tax` says why."""
        if entry.lot is None:
            raise error
        self.misnamed.append((entry, error))
        self.unknown.add((entry.account, entry.symbol))

    def hand_over(self, entry: Entry, pool: Pool, key: _Key) -> None:
        """Give the lots, or a part of their cost, to the symbol that is received."""
        if not pool.shares:
            return
        if key in self.unknown:
            self.unknown.add((entry.account, entry.other))
        for lot in pool.hand_over(entry):
            self.put(lot, self.currencies.get(key, set()), self.rates.get(lot.order))

    def move(self, entry: Entry, pool: Pool, key: _Key) -> None:
        """Put the lots of a transfer into the account that receives them, as they are."""
        if key in self.unknown:
            self.unknown.add((entry.receiver, entry.symbol))
        bought = None if pool.method == "average" else entry.lot
        try:
            moved = pool.move_out(entry.shares, bought=bought)
        except InputError as error:
            self.wrong(entry, error)
            self.unknown.add((entry.receiver, entry.symbol))
            moved = pool.move_out(min(entry.shares, pool.shares))
        for lot in moved:
            self.put(
                replace(lot, account=entry.receiver),
                self.currencies.get(key, set()),
                self.rates.get(lot.order),
            )

    def put(self, lot: TaxLot, currencies: set[str], rate: Decimal | None) -> None:
        key = (lot.account, lot.symbol)
        order = len(self.rates)
        self.rates[order] = rate
        self.currencies.setdefault(key, set()).update(currencies)
        self.pool(key).add(replace(lot, order=order))

    def lots(self) -> dict[_Key, tuple[Lot, ...]]:
        found = {}
        for key, pool in self.pools.items():
            if pool.shares and key not in self.unknown and len(self.currencies.get(key, ())) == 1:
                (currency,) = self.currencies[key]
                found[key] = tuple(
                    Lot(
                        lot.bought,
                        lot.shares,
                        EXACT.divide(lot.cost, lot.shares),
                        currency,
                        None if pool.method == "average" else self.rates[lot.order],
                    )
                    for lot in pool.lots()
                )
        return found


def _dearest_first(lots: Iterable[TaxLot]) -> Sequence[TaxLot]:
    return by_least_tax(lots, lambda _: ONE, lambda _: ONE)


def _method(methods: Mapping[str, str], symbol: str, portfolio: Portfolio) -> str:
    instrument = portfolio.instruments.get(symbol)
    classes = (instrument.tax_class, instrument.us_class) if instrument is not None else ()
    # Korean brokers state the moving average of what is listed at home, whatever the file leaves open.
    usual = "average" if instrument is not None and instrument.exchange == "XKRX" else "fifo"
    return next((m for c in (*classes, "") if c is not None and (m := methods.get(c))), usual)


def entries_of_lots(portfolio: Portfolio) -> list[Entry]:
    """Return the lots of a portfolio file as transfers with their original cost."""
    entries = []
    for account in portfolio.accounts:
        for position in account.positions:
            for lot in position.lots:
                entries.append(
                    Entry(
                        traded_on=lot.bought,
                        account=account.name,
                        kind="transfer_in",
                        symbol=position.symbol,
                        shares=lot.shares,
                        price=lot.unit_cost,
                        currency=lot.currency,
                        fx_rate=lot.fx,
                        lot=lot.bought,
                    )
                )
    return entries
