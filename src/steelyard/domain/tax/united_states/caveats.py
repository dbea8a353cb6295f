"""What the reader of a United States year has to know about its figures, a sentence each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal

from steelyard.domain.money import EXACT, ZERO, exact_sum, plain
from steelyard.domain.tax.country import YearFacts, unrated
from steelyard.domain.tax.planning import NoBuy
from steelyard.domain.tax.united_states.capital_gains import NO_CARRY
from steelyard.domain.tax.united_states.distributions import DEFERRED
from steelyard.domain.tax.united_states.positions import CURRENCY, Setting
from steelyard.domain.tax.united_states.settings import (
    first_gain_of,
    journal_setting,
    owner_in,
    owner_of,
    report_of,
    share_classes,
)
from steelyard.domain.tax.united_states.tax_year import Owner, YearReport
from steelyard.records import replace
from steelyard.words import join, say


def carried(report: YearReport, facts: YearFacts) -> tuple[str, ...]:
    """Say where a loss carried in comes from, and where the return and the journal differ."""
    ours = report.summary.carried
    stated = owner_of(facts).carry
    if stated is None:
        if ours == NO_CARRY:
            return ()
        before = owner_in(facts, facts.year - 1)
        unsaid = (
            say(
                "; the income of that year is not stated, so the yearly offset is taken as used up: "
                "write other_income under [tax.{before}]",
                before=facts.year - 1,
            )
            if before.income is None
            else ""
        )
        return (
            join(
                "",
                (
                    say(
                        "carried in by the journal from {before}: {short} short-term, {long} long-term",
                        before=facts.year - 1,
                        short=plain(round(ours.short, 2)),
                        long=plain(round(ours.long, 2)),
                    ),
                    unsaid,
                ),
            ),
        )
    first = first_gain_of(facts)
    if first is None or first >= facts.year:
        return ()
    computed = report_of(facts, journal_setting(facts), replace(owner_of(facts), carry=None)).summary.carried
    if computed == stated:
        return ()
    return (
        say(
            "carried in as [tax.{year}] states it: {short} short-term, {long} long-term; by the journal it "
            "would be {our_short} and {our_long}",
            year=facts.year,
            short=plain(round(stated.short, 2)),
            long=plain(round(stated.long, 2)),
            our_short=plain(round(computed.short, 2)),
            our_long=plain(round(computed.long, 2)),
        ),
    )


def incomes(report: YearReport, facts: YearFacts, owner: Owner) -> tuple[str, ...]:
    """Say which income the surtax counts from, and what other_income is taken to hold already."""
    paid, tax = report.summary.dividends, report.summary.tax
    notes = []
    if tax is not None and owner.magi is None and report.summary.netting.gains > ZERO:
        rates = owner.schedule(facts.rates, facts.year)
        deduction = _standard_deduction(facts, owner)
        if deduction is not None:
            netting, qualified = report.summary.netting, owner.qualified_of(paid)
            magi = exact_sum(
                (
                    owner.with_paid(paid, report.summary.interest).taxable,
                    deduction,
                    netting.counted,
                    qualified,
                )
            )
            told = owner.with_paid(paid, report.summary.interest)
            other = replace(told, magi=magi, stated_with=None).tax_on(rates, netting, qualified).niit
            if other > tax.niit:
                notes.append(
                    say(
                        "the net investment income tax counts from modified adjusted gross income, which "
                        "other_income does not tell; with the standard deduction of {deduction} on top it "
                        "would be {other} instead of {ours}: write magi = {magi} (yours, with these gains) "
                        "under [tax]",
                        deduction=plain(deduction),
                        other=plain(round(other, 2)),
                        ours=plain(round(tax.niit, 2)),
                        magi=plain(round(magi, 0)),
                    )
                )
    interest = report.summary.interest
    ordinary = max(EXACT.subtract(paid.gross, owner.qualified_of(paid)), ZERO)
    if owner.income is not None and (ordinary > ZERO or interest > ZERO):
        notes.append(
            say(
                "{ordinary} of dividends that are not qualified and {interest} of interest in the journal "
                "count as part of other_income, which holds them (dividends_in_other_income)",
                ordinary=plain(round(ordinary, 2)),
                interest=plain(round(interest, 2)),
            )
            if owner.holds_paid
            else say(
                "{ordinary} of dividends that are not qualified and {interest} of interest in the journal "
                "are taxed on top of other_income; if it holds them already, write dividends_in_other_income "
                "= true under [tax]",
                ordinary=plain(round(ordinary, 2)),
                interest=plain(round(interest, 2)),
            )
        )
    if owner.income is not None and owner.qualified is None and paid.unknown > ZERO:
        notes.append(
            say(
                "{amount} of dividends without ex_date count as not qualified, the dearer of the two: give "
                "the ex_date, or qualified_dividends under [tax] (1099-DIV, box 1b)",
                amount=plain(round(paid.unknown, 2)),
            )
        )
    return tuple(notes)


def _standard_deduction(facts: YearFacts, owner: Owner) -> Decimal | None:
    """Return the deduction that most returns take, None where the year's is not known.

    It only warns: which deduction the owner takes is not known here.
    """
    row = facts.rates["standard_deduction"].get(str(facts.year))
    return None if row is None else Decimal(row[owner.filing])


def provisional(facts: YearFacts, owner: Owner) -> str:
    """Say that the brackets are those of an earlier year; empty where they are the year's own."""
    if owner.income is None:
        return ""
    rates = owner.schedule(facts.rates, facts.year)
    if not rates.is_provisional:
        return ""
    return say(
        "provisional: the brackets of {year} are not in the tax data, those of {known} are used, not "
        "raised for prices; write ordinary_brackets and gain_brackets under [tax.{year}] once they are "
        "published",
        year=facts.year,
        known=rates.figures_of,
    )


