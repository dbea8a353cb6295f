"""The extras `yfinance` and `fdr`, where they are installed, against the answers our own readers get too.

Neither is installed for the tests (about 300 MB): run them with an interpreter that has
`steelyard[yahoo,krx]` and the development group.
"""

import json
from datetime import datetime
from importlib.util import find_spec
from zoneinfo import ZoneInfo

import pytest

from peers.markets import NAVER, YAHOO, YAHOO_COOKIE, YAHOO_TWO, Naver, Yahoo, sessions
from peers.proxy import Asked, Reply, TlsProxy
from processes import run_command

PORTFOLIO = """
base_currency = "KRW"
[targets]
VOO = "60%"
"069500" = "40%"
[[accounts]]
name = "main"
positions = [ { symbol = "VOO", shares = 8 }, { symbol = "069500", shares = 80 } ]
"""
DAYS = sessions(datetime.now(ZoneInfo("Asia/Seoul")).date(), 5)


class YahooForBrowsers(Yahoo):
    """The same service with the cookie and the crumb that its own pages ask for."""

    def answer(self, asked: Asked) -> Reply:
        if "getcrumb" in asked.path:
            return Reply(200, b"cRuMb", {"Content-Type": "text/plain"})
        if not asked.path.startswith("/v8/finance/chart/"):
            return Reply(404, b"", {"Set-Cookie": "A3=d; Max-Age=31557600; Domain=.yahoo.com; Path=/"})
        return super().answer(asked)


def fetch(folder, source):
    (folder / "portfolio.toml").write_text(PORTFOLIO)
    (folder / "automation.toml").write_text(f'[prices]\nsources = ["{source}"]\nbackoff_seconds = 0\n')
    prices = (405.25, 408.0, 410.5, 409.75, 412.3500061035156)
    yahoo = YahooForBrowsers({"VOO": dict(zip(DAYS, prices, strict=True))})
    yahoo.series["069500.KS"] = dict.fromkeys(DAYS, 35400.0)
    yahoo.series["USDKRW=X"] = yahoo.series["KRW=X"] = dict.fromkeys(DAYS, 1392.0999755859375)
    yahoo.currencies |= {"069500.KS": "KRW", "USDKRW=X": "KRW", "KRW=X": "KRW"}
    naver = Naver({"069500": dict.fromkeys(DAYS, 35405)})
    peers = {YAHOO: yahoo, YAHOO_TWO: yahoo, YAHOO_COOKIE: yahoo, NAVER: naver}
    with TlsProxy(folder, peers) as proxy:
        env = proxy.environment() | {"NO_COLOR": "1", "HOME": str(folder), "XDG_CACHE_HOME": str(folder)}
        done = run_command(folder, "prices", "fetch", "--json", env=env)
    assert done.returncode in (0, 3), done.stderr
    return {r["symbol"]: (r["source"], r["price"]) for r in json.loads(done.stdout)["prices"]}


@pytest.mark.skipif(find_spec("yfinance") is None, reason="needs steelyard[yahoo]")
def test_yfinance_brings_the_closes_of_both_exchanges_and_the_rate(tmp_path):
    found = fetch(tmp_path, "yfinance")
    assert [source for source, _ in found.values()] == ["yfinance"] * 3
    prices = {symbol: round(float(price), 2) for symbol, (_, price) in found.items()}
    assert prices == {"VOO": 412.35, "069500": 35400.0, "USDKRW": 1392.1}


@pytest.mark.skipif(find_spec("FinanceDataReader") is None, reason="needs steelyard[krx]")
def test_finance_data_reader_brings_what_is_listed_in_seoul_and_the_rate(tmp_path):
    found = fetch(tmp_path, "fdr")
    assert found["069500"] == ("fdr", "35405")
    assert found["USDKRW"][0] == "fdr"
    assert found["VOO"] == (None, None)


@pytest.mark.skipif(find_spec("yfinance") is not None, reason="steelyard[yahoo] is installed here")
def test_without_the_extra_it_says_which_to_install(tmp_path):
    (tmp_path / "portfolio.toml").write_text(PORTFOLIO)
    (tmp_path / "automation.toml").write_text('[prices]\nsources = ["yfinance"]\n')
    done = run_command(tmp_path, "prices", "fetch")
    assert done.returncode == 2
    assert "pip install 'steelyard[yahoo]'" in done.stderr
