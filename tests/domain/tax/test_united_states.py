"""From a US journal to a year's disposals, open lots and totals; every number worked by hand."""

import random
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.adapters.files.tax_figures import load_tax_rules
from steelyard.domain.books.ledger import Entry
from steelyard.domain.tax.united_states.capital_gains import Carry
from steelyard.domain.tax.united_states.positions import Setting, positions
from steelyard.domain.tax.united_states.tax_year import Owner, open_lots, year_report
from steelyard.errors import DataError, InputError

FIGURES, _ = load_tax_rules("US")
CLASSES = {"VOO": "security", "IVV": "security", "BND": "security", "GLD": "collectible"}


def next_weekday(day):
    day += timedelta(1)
    return day + timedelta({5: 2, 6: 1}.get(day.weekday(), 0))


UNKNOWN = Owner()
PLAIN = Setting(classes=CLASSES, settles=next_weekday, sheltered=("ira",))


def entry(text, **more):
    """Read `2024-01-02 main buy VOO 10 100`, the currency dollars and no fees unless told."""
    day, account, kind, symbol, shares, *price = text.split()
    facts = {"price": Decimal(price[0]) if price else None, "currency": "USD"} | more
    return Entry(date.fromisoformat(day), account, kind, symbol, Decimal(shares), **facts)


def report(*texts, year=2024, setting=PLAIN, owner=UNKNOWN):
    entries = [entry(x) if isinstance(x, str) else x for x in texts]
    return year_report(entries, year, setting=setting, figures=FIGURES, owner=owner)


def test_a_sale_over_two_terms_is_two_disposals():
    """By hand: 10 bought in 2022 at 100 and 10 in 2024 at 110; 15 sold at 120, fee 0.20 a share."""
    result = report(
        "2022-01-03 main buy VOO 10 100",
        "2024-03-01 main buy VOO 10 110",
        entry("2024-06-28 main sell VOO 15 120", fees=Decimal(3)),
    )
    facts = [(x.term, x.shares, x.proceeds, x.cost, x.gain, x.disallowed) for x in result.disposals]
    assert sorted(facts) == [("long", 10, 1198, 1000, 198, 0), ("short", 5, 599, 550, 49, 0)]
    assert {x.settles_on for x in result.disposals} == {date(2024, 7, 1)}
    assert (result.summary.short_term, result.summary.long_term) == (49, 198)
    assert [(x.shares, x.cost, x.holding_from) for x in result.open_lots] == [(5, 550, date(2024, 3, 1))]


def test_a_loss_of_december_is_washed_by_a_purchase_of_january():
    """By hand: 400 lost on 10 shares held 333 days, 4 bought again: 160 disallowed, basis 4 x 70 + 160."""
    result = report(
        "2024-01-22 main buy VOO 10 100", "2024-12-20 main sell VOO 10 60", "2025-01-19 other buy VOO 4 70"
    )
    (sold,) = result.disposals
    assert (sold.gain, sold.disallowed, sold.counted) == (-400, 160, -240)
    assert (result.summary.short_term, result.summary.disallowed) == (-240, 160)
    (kept,) = result.open_lots
    assert (kept.account, kept.cost, kept.holding_from) == (
        "other",
        440,
        date(2025, 1, 19) - timedelta(333),
    )


def test_a_washed_loss_makes_a_later_sale_long_term():
    """By hand: the replacement is held 300 days, and 200 days are tacked on: more than a year."""
    start, sold, again = date(2023, 1, 2), date(2023, 7, 21), date(2024, 5, 16)
    result = report(
        f"{start} main buy VOO 1 100",
        f"{sold} main sell VOO 1 60",
        f"{sold} main buy VOO 1 60",
        f"{again} main sell VOO 1 110",
    )
    (disposal,) = result.disposals
    assert (disposal.term, disposal.cost, disposal.gain) == ("long", 100, 10)


def test_a_purchase_in_an_ira_loses_the_loss_and_its_own_sales_are_not_reported():
    """Rev. Rul. 2008-5; by hand."""
    result = report(
        "2024-01-02 main buy VOO 10 100",
        "2024-06-03 main sell VOO 10 60",
        "2024-06-04 ira buy VOO 5 60",
        "2024-09-03 ira sell VOO 5 10",
    )
    assert len(result.disposals) == 1
    assert (result.summary.disallowed, result.summary.permanent) == (200, 200)
    assert result.open_lots == ()