def unrated_currencies(facts: YearFacts) -> tuple[str, ...]:
    """Say which entries take a fetched exchange rate."""
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


def unordered(report: YearReport, facts: YearFacts, setting: Setting, owner: Owner) -> tuple[str, ...]:
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
    other = report_of(replace(facts, entries=apart), setting, owner)
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


def crossed(report: YearReport, facts: YearFacts) -> tuple[str, ...]:
    """Say which losses another fund on the same index washed."""
    if not report.crossed:
        return ()
    classes = [set(group) for group in share_classes(facts)]
    one_fund = [p for p in report.crossed if any(set(p) <= group for group in classes)]
    others = [p for p in report.crossed if p not in one_fund]
    notes = []
    if one_fund:
        notes.append(
            say("losses are disallowed on {pairs}: share classes of one fund", pairs=_pairs(one_fund))
        )
    if others:
        notes.append(
            say(
                "losses are disallowed on {pairs}, which count as substantially identical since "
                'they follow one index; no ruling says so: identical = "same_symbol" under [tax] '
                "counts the same symbol only",
                pairs=_pairs(others),
            )
        )
    return tuple(notes)


def washed_by_spouse(report: YearReport) -> tuple[str, ...]:
    """Say that a purchase on another return undid a loss of this one, and what is doubtful about it."""
    if not report.elsewhere:
        return ()
    return (
        say(
            "losses are disallowed by purchases of a spouse who files apart, in {accounts}, and added to the "
            "cost of the shares there; that they go there, and not away, is a reading (rule us.wash-spouse)",
            accounts=", ".join(report.elsewhere),
        ),
    )


def _pairs(pairs: Iterable[tuple[str, str]]) -> str:
    return join("; ", (say("{sold} by buying {bought}", sold=sold, bought=bought) for sold, bought in pairs))


def still_washable(facts: YearFacts, washable: Iterable[NoBuy]) -> tuple[str, ...]:
    """Say which losses of the last thirty days a purchase may still undo, and until when."""
    return tuple(
        say(
            "the loss of {loss} on {sold}, sold on {sold_on}, may still be washed: a purchase of {symbols} "
            "in any account (a spouse's too) before {not_before} undoes it",
            loss=plain(round(x.loss, 2)),
            sold=x.sold,
            sold_on=x.sold_on,
            symbols=", ".join(sorted(x.symbols)),
            not_before=x.not_before,
        )
        for x in washable
        if x.sold_on.year == facts.year
    )


