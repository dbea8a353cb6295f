"""The page of CSV columns lists the columns that are written, in their order."""

import re
from pathlib import Path

import pytest

from steelyard.adapters.brokers import ticket
from steelyard.domain.books import entry_text
from steelyard.interfaces.cli.books import holdings, values
from steelyard.interfaces.cli.trading import audit
from steelyard.interfaces.documents import tax as tax_documents

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "reference" / "csv-columns.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))


def columns(section):
    return re.findall(r"^\| \*?`(\w+)`\*? \|", SECTIONS[section], re.MULTILINE)


@pytest.mark.parametrize(
    ("section", "written"),
    [
        ("`holdings --csv`", holdings._COLUMNS),
        ("`history --csv`", entry_text.COLUMNS),
        ("`values --csv`", values._COLUMNS),
        ("`tax --csv`", tax_documents.CSV_COLUMNS),
        ("`audit report --csv`", audit.COLUMNS),
        ("`tickets/ticket-ACCOUNT.csv`", ticket.TICKET),
        ("`tickets/fills-ACCOUNT.csv`", ticket.TYPED),
    ],
)
def test_a_section_lists_the_columns_in_their_order(section, written):
    assert columns(section) == list(written)


def test_the_columns_of_a_plan_are_those_of_the_golden_file():
    header = (ROOT / "tests" / "golden" / "plan.csv").read_text(encoding="utf-8").splitlines()[0]
    assert columns("`plan --csv`, `invest --csv`, `withdraw --csv`") == header.split(",")


def test_the_columns_of_a_series_are_those_that_are_written():
    source = (ROOT / "src" / "steelyard" / "interfaces" / "documents" / "lab.py").read_text(encoding="utf-8")
    written = re.findall(r'"(\w+)"', re.search(r"out\.writerow\(\[(\"date\".*?)\]\)", source)[1])
    assert columns("`backtest --series`, `compare --series`") == written
