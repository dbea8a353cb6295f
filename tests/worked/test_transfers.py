"""Shares that go from one account of their owner to another with the lots they are; worked by hand.

10 VOO at 100 of 2024-01-02 and 10 at 140 of 2024-06-03 stand in `main`; 15 of them go to `second`: the first
lot whole and 5 of the other, unless a lot is named.
"""

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from steelyard.adapters.database.journal import StoredJournal
from steelyard.adapters.files.packaged import load_catalogue
from steelyard.adapters.files.tax_figures import load_tax_rules
from steelyard.adapters.machine.calendar import ExchangeSessions
from steelyard.domain.books.entry_text import read_entry, written
from steelyard.domain.books.holdings import holdings
from steelyard.domain.books.ledger import Row
from steelyard.domain.tax.country import YearFacts
from steelyard.domain.tax.korea.ledger import read_ledger
from steelyard.domain.tax.korea.rates import rates_of
from steelyard.domain.tax.united_states.positions import Setting
from steelyard.domain.tax.united_states.tax_year import Owner, year_report
from steelyard.errors import InputError
from whole_commands import run

D = Decimal
CATALOGUE = load_catalogue()
BOUGHT = (
    "date=2024-01-02 type=buy symbol=VOO shares=10 price=100",
    "date=2024-06-03 type=buy symbol=VOO shares=10 price=140",
)
MOVED = "date=2025-01-10 type=transfer symbol=VOO shares=15 to=second"


def entries(*texts, **base):
    fields = {"account": "main", "currency": "USD"} | base
    found = []
    for text in texts:
        entry, problems = read_entry(fields | dict(w.split("=", 1) for w in text.split()), CATALOGUE)
        assert problems == ()
        found.append(entry)
    return found


def us_year(year, *texts, **setting):
    known = Setting(classes={"VOO": "security"}, settles=lambda d: d + timedelta(1), **setting)
    return year_report(entries(*texts), year, setting=known, figures=load_tax_rules("US")[0], owner=Owner())


def korean(*texts, year=2025, kinds=None):
    data, rules = load_tax_rules("KR")
    classes = {"VOO": "overseas_listed", "360750": "krx_other"}
    facts = YearFacts(
        year, texts, classes, ExchangeSessions().is_session, data, rules, account_kinds=kinds or {}
    )
    return read_ledger(facts, rates_of(data, rules, year))


def lots(found):
    return [(x.account, x.bought, x.shares, x.cost) for x in found.open_lots]


def test_a_transfer_moves_shares_and_neither_money_nor_worth():
    held = holdings(entries(*BOUGHT, MOVED), date(2025, 2, 1))
    assert held.shares == {("main", "VOO"): 5, ("second", "VOO"): 15}
    assert held.cash == {("main", "USD"): -2400}


def test_the_oldest_lots_go_and_keep_their_cost_and_their_day():
    found = us_year(2025, *BOUGHT, MOVED)
    assert lots(found) == [
        ("main", date(2024, 6, 3), 5, 700),
        ("second", date(2024, 1, 2), 10, 1000),
        ("second", date(2024, 6, 3), 5, 700),
    ]


def test_a_lot_that_is_named_goes_whatever_the_account_sells_first():
    found = us_year(2025, *BOUGHT, MOVED.replace("=15", "=5") + " lot=2024-06-03")
    assert lots(found) == [
        ("main", date(2024, 1, 2), 10, 1000),
        ("main", date(2024, 6, 3), 5, 700),
        ("second", date(2024, 6, 3), 5, 700),
    ]
    with pytest.raises(InputError) as raised:
        us_year(2025, *BOUGHT, MOVED.replace("=15", "=5") + " lot=2024-06-04")
    assert raised.value.code == "lot-unknown"


def test_a_sale_after_it_is_long_or_short_by_the_first_purchase():
    """12 at 150 in `second`: 10 held since 2024-01-02 gain 500 long-term, 2 of June 20 short-term."""
    sold = "date=2025-02-03 type=sell symbol=VOO shares=12 price=150 account=second"
    found = us_year(2025, *BOUGHT, MOVED, sold).summary
    assert (found.long_term, found.short_term) == (500, 20)


def test_a_transfer_is_no_purchase_that_washes_a_loss():
    """5 sold at 90 on the day before lose 50; 10 more arrive as they were bought in 2024: no replacement."""
    sold = "date=2025-01-09 type=sell symbol=VOO shares=5 price=90"
    found = us_year(2025, *BOUGHT, sold, MOVED.replace("=15", "=10")).summary
    assert (found.long_term, found.short_term) == (-50, 0)


def test_into_or_out_of_a_sheltered_account_nothing_keeps_its_cost():
    with pytest.raises(InputError) as raised:
        us_year(2025, *BOUGHT, MOVED, sheltered={"second"})
    assert raised.value.code == "transfer-taxed"
    assert lots(us_year(2025, *BOUGHT, MOVED, sheltered={"main", "second"})) == []


def test_in_korea_the_won_of_each_purchase_go_along():
    """10 x 100 x 1,000 and 10 x 140 x 1,300 won. 12 sold at 150 and 1,400: 2,520,000 less 1,000,000 less
    2 x 140 x 1,300 = 364,000 gain 1,156,000; 3 x 182,000 stay in `second`, 5 x 182,000 in `main`."""
    found = korean(
        *entries(BOUGHT[0], fx_rate="1000"),
        *entries(BOUGHT[1], fx_rate="1300"),
        *entries(MOVED),
        *entries("date=2025-02-03 type=sell symbol=VOO shares=12 price=150 account=second", fx_rate="1400"),
    )
    assert [d.gain for d in found.overseas] == [1_156_000]
    assert lots(found) == [
        ("main", date(2024, 6, 3), 5, 910_000),
        ("second", date(2024, 6, 3), 3, 546_000),
    ]


