"""What the reader of a Korean year has to know beside its figures."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal

from steelyard.domain.money import EXACT, ZERO, exact_sum, plain
from steelyard.domain.tax.country import RateUsed, YearFacts
from steelyard.domain.tax.korea.accounts import SHELTERED
from steelyard.domain.tax.korea.exchange import rate_note, with_tax_base
from steelyard.domain.tax.korea.gifts import gift_tax
from steelyard.domain.tax.korea.income import IncomeTax
from steelyard.domain.tax.korea.ledger import DEFAULT_METHOD, KoreanLedger
from steelyard.domain.tax.korea.payments import ABROAD_UNKNOWN, RATE_ASSUMED, UNTAXED_UNKNOWN, UPPER_BOUND
from steelyard.domain.tax.korea.rates import TaxRates
from steelyard.domain.tax.korea.repatriation import PaidBack, RepatriationYear
from steelyard.domain.tax.korea.settings import won
from steelyard.domain.tax.korea.sheltered import IsaAccount
from steelyard.domain.tax.korea.summary import Sheltered
from steelyard.domain.tax.rules import unread
from steelyard.words import say

METHOD_CLASSES = ("overseas_listed", "krx_taxable_shares")
"""Classes whose cost method is the broker's."""


def distribution(account_kind: str) -> str:
    """Say what is not counted of money that leaves an account of a kind; empty where all is."""
    if account_kind in ("pension", "irp"):
        return say(
            "what is taken out of it is taxed at 3.3 to 5.5 %, or 16.5 % where it is no pension, and not "
            "counted here (rule kr.pension-payout)"
        )
    if account_kind == "isa":
        return say("taking out more than was paid in closes it, with the tax of closing (rule kr.isa)")
    return ""


def _partnerships(facts: YearFacts) -> Iterator[str]:
    """Say of which funds the United States withhold a tenth of what a foreigner sells them for."""
    sold = {e.symbol for e in facts.entries if e.kind == "sell" and e.traded_on.year == facts.year}
    found = sorted(s for s in sold if s in facts.instruments and facts.instruments[s].us_ptp)
    if found:
        yield say(
            "{symbols}: a US partnership, of whose proceeds brokers withhold 10 % in the United States; it "
            "is not counted here (rule kr.us-partnership)",
            symbols=", ".join(found),
        )


def notes_of_year(
    ledger: KoreanLedger,
    facts: YearFacts,
    financial: Mapping[str, object],
    comprehensive: IncomeTax | None,
    rates: TaxRates,
) -> Iterator[str]:
    """Yield the notes on sales, payments and income."""
    if unverified := unread(rates.rules.values(), rates.year):
        yield unverified
    said = {note for u in ledger.units for note in u.disposal.notes}
    said |= {note for p in ledger.payments for note in p.notes}
    if UPPER_BOUND in said:
        yield say("Where no tax base price is known the tax is an upper bound: add tax_base_price.")
    if ABROAD_UNKNOWN in said:
        yield say(
            "Where the tax a fund paid abroad is not known the withholding is an upper bound: add "
            "foreign_tax from the fund's notice."
        )
    if UNTAXED_UNKNOWN in said:
        yield say(
            "Distributions of domestic-equity ETFs count in full, an upper bound: their untaxed part is in "
            "no entry."
        )
    if RATE_ASSUMED in said:
        yield say("Where the rate abroad is not given 14 % counts: add foreign_rate from the fund's notice.")
    yield from _methods(facts)
    yield from _partnerships(facts)
    if ledger.shares:
        yield say(
            "Taxable Korean shares are taxed as those of larger companies: the lower rates for small and "
            "medium enterprises are not covered (rule kr.domestic-shares)."
        )
    for p in ledger.payments:
        if p.rate_note:
            yield say(
                "Dividend of {symbol} on {paid_on}: {rate_note}.",
                symbol=p.symbol,
                paid_on=p.paid_on,
                rate_note=p.rate_note,
            )
    meant = sorted(
        {
            e.symbol
            for e in facts.entries
            if e.traded_on.year == facts.year
            and e.foreign_tax is not None
            and facts.classes.get(e.symbol) == "overseas_listed"
        }
    )
    if meant:
        yield say(
            "foreign_tax is what a KRX-listed fund paid abroad and is not counted for {symbols}: tax that "
            "was withheld from you abroad stands in fees.",
            symbols=tuple(meant),
        )
    if financial["over"] and comprehensive is None:
        yield say(
            "Financial income exceeds the threshold: the tax beyond the withholding needs other_taxable_base."
        )
    if comprehensive:
        yield say("Of the credits of a comprehensive return only those for tax paid abroad are counted.")
        if comprehensive.foreign_credit and won(facts, "other_income_amount") is None:
            yield say(
                "The limit of the foreign tax credit takes the tax base for the income before deductions: "
                "with other_income_amount the limit is smaller, and the tax may be higher."
            )
    yield from _health(financial, rates)
    yield from _gifts(facts, rates)


