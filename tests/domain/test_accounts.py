"""Which account may hold what; the rules are restated from the sources of each country's module."""

import pytest

from steelyard.adapters.files.tax_figures import load_tax_rules
from steelyard.domain.market.instruments import Instrument
from steelyard.domain.tax.codes import ACCOUNT_KINDS, holding_rules
from steelyard.domain.tax.country import country

VOO = Instrument("VOO", "Vanguard S&P 500 ETF", "USD", "XNYS", "us_equity", "overseas_listed")
KODEX = Instrument("069500", "KODEX 200", "KRW", "XKRX", "kr_equity", "krx_domestic_equity", irp_risky=True)
BOND = Instrument("148070", "KOSEF", "KRW", "XKRX", "kr_bond", "krx_other", irp_risky=False)
LEVERAGED = Instrument("122630", "KODEX leverage", "KRW", "XKRX", "kr_equity_leveraged", "krx_other")


def figures(code):
    return load_tax_rules(code)[0]


def rules(kind):
    return holding_rules(kind, figures)


def held(kind):
    return [one.symbol for one in (VOO, KODEX, BOND, LEVERAGED) if rules(kind).may_hold(one)]


@pytest.mark.parametrize("kind", ["taxable", *ACCOUNT_KINDS["US"]])
def test_most_accounts_buy_anything(kind):
    assert held(kind) == ["VOO", "069500", "148070", "122630"]


def test_a_sheltered_korean_account_buys_krx_listings_only_and_a_pension_no_leverage():
    assert held("isa") == ["069500", "148070", "122630"]
    assert held("pension") == held("irp") == ["069500", "148070"]


def test_a_repatriation_account_buys_korean_shares_only():
    assert held("ria") == ["069500"]


def test_only_the_irp_caps_risky_assets_and_an_unknown_one_counts_as_risky():
    """70 %: Enforcement Rule of the Act on the Guarantee of Employees' Retirement Benefits 10(1)2."""
    caps = {kind: rules(kind).risky_cap for kinds in ACCOUNT_KINDS.values() for kind in kinds}
    assert {kind: str(cap) for kind, cap in caps.items() if cap is not None} == {"irp": "0.7"}
    irp = rules("irp")
    assert [irp.is_risky(one) for one in (KODEX, BOND, LEVERAGED)] == [True, False, True]
    assert not rules("pension").is_risky(KODEX)


def test_the_cap_is_the_newest_figure_of_the_data():
    """A made-up row of 2030 beside that of the file: whoever changes the data changes the plans."""
    rows = [*figures("KR")["parameters"], {"id": "irp.risky_cap", "from": 2030, "value": "0.8"}]
    assert str(holding_rules("irp", lambda _: {"parameters": rows}).risky_cap) == "0.8"


def test_no_data_file_is_read_for_what_has_no_figure():
    for kind in ("taxable", "isa", "pension", "ria", *ACCOUNT_KINDS["US"]):
        holding_rules(kind, {}.__getitem__)


@pytest.mark.parametrize(
    ("code", "kind"), [(code, k) for code, kinds in ACCOUNT_KINDS.items() for k in kinds]
)
def test_a_country_says_itself_what_its_accounts_may_hold(code, kind):
    assert country(code).holding_rules(kind, figures) == rules(kind)
