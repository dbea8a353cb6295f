"""Japan: gains and dividends of listed funds, taxed together apart from other income at 20.315 %.

Losses of a year are taken off its dividends, what is left off the gains and dividends of the three years
after, the oldest first. There is no yearly allowance; what NISA holds is not taxed at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any

from steelyard.domain.accounts import ContributionRoom, HoldingRules
from steelyard.domain.books.ledger import Entry
from steelyard.domain.books.lots import TaxLot
from steelyard.domain.market.instruments import Instrument
from steelyard.domain.money import EXACT, ONE, ZERO, parse_number
from steelyard.domain.tax.backtest import YEARLY, BacktestFacts, BacktestTax, IsSession, calendar_year
from steelyard.domain.tax.basis import basis_of
from steelyard.domain.tax.country import Filing, YearFacts, YearTax, unrated
from steelyard.domain.tax.forms import Form
from steelyard.domain.tax.japan.holding_rules import holding_rules
from steelyard.domain.tax.japan.ledger import LISTED, NISA, YEN, JapaneseLedger, read_ledger, settles_on
from steelyard.domain.tax.planning import FreeGains, NoBuy, PlanTax, above_allowance, on_top_of
from steelyard.domain.tax.rules import Rule, unread
from steelyard.errors import InputError
from steelyard.records import dataclass
from steelyard.words import say

FIGURES = {
    "listed": ("jp.netting", "jp.average", "jp.year"),
    "listed.dividends": ("jp.dividends",),
    "listed.carried_used": ("jp.carry",),
    "listed.national_tax": ("jp.rate", "jp.rounding"),
    "listed.local_tax": ("jp.rate", "jp.rounding"),
    "listed.tax": ("jp.rate", "jp.rounding"),
    "carry_forward": ("jp.carry",),
}
TOTAL = ("jp.rate", "jp.netting", "jp.carry", "jp.dividends", "jp.rounding")


@dataclass(frozen=True, slots=True)
class JapaneseYear:
    """A year after netting, in yen.

    Attributes:
        net: Gains less losses.
        dividends: Gross.
        used: Losses of earlier years taken off.
        gains_taxed, dividends_taxed: What is left of each, >= 0.
        carry: Losses left for later years, by the year they are of.
    """

    net: Decimal
    dividends: Decimal
    used: Decimal
    gains_taxed: Decimal
    dividends_taxed: Decimal
    carry: Mapping[int, Decimal]


class Japan:
    """The Japanese rules for a resident."""

    code = "JP"
    currency = YEN
    settings = ("losses",)
    forms: Mapping[str, Callable[[YearTax], Form]] = {}
    wash_days = None
    carries_losses = True
    taxed_withdrawals: frozenset[str] = frozenset()

    def classify(self, instrument: Instrument) -> str:
        """Return the one class there is: whatever is listed, in Japan or abroad."""
        return LISTED

    def year_tax(self, facts: YearFacts) -> YearTax:
        """Return the tax of a year on gains and dividends, before what was withheld of it.

        Settings read: `losses`, a table of year to yen: losses of years before the journal.

        Raises:
            InputError: See `read_ledger`, or `losses` is no such table (`tax-setting`).
            DataError: See `read_ledger`.
        """
        ledger = read_ledger(facts)
        year = year_of(facts, ledger)
        rates = facts.rates
        bases = [_cut(x, Decimal(rates["base_unit"])) for x in (year.gains_taxed, year.dividends_taxed)]
        base = EXACT.add(*bases)
        income = EXACT.multiply(base, Decimal(rates["national"]))
        extra = Decimal(rates["reconstruction"]) if facts.year <= rates["reconstruction_to"] else ZERO
        national = _cut(
            EXACT.add(income, _cut(EXACT.multiply(income, extra), ONE)), Decimal(rates["tax_unit"])
        )
        local = _cut(EXACT.multiply(base, Decimal(rates["local"])), Decimal(rates["tax_unit"]))
        total = EXACT.add(national, local)
        summary = {
            "listed": {
                "net_gain": year.net,
                "dividends": year.dividends,
                "carried_used": year.used,
                "taxable": base,
                "national_tax": national,
                "local_tax": local,
                "tax": total,
            },
            "carry_forward": {str(of): loss for of, loss in year.carry.items()},
        }
        provisional = unread(facts.rules, facts.year)
        return YearTax(
            jurisdiction=self.code,
            year=facts.year,
            disposals=tuple(
                sorted(ledger.disposals.get(facts.year, ()), key=lambda d: (d.sold_on, d.account, d.symbol))
            ),
            summary=summary,
            total_tax=total,
            rules=tuple(facts.rules),
            basis={**basis_of(summary, FIGURES), (): TOTAL},
            lot_rules=("jp.average",),
            open_lots=ledger.open_lots,
            filings=(
                Filing(
                    "final income tax return",
                    date(facts.year + 1, 2, 16),
                    date(facts.year + 1, 3, 15),
                    total,
                    "jp.filing",
                ),
            ),
            notes=(*_notes(facts, year), *((provisional,) if provisional else ())),
            provisional=provisional,
        )

    def sale_year(self, day: date, is_session: IsSession, rates: Mapping[str, Any]) -> int:
        """Return the year in which a sale in Tokyo of a day is delivered."""
        return settles_on(day, is_session, YEN).year

    def last_sale_day(self, year: int, is_session: IsSession, rates: Mapping[str, Any]) -> date:
        """Return the last session in Tokyo whose sales are delivered in the year."""
        day = date(year, 12, 31)
        while not (is_session("XTKS", day) and settles_on(day, is_session, YEN).year == year):
            day -= timedelta(days=1)
        return day

    def plan_tax(self, facts: YearFacts, so_far: YearTax, as_of: date) -> PlanTax:
        """Return the tax on sales planned for a day: one rate on gains and dividends less carried losses."""
        rate = flat_rate(facts.rates, facts.year)
        listed = so_far.summary["listed"]
        carried = EXACT.add(listed["carried_used"], exact(so_far.summary["carry_forward"], facts.year))
        allowance = EXACT.subtract(carried, EXACT.add(listed["net_gain"], listed["dividends"]))
        formula = on_top_of(above_allowance(LISTED, rate, allowance), {})

        def bucket(lot: TaxLot) -> str | None:
            taxable = facts.account_kinds.get(lot.account, "taxable") == "taxable"
            return LISTED if taxable and facts.reports(lot.account) else None

        return PlanTax((formula,), bucket, rate)

    def law_method(self, tax_class: str) -> str | None:
        """Return the average: nothing else is allowed (Order for Enforcement of the Income Tax Act, 118)."""
        return "average"

    def backtest_tax(self, facts: BacktestFacts) -> BacktestTax:
        """Return what a backtest is taxed by: losses are not carried on there."""
        national = flat_rate(facts.figures, 2026) - Decimal(facts.figures["local"])
        both = flat_rate(facts.figures, 2026)
        return BacktestTax(
            kinds=dict.fromkeys(facts.classes, YEARLY),
            averaged=frozenset(facts.classes),
            distributed=dict.fromkeys(facts.classes, both),
            year_of=calendar_year,
            due_on=lambda year: date(year + 1, 3, 15),
            national=national,
            local=Decimal(facts.figures["local"]),
            notes=(
                say(
                    "after tax as Japan takes it: gains of a year and distributions at {rate} %; losses are "
                    "not carried on in a backtest",
                    rate=f"{EXACT.multiply(both, Decimal(100)).normalize():f}",
                ),
            ),
        )

    def taxes_sale(self, tax_class: str, account_kind: str) -> bool:
        """Say whether a sale is taxed: not in NISA."""
        return account_kind != NISA

    def stands_well(self, account_kind: str, instrument: Instrument) -> bool:
        """Say whether a fund stands well: all alike, so nothing is preferred."""
        return False

    def taken_out(self, account_kind: str, settings: Mapping[str, object]) -> str:
        """Return nothing: money that leaves an account is not taxed."""
        return ""

    def holding_rules(self, account_kind: str, figures: Callable[[str], Mapping[str, Any]]) -> HoldingRules:
        """Return what accounts of a kind may hold."""
        return holding_rules(account_kind, figures)

    def identical(self, facts: YearFacts) -> Mapping[str, str]:
        """Return nothing: no purchase undoes a loss."""
        return {}

    def no_buys(self, facts: YearFacts, as_of: date) -> tuple[NoBuy, ...]:
        """Return nothing: no purchase undoes a loss."""
        return ()

    def free_gains(self, facts: YearFacts, so_far: YearTax, as_of: date) -> FreeGains | str:
        """Return why no gain is free: there is no allowance, and losses carried in are no reason to hurry."""
        return say(
            "Japan has no yearly allowance: a gain is free as far as losses of the year or of the three "
            "before take it"
        )

    def contribution_room(
        self,
        owner: str,
        kinds: Mapping[str, str],
        entries: Sequence[Entry],
        figures: tuple[Mapping[str, Any], Sequence[Rule]],
        as_of: date,
        settings: Mapping[str, object],
    ) -> tuple[ContributionRoom, ...]:
        """Return nothing: the limits of NISA are not covered."""
        return ()


def flat_rate(rates: Mapping[str, Any], year: int) -> Decimal:
    """Return the rate of national and local tax together.

    >>> figures = {"national": "0.15", "reconstruction": "0.021", "reconstruction_to": 2037, "local": "0.05"}
    >>> flat_rate(figures, 2026)
    Decimal('0.20315')
    """
    extra = Decimal(rates["reconstruction"]) if year <= rates["reconstruction_to"] else ZERO
    return EXACT.add(
        EXACT.multiply(Decimal(rates["national"]), EXACT.add(ONE, extra)), Decimal(rates["local"])
    )


def exact(carry: Mapping[str, Decimal], year: int) -> Decimal:
    """Return what is left of losses of years before."""
    total = ZERO
    for of, loss in carry.items():
        total = EXACT.add(total, loss) if int(of) < year else total
    return total


def year_of(facts: YearFacts, ledger: JapaneseLedger) -> JapaneseYear:
    """Return a year after netting, years before it walked from the first on.

    Source: rules jp.netting, jp.carry.
    """
    carry = _stated(facts)
    first = min((*ledger.years, *carry, facts.year))
    span = int(facts.rates["carry_years"])
    for year in range(first, facts.year + 1):
        carry = {of: loss for of, loss in carry.items() if of >= year - span}
        found = _netted(ledger.net_gain(year), ledger.dividends.get(year, ZERO), carry, year)
        carry = dict(found.carry)
    return found


def _netted(net: Decimal, dividends: Decimal, carry: Mapping[int, Decimal], year: int) -> JapaneseYear:
    gains, paid, left = max(net, ZERO), dividends, dict(sorted(carry.items()))
    own = max(EXACT.minus(net), ZERO)
    taken = min(own, paid)
    own, paid = EXACT.subtract(own, taken), EXACT.subtract(paid, taken)
    used = ZERO
    for of, loss in list(left.items()):
        for_gains = min(loss, gains)
        for_paid = min(EXACT.subtract(loss, for_gains), paid)
        gains, paid = EXACT.subtract(gains, for_gains), EXACT.subtract(paid, for_paid)
        both = EXACT.add(for_gains, for_paid)
        left[of], used = EXACT.subtract(loss, both), EXACT.add(used, both)
    if own:
        left[year] = own
    return JapaneseYear(net, dividends, used, gains, paid, {of: x for of, x in left.items() if x})


def _stated(facts: YearFacts) -> dict[int, Decimal]:
    """Return the losses of years before the journal, by year.

    Raises:
        InputError: `losses` is not a table of year to yen (`tax-setting`).
    """
    raw = facts.settings.get("losses", {})
    try:
        found = {int(year): parse_number(loss) for year, loss in raw.items()}  # type: ignore[attr-defined]
    except (AttributeError, TypeError, ValueError):
        found = {0: -ONE}
    if any(loss < ZERO for loss in found.values()):
        raise InputError(
            "tax-setting",
            say("tax.losses is {raw!r}, no table of year to yen", raw=raw),
            say("write losses = {{ 2024 = 300000 }} under [tax]"),
        )
    return found


def _cut(amount: Decimal, unit: Decimal) -> Decimal:
    """Cut an amount to whole units, towards zero."""
    return EXACT.multiply(EXACT.divide(amount, unit).quantize(ONE, ROUND_DOWN, EXACT), unit)


def _notes(facts: YearFacts, year: JapaneseYear) -> tuple[str, ...]:
    notes = [
        say(
            "Counted before what was withheld: an account with withholding, and dividends, have paid their "
            "part already. Losses are carried on only with a return every year. Tax paid abroad is not "
            "credited."
        )
    ]
    foreign = unrated(facts.entries, YEN)
    if foreign:
        notes.append(
            say(
                "Entries in {foreign} without fx_rate take a middle rate; the law asks for TTS of purchases "
                "and TTB of sales.",
                foreign=", ".join(foreign),
            )
        )
    expiring = facts.year - int(facts.rates["carry_years"]) + 1
    if year.carry.get(expiring - 1):
        notes.append(
            say("A loss of {loss} of {year} ends with this year.", loss=f"{year.carry[expiring - 1]:f}",
                year=expiring - 1)
        )  # fmt: skip
    return tuple(notes)


COUNTRY = Japan()