def _methods(facts: YearFacts) -> Iterator[str]:
    """Name the cost method that stands in where the owner has not said what the broker applies."""
    assumed = sorted(
        {
            e.account
            for e in facts.entries
            if e.kind == "sell"
            and facts.classes.get(e.symbol) in METHOD_CLASSES
            and facts.account_kinds.get(e.account) not in SHELTERED
            and (e.account, facts.classes[e.symbol]) not in facts.methods
            and (e.account, "") not in facts.methods
        }
    )
    for account in assumed:
        yield say(
            "Account {account} does not say how its broker reckons cost: {method} was assumed, and the "
            "moving average may differ many times. Write cost_method.",
            account=account,
            method=DEFAULT_METHOD,
        )


def _health(financial: Mapping[str, object], rates: TaxRates) -> Iterator[str]:
    total = financial["total"]
    if not isinstance(total, Decimal) or "health.financial" not in rates.values:
        return
    if total > rates["health.other_income"]:
        yield say(
            "Financial income above {high:,f} won also raises health insurance premiums: of an employee on "
            "what exceeds it, of a dependent by the loss of that status.",
            high=rates["health.other_income"],
        )
    elif total > rates["health.financial"]:
        yield say(
            "Financial income above {low:,f} won counts in full for the health insurance premiums of the "
            "self-employed, and for who may be a dependent.",
            low=rates["health.financial"],
        )


def _gifts(facts: YearFacts, rates: TaxRates) -> Iterator[str]:
    """Say what gift tax a gift of the year may bear; who gave it is not in the journal."""
    for entry in facts.entries:
        if entry.gift_value is None or entry.traded_on.year != facts.year:
            continue
        value = EXACT.multiply(entry.gift_value, entry.shares)
        family, spouse = rates["gift.family_deduction"], rates["gift.spouse_deduction"]
        if value <= family:
            continue
        yield say(
            "Gift of {symbol} on {day} worth {value:,f} won: gift tax {family_tax:,f} won if a parent or "
            "child of full age gave it ({family:,f} won free in ten years), {spouse_tax:,f} won if the "
            "spouse did ({spouse:,f} won free), before earlier gifts; the return is due three months after "
            "the month.",
            symbol=entry.symbol,
            day=entry.traded_on,
            value=value,
            family=family,
            spouse=spouse,
            family_tax=gift_tax(value, family, rates),
            spouse_tax=gift_tax(value, spouse, rates),
        )


