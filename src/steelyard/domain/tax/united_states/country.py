"""The United States behind the interface every country has."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from steelyard.domain.accounts import HoldingRules
from steelyard.domain.books.lots import TaxLot
from steelyard.domain.market.instruments import Instrument
from steelyard.domain.money import EXACT, ZERO, exact_sum
from steelyard.domain.tax.backtest import BacktestFacts, BacktestTax, IsSession
from steelyard.domain.tax.basis import basis_of
from steelyard.domain.tax.country import Filing, YearFacts, YearTax
from steelyard.domain.tax.planning import (
    CarriedLoss,
    Formula,
    FreeGains,
    NoBuy,
    PlanTax,
    on_top_of,
    short_and_long,
)
from steelyard.domain.tax.united_states import caveats
from steelyard.domain.tax.united_states.basis import FIGURES, LOTS, TOTAL, rules_of
from steelyard.domain.tax.united_states.capital_gains import (
    LONG,
    LONG_RATE,
    NO_CARRY,
    GainsTax,
    long_rate,
    loss_limit,
    term,
)
from steelyard.domain.tax.united_states.contribution_limits import contribution_room
from steelyard.domain.tax.united_states.distributions import DEFERRED
from steelyard.domain.tax.united_states.forms import FORMS
from steelyard.domain.tax.united_states.formula import return_formulas
from steelyard.domain.tax.united_states.holding_rules import holding_rules
from steelyard.domain.tax.united_states.planning import free_gains, no_buys
from steelyard.domain.tax.united_states.positions import (
    COLLECTIBLE,
    CURRENCY,
    SHELTERED_KINDS,
    Gift,
    Setting,
    positions,
)
from steelyard.domain.tax.united_states.settings import (
    figure_of,
    fraction,
    identical_of,
    journal_setting,
    owner_of,
    owner_so_far,
    report_of,
)
from steelyard.domain.tax.united_states.tax_year import Owner, YearReport
from steelyard.domain.tax.united_states.wash_sales import WINDOW_DAYS
from steelyard.errors import InputError
from steelyard.records import replace
from steelyard.words import say

US_CLASSES = ("security", "collectible")


_TAXED_LATER = SHELTERED_KINDS - {"roth", "roth_401k", "hsa", "529"}
"""Where all that comes out is income one day: growth is worth least there."""


class UnitedStates:
    """The federal rules; state taxes are not covered."""

    code = "US"
    currency = CURRENCY
    settings = (
        "filing", "ordinary_rate", "other_income", "qualified_dividends", "magi", "net_investment_income",
        "carry_short", "carry_long", "identical", "identical_groups", "block_wash_sales",
        "ordinary_brackets", "gain_brackets", "carry_likelihood", "carry_discount",
        "dividends_in_other_income", "count_distributions", "born", "contribution_limits",
    )  # fmt: skip
    forms = FORMS
    wash_days = WINDOW_DAYS
    carries_losses = True
    taxed_withdrawals = DEFERRED

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
        `net_investment_income`, `count_distributions` and `born` (withdrawals from traditional retirement
        accounts as income), `carry_short`, `carry_long` (losses from the year before, >= 0; else what the
        journal's earlier years leave), `ordinary_brackets`, `gain_brackets` (upper bounds). Without
        `other_income` the tax is an estimate at `ordinary_rate` and 15 %, and without either it is left out.

        Raises:
            InputError: See `year_report`, a setting that is no amount, or a loss carried in of which it is
                not said into which year (`tax-carry-year`).
            DataError: A rate or the year's brackets are missing.
        """
        owner = owner_of(facts)
        setting = journal_setting(facts)
        if facts.stated_with is not None and (owner.magi is not None or owner.investment_income is not None):
            # Incomes were stated with the gains so far; what is only planned comes on top of them.
            told = report_of(replace(facts, entries=facts.stated_with, stated_with=None), setting, owner)
            taken_out = told.summary.distributions.gross
            owner = replace(owner, stated_with=told.summary.netting, told_distributions=taken_out)
        report = report_of(facts, setting, owner)
        total, notes = _total(report, facts)
        summary = _summary(report)
        washable = () if facts.as_of is None else no_buys(report.held, setting, facts.as_of)
        provisional = caveats.provisional(facts, owner)
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
            notes=_notes(report, facts, owner, setting, washable, notes) if facts.with_notes else notes,
            no_buys=washable,
            provisional=provisional,
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
        owner = owner_so_far(facts, so_far)
        ordinary = _marginal(facts, owner)
        limit = loss_limit(facts.rates, owner.filing)
        if owner.income is not None:
            rates = owner.schedule(facts.rates, facts.year)
            formulas: tuple[Formula, ...] = return_formulas(rates, owner, limit=limit)
        else:
            rate = long_rate(ordinary)
            formulas = (
                short_and_long(short_rate=ordinary, long_rate=rate, ordinary_rate=ordinary, offset=limit),
            )
        carried = owner.carry or NO_CARRY
        realised = {
            "short": EXACT.subtract(figure_of(so_far.summary, "short_term"), carried.short),
            "long": EXACT.subtract(figure_of(so_far.summary, "long_term"), carried.long),
        }
        if owner.income is not None:
            realised["metal"] = figure_of(so_far.summary, "collectibles")
            realised["long"] = EXACT.subtract(realised["long"], realised["metal"])

        def bucket(lot: TaxLot) -> str | None:
            if facts.account_kinds.get(lot.account) in SHELTERED_KINDS or not facts.reports(lot.account):
                return None
            kind = term(lot.holding_from, as_of)
            metal = kind == LONG and facts.classes[lot.symbol] == COLLECTIBLE
            return "metal" if metal and owner.income is not None else kind

        # What is bought back now is long-term by the time it is sold, and no income stays low for ever.
        later = max(long_rate(ordinary), LONG_RATE)
        gifts: Mapping[tuple[str, str, date], Gift] = {}
        if any(entry.gift_value is not None for entry in facts.entries):
            gifts = positions(facts.entries, journal_setting(facts)).gifts

        def cost_of(lot: TaxLot, proceeds: Decimal) -> Decimal:
            gift = gifts.get((lot.account, lot.symbol, lot.bought))
            return lot.cost if gift is None else gift.cost_for(lot.cost, proceeds)

        carried_on = CarriedLoss(
            ("short", "long", "metal") if owner.income is not None else ("short", "long"),
            exact_sum(realised.values()),
            limit,
            ordinary,
            fraction(facts, "carry_likelihood"),
            fraction(facts, "carry_discount"),
        )
        return PlanTax(
            tuple(on_top_of(f, realised) for f in formulas), bucket, later, cost_of, carried=carried_on
        )

    def law_method(self, tax_class: str) -> str | None:
        """Return None: the owner and the broker choose the lots (26 CFR 1.1012-1)."""
        return None

    def backtest_tax(self, facts: BacktestFacts) -> BacktestTax:
        """Return what a backtest is taxed by."""
        from steelyard.domain.tax.united_states.backtest import backtest_tax

        return backtest_tax(facts)

    def taxes_sale(self, tax_class: str, account_kind: str) -> bool:
        """Say whether a sale is taxed: not in a retirement account, an HSA or a 529 plan."""
        return account_kind not in SHELTERED_KINDS

    def stands_well(self, account_kind: str, instrument: Instrument) -> bool:
        """Say whether a fund stands well: bonds in a traditional account, what grows in a Roth or outside.

        Source: "Tax-efficient fund placement", Bogleheads wiki: interest is taxed every year at the ordinary
        rate, so bonds go where it is not; growth goes where it is taxed least or last, an HSA among them.
        """
        bonds = "bond" in instrument.asset_class or instrument.asset_class.endswith(
            ("treasury", "cash", "reit")
        )
        return bonds == (account_kind in _TAXED_LATER)

    def holding_rules(self, account_kind: str, figures: Callable[[str], Mapping[str, Any]]) -> HoldingRules:
        """Return what accounts of a kind may hold."""
        return holding_rules(account_kind, figures)

    def taken_out(self, account_kind: str, settings: Mapping[str, object]) -> str:
        """Return what is not counted of money that leaves an account."""
        counted = settings.get("count_distributions") is True
        return caveats.distribution(account_kind, counted=counted, age_known="born" in settings)

    def identical(self, facts: YearFacts) -> Mapping[str, str]:
        """Return the groups of symbols that count as substantially identical."""
        return identical_of(facts)

    def no_buys(self, facts: YearFacts, as_of: date) -> tuple[NoBuy, ...]:
        """Return the losses that a purchase on a day would wash."""
        setting = journal_setting(facts)
        return no_buys(positions(facts.entries, setting), setting, as_of)

    def free_gains(self, facts: YearFacts, so_far: YearTax, as_of: date) -> FreeGains | str:
        """Return the room in the 0 % bracket, or that the income it depends on is not stated."""
        owner = owner_so_far(facts, so_far)
        if owner.income is None:
            return say(
                "whether a gain would be taxed at 0 % depends on the rest of the return: state "
                "other_income, taxable income after the standard deduction and without gains "
                "(with a minus, what the deduction exceeds the income by)"
            )
        setting = journal_setting(facts)
        report = report_of(facts, setting, owner)

        def is_free(lot: TaxLot) -> bool:
            taxed = setting.reports(lot.account) and facts.classes[lot.symbol] != COLLECTIBLE
            return taxed and term(lot.holding_from, as_of) == LONG

        return free_gains(
            owner.schedule(facts.rates, facts.year),
            report.summary,
            owner,
            limit=loss_limit(facts.rates, owner.filing),
            is_free=is_free,
        )

    contribution_room = staticmethod(contribution_room)


