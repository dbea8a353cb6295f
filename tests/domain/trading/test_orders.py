"""Orders: ids, and what a broker's reports may do to an order. Expectations are written out by hand."""

from dataclasses import replace
from decimal import Decimal
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.domain.trading.orders import FINAL, REPORTED, Order, Report, advance, move, order_id
from steelyard.errors import DataError

PLAN = "a" * 64


def order(state="accepted", shares="10", filled="0", paid="0", broker_id="b1"):
    return Order(
        order_id(PLAN, "main", "VOO"),
        PLAN,
        "main",
        "VOO",
        "buy",
        Decimal(shares),
        Decimal(500),
        "USD",
        "XNYS",
        state=state,
        filled=Decimal(filled),
        paid=Decimal(paid),
        broker_id=broker_id,
    )


def report(state, filled="0", paid=None, broker_id="b1"):
    worth = Decimal(filled) * 500 if paid is None else Decimal(paid)
    return Report(order_id(PLAN, "main", "VOO"), broker_id, state, Decimal(filled), worth)


def test_the_id_follows_from_plan_account_symbol_and_leg_alone():
    """SHA-256 of the JSON list, computed with sha256sum on a shell."""
    assert order_id("p", "main", "VOO") == "sy-5ea5fc54d3e6aaf6895e11ee0eda18e06310c3ae"
    seen = {
        order_id(p, a, s, leg)
        for p in ("p", "q")
        for a in ("m", "n")
        for s in ("VOO", "TLT")
        for leg in (1, 2)
    }
    assert len(seen) == 16
    assert order_id("p", "ab", "c") != order_id("p", "a", "bc")


def test_only_sent_unknown_and_planned_orders_move_without_the_broker():
    planned = order("planned", broker_id="")
    assert move(planned, "sent").state == "sent"
    assert move(move(planned, "sent"), "unknown").state == "unknown"
    assert move(move(planned, "sent"), "planned").state == "planned"
    for state in sorted(REPORTED):
        with pytest.raises(ValueError, match="cannot go"):
            move(order(state), "sent")
    with pytest.raises(ValueError, match="cannot go"):
        move(order("unknown"), "sent")
    with pytest.raises(ValueError, match="cannot go"):
        move(planned, "filled")


def test_fills_add_up_whatever_the_order_of_the_reports():
    reports = [
        report("accepted"),
        report("partially_filled", "3"),
        report("partially_filled", "7"),
        report("filled", "10"),
    ]
    for order_of_arrival in permutations(reports):
        now = order("sent", broker_id="")
        for r in order_of_arrival:
            now = advance(now, r)
        assert (now.state, now.filled, now.paid) == ("filled", Decimal(10), Decimal(5000))


def test_a_report_heard_twice_changes_nothing():
    once = advance(order(), report("partially_filled", "4"))
    assert advance(once, report("partially_filled", "4")) == once


def test_a_late_acceptance_does_not_open_a_cancelled_order_again():
    assert advance(order("cancelled"), report("accepted")).state == "cancelled"
    assert advance(order("rejected"), report("accepted")).state == "rejected"


def test_a_fill_that_arrives_after_the_cancellation_is_counted():
    late = advance(order("cancelled"), report("cancelled", "2"))
    assert (late.state, late.filled) == ("cancelled", Decimal(2))
    assert advance(order("cancelled"), report("filled", "10")).state == "filled"


def test_an_order_nobody_had_seen_opens_again_when_the_broker_reports_it():
    concluded = move(order("unknown", broker_id=""), "expired", "never seen by the broker")
    assert advance(concluded, report("accepted")).state == "accepted"
    assert advance(concluded, report("partially_filled", "1")).filled == 1
    told = advance(order("accepted"), report("expired"))
    assert advance(told, report("accepted")).state == "expired"


def test_an_accepted_order_may_still_be_rejected():
    assert advance(order("accepted"), report("rejected")).state == "rejected"


def test_filled_with_shares_missing_is_partially_filled():
    assert advance(order(), report("filled", "9")).state == "partially_filled"


@pytest.mark.parametrize(
    "wrong",
    [
        report("filled", "11"),
        report("accepted", "-1"),
        report("lost"),
        report("accepted", broker_id="b2"),
        replace(report("accepted"), order_id="sy-other"),
        report("partially_filled", "3", "0"),
        replace(report("accepted"), fees=Decimal(-1)),
    ],
)
def test_a_report_that_cannot_be_true_is_refused(wrong):
    with pytest.raises(DataError) as caught:
        advance(order(), wrong)
    assert caught.value.code == "broker-report"


def test_a_report_about_an_order_that_was_never_sent_is_refused():
    with pytest.raises(DataError):
        advance(order("planned", broker_id=""), report("accepted"))


states = st.sampled_from(sorted(REPORTED))


@given(st.lists(st.tuples(states, st.integers(0, 10)), max_size=12))
def test_fills_never_shrink_and_a_final_state_only_ever_becomes_filled(heard):
    now = order("sent", broker_id="")
    for state, filled in heard:
        after = advance(now, report(state, str(filled)))
        assert after.filled >= now.filled
        assert 0 <= after.filled <= after.shares
        if now.state in FINAL:
            assert after.state in {now.state, "filled"}
        assert (after.state == "filled") == (after.filled == 10)
        now = after
