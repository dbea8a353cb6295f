"""Every preset against the samples written for it and the hand-worked reading of each."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from steelyard.adapters.database.journal import content_ids
from steelyard.adapters.files.packaged import load_catalogue
from steelyard.adapters.importers.choice import ImportOptions, read_any
from steelyard.adapters.importers.presets.catalogue import load_presets
from steelyard.adapters.importers.presets.sheets import Sheets
from steelyard.adapters.importers.presets.tables import read_statement
from steelyard.domain.books.holdings import cash_moves
from steelyard.errors import PortfolioProblems

CATALOGUE = load_catalogue()
FOLDER = Path(__file__).parents[2] / "presets"
EXPECTED = sorted((FOLDER / "expected").glob("*.json"))
PRESETS = load_presets()


def reading(statement):
    """Put a statement into the form of the expected files, told from the research that wrote them."""
    if statement is None:
        return None
    found = {
        "entries": [{"line": b.line, "type": b.kind, **b.facts} for b in statement.bookings],
        "ignored": [list(x) for x in statement.ignored],
        "refused": [list(x) for x in statement.refused],
        **{name: [{"line": h.line, **h.facts} for h in statement.holdings if h.what == what]
           for name, what in (("positions", "position"), ("lots", "lot"), ("cash", "cash"))},
    }  # fmt: skip
    if statement.as_of:
        found["as_of"] = statement.as_of
    return found


@pytest.mark.parametrize("path", EXPECTED, ids=lambda p: p.stem)
def test_a_sample_is_read_as_it_was_worked_by_hand(path):
    wanted = json.loads(path.read_text(encoding="utf-8"))
    data = (FOLDER / "samples" / wanted["sample"]).read_bytes()
    body = {k: v for k, v in wanted.items() if k not in ("sample", "preset", "worked")}
    for key in ("entries", "ignored", "refused", "positions", "lots", "cash"):
        body.setdefault(key, [])
    body["ignored"].sort()
    body["refused"].sort()
    assert reading(read_statement(PRESETS[wanted["preset"]], Sheets.of(data))) == body


@pytest.mark.parametrize("path", EXPECTED, ids=lambda p: p.stem)
def test_no_other_preset_takes_it(path):
    wanted = json.loads(path.read_text(encoding="utf-8"))
    sheets = Sheets.of((FOLDER / "samples" / wanted["sample"]).read_bytes())
    taken = [name for name, preset in PRESETS.items() if read_statement(preset, sheets) is not None]
    assert taken == [wanted["preset"]]


def test_every_layout_has_a_sample():
    used = {name: set() for name in PRESETS}
    for path in EXPECTED:
        wanted = json.loads(path.read_text(encoding="utf-8"))
        sheets = Sheets.of((FOLDER / "samples" / wanted["sample"]).read_bytes())
        used[wanted["preset"]] |= read_statement(PRESETS[wanted["preset"]], sheets).used
    assert {n: {x["id"] for x in p["layouts"]} - used[n] for n, p in PRESETS.items()} == {
        n: set() for n in PRESETS
    }


def imported(sample, **options):
    """Read a sample as a person would: every row that no file can tell is left out by its line."""
    data = (FOLDER / "samples" / sample).read_bytes()
    try:
        return read_any(data, sample, CATALOGUE, ImportOptions(**options)).file
    except PortfolioProblems as error:
        unknown = {p.message.split("'")[1]: "VOO" for p in error.problems if p.code == "unknown-symbol"}
        lines = [p.line for p in error.problems if p.code == "import-row"]
        if not (unknown or lines) or options:
            raise
        options = {"symbols": unknown, "leave": lines}
    return read_any(data, sample, CATALOGUE, ImportOptions(**options)).file


TRANSACTIONS = [
    p for p in EXPECTED if json.loads(p.read_text(encoding="utf-8")).get("entries")
]  # fmt: skip


@pytest.mark.parametrize("path", TRANSACTIONS, ids=lambda p: p.stem)
def test_the_journal_moves_exactly_the_money_that_was_worked_by_hand(path):
    """Cash of the expected file, by currency, conversions and what takes each other back included."""
    wanted = json.loads(path.read_text(encoding="utf-8"))
    found = imported(wanted["sample"])
    left = {line for line, _ in found.skipped}
    money = {}
    for row in found.rows:
        for currency, amount in cash_moves(row.entry):
            money[currency] = money.get(currency, 0) + amount
    worked = {}
    for entry in wanted["entries"]:
        if entry["line"] not in left and "cash" in entry:
            code = entry["currency"]
            worked[code] = worked.get(code, 0) + Decimal(entry["cash"])
            if entry["type"] == "convert":
                worked[entry["symbol"]] = worked.get(entry["symbol"], 0) + Decimal(entry["shares"])
    assert {c: m for c, m in money.items() if m} == {c: m for c, m in worked.items() if m}


@pytest.mark.parametrize("path", TRANSACTIONS, ids=lambda p: p.stem)
def test_a_file_twice_in_parts_and_in_any_order_is_one(path, tmp_path):
    """The same rows with and without half of them, forwards and backwards, leave the same ids."""
    rows = list(imported(json.loads(path.read_text(encoding="utf-8"))["sample"]).rows)
    every = set(content_ids(rows))
    assert set(content_ids(rows[::-1])) == every
    assert set(content_ids(rows[: len(rows) // 2])) | set(content_ids(rows[len(rows) // 3 :])) == every


def test_a_file_under_the_wrong_preset_is_refused():
    data = (FOLDER / "samples" / "schwab-transactions.csv").read_bytes()
    with pytest.raises(PortfolioProblems) as caught:
        read_any(data, "file", CATALOGUE, ImportOptions(format="fidelity"))
    assert [p.code for p in caught.value.problems] == ["import-header"]


def test_a_cancelled_purchase_is_one_purchase_and_not_two():
    """BUY, cancelled, BUY of 5,000 became 10,000 shares."""
    head = "Date,Action,Symbol,Description,Quantity,Price,Fees & Comm,Amount\n"
    row = '"06/0{}/2024","{}","VOO","A FUND","5000","$1.00","","{}$5000.00"\n'
    text = head + row.format(3, "Buy", "-") + row.format(3, "Cancel Buy", "") + row.format(4, "Buy", "-")
    found = read_any(text.encode(), "file", CATALOGUE, ImportOptions()).file
    assert [r.entry.shares for r in found.rows] == [5000]


def test_a_workbook_is_read_as_its_cells(tmp_path):
    """The rows of a CSV sample, saved as .xlsx, say the same."""
    openpyxl = pytest.importorskip("openpyxl")
    data = (FOLDER / "samples" / "mirae-transactions.csv").read_bytes()
    book = openpyxl.Workbook()
    for _, cells in Sheets.of(data).rows("csv", ","):
        book.active.append(cells)
    book.save(tmp_path / "mirae.xlsx")
    plain = read_statement(PRESETS["mirae"], Sheets.of(data))
    found = read_statement(PRESETS["mirae"], Sheets.of((tmp_path / "mirae.xlsx").read_bytes()))
    assert reading(found) == reading(plain)