def _marginal(facts: YearFacts, owner: Owner) -> Decimal:
    """Return the rate on the next dollar of ordinary income: as stated, or of the stated income's bracket.

    Raises:
        InputError: Neither is stated (`tax-setting`): a rate is never guessed.
        DataError: No brackets for the year.
    """
    stated = fraction(facts, "ordinary_rate")
    if stated is not None:
        return stated
    if owner.income is None:
        raise InputError(
            "tax-setting",
            say("what a gain or a loss is worth depends on the owner's rate, which is not stated"),
            say('write ordinary_rate = "24%" or other_income = 100000 under [tax]'),
        )
    bounds, rates = owner.schedule(facts.rates, facts.year).ordinary
    return rates[bisect_right(bounds, owner.taxable)]


def _notes(
    report: YearReport,
    facts: YearFacts,
    owner: Owner,
    setting: Setting,
    washable: Iterable[NoBuy],
    first: tuple[str, ...],
) -> tuple[str, ...]:
    """Return what the reader of a year has to know."""
    provisional = caveats.provisional(facts, owner)
    return (
        *first,
        *caveats.carried(report, facts),
        *caveats.incomes(report, facts, owner),
        *((provisional,) if provisional else ()),
        *caveats.crossed(report, facts),
        *caveats.washed_by_spouse(report),
        *caveats.unordered(report, facts, setting, owner),
        *caveats.unrated_currencies(facts),
        *caveats.still_washable(facts, washable),
        *caveats.partnerships(facts),
        *caveats.taken_out(facts, report, owner),
        *caveats.conversions(facts),
    )


