"""Which account may hold what; the rules are restated from the module's sources."""

import pytest

from steelyard.adapters.files.tax_figures import load_tax_rules
from steelyard.domain.accounts import is_risky, may_hold, risky_cap
from steelyard.domain.market.instruments import Instrument

VOO = Instrument("VOO", "Vanguard S&P 500 ETF", "USD", "XNYS", "us_equity")
KODEX = Instrument("069500", "KODEX 200", "KRW", "XKRX", "kr_equity", irp_risky=True)
BOND = Instrument("148070", "KOSEF", "KRW", "XKRX", "kr_bond", irp_risky=False)
LEVERAGED = Instrument("122630", "KODEX leverage", "KRW", "XKRX", "kr_equity_leveraged")


@pytest.mark.parametrize("kind", ["isa", "pension", "irp"])
def test_a_sheltered_korean_account_buys_krx_listings_only(kind):
    assert may_hold(kind, KODEX)
    assert not may_hold(kind, VOO)


@pytest.mark.parametrize("kind", ["taxable", "ira", "roth", "401k"])
def test_other_accounts_buy_anything(kind):
    assert may_hold(kind, VOO)
    assert may_hold(kind, LEVERAGED)


def test_pension_accounts_take_no_leveraged_etf_but_an_isa_does():
    assert not may_hold("irp", LEVERAGED)
    assert not may_hold("pension", LEVERAGED)
    assert may_hold("isa", LEVERAGED)


def test_only_the_irp_caps_risky_assets_and_an_unknown_one_counts_as_risky():
    assert str(risky_cap("irp")) == "0.7"
    assert risky_cap("pension") is None
    assert is_risky(KODEX)
    assert not is_risky(BOND)
    assert is_risky(LEVERAGED)


def test_the_cap_that_plans_keep_is_the_sourced_figure_of_the_tax_data():
    """Plans read a constant, since a cap of an account must be known without a tax situation; rule kr.irp-cap
    carries source and date, and a new figure there must reach the plans."""
    figures, _ = load_tax_rules("KR")
    rows = [row for row in figures["parameters"] if row["id"] == "irp.risky_cap"]
    assert [str(risky_cap("irp"))] == [row["value"] for row in rows]
