"""The quarterly report: each trade stands beside the rule that caused it. Causes are written by hand."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from acceptance.desks import MOMENT, Office, plan
from steelyard.app.trading.trade_report import quarter_days, trade_report
from steelyard.domain.trading.brokerage import Fill
from steelyard.domain.trading.saved_plans import Cause
from steelyard.errors import InputError

D = Decimal
CAUSES = (
    Cause("threshold", "VOO", "VOO is 6 points over"),
    Cause("max_interval", "", "181 days since the last rebalance"),
)


@pytest.fixture
def office(office):
    office.execute(plan(causes=CAUSES), who="min")
    return office


def rows(report):
    return {t.symbol: t for t in report.trades}


def test_a_trade_is_matched_to_the_rule_about_it_or_to_all_that_made_the_plan(office):
    found = rows(trade_report(office.book, "2026Q4"))
    assert [rule for rule, _ in found["VOO"].causes] == ["threshold"]
    assert [rule for rule, _ in found["TLT"].causes] == ["threshold", "max_interval"]
    assert (found["VOO"].shares, found["VOO"].amount, found["VOO"].fees) == (4, 2000, 2)
    assert found["GLD"].approved_by == ("min",)
    assert {t.plan_id for t in found.values()} == {plan(causes=CAUSES).id}


def test_a_trade_nobody_here_ordered_has_no_rule(office):
    """Sold at the broker's own page: `sync` brought the fill."""
    stray = Fill("f9", "", "b77", "SPY", "sell", D(2), D(600), "USD", D(1), MOMENT, date(2026, 11, 25))
    office.book.keep_fills("main", [stray], MOMENT)
    found = rows(trade_report(office.book, "2026Q4"))["SPY"]
    assert (found.causes, found.amount, found.plan_id) == ((), 1200, "")


def test_fills_of_our_own_orders_are_not_counted_twice(office):
    office.book.keep_fills("main", office.broker.fills(date(2026, 11, 1)), MOMENT)
    assert len(trade_report(office.book, "2026Q4").trades) == 3


def test_a_trade_belongs_to_the_quarter_of_its_last_fill(office):
    """A ticket sent in December may be typed as filled in January."""
    (order,) = [o for o in office.book.orders() if o.symbol == "VOO"]
    late = Fill("f1", order.id, order.broker_id, "VOO", "sell", D(4), D(500), "USD", D(2),
                MOMENT.replace(year=2027, month=1), date(2027, 1, 4))  # fmt: skip
    office.book.keep_fills("main", [late], MOMENT)
    assert "VOO" not in rows(trade_report(office.book, "2026Q4"))
    assert rows(trade_report(office.book, "2027Q1"))["VOO"].traded_on == date(2027, 1, 24)


def test_an_order_that_did_not_fill_is_no_trade(tmp_path):
    office = Office(tmp_path)
    office.prices["VOO"] = D(496)
    office.execute(plan())
    assert trade_report(office.book, "2026Q4").trades == ()


def test_a_plan_from_before_rules_were_kept_says_so(tmp_path):
    office = Office(tmp_path)
    office.execute(plan())
    assert {rule for t in trade_report(office.book, "2026Q4").trades for rule, _ in t.causes} == {"unknown"}


def test_a_broken_record_is_told_with_the_report(office):
    assert trade_report(office.book, "2026Q4").broken is None
    office.book._db.execute("DROP TRIGGER audit_stays")
    office.book._db.execute("UPDATE audit SET text = replace(text, 'min', 'jun') WHERE number = 2")
    assert trade_report(office.book, "2026Q4").broken.number == 2


@pytest.mark.parametrize(
    ("quarter", "first", "last"),
    [
        ("2026Q1", date(2026, 1, 1), date(2026, 3, 31)),
        ("2026-q2", date(2026, 4, 1), date(2026, 6, 30)),
        ("2026Q3", date(2026, 7, 1), date(2026, 9, 30)),
        ("2026Q4", date(2026, 10, 1), date(2026, 12, 31)),
    ],
)
def test_the_days_of_a_quarter(quarter, first, last):
    assert quarter_days(quarter) == (first, last)


@pytest.mark.parametrize("quarter", ["", "2026", "2026Q5", "Q4", "26Q1"])
def test_what_is_no_quarter_is_refused(quarter):
    with pytest.raises(InputError):
        quarter_days(quarter)


def test_causes_are_part_of_the_plan_and_of_its_hash():
    with_causes = plan(causes=CAUSES)
    assert with_causes.id != plan().id
    assert with_causes.causes_of("VOO") == CAUSES[:1]
    assert replace(with_causes, causes=()).id == plan().id
