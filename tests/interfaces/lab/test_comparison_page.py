"""The page of `compare --report`: one file, offline, well-formed, and true to the numbers of the JSON."""

import io
import json
import os
import re
import xml.etree.ElementTree as Tree
from base64 import b64decode
from datetime import date, timedelta
from html import unescape
from html.parser import HTMLParser

import numpy as np
import pytest

from processes import run_command
from steelyard.interfaces.pictures import charts, figures

SVG = "{http://www.w3.org/2000/svg}"
WORDS = ("--demo", "--paths", "40")


def run(*words, folder):
    return run_command(folder, *words, env={**os.environ, "NO_COLOR": "1"})


class Reader(HTMLParser):
    """Collects the tags with their attributes, and the rows of the table."""

    def __init__(self):
        super().__init__()
        self.tags, self.rows, self._inside = [], [], False

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self._inside = tag == "td"
        if tag == "tr":
            self.rows.append([])
        if self._inside:
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        self._inside = False

    def handle_data(self, data):
        if self._inside:
            self.rows[-1][-1] += data


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """The page and the document of the same comparison."""
    folder = tmp_path_factory.mktemp("page")
    done = run("compare", *WORDS, "--json", "--report", "out.html", folder=folder)
    assert done.returncode == 0, done.stderr
    return (folder / "out.html").read_text(encoding="utf-8"), json.loads(done.stdout)


def test_the_page_fetches_nothing(told):
    """No script, style sheet, picture or address: names in a drawing begin with #, the font is inside."""
    page, _ = told
    reader = Reader()
    reader.feed(page)
    assert {tag for tag, _ in reader.tags} & {"script", "link", "img", "iframe", "object", "base"} == set()
    for _, attributes in reader.tags:
        named = [attributes[a] for a in ("src", "href", "srcset", "xlink:href") if a in attributes]
        assert all(name.startswith("#") for name in named)
    assert all(a.startswith(("#", "data:font/woff;base64,")) for a in re.findall(r"url\((.*?)[)]", page))
    assert "@import" not in page
    # The names of the SVG language are not fetched.
    addresses = set(re.findall(r"\w+://[^\s\"'<>)]+", page))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def test_names_on_the_page_are_unique(told):
    """A drawing refers to its parts by name: two of the same name would mix two drawings up."""
    page, _ = told
    names = re.findall(r'\bid="([^"]+)"', page)
    assert len(names) == len(set(names)) > 0
    used = set(re.findall(r'href="#([^"]+)"', page)) | set(re.findall(r"url\(#([^)]+)\)", page))
    assert used <= set(names)


def test_the_font_of_the_page_has_every_letter_of_its_drawings(told):
    """Read back with fontTools from the page itself."""
    from fontTools.ttLib import TTFont

    page, _ = told
    (font,) = re.findall(r"url\(data:font/woff;base64,([^)]+)\)", page)
    letters = set(TTFont(io.BytesIO(b64decode(font))).getBestCmap())
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", page)
    assert len(texts) > 100
    assert {ord(c) for c in unescape("".join(texts))} <= letters


def test_the_page_says_that_it_is_simulated(told):
    page, _ = told
    assert "SIMULATED" in page


def test_the_table_has_the_numbers_of_the_document(told):
    """The JSON of the same run, formatted here."""
    page, document = told
    reader = Reader()
    reader.feed(page)
    rows = [row for row in reader.rows if row]
    assert [row[1] for row in rows] == [r["policy"] for r in document["results"]]
    assert [row[2] for row in rows] == [f"{r['final_value']:,.0f}" for r in document["results"]]
    assert [row[3] for row in rows] == [f"{100 * r['cagr']:.2f} %" for r in document["results"]]


def pictures(page):
    return [Tree.fromstring(drawing) for drawing in re.findall(r"<svg.*?</svg>", page, re.DOTALL)]


def test_all_pictures_are_well_formed_and_have_titles(told):
    """Growth, against the first, drawdown, four weights, cost against tracking, differences."""
    page, _ = told
    titles = [picture.findtext(f"{SVG}title") for picture in pictures(page)]
    assert [title.split(",")[0] for title in titles] == [
        "Growth of 1",
        "Growth against the first",
        "Below the highest so far",
        "Weight of KODEX 200 (069500)",
        "Weight of Vanguard S&P 500 ETF (VOO)",
        "Weight of iShares 20+ Year Treasury Bond ETF (TLT)",
        "Weight of SPDR Gold Shares (GLD)",
        "Cost against tracking",
        "Growth a year less that of hybrid quarterly 5% 180d",
    ]
    assert "nan" not in re.sub(r"base64,[^)]+", "", page)


def test_every_picture_says_that_it_is_simulated(told):
    page, _ = told
    for picture in pictures(page):
        assert "SIMULATED" in [text.text for text in picture.iter(f"{SVG}text")]


def test_lines_differ_without_colour():
    """Each of six lines has a dash of its own, and its number at its end."""
    dates = [date(2020, 1, 1) + timedelta(days=n) for n in range(50)]
    series = [charts.Curve(n, f"p{n}", np.linspace(1.0, 1.0 + n, 50)) for n in range(1, 7)]
    with figures.style():
        figure, (axes,) = figures.sheet(9.0, [3.0])
        charts.lines(axes, "x", dates, series, percent=False)
        drawing = Tree.fromstring(figures.svg(figure, "x"))
    styles = [p.get("style", "") for p in drawing.iter(f"{SVG}path") if "clip-path" in p.attrib]
    dashes = {re.search(r"stroke-dasharray: ([^;]*)", s)[1] for s in styles if "dasharray" in s}
    assert len(dashes) == 5
    assert any("dasharray" not in s and "stroke: #000000" in s for s in styles)
    texts = [text.text for text in drawing.iter(f"{SVG}text")]
    assert all(str(n) in texts for n in range(1, 7))


def test_one_policy_without_resampling_and_no_cost_still_makes_a_page(tmp_path):
    done = run(
        "compare", "--demo", "--paths", "0", "--policy", "hold", "--report", "one.html", folder=tmp_path
    )
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "one.html").read_text(encoding="utf-8")
    assert "nan" not in re.sub(r"base64,[^)]+", "", page)


def test_a_page_that_cannot_be_written_is_an_error(tmp_path):
    done = run("compare", *WORDS, "--report", "no/such/out.html", folder=tmp_path)
    assert done.returncode == 2
    assert "error[unwritable]" in done.stderr
    assert done.stdout == ""


def test_a_long_line_is_drawn_through_its_extremes():
    """Of 20,000 sessions at most three a stretch are kept, the one peak and the one low among them."""
    values = np.ones(20_000)
    values[777], values[15_001] = 2.0, 0.5
    kept = charts.extremes(values)
    assert {0, 777, 15_001, 19_999} <= set(kept)
    assert len(kept) <= 900


def test_a_short_line_is_drawn_whole():
    assert charts.extremes(np.ones(5)) == [0, 1, 2, 3, 4]
