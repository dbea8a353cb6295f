"""Losses that must not be undone: what `tax` counts, what `plan` does not buy, what `harvest` says.

Ten shares of VOO bought at 700 were sold at 600, a loss of 1,000. Thirty days after 2 November 2026 is
2 December (26 U.S.C. 1091(a)); the day after is free.
"""

from datetime import date

import pytest

from steelyard.adapters.files.packaged import load_catalogue
from steelyard.adapters.files.portfolio import parse
from steelyard.adapters.machine.calendar import ExchangeSessions
from steelyard.app.harvest.harvest import harvest
from steelyard.app.planning.plan import invest, plan
from steelyard.errors import InputError
from tax_files import DAY, LONG_AGO, US, D, buy, known, trade

SOLD = date(2026, 11, 2)
LOSS = [buy(LONG_AGO, "VOO", 10, 700), trade("sell", SOLD, "VOO", 10, 600)]


def text(*more, targets='VOO = "50%"\nTLT = "50%"', tax=US, base="USD"):
    return f"""
base_currency = "{base}"
[targets]
{targets}
[prices]
VOO = "600 {base}"
SPY = "600 {base}"
TLT = "80 {base}"
[tax]
{tax}
{chr(10).join(more)}
[[accounts]]
name = "main"
cash = {{ {base} = "2400" }}
[[accounts]]
name = "ira"
{'kind = "ira"' if base == "USD" else ""}
cash = {{ {base} = "1200" }}
"""


def file(*more, **parts):
    return read(text(*more, **parts))


def read(written):
    return parse(written, "portfolio.toml", load_catalogue(), symbols=["VOO", "SPY", "VGLT"])


def planned(held, entries=LOSS, *, as_of=DAY, **more):
    return plan(held, ExchangeSessions(), as_of=as_of, tax=known(held, entries, as_of=as_of), **more)


def bought(made):
    return {t.symbol for t in made.trades if t.side == "buy"}


@pytest.mark.parametrize(
    ("day", "free"),
    [(SOLD, False), (date(2026, 12, 2), False), (date(2026, 12, 3), True)],
)
def test_what_was_sold_at_a_loss_is_not_bought_for_thirty_days(day, free):
    made = planned(file(), as_of=day)
    assert ("VOO" in bought(made)) is free
    assert "TLT" in bought(made)
    assert [b.symbol for b in made.blocked] == ([] if free else ["VOO"])
    if not free:
        (block,) = made.blocked
        assert block.not_before == date(2026, 12, 3)
        assert "1000 USD" in block.reason
        assert any("2026-12-03" in u.reason for u in made.untraded if u.symbol == "VOO")


def test_the_block_holds_in_an_ira_too():
    """Rev. Rul. 2008-5: there the loss would be lost for good."""
    held = read(text().replace('"2400"', '"0"'))
    assert not [t for t in planned(held).trades if t.symbol == "VOO"]
    assert "ira" in {t.account for t in planned(held, allow_wash_sales=True).trades if t.symbol == "VOO"}


def test_a_loss_in_an_ira_blocks_nothing():
    entries = [buy(LONG_AGO, "VOO", 10, 700, account="ira")]
    entries.append(trade("sell", SOLD, "VOO", 10, 600, account="ira"))
    assert "VOO" in bought(planned(file(), entries))


def test_a_gain_blocks_nothing():
    entries = [buy(LONG_AGO, "VOO", 10, 500), trade("sell", SOLD, "VOO", 10, 600)]
    assert "VOO" in bought(planned(file(), entries))


def test_a_loss_that_is_washed_already_blocks_no_more():
    """Ten were bought back at once: nothing is left to undo."""
    entries = [*LOSS, buy(date(2026, 11, 4), "VOO", 10, 600, account="ira")]
    made = planned(file(), entries)
    assert made.blocked == ()
    assert "VOO" in bought(made)


