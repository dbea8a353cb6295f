"""What an owner states under [tax] for the United States, and a year's report read with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from steelyard.domain.money import ZERO, parse_fraction, parse_number
from steelyard.domain.tax.backtest import IsSession
from steelyard.domain.tax.country import YearFacts, YearTax
from steelyard.domain.tax.identical import chosen
from steelyard.domain.tax.united_states.capital_gains import NO_CARRY, Carry, loss_limit, net
from steelyard.domain.tax.united_states.distributions import DEFERRED, Distributions
from steelyard.domain.tax.united_states.dividends import DividendIncome
from steelyard.domain.tax.united_states.positions import SHELTERED_KINDS, Setting, positions
from steelyard.domain.tax.united_states.tax_year import Owner, YearReport, first_gains, year_report
from steelyard.errors import InputError
from steelyard.records import replace
from steelyard.words import say

CARRY_KEYS = ("carry_short", "carry_long")
T_PLUS_1, T_PLUS_2 = date(2024, 5, 28), date(2017, 9, 5)
INTEREST_CLASSES = frozenset(
    {"bond", "cash", "corporate_bond", "treasury", "treasury_inflation", "gold", "commodities", "real_estate"}
)
"""Asset classes of funds that pay interest, rents or nothing: never qualified dividends."""


def journal_setting(facts: YearFacts) -> Setting:
    """Return what the journal itself does not say."""
    return Setting(
        classes=facts.classes,
        settles=lambda day: settlement(facts.is_session, day),
        sheltered=frozenset(a for a, kind in facts.account_kinds.items() if kind in SHELTERED_KINDS),
        own=facts.own_accounts,
        methods=facts.methods,
        groups=identical_of(facts),
        market_rates=facts.market_rates,
        interest_funds=frozenset(
            s for s, x in facts.instruments.items() if x.asset_class.removeprefix("us_") in INTEREST_CLASSES
        ),
    )


def identical_of(facts: YearFacts) -> dict[str, str]:
    """Return the groups of symbols that count as identical: share classes of one fund whatever is set."""
    return chosen(facts.settings, facts.same_index, share_classes(facts))


def share_classes(facts: YearFacts) -> Sequence[Sequence[str]]:
    """Return the symbols of one fund's share classes, group by group."""
    groups: Sequence[Sequence[str]] = facts.rates.get("share_classes", {}).get("groups", ())
    return groups


def owner_of(facts: YearFacts) -> Owner:
    """Return the rest of the return as the owner states it for the year.

    Raises:
        InputError: A setting is no amount (`tax-setting`); a loss carried in may be meant for two years
            (`tax-carry-year`).
    """
    return Owner(
        filing=str(facts.settings.get("filing", "single")),
        income=amount(facts, "other_income"),
        qualified=amount(facts, "qualified_dividends"),
        magi=amount(facts, "magi"),
        investment_income=amount(facts, "net_investment_income"),
        carry=_carry(facts),
        ordinary_bounds=_bounds(facts, "ordinary_brackets", 6),
        gain_bounds=_bounds(facts, "gain_brackets", 2),
        holds_paid=_flag(facts, "dividends_in_other_income"),
        counted_accounts=_counted_accounts(facts),
        born=_born(facts),
    )


def _counted_accounts(facts: YearFacts) -> frozenset[str]:
    """Return the return's own accounts whose withdrawals are to be counted as income."""
    if not _flag(facts, "count_distributions"):
        return frozenset()
    return frozenset(a for a, kind in facts.account_kinds.items() if kind in DEFERRED and facts.reports(a))


def _born(facts: YearFacts) -> date | None:
    """Return the owner's birthday, None where it is not stated.

    Raises:
        InputError: It is no day (`tax-setting`).
    """
    raw = facts.settings.get("born")
    try:
        return raw if raw is None or isinstance(raw, date) else date.fromisoformat(str(raw))
    except ValueError:
        raise InputError(
            "tax-setting",
            say("tax.born is {raw!r}, not a day", raw=raw),
            say("write born = 1970-05-31 under [tax]"),
        ) from None


def _flag(facts: YearFacts, key: str) -> bool:
    """Return a setting that is true or false, false where it is not stated.

    Raises:
        InputError: It is neither (`tax-setting`).
    """
    value = facts.settings.get(key, False)
    if not isinstance(value, bool):
        raise InputError(
            "tax-setting",
            say("tax.{key} is {wanted!r}, neither true nor false", key=key, wanted=value),
            say("write {key} = true under [tax], or leave it out", key=key),
        )
    return value


def owner_in(facts: YearFacts, year: int) -> Owner:
    """Return the rest of the return of a year before: what was carried in only where that year says so."""
    own = facts.by_year.get(year, {})
    general = {key: value for key, value in facts.general.items() if key not in CARRY_KEYS}
    return owner_of(replace(facts, year=year, settings={**general, **own}, general=general))