def notes_of_accounts(
    facts: YearFacts,
    brought_home: RepatriationYear | None,
    paid_back: PaidBack | None,
    sheltered: Sheltered,
    used: Collection[RateUsed],
) -> Iterator[str]:
    """Yield the notes on rates of exchange and on accounts with rules of their own."""
    exchange = rate_note(facts, used)
    if exchange:
        yield exchange
    filled = sorted(
        {
            e.symbol
            for e in facts.entries
            if facts.classes.get(e.symbol) == "krx_other" and with_tax_base(e, facts) is not e
        }
    )
    if filled:
        yield say(
            "Tax base prices of {symbols} that no entry states are those of the files in {name}.",
            symbols=", ".join(filled),
            name="tax_base_prices",
        )
    if brought_home is not None and brought_home.not_held:
        yield say("Part of what the repatriation account sold was not held on the day of reference.")
    if brought_home is not None and brought_home.withdrawn_on is not None:
        each = say(", {won} won a day", won=plain(paid_back.a_day)) if paid_back else ""
        what = (
            say(
                "the tax on what was deducted is paid back, with interest from the last day of "
                "the return to the last day to pay{each}; it is not in the total",
                each=each,
            )
            if brought_home.kept
            else say("nothing is deducted")
        )
        yield say(
            "Money left the repatriation account on {day}, within a year: {what} (where only profit was "
            "taken out, state repatriation_deduction).",
            day=brought_home.withdrawn_on,
            what=what,
        )
    for isa in sheltered.isas:
        yield from _isa_notes(isa, facts.year)
    if len(sheltered.isas) > 1:
        yield say(
            "{accounts} are ISAs: one person may have only one (STTCA 91-18(3)1), so the later ones have no "
            "exemption.",
            accounts=tuple(isa.account for isa in sheltered.isas),
        )
    if sheltered.pension is not None:
        yield say("The pension credit reduces the tax on other income and is not in the total.")
        if won(facts, "salary") is None:
            yield say("The credit is the lower one of a high salary: give salary under [tax].")


def _isa_notes(isa: IsaAccount, year: int) -> Iterator[str]:
    if isa.ended_on is not None:
        yield say(
            "{account} ended on {day}: more was taken out than had been paid in, before three years. All its "
            "income is taxed at 15.4 %, without exemption or netting.",
            account=isa.account,
            day=isa.ended_on,
        )
    else:
        yield say(
            "Nothing is due for {account} before it is closed: the tax of closing it is not in the total,"
            " and counts what was realised so far.",
            account=isa.account,
        )
    if isa.kept is not None:
        yield say(
            "{account}: closed before {day} its income is taxed at 15.4 % without exemption or netting, "
            "{now:,f} won; kept until then {kept:,f} won on the same income.",
            account=isa.account,
            day=isa.free_from,
            now=isa.closing.tax,
            kept=isa.kept.tax,
        )
    if isa.room.note:
        yield say("Room of {account}: {note}.", account=isa.account, note=isa.room.note)
    for day, amount in isa.room.beyond:
        if day.year == year:
            yield say(
                "{account}: {amount:,f} won paid in on {day} are beyond the limit of an ISA.",
                account=isa.account,
                amount=amount,
                day=day,
            )


def sheltered_sales(facts: YearFacts) -> tuple[str, ...]:
    """Return a sentence for each sheltered account in which something was sold in the year."""
    sold: dict[str, int] = {}
    for e in facts.entries:
        kind = facts.account_kinds.get(e.account)
        if e.kind == "sell" and e.traded_on.year == facts.year and kind in SHELTERED:
            sold[e.account] = sold.get(e.account, 0) + 1
    return tuple(
        say(
            "{count} {count:sale|sales} in {account} ({kind}): not taxed at the sale, but when money leaves.",
            count=count,
            account=account,
            kind=facts.account_kinds[account],
        )
        for account, count in sorted(sold.items())
    )


def isa_taxed(sheltered: Sheltered, year: int) -> tuple[Decimal, Decimal]:
    """Return income and tax of ISAs that ended within three years, in that year: both are the year's."""
    ended = [isa.closing for isa in sheltered.isas if isa.ended_on is not None and isa.ended_on.year == year]
    return exact_sum((c.taxable for c in ended), ZERO), exact_sum((c.tax for c in ended), ZERO)