def test_the_part_that_is_not_washed_still_blocks():
    """Four of ten were bought back: 600 of the 1,000 can still be undone."""
    (block,) = planned(file(), [*LOSS, buy(date(2026, 11, 4), "VOO", 4, 600, account="ira")]).blocked
    assert "600 USD" in block.reason


SPY = 'SPY = "50%"\nTLT = "50%"'
CASES = [
    ((), False),
    (('identical = "same_index"',), False),
    (('identical = "same_symbol"',), True),
    (('identical = "same_symbol"', 'identical_groups = [["VOO", "SPY"]]'), False),
    (("block_wash_sales = false",), True),
]


@pytest.mark.parametrize(("settings", "free"), CASES)
def test_a_fund_on_the_same_index_is_blocked_unless_the_owner_says_otherwise(settings, free):
    made = planned(file(*settings, targets=SPY))
    assert ("SPY" in bought(made)) is free


def test_another_fund_can_be_named_identical():
    """TLT and VGLT follow different indexes; an owner may be more careful than practice."""
    entries = [buy(LONG_AGO, "VGLT", 10, 70), trade("sell", SOLD, "VGLT", 10, 50)]
    assert "TLT" in bought(planned(file(), entries))
    held = file('identical_groups = [["TLT", "VGLT"]]')
    assert "TLT" not in bought(planned(held, entries))


def test_new_money_is_kept_from_it_as_well():
    held = file()
    made = invest(held, ExchangeSessions(), D(1200), as_of=DAY, tax=known(held, LOSS))
    assert bought(made) == {"TLT"}
    assert made.to_bands is None


def test_the_owner_may_buy_it_all_the_same_and_is_told_what_it_disallows():
    """Three shares are bought; 300 of the 1,000 is disallowed, or fewer where fewer are bought."""
    made = planned(file(), allow_wash_sales=True)
    count = sum(t.shares for t in made.trades if t.symbol == "VOO")
    assert count == 3
    assert made.blocked == ()
    assert "disallows $300.00" in made.tax_note
    assert made.taxes == D("0.32") * 300


def test_a_december_loss_blocks_in_january():
    """The window crosses the year's end; 30 days after 15 December is 14 January."""
    entries = [buy(LONG_AGO, "VOO", 10, 700), trade("sell", date(2026, 12, 15), "VOO", 10, 600)]
    assert "VOO" not in bought(planned(file(), entries, as_of=date(2027, 1, 14)))


def test_korea_blocks_nothing():
    held = file(tax='jurisdiction = "KR"', base="KRW")
    entries = [
        buy(LONG_AGO, "VOO", 10, 700, currency="KRW"),
        trade("sell", SOLD, "VOO", 10, 600, currency="KRW"),
    ]
    assert "VOO" in bought(planned(held, entries))


def test_a_sale_shows_what_an_earlier_purchase_disallows_of_it():
    """Two of SPY were bought in the IRA nine days before; of ten VOO lost at 100 each, 200 do not count."""
    entries = [buy(LONG_AGO, "VOO", 10, 700), buy(date(2026, 11, 14), "SPY", 2, 600, account="ira")]
    position = '\n[[accounts.positions]]\nsymbol = "VOO"\nshares = 10'
    cash = 'cash = { USD = "2400" }'
    held = read(text(targets='VOO = "0%"\nTLT = "100%"').replace(cash, cash + position))
    (sale,) = [t for t in planned(held, entries).trades if t.side == "sell"]
    assert (sale.gain, sale.disallowed) == (-1000, 200)
    assert sale.tax == D("-0.32") * 800