def _total(report: YearReport, facts: YearFacts) -> tuple[Decimal | None, tuple[str, ...]]:
    if report.summary.tax is not None:
        return report.summary.tax.total, ()
    rate = fraction(facts, "ordinary_rate")
    if rate is None:
        return None, (say("no tax is computed: give `other_income` (and `filing`) under [tax]"),)
    netting = report.summary.netting
    net = EXACT.add(
        EXACT.multiply(rate, max(netting.short, ZERO)),
        EXACT.multiply(long_rate(rate), max(netting.long, ZERO)),
    )
    paid = owner_of(facts).with_paid(report.summary.dividends, report.summary.interest)
    qualified = paid.qualified_of(report.summary.dividends)
    dividends = EXACT.add(EXACT.multiply(rate, paid.paid), EXACT.multiply(long_rate(rate), qualified))
    taken = report.summary.distributions
    net = exact_sum((net, dividends, EXACT.multiply(rate, taken.gross), taken.additional))
    saved = EXACT.multiply(rate, netting.ordinary_offset)
    return EXACT.subtract(net, saved), (
        say(
            "an estimate at the ordinary rate given and the long-term rate that goes with "
            "it; `other_income` under [tax] makes it exact"
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
        **(
            {}
            if totals.carried == NO_CARRY
            else {"carried_in": {"short": totals.carried.short, "long": totals.carried.long}}
        ),
        "carry_forward": {"short": netting.carry.short, "long": netting.carry.long},
        "dividends": {
            "gross": paid.gross,
            "foreign_tax": paid.withheld,
            "qualified": paid.qualified,
            "ordinary": paid.ordinary,
            "ex_date_unknown": paid.unknown,
        },
        **({} if totals.interest == ZERO else {"interest": totals.interest}),
        **({} if totals.distributions.gross == ZERO else {"distributions": totals.distributions.gross}),
        **({} if totals.tax is None else {"tax": _parts(totals.tax)}),
    }


def _parts(tax: GainsTax) -> Mapping[str, object]:
    """Where the tax comes from: by character, and which long-term gain fell under which rate."""
    return {
        "short_term": tax.ordinary,
        "long_term": tax.long,
        "long_term_by_rate": {f"{rate:f}": amount for rate, amount in tax.at_rates},
        "collectibles": tax.collectibles,
        **({"dividends_and_interest": tax.paid} if tax.paid else {}),
        **({"distributions": tax.distributed} if tax.distributed else {}),
        **({"early_distributions": tax.additional} if tax.additional else {}),
        "net_investment_income_tax": tax.niit,
    }


COUNTRY = UnitedStates()
