"""The United States behind the interface every country has."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from steelyard.domain.accounts import ContributionRoom, HoldingRules
from steelyard.domain.books.ledger import Entry
from steelyard.domain.books.lots import TaxLot
from steelyard.domain.market.instruments import Instrument
from steelyard.domain.money import EXACT, ZERO, parse_fraction, parse_number, plain
from steelyard.domain.tax.backtest import BacktestFacts, BacktestTax, IsSession
from steelyard.domain.tax.basis import basis_of
from steelyard.domain.tax.country import Filing, YearFacts, YearTax, unrated
from steelyard.domain.tax.identical import chosen
from steelyard.domain.tax.planning import Formula, FreeGains, NoBuy, PlanTax, on_top_of, short_and_long
from steelyard.domain.tax.rules import Rule
from steelyard.domain.tax.united_states.basis import FIGURES, LOTS, TOTAL, rules_of
from steelyard.domain.tax.united_states.capital_gains import (
    LONG,
    LONG_RATE,
    Carry,
    GainsTax,
    long_rate,
    loss_limit,
    schedule,
    term,
)
from steelyard.domain.tax.united_states.contribution_limits import contribution_room
from steelyard.domain.tax.united_states.formula import return_formulas
from steelyard.domain.tax.united_states.holding_rules import holding_rules
from steelyard.domain.tax.united_states.planning import free_gains, no_buys
from steelyard.domain.tax.united_states.positions import (
    COLLECTIBLE,
    CURRENCY,
    SHELTERED_KINDS,
    Setting,
    positions,
)
from steelyard.domain.tax.united_states.tax_year import Owner, YearReport, year_report
from steelyard.domain.tax.united_states.wash_sales import WINDOW_DAYS
from steelyard.errors import InputError
from steelyard.records import replace
from steelyard.words import join, say

US_CLASSES = ("security", "collectible")
T_PLUS_1, T_PLUS_2 = date(2024, 5, 28), date(2017, 9, 5)
INTEREST_CLASSES = frozenset(
    {"bond", "cash", "corporate_bond", "treasury", "treasury_inflation", "gold", "commodities", "real_estate"}
)
"""Asset classes of funds that pay interest, rents or nothing: never qualified dividends."""


class UnitedStates:
    """The federal rules; state taxes are not covered."""

    code = "US"
    currency = CURRENCY
    settings = (
        "filing", "ordinary_rate", "other_income", "qualified_dividends", "magi", "net_investment_income",
        "carry_short", "carry_long", "identical", "identical_groups", "block_wash_sales",
    )  # fmt: skip
    wash_days = WINDOW_DAYS
    carries_losses = True

    def classify(self, instrument: Instrument) -> str:
        """Return the stated class of an instrument; one is never guessed."""
        if instrument.us_class not in US_CLASSES:
            raise InputError(
                "tax-class-unknown",
                say(
                    "{symbol} has no US tax class ({us_class})",
                    symbol=instrument.symbol,
                    us_class=instrument.us_class,
                ),
                say(
                    'write us_class = "security" (or "collectible") under [instruments.{symbol}]',
                    symbol=instrument.symbol,
                ),
            )
        return instrument.us_class

    def year_tax(self, facts: YearFacts) -> YearTax:
        """Return the federal tax that a year's sales add.

        Settings read: `filing`, `other_income` (taxable income without these gains), `ordinary_rate`,
        `qualified_dividends` (else those of the journal with an ex-dividend date), `magi`,
        `net_investment_income`, `carry_short`, `carry_long` (losses from the year before, >= 0). Without
        `other_income` the tax is an estimate at `ordinary_rate` and 15 %, and without either it is left out.

        Raises:
            InputError: See `year_report`, or a setting that is no amount.
            DataError: A rate or the year's brackets are missing.
        """
        owner = _owner(facts)
        report = year_report(
            facts.entries, facts.year, setting=_setting(facts), figures=facts.rates, owner=owner
        )
        total, notes = _total(report, facts)
        summary = _summary(report)
        return YearTax(
            jurisdiction=self.code,
            year=facts.year,
            disposals=tuple(replace(d, rules=rules_of(d)) for d in report.disposals),
            summary=summary,
            total_tax=total,
            rules=tuple(facts.rules),
            basis={**basis_of(summary, FIGURES), (): TOTAL},
            lot_rules=LOTS,
            open_lots=report.open_lots,
            filings=(
                Filing(
                    "Form 8949 and Schedule D",
                    date(facts.year + 1, 1, 1),
                    date(facts.year + 1, 4, 15),
                    total if total is not None and total > ZERO else ZERO,
                    "us.filing",
                ),
            )
            if report.disposals
            else (),
            notes=(*notes, *_crossed(report), *_unordered(report, facts, owner), *_rate_note(facts)),
        )

    def sale_year(self, day: date, is_session: IsSession, rates: Mapping[str, Any]) -> int:
        """Return the year of the day: the trade date decides (Rev. Rul. 66-97)."""
        return day.year

    def last_sale_day(self, year: int, is_session: IsSession, rates: Mapping[str, Any]) -> date:
        """Return the last session of the year."""
        day = date(year, 12, 31)
        while not is_session("XNYS", day):
            day -= timedelta(days=1)
        return day

    def plan_tax(self, facts: YearFacts, so_far: YearTax, as_of: date) -> PlanTax:
        """Return the tax on sales planned for a day, on top of the year so far.

        With `other_income` by the brackets of the year. With `ordinary_rate` alone one rate for each
        character: that rate on short-term gains, and 0, 15 or 20 % on long-term ones by what it implies.
        The exact tax of the finished plan is computed from the return afterwards.

        Raises:
            InputError: Neither is stated (`tax-setting`): a rate is never guessed.
            DataError: No brackets for the year.
        """
        ordinary, owner = _marginal(facts), _owner(facts)
        if owner.qualified is None:
            owner = replace(owner, qualified=so_far.summary["dividends"]["qualified"])
        limit = loss_limit(facts.rates, owner.filing)
        if owner.income is not None:
            rates = schedule(facts.rates, facts.year, owner.filing)
            formulas: tuple[Formula, ...] = return_formulas(rates, owner, limit=limit)
        else:
            rate = long_rate(ordinary)
            formulas = (
                short_and_long(short_rate=ordinary, long_rate=rate, ordinary_rate=ordinary, offset=limit),
            )
        realised = {
            "short": EXACT.subtract(_figure(so_far.summary, "short_term"), owner.carry.short),
            "long": EXACT.subtract(_figure(so_far.summary, "long_term"), owner.carry.long),
        }
        if owner.income is not None:
            realised["metal"] = _figure(so_far.summary, "collectibles")
            realised["long"] = EXACT.subtract(realised["long"], realised["metal"])

        def bucket(lot: TaxLot) -> str | None:
            if facts.account_kinds.get(lot.account) in SHELTERED_KINDS:
                return None
            kind = term(lot.holding_from, as_of)
            metal = kind == LONG and facts.classes[lot.symbol] == COLLECTIBLE
            return "metal" if metal and owner.income is not None else kind

        # What is bought back now is long-term by the time it is sold, and no income stays low for ever.
        later = max(long_rate(ordinary), LONG_RATE)
        return PlanTax(tuple(on_top_of(f, realised) for f in formulas), bucket, later)

    def law_method(self, tax_class: str) -> str | None:
        """Return None: the owner and the broker choose the lots (26 CFR 1.1012-1)."""
        return None

    def backtest_tax(self, facts: BacktestFacts) -> BacktestTax:
        """Return what a backtest is taxed by."""
        from steelyard.domain.tax.united_states.backtest import backtest_tax

        return backtest_tax(facts)

    def taxes_sale(self, tax_class: str, account_kind: str) -> bool:
        """Say whether a sale is taxed: not in an IRA, a Roth IRA or a 401(k)."""
        return account_kind not in SHELTERED_KINDS

    def stands_well(self, account_kind: str, instrument: Instrument) -> bool:
        """Say whether a fund stands well: bonds in a traditional account, what grows in a Roth or outside.

        Source: "Tax-efficient fund placement", Bogleheads wiki: interest is taxed every year at the ordinary
        rate, so bonds go where it is not; growth goes where it is taxed least or last.
        """
        bonds = "bond" in instrument.asset_class or instrument.asset_class.endswith(
            ("treasury", "cash", "reit")
        )
        return bonds == (account_kind in SHELTERED_KINDS and not account_kind.startswith("roth"))

    def holding_rules(self, account_kind: str, figures: Callable[[str], Mapping[str, Any]]) -> HoldingRules:
        """Return what accounts of a kind may hold."""
        return holding_rules(account_kind, figures)

    def identical(self, facts: YearFacts) -> Mapping[str, str]:
        """Return the groups of symbols that count as substantially identical."""
        return chosen(facts.settings, facts.same_index)

    def no_buys(self, facts: YearFacts, as_of: date) -> tuple[NoBuy, ...]:
        """Return the losses that a purchase on a day would wash."""
        setting = _setting(facts)
        return no_buys(positions(facts.entries, setting), setting.groups, as_of)

    def free_gains(self, facts: YearFacts, so_far: YearTax, as_of: date) -> FreeGains | str:
        """Return the room in the 0 % bracket, or that the income it depends on is not stated."""
        owner = _owner(facts)
        if owner.income is None:
            return say(
                "whether a gain would be taxed at 0 % depends on the rest of the return: state "
                "other_income, taxable income after the standard deduction and without gains "
                "(with a minus, what the deduction exceeds the income by)"
            )
        setting = _setting(facts)
        report = year_report(facts.entries, facts.year, setting=setting, figures=facts.rates, owner=owner)

        def is_free(lot: TaxLot) -> bool:
            taxed = lot.account not in setting.sheltered and facts.classes[lot.symbol] != COLLECTIBLE
            return taxed and term(lot.holding_from, as_of) == LONG

        return free_gains(
            schedule(facts.rates, facts.year, owner.filing),
            report.summary,
            owner,
            limit=loss_limit(facts.rates, owner.filing),
            is_free=is_free,
        )

    def contribution_room(
        self,
        owner: str,
        kinds: Mapping[str, str],
        entries: Sequence[Entry],
        figures: tuple[Mapping[str, Any], Sequence[Rule]],
        as_of: date,
    ) -> tuple[ContributionRoom, ...]:
        """Return what a person may still pay into tax-sheltered accounts this year."""
        return contribution_room(owner, kinds, entries, figures, as_of)


def _marginal(facts: YearFacts) -> Decimal:
    """Return the rate on the next dollar of ordinary income: as stated, or of the stated income's bracket.

    Raises:
        InputError: Neither is stated (`tax-setting`): a rate is never guessed.
        DataError: No brackets for the year.
    """
    stated = _fraction(facts, "ordinary_rate")
    if stated is not None:
        return stated
    income = _amount(facts, "other_income")
    if income is None:
        raise InputError(
            "tax-setting",
            say("what a gain or a loss is worth depends on the owner's rate, which is not stated"),
            say('write ordinary_rate = "24%" or other_income = 100000 under [tax]'),
        )
    bounds, rates = schedule(facts.rates, facts.year, str(facts.settings.get("filing", "single"))).ordinary
    return rates[bisect_right(bounds, income)]


def settlement(is_session: IsSession, traded_on: date) -> date:
    """Return the settlement date of a US trade: one session later.

    Two sessions before 2024-05-28 and three before 2017-09-05.

    Source: SEC rule 15c6-1 and its amendments of 2017 and 2023.
    """
    day, left = traded_on, 1 if traded_on >= T_PLUS_1 else 2 if traded_on >= T_PLUS_2 else 3
    while left:
        day += timedelta(days=1)
        left -= is_session("XNYS", day)
    return day


def _setting(facts: YearFacts) -> Setting:
    return Setting(
        classes=facts.classes,
        settles=lambda day: settlement(facts.is_session, day),
        sheltered=frozenset(a for a, kind in facts.account_kinds.items() if kind in SHELTERED_KINDS),
        methods=facts.methods,
        groups=chosen(facts.settings, facts.same_index),
        market_rates=facts.market_rates,
        interest_funds=frozenset(
            s for s, x in facts.instruments.items() if x.asset_class.removeprefix("us_") in INTEREST_CLASSES
        ),
    )


def _owner(facts: YearFacts) -> Owner:
    return Owner(
        filing=str(facts.settings.get("filing", "single")),
        income=_amount(facts, "other_income"),
        qualified=_amount(facts, "qualified_dividends"),
        magi=_amount(facts, "magi"),
        investment_income=_amount(facts, "net_investment_income"),
        carry=Carry(_amount(facts, "carry_short") or ZERO, _amount(facts, "carry_long") or ZERO),
    )


def _amount(facts: YearFacts, key: str) -> Decimal | None:
    raw = facts.settings.get(key)
    if raw is None:
        return None
    try:
        return parse_number(raw)
    except ValueError:
        raise InputError(
            "tax-setting",
            say("tax.{key} is {raw!r}, not an amount of dollars", key=key, raw=raw),
            say("write {key} = 30000 under [tax]", key=key),
        ) from None


def _fraction(facts: YearFacts, key: str) -> Decimal | None:
    raw = facts.settings.get(key)
    if raw is None:
        return None
    try:
        return parse_fraction(raw)
    except ValueError:
        raise InputError(
            "tax-setting",
            say("tax.{key} is {raw!r}, not a rate", key=key, raw=raw),
            say('write {key} = "24%" under [tax]', key=key),
        ) from None


def _total(report: YearReport, facts: YearFacts) -> tuple[Decimal | None, tuple[str, ...]]:
    if report.summary.tax is not None:
        return report.summary.tax.total, ()
    rate = _fraction(facts, "ordinary_rate")
    if rate is None:
        return None, (say("no tax is computed: give `other_income` (and `filing`) under [tax]"),)
    netting = report.summary.netting
    net = EXACT.add(
        EXACT.multiply(rate, max(netting.short, ZERO)),
        EXACT.multiply(long_rate(rate), max(netting.long, ZERO)),
    )
    saved = EXACT.multiply(rate, netting.ordinary_offset)
    return EXACT.subtract(net, saved), (
        say(
            "an estimate at the ordinary rate given and the long-term rate that goes with "
            "it; `other_income` under [tax] makes it exact"
        ),
    )


def _rate_note(facts: YearFacts) -> tuple[str, ...]:
    foreign = unrated(facts.entries, CURRENCY)
    if not foreign:
        return ()
    return (
        say(
            "entries in {foreign} without fx_rate take the fetched rate of their settlement "
            "date, or the last one before it",
            foreign=", ".join(foreign),
        ),
    )


def _unordered(report: YearReport, facts: YearFacts, owner: Owner) -> tuple[str, ...]:
    """Say what hangs on taking purchases of one day and price for fills of one order."""
    alike = Counter(
        (e.account, e.symbol, e.traded_on, e.price)
        for e in facts.entries
        if e.kind == "buy" and not e.order_id
    )
    if max(alike.values(), default=0) < 2 or all(d.gain >= ZERO for d in report.disposals):
        return ()
    apart = [
        e if e.order_id or e.kind != "buy" else replace(e, order_id=f"row {n}")
        for n, e in enumerate(facts.entries)
    ]
    other = year_report(apart, facts.year, setting=_setting(facts), figures=facts.rates, owner=owner)
    if other.summary.disallowed == report.summary.disallowed:
        return ()
    return (
        say(
            "purchases of one day and price without an order_id are taken for one order; "
            "were each an order of its own, {most} would be disallowed instead of {disallowed}: "
            "give the broker's order_id",
            most=plain(round(other.summary.disallowed, 2)),
            disallowed=plain(round(report.summary.disallowed, 2)),
        ),
    )


def _crossed(report: YearReport) -> tuple[str, ...]:
    if not report.crossed:
        return ()
    pairs = join(
        "; ", (say("{sold} by buying {bought}", sold=sold, bought=bought) for sold, bought in report.crossed)
    )
    return (
        say(
            "losses are disallowed on {pairs}, which count as substantially identical since "
            'they follow one index; no ruling says so: identical = "same_symbol" under [tax] '
            "counts the same symbol only",
            pairs=pairs,
        ),
    )


def _summary(report: YearReport) -> Mapping[str, object]:
    totals, netting, paid = report.summary, report.summary.netting, report.summary.dividends
    return {
        "short_term": totals.short_term,
        "long_term": totals.long_term,
        "collectibles": totals.collectibles,
        "disallowed": totals.disallowed,
        "disallowed_permanently": totals.permanent,
        "ordinary_offset": netting.ordinary_offset,
        "carry_forward": {"short": netting.carry.short, "long": netting.carry.long},
        "dividends": {
            "gross": paid.gross,
            "foreign_tax": paid.withheld,
            "qualified": paid.qualified,
            "ordinary": paid.ordinary,
            "ex_date_unknown": paid.unknown,
        },
        **({} if totals.tax is None else {"tax": _parts(totals.tax)}),
    }


def _parts(tax: GainsTax) -> Mapping[str, object]:
    """Where the tax comes from: by character, and which long-term gain fell under which rate."""
    return {
        "short_term": tax.ordinary,
        "long_term": tax.long,
        "long_term_by_rate": {f"{rate:f}": amount for rate, amount in tax.at_rates},
        "collectibles": tax.collectibles,
        "net_investment_income_tax": tax.niit,
    }


def _figure(summary: Mapping[str, object], name: str) -> Decimal:
    value = summary[name]
    assert isinstance(value, Decimal)
    return value


COUNTRY = UnitedStates()
