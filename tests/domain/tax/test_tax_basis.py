"""Every figure of a year's tax names the rules it rests on, and they are listed with source and day."""

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest
from click.testing import CliRunner

from steelyard.adapters.files.tax_figures import load_tax_rules
from steelyard.domain.tax.basis import amounts, basis_of
from steelyard.domain.tax.country import country
from steelyard.domain.tax.korea.basis import FIGURES as KOREAN
from steelyard.domain.tax.united_states.basis import FIGURES as AMERICAN
from steelyard.interfaces.cli.main import cli
from steelyard.interfaces.documents.tax import disposals_csv
from tax_files import DAY, KR, LONG_AGO, SPRING, US, buy, known, portfolio, trade, won

FULL_KR = KR + "\nother_taxable_base = 60000000\nother_financial_income = 30000000\nsalary = 50000000"
FULL_US = 'jurisdiction = "US"\nother_income = 100000'


def korean_year(tax=FULL_KR):
    """Sales of all three classes and distributions, in accounts of every kind."""
    held = portfolio(tax, {"VOO": "800000", "069500": "40000", "360750": "20000"})
    rows = []
    for symbol, price in (("VOO", 500_000), ("069500", 30_000), ("360750", 15_000)):
        rows += [won(LONG_AGO, symbol, 20, price), won(SPRING, symbol, 10, price * 2, "sell")]
        rows.append(won(SPRING, symbol, 10, 500, "dividend"))
    home = replace(rows[0], account="home")
    rows += [home, replace(rows[1], account="home")]
    paid = trade("deposit", SPRING, "", 4_000_000, 1, currency="KRW", account="pension")
    rows += [replace(paid, price=None, account=name) for name in ("pension", "mine/1")]
    kinds = {"main": "taxable", "home": "ria", "pension": "pension", "mine/1": "isa"}
    facts = replace(known(held, rows)[0].facts, account_kinds=kinds)
    return country("KR").year_tax(facts)


def american_year(tax=FULL_US):
    """A washed loss, one lost to an IRA, long-term gains, one of them on metal, a dividend."""
    held = portfolio(tax, {"VOO": "600", "GLD": "300", "TLT": "90"})
    rows = [
        buy(LONG_AGO, "VOO", 20, 400),
        trade("sell", SPRING, "VOO", 10, 500),
        buy(LONG_AGO, "GLD", 20, 200),
        trade("sell", SPRING, "GLD", 10, 300),
        buy(date(2026, 3, 2), "TLT", 20, 100),
        trade("sell", SPRING, "TLT", 20, 90),
        buy(date(2026, 5, 11), "TLT", 8, 91),
        buy(date(2026, 5, 12), "TLT", 4, 91, account="ira"),
        trade("dividend", SPRING, "VOO", 10, 2),
    ]
    return known(held, rows)[0].so_far


@pytest.mark.parametrize("year", [korean_year(), american_year(), korean_year(KR), american_year(US)])
def test_every_amount_of_the_summary_names_a_rule_that_is_listed_with_source_and_day(year):
    """Issue 3: each figure shows rule id, source and the date the rule was verified."""
    document = year.to_dict()
    listed = {rule["id"]: rule for rule in document["rules"]}
    wanted = ["/".join(("/summary", *(k.replace("/", "~1") for k in path))) for path in amounts(year.summary)]
    assert len(wanted) > 10
    if year.jurisdiction == "KR":
        assert {"repatriation", "isa", "pension"} <= set(year.summary)
    for pointer in (*wanted, "/total_tax", "/open_lots"):
        ids = document["basis"][pointer]
        assert ids, pointer
        for name in ids:
            assert listed[name]["source"], pointer
            assert date.fromisoformat(listed[name]["verified"]), pointer
    for sale in document["disposals"]:
        assert sale["rules"]
        assert set(sale["rules"]) <= set(listed)


@pytest.mark.parametrize("year", [korean_year(), american_year()])
def test_a_pointer_of_the_basis_leads_to_its_figure(year):
    """RFC 6901: a reference token a level, `~1` for a slash."""
    document = year.to_dict()
    for pointer in document["basis"]:
        place = document
        for token in pointer.split("/")[1:]:
            place = place[token.replace("~1", "/").replace("~0", "~")]


@pytest.mark.parametrize(("code", "table"), [("KR", KOREAN), ("US", AMERICAN)])
def test_no_figure_names_a_rule_that_the_data_file_lacks(code, table):
    known_ids = {rule.id for rule in load_tax_rules(code)[1]}
    assert {name for ids in table.values() for name in ids} <= known_ids


def test_a_figure_no_rule_is_known_for_is_not_passed_over():
    with pytest.raises(KeyError):
        basis_of({"overseas_listed": {"tax": 1}, "new_section": {"tax": 1}}, KOREAN)


def test_a_sale_names_what_made_its_figures():
    """By class in Korea; in the United States a wash and metal held for more than a year add their rule."""
    korean = {d.symbol: d.rules for d in korean_year().disposals if d.account == "main"}
    assert "kr.overseas-rate-of-exchange" in korean["VOO"]
    assert korean["069500"] == ("kr.domestic-equity-gain",)
    assert {"kr.krx-other-base", "kr.upper-bound"} <= set(korean["360750"])
    american = {d.symbol: d.rules for d in american_year().disposals}
    assert "us.wash-sale" in american["TLT"]
    assert "us.wash-sale" not in american["VOO"]
    assert "us.collectibles" in american["GLD"]
    assert "us.collectibles" not in american["VOO"]


def test_each_row_of_the_csv_carries_rules_sources_and_the_day_they_were_verified():
    year = american_year()
    rules: Mapping[str, object] = {rule.id: rule for rule in year.rules}
    rows = list(csv.DictReader(io.StringIO(disposals_csv(year))))
    assert len(rows) == len(year.disposals)
    for row, sale in zip(rows, year.disposals, strict=True):
        assert row["rules"].split() == list(sale.rules)
        assert row["sources"].split(" | ") == [rules[name].source for name in sale.rules]
        assert row["verified"] == min(rules[name].verified for name in sale.rules).isoformat()


def test_the_table_numbers_the_rules_beside_each_figure(tmp_path):
    """10 of a metal fund, 180 to 300, held for three years: 1,200 of collectibles gain."""
    (tmp_path / "portfolio.toml").write_text(
        'base_currency = "USD"\n[targets]\nGLD = "100%"\n[tax]\njurisdiction = "US"\nother_income = 100000\n'
        '[[accounts]]\nname = "main"\ncash = { USD = "0" }\n'
    )
    (tmp_path / "trades.csv").write_text(
        "date,account,type,symbol,shares,price,currency\n2023-03-01,main,buy,GLD,10,180,USD\n"
        f"{SPRING},main,sell,GLD,10,300,USD\n"
    )
    file = str(tmp_path / "portfolio.toml")
    added = CliRunner().invoke(cli, ["import", str(tmp_path / "trades.csv"), "--portfolio", file])
    assert added.exit_code == 0
    text = CliRunner().invoke(cli, ["tax", file, "--rules", "--as-of", DAY.isoformat()]).stdout
    numbers = dict(re.findall(r"^  (\d+) (us\.[a-z-]+):", text, re.MULTILINE))
    (metal,) = re.findall(r"^collectibles +\$1,200\.00 +([\d ]+)$", text, re.MULTILINE)
    assert {numbers[mark] for mark in metal.split()} == set(AMERICAN["collectibles"])
