"""Base rates (매매기준율) of the Export-Import Bank of Korea, from a TLS proxy in its documented form."""

import json
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from peers.markets import EXIMBANK, YAHOO, ExportImportBank, Yahoo
from peers.proxy import TlsProxy
from processes import run_command

KEY = "owners-own-key-0123456789"
PORTFOLIO = """
base_currency = "KRW"
[targets]
VOO = "60%"
EWJ = "40%"
[fx]
USDKRW = 1395
JPYKRW = 9
[tax]
jurisdiction = "KR"
[[accounts]]
name = "main"
kept = "journal"
cash = { USD = 1, JPY = 1 }
positions = [
  { symbol = "VOO", shares = 0, price = "400 USD" },
  { symbol = "EWJ", shares = 0, price = "60 USD" },
]
"""
TODAY = datetime.now(ZoneInfo("Asia/Seoul")).date()
DAYS = [d for n in range(15) if (d := TODAY - timedelta(days=14 - n)).weekday() < 5]
PAID = DAYS[-3]


@pytest.fixture
def bank():
    dollar = {d: 1394.5 + n for n, d in enumerate(DAYS[:-1])}
    return ExportImportBank({"USD": dollar, "JPY(100)": dict.fromkeys(DAYS, 905.12)}, key=KEY)


@pytest.fixture
def proxy(tmp_path, bank):
    yahoo = Yahoo({"USDKRW=X": dict.fromkeys(DAYS, 1500.0)})
    yahoo.currencies["USDKRW=X"] = "KRW"
    with TlsProxy(tmp_path, {EXIMBANK: bank, YAHOO: yahoo}) as running:
        yield running
        assert running.strays == []


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "portfolio.toml").write_text(PORTFOLIO)
    settings = '[prices]\nsources = ["eximbank", "yahoo"]\nbackoff_seconds = 0\ntimeout_seconds = 2\n'
    (tmp_path / "automation.toml").write_text(settings)
    return tmp_path


def run(folder, proxy, *words, key=KEY):
    env = proxy.environment() | {"NO_COLOR": "1"} | ({"STEELYARD_EXIMBANK_KEY": key} if key else {})
    done = run_command(folder, *words, env=env)
    assert done.returncode != 1, done.stderr
    assert KEY not in done.stdout + done.stderr
    return done


def fetched(folder, proxy, **words):
    rows = json.loads(run(folder, proxy, "prices", "fetch", "--all", "--json", **words).stdout)["prices"]
    return {
        r["symbol"]: (r["source"], r["price"], r["day"], [f["code"] for f in r["findings"]]) for r in rows
    }


def test_the_rate_of_the_brokerage_house_is_taken_for_one_unit_and_each_day_asked_for_once(folder, proxy):
    """1394.5 grows by 1 a day, the bank's own is ten above; 905.12 won for 100 yen. Today has none yet."""
    found = fetched(folder, proxy)
    assert found["USDKRW"] == ("eximbank", f"{1394.5 + len(DAYS) - 2:.2f}", str(DAYS[-2]), [])
    assert found["JPYKRW"] == ("eximbank", "9.0512", str(DAYS[-1]), [])
    assert len(proxy.of(EXIMBANK)) == len(DAYS)


def dividend(folder, proxy):
    words = ("type=dividend", "symbol=VOO", "shares=1", "price=100", "currency=USD")
    assert run(folder, proxy, "record", f"date={PAID}", *words).returncode == 0
    said = run(folder, proxy, "tax", "--year", str(PAID.year), "--json", "--as-of", str(TODAY))
    assert said.returncode == 0, said.stderr
    return json.loads(said.stdout)


@pytest.mark.parametrize("own", [False, True])
def test_a_return_counts_fetched_base_rates_before_closes_and_the_owners_file_before_both(folder, proxy, own):
    """100 dollars at the base rate of the day, where a market's close would have made 150,000 won of them."""
    settings = folder / "automation.toml"
    fetched(folder, proxy)
    settings.write_text(settings.read_text().replace('"eximbank", "yahoo"', '"yahoo"'))
    assert fetched(folder, proxy)["USDKRW"][:2] == ("yahoo", "1500.00")
    rate, name = 1394.5 + len(DAYS) - 3, "eximbank"
    if own:
        rate, name = 1234.5, "base_rates"
        (folder / "base_rates").mkdir()
        (folder / "base_rates" / "USDKRW.csv").write_text(f"date,close\n{PAID},{rate}\n")
    report = dividend(folder, proxy)
    assert Decimal(report["summary"]["dividends"]["gross"]) == Decimal(str(rate)) * 100
    assert f"Entries without fx_rate take the base rate of their settlement date from {name}." in " ".join(
        report["notes"]
    )


@pytest.mark.parametrize(("key", "limit", "code"), [("another", 1000, 3), (KEY, 0, 4), (None, 1000, None)])
def test_without_a_good_key_or_requests_left_the_next_source_is_asked(folder, proxy, bank, key, limit, code):
    bank.left = limit
    said = run(folder, proxy, "prices", "fetch", "--all", "--json", key=key).stdout
    (dollar,) = (r for r in json.loads(said)["prices"] if r["symbol"] == "USDKRW")
    assert (dollar["source"], dollar["price"]) == ("yahoo", "1500.00")
    assert [f["code"] for f in dollar["findings"]] == ["price-source"]
    assert (f"(result {code})" if code else "key of your own") in dollar["findings"][0]["text"]
    # One request an attempt of each pair: what refuses one day refuses all.
    assert len(proxy.of(EXIMBANK)) == (6 if code else 0)
