"""The United States: a journal folded into blocks of shares, and the wash-sale rule applied to them.

A fold over the entries says which lots each sale took; the wash-sale rule then moves losses over all
accounts and all years at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal

from steelyard.domain.books.ledger import PAYMENT_KINDS, Entry, in_order, placed
from steelyard.domain.books.lots import Pool, TaxLot, by_least_tax, share
from steelyard.domain.market.rates import rate_by
from steelyard.domain.money import EXACT, ONE, ZERO
from steelyard.domain.tax.transfers import cost_unknown, transfer_taxed
from steelyard.domain.tax.united_states.capital_gains import LONG, term
from steelyard.domain.tax.united_states.wash_sales import Block, WashSales, wash_sales
from steelyard.errors import DataError, InputError
from steelyard.records import dataclass, field, replace
from steelyard.words import say

CURRENCY = "USD"
SECURITY, COLLECTIBLE = "security", "collectible"
SHELTERED_KINDS = frozenset(
    {"ira", "roth", "401k", "roth_401k", "403b", "sep_ira", "simple_ira", "hsa", "529"}
)


@dataclass(frozen=True, slots=True)
class Setting:
    """What the journal itself does not say.

    Attributes:
        classes: Symbol to `security` or `collectible`.
        settles: Trade date to settlement date.
        sheltered: Accounts (IRA, Roth IRA, 401(k)) whose sales are not taxed.
        own: Accounts of the return; None for all. Others are there for what their purchases undo.
        methods: Account and class to the lot method the broker applies; missing is fifo.
        groups: Symbol to its group of substantially identical symbols.
        interest_funds: Symbols of funds of bonds, bills or metal, whose distributions are never qualified.
        least_tax_rates: Rates on short and long gains that the broker's least-tax order assumes; the
            highest ones by default, since a broker does not know the owner's.
        market_rates: Currency to day to dollars for one unit, for entries that state no rate.
    """

    classes: Mapping[str, str]
    settles: Callable[[date], date]
    sheltered: Collection[str] = ()
    methods: Mapping[tuple[str, str], str] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)
    interest_funds: Collection[str] = ()
    least_tax_rates: tuple[Decimal, Decimal] = (Decimal("0.37"), Decimal("0.20"))
    market_rates: Mapping[str, Mapping[date, Decimal]] = field(default_factory=dict)
    own: frozenset[str] | None = None

    def owns(self, account: str) -> bool:
        """Say whether an account is one of the return, sheltered or not."""
        return self.own is None or account in self.own

    def reports(self, account: str) -> bool:
        """Say whether what an account sells and is paid stands in the return."""
        return account not in self.sheltered and self.owns(account)


@dataclass(frozen=True, slots=True)
class Positions:
    """What a journal leaves: every block of shares, sold or held, and the wash-sale rule applied to them.

    Attributes:
        blocks: As bought and sold, before wash sales, in shares of the end of the journal.
        washed: The same after wash sales.
        sales: Of each sold block the number of its sale, None while held.
        scale: Of each block, shares of the end per share on the day it was sold.
        returned: What returns of capital paid beyond the cost of a lot.
        gifts: (account, symbol, the giver's purchase) to what is known of the open lots that were given.
    """

    blocks: tuple[Block, ...]
    washed: WashSales
    sales: tuple[int | None, ...]
    scale: tuple[Decimal, ...]
    returned: tuple[Returned, ...] = ()
    gifts: Mapping[tuple[str, str, date], Gift] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gift:
    """Shares given when they were worth less than the giver paid.

    A gain counts from the giver's cost, a loss from the value on the day of the gift; between the two there
    is neither. The holding period of a loss begins with the gift.

    Attributes:
        part: That value as a fraction of the giver's cost, below 1, whatever is split or sold in parts.
        given_on: The day of the gift.

    Source: 26 U.S.C. 1015(a), 1223(2); 26 CFR 1.1015-1(a).
    """

    part: Decimal
    given_on: date

    def cost_for(self, cost: Decimal, proceeds: Decimal) -> Decimal:
        """Return the cost that counts of shares sold for some proceeds, from the giver's cost."""
        return min(cost, max(proceeds, EXACT.multiply(cost, self.part)))


@dataclass(frozen=True, slots=True)
class Returned:
    """A return of capital beyond the cost of a lot: a gain of that lot's holding period, in dollars.

    Source: 26 U.S.C. 301(c)(3)(A).
    """

    lot: TaxLot
    paid_on: date
    gain: Decimal


def positions(entries: Iterable[Entry], setting: Setting) -> Positions:
    """Fold a journal into blocks and apply the wash-sale rule.

    Which lots a sale takes follows from what was paid, not from what wash sales added. A sale that names
    its lot needs the method specific or least_tax. Fills of one order are one lot in the eyes of the
    wash-sale rule, and so are purchases of one day, account and price whose order is not known, and shares
    moved between accounts.

    Args:
        entries: Of one owner, all accounts, all years.
        setting: What the journal does not say.

    Raises:
        InputError: More is sold than is held (`sold-more-than-held`), an unknown lot (`lot-unknown`), a
            symbol of no class (`tax-class-unknown`), a lot named against the method (`lot-named`).
        DataError: A rate is missing (`fx-rate-missing`).
    """
    fold = _Fold(setting)
    for entry in in_order(entries):
        fold.add(entry)
    return fold.close()


def dollars(entry: Entry, amount: Decimal, setting: Setting) -> Decimal:
    """Return an amount of an entry in dollars.

    The entry's own rate counts; without one that of the settlement date from `setting.market_rates` (of a
    dividend the pay date, of shares transferred in the settlement of their purchase), or the last before it.

    Raises:
        DataError: There is none, nor one of the seven days before (`fx-rate-missing`).

    Source: 26 CFR 1.988-2(a)(2)(iv): the spot rate of the settlement date, for who counts by cash.
    """
    if entry.currency in ("", CURRENCY):
        return amount
    if entry.fx_rate is not None:
        return EXACT.multiply(amount, entry.fx_rate)
    traded = entry.lot if entry.kind == "transfer_in" and entry.lot else entry.traded_on
    moved = traded if entry.kind in PAYMENT_KINDS else setting.settles(traded)
    found = rate_by(setting.market_rates.get(entry.currency, {}), moved)
    if found is None:
        pair = f"{entry.currency}{CURRENCY}"
        raise DataError(
            "fx-rate-missing",
            say(
                "no dollar rate for the {kind} of {symbol} on {traded_on} in {currency}",
                kind=entry.kind,
                symbol=entry.symbol,
                traded_on=entry.traded_on,
                currency=entry.currency,
            ),
            say(
                "add fx_rate to the entry: dollars for one {currency} on {moved}, its settlement "
                "date; or put {pair}.csv with the columns date,close and that day into the "
                "folder of prices, or fetch it: `steelyard prices fetch --all`, with enough "
                "history_days in automation.toml",
                currency=entry.currency,
                moved=moved,
                pair=pair,
            ),
        )
    return EXACT.multiply(amount, found[1])


class _Fold:
    """The accounts while the journal is walked."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.pools: dict[tuple[str, str], Pool] = {}
        self.count: dict[tuple[str, str], int] = defaultdict(int)
        self.origin: dict[tuple[str, str, int], str] = {}
        self.arrived: list[tuple[tuple[str, str, int], tuple[str, date]]] = []
        self.left: dict[tuple[str, date], set[str]] = defaultdict(set)
        self.splits: dict[str, dict[date, Decimal]] = defaultdict(dict)
        self.sold: list[tuple[TaxLot, date, Decimal, int]] = []
        self.sale_count = 0
        self.returned: list[Returned] = []
        self.gifts: dict[str, Gift] = {}
        self.not_bought: set[str] = set()
        self.cost_unknown: set[str] = set()

    def add(self, entry: Entry) -> None:
        """Take one entry in; cash does not matter here."""
        step = {
            "buy": self._in,
            "transfer_in": self._in,
            "sell": self._sell,
            "transfer_out": self._out,
            "transfer": self._move,
            "split": self._split,
            "inheritance": self._in,
            "stock_dividend": self._grow,
            "return_of_capital": self._pay_back,
            "spin_off": self._hand_over,
            "merger": self._hand_over,
        }.get(entry.kind)
        if step is not None:
            step(entry)

    def _pool(self, account: str, symbol: str) -> Pool:
        key = (account, symbol)
        if key not in self.pools:
            known = self.setting.classes.get(symbol)
            if known not in (SECURITY, COLLECTIBLE):
                raise InputError(
                    "tax-class-unknown",
                    say("the US tax class of {symbol} is not known", symbol=symbol),
                    say(
                        'add us_class = "{security}" or "{collectible}" for it under [instruments]',
                        security=SECURITY,
                        collectible=COLLECTIBLE,
                    ),
                )
            self.pools[key] = Pool(self.setting.methods.get((account, known), "fifo"))
        return self.pools[key]

    def _in(self, entry: Entry) -> None:
        pool = self._pool(entry.account, entry.symbol)
        key = (entry.account, entry.symbol)
        self.count[key] += 1
        moved = entry.kind == "transfer_in"
        bought = entry.lot if moved and entry.lot else entry.traded_on
        cost = dollars(entry, EXACT.add(entry.gross, entry.fees), self.setting)
        place = (*key, self.count[key])
        # Fills come row by row: those of one order, and without its number those of one price on one day, are
        # one purchase. So splitting a row in two changes nothing.
        order = f"order {entry.order_id}" if entry.order_id else str(entry.price)
        origin = f"{entry.account}|{entry.symbol}|{bought}|{order}"
        if entry.gift_value is not None or entry.kind == "inheritance":
            # What is given or inherited was not bought, so it undoes nobody's loss: 26 CFR 1.1091-1(f).
            origin += f"|{entry.kind} {self.count[key]}"
            self.not_bought.add(origin)
            if (
                entry.gift_value is not None
                and ZERO < (worth := EXACT.multiply(entry.gift_value, entry.shares)) < cost
            ):
                self.gifts[origin] = Gift(EXACT.divide(worth, cost), entry.traded_on)
        elif moved:
            self.arrived.append((place, (entry.symbol, bought)))
            if entry.price is None:
                origin += f"|unknown {self.count[key]}"
                self.cost_unknown.add(origin)
        self.origin[place] = origin
        # What is inherited counts as held for more than a year, whenever it is sold: 26 U.S.C. 1223(9).
        since = date(bought.year - 2, 1, 1) if entry.kind == "inheritance" else bought
        pool.add(TaxLot(*key, bought, entry.shares, cost, since, order=self.count[key]))

    def _take(self, entry: Entry, unit: Decimal | None) -> list[TaxLot]:
        pool = self._pool(entry.account, entry.symbol)
        if entry.lot is not None and pool.method not in ("specific", "least_tax"):
            raise InputError(
                "lot-named",
                say(
                    "the {kind} of {symbol} on {traded_on} names a lot, but the broker of {account} "
                    "sells {method}",
                    kind=entry.kind,
                    symbol=entry.symbol,
                    traded_on=entry.traded_on,
                    account=entry.account,
                    method=pool.method,
                ),
                say(
                    'leave the lot empty, or set lot_method = "specific" for {account}', account=entry.account
                ),
            )
        by_tax = None
        if pool.method == "least_tax" and unit is not None:
            short, long = self.setting.least_tax_rates
            price, sold_on = unit, entry.traded_on

            def by_tax(lots: Iterable[TaxLot]) -> Sequence[TaxLot]:
                return by_least_tax(
                    lots, lambda _: price, lambda x: long if term(x.holding_from, sold_on) == LONG else short
                )

        elif pool.method == "least_tax":

            def by_tax(lots: Iterable[TaxLot]) -> Sequence[TaxLot]:
                return sorted(lots, key=lambda x: (x.bought, x.order))

        try:
            return pool.take(entry.shares, bought=entry.lot, order=by_tax)
        except InputError as error:
            raise placed(entry, error) from error

    def _sell(self, entry: Entry) -> None:
        proceeds = dollars(entry, EXACT.subtract(entry.gross, entry.fees), self.setting)
        unit = EXACT.divide(proceeds, entry.shares)
        taken = self._take(entry, unit if unit > ZERO else ONE)
        left_shares, left = entry.shares, proceeds
        for lot in taken:
            part = left if lot.shares == left_shares else share(left, lot.shares, left_shares)
            origin = self.origin[(lot.account, lot.symbol, lot.order)]
            if origin in self.cost_unknown and entry.account not in self.setting.sheltered:
                raise cost_unknown(entry, lot.bought)
            gift = self.gifts.get(origin)
            counted = lot
            if gift is not None and part < lot.cost:
                counted = replace(lot, cost=gift.cost_for(lot.cost, part), holding_from=gift.given_on)
            self.sold.append((counted, entry.traded_on, part, self.sale_count))
            left_shares, left = EXACT.subtract(left_shares, lot.shares), EXACT.subtract(left, part)
        self.sale_count += 1

    def _out(self, entry: Entry) -> None:
        for lot in self._take(entry, None):
            origin = self.origin[(lot.account, lot.symbol, lot.order)]
            self.left[(lot.symbol, lot.bought)].add(origin)

    def _move(self, entry: Entry) -> None:
        """Put lots into another account of the same owner; they are the same lots, wash sales included.

        Raises:
            InputError: One of the two is sheltered and the other is not (`transfer-taxed`).
        """
        sheltered = [name in self.setting.sheltered for name in entry.accounts]
        if len(set(sheltered)) > 1:
            raise transfer_taxed(entry)
        pool = self._pool(entry.account, entry.symbol)
        receiving = self._pool(entry.receiver, entry.symbol)
        try:
            taken = pool.move_out(entry.shares, bought=None if pool.method == "average" else entry.lot)
        except InputError as error:
            raise placed(entry, error) from error
        place = (entry.receiver, entry.symbol)
        for lot in taken:
            self.count[place] += 1
            number = self.count[place]
            self.origin[(*place, number)] = self.origin[(lot.account, lot.symbol, lot.order)]
            receiving.add(replace(lot, account=entry.receiver, order=number))

    def _split(self, entry: Entry) -> None:
        self._pool(entry.account, entry.symbol).split(entry.shares, ONE if entry.per is None else entry.per)
        # The same split is written once per account that holds the fund.
        self.splits[entry.symbol][entry.traded_on] = entry.ratio

    def _grow(self, entry: Entry) -> None:
        pool = self._pool(entry.account, entry.symbol)
        before = pool.shares
        try:
            pool.grow(entry.shares)
        except ValueError:
            raise InputError(
                "sold-more-than-held",
                say(
                    "{traded_on}: {symbol} in account {account!r} gets {shares} shares on none",
                    traded_on=entry.traded_on,
                    symbol=entry.symbol,
                    account=entry.account,
                    shares=entry.shares,
                ),
                say("add the purchase or the transfer that is missing before it"),
            ) from None
        self.splits[entry.symbol][entry.traded_on] = EXACT.divide(pool.shares, before)

    def _pay_back(self, entry: Entry) -> None:
        pool = self._pool(entry.account, entry.symbol)
        for lot, gain in pool.pay_back(dollars(entry, entry.gross, self.setting)) if pool.shares else ():
            self.returned.append(Returned(lot, entry.traded_on, gain))

    def _hand_over(self, entry: Entry) -> None:
        """Give lots, or a part of their cost, to what is received, and what is known of them."""
        pool = self._pool(entry.account, entry.symbol)
        if not pool.shares:
            return
        receiving = self._pool(entry.account, entry.other)
        for lot in pool.hand_over(entry):
            place = (entry.account, entry.other)
            self.count[place] += 1
            number = self.count[place]
            before = self.origin[(lot.account, entry.symbol, lot.order)]
            after = self.origin[(*place, number)] = f"{before}|{entry.other}"
            for known in (self.not_bought, self.cost_unknown):
                if before in known:
                    known.add(after)
            if before in self.gifts:
                self.gifts[after] = self.gifts[before]
            receiving.add(replace(lot, order=number))

    def close(self) -> Positions:
        """Turn what was sold and what is held into blocks."""
        for place, what in self.arrived:
            if len(self.left.get(what, ())) == 1 and self.origin[place] not in self.cost_unknown:
                (self.origin[place],) = self.left[what]
        blocks: list[Block] = []
        scales: list[Decimal] = []
        for lot, sold_on, proceeds, _ in self.sold:
            scale = self._later_splits(lot.symbol, sold_on)
            scales.append(scale)
            blocks.append(self._block(lot, scale, sold_on, proceeds))
        sales: list[int | None] = [number for *_, number in self.sold]
        gifts: dict[tuple[str, str, date], Gift] = {}
        for key in sorted(self.pools):
            for lot in self.pools[key].lots():
                blocks.append(self._block(lot, ONE, None, ZERO))
                scales.append(ONE)
                sales.append(None)
                gift = self.gifts.get(self.origin[(lot.account, lot.symbol, lot.order)])
                if gift is not None:
                    gifts[lot.account, lot.symbol, lot.bought] = gift
        washed = wash_sales(blocks, self.setting.groups)
        return Positions(tuple(blocks), washed, tuple(sales), tuple(scales), tuple(self.returned), gifts)

    def _later_splits(self, symbol: str, sold_on: date) -> Decimal:
        scale = ONE
        for day, ratio in self.splits.get(symbol, {}).items():
            if day > sold_on:
                scale = EXACT.multiply(scale, ratio)
        return scale

    def _block(self, lot: TaxLot, scale: Decimal, sold_on: date | None, proceeds: Decimal) -> Block:
        return Block(
            lot=self.origin[(lot.account, lot.symbol, lot.order)],
            symbol=lot.symbol,
            bought=lot.bought,
            shares=EXACT.multiply(lot.shares, scale),
            cost=lot.cost,
            sold_on=sold_on,
            proceeds=proceeds,
            account=lot.account,
            sheltered=lot.account in self.setting.sheltered,
            order=lot.order,
            holding_from=lot.holding_from,
            replaced=self.origin[(lot.account, lot.symbol, lot.order)] in self.not_bought,
        )
