"""What the first policy did, drawn on its growth, and the luck of the day as a picture and a table."""

import json
from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from click.testing import CliRunner

from steelyard.app.lab.backtest import BacktestSettings, backtest, candidate
from steelyard.engines.market.price_history import PriceHistory
from steelyard.interfaces.cli.main import cli
from steelyard.interfaces.pictures import figures
from steelyard.interfaces.pictures.studies import panels


def test_rebalances_stand_on_the_growth_and_the_largest_are_told():
    """By hand: half and half; A doubles to 100 of 150, and 25 of it go over, 16.7 %. Then it falls to
    a half: 37.5 and 75, and 18.75 of 112.5 come back, 16.7 % again.
    """
    dates = (date(2024, 1, 2), date(2024, 2, 1), date(2024, 3, 1), date(2024, 4, 1))
    prices = np.array([[10.0, 10.0], [20.0, 10.0], [10.0, 10.0], [10.0, 10.0]])
    history = PriceHistory(("A", "B"), dates, prices)
    settings = BacktestSettings({"A": Decimal("0.5"), "B": Decimal("0.5")})
    study = backtest(history, [candidate("calendar monthly")], settings)
    (panel,) = [p for p in panels(study, {}, "USD") if p.heading == "What the rule did: calendar monthly"]
    assert panel.text == (
        "Triangles are its 2 rebalances, larger the more of the money they moved. Most: 2024-02-01 16.7 %, "
        "2024-03-01 16.7 %."
    )
    with figures.style():
        _, (part,) = figures.parts(9.0, [3.0])
        panel.draw(part, False)
        (marks,) = part.get_axes()[0].collections
        assert marks.get_offsets()[:, 1].tolist() == pytest.approx([15_000.0, 11_250.0])


def test_a_policy_that_never_traded_is_told_so():
    dates = (date(2024, 1, 2), date(2024, 2, 1), date(2024, 3, 1))
    history = PriceHistory(("A",), dates, np.array([[10.0], [20.0], [10.0]]))
    study = backtest(history, [candidate("hold")], BacktestSettings({"A": Decimal(1)}))
    (panel,) = [p for p in panels(study, {}, "USD") if p.heading.startswith("What the rule did")]
    assert panel.text == "It never traded after the first purchase."


@pytest.mark.long("a page of pictures of a demonstration, and 252 schedules of it")
def test_the_luck_of_the_day_is_in_the_table_the_document_and_the_page(tmp_path, monkeypatch):
    """The table's figures are those of the document, rounded."""
    monkeypatch.chdir(tmp_path)
    words = ["compare", "--demo", "--paths", "0", "--policy", "calendar annual", "--policy", "hold"]
    words += ["--tranches", "4", "--report", "out.html"]
    document = json.loads(CliRunner().invoke(cli, [*words, "--json"]).stdout)
    annual, hold = document["timing"]["policies"]
    assert (annual["alone"]["days"], annual["tranched"]["days"]) == (252, 63)
    assert hold == {"policy": "hold", "alone": None, "tranched": None}
    assert annual["tranched"]["luck"] < annual["alone"]["luck"] / 2
    page = (tmp_path / "out.html").read_text(encoding="utf-8")
    assert "The luck of the day: calendar annual" in page
    shown = CliRunner().invoke(cli, words, env={"COLUMNS": "140"}).stdout
    low, high = (100 * annual["alone"]["cagr"][end] for end in ("low", "high"))
    assert f"{low:.2f}..{high:.2f} %" in shown
    assert f"{1e4 * annual['alone']['luck']:.0f} bp" in shown