def test_identical_funds_wash_each_other_only_when_the_owner_says_so():
    texts = (
        "2024-01-02 main buy VOO 10 100",
        "2024-06-03 main sell VOO 10 60",
        "2024-06-04 main buy IVV 10 60",
    )
    assert report(*texts).summary.disallowed == 0
    same = replace(PLAIN, groups={"VOO": "s&p 500", "IVV": "s&p 500"})
    assert report(*texts, setting=same).summary.disallowed == 400


def test_fills_of_one_price_are_one_lot_and_not_each_others_replacement():
    """By hand: half of 200 shares bought at once is sold twelve days later; fairmark, Selling Half."""
    sale = "2024-06-12 main sell VOO 100 40"
    fills = ["2024-06-01 main buy VOO 100 50"] * 2
    assert report(*fills, sale).summary.disallowed == 0
    fills[1] = "2024-06-01 main buy VOO 100 51"
    assert report(*fills, sale).summary.disallowed == 1000


def test_shares_moved_between_accounts_stay_the_lot_they_were():
    """By hand: half a lot is moved, the other half sold at a loss; what was moved is no replacement."""
    moved = entry("2024-06-05 other transfer_in VOO 100 50", lot=date(2024, 6, 1))
    result = report(
        "2024-06-01 main buy VOO 200 50",
        "2024-06-05 main transfer_out VOO 100",
        moved,
        "2024-06-12 main sell VOO 100 40",
    )
    assert result.summary.disallowed == 0
    (kept,) = result.open_lots
    assert (kept.account, kept.bought, kept.cost) == ("other", date(2024, 6, 1), 5000)


def test_shares_after_a_split_replace_half_as_many_before_it():
    """By hand: 10 shares lose 400; after 2 for 1 ten are bought again, which are five of the old ones."""
    result = report(
        "2024-01-02 main buy VOO 12 100",
        "2024-06-03 main sell VOO 10 60",
        "2024-06-10 main split VOO 2",
        "2024-06-12 main buy VOO 10 30",
    )
    (sold,) = result.disposals
    assert (sold.shares, sold.disallowed, sold.counted) == (10, 200, -200)
    assert sum(x.shares for x in sold.lots) == 10
    assert [(x.shares, x.cost) for x in result.open_lots] == [(4, 200), (10, 500)]


@pytest.mark.parametrize(
    ("method", "gain"), [("fifo", 100), ("lifo", 300), ("hifo", -100), ("average", 100), ("least_tax", -100)]
)
def test_the_accounts_method_decides_which_lot_is_sold(method, gain):
    """By hand: 10 each at 100, 120 and 80, in different years; 10 sold at 110."""
    setting = replace(PLAIN, methods={("main", "security"): method})
    result = report(
        "2021-01-04 main buy VOO 10 100",
        "2022-01-03 main buy VOO 10 120",
        "2023-01-03 main buy VOO 10 80",
        "2024-06-03 main sell VOO 10 110",
        setting=setting,
    )
    assert sum(x.gain for x in result.disposals) == gain


def test_a_named_lot_is_sold_under_specific_identification_and_refused_under_fifo():
    """By hand: the second lot, bought at 120."""
    texts = ["2021-01-04 main buy VOO 10 100", "2022-01-03 main buy VOO 10 120"]
    sale = entry("2024-06-03 main sell VOO 4 110", lot=date(2022, 1, 3))
    setting = replace(PLAIN, methods={("main", "security"): "specific"})
    assert report(*texts, sale, setting=setting).summary.long_term == -40
    with pytest.raises(InputError) as caught:
        report(*texts, sale)
    assert caught.value.code == "lot-named"


def test_the_summary_nets_carries_and_taxes():
    """By hand, single 2026: a long gain of 1,000 on gold and 2,000 on bonds, a short loss of 400, and 600 of
    short loss carried in leave 2,000 long; the 1,000 of short loss eats the gain on gold first. On 100,000 of
    income that is 2,000 at 15 %."""
    owner = Owner(income=Decimal(100000), carry=Carry(short=Decimal(600)))
    result = report(
        "2023-01-03 main buy GLD 10 100",
        "2023-01-03 main buy BND 100 60",
        "2026-01-05 main buy VOO 1 600",
        "2026-06-03 main sell GLD 10 200",
        "2026-06-03 main sell BND 100 80",
        "2026-06-03 main sell VOO 1 200",
        year=2026,
        owner=owner,
    ).summary
    assert (result.short_term, result.long_term, result.collectibles) == (-400, 3000, 1000)
    assert (result.netting.long, result.netting.collectibles) == (2000, 0)
    assert (result.tax.total, result.netting.carry) == (300, Carry())


