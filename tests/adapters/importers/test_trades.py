"""The short way of reading rows gives what the long way gives: entries, refusals, lines, to the letter.

The right value is the long way's, which `test_presets` holds to what was worked out from each sample.
"""

import random
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.adapters.files.delimited import text_of
from steelyard.adapters.files.packaged import load_catalogue
from steelyard.adapters.importers import column_map, native
from steelyard.adapters.importers.choice import read_any
from steelyard.adapters.importers.column_map import ColumnMap
from steelyard.adapters.importers.presets import sheets
from steelyard.adapters.importers.presets.trades import Trades
from steelyard.adapters.importers.rows import ImportOptions
from steelyard.domain.books.entry_reader import EntryReader
from steelyard.domain.books.entry_text import written
from steelyard.errors import SteelyardError

SAMPLES = Path(__file__).parents[2] / "presets" / "samples"
CATALOGUE = load_catalogue()
TEXTS = sorted(p for p in SAMPLES.iterdir() if p.suffix in (".csv", ".tsv", ".xls", ".txt", ".json"))


def outcome(data, name):
    """Everything that reading a file tells, as text: first all of it, then without what is refused."""
    said, leave = [], ()
    for _ in range(2):
        try:
            found = read_any(data, name, CATALOGUE, ImportOptions(leave=leave))
        except SteelyardError as error:
            problems = getattr(error, "problems", ())
            said.append([(p.code, str(p.message), p.line) for p in problems] or error.code)
            leave = tuple(p.line for p in problems)
            continue
        file = found.file
        rows = [(written(row.entry), row.line, row.reference) for row in file.rows]
        said.append((found.format, rows, file.skipped, file.incomplete, file.cancelled))
    return said


def longer(text, seed):
    """A sample whose lines come again, shuffled and with some of their digits, signs and letters changed."""
    chance = random.Random(seed)
    lines = text.split("\n")
    more = [line for line in lines if any(c.isdigit() for c in line)] * 3
    chance.shuffle(more)
    changed = []
    for line in more:
        letters = list(line)
        for _ in range(chance.choice((0, 1, 1, 2))):
            at = chance.randrange(len(letters))
            if letters[at].isdigit():
                letters[at] = chance.choice("0123456789")
            elif chance.random() < 0.2:
                letters[at] = chance.choice("-(x., ")
        changed.append("".join(letters))
    return "\n".join([*lines[:-1], *changed, ""])


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_trades_are_read_the_same_both_ways(path: Path):
    """Each sample as it is, and twice longer with changes that make some rows wrong."""
    text = text_of(path.read_bytes())
    for data in (path.read_bytes(), *(longer(text, seed).encode() for seed in (1, 2))):
        short = outcome(data, path.name)
        with patch.object(Trades, "of", staticmethod(lambda *_, **__: None)):
            assert short == outcome(data, path.name)


NATIVE = """date,account,type,symbol,shares,price,currency,fees,note,lot
2024-03-04,,deposit,,1000000,,KRW,,,
2024-03-04,main,buy,069500,3,35000,KRW,10,,
2024.03.05,main,buy,069500,"1,000",35000,,,a note,
2024-03-05,ISA,buy,VOO,2,$500.10,,1,,
2024-03-06,main,sell,069500,2,36000,KRW,,,2024-03-04
2024-03-06,main,split,069500,2,,,,,
2024-03-07,main,dividend,069500,5,120,KRW,92,,
2024-03-08,main,buy,no such fund,1,1,KRW,,,
2024-03-08,main,buy,069500,-1,1,KRW,,,
2024-02-30,main,buy,069500,1,1,KRW,,,
2024-03-09,main,buy,069500,1,1,KRW,x,,,more
"""
MAPPED = """When;What;Fund;Count;Sum;Fee;Number
04.03.2024;Kauf;VOO;3;1.500,30;1;17
05.03.2024;Kauf;VOO;3;1.000,00;;18
06.03.2024;Verkauf;VOO;-2;-1.100,00;2,5;19
07.03.2024;Einzahlung;;;2.500,00;;20
07.03.2024;Einzahlung;;;-2.500,00;;21
08.03.2024;Dividende;VOO;4;10,00;;22
09.03.2024;Sonst;VOO;4;10,00;;23
10.03.2024;Storno;;;;;24
11.03.2024;Fremd;VOO;4;10,00;;25
32.03.2024;Kauf;VOO;4;10,00;;26
"""
MAP = ColumnMap(
    {"date": "When", "type": "What", "symbol": "Fund", "shares": "Count", "total": "Sum", "fees": "Fee",
     "reference": "Number"},
    {"Kauf": "buy", "Verkauf": "sell", "Einzahlung": "deposit", "Dividende": "dividend", "Sonst": ""},
    {"currency": "USD"}, ignore_signs=True,
)  # fmt: skip