def owner_so_far(facts: YearFacts, so_far: YearTax) -> Owner:
    """Return the rest of the return as the year so far has it, for what comes on top of it."""
    owner = owner_of(facts)
    carried = so_far.summary.get("carried_in")
    carry = NO_CARRY if carried is None else Carry(carried["short"], carried["long"])
    netting = net(
        figure_of(so_far.summary, "short_term"),
        figure_of(so_far.summary, "long_term"),
        limit=loss_limit(facts.rates, owner.filing),
        carry=carry,
    )
    paid = so_far.summary["dividends"]
    dividends = DividendIncome(
        paid["gross"], paid["foreign_tax"], paid["qualified"], paid["ordinary"], paid["ex_date_unknown"]
    )
    owner = owner.with_paid(dividends, so_far.summary.get("interest", ZERO))
    owner = replace(owner, distributions=Distributions(so_far.summary.get("distributions", ZERO)))
    return replace(owner, carry=carry, qualified=owner.qualified_of(dividends), stated_with=netting)


def _carry(facts: YearFacts) -> Carry | None:
    """Return the losses stated for a year, None where none are.

    Raises:
        InputError: They stand under [tax] without a year, and the journal has gains or losses of more than
            one (`tax-carry-year`).
    """
    amounts = {key: amount(facts, key) for key in CARRY_KEYS}
    if all(x is None for x in amounts.values()):
        return None
    own = facts.by_year.get(facts.year, {})
    plain_keys = [key for key in CARRY_KEYS if facts.settings.get(key) is not None and key not in own]
    if plain_keys:
        first = first_gain_of(facts)
        if first is not None and first < facts.year:
            raise InputError(
                "tax-carry-year",
                say(
                    "{key} under [tax] does not say into which year the loss was carried: the journal has "
                    "gains or losses from {first} on, and works out itself what they carry into {year}",
                    key=plain_keys[0],
                    first=first,
                    year=facts.year,
                ),
                say(
                    "move it under [tax.{first}] if it is from before the journal, or under [tax.{year}] if "
                    "your return says so",
                    first=first,
                    year=facts.year,
                ),
            )
    return Carry(*(x or ZERO for x in amounts.values()))


def first_gain_of(facts: YearFacts) -> int | None:
    """Return the first year with a gain or a loss in a taxed account, None without any."""
    setting = journal_setting(facts)
    return first_gains(positions(facts.entries, setting), facts.entries, setting)


def _bounds(facts: YearFacts, key: str, count: int) -> tuple[Decimal, ...] | None:
    """Return the upper bounds of brackets that the owner states.

    Raises:
        InputError: They are no rising list of as many amounts as there are bounds (`tax-setting`).
    """
    raw = facts.settings.get(key)
    if raw is None:
        return None
    try:
        bounds = tuple(parse_number(x) for x in raw) if isinstance(raw, list | tuple) else ()
    except ValueError:
        bounds = ()
    if len(bounds) != count or any(low >= high for low, high in pairwise((ZERO, *bounds))):
        raise InputError(
            "tax-setting",
            say(
                "tax.{key} is {raw!r}, not {count} rising amounts: the upper bounds of the brackets but the "
                "last",
                key=key,
                raw=raw,
                count=count,
            ),
            say(
                "write {key} = {example} under [tax.{year}], with the year's own amounts",
                key=key,
                example="[49450, 545500]" if count == 2 else "[12400, 50400, 105700, 201775, 256225, 640600]",
                year=facts.year,
            ),
        )
    return bounds


def amount(facts: YearFacts, key: str) -> Decimal | None:
    """Return a setting in dollars, None where it is not stated.

    Raises:
        InputError: It is no amount (`tax-setting`).
    """
    raw = facts.settings.get(key)
    return _read(
        raw,
        parse_number,
        say("tax.{key} is {raw!r}, not an amount of dollars", key=key, raw=raw),
        say("write {key} = 30000 under [tax]", key=key),
    )


def fraction(facts: YearFacts, key: str) -> Decimal | None:
    """Return a setting that is a rate, None where it is not stated.

    Raises:
        InputError: It is no rate (`tax-setting`).
    """
    raw = facts.settings.get(key)
    return _read(
        raw,
        parse_fraction,
        say("tax.{key} is {raw!r}, not a rate", key=key, raw=raw),
        say('write {key} = "24%" under [tax]', key=key),
    )


def _read(raw: Any, reader: Callable[[Any], Decimal], wrong: str, hint: str) -> Decimal | None:
    try:
        return None if raw is None else reader(raw)
    except ValueError:
        raise InputError("tax-setting", wrong, hint) from None


def report_of(facts: YearFacts, setting: Setting, owner: Owner) -> YearReport:
    """Return the report of the year, earlier years with what is stated for them."""
    return year_report(
        facts.entries,
        facts.year,
        setting=setting,
        figures=facts.rates,
        owner=owner,
        earlier=lambda year: owner_in(facts, year),
        stated=[
            year
            for year, keys in facts.by_year.items()
            if year < facts.year and any(key in keys for key in CARRY_KEYS)
        ],
    )


def figure_of(summary: Mapping[str, object], name: str) -> Decimal:
    """Return a figure of a summary."""
    value = summary[name]
    assert isinstance(value, Decimal)
    return value


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
