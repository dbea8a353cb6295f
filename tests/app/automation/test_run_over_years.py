"""Four years of daily runs: which days are handled is worked by hand from the exchanges' own notices."""

from datetime import UTC, date, datetime, timedelta

import pytest

from acceptance.jobs import jobs
from steelyard.app.automation.run import run

PORTFOLIO = """
base_currency = "KRW"
[targets]
VOO = "50%"
"069500" = "50%"
[[accounts]]
name = "main"
cash = { KRW = "0" }
positions = [
  { symbol = "VOO", shares = 8, price = "600000 KRW" },
  { symbol = "069500", shares = 80, price = "35000" },
]
"""
# First day of each quarter on which both Seoul and New York trade. 2023-01-02: New Year observed in New
# York. 2023-10-02: day off between Chuseok and 10-03. 2024-10-01: one-off Armed Forces Day in Seoul.
LOOKS = [
    *("2023-01-03", "2023-04-03", "2023-07-03", "2023-10-04"),
    *("2024-01-02", "2024-04-01", "2024-07-01", "2024-10-02"),
    *("2025-01-02", "2025-04-01", "2025-07-01", "2025-10-01"),
    *("2026-01-02", "2026-04-01", "2026-07-01", "2026-10-01"),
]


@pytest.fixture
def made(tmp_path):
    (tmp_path / "portfolio.toml").write_text(PORTFOLIO)
    with jobs(tmp_path, datetime(2023, 1, 3, 3, tzinfo=UTC)) as job:
        yield job


def days_done(job, until, skip=()):
    """Run daily; return the days on which something was done, and the looks it was done for."""
    done = []
    while job.today() <= until:
        if job.today() not in skip:
            report = run(job, if_due=True)
            if report.outcome == "done":
                done.append((str(report.as_of), str(report.look)))
        job.post.clock.time += timedelta(days=1)
    return done


def test_daily_runs_handle_every_look_on_its_day_and_no_other_day(made):
    assert days_done(made(), date(2026, 12, 31)) == [(day, day) for day in LOOKS]


def test_a_missed_look_is_handled_at_the_next_start_and_of_several_only_the_last(made):
    off = [date(2023, 3, 30) + timedelta(days=n) for n in range(10)]
    off += [date(2024, 3, 1) + timedelta(days=n) for n in range(200)]
    done = days_done(made(), date(2024, 12, 31), skip=off)
    assert done[:3] == [("2023-01-03", "2023-01-03"), ("2023-04-09", "2023-04-03"), ("2023-07-03",) * 2]
    # Off from 2024-03-01 to 2024-09-16: the looks of April and July are handled once, as July's.
    assert done[4:] == [("2024-01-02",) * 2, ("2024-09-17", "2024-07-01"), ("2024-10-02",) * 2]


def test_a_state_that_lasts_is_told_again_only_after_the_days_asked_for(made):
    job = made(again_days=200)
    days_done(job, date(2023, 12, 31))
    # Told in January; 200 days later comes the look of October, and July is too early.
    assert len(job.post.notifier.got) == 2
    assert "Since 2023-01-03" in job.post.notifier.got[1][1]


def test_a_weekly_digest_comes_once_a_week_and_handles_no_look(made):
    job = made(digest="weekly", kinds=("digest",))
    days_done(job, date(2023, 1, 29))
    # The weeks of January 2, 9, 16 and 23.
    assert len(job.post.notifier.got) == 4


@pytest.mark.parametrize(
    ("threshold", "language", "title"),
    [
        ("1%", "en", "Still to be rebalanced: portfolio.toml"),
        ("99%", "en", "All quiet: portfolio.toml"),
        ("1%", "ko", "리밸런싱 미완료: portfolio.toml"),
        ("99%", "ko", "이상 없음: portfolio.toml"),
    ],
)
def test_a_digest_calls_nothing_quiet_that_is_still_due(made, tmp_path, threshold, language, title):
    file = tmp_path / "portfolio.toml"
    file.write_text(file.read_text() + f'\n[policy]\nkind = "threshold"\nthreshold = "{threshold}"\n')
    job = made(digest="weekly", kinds=("digest",), language=language)
    days_done(job, date(2023, 1, 3))
    assert [got[0] for got in job.post.notifier.got] == [title]


def test_a_clock_set_back_repeats_nothing(made):
    job = made()
    days_done(job, date(2023, 4, 10))
    told = len(job.post.notifier.got)
    job.post.clock.time = datetime(2023, 3, 1, tzinfo=UTC)
    assert days_done(job, date(2023, 4, 10)) == []
    assert len(job.post.notifier.got) == told
