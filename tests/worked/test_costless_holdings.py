"""Holdings that a journal was opened with and of which nobody has said what was paid: the year goes on.

The figures of the rest are worked here by hand; every hint is followed as it stands, a price and a day in
the place of its two words, and then nothing is left out.
"""

import re
import shlex
from datetime import date
from decimal import Decimal

import pytest

import steelyard
from builders import account, lot, portfolio, position
from processes import run_command
from steelyard.errors import InputError

VOO = position("VOO", 10, "600", lots=[lot("2024-03-04", 10, "470", "1330")])
KOREA = portfolio(
    {"VOO": "50%", "360750": "50%"},
    account(position("360750", 100, "22000"), name="내 ISA", kind="isa", kept="journal"),
    account(VOO, name="overseas", kept="journal"),
    fx={"USDKRW": "1400"},
    tax={"jurisdiction": "KR"},
)
KOREA_BARE = KOREA.replace('kind = "isa"\n', "")
US = portfolio(
    {"VOO": "50%", "VTI": "50%"},
    account(position("VOO", 10, "500"), name="main", kept="journal"),
    account(position("VTI", 10, "300", lots=[lot("2020-03-04", 10, "200")]), name="other", kept="journal"),
    base_currency="USD",
    tax={"jurisdiction": "US"},
)
AS_OF = date(2026, 11, 30)


def opened(folder, text, *sales):
    (folder / "portfolio.toml").write_text(text, encoding="utf-8")
    file = folder / "portfolio.toml"
    steelyard.open_journal(file, as_of=date(2026, 1, 2))
    for sale in sales:
        steelyard.record(file, **sale)
    return file


def year(file):
    return steelyard.tax(steelyard.load(file, need_prices=False), as_of=AS_OF)


def followed(folder, hint, price, day):
    """Run the command of a hint."""
    (line,) = re.findall(r"`steelyard (record [^`]+)`", hint)
    words = shlex.split(line.replace("PRICE-PAID", price).replace("PURCHASE-DATE", day))
    done = run_command(folder, *words)
    assert done.returncode == 0, done.stderr


SOLD_VOO = {
    "type": "sell", "account": "overseas", "symbol": "VOO", "shares": 1, "price": 600, "date": "2026-05-04",
    "fx_rate": 1400,
}  # fmt: skip
SOLD_ISA = {
    "type": "sell", "account": "내 ISA", "symbol": "360750", "shares": 50, "price": 22000,
    "date": "2026-05-04",
}  # fmt: skip


def test_an_isa_opened_without_costs_leaves_the_rest_of_the_year(tmp_path):
    """VOO: 600 x 1,400 - 470 x 1,330 = 214,900. Then 360750 at 15,000: 50 x 7,000 = 350,000."""
    file = opened(tmp_path, KOREA, SOLD_VOO, SOLD_ISA)
    found = year(file)
    assert found.summary["overseas_listed"]["net_gain"] == Decimal(214_900)
    (gap,) = found.gaps
    assert (gap.account, gap.symbol, [e.shares for e in gap.sold]) == ("내 ISA", "360750", [50])
    followed(tmp_path, gap.hint, "15000", "2025-03-04")
    whole = year(file)
    assert whole.gaps == ()
    assert whole.summary["overseas_listed"]["net_gain"] == Decimal(214_900)
    assert whole.summary["isa"]["내 ISA"]["net_income"] == Decimal(350_000)


def test_a_taxable_account_opened_without_costs_leaves_the_rest(tmp_path):
    """The same holding where its sale is taxed at once: 15.4 % of 350,000, by the ten won of each tax."""
    file = opened(tmp_path, KOREA_BARE, SOLD_VOO, SOLD_ISA)
    (gap,) = year(file).gaps
    assert year(file).summary["krx_other"]["tax"] == 0
    followed(tmp_path, gap.hint, "15000", "2025-03-04")
    assert year(file).gaps == ()
    assert year(file).summary["krx_other"]["tax"] == Decimal(49_000 + 4_900)


