"""What every country's tax module answers, so that adding one touches no other.

A country is one module with an object named `COUNTRY` and one data file. It is handed plain values and
returns one `YearTax`; how it classifies, which lots it draws and what it nets is its own affair.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from importlib import import_module
from typing import Any, Protocol, cast

from steelyard.domain.accounts import ContributionRoom, HoldingRules
from steelyard.domain.books.ledger import Entry
from steelyard.domain.books.lots import TaxLot
from steelyard.domain.market.instruments import Instrument
from steelyard.domain.money import EXACT, ZERO, figure
from steelyard.domain.tax.backtest import BacktestFacts, BacktestTax, IsSession
from steelyard.domain.tax.basis import Basis
from steelyard.domain.tax.codes import MODULES
from steelyard.domain.tax.forms import Form
from steelyard.domain.tax.gaps import Gap
from steelyard.domain.tax.planning import FreeGains, NoBuy, PlanTax
from steelyard.domain.tax.rules import Rule
from steelyard.errors import InputError
from steelyard.records import dataclass, field
from steelyard.words import say


@dataclass(frozen=True, slots=True)
class SoldLot:
    """A part of a lot that a disposal took; `cost` of these shares, in the tax currency.

    `fees` of their purchase are in it; zero where the country's return does not ask for them apart.
    """

    bought: date
    shares: Decimal
    cost: Decimal
    fees: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class RateUsed:
    """A rate of exchange behind a year's figures.

    Attributes:
        kind, account, symbol, traded_on, shares: Of the entry it was used for.
        dealt_on: Day of the purchase, sale or payment that it converts; of shares transferred in that of
            their purchase.
        moved_on: When its money moved, which decides the rate; None when unknown.
        rate: Tax currency for one unit of `currency`.
        day: Of the rate; None where the entry states its own.
        name: Where it comes from, "" where nobody said.
    """

    kind: str
    account: str
    symbol: str
    traded_on: date
    dealt_on: date
    moved_on: date | None
    shares: Decimal
    currency: str
    rate: Decimal
    day: date | None
    name: str


@dataclass(frozen=True, slots=True)
class Disposal:
    """One sale, or the part of it that has one term, as the return lists it.

    Attributes:
        account, symbol, tax_class: What was sold, where, and the country's class of it.
        sold_on, settles_on: Trade date, and the date the money is settled.
        shares: > 0.
        proceeds, cost, gain: In the tax currency, fees included, not rounded.
        disallowed: Part of a loss that does not count.
        term: `short`, `long`, or None where the country knows no such thing.
        lots: What was sold.
        taxable: What is taxed of this sale alone, None where gains are taxed as a yearly total.
        notes: What the reader has to know about the figure, such as that it is an upper bound.
        rules: Ids of the rules its figures rest on.
        gross, expenses: Proceeds before fees, and the fees of purchase and sale together, where the country's
            return asks for them apart; gross - expenses - gain is then the bare cost.
    """

    account: str
    symbol: str
    tax_class: str
    sold_on: date
    settles_on: date
    shares: Decimal
    proceeds: Decimal
    cost: Decimal
    gain: Decimal
    disallowed: Decimal = ZERO
    term: str | None = None
    lots: tuple[SoldLot, ...] = ()
    taxable: Decimal | None = None
    notes: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    gross: Decimal | None = None
    expenses: Decimal | None = None

    @property
    def counted(self) -> Decimal:
        """The gain that enters the netting: a loss without the part of it that does not count."""
        return EXACT.add(self.gain, self.disallowed)

    def to_dict(self) -> dict[str, Any]:
        """Return it as in the document of a tax year."""
        return {
            "account": self.account,
            "symbol": self.symbol,
            "class": self.tax_class,
            "sold_on": self.sold_on.isoformat(),
            "settles_on": self.settles_on.isoformat(),
            "shares": figure(self.shares),
            "proceeds": figure(self.proceeds),
            "cost": figure(self.cost),
            "gain": figure(self.gain),
            "disallowed": figure(self.disallowed),
            "term": self.term,
            "taxable": figure(self.taxable),
            "lots": [
                {"bought": x.bought.isoformat(), "shares": figure(x.shares), "cost": figure(x.cost)}
                for x in self.lots
            ],
            "notes": list(self.notes),
            "rules": list(self.rules),
            **({} if self.gross is None else {"gross": figure(self.gross)}),
            **({} if self.expenses is None else {"expenses": figure(self.expenses)}),
        }


@dataclass(frozen=True, slots=True)
class Filing:
    """A return that is due: what, from when to when, and the tax to pay with it."""

    what: str
    opens: date
    due: date
    amount: Decimal
    rule: str

    def to_dict(self) -> dict[str, Any]:
        """Return it as in the document of a tax year."""
        return {
            "what": self.what,
            "opens": self.opens.isoformat(),
            "due": self.due.isoformat(),
            "amount": figure(self.amount),
            "rule": self.rule,
        }


@dataclass(frozen=True, slots=True)
class YearTax:
    """The tax of one year.

    Attributes:
        summary: Class to its figures, by the names of the JSON: Decimals, booleans, text or None.
        total_tax: Of everything in the summary; None when the owner has not said what it takes.
        rules: Every rule a figure rests on, by id.
        basis: Path of each figure of the summary to the ids of its rules; the empty path is the total.
        lot_rules: Ids of the rules that the open lots rest on.
        open_lots: Still held at the end of the year, or at the last entry.
        filings: Returns that are due.
        notes: Sentences for the reader.
        rates_used: Every rate of exchange behind the sales and payments, where the country lists them.
        sheltered_sales: A sentence for each account in which something was sold and nothing is taxed for it.
        owners: Who files it, where the portfolio has several returns.
        others: The other returns, where all were asked for.
        gaps: Holdings that are in no figure, since nobody has said what was paid for them.
        no_buys: Losses that a purchase on the day of asking would undo, where the country knows such.
        provisional: Why figures may still change where the year's own are not known yet, else empty; one of
            `notes`.
    """

    jurisdiction: str
    year: int
    disposals: tuple[Disposal, ...]
    summary: Mapping[str, Any]
    total_tax: Decimal | None
    rules: tuple[Rule, ...]
    open_lots: tuple[TaxLot, ...] = ()
    filings: tuple[Filing, ...] = ()
    notes: tuple[str, ...] = ()
    basis: Basis = field(default_factory=dict)
    lot_rules: tuple[str, ...] = ()
    sheltered_sales: tuple[str, ...] = ()
    rates_used: tuple[RateUsed, ...] = ()
    owners: tuple[str, ...] = ()
    others: tuple[YearTax, ...] = ()
    gaps: tuple[Gap, ...] = ()
    provisional: str = ""
    no_buys: tuple[NoBuy, ...] = ()

    @property
    def all(self) -> tuple[YearTax, ...]:
        """This return and the others."""
        return (self, *self.others)

    def to_dict(self) -> dict[str, Any]:
        """Return the document of `tax --json` (`steelyard/tax/1`); figures are decimal text."""
        return {
            "schema": "steelyard/tax/1",
            **({"owners": list(self.owners)} if self.owners else {}),
            "jurisdiction": self.jurisdiction,
            "year": self.year,
            "disposals": [d.to_dict() for d in self.disposals],
            "summary": _plain(self.summary),
            "total_tax": figure(self.total_tax),
            "open_lots": [
                {
                    "account": lot.account,
                    "symbol": lot.symbol,
                    "bought": lot.bought.isoformat(),
                    "holding_from": lot.holding_from.isoformat(),
                    "shares": figure(lot.shares),
                    "cost": figure(lot.cost),
                }
                for lot in self.open_lots
            ],
            "filings": [f.to_dict() for f in self.filings],
            "notes": [*self.sheltered_sales, *self.notes],
            **({"provisional": self.provisional} if self.provisional else {}),
            **({"gaps": [gap.to_dict() for gap in self.gaps]} if self.gaps else {}),
            "basis": self.pointers(),
            "rules": [
                {
                    "id": r.id,
                    "text": r.text,
                    "source": r.source,
                    "verified": r.verified.isoformat(),
                    "doubtful": r.doubtful,
                }
                for r in self.rules
            ],
            **({"others": [x.to_dict() for x in self.others]} if self.others else {}),
        }

    @property
    def currency(self) -> str:
        """The currency of every figure: that of its country."""
        return country(self.jurisdiction).currency

    def form(self, name: str) -> Form:
        """Return a form of its country, filled in.

        Raises:
            InputError: The country has no form of that name (`tax-form-unknown`).
        """
        forms = country(self.jurisdiction).forms
        if name not in forms:
            raise InputError(
                "tax-form-unknown",
                say("{code} has no form {name!r} here", code=self.jurisdiction, name=name),
                say("use {forms}", forms=", ".join(forms)) if forms else say("leave --form out"),
            )
        return forms[name](self)

    def pointers(self) -> dict[str, list[str]]:
        """Return the rule ids of each figure, by its JSON pointer (RFC 6901) into the document."""
        pointers = {
            "/".join(("/summary", *(key.replace("~", "~0").replace("/", "~1") for key in path))): ids
            for path, ids in self.basis.items()
            if path
        }
        total = {"/total_tax": self.basis[()]} if () in self.basis else {}
        lots = {"/open_lots": self.lot_rules} if self.open_lots else {}
        return {pointer: list(ids) for pointer, ids in (pointers | total | lots).items()}


def _plain(value: object) -> Any:
    """Return a summary with every number as decimal text."""
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, Decimal):
        return figure(value)
    return value.isoformat() if isinstance(value, date) else value


@dataclass(frozen=True, slots=True)
class YearFacts:
    """What a country needs to know to tax a year.

    Attributes:
        year: The tax year.
        entries: The whole journal up to the day of asking; later ones than the year are not read.
        classes: Symbol to the country's class, as `classify` names it.
        instruments: What is known of each symbol besides.
        account_kinds: Account to its kind; an account that is not named is taxable.
        methods: (account, class) to the method that sells its lots.
        is_session: Trading sessions by exchange.
        rates: The country's data file, numbers as text.
        rules: The rules of that file.
        settings: The owner's own keys under [tax], of the year where it has its own.
        general: Those that hold for every year.
        by_year: Year to the keys that hold for it alone.
        stated_with: The entries that figures stated for the year as a whole count already, such as an income
            with the gains so far; None is all of `entries`.
        same_index: Symbol to group of what the catalogue says follows one index; what a country makes of
            it is its affair.
        market_rates: Currency to day to tax currency for one unit, for entries that state no rate.
        as_of: The day of asking; None is the end of the year.
        rate_names: Currency to day to where the rate of `market_rates` comes from.
        tax_base_prices: Symbol to day to tax base price, for entries that state none.
        own_accounts: Whose sales and payments the return reports; None for all of `entries`. What others
            bought may undo a loss of theirs.
        with_notes: Sentences for the reader are wanted; a plan asks for many years and reads none.
    """

    year: int
    entries: Sequence[Entry]
    classes: Mapping[str, str]
    is_session: IsSession
    rates: Mapping[str, Any]
    rules: Sequence[Rule] = ()
    account_kinds: Mapping[str, str] = field(default_factory=dict)
    methods: Mapping[tuple[str, str], str] = field(default_factory=dict)
    settings: Mapping[str, object] = field(default_factory=dict)
    general: Mapping[str, object] = field(default_factory=dict)
    by_year: Mapping[int, Mapping[str, object]] = field(default_factory=dict)
    stated_with: Sequence[Entry] | None = None
    same_index: Mapping[str, str] = field(default_factory=dict)
    instruments: Mapping[str, Instrument] = field(default_factory=dict)
    market_rates: Mapping[str, Mapping[date, Decimal]] = field(default_factory=dict)
    as_of: date | None = None
    rate_names: Mapping[str, Mapping[date, str]] = field(default_factory=dict)
    tax_base_prices: Mapping[str, Mapping[date, Decimal]] = field(default_factory=dict)
    own_accounts: frozenset[str] | None = None
    with_notes: bool = True

    def reports(self, account: str) -> bool:
        """Say whether what happens in an account stands in this return."""
        return self.own_accounts is None or account in self.own_accounts

    def settings_of(self, year: int) -> Mapping[str, object]:
        """Return the owner's keys of a year."""
        return self.settings if year == self.year else {**self.general, **self.by_year.get(year, {})}


