"""Yahoo, Naver and the European Central Bank by their real names, answered by a TLS proxy on this machine.

`prices fetch` and `run` are processes of their own with nothing in them replaced. The answers have the form
the services give theirs; what is expected was put into them by hand.
"""

import json
import sqlite3
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from peers.markets import ECB, NAVER, YAHOO, CentralBank, Naver, Yahoo, sessions
from peers.proxy import HANG, RESET, TlsProxy
from processes import run_command

PORTFOLIO = """
base_currency = "KRW"
[targets]
VOO = "60%"
"069500" = "40%"
[[accounts]]
name = "main"
positions = [
  { symbol = "VOO", shares = 8 },
  { symbol = "069500", shares = 80 },
]
"""
SETTINGS = """
[prices]
sources = ["krx", "yahoo", "ecb"]
backoff_seconds = 0
timeout_seconds = 2
"""
TODAY = datetime.now(ZoneInfo("Asia/Seoul")).date()
DAYS = sessions(TODAY, 6)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "portfolio.toml").write_text(PORTFOLIO)
    (tmp_path / "automation.toml").write_text(SETTINGS)
    return tmp_path


def path(*prices):
    return dict(zip(DAYS[-len(prices) :], prices, strict=True))


@pytest.fixture
def yahoo():
    # Single precision, as it comes: 412.35 and 1392.1 are meant.
    served = Yahoo(
        {
            "VOO": path(405.25, 408.0, 410.5, 409.75, 412.3500061035156),
            "069500.KS": path(35000.0, 35100.0, 35200.0, 35300.0, 35400.0),
            "USDKRW=X": path(1390.0, 1391.0, 1391.5, 1392.0, 1392.0999755859375),
        }
    )
    served.currencies |= {"069500.KS": "KRW", "USDKRW=X": "KRW"}
    return served


@pytest.fixture
def naver():
    return Naver({"069500": path(35000, 35100, 35200, 35300, 35405)})


@pytest.fixture
def bank():
    # 1,624.175 won and 1.1667 dollars for a euro: 1392.110225... won for a dollar.
    return CentralBank({"USD": {DAYS[-2]: "1.1667"}, "KRW": {DAYS[-2]: "1624.175"}})


@pytest.fixture
def proxy(tmp_path, yahoo, naver, bank):
    with TlsProxy(tmp_path, {YAHOO: yahoo, NAVER: naver, ECB: bank}) as running:
        yield running
        assert running.strays == []


def run(folder, proxy, *words):
    env = proxy.environment() | {"NO_COLOR": "1"}
    done = run_command(folder, *words, env=env)
    assert done.returncode != 1, done.stderr
    return done


def fetch(folder, proxy):
    """Return what `prices fetch` found by symbol: source, price, day, and the codes of its findings."""
    rows = json.loads(run(folder, proxy, "prices", "fetch", "--json").stdout)["prices"]
    return {
        r["symbol"]: (r["source"], r["price"], r["day"], [f["code"] for f in r["findings"]]) for r in rows
    }


def answers(folder, symbol):
    connection = sqlite3.connect(folder / "steelyard.db")
    rows = connection.execute(
        "SELECT source, failure, raw FROM price_answers WHERE symbol = ? ORDER BY id", (symbol,)
    ).fetchall()
    connection.close()
    return rows


def test_each_source_is_asked_in_order_for_what_it_offers(folder, proxy):
    today = str(DAYS[-1])
    assert fetch(folder, proxy) == {
        "VOO": ("yahoo", "412.35", today, []),
        "069500": ("krx", "35405", today, []),
        "USDKRW": ("yahoo", "1392.10", today, []),
    }
    assert [a.host for a in proxy.asked] == [YAHOO, NAVER, YAHOO]
    assert proxy.asked[0].path.startswith("/v8/finance/chart/VOO?")
    # 8 x 412.35 x 1392.10 + 80 x 35,405 = 4,592,259.48 + 2,832,400.
    report = json.loads(run(folder, proxy, "run", "--json").stdout)
    assert Decimal(report["total_value"]) == Decimal("7424659.48")


def test_the_answers_are_kept_as_they_came_before_they_are_read(folder, proxy, naver):
    page = "<html>점검 중</html>".encode("euc-kr")
    naver.plan = [page, page, page]
    assert fetch(folder, proxy)["069500"][0] == "yahoo"
    kept = answers(folder, "069500")
    assert [(source, raw) for source, _, raw in kept[:3]] == [("krx", "<html>점검 중</html>")] * 3
    assert '"regularMarketPrice": 35400.0' in kept[3][2]


@pytest.mark.parametrize(
    ("trouble", "requests"), [(429, 3), (502, 3), (403, 3), (HANG, 3), (RESET, 3), (b"{", 3), (b"[]", 3)]
)
def test_a_source_in_trouble_is_asked_three_times_and_then_the_next_one(
    folder, proxy, yahoo, trouble, requests
):
    (folder / "automation.toml").write_text(SETTINGS.replace('"krx", ', "").replace("= 2", "= 1"))
    yahoo.plan = [trouble] * 3
    (folder / "portfolio.toml").write_text(
        PORTFOLIO.replace("8 }", '8, price = "400" }').replace("80 }", '80, price = "35000" }')
    )
    source, price, day, codes = fetch(folder, proxy)["USDKRW"]
    assert (source, price, day) == ("ecb", "1392.110225", str(DAYS[-2]))
    assert codes == ["price-answer" if isinstance(trouble, bytes) else "price-source"]
    assert len(proxy.of(YAHOO)) == requests