def test_what_sells_at_its_average_moves_at_its_average():
    """360750: 10 at 10,000 and 10 at 12,000 won are 11,000 each; 5 of them are 55,000."""
    found = korean(
        *entries(
            "date=2025-01-02 type=buy symbol=360750 shares=10 price=10000",
            "date=2025-01-03 type=buy symbol=360750 shares=10 price=12000",
            "date=2025-01-10 type=transfer symbol=360750 shares=5 to=second",
            currency="KRW",
        )
    )
    assert sum(x.cost for x in found.open_lots if x.account == "second") == 55_000
    assert sum(x.cost for x in found.open_lots if x.account == "main") == 165_000


def test_in_korea_nothing_goes_into_an_isa_with_its_cost():
    with pytest.raises(InputError) as raised:
        korean(*entries(*BOUGHT, MOVED, fx_rate="1000"), kinds={"second": "isa"})
    assert raised.value.code == "transfer-taxed"


@pytest.mark.parametrize(
    "text", [MOVED.replace(" to=second", ""), MOVED + " to=main", BOUGHT[0] + " to=second"]
)
def test_a_transfer_names_another_account_and_nothing_else_does(text):
    fields = {"account": "main", "currency": "USD"} | dict(w.split("=", 1) for w in text.split())
    assert [p.code for p in read_entry(fields, CATALOGUE)[1]] == ["entry-field"]


def test_it_comes_back_from_its_own_words():
    (one,) = entries(MOVED + " lot=2024-06-03")
    assert read_entry(written(one), CATALOGUE)[0] == one


FILE = """
base_currency = "USD"
priced_on = 2025-02-03
[targets]
VOO = "100%"
[tax]
jurisdiction = "US"
filing = "single"
[prices]
VOO = "150"
[[accounts]]
name = "main"
kept = "journal"
[[accounts]]
name = "second"
kept = "journal"
"""


def test_recorded_imported_and_shown_with_its_lots(tmp_path, monkeypatch):
    """15 in `second` cost 1,000 + 700, 5 in `main` 700; worth 2,250 and 750. Read again, the same."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "portfolio.toml").write_text(FILE)
    for text in (
        "date=2024-01-02 type=deposit shares=2400 currency=USD account=main",
        *BOUGHT,
    ):
        assert run("record", *text.split()).exit_code == 0
    done = run("record", "transfer", "VOO", "15", "2025-01-10", "to=second")
    assert done.exit_code == 0, done.stderr
    shown = json.loads(run("holdings", "--json", "--as-of", "2025-02-03").stdout)
    found = {h["account"]: (h["shares"], h["cost"], h["gain"]) for h in shown["holdings"]}
    assert found == {"main": ("5", "700", "50"), "second": ("15", "1700", "550")}
    table = run("history", "--csv").stdout
    assert [row["to"] for row in csv.DictReader(io.StringIO(table))] == ["", "", "", "second"]
    (tmp_path / "all.csv").write_text(table)
    assert "0 entries added, 4 were there already" in run("import", "all.csv").stderr
    (tmp_path / "steelyard.db").unlink()
    assert run("import", "all.csv").exit_code == 0
    assert json.loads(run("holdings", "--json", "--as-of", "2025-02-03").stdout) == shown
    over = run("record", "transfer", "VOO", "6", "2025-01-11", "to=second")
    assert "error[sold-more-than-held]: 6 shares of VOO are transferred out" in over.stderr


def test_a_lot_that_has_not_so_many_shares_is_refused_before_it_is_recorded(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "portfolio.toml").write_text(FILE)
    for text in BOUGHT:
        assert run("record", *text.split()).exit_code == 0
    words = ("record", "transfer", "VOO", "11", "2025-01-10", "to=second", "lot=2024-06-03")
    refused = run(*words)
    assert refused.exit_code == 2
    assert "error[sold-more-than-held]: 11 shares are sold but only 10 are held" in refused.stderr
    other = run(*words[:3], "1", *words[4:-1], "lot=2024-06-04")
    assert "error[lot-unknown]: no lot bought on 2024-06-04 is held" in other.stderr
    assert run("holdings", "--as-of", "2025-02-03").exit_code == 0


def test_a_wrong_lot_that_is_there_already_hides_only_what_it_cost(tmp_path, monkeypatch):
    """As an earlier version took it: nothing else may stop."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "portfolio.toml").write_text(FILE)
    book = StoredJournal(tmp_path / "steelyard.db")
    wrong = "date=2025-01-10 type=transfer symbol=VOO shares=11 to=second lot=2024-06-03"
    book.add([Row(e) for e in entries(*BOUGHT, wrong)], "test", datetime(2025, 1, 11, tzinfo=UTC))
    book.close()
    shown = json.loads(run("holdings", "--json", "--as-of", "2025-02-03").stdout)
    assert [(h["account"], h["shares"], h["cost"]) for h in shown["holdings"]] == [
        ("main", "9", None),
        ("second", "11", None),
    ]
    taxed = run("tax", "--year", "2025", "--as-of", "2025-02-03")
    assert "2025-01-10, VOO in account 'main': 11 shares are sold but only 10 are held" in taxed.stderr


def test_a_fee_that_is_paid_back_is_said_as_it_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "portfolio.toml").write_text(FILE)
    assert run("record", "fee", "-3.50", "2025-01-10").exit_code == 0
    assert "fee -3.5 USD" in run("history").stdout