def unrated(entries: Iterable[Entry], currency: str) -> tuple[str, ...]:
    """Return the currencies of priced entries that state no rate to the tax currency, sorted."""
    return tuple(
        sorted(
            {
                e.currency
                for e in entries
                if e.fx_rate is None
                and e.price is not None
                and e.kind != "convert"
                and e.currency not in ("", currency)
            }
        )
    )


class Country(Protocol):
    """A jurisdiction."""

    @property
    def code(self) -> str:
        """ISO 3166 code, as `jurisdiction` in the portfolio file."""

    @property
    def currency(self) -> str:
        """The currency tax is counted in."""

    @property
    def settings(self) -> tuple[str, ...]:
        """Keys under [tax] beside `jurisdiction` that mean something in this country."""

    @property
    def forms(self) -> Mapping[str, Callable[[YearTax], Form]]:
        """The forms a year is filed on, by the name they are asked for; empty where none is filled in."""

    @property
    def wash_days(self) -> int | None:
        """Days on either side of a sale in which a purchase undoes its loss, None where none does."""

    @property
    def carries_losses(self) -> bool:
        """Whether a loss that this year has no use for counts in a later one."""

    @property
    def taxed_withdrawals(self) -> frozenset[str]:
        """Kinds of accounts of which a return may count as income what is taken out; mostly none."""

    def classify(self, instrument: Instrument) -> str:
        """Return the class an instrument is taxed in.

        Raises:
            InputError: It is not known (`tax-class-unknown`): a class is never guessed.
        """

    def year_tax(self, facts: YearFacts) -> YearTax:
        """Return the tax of one year."""

    def sale_year(self, day: date, is_session: IsSession, rates: Mapping[str, Any]) -> int:
        """Return the tax year of what is sold on a day."""

    def last_sale_day(self, year: int, is_session: IsSession, rates: Mapping[str, Any]) -> date:
        """Return the last day on which a sale still counts for a year."""

    def plan_tax(self, facts: YearFacts, so_far: YearTax, as_of: date) -> PlanTax:
        """Return the tax on sales planned for a day, on top of the year so far."""

    def law_method(self, tax_class: str) -> str | None:
        """Return the method by which the law sells lots of a class, None where the owner chooses."""

    def backtest_tax(self, facts: BacktestFacts) -> BacktestTax:
        """Return what a backtest is taxed by.

        Raises:
            InputError: A setting is no number (`tax-setting`); gains are to be harvested and none is free
                (`harvest-allowance`).
        """

    def taxes_sale(self, tax_class: str, account_kind: str) -> bool:
        """Say whether selling something of a class in an account of a kind is taxed at all."""

    def stands_well(self, account_kind: str, instrument: Instrument) -> bool:
        """Say whether money in an instrument stands well in a kind of account, where nothing else decides."""

    def taken_out(self, account_kind: str, settings: Mapping[str, object]) -> str:
        """Return what is not counted of money that leaves an account of a kind; empty where all is.

        Args:
            account_kind: As in the portfolio file.
            settings: The owner's keys of the year.
        """

    def holding_rules(self, account_kind: str, figures: Callable[[str], Mapping[str, Any]]) -> HoldingRules:
        """Return what accounts of a kind may hold; `figures` reads the data file of a country's code."""

    def identical(self, facts: YearFacts) -> Mapping[str, str]:
        """Return symbol to group of what may wash each other's losses; empty where nothing does."""

    def no_buys(self, facts: YearFacts, as_of: date) -> tuple[NoBuy, ...]:
        """Return the losses that a purchase on a day would undo."""

    def free_gains(self, facts: YearFacts, so_far: YearTax, as_of: date) -> FreeGains | str:
        """Return the room for gains without tax, or why there is nothing to say about it."""

    def contribution_room(
        self,
        owner: str,
        kinds: Mapping[str, str],
        entries: Sequence[Entry],
        figures: tuple[Mapping[str, Any], Sequence[Rule]],
        as_of: date,
        settings: Mapping[str, object],
    ) -> tuple[ContributionRoom, ...]:
        """Return what a person may still pay into tax-sheltered accounts, of which `kinds` says the kinds.

        `settings` are those of [tax] for the year of `as_of`.
        """


def country(code: str) -> Country:
    """Return the country of a code; its module is imported only now.

    Raises:
        InputError: There is none (`tax-country-unknown`).
    """
    if code not in MODULES:
        raise InputError(
            "tax-country-unknown",
            say("no tax rules for {code!r}", code=code),
            say(
                'write jurisdiction = "{code}" under [tax], or one of {codes}',
                code=min(MODULES),
                codes=", ".join(sorted(MODULES)),
            ),
        )
    return cast(Country, import_module(f"steelyard.domain.tax.{MODULES[code]}").COUNTRY)
