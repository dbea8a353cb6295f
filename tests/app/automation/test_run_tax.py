"""Alerts of a portfolio whose lots are known: the plan's tax and harvests, worked by hand from the rules.

The portfolio is worth 33,600,000 of VOO, 7,560,000 of TLT and 2,200,000 of 360750. 19 of the oldest VOO
are sold: each at 600 x 1,400 = 840,000 won for 400 x 1,200 = 480,000, so 6,840,000 of gain, and 22 % of what
exceeds 2,500,000 is 954,800. 6 of them fit the deduction: 2,160,000, of which 22 % is 475,200.
"""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from acceptance.jobs import jobs
from builders import with_gains
from steelyard import bootstrap
from steelyard.adapters.database.journal import StoredJournal
from steelyard.adapters.machine.calendar import ExchangeSessions
from steelyard.app.automation.run import run
from steelyard.app.automation.run_inputs import NoBooks
from steelyard.domain.books.ledger import Entry, Row
from steelyard.errors import DataError


class BooksBeside(NoBooks):
    """What the composition root says without a journal."""

    def held(self, portfolio, as_of):
        return portfolio

    def situation(self, portfolio, as_of):
        return bootstrap.tax_situation(portfolio, as_of)


@pytest.fixture
def made(tmp_path):
    with jobs(tmp_path, datetime(2026, 11, 23, 3, tzinfo=UTC), books=BooksBeside()) as job:

        def make(text=None, **alerts):
            (tmp_path / "portfolio.toml").write_text(text or with_gains())
            return job(**alerts)

        yield make


def test_the_alert_of_a_due_rebalance_says_what_the_plan_costs_in_tax(made):
    job = made(kinds=("rebalance_due",))
    assert run(job, if_due=False).queued == ("rebalance_due",)
    ((_, body),) = job.post.notifier.got
    assert "- main: sell 19 VOO" in body
    assert "tax: 954,800 KRW" in body


def test_without_tax_settings_the_alert_says_nothing_of_tax(made):
    job = made(with_gains(tax=None), kinds=("rebalance_due", "harvest"))
    assert run(job, if_due=False).queued == ("rebalance_due",)
    assert "tax:" not in job.post.notifier.got[0][1]


def test_a_rate_that_is_missing_for_tax_keeps_no_day_from_being_recorded(tmp_path):
    class Unrated(NoBooks):
        def situation(self, portfolio, as_of):
            raise DataError("rate-missing", "no rate of USD to won", "fetch it")

    (tmp_path / "portfolio.toml").write_text(with_gains())
    with jobs(tmp_path, datetime(2026, 11, 23, 3, tzinfo=UTC), books=Unrated()) as made:
        job = made(kinds=("rebalance_due", "harvest"))
        found = run(job, if_due=False)
    assert (found.outcome, found.queued) == ("done", ("rebalance_due",))


def test_a_harvest_worth_doing_is_told_with_its_deadline(made):
    """Taxed when paid: Tuesday 2026-12-29 in New York settles there on 12-30, which is 12-31 in Seoul."""
    job = made(kinds=("harvest",))
    assert run(job, if_due=False).queued == ("harvest",)
    ((title, body),) = job.post.notifier.got
    assert title == "Worth realising by 2026-12-29: portfolio.toml"
    assert "- main: sell 6 VOO, gain 2,160,000 KRW, saves 475,200 KRW, costs 0 KRW" in body
    assert "counts for 2026 when traded by 2026-12-29, 36 days from now" in body


def test_a_harvest_is_told_in_korean(made):
    job = made(kinds=("harvest",), language="ko")
    run(job, if_due=False)
    ((title, body),) = job.post.notifier.got
    assert title == "2026-12-29까지 손익 실현 권장: portfolio.toml"
    assert "- main: VOO 6주 매도, 이익 2,160,000 KRW, 절세 475,200 KRW, 비용 0 KRW" in body
    assert "남은 일수 36일" in body


def test_a_harvest_is_told_once_and_once_more_when_december_begins(made):
    job = made(kinds=("harvest",), again_days=0)
    told = []
    while job.today() <= date(2026, 12, 29):
        if run(job, if_due=True).queued:
            told.append(str(job.today()))
        job.post.clock.time += timedelta(days=1)
    # The look of October had not been handled, so the first run does that.
    assert told == ["2026-11-23", "2026-12-01"]


def test_what_the_journal_holds_is_valued_with_fetched_prices(tmp_path):
    """2 of VOO at 600, in place of the one the file names, less the 5 x 80 that no deposit paid for.

    TLT has no target, and is priced all the same.
    """
    (tmp_path / "portfolio.toml").write_text(
        'base_currency = "USD"\n[targets]\nVOO = "100%"\n[[accounts]]\nname = "main"\n'
        'kept = "journal"\ncash = { USD = "0" }\n'
        '[[accounts.positions]]\nsymbol = "VOO"\nshares = 1\nprice = "600"\n'
    )
    # The last day New York traded on, by its own clock: at night in UTC that is not the date of UTC.
    today = datetime.now(ZoneInfo("America/New_York")).date()
    while not ExchangeSessions().is_session("XNYS", today):
        today -= timedelta(days=1)
    (tmp_path / "prices").mkdir()
    (tmp_path / "prices" / "TLT.csv").write_text(f"date,close\n{today},90\n")
    journal = StoredJournal(tmp_path / "steelyard.db")
    day = date(2025, 3, 4)
    bought = [
        Row(Entry(day, "main", "buy", s, Decimal(n), Decimal(80), "USD"), None)
        for s, n in (("TLT", 3), ("VOO", 2))
    ]
    journal.add(bought, "test", datetime(2025, 3, 4, tzinfo=UTC))
    journal.close()
    with bootstrap.automation(bootstrap.Folder.of(tmp_path / "portfolio.toml")) as parts:
        assert run(parts.inputs, if_due=False).total == 800