@pytest.mark.parametrize(("word", "disallowed"), [("same_index", 1000), ("same_symbol", 0)])
def test_tax_plan_and_harvest_agree_on_what_is_identical(word, disallowed):
    """Ten of SPY bought in the IRA two days after the loss on VOO wash it, or do not, everywhere alike."""
    entries = [*LOSS, buy(date(2026, 11, 4), "SPY", 10, 600, account="ira"), buy(LONG_AGO, "VOO", 5, 900)]
    held = file(f'identical = "{word}"')
    situation = known(held, entries)
    assert sum(d.disallowed for d in situation[0].so_far.disposals) == disallowed
    assert any("same_symbol" in n for n in situation[0].so_far.notes) is (disallowed > 0)
    blocked = planned(held, entries).blocked
    assert [b.symbol for b in blocked] == ([] if disallowed else ["VOO"])
    (loss,) = harvest(held, situation, as_of=DAY).losses
    assert (loss.symbol, loss.do) == ("VOO", disallowed == 0)
    assert ("SPY" in loss.do_not_buy) is (disallowed > 0)


@pytest.mark.parametrize(
    "setting",
    [
        'identical = "same_fund"',
        'identical_groups = ["VOO"]',
        'identical_groups = [["VOO"]]',
        "block_wash_sales = 1",
    ],
)
def test_a_setting_that_says_nothing_is_refused(setting):
    with pytest.raises(InputError) as caught:
        planned(file(setting))
    assert caught.value.code == "tax-setting"


TWO = """
base_currency = "USD"
[targets]
VOO = "50%"
BND = "50%"
[prices]
VOO = "600"
BND = "60"
[tax]
jurisdiction = "US"
ordinary_rate = "32%"
[[accounts]]
name = "main"
cost_method = "specific"
[[accounts.positions]]
symbol = "VOO"
shares = 10
[[accounts]]
name = "ira"
kind = "ira"
cash = { USD = "6000" }
"""


@pytest.mark.parametrize("more", [{}, {"accept_drift": D(0)}, {"max_tax": D(0)}])
def test_a_plan_does_not_buy_in_the_ira_what_it_sells_at_a_loss(more):
    """2,400 are taken out of the taxed account, which has only VOO that lost 100 a share. 8 of 9,600 are the
    target, 6 are left, and the IRA's 6,000 could buy two back."""
    held, entries = read(TWO), [buy(LONG_AGO, "VOO", 10, 700)]
    assert "VOO" in bought(planned(held, entries, cash_flow=D(-2400), allow_wash_sales=True, **more))
    made = planned(held, entries, cash_flow=D(-2400), **more)
    sold = {t.symbol for t in made.trades if t.side == "sell" and (t.gain or 0) < 0}
    assert sold == {"VOO"}
    assert not sold & bought(made)
    assert all(t.disallowed == 0 for t in made.trades)


def test_a_plan_that_sells_at_a_loss_blocks_its_own_purchase_and_says_so():
    """Without BND among the targets the IRA would buy back what the taxed account has to sell: for good."""
    held = read(TWO.replace('VOO = "50%"\nBND = "50%"', 'VOO = "100%"'))
    entries = [buy(LONG_AGO, "VOO", 10, 700)]
    made = planned(held, entries, cash_flow=D(-3000))
    assert {t.symbol for t in made.trades if t.side == "sell"} == {"VOO"}
    assert bought(made) == set()
    (block,) = made.blocked
    assert "this plan sells VOO at a loss" in block.reason
    assert block.not_before == date(2026, 12, 24)
    free = planned(held, entries, cash_flow=D(-3000), allow_wash_sales=True)
    assert bought(free) == {"VOO"}
    assert sum(t.disallowed for t in free.trades) > 0


def test_a_loss_washed_by_a_recent_purchase_is_not_looked_for():
    """Selling the old VOO would lose 100 a share, but 10 were bought ten days before in the IRA."""
    held = read(TWO)
    entries = [buy(LONG_AGO, "VOO", 10, 700), buy(date(2026, 11, 13), "VOO", 10, 600, account="ira")]
    near, far = (planned(held, entries, accept_drift=D(x)) for x in ("0", "0.2"))
    assert [(t.symbol, t.shares) for t in near.trades] == [(t.symbol, t.shares) for t in far.trades]
    old = planned(held, entries[:1], accept_drift=D("0.2"))
    assert sum(t.gain or 0 for t in old.trades) < sum(t.gain or 0 for t in far.trades)
