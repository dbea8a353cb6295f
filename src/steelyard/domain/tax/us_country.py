"""The United States behind the interface every country has."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

from steelyard.domain.instruments import Instrument
from steelyard.domain.lots import TaxLot
from steelyard.domain.money import EXACT, ZERO, parse_fraction, parse_number
from steelyard.domain.tax.capital_gains import Carry, loss_limit, term
from steelyard.domain.tax.country import Disposal, Filing, IsSession, UsedLot, YearFacts, YearTax
from steelyard.domain.tax.planning import PlanTax, on_top_of, short_and_long
from steelyard.domain.tax.united_states import (
    CURRENCY,
    SHELTERED_KINDS,
    Owner,
    Setting,
    YearReport,
    year_report,
)
from steelyard.errors import InputError

US_CLASSES = ("security", "collectible")
T_PLUS_1 = date(2024, 5, 28)
LONG_RATE = Decimal("0.15")
"""Assumed on long-term gains where the owner states an ordinary rate but no income."""


class UnitedStates:
    """The federal rules; state taxes are not covered."""

    code = "US"
    currency = CURRENCY

    def classify(self, instrument: Instrument) -> str:
        """Return the stated class of an instrument; one is never guessed."""
        if instrument.us_class not in US_CLASSES:
            raise InputError(
                "tax-class-unknown",
                f"{instrument.symbol} has no US tax class ({instrument.us_class})",
                f'write us_class = "security" (or "collectible") under [instruments.{instrument.symbol}]',
            )
        return instrument.us_class

    def year_tax(self, facts: YearFacts) -> YearTax:
        """Return the federal tax that a year's sales add.

        Settings read: `filing`, `other_income` (taxable income without these gains), `ordinary_rate`,
        `qualified_dividends`, `magi`, `net_investment_income`, `carry_short`, `carry_long` (losses from the
        year before, >= 0). Without `other_income` the tax is an estimate at `ordinary_rate` and 15 %, and
        without either it is left out.

        Raises:
            InputError: See `year_report`, or a setting that is no amount.
            DataError: A rate or the year's brackets are missing.
        """
        owner = _owner(facts)
        report = year_report(
            facts.entries, facts.year, setting=_setting(facts), figures=facts.rates, owner=owner
        )
        total, notes = _total(report, facts)
        return YearTax(
            jurisdiction=self.code,
            year=facts.year,
            disposals=tuple(
                Disposal(
                    account=d.account,
                    symbol=d.symbol,
                    tax_class=d.tax_class,
                    sold_on=d.sold_on,
                    settles_on=d.settles_on,
                    shares=d.shares,
                    proceeds=d.proceeds,
                    cost=d.cost,
                    gain=d.gain,
                    disallowed=d.disallowed,
                    term=d.term,
                    lots=tuple(UsedLot(x.bought, x.shares, x.cost) for x in d.lots),
                )
                for d in report.disposals
            ),
            summary=_summary(report),
            total_tax=total,
            rules=tuple(facts.rules),
            open_lots=tuple(
                TaxLot(x.account, x.symbol, x.bought, x.shares, x.cost, x.holding_from)
                for x in report.open_lots
            ),
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
            notes=notes,
        )

    def plan_tax(self, facts: YearFacts, so_far: YearTax, as_of: date) -> PlanTax:
        """Return the tax on sales planned for a day, on top of the year so far.

        One rate for each character: the owner's `ordinary_rate` on short-term gains, and 0, 15 or 20 % on
        long-term ones by what that rate implies; collectibles count as other long-term gains. The exact
        tax of the finished plan is computed from the return afterwards.
        """
        ordinary = _fraction(facts, "ordinary_rate") or Decimal("0.24")
        filing = str(facts.settings.get("filing", "single"))
        formula = short_and_long(
            short_rate=ordinary,
            long_rate=long_rate(ordinary),
            ordinary_rate=ordinary,
            offset=loss_limit(facts.rates, filing),
        )
        realised = {
            "short": _figure(so_far.summary, "short_term"),
            "long": _figure(so_far.summary, "long_term"),
        }

        def bucket(lot: TaxLot) -> str | None:
            if facts.account_kinds.get(lot.account) in SHELTERED_KINDS:
                return None
            return term(lot.holding_from, as_of)

        return PlanTax((on_top_of(formula, realised),), bucket)


def long_rate(ordinary: Decimal) -> Decimal:
    """Return the long-term rate that goes with an ordinary marginal rate: 0, 15 or 20 %.

    The brackets of both do not end at the same income, so near an end this is an approximation.
    """
    if ordinary <= Decimal("0.12"):
        return ZERO
    return LONG_RATE if ordinary < Decimal("0.37") else Decimal("0.20")


def settlement(is_session: IsSession, traded_on: date) -> date:
    """Return the settlement date of a US trade: one session later, two before 2024-05-28."""
    day, left = traded_on, 1 if traded_on >= T_PLUS_1 else 2
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
    )


def _owner(facts: YearFacts) -> Owner:
    return Owner(
        filing=str(facts.settings.get("filing", "single")),
        income=_amount(facts, "other_income"),
        qualified=_amount(facts, "qualified_dividends") or ZERO,
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
            f"tax.{key} is {raw!r}, not an amount of dollars",
            f"write {key} = 30000 under [tax]",
        ) from None


def _fraction(facts: YearFacts, key: str) -> Decimal | None:
    raw = facts.settings.get(key)
    if raw is None:
        return None
    try:
        return parse_fraction(raw)
    except ValueError:
        raise InputError(
            "tax-setting", f"tax.{key} is {raw!r}, not a rate", f'write {key} = "24%" under [tax]'
        ) from None


def _total(report: YearReport, facts: YearFacts) -> tuple[Decimal | None, tuple[str, ...]]:
    if report.summary.tax is not None:
        return report.summary.tax.total, ()
    rate = _fraction(facts, "ordinary_rate")
    if rate is None:
        return None, ("no tax is computed: give `other_income` (and `filing`) under [tax]",)
    netting = report.summary.netting
    net = EXACT.add(
        EXACT.multiply(rate, max(netting.short, ZERO)),
        EXACT.multiply(long_rate(rate), max(netting.long, ZERO)),
    )
    saved = EXACT.multiply(rate, netting.ordinary_offset)
    return EXACT.subtract(net, saved), (
        "an estimate at the ordinary rate given and the long-term rate that goes with it; "
        "`other_income` under [tax] makes it exact",
    )


def _summary(report: YearReport) -> Mapping[str, object]:
    totals, netting = report.summary, report.summary.netting
    return {
        "short_term": totals.short_term,
        "long_term": totals.long_term,
        "collectibles": totals.collectibles,
        "disallowed": totals.disallowed,
        "disallowed_permanently": totals.permanent,
        "ordinary_offset": netting.ordinary_offset,
        "carry_forward": {"short": netting.carry.short, "long": netting.carry.long},
        "dividends": {"gross": totals.dividends, "foreign_tax": totals.withheld},
    }


def _figure(summary: Mapping[str, object], name: str) -> Decimal:
    value = summary[name]
    assert isinstance(value, Decimal)
    return value


COUNTRY = UnitedStates()
