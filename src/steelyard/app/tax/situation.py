"""Use case: the tax of one year, from a journal or from the lots a portfolio file gives, return by return."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import Any

from steelyard.app.books.lots import entries_of_lots
from steelyard.app.tax.filers import Filer, entries_for, filers_of, named
from steelyard.domain.books.ledger import Entry, instruments_of, until, with_withheld
from steelyard.domain.books.portfolio_books import books_of, with_books
from steelyard.domain.portfolio import Portfolio, Tax
from steelyard.domain.tax.country import Country, YearFacts, YearTax, country, unrated
from steelyard.domain.tax.gaps import COSTLESS, tax_not_counted, without_costless
from steelyard.domain.tax.identical import same_index
from steelyard.domain.tax.rules import Rule
from steelyard.errors import DataError, InputError
from steelyard.ports.market import Sessions
from steelyard.records import dataclass, field, replace
from steelyard.words import say

Figures = Callable[[str], tuple[Mapping[str, Any], Sequence[Rule]]]
"""A country's tax data and rules, by its code."""


@dataclass(frozen=True, slots=True)
class TaxSituation:
    """Everything the tax of one return is computed from.

    Attributes:
        country: The owner's jurisdiction.
        facts: What the country is handed.
        so_far: The year up to the day of asking.
        unknown: (account, symbol) pairs held without a known cost: no tax is computed for selling them.
        untaxed: (account, symbol) pairs whose sale is not taxed whatever they cost.
        identical: Symbol to group of what may wash each other's losses.
        filer: Whose return it is.
    """

    country: Country
    facts: YearFacts
    so_far: YearTax
    unknown: frozenset[tuple[str, str]]
    untaxed: frozenset[tuple[str, str]] = frozenset()
    identical: Mapping[str, str] = field(default_factory=dict)
    filer: Filer = Filer(("me",), Tax(""))

    def same(self, symbol: str) -> frozenset[str]:
        """Return a symbol and those that count as identical to it."""
        group = self.identical.get(symbol)
        return frozenset({symbol} | {s for s, g in self.identical.items() if g == group})

    def with_entries(self, more: Sequence[Entry]) -> YearTax:
        """Return the year's tax if some more entries happened, without notes."""
        facts = self.facts
        more = entries_for(self.filer, more)
        told = facts.entries if facts.stated_with is None else facts.stated_with
        more_facts = replace(facts, entries=(*facts.entries, *more), stated_with=told, with_notes=False)
        year = self.country.year_tax(more_facts)
        return replace(year, gaps=self.so_far.gaps) if self.so_far.gaps else year


Returns = tuple[TaxSituation, ...]
"""One for each return of a file's persons, that of [tax] first; never empty."""


def situation_of_sales(
    portfolio: Portfolio, sessions: Sessions, figures: Figures, *, as_of: date, needed: bool = False
) -> Returns | None:
    """Return what the tax of a plan is computed from, a return each; None without [tax].

    Where nothing says what was paid it is None as well, unless it is `needed`. Arguments and errors are those
    of `situations`; entries after `as_of` are left out.
    """
    if portfolio.tax is None:
        return None
    books = books_of(portfolio)
    past = tuple(e for e in books.entries if e.traded_on <= as_of)
    costs = past or any(p.lots for a in portfolio.accounts for p in a.positions)
    if not costs and not needed:
        return None
    return situations(
        with_books(portfolio, replace(books, entries=past)), sessions, figures, as_of=as_of, selling=True
    )


def situations(
    portfolio: Portfolio,
    sessions: Sessions,
    figures: Figures,
    *,
    as_of: date,
    year: int | None = None,
    selling: bool = False,
    owner: str | None = None,
) -> Returns:
    """Return what tax is computed from, with the year so far: one for each return, that of [tax] first.

    Args:
        portfolio: Its accounts, instruments, [tax] settings and books; where there are no entries, the lots
            of its positions stand in for them.
        sessions: Trading days, for settlement dates.
        figures: Of countries.
        as_of: Nothing later is counted.
        year: The tax year; that of `as_of` unless given.
        selling: The year is that of a sale on `as_of`, which may be settled in the next one.
        owner: Whose return alone; all of them unless given.

    Raises:
        InputError: No [tax] in the file (`tax-missing`), nobody of that name (`unknown-owner`), a key
            that the country does not know (`tax-setting`), an unknown class, an entry in the future, a year
            that is too far ahead (`tax-year-ahead`).
        DataError: A rate is missing.
    """
    if portfolio.tax is None:
        raise InputError(
            "tax-missing",
            say("{source} does not say where its owner is taxed", source=portfolio.source),
            say('add [tax] with jurisdiction = "KR" (or "US")'),
        )
    books = books_of(portfolio)
    past = with_withheld(until(books.entries or entries_of_lots(portfolio), as_of))
    filers = filers_of(portfolio, past)
    if owner is not None:
        filers = tuple(x for x in filers if owner in x.owners)
    if not filers:
        known = ("me", *portfolio.owners)
        if owner in known:
            raise InputError(
                "unknown-owner",
                say("{owner} has no accounts, and so no return", owner=owner),
                say('write owner = "{owner}" under an account', owner=owner),
            )
        raise InputError(
            "unknown-owner",
            say("there is no [owners.{name}]", name=owner),
            say("use one of {choices}", choices=", ".join(known)),
        )
    found = []
    for filer in filers:
        try:
            found.append(_situation(portfolio, sessions, figures, filer, past, as_of, year, selling))
        except (InputError, DataError) as error:
            raise named(error, filer) from None
    return tuple(found)