def partnerships(facts: YearFacts) -> tuple[str, ...]:
    """Say which funds are partnerships, of whose income nothing is counted."""
    symbols = {e.symbol for e in facts.entries if facts.reports(e.account) and e.traded_on.year <= facts.year}
    found = sorted(s for s in symbols if s in facts.instruments and facts.instruments[s].us_ptp)
    if not found:
        return ()
    return (
        say(
            "{symbols}: a partnership, whose yearly income comes on a Schedule K-1 (60 % long, 40 % short, "
            "marked to market) and is not covered; gains here leave out what the K-1 adds to the cost "
            "(rule us.k-1)",
            symbols=", ".join(found),
        ),
    )


def taken_out(facts: YearFacts, report: YearReport, owner: Owner) -> tuple[str, ...]:
    """Say what was taken out of sheltered accounts in the year, and what of it is not counted."""
    found: dict[str, Decimal] = {}
    for e in facts.entries:
        if e.kind == "withdrawal" and e.traded_on.year == facts.year and facts.reports(e.account):
            found[e.account] = EXACT.add(found.get(e.account, ZERO), abs(e.shares))
    notes = []
    for name, amount in found.items():
        counted = name in owner.counted_accounts
        kind = facts.account_kinds.get(name, "")
        told = distribution(kind, counted=counted, age_known=owner.born is not None)
        if counted:
            counts = say("counted as ordinary income (rule us.distribution)")
            told = join("; ", [n for n in (counts, told) if n])
        if told:
            notes.append(
                say(
                    "{amount} was taken out of {account}: {note}",
                    amount=plain(amount),
                    account=name,
                    note=told,
                )
            )
    if report.summary.distributions.gross:
        notes.append(
            say(
                "what was paid in after tax (Form 8606), or paid in again within 60 days, is no income and "
                "is not distinguished; tax withheld is not considered"
            )
        )
    return tuple(notes)


def distribution(account_kind: str, *, counted: bool = False, age_known: bool = False) -> str:
    """Say what is not counted of money that leaves an account of a kind; empty where all is.

    Args:
        account_kind: As in the portfolio file.
        counted: The owner wants withdrawals from traditional accounts counted.
        age_known: And has said when he was born.
    """
    if account_kind in DEFERRED:
        if not counted:
            return say(
                "what is taken out of it is ordinary income, before 59 1/2 mostly with 10 % more, and not "
                "counted here (rule us.distribution): write count_distributions = true under [tax]"
            )
        if not age_known:
            return say("whether 10 % more is due, before 59 1/2, is not counted: write born under [tax]")
        return ""
    if account_kind in ("roth", "roth_401k"):
        return say(
            "what is taken out beyond what was paid in is free of tax only after five years and 59 1/2, and "
            "not counted here (rule us.distribution)"
        )
    if account_kind == "hsa":
        return say(
            "what is taken out for medical expenses is free of tax; anything else is ordinary income, before "
            "65 with 20 % more, and not counted here (rule us.distribution)"
        )
    if account_kind == "529":
        return say(
            "what is taken out for education is free of tax; of anything else the earnings are ordinary "
            "income with 10 % more, and not counted here (rule us.distribution)"
        )
    return ""


def conversions(facts: YearFacts) -> tuple[str, ...]:
    """Say which shares went to a Roth in the year: they are ordinary income, and no figure here has it.

    Source: 26 U.S.C. 408A(d)(3).
    """
    return tuple(
        say(
            "{amount} {symbol} went from {account} to {to} on {day}: a conversion is ordinary income at the"
            " value of that day, which is in no figure here; add it to other_income",
            amount=plain(e.shares),
            symbol=e.symbol,
            account=e.account,
            to=e.receiver,
            day=e.traded_on,
        )
        for e in facts.entries
        if e.kind == "transfer"
        and e.traded_on.year == facts.year
        and facts.account_kinds.get(e.account) in DEFERRED
        and facts.account_kinds.get(e.receiver) in ("roth", "roth_401k")
    )
