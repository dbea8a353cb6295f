"""What the reader of a United States year has to know about its figures, a sentence each."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from steelyard.domain.money import ZERO, exact_sum, plain
from steelyard.domain.tax.country import YearFacts, unrated
from steelyard.domain.tax.united_states.capital_gains import NO_CARRY
from steelyard.domain.tax.united_states.positions import CURRENCY, Setting
from steelyard.domain.tax.united_states.settings import (
    first_gain_of,
    journal_setting,
    owner_in,
    owner_of,
    report_of,
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
            magi = exact_sum((owner.income or ZERO, deduction, netting.counted, qualified))
            other = replace(owner, magi=magi, stated_with=None).tax_on(rates, netting, qualified).niit
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
    if owner.income is not None and (paid.ordinary > ZERO or interest > ZERO):
        notes.append(
            say(
                "{ordinary} of ordinary dividends and {interest} of interest in the journal count as part of "
                "other_income and as investment income",
                ordinary=plain(round(paid.ordinary, 2)),
                interest=plain(round(interest, 2)),
            )
        )
    return tuple(notes)


def _standard_deduction(facts: YearFacts, owner: Owner) -> Decimal | None:
    """Return the deduction that most returns take, None where the year's is not known.

    It only warns: which deduction the owner takes is not known here.
    """
    row = facts.rates["standard_deduction"].get(str(facts.year))
    return None if row is None else Decimal(row[owner.filing])


def provisional(facts: YearFacts, owner: Owner) -> tuple[str, ...]:
    """Say that the brackets are those of an earlier year."""
    if owner.income is None:
        return ()
    rates = owner.schedule(facts.rates, facts.year)
    if not rates.is_provisional:
        return ()
    return (
        say(
            "provisional: the brackets of {year} are not in the tax data, those of {known} are used, not "
            "raised for prices; write ordinary_brackets and gain_brackets under [tax.{year}] once they are "
            "published",
            year=facts.year,
            known=rates.figures_of,
        ),
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


def crossed(report: YearReport) -> tuple[str, ...]:
    """Say which losses another fund on the same index washed."""
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
