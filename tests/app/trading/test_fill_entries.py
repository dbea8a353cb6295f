"""Fills of brokers become entries of the journal: each once, none on paper, none that may be there."""

import json
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from steelyard.adapters.brokers.alpaca import AlpacaBroker
from steelyard.adapters.database.journal import StoredJournal
from steelyard.adapters.files.packaged import load_catalogue
from steelyard.adapters.importers.choice import ImportOptions, read_any
from steelyard.app.books.journal import entries_of, import_rows, record, undo
from steelyard.app.trading.fill_entries import FillBooks, Written
from steelyard.domain.books.holdings import holdings
from steelyard.domain.books.ledger import OPENING_NOTE, Entry
from steelyard.domain.trading.brokerage import Fill
from steelyard.domain.trading.orders import Order
from steelyard.ports.trading import BrokerHabits

D = Decimal
OPENED = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 24, 21, 0, tzinfo=UTC)
PLACES = {"VOO": "XNYS", "BND": "XNYS", "069500": "XKRX"}


@pytest.fixture
def journal(tmp_path):
    with closing(StoredJournal(tmp_path / "steelyard.db")) as kept:
        for entry in (
            Entry(date(2026, 11, 2), "main", "transfer_in", "VOO", D(20), D(470), "USD", note=OPENING_NOTE),
            Entry(date(2026, 11, 2), "main", "deposit", shares=D(1000), currency="USD", note=OPENING_NOTE),
        ):
            kept.record(entry, "portfolio.toml", OPENED)
        yield kept


def fill(number="1", side="sell", shares=4, price="498.5", symbol="VOO", at=NOW, **more):
    facts = {"currency": "USD", "fees": D("0.7"), "broker_id": "17", **more}
    return Fill(
        number, "", facts["broker_id"], symbol, side, D(shares), D(price), facts["currency"], facts["fees"],
        at, at.date(),
    )  # fmt: skip


class Broker(BrokerHabits):
    """A broker as `execution.toml` names it, as far as the journal asks."""

    def __init__(self, named):
        self.name, _, mode = named.partition("-")
        self.practice = "paper" in (self.name, mode)
        self.by_hand = "type the fills" if self.name == "ticket" else ""

    def reference(self, account, fill):
        if self.name == "alpaca":
            return AlpacaBroker.reference(self, account, fill)
        return super().reference(account, fill)


def write(journal, *fills, broker="alpaca-live", orders=(), account="main"):
    books = FillBooks(journal, lambda account: broker, PLACES)
    return books.write(account, Broker(broker), fills, orders, NOW)


def held(journal):
    found = holdings(entries_of(journal.rows()), date(2026, 12, 31))
    return {s: n for (_, s), n in found.shares.items()}, {c: n for (_, c), n in found.cash.items()}


def test_a_fill_moves_shares_and_money_once_however_often_it_is_told(journal):
    assert write(journal, fill()) == Written(1, 0)
    # 1,000 + 4 x 498.50 - 0.70
    assert held(journal) == ({"VOO": D(16)}, {"USD": D("2993.3")})
    assert write(journal, fill()) == Written(0, 1)
    assert write(journal, fill(), fill("2", "buy", 10, "75", "BND")) == Written(1, 1)
    assert held(journal) == ({"VOO": D(16), "BND": D(10)}, {"USD": D("2242.6")})


@pytest.mark.parametrize("broker", ["paper", "alpaca-paper", "kis-paper"])
def test_nothing_done_on_paper_reaches_the_journal(journal, broker):
    assert write(journal, fill(), broker=broker) is None
    assert held(journal) == ({"VOO": D(20)}, {"USD": D(1000)})


def test_the_trade_date_is_the_day_at_the_exchange(journal):
    # 23:30 in New York on the 23rd, and 09:10 in Seoul on the 24th while UTC says the 24th and the 23rd.
    late = fill("1", "buy", 1, at=datetime(2026, 11, 24, 4, 30, tzinfo=UTC))
    early = fill("2", "buy", 1, 35000, "069500", currency="KRW", at=datetime(2026, 11, 24, 0, 10, tzinfo=UTC))
    assert write(journal, late, early).added == 2
    days = [(r.entry.symbol, r.entry.traded_on) for r in journal.rows()[2:]]
    assert days == [("VOO", date(2026, 11, 23)), ("069500", date(2026, 11, 24))]


def test_what_was_filled_before_the_journal_was_opened_is_in_what_it_was_opened_with(journal):
    before = fill(at=OPENED - timedelta(minutes=1))
    assert write(journal, before) == Written(older=1)
    assert write(journal, fill("2", at=OPENED + timedelta(minutes=1))).added == 1


def test_a_typed_day_is_told_from_the_opening_by_when_its_order_was_sent(journal):
    noon = datetime(2026, 11, 2, 12, tzinfo=UTC)
    typed = fill(at=OPENED.replace(hour=8), broker_id="5")
    sent = {"id": "sy-1", "plan_id": "p", "account": "main", "symbol": "VOO", "side": "sell", "shares": D(4)}
    order = Order(
        **sent, limit=D(490), currency="USD", exchange="XNYS", state="filled", broker_id="5", sent_at=noon
    )
    assert write(journal, typed, broker="ticket", orders=[order]).added == 1


def test_an_account_the_journal_does_not_know_stays_as_it_is(journal):
    (left,) = write(journal, fill(), account="other").left_out
    assert "knows nothing of this account" in left.why
    assert len(journal.rows()) == 2