def test_a_source_that_recovers_is_used(folder, proxy, yahoo, naver):
    yahoo.plan, naver.plan = [502], [HANG]
    found = fetch(folder, proxy)
    assert {source for source, *_ in found.values()} == {"yahoo", "krx"}
    assert all(codes == [] for *_, codes in found.values())


def test_an_answer_cut_off_in_the_middle_is_no_answer(folder, proxy, naver):
    whole = naver.answer(
        type("A", (), {"path": "/sise.nhn?symbol=069500&timeframe=day&count=9&requestType=0"})
    )
    naver.plan = [whole.body[: len(whole.body) * 3 // 4]] * 3
    source, price, _, codes = fetch(folder, proxy)["069500"]
    assert (source, price, codes) == ("yahoo", "35400.00", ["price-answer"])


def test_a_symbol_nobody_knows_is_said_and_not_asked_for_again(folder, proxy, yahoo, naver):
    del yahoo.series["VOO"]
    naver.series.clear()
    del yahoo.series["069500.KS"]
    found = fetch(folder, proxy)
    assert found["VOO"] == (None, None, None, ["price-empty"])
    assert found["069500"] == (None, None, None, ["price-empty", "price-empty"])
    assert len(proxy.asked) == 4
    assert run(folder, proxy, "prices", "check").returncode == 3


def test_what_is_wrong_with_a_close_is_refused_whoever_says_it(folder, proxy, yahoo, naver):
    # A price of zero; then a slip of ten that nobody confirms; then another currency than the instrument's.
    naver.series["069500"][DAYS[-1]] = 0
    yahoo.series["VOO"][DAYS[-1]] = 4123.5
    yahoo.currencies["USDKRW=X"] = "USD"
    found = fetch(folder, proxy)
    assert found["069500"] == ("krx", "35300", str(DAYS[-2]), ["price-not-positive"])
    assert found["VOO"] == ("yahoo", "409.75", str(DAYS[-2]), ["price-jump"])
    # Of the pair not one close is good, so the next source is asked.
    assert found["USDKRW"][0] == "ecb"
    assert set(found["USDKRW"][3]) == {"price-currency"}


def test_a_split_that_the_source_names_is_no_jump(folder, proxy, yahoo):
    yahoo.series["VOO"][DAYS[-1]] = 103.0
    yahoo.splits["VOO"] = {DAYS[-1]: (4, 1)}
    assert fetch(folder, proxy)["VOO"] == ("yahoo", "103.00", str(DAYS[-1]), [])


def test_closes_of_a_service_that_stopped_are_stale_and_the_next_source_is_asked(folder, proxy, naver):
    # Ten days on, sessions fall on weekends too: those are another finding.
    before = {d - timedelta(days=10): p for d, p in naver.series["069500"].items()}
    naver.series["069500"] = {d: p for d, p in before.items() if d.weekday() < 5}
    source, price, _, codes = fetch(folder, proxy)["069500"]
    assert (source, price, codes) == ("yahoo", "35400.00", ["price-stale"])


def test_two_sources_that_disagree_leave_the_last_day_they_agree_on(folder, proxy, yahoo):
    (folder / "automation.toml").write_text(SETTINGS + "compare = true\n")
    # 35,405 against 36,200 is 2.2 % apart; the limit is 2 %.
    yahoo.series["069500.KS"][DAYS[-1]] = 36200.0
    source, _, day, codes = fetch(folder, proxy)["069500"]
    assert (source, day, codes) == ("krx", str(DAYS[-2]), ["price-disagree"])


def test_with_every_source_down_the_last_good_price_alerts_but_makes_no_plan(
    folder, proxy, yahoo, naver, bank
):
    # 4,592,259 of 7,424,659 is 61.9 %, 11.9 points over 50 %.
    (folder / "portfolio.toml").write_text(PORTFOLIO.replace('"60%"', '"50%"').replace('"40%"', '"50%"'))
    assert run(folder, proxy, "run").returncode == 0
    connection = sqlite3.connect(folder / "steelyard.db", isolation_level=None)
    ((first,),) = connection.execute("SELECT body FROM messages WHERE kind = 'rebalance_due'")
    assert "sell" in first
    # Ten days pass: what was stored grows old.
    connection.execute("UPDATE closes SET day = date(day, '-10 days')")
    connection.execute("DELETE FROM alerts")
    for market in (yahoo, naver, bank):
        market.plan = [502] * 20
    report = json.loads(run(folder, proxy, "run", "--json").stdout)
    assert set(report["alerts"]) == {"price_failure", "rebalance_due"}
    rows = connection.execute("SELECT body FROM messages WHERE kind = 'rebalance_due' ORDER BY id")
    second = rows.fetchall()[1][0]
    connection.close()
    assert "VOO: 61.9 % (target 50.0 %, 11.9 points over)" in second
    assert str(DAYS[-1] - timedelta(days=10)) in second
    assert "sell" not in second
    with (folder / "automation.toml").open("a") as settings:
        settings.write("last_good = false\n")
    refused = run(folder, proxy, "run")
    assert refused.returncode == 3
    assert "error[price-stale]" in refused.stderr
