"""The country of the page on adding one goes through the backtest: nothing there knows the other two."""

import re
import sys
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from steelyard.adapters.machine.calendar import ExchangeSessions
from steelyard.app.lab.backtest import BacktestSettings, assemble, candidate
from steelyard.app.lab.backtest_tax import backtest_tax
from steelyard.domain.market.instruments import Instrument
from steelyard.domain.policy.policies import Policy
from steelyard.domain.portfolio import Account, Portfolio, Tax
from steelyard.domain.tax import codes
from steelyard.engines.lab.backtest import compiled_backtest, plain_backtest
from steelyard.engines.market.price_history import PriceHistory
from steelyard.errors import InputError

PAGE = Path(__file__).parent.parent.parent / "docs" / "explanation" / "adding-a-country.md"
D = Decimal
TARGETS = {"VUSA": D("0.5"), "IGLT": D("0.5")}


@pytest.fixture
def britain(monkeypatch):
    """The sketch, where a country of its own would be: one module, one word."""
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    module = ModuleType("steelyard.domain.tax.great_britain")
    exec("\n".join(blocks), module.__dict__)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(codes.MODULES, "GB", "great_britain")
    return Portfolio(
        source="portfolio.toml",
        base_currency="GBP",
        targets=TARGETS,
        accounts=(Account("main", "taxable", {}, ()),),
        quotes={},
        fx={},
        instruments={s: Instrument(s, s, "GBP", "XLON") for s in TARGETS},
        policy=Policy(),
        tax=Tax("GB", {}),
    )


@pytest.mark.parametrize(
    ("rebalanced", "paid"),
    [
        # Before 6 April: the year 2024/25, paid on 31 January 2026.
        (date(2025, 3, 3), [0.0, 0.0, 0.0, 2280.0]),
        # After it: the year 2025/26, paid in January 2027, which is never reached here.
        (date(2025, 4, 7), [0.0, 0.0, 0.0, 0.0]),
    ],
)
def test_a_third_country_is_taxed_by_its_own_rules(britain, rebalanced, paid):
    """50,000 pounds of each at 10; VUSA doubles, so of 150,000 a quarter of it, 1,250 shares, is sold at 20.

    12,500 of gain less 3,000 at 24 % are 2,280. The United States would ask for it in April 2026, and of all.
    """
    tax = backtest_tax(britain, ExchangeSessions(), lambda code: ({}, ()))
    assert tax.notes[0].startswith("after tax as the United Kingdom takes it")
    days = (date(2024, 5, 1), rebalanced, date(2026, 1, 30), date(2026, 2, 2))
    prices = np.array([[10.0, 10.0], [20.0, 10.0], [20.0, 10.0], [20.0, 10.0]])
    history = PriceHistory(tuple(TARGETS), days, prices)
    problem = assemble(
        history, [candidate("threshold 10%")], BacktestSettings(TARGETS, initial=D(100_000), tax=tax)
    )
    for engine in (plain_backtest, compiled_backtest):
        runs = engine.run(problem)
        assert runs.rebalanced[0].tolist() == [False, True, False, False]
        assert runs.taxes[0].tolist() == pytest.approx(paid, abs=1e-9)


def test_a_country_that_is_not_there_is_refused_and_not_taken_for_another(britain):
    """Once whatever was not Korea was taxed as American."""
    nowhere = replace(britain, tax=Tax("XX", {}))
    with pytest.raises(InputError, match="no tax rules for 'XX'"):
        backtest_tax(nowhere, ExchangeSessions(), lambda code: ({}, ()))
