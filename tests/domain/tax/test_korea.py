"""Korean tax: invariants over random journals, the edges of each rule, and what is refused.

Single cases with a published or statutory source are in tests/worked/test_korean_tax_cases.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steelyard.adapters.files.packaged import load_catalogue
from steelyard.adapters.files.tax_figures import load_tax_rules
from steelyard.adapters.machine.calendar import ExchangeSessions
from steelyard.domain.books.ledger import Entry
from steelyard.domain.market.instruments import Instrument
from steelyard.domain.tax.country import YearFacts, YearTax, country
from steelyard.domain.tax.korea.overseas import (
    overseas_tax,
    still_free,
)
from steelyard.domain.tax.korea.rates import rates_of, whole_won
from steelyard.domain.tax.korea.settlement import last_trade_day, settles_on
from steelyard.domain.tax.korea.withholding import withhold
from steelyard.errors import DataError, InputError

DATA, RULES = load_tax_rules("KR")
RATES = rates_of(DATA, RULES, 2026)
SESSIONS = ExchangeSessions()
CLASSES = {
    "VOO": "overseas_listed",
    "QQQ": "overseas_listed",
    "BOND": "krx_other",
    "K200": "krx_domestic_equity",
}
MARCH = date(2026, 3, 2)
M = 1_000_000


def d(value: int | str) -> Decimal:
    return Decimal(value)


def entry(kind: str, symbol: str, shares: int | str, price: int | str, day: int = 0, **more: object) -> Entry:
    facts: dict[str, object] = {"account": "main", "currency": "KRW"} | more
    return Entry(
        MARCH + timedelta(days=day), kind=kind, symbol=symbol, shares=d(shares), price=d(price), **facts
    )  # type: ignore[arg-type]


def tax_of(entries: Sequence[Entry], year: int = 2026, **more: object) -> YearTax:
    facts = YearFacts(year, entries, CLASSES, SESSIONS.is_session, DATA, RULES, **more)  # type: ignore[arg-type]
    return country("KR").year_tax(facts)


def number(tax: YearTax, section: str, name: str) -> Decimal:
    value = tax.summary[section][name]
    assert isinstance(value, Decimal)
    return value


# Random journals: one purchase a day and ETF, then sales of part of what is held

days = st.lists(
    st.tuples(
        st.sampled_from(("VOO", "QQQ", "BOND", "K200")),
        st.sampled_from(("main", "second")),
        st.integers(1, 30),
        st.integers(1, 200_000),
        st.lists(st.tuples(st.integers(0, 30), st.integers(1, 200_000)), max_size=3),
    ),
    min_size=1,
    max_size=12,
)


def journal(drawn: list[tuple[str, str, int, int, list[tuple[int, int]]]]) -> list[Entry]:
    held: dict[tuple[str, str], int] = {}
    rows: list[Entry] = []
    for day, (symbol, account, bought, price, sales) in enumerate(drawn):
        base = {"account": account, "tax_base_price": d(price)} if symbol == "BOND" else {"account": account}
        rows.append(entry("buy", symbol, bought, price, day, fees=d(price % 7), **base))
        left = held.get((account, symbol), 0) + bought
        for wanted, at in sales:
            sold = min(wanted, left)
            left -= sold
            if sold:
                rows.append(entry("sell", symbol, sold, at, day, fees=d(at % 5), **base))
        held[account, symbol] = left
    return rows


METHODS = st.sampled_from(({}, {("main", "overseas_listed"): "average", ("second", ""): "lifo"}))


@settings(max_examples=60, deadline=None)
@given(days, METHODS, st.randoms(use_true_random=False))
def test_the_order_of_rows_in_the_file_changes_no_tax(drawn, methods, random) -> None:  # type: ignore[no-untyped-def]
    rows = journal(drawn)
    shuffled = rows[:]
    random.shuffle(shuffled)
    before, after = tax_of(rows, methods=methods), tax_of(shuffled, methods=methods)
    assert after.total_tax == before.total_tax
    assert after.summary == before.summary


@settings(max_examples=60, deadline=None)
@given(days, METHODS)
def test_splitting_a_purchase_into_two_changes_nothing(drawn, methods) -> None:  # type: ignore[no-untyped-def]
    rows = journal(drawn)
    split: list[Entry] = []
    for row in rows:
        if row.kind == "buy" and row.shares > 1:
            rest = row.shares - 1
            fee = row.fees / row.shares
            parts = ((d(1), fee), (rest, row.fees - fee))
            split += [
                Entry(
                    row.traded_on, row.account, "buy", row.symbol, shares, row.price, "KRW", fees,
                    tax_base_price=row.tax_base_price,
                )
                for shares, fees in parts
            ]  # fmt: skip
        else:
            split.append(row)
    before, after = tax_of(rows, methods=methods), tax_of(split, methods=methods)
    assert after.total_tax == before.total_tax
    assert [round(x.gain, 8) for x in after.disposals] == [round(x.gain, 8) for x in before.disposals]


def naive_gain(rows: list[Entry], symbol: str, account: str, method: str) -> Fraction:
    """Share by share, in fractions: what the engine does with lots, done without any.

    Sales come before the day's purchase where the morning's shares are enough for them.
    """
    held: list[Fraction] = []
    gain = Fraction(0)
    mine = [row for row in rows if (row.symbol, row.account) == (symbol, account)]
    for day in sorted({row.traded_on for row in mine}):
        buys = [row for row in mine if row.traded_on == day and row.kind == "buy"]
        sells = [row for row in mine if row.traded_on == day and row.kind == "sell"]
        covered = sum(row.shares for row in sells) <= len(held)
        for row in sells + buys if covered else buys + sells:
            gross, fees, count = Fraction(row.gross), Fraction(row.fees), int(row.shares)
            if row.kind == "buy":
                held += [(gross + fees) / count] * count
                continue
            if method == "average":
                held = [sum(held, Fraction(0)) / len(held)] * len(held)
            taken = held[-count:] if method == "lifo" else held[:count]
            held = held[:-count] if method == "lifo" else held[count:]
            gain += gross - fees - sum(taken, Fraction(0))
    return gain


@settings(max_examples=60, deadline=None)
@given(days, st.sampled_from(("fifo", "lifo", "average")))
def test_the_yearly_net_gain_agrees_with_a_share_by_share_count(drawn, method) -> None:  # type: ignore[no-untyped-def]
    rows = journal(drawn)
    tax = tax_of(rows, methods={(a, "overseas_listed"): method for a in ("main", "second")})
    expected = sum(
        (naive_gain(rows, s, a, method) for s in ("VOO", "QQQ") for a in ("main", "second")), Fraction(0)
    )
    # Of a tax base what is below one won is not counted (Treasury Funds Act 47(2)).
    assert abs(Fraction(number(tax, "overseas_listed", "net_gain")) - expected) < 1


@settings(max_examples=60, deadline=None)
@given(days)
def test_proceeds_cost_and_shares_are_conserved(drawn) -> None:  # type: ignore[no-untyped-def]
    rows = journal(drawn)
    tax = tax_of(rows)
    paid = sum((r.gross + r.fees for r in rows if r.kind == "buy"), d(0))
    taken = sum((r.gross - r.fees for r in rows if r.kind == "sell"), d(0))
    shares = sum((r.shares if r.kind == "buy" else -r.shares for r in rows), d(0))
    assert sum((x.cost for x in tax.disposals), d(0)) + sum((x.cost for x in tax.open_lots), d(0)) == paid
    assert sum((x.proceeds for x in tax.disposals), d(0)) == taken
    assert sum((x.shares for x in tax.open_lots), d(0)) == shares


amounts = st.lists(st.integers(-50 * M, 50 * M).map(Decimal), max_size=8)


@given(amounts, st.integers(0, 50 * M).map(Decimal))
def test_netting_a_loss_never_raises_tax(gains: list[Decimal], loss: Decimal) -> None:
    assert overseas_tax([*gains, -loss], RATES).tax <= overseas_tax(gains, RATES).tax


@given(amounts)
def test_the_gain_room_is_what_can_be_realised_free_of_tax_and_not_a_hundred_won_more(
    gains: list[Decimal],
) -> None:
    """Of 100 won the national tax is 20 and the local one 2, which is below ten and not counted."""
    tax = overseas_tax(gains, RATES)
    assert d(0) <= tax.still_free <= tax.deduction
    if tax.net_gain <= tax.deduction:
        assert overseas_tax([*gains, tax.gain_room], RATES).tax == 0
        assert overseas_tax([*gains, tax.gain_room + 100], RATES).tax == 20


def test_still_free_is_the_unused_part_of_the_deduction() -> None:
    assert [still_free(d(x), RATES) for x in (0, 1 * M, 2_500_000, 9 * M, -1 * M)] == [
        2_500_000,
        1_500_000,
        0,
        0,
        2_500_000,
    ]


# Withholding


@pytest.mark.parametrize(
    ("base", "national", "local", "waived"),
    [(7142, 0, 0, True), (7143, 1000, 100, False), (0, 0, 0, False), (6, 0, 0, False), (-5, 0, 0, False)],
)
def test_the_waiver_ends_at_exactly_1000_won(base: int, national: int, local: int, waived: bool) -> None:
    """ITA 86-1 says under 1,000 won; 14 % of 7,143 is 1,000.02. Below 8 won there is no tax to waive."""
    taken = withhold(d(base), RATES)
    assert (taken.national, taken.local, taken.waived) == (national, local, waived)


def test_sales_of_one_day_are_one_unit_and_sales_of_two_days_are_not() -> None:
    """Bought at 10,000; 10 sold at 12,000 and 10 at 9,000: together +10,000, apart +20,000 and nothing."""
    bought = entry("buy", "BOND", 20, 10000, tax_base_price=d(10000))
    up = entry("sell", "BOND", 10, 12000, 1, tax_base_price=d(12000))
    for day, taxed, rows in ((1, 10_000, 1), (2, 20_000, 2)):
        down = entry("sell", "BOND", 10, 9000, day, tax_base_price=d(9000))
        tax = tax_of([bought, up, down])
        assert number(tax, "krx_other", "taxable") == taxed
        assert len(tax.disposals) == rows


def test_without_a_tax_base_price_the_whole_gain_is_taxed_and_called_an_upper_bound() -> None:
    tax = tax_of(
        [entry("buy", "BOND", 10, 10000), entry("sell", "BOND", 10, 12000, 1, tax_base_price=d(10100))]
    )
    assert number(tax, "krx_other", "taxable") == 20_000
    assert tax.summary["krx_other"]["upper_bound"] is True
    assert tax.disposals[0].notes == ("upper bound: no tax base price is known",)
    assert "kr.upper-bound" in [rule.id for rule in tax.rules]


@pytest.mark.parametrize(
    ("record", "paid_taxable", "sold_at", "sale_taxable"),
    [(10_030, 30_000, 9_990, 10_000), (9_990, 0, 9_960, 10_000), (10_100, 50_000, 10_060, 60_000)],
)
def test_what_a_distribution_paid_untaxed_is_taxed_at_the_sale(
    record: int, paid_taxable: int, sold_at: int, sale_taxable: int
) -> None:
    """1,000 units bought at 10,000, 50 a unit paid: over the whole time the rise plus 50 a unit is taxed.

    By hand: 9,990 + 50 - 10,000 = 40 of which 30 at the payment; 9,960 + 50 - 10,000 = 10;
    10,060 + 50 - 10,000 = 110 of which 50. The actual price moves with the tax base price.
    """
    tax = tax_of(
        [
            entry("buy", "BOND", 1000, 10000, tax_base_price=d(10000)),
            entry("dividend", "BOND", 1000, 50, 10, tax_base_price=d(record)),
            entry("sell", "BOND", 1000, sold_at, 20, tax_base_price=d(sold_at)),
        ]
    )
    assert number(tax, "dividends", "taxable") == paid_taxable
    assert number(tax, "krx_other", "taxable") == sale_taxable


# The journal


def test_a_sale_at_the_end_of_december_belongs_to_the_year_it_settles_in() -> None:
    """2024-12-30 settles on 2025-01-02 (KR-FOR-17c), although it was traded in 2024."""
    rows = [
        Entry(date(2024, 3, 4), "main", "buy", "VOO", d(10), d(400), "USD", fx_rate=d(1300)),
        Entry(date(2024, 12, 30), "main", "sell", "VOO", d(10), d(500), "USD", fx_rate=d(1400)),
    ]
    assert tax_of(rows, 2024).disposals == ()
    sold = tax_of(rows, 2025).disposals[0]
    assert sold.settles_on == date(2025, 1, 2)
    assert sold.gain == 10 * (500 * 1400 - 400 * 1300)


def test_a_sale_of_long_ago_only_leaves_its_lots_behind() -> None:
    """The settlement cycle of 2015 is on no record and not needed."""
    rows = [
        Entry(date(2015, 3, 2), "main", "buy", "VOO", d(10), d(100), "KRW"),
        Entry(date(2015, 4, 2), "main", "sell", "VOO", d(4), d(300), "KRW"),
    ]
    tax = tax_of(rows)
    assert (tax.disposals, tax.total_tax) == ((), 0)
    assert [(x.shares, x.cost) for x in tax.open_lots] == [(6, 600)]


@pytest.mark.parametrize("method", ["fifo", "lifo", "average"])
def test_shares_bought_back_on_the_day_of_the_sale_are_not_among_those_sold(method: str) -> None:
    """KR-FOR-14 under every method: 25 of 100 shares realise 2,500,000, in whatever order the rows stand."""
    bought = entry("buy", "VOO", 100, 100_000)
    sold, back = entry("sell", "VOO", 25, 200_000, 9), entry("buy", "VOO", 25, 200_000, 9)
    for rows in ([bought, sold, back], [back, sold, bought]):
        tax = tax_of(rows, methods={("main", "overseas_listed"): method})
        assert tax.disposals[0].gain == 2_500_000
        assert sum((x.cost for x in tax.open_lots), d(0)) == 7_500_000 + 5_000_000


def test_what_the_morning_does_not_cover_is_sold_out_of_the_purchases_of_the_day() -> None:
    """Ten at 100 and ten at 200 make an average of 150; 15 are sold at 300."""
    rows = [entry("buy", "VOO", 10, 100), entry("sell", "VOO", 15, 300, 1), entry("buy", "VOO", 10, 200, 1)]
    tax = tax_of(rows, methods={("main", "overseas_listed"): "average"})
    assert tax.disposals[0].gain == 15 * (300 - 150)


def test_a_split_and_a_transfer_keep_the_original_cost() -> None:
    rows = [
        entry("transfer_in", "VOO", 10, 100_000, lot=date(2020, 5, 4)),
        entry("split", "VOO", 4, 0, 1),
        entry("transfer_out", "VOO", 8, 0, 2),
        entry("sell", "VOO", 8, 50_000, 3),
    ]
    tax = tax_of(rows)
    assert tax.disposals[0].gain == 8 * (50_000 - 25_000)
    assert tax.disposals[0].lots[0].bought == date(2020, 5, 4)
    assert [(x.shares, x.cost) for x in tax.open_lots] == [(24, 600_000)]


def test_nothing_in_a_sheltered_account_is_taxed() -> None:
    rows = [entry("buy", "BOND", 10, 10000), entry("sell", "BOND", 10, 90000, 1)]
    assert tax_of(rows).total_tax > 0
    for kind in ("isa", "pension", "irp"):
        tax = tax_of(rows, account_kinds={"main": kind})
        assert (tax.total_tax, tax.disposals, tax.open_lots) == (0, (), ())


def test_the_total_is_the_sum_of_the_sections_and_financial_income_counts_gross_dividends() -> None:
    rows = [
        entry("buy", "VOO", 10, 1 * M),
        entry("dividend", "VOO", 10, 10_000, 5, fees=d(15_000)),
        entry("sell", "VOO", 10, 2 * M, 9),
        entry("buy", "BOND", 10, 10_000, tax_base_price=d(10_000)),
        entry("sell", "BOND", 10, 20_000, 3, tax_base_price=d(20_000)),
    ]
    tax = tax_of(rows)
    assert number(tax, "overseas_listed", "tax") == 1_650_000
    assert number(tax, "krx_other", "tax") == 15_400
    assert number(tax, "dividends", "tax") == 15_000
    assert tax.total_tax == 1_650_000 + 15_400 + 15_000
    assert number(tax, "financial_income", "total") == 200_000
    assert [(x.what, x.opens, x.due, x.amount) for x in tax.filings] == [
        ("overseas_listed", date(2027, 5, 1), date(2027, 5, 31), 1_650_000)
    ]


def test_above_the_threshold_the_return_adds_what_the_progressive_scale_asks_for() -> None:
    """KR-COMP-02 (30 million beside a base of 50 million adds 1,000,000), and its local tenth."""
    rows = [entry("buy", "BOND", 1, 1 * M), entry("sell", "BOND", 1, 21 * M, 1)]
    own = {"other_taxable_base": 50 * M, "other_financial_income": "10,000,000"}
    tax = tax_of(rows, settings=own)
    assert tax.summary["financial_income"]["over"] is True
    assert number(tax, "financial_income", "extra_national_tax") == 1 * M
    assert tax.total_tax == 20 * M * d("0.154") + 1_100_000
    unknown = tax_of(rows, settings={"other_financial_income": 10 * M})
    assert unknown.total_tax == 20 * M * d("0.154")
    assert any("other_taxable_base" in note for note in unknown.notes)
    assert tax_of(rows).summary["financial_income"]["over"] is False


# What is refused


def refused(error: type[Exception], rows: Sequence[Entry], **more: object) -> InputError | DataError:
    with pytest.raises(error) as caught:
        tax_of(rows, **more)  # type: ignore[arg-type]
    assert isinstance(caught.value, (InputError, DataError))
    assert caught.value.hint
    return caught.value


def test_an_unknown_class_is_an_error_and_never_a_guess() -> None:
    error = refused(InputError, [entry("buy", "XYZ", 1, 1)])
    assert error.code == "tax-class-unknown"
    assert "XYZ" in error.message
    with pytest.raises(InputError, match="never guessed"):
        country("KR").classify(Instrument("XYZ", "USD", "XNYS", "us_equity"))


def test_every_korean_class_in_the_catalogue_is_accepted() -> None:
    catalogue = load_catalogue()
    for symbol in ("VOO", "069500"):
        instrument = catalogue.get(symbol)
        assert instrument is not None
        assert country("KR").classify(instrument) == instrument.tax_class


def test_a_missing_rate_names_the_settlement_date_and_the_entry() -> None:
    """2026-03-02 is a Monday; T+1 is Tuesday, and Wednesday 4 March settles in Korea."""
    error = refused(DataError, [entry("buy", "VOO", 3, 400, currency="USD")])
    assert error.code == "rate-missing"
    for fact in ("2026-03-04", "2026-03-02", "3 VOO", "USD", "'main'"):
        assert fact in error.message


def test_selling_more_than_is_held_names_the_date_and_the_account() -> None:
    error = refused(InputError, [entry("buy", "VOO", 3, 400), entry("sell", "VOO", 4, 400, 1)])
    assert error.code == "sold-more-than-held"
    assert "2026-03-03, VOO in account 'main'" in error.message


@pytest.mark.parametrize("method", ["hifo", "specific", "least_tax"])
def test_a_method_no_korean_broker_offers_is_refused(method: str) -> None:
    rows = [entry("buy", "VOO", 3, 400)]
    assert refused(InputError, rows, methods={("main", ""): method}).code == "cost-method-unknown"


def test_a_krx_etf_is_averaged_whatever_the_account_says() -> None:
    rows = [entry("buy", "BOND", 1, 10), entry("buy", "BOND", 1, 30, 1), entry("sell", "BOND", 1, 40, 2)]
    assert tax_of(rows, methods={("main", "krx_other"): "fifo"}).disposals[0].gain == 20


@pytest.mark.parametrize("raw", ["much", -1, 0.5])
def test_a_setting_that_is_no_amount_is_refused(raw: object) -> None:
    assert refused(InputError, [], settings={"other_taxable_base": raw}).code == "tax-setting"


def test_a_year_the_rate_file_does_not_cover_is_refused() -> None:
    assert refused(DataError, [], year=2010).code == "tax-rate-unknown"


def test_a_year_after_the_last_verification_says_so() -> None:
    newest = max(rule.verified for rule in RULES)
    assert not any("verified" in note for note in tax_of([], newest.year).notes)
    assert any(str(newest) in note for note in tax_of([], newest.year + 1).notes)


def test_an_unknown_country_is_refused() -> None:
    with pytest.raises(InputError, match="no tax rules"):
        country("XX")


# Settlement


def test_a_krx_trade_settles_two_sessions_later_past_the_year_end_closing() -> None:
    """The exchange is closed on 31 December 2026 and 1 January 2027 (a Friday)."""
    day = settles_on(date(2026, 12, 29), "krx_other", SESSIONS.is_session, DATA)
    assert day == date(2027, 1, 4)


def test_a_day_that_is_in_no_table_is_computed_and_marked_as_such() -> None:
    """2023: 26 December, two US sessions to the 28th and a Korean business day to Friday the 29th."""
    last = last_trade_day(2023, SESSIONS.is_session, DATA)
    assert (last.day, last.settles_on, last.confirmed) == (date(2023, 12, 26), date(2023, 12, 29), False)
    assert last_trade_day(2026, SESSIONS.is_session, DATA).confirmed is False
    assert last_trade_day(2025, SESSIONS.is_session, DATA).confirmed is True


def test_the_faster_us_settlement_holds_from_28_may_2024() -> None:
    """24 May 2024 is a Friday before Memorial Day: two sessions to the 29th; the 28th needs one."""
    friday = settles_on(date(2024, 5, 24), "overseas_listed", SESSIONS.is_session, DATA)
    tuesday = settles_on(date(2024, 5, 28), "overseas_listed", SESSIONS.is_session, DATA)
    assert friday == tuesday == date(2024, 5, 30)


# Numbers and their file


def test_won_are_cut_and_the_dust_of_divisions_is_not() -> None:
    assert whole_won(d("897.99")) == 897
    assert whole_won(d("-897.99")) == -897
    assert whole_won(d("4999.99999999999999999999")) == 5000


def test_every_number_names_a_rule_of_the_file_and_every_rule_its_source() -> None:
    known = {rule.id for rule in RULES}
    assert len(known) == len(RULES)
    assert {row["rule"] for row in DATA["parameters"]} <= known
    assert all(rule.source and rule.text.endswith(".") for rule in RULES)
    numbers = [row.get("value", "0") for row in DATA["parameters"]]
    assert all(isinstance(text, str) for text in numbers)


def test_every_figure_of_a_year_names_rules_that_are_on_record() -> None:
    tax = tax_of(journal([(s, "main", 5, 100, [(2, 900)]) for s in CLASSES]))
    assert {"kr.overseas-rate", "kr.krx-other-base", "kr.domestic-equity-gain"} <= {r.id for r in tax.rules}


def test_the_newest_verification_of_the_rate_file_is_less_than_a_year_old() -> None:
    """Fails on purpose once nobody has read the sources for a year: read them and date the rules anew."""
    newest = max(rule.verified for rule in RULES)
    assert date.today() - newest <= timedelta(days=365), f"Korean tax rules were last verified on {newest}"