def _situation(
    portfolio: Portfolio,
    sessions: Sessions,
    figures: Figures,
    filer: Filer,
    journal: Sequence[Entry],
    as_of: date,
    year: int | None,
    selling: bool,
) -> TaxSituation:
    lands, books = country(filer.tax.jurisdiction), books_of(portfolio)
    rates, rules = figures(filer.tax.jurisdiction)
    check_settings(lands, filer.tax)
    if selling:
        year = lands.sale_year(as_of, sessions.is_session, rates)
    if year is not None and year > as_of.year + 1:
        raise InputError(
            "tax-year-ahead",
            say("{year} is more than a year after {as_of}", year=year, as_of=as_of),
            say(
                "ask for a year up to {year}: a sale at the end of a year may settle in the next",
                year=as_of.year + 1,
            ),
        )
    past = entries_for(filer, journal)
    if not books.entries and lands.currency != portfolio.base_currency:
        # The rate of a lot in the file is one to the base currency, which is not this return's.
        past = [replace(e, fx_rate=None) for e in past]
    symbols = instruments_of(past)
    classes = _known_classes(lands, portfolio)
    classes |= {s: lands.classify(portfolio.instruments[s]) for s in sorted(symbols)}
    year = year or as_of.year
    facts = YearFacts(
        year=year,
        entries=tuple(past),
        classes=classes,
        is_session=sessions.is_session,
        rates=rates,
        rules=tuple(rules),
        account_kinds={a.name: a.kind for a in portfolio.accounts},
        methods=_methods(portfolio, set(classes.values())),
        settings={**filer.tax.settings, **filer.tax.by_year.get(year, {})},
        general=filer.tax.settings,
        by_year=filer.tax.by_year,
        same_index=same_index(portfolio.instruments.values()),
        instruments={s: portfolio.instruments[s] for s in classes},
        market_rates={
            currency: books.rates_until(currency, lands.currency, as_of)
            for currency in unrated(past, lands.currency)
        },
        as_of=as_of,
        rate_names={pair.removesuffix(lands.currency): names for pair, names in books.rate_names.items()},
        tax_base_prices=books.tax_base_prices,
        own_accounts=filer.accounts,
    )
    known = {(name, symbol) for e in past for name in e.accounts for symbol in (e.symbol, e.other)}
    known -= {(e.account, e.symbol) for e in past if e.kind == "transfer_in" and e.price is None}
    held = [
        (a, p.symbol) for a in portfolio.accounts for p in a.positions if p.shares and filer.reports(a.name)
    ]
    facts, so_far = _year_tax(lands, facts)
    return TaxSituation(
        lands,
        facts,
        so_far,
        unknown=frozenset((a.name, s) for a, s in held if (a.name, s) not in known),
        untaxed=frozenset(
            (a.name, s) for a, s in held if s in classes and not lands.taxes_sale(classes[s], a.kind)
        ),
        identical=lands.identical(facts),
        filer=filer,
    )


def _year_tax(lands: Country, facts: YearFacts) -> tuple[YearFacts, YearTax]:
    """Return the year's tax, where some cost is unknown that of all the rest, and what it rests on."""
    try:
        return facts, lands.year_tax(facts)
    except InputError as error:
        if error.code not in COSTLESS:
            raise
        left, gaps = without_costless(facts.entries)
        if not gaps:
            raise
    facts = replace(facts, entries=tuple(left))
    return facts, replace(lands.year_tax(facts), gaps=gaps)


def check_settings(lands: Country, tax: Tax) -> None:
    """Refuse a key that the country does not know: a mistyped one would silently change the tax."""
    keys = [*tax.settings, *(key for keys in tax.by_year.values() for key in keys)]
    unknown = [key for key in dict.fromkeys(keys) if key not in lands.settings]
    if unknown:
        raise InputError(
            "tax-setting",
            say(
                "{unknown} under [tax] means nothing to the rules of {code}",
                unknown=", ".join(unknown),
                code=lands.code,
            ),
            say("use {settings}", settings=", ".join(lands.settings)),
        )


def taxed_pairs(portfolio: Portfolio) -> frozenset[tuple[str, str]]:
    """Return every (account, target) pair whose sale is taxed; a target of no known class counts as taxed.

    Args:
        portfolio: With [tax].
    """
    found = set()
    for account in portfolio.accounts:
        tax = portfolio.tax_of(account.owner)
        assert tax is not None
        lands = country(tax.jurisdiction)
        classes = _known_classes(lands, portfolio)
        found |= {
            (account.name, s) for s in portfolio.counted if lands.taxes_sale(classes.get(s, ""), account.kind)
        }
    return frozenset(found)


def not_counted(portfolio: Portfolio, sales: Sequence[tuple[str, str]]) -> str:
    """Say which of some sales, (account, symbol) each, are taxed where no cost is known; empty for none."""
    taxed = taxed_pairs(portfolio)
    named = [sale[1] for sale in sales if sale in taxed]
    return tax_not_counted(named) if named else ""


def _known_classes(lands: Country, portfolio: Portfolio) -> dict[str, str]:
    """Return the class of every instrument that has one: what is only bought is not refused for its lack."""
    found = {}
    for symbol, instrument in portfolio.instruments.items():
        with suppress(InputError):
            found[symbol] = lands.classify(instrument)
    return found


def _methods(portfolio: Portfolio, classes: set[str]) -> dict[tuple[str, str], str]:
    """Return the cost method of every (account, class) the owner states one for."""
    found: dict[tuple[str, str], str] = {}
    for account in portfolio.accounts:
        for tax_class in classes:
            method = account.cost_method.get(tax_class, account.cost_method.get(""))
            if method is not None:
                found[account.name, tax_class] = method
    return found