def test_dividends_of_taxed_accounts_are_added_up_in_dollars():
    """By hand: 10 x 1.50 with 2 withheld, and 100 x 1,000 won at 0.00075; the IRA's do not count."""
    won = {"currency": "KRW", "fx_rate": Decimal("0.00075"), "fees": Decimal(0)}
    result = report(
        entry("2024-03-28 main dividend VOO 10 1.50", fees=Decimal(2)),
        entry("2024-03-28 main dividend BND 100 1000", **won),
        "2024-03-28 ira dividend VOO 10 1.50",
    ).summary
    assert (result.dividends.gross, result.dividends.withheld, result.tax) == (90, 2, None)
    # Without an ex-dividend date nobody knows how long the shares were held.
    assert result.dividends.unknown == 90


@pytest.mark.parametrize(
    ("rows", "family", "code"),
    [
        (["2024-01-02 main buy 069500 1 10"], InputError, "tax-class-unknown"),
        (["2024-01-02 main buy VOO 1 10", "2024-01-03 main sell VOO 2 9"], InputError, "sold-more-than-held"),
        ([entry("2024-01-02 main buy VOO 1 10", currency="KRW")], DataError, "fx-rate-missing"),
    ],
)
def test_what_cannot_be_known_is_refused(rows, family, code):
    with pytest.raises(family) as caught:
        report(*rows)
    assert caught.value.code == code
    assert "2024-01-0" in caught.value.message or "069500" in caught.value.message


def journal(seed):
    """Return a random journal of two accounts; prices in whole dollars."""
    r = random.Random(seed)
    held, entries, day = {}, [], date(2024, 1, 2)
    for _ in range(r.randint(3, 25)):
        day += timedelta(r.choice([1, 5, 9, 30]))
        key = (r.choice(["main", "other", "ira"]), r.choice(["VOO", "IVV"]))
        kind = "sell" if held.get(key, 0) > 1 and r.random() < 0.5 else "buy"
        shares = r.randint(1, held[key]) if kind == "sell" else 2 * r.randint(1, 10)
        held[key] = held.get(key, 0) + (shares if kind == "buy" else -shares)
        entries.append(entry(f"{day} {key[0]} {kind} {key[1]} {shares} {r.randint(50, 150)}"))
    return entries


GROUPED = replace(PLAIN, groups={"VOO": "s&p 500", "IVV": "s&p 500"})


def tax_of(entries, setting=GROUPED):
    result = year_report(entries, 2024, setting=setting, figures=FIGURES, owner=Owner())
    kept = {}
    for x in result.open_lots:
        key = (x.account, x.symbol, x.bought, x.holding_from, x.cost / x.shares)
        kept[key] = kept.get(key, 0) + x.shares
    return result.summary, kept


@given(st.integers(0, 10**6), st.randoms(use_true_random=False))
def test_the_order_of_the_file_does_not_matter(seed, r):
    """Entries of different days in any order; in these journals no account trades a fund twice a day."""
    entries = journal(seed)
    mixed = entries.copy()
    r.shuffle(mixed)
    assert tax_of(mixed) == tax_of(entries)


@given(st.integers(0, 10**6))
def test_a_purchase_in_two_fills_is_taxed_like_one(seed):
    """Every purchase is halved; the numbers of shares are even."""
    entries = journal(seed)
    halved = []
    for x in entries:
        halved += [replace(x, shares=x.shares / 2)] * 2 if x.kind == "buy" else [x]
    assert tax_of(halved) == tax_of(entries)


@given(st.integers(0, 10**6))
def test_every_share_bought_is_sold_or_still_held_and_no_dollar_is_lost(seed):
    """Without an IRA: what was paid, less what came in, plus the gains counted is the basis that is left."""
    entries = [x for x in journal(seed) if x.account != "ira"]
    held = positions(entries, GROUPED)
    paid = sum(x.gross for x in entries if x.kind == "buy")
    received = sum(x.gross for x in entries if x.kind == "sell")
    gains = sum(x.gain for x in held.washed.blocks)
    assert paid - received + gains == sum(x.cost for x in open_lots(held, GROUPED))
    bought = sum(x.shares if x.kind == "buy" else -x.shares for x in entries)
    assert bought == sum(x.shares for x in open_lots(held, GROUPED))
