"""The model portfolios. Expected splits are copied from the sources their entries name."""

from __future__ import annotations

from decimal import Decimal

import pytest

import steelyard
from steelyard.adapters.files.packaged import load_catalogue, load_models
from steelyard.domain.policy.models import Model

MODELS = {model.name: model for model in load_models()}

SPLITS = {
    "conservative": "148070 40, TLT 20, 069500 15, VOO 15, GLD 10",
    "balanced": "069500 25, VOO 30, VEA 10, AGG 25, GLD 10",
    "aggressive": "VOO 35, QQQ 20, 069500 15, VWO 10, AGG 15, GLD 5",
    "core-four": "069500 30, VOO 40, TLT 20, GLD 10",
    "all-weather": "VOO 30, TLT 40, IEF 15, GLD 7.5, DBC 7.5",
    "60-40": "VTI 60, BND 40",
    "three-fund": "VTI 50, VXUS 30, BND 20",
    "permanent": "VTI 25, TLT 25, BIL 25, GLD 25",
    "golden-butterfly": "VTI 20, VBR 20, TLT 20, SHY 20, GLD 20",
}


def test_the_models_are_the_published_ones_in_the_order_to_show_them() -> None:
    assert list(MODELS) == list(SPLITS)


@pytest.mark.parametrize("name", SPLITS)
def test_each_model_has_the_split_of_its_source(name: str) -> None:
    """The percentages are written out by hand above, from the guide and the books the entries name."""
    pairs = (part.split() for part in SPLITS[name].split(", "))
    expected = {symbol: Decimal(percent).scaleb(-2) for symbol, percent in pairs}
    assert dict(MODELS[name].weights) == expected


@pytest.mark.parametrize("model", MODELS.values(), ids=list(MODELS))
def test_each_model_sums_to_exactly_one(model: Model) -> None:
    assert sum(model.weights.values()) == Decimal(1)
    assert all(weight > 0 for weight in model.weights.values())


@pytest.mark.parametrize("model", MODELS.values(), ids=list(MODELS))
def test_each_symbol_of_a_model_is_in_the_catalogue_with_its_korean_class(model: Model) -> None:
    catalogue = load_catalogue()
    for symbol in model.weights:
        instrument = catalogue.get(symbol)
        assert instrument is not None, symbol
        assert instrument.tax_class is not None, symbol


@pytest.mark.parametrize("model", MODELS.values(), ids=list(MODELS))
def test_each_model_says_where_it_comes_from(model: Model) -> None:
    assert model.title
    assert model.description.endswith(".")
    assert model.source


def test_the_three_fund_split_is_called_an_illustration() -> None:
    assert "illustration" in MODELS["three-fund"].description


@pytest.mark.parametrize("model", MODELS.values(), ids=list(MODELS))
def test_each_model_exists_by_class_and_its_file_loads(model: Model, tmp_path) -> None:
    """Every fund of the model is the first of its class, and no fund meets two classes of one model."""
    assert list(model.classes) == list(model.weights)
    assert all(members[0] == symbol for symbol, (_, members) in model.classes.items())
    path = tmp_path / "portfolio.toml"
    path.write_text(
        str(steelyard.template(model=model.name, by_class=True)) + "\n[fx]\nUSDKRW = 1400\n", encoding="utf-8"
    )
    loaded = steelyard.load(path, need_prices=False)
    assert list(loaded.targets) == [name for name, _ in model.classes.values()]
    assert [g.buy for g in loaded.goals] == [members for _, members in model.classes.values()]


def test_a_pension_account_buys_the_korean_fund_of_a_class(tmp_path) -> None:
    """60 % of 10,000,000 are 300 of 360750 at 20,000, 40 % are 400 of 437080 at 10,000."""
    text = str(steelyard.template(model="60-40", by_class=True))
    text = text[: text.index("[[accounts]]")] + (
        "[fx]\nUSDKRW = 1400\n[prices]\n360750 = 20000\n437080 = 10000\nVTI = 300\nBND = 70\n"
        '[[accounts]]\nname = "pension"\nkind = "pension"\ncash = { KRW = 10000000 }\n'
    )
    path = tmp_path / "portfolio.toml"
    path.write_text(text, encoding="utf-8")
    plan = steelyard.invest(steelyard.load(path))
    assert {(t.symbol, int(t.shares)) for t in plan.trades} == {("360750", 300), ("437080", 400)}