def test_shares_that_went_on_to_another_account_are_followed_back(tmp_path):
    """Five of ten go to `other` and are sold there; the hint names the entry that lacks the cost."""
    moved = {"type": "transfer", "account": "main", "to": "other", "symbol": "VOO", "shares": 5,
             "date": "2026-02-03"}  # fmt: skip
    sold = {"type": "sell", "account": "other", "symbol": "VOO", "shares": 4, "price": 500,
            "date": "2026-05-04"}  # fmt: skip
    vti = {"type": "sell", "account": "other", "symbol": "VTI", "shares": 5, "price": 300,
           "date": "2026-05-04"}  # fmt: skip
    file = opened(tmp_path, US, moved, sold, vti)
    found = year(file)
    assert {d.symbol: d.gain for d in found.disposals} == {"VTI": Decimal(500)}
    assert [(g.account, len(g.sold)) for g in found.gaps] == [("main", 0), ("other", 1)]
    assert len({g.hint for g in found.gaps}) == 1
    followed(tmp_path, found.gaps[0].hint, "400", "2024-01-02")
    whole = year(file)
    assert whole.gaps == ()
    assert {d.symbol: d.gain for d in whole.disposals} == {"VTI": Decimal(500), "VOO": Decimal(400)}


@pytest.mark.parametrize("form", [(), ("--json",), ("--csv",), ("--form", "8949")])
def test_every_way_of_showing_the_year_says_what_is_not_in_it(tmp_path, form):
    sold = {"type": "sell", "account": "main", "symbol": "VOO", "shares": 4, "price": 500,
            "date": "2026-05-04"}  # fmt: skip
    opened(tmp_path, US, sold)
    done = run_command(tmp_path, "tax", "--as-of", "2026-11-30", *form)
    assert done.returncode == 0
    assert "warning[cost-unknown]: what was paid for VOO in account 'main' is not known" in done.stderr
    assert "--complete" in done.stderr


def test_completing_what_is_whole_is_refused(tmp_path):
    file = opened(tmp_path, US)
    fields = {"type": "transfer_in", "account": "main", "symbol": "VOO", "shares": 10, "price": 400,
              "date": "2026-01-02"}  # fmt: skip
    steelyard.record(file, completes=True, **fields)
    with pytest.raises(InputError) as caught:
        steelyard.record(file, completes=True, **fields)
    assert caught.value.code == "entry-unknown"
    rows = steelyard.history(file, everything=True).rows
    assert [r.entry.note for r in rows if r.counts and r.entry.symbol == "VOO"] == ["from the portfolio file"]


def test_undoing_a_completion_brings_back_what_it_completed(tmp_path):
    """40 BND came without their cost; that is what is known again, however often the cost is filled in."""
    bare = {"type": "transfer_in", "account": "main", "symbol": "BND", "shares": 40, "date": "2026-11-02",
            "currency": "USD"}  # fmt: skip
    file = opened(tmp_path, US)
    first = steelyard.record(file, **bare).number

    def held():
        rows = steelyard.history(file).rows
        return [(r.entry.shares, r.entry.price) for r in rows if r.entry.symbol == "BND"]

    for price in ("84.2", "84.3"):
        whole = steelyard.record(file, completes=True, price=price, lot="2021-08-02", **bare).number
        assert held() == [(40, Decimal(price))]
        assert next((row.number, row.counts) for row in steelyard.undo(file)) == (whole, False)
        assert held() == [(40, None)]
    # The trail: nothing is gone, and bringing the completion back takes the bare entry away again.
    every = steelyard.history(file, everything=True).rows
    steelyard.undo(file, next(r.number for r in every if r.takes_back == whole))
    assert held() == [(40, Decimal("84.3"))]
    steelyard.undo(file)
    assert held() == [(40, None)]
    steelyard.undo(file, first)
    assert held() == []