def test_a_trade_entered_by_hand_is_not_entered_again(journal):
    by_hand = Entry(date(2026, 11, 24), "main", "sell", "VOO", D(4), D("498.5"), "USD", note="from my broker")
    record(journal, by_hand, as_of=NOW.date(), at=NOW)
    assert write(journal, fill()) == Written(0, 1)
    assert held(journal)[0] == {"VOO": D(16)}


def test_a_trade_that_may_be_entered_by_hand_is_shown_and_left_to_its_owner(journal):
    # Two fills entered as one sale at their mean: no single entry equals a fill.
    record(
        journal,
        Entry(date(2026, 11, 24), "main", "sell", "VOO", D(7), D("499"), "USD"),
        as_of=NOW.date(),
        at=NOW,
    )
    done = write(journal, fill("1"), fill("2", shares=3), fill("3", "buy", 2, "75", "BND"))
    assert done.added == 1
    assert [left.fill.id for left in done.left_out] == ["1", "2"]
    assert "entry 3" in done.left_out[0].why
    assert held(journal)[0] == {"VOO": D(13), "BND": D(2)}
    undo(journal, number=3, whole_import=False, at=NOW)
    assert write(journal, fill("1"), fill("2", shares=3)).added == 2
    assert held(journal)[0] == {"VOO": D(13), "BND": D(2)}


def test_a_hand_made_entry_of_last_week_does_not_stop_the_fills_of_today(journal):
    old = Entry(date(2026, 11, 17), "main", "sell", "VOO", D(4), D("498.5"), "USD")
    record(journal, old, as_of=NOW.date(), at=NOW)
    assert write(journal, fill()).added == 1


def test_what_was_taken_back_is_not_brought_again_by_the_next_sync(journal):
    write(journal, fill())
    undo(journal, number=None, whole_import=False, at=NOW)
    assert write(journal, fill()) == Written(0, 1)
    assert held(journal)[0] == {"VOO": D(20)}


def test_a_line_typed_again_with_other_figures_is_shown_and_changes_nothing(journal):
    write(journal, fill("1-1"), broker="ticket")
    done = write(journal, fill("1-1", price="489.5"), broker="ticket")
    assert done.added == 0
    assert "other figures" in done.left_out[0].why
    assert held(journal)[1] == {"USD": D("2993.3")}


def test_a_sale_of_more_than_the_journal_holds_is_shown_with_its_reason(journal):
    (left,) = write(journal, fill(shares=21)).left_out
    assert "VOO" in left.why
    assert "20" in left.why
    assert held(journal)[0] == {"VOO": D(20)}


def test_an_instrument_nobody_described_is_left_out_with_what_to_do(journal):
    (left,) = write(journal, fill("1", "buy", 1, 10, "XYZ")).left_out
    assert "[instruments]" in left.why


def test_fills_of_a_ticket_wait_until_its_last_order_is_over(journal):
    facts = {"plan_id": "p", "account": "main", "symbol": "VOO", "side": "sell", "shares": D(4)}
    facts |= {"limit": D(490), "currency": "USD", "exchange": "XNYS", "sent_at": NOW}
    done = Order("sy-1", **facts, state="filled", broker_id="17")
    out = Order("sy-2", **facts, state="accepted", broker_id="18")
    (left,) = write(journal, fill(), broker="ticket", orders=[done, out]).left_out
    assert "still open" in left.why
    assert write(journal, fill(), broker="ticket", orders=[done]).added == 1


def test_dollars_bought_and_sold_for_won_move_both_purses_exactly(journal):
    won = Entry(date(2026, 11, 2), "main", "deposit", shares=D(3_000_000), currency="KRW", note=OPENING_NOTE)
    journal.record(won, "portfolio.toml", OPENED)
    bought = fill("1", "buy", 1000, "1391.3", "USDKRW", currency="KRW", fees=D(700))
    assert write(journal, bought, broker="ticket").added == 1
    # 3,000,000 - 1,391,300 - 700
    assert held(journal)[1] == {"USD": D(2000), "KRW": D(1_608_000)}
    sold = fill("2", "sell", 700, "1391.7", "USDKRW", currency="KRW", fees=D(13))
    assert write(journal, bought, sold, broker="ticket") == Written(1, 1)
    # 1,608,000 + 974,190 - 13
    assert held(journal)[1] == {"USD": D(1300), "KRW": D(2_582_177)}


def test_alpacas_own_list_and_sync_never_enter_a_fill_twice(journal):
    activity = {
        "activity_type": "FILL", "id": "20261124160000000::8f6b", "side": "sell", "symbol": "VOO", "qty": "4",
        "price": "498.5", "transaction_time": "2026-11-24T16:00:00Z", "order_id": "904837e3",
    }  # fmt: skip
    same = fill(activity["id"], at=datetime(2026, 11, 24, 16, tzinfo=UTC), broker_id="904837e3", fees=D(0))
    data = json.dumps([activity]).encode()
    read = read_any(data, "activities.json", load_catalogue(), ImportOptions(account="main")).file
    assert import_rows(journal, read.rows, "activities.json", as_of=NOW.date(), at=NOW).added == 1
    assert write(journal, same) == Written(0, 1)
    # The next fill of the same day is not held up by the imported one.
    assert write(journal, same, fill("next", shares=1, broker_id="904837e4")) == Written(1, 1)
    assert import_rows(journal, read.rows, "activities.json", as_of=NOW.date(), at=NOW).added == 0
    assert held(journal)[0] == {"VOO": D(15)}
