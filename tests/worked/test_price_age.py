"""How old a price is, and what may be done on it."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

import steelyard
from steelyard.adapters.database import connection as database
from steelyard.adapters.database.prices import StoredPrices
from steelyard.bootstrap import clock
from steelyard.domain.market.prices import Close, Wanted
from whole_commands import run

FILE = """
base_currency = "USD"
{top}
[targets]
VOO = "100%"
[[accounts]]
name = "main"
cash = {{ USD = "1000" }}
[[accounts.positions]]
symbol = "VOO"
shares = 10
{price}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder, top="", price=""):
    (folder / "portfolio.toml").write_text(FILE.format(top=top, price=price))


def fetched(folder, *closes):
    """Keep closes of VOO as a source gave them."""
    base = folder / "steelyard.db"
    connection = database.connect(base)
    prices, wanted = StoredPrices(connection, base), Wanted("VOO", "USD", "XNYS")
    answer = prices.keep_answer(wanted, "yahoo", datetime(2026, 1, 5, tzinfo=UTC), "", None)
    kept = [Close(day, Decimal(price), "USD") for day, price in closes]
    prices.keep_judgement(answer, wanted, "yahoo", kept, ())
    connection.close()


@pytest.mark.parametrize("words", [["plan"], ["invest", "500"], ["withdraw", "500"]])
def test_a_fetched_price_of_january_plans_nothing_in_november(folder, words):
    """2026-01-05 to 2026-11-23 are 322 days, and the limit is 7."""
    write(folder)
    fetched(folder, (date(2026, 1, 5), "600"))
    done = run(*words, "--json", "--as-of", "2026-11-23")
    assert done.exit_code == 3
    assert "error[price-stale]: prices are too old to plan on: VOO of 2026-01-05" in done.stderr
    loose = run(*words, "--json", "--as-of", "2026-11-23", "--stale-ok")
    assert loose.exit_code == 0
    assert json.loads(loose.stdout)["prices"] == {
        "oldest": "2026-01-05",
        "undated": [],
        "stale": [{"symbol": "VOO", "priced_on": "2026-01-05", "days": 322, "max_age_days": 7}],
        "stale_ok": True,
    }


def test_a_look_at_an_old_price_is_allowed_and_says_so(folder):
    write(folder)
    fetched(folder, (date(2026, 1, 5), "600"))
    for command in ("check", "holdings"):
        done = run(command, "--json", "--as-of", "2026-11-23")
        assert done.exit_code == 0
        assert "warning[price-stale]: old prices: VOO of 2026-01-05" in done.stderr


def test_exactly_as_old_as_the_limit_is_not_too_old(folder):
    write(folder)
    fetched(folder, (date(2026, 11, 16), "600"))
    assert run("plan", "--as-of", "2026-11-23").exit_code == 0
    assert run("plan", "--as-of", "2026-11-24").exit_code == 3


def test_a_price_of_a_later_day_is_never_used(folder):
    """Asked for 20 November, the close of the 19th counts: 10 x 590 + 1,000, not 10 x 700."""
    write(folder)
    fetched(folder, (date(2026, 11, 19), "590"), (date(2026, 11, 23), "700"))
    done = run("check", "--json", "--as-of", "2026-11-20")
    assert json.loads(done.stdout)["total_value"] == "6900"
    write(folder, "priced_on = 2026-11-23", 'price = "700"')
    later = run("check", "--as-of", "2026-11-20")
    assert (later.exit_code, "error[price-after]" in later.stderr) == (3, True)


def test_a_price_in_the_file_without_a_day_is_used_and_said(folder):
    write(folder, price='price = "600"')
    done = run("check", "--as-of", "2026-11-23")
    assert done.exit_code == 0
    assert "note: prices in the file have no day; write priced_on = 2026-11-23" in done.stderr
    write(folder, "priced_on = 2026-11-20", 'price = "600"')
    assert (
        "note: the oldest price is dated 2026-11-20, 3 days old"
        in run("check", "--as-of", "2026-11-23").stderr
    )
    write(folder, "priced_on = 2026-11-20", 'price = "600"\npriced_on = 2026-11-23')
    assert run("check", "--as-of", "2026-11-23").stderr == ""


def test_orders_are_not_sent_on_a_price_without_a_day(folder):
    write(folder, price='price = "600"')
    assert run("plan", "--save").exit_code == 0
    done = run("execute", "latest")
    assert done.exit_code == 4
    assert "error[price-undated]: prices in the file without a day: VOO" in done.stderr


@pytest.mark.parametrize(
    ("currency", "at", "day"),
    [
        ("KRW", datetime(2026, 11, 22, 15, 30, tzinfo=UTC), date(2026, 11, 23)),
        ("USD", datetime(2026, 11, 23, 3, 0, tzinfo=UTC), date(2026, 11, 22)),
    ],
)
def test_the_day_is_that_of_the_market_whatever_the_machine_says(monkeypatch, currency, at, day):
    """15:30 UTC is half past midnight in Seoul; 03:00 UTC is ten in the evening before in New York."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return at.astimezone(tz)

    monkeypatch.setattr(clock, "datetime", Clock)
    built = steelyard.build(
        currency, {"VOO": "100%"}, [{"name": "main", "cash": {currency: 1}}], prices={"VOO": f"1 {currency}"}
    )
    assert steelyard.check(built).as_of == day


def test_the_owner_may_live_elsewhere(folder):
    write(folder, price='price = "600"')
    (folder / "automation.toml").write_text('[alerts]\ntimezone = "Pacific/Kiritimati"\n')
    before = datetime.now(UTC) + timedelta(hours=14)
    found = steelyard.check(steelyard.load("portfolio.toml")).as_of
    assert found in {before.date(), (datetime.now(UTC) + timedelta(hours=14)).date()}
