"""Korea: three classes of ETFs, each taxed in its own way, put together into one person's year.

KRX-listed domestic-equity ETFs are free of tax on gains; other KRX-listed ones are taxed as dividends, sale
by sale; overseas-listed ones are taxed on the year's net gain. The rules themselves are in the modules
beside this one, the numbers in the country's data file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from steelyard.domain.accounts import HoldingRules
from steelyard.domain.books.lots import TaxLot
from steelyard.domain.market.instruments import Instrument
from steelyard.domain.money import EXACT, ONE, ZERO, exact_sum
from steelyard.domain.tax.backtest import BacktestFacts, BacktestTax, IsSession
from steelyard.domain.tax.basis import Basis, basis_of, together
from steelyard.domain.tax.country import Disposal, Filing, YearFacts, YearTax
from steelyard.domain.tax.korea.basis import FIGURES, LOTS, TOTAL, with_rules
from steelyard.domain.tax.korea.contribution_limits import contribution_room
from steelyard.domain.tax.korea.exchange import rates_used
from steelyard.domain.tax.korea.filings import filings
from steelyard.domain.tax.korea.forms import FORMS
from steelyard.domain.tax.korea.hedging import hedging_deduction
from steelyard.domain.tax.korea.holding_rules import holding_rules
from steelyard.domain.tax.korea.ledger import (
    CLASSES,
    DEFAULT_METHOD,
    class_unknown,
    cost_with_gifts,
    read_ledger,
    share_gains,
)
from steelyard.domain.tax.korea.notes import (
    METHOD_CLASSES,
    distribution,
    isa_taxed,
    notes_of_accounts,
    notes_of_year,
    sheltered_sales,
)
from steelyard.domain.tax.korea.overseas import overseas_tax
from steelyard.domain.tax.korea.rates import TaxRates, rates_of, without_dust
from steelyard.domain.tax.korea.repatriation import KIND as REPATRIATION
from steelyard.domain.tax.korea.repatriation import repatriation_year
from steelyard.domain.tax.korea.settings import SETTINGS, won
from steelyard.domain.tax.korea.settlement import last_trade_day, settles_on
from steelyard.domain.tax.korea.summary import (
    Sheltered,
    financial_section,
    high_dividend_section,
    overseas_section,
    payments_section,
    repatriation_section,
    sheltered_accounts,
    units_section,
)
from steelyard.domain.tax.planning import (
    FreeGains,
    NoBuy,
    PlanTax,
    above_allowance,
    each_gain,
    on_top_of,
)
from steelyard.domain.tax.rules import Rule, unread
from steelyard.words import say

SHELTERED = frozenset({"isa", "pension", "irp"})


class Korea:
    """The Korean tax rules behind the interface every country has."""

    code = "KR"
    currency = "KRW"
    settings = SETTINGS
    wash_days = None
    forms = FORMS
    carries_losses = False
    taxed_withdrawals: frozenset[str] = frozenset()

    def classify(self, instrument: Instrument) -> str:
        """Return the stated class of an instrument; one is never guessed."""
        if instrument.tax_class not in CLASSES:
            raise class_unknown(instrument.symbol, instrument.tax_class)
        return instrument.tax_class

    def year_tax(self, facts: YearFacts) -> YearTax:
        """Return the tax of one person's year.

        Settings read: `other_taxable_base` (won, for comprehensive taxation), `other_financial_income`
        (interest and dividends from elsewhere), `repatriation_deduction` (instead of the one that follows
        from an account of the kind `ria`), `isa_type`, `salary` and `pension_from_isa`. Withheld tax on
        income that is not in the journal is not part of the total; foreign tax on dividends is. Nor is what
        an ISA would cost if it were closed, or a credit for pension contributions.

        Args:
            facts: See there.

        Raises:
            InputError: See `read_ledger`.
            DataError: A rate is missing.
        """
        rates = rates_of(facts.rates, facts.rules, facts.year)
        ledger = read_ledger(facts, rates)
        brought_home = repatriation_year(facts, ledger.overseas, rates)
        relief = won(facts, "repatriation_deduction")
        if relief is None:
            relief = brought_home.result.deduction if brought_home and brought_home.kept else ZERO
        overseas = overseas_tax(
            (d.gain for d in ledger.overseas),
            rates,
            repatriation=relief,
            hedging=hedging_deduction(facts, exact_sum(max(d.gain, ZERO) for d in ledger.overseas), rates),
            shares=share_gains(ledger.shares),
            first_overseas=min((d.settles_on for d in ledger.overseas), default=None),
        )
        paid_back = brought_home.paid_back(overseas.repatriation, rates) if brought_home else None
        units = units_section(ledger)
        paid = payments_section(ledger)
        sheltered = sheltered_accounts(facts, rates)
        of_isas = isa_taxed(sheltered, facts.year)
        financial, comprehensive = financial_section(ledger, facts, rates, of_isas)
        extra = EXACT.add(comprehensive.extra, comprehensive.extra_local) if comprehensive else ZERO
        apart = high_dividend_section(facts, rates)
        total = exact_sum((overseas.tax, units["tax"], paid["tax"], extra, of_isas[1]))
        total = EXACT.add(total, apart.get("tax", ZERO))
        sold = (*ledger.overseas, *ledger.domestic, *ledger.shares, *(u.disposal for u in ledger.units))
        disposals = sorted(map(with_rules, sold), key=lambda d: (d.sold_on, d.account, d.symbol))
        summary = {
            "overseas_listed": overseas_section(overseas, facts),
            "krx_other": {**units, "upper_bound": any(u.upper_bound for u in ledger.units)},
            "krx_domestic_equity": {
                "net_gain": without_dust(exact_sum(d.gain for d in ledger.domestic)),
                "taxable": ZERO,
                "tax": ZERO,
            },
            "dividends": {**paid, "upper_bound": any(p.upper_bound for p in ledger.payments)},
            "financial_income": financial,
            **({"high_dividends": apart} if apart else {}),
            **(
                {"repatriation": repatriation_section(brought_home, overseas.repatriation, paid_back)}
                if brought_home
                else {}
            ),
            **sheltered.sections,
        }
        basis = {**basis_of(summary, FIGURES), (): TOTAL}
        due = filings(ledger, overseas, financial, extra, paid_back, rates)
        used = rates_used(facts, {(d.account, d.symbol) for d in disposals})
        return YearTax(
            jurisdiction=self.code,
            year=facts.year,
            disposals=tuple(disposals),
            summary=summary,
            total_tax=total,
            rules=_used(basis, disposals, due, rates, sheltered),
            basis=basis,
            lot_rules=LOTS,
            open_lots=ledger.open_lots,
            filings=due,
            notes=(
                *notes_of_year(ledger, facts, financial, comprehensive, rates),
                *notes_of_accounts(facts, brought_home, paid_back, sheltered, used),
            )
            if facts.with_notes
            else (),
            sheltered_sales=sheltered_sales(facts),
            provisional=unread(rates.rules.values(), facts.year),
            rates_used=used,
        )

    def sale_year(self, day: date, is_session: IsSession, rates: Mapping[str, Any]) -> int:
        """Return the year in which an overseas sale of the day is settled, late in December the next one.

        What is withheld sale by sale does not depend on it.
        """
        return settles_on(day, "overseas_listed", is_session, rates).year

    def last_sale_day(self, year: int, is_session: IsSession, rates: Mapping[str, Any]) -> date:
        """Return the last day whose overseas sales are settled in the year."""
        return last_trade_day(year, is_session, rates).day

    def plan_tax(self, facts: YearFacts, so_far: YearTax, as_of: date) -> PlanTax:
        """Return the tax on sales planned for a day, on top of the year so far.

        A KRX-listed ETF of the "other" class is counted by its actual gain, which the tax base price can
        only lower; the small-amount waiver is left out. Both make this an upper bound of those taxes. Gifts
        sold within a year count at the giver's cost; what the repatriation account deducts is left out.
        """
        rates = rates_of(facts.rates, facts.rules, facts.year)
        rate = EXACT.add(rates["overseas.national"], rates["overseas.local"])
        net = so_far.summary["overseas_listed"]["net_gain"]
        overseas = on_top_of(
            above_allowance("overseas", rate, rates["overseas.deduction"]), {"overseas": net}
        )
        withheld = EXACT.multiply(
            rates["withholding.national"], EXACT.add(ONE, rates["withholding.local_part"])
        )
        buckets = sorted(
            {
                _krx_bucket(lot.account, lot.symbol)
                for lot in so_far.open_lots
                if facts.classes.get(lot.symbol) == "krx_other"
            }
        )

        def bucket(lot: TaxLot) -> str | None:
            if facts.account_kinds.get(lot.account, "taxable") != "taxable":
                return None
            return {
                "overseas_listed": "overseas",
                "krx_other": _krx_bucket(lot.account, lot.symbol),
                "krx_taxable_shares": "overseas",
            }.get(facts.classes[lot.symbol])

        return PlanTax(
            (overseas, *(each_gain(b, withheld) for b in buckets)),
            bucket,
            cost_of=cost_with_gifts(facts, rates, as_of),
            left_out=_left_out(facts, so_far),
        )

    def law_method(self, tax_class: str) -> str | None:
        """Return the moving average for the fund units it taxes at each sale; elsewhere the owner chooses."""
        return "average" if tax_class == "krx_other" else None

    def backtest_tax(self, facts: BacktestFacts) -> BacktestTax:
        """Return what a backtest is taxed by."""
        from steelyard.domain.tax.korea.backtest import backtest_tax

        return backtest_tax(facts)

    def taxes_sale(self, tax_class: str, account_kind: str) -> bool:
        """Say whether a sale is taxed: not of a domestic-equity ETF, nor inside an ISA, pension or IRP."""
        return account_kind == "taxable" and tax_class != "krx_domestic_equity"

    def stands_well(self, account_kind: str, instrument: Instrument) -> bool:
        """Say whether a fund stands well: sheltered what is taxed at every sale, outside what is not.

        A KRX-listed fund of the "other" class pays 15.4 % on its gain in a taxable account, and nothing
        until it is paid out in an ISA, pension account or IRP; a domestic-equity fund's gain never does.
        """
        if account_kind == "taxable":
            return instrument.tax_class == "krx_domestic_equity"
        return account_kind in SHELTERED and instrument.tax_class == "krx_other"

    def taken_out(self, account_kind: str, settings: Mapping[str, object]) -> str:
        """Return what is not counted of money that leaves an account."""
        return distribution(account_kind)

    def holding_rules(self, account_kind: str, figures: Callable[[str], Mapping[str, Any]]) -> HoldingRules:
        """Return what accounts of a kind may hold."""
        return holding_rules(account_kind, figures)

    def identical(self, facts: YearFacts) -> Mapping[str, str]:
        """Return nothing: Korea knows no wash-sale rule."""
        return {}

    def no_buys(self, facts: YearFacts, as_of: date) -> tuple[NoBuy, ...]:
        """Return nothing: a purchase never undoes a loss."""
        return ()

    def free_gains(self, facts: YearFacts, so_far: YearTax, as_of: date) -> FreeGains | str:
        """Return the unused part of the yearly deduction on overseas-listed shares."""
        rates = rates_of(facts.rates, facts.rules, facts.year)
        overseas = so_far.summary["overseas_listed"]

        def is_free(lot: TaxLot) -> bool:
            taxed = facts.account_kinds.get(lot.account, "taxable") == "taxable"
            return taxed and facts.classes[lot.symbol] == "overseas_listed"

        return FreeGains(
            room=EXACT.subtract(overseas["deduction"], overseas["net_gain"]),
            is_free=is_free,
            later_rate=EXACT.add(rates["overseas.national"], rates["overseas.local"]),
            cost=lambda gains: ZERO,
            why=say("fills the unused part of the yearly deduction; buy back the same day"),
            note=say(
                "₩{left:,f} of the yearly deduction of ₩{deduction:,f} on overseas-listed shares is "
                "left, and lost at the end of the year",
                left=overseas["still_free"],
                deduction=overseas["deduction"],
            ),
        )

    contribution_room = staticmethod(contribution_room)


def _krx_bucket(account: str, symbol: str) -> str:
    return f"krx_other:{account}:{symbol}"


def _left_out(facts: YearFacts, so_far: YearTax) -> Mapping[tuple[str, str], str]:
    """Return what to say beside a planned sale, by account and symbol."""
    lots: dict[tuple[str, str], int] = {}
    for lot in so_far.open_lots:
        if facts.classes.get(lot.symbol) in METHOD_CLASSES:
            lots[lot.account, lot.symbol] = lots.get((lot.account, lot.symbol), 0) + 1
    found = {}
    for (account, symbol), count in lots.items():
        kind = facts.account_kinds.get(account, "taxable")
        if kind == REPATRIATION:
            found[account, symbol] = say(
                "the planner does not know what a sale in the repatriation account deducts; the "
                "tax shown does"
            )
        elif kind == "taxable" and count > 1 and (account, facts.classes[symbol]) not in facts.methods:
            found[account, symbol] = say(
                "{account} does not say how its broker reckons cost: {method} was assumed (cost_method)",
                account=account,
                method=DEFAULT_METHOD,
            )
    return found


def _used(
    basis: Basis,
    disposals: Iterable[Disposal],
    due: Iterable[Filing],
    rates: TaxRates,
    sheltered: Sheltered,
) -> tuple[Rule, ...]:
    """Return the rules that some figure or return names, and those that limit the owner's accounts."""
    names = set(together(*basis.values(), *(d.rules for d in disposals), LOTS, ("kr.overseas-filing",)))
    names |= {x.rule for x in due}
    if sheltered.pension is not None:
        names |= {"kr.pension-payout", "kr.irp-cap"}
    return tuple(rates.rules[name] for name in sorted(names) if name in rates.rules)


COUNTRY = Korea()