def told(read):
    """What a reader gives, or every problem with its line."""
    try:
        file = read()
    except SteelyardError as error:
        return [(p.code, str(p.message), p.line) for p in error.problems]
    return [(written(row.entry), row.line, row.reference) for row in file.rows], file.skipped, file.unnamed


@pytest.mark.parametrize("kept", [range(20), *((0, n) for n in range(1, 11)), (0, 1, 2, 3, 4, 5, 6, 7)])
@pytest.mark.parametrize("text", [NATIVE, MAPPED], ids=["native", "map"])
def test_rows_of_columns_are_read_the_same_both_ways(text, kept):
    lines = [line for n, line in enumerate(text.splitlines()) if n in kept]
    data = "\n".join(lines).encode()

    def read():
        if text == NATIVE:
            return native.read(data, "x.csv", CATALOGUE, ImportOptions())
        return column_map.read(data, "x.csv", CATALOGUE, ImportOptions(), MAP)

    short = told(read)
    with patch.object(EntryReader, "read_columns", lambda self, columns, many: [None] * many):
        assert short == told(read)


ROWS = """<tr><td>a</td><td>1,000</td></tr>
<TR class="x"><TD align=right> b </TD><td style="mso-number-format:'\\@'">2</td></TR>
<tr><th>c&amp;d</th><td>3<br>4</td></tr>
<tr><td>e</td>
<tr><td><table><tr><td>in</td></tr></table></td></tr>
<tr></tr>
<tr>\n<td>f</td>\n<td>\xa0g\xa0</td>\n</tr>
"""


PLAIN = [
    "<tr><td>a</td><td>S&amp;P&nbsp;500</td></tr>",
    "<tr><td>1</td><td> 2 </td></tr>",
    "<tr><td></td></tr>",
]
ODD = [
    *ROWS.splitlines()[:5],
    "<!-- <tr><td>no</td></tr>",
    "-->",
    "<tr><td>x<script>y</td></tr>",
    "<tr><td>&lt;b",
]


@given(
    st.sampled_from(["<table>", "<table class='x'>\n", "<html><style>td {}</style><table>"]),
    st.lists(st.sampled_from(PLAIN), min_size=1, max_size=5),
    st.lists(st.sampled_from([*PLAIN, *ODD]), max_size=3),
    st.lists(st.sampled_from(PLAIN), max_size=4),
    st.sampled_from(["", "\n", "\r\n  "]),
)
def test_rows_that_are_written_alike_are_read_as_the_parser_reads_them(head, rows, odd, more, between):
    text = head + between.join([*rows, *odd, *more]) + "</table></body></html>"
    assert [cells for _, cells in sheets._html(text)] == sheets._parsed(text)


@pytest.mark.parametrize("head", ["<table>", "<html><style>td {}</style><table>", "<table><!-- <tr><td>"])
def test_plain_rows_of_html_are_read_as_the_parser_reads_them(head):
    """Row by row and all together; the right value is what Python's own parser gives for the whole text."""
    for rows in (*ROWS.splitlines(), ROWS):
        text = f"{head}{rows}</table></body></html>"
        assert [cells for _, cells in sheets._html(text)] == sheets._parsed(text)
