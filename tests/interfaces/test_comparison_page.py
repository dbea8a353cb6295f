"""The page of `compare --report`: one file, offline, well-formed, and true to the numbers of the JSON."""

import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as Tree
from datetime import date, timedelta
from html.parser import HTMLParser

import numpy as np
import pytest

from steelyard.interfaces import charts

WORDS = ("--demo", "--paths", "40")


def run(*words, folder):
    code = "from steelyard.interfaces.cli.main import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "NO_COLOR": "1"},
        check=False,
    )


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
    """No script, no style sheet, no picture and no address."""
    page, _ = told
    reader = Reader()
    reader.feed(page)
    assert {tag for tag, _ in reader.tags} & {"script", "link", "img", "iframe", "object", "base"} == set()
    assert not any({"src", "href", "srcset"} & set(attributes) for _, attributes in reader.tags)
    assert "url(" not in page
    assert "@import" not in page


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


def test_all_pictures_are_well_formed_and_have_titles(told):
    """Growth, growth against the first, drawdown, cost against tracking, differences."""
    page, _ = told
    pictures = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    titles = [Tree.fromstring(picture).findtext("title") for picture in pictures]
    assert len(titles) == 5
    assert all(titles)
    assert "nan" not in "".join(pictures)


def test_lines_differ_without_colour(told):
    """Each polyline of a picture has its own dash."""
    page, _ = told
    for picture in re.findall(r"<svg.*?</svg>", page, re.DOTALL):
        dashes = [line.get("stroke-dasharray") for line in Tree.fromstring(picture).iter("polyline")]
        assert len(dashes) == len(set(dashes))


def test_one_policy_without_resampling_and_no_cost_still_makes_a_page(tmp_path):
    done = run(
        "compare", "--demo", "--paths", "0", "--policy", "hold", "--report", "one.html", folder=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert "nan" not in (tmp_path / "one.html").read_text(encoding="utf-8")


def test_a_page_that_cannot_be_written_is_an_error(tmp_path):
    done = run("compare", *WORDS, "--report", "no/such/out.html", folder=tmp_path)
    assert done.returncode == 2
    assert "error[unwritable]" in done.stderr
    assert done.stdout == ""


def test_a_line_is_drawn_through_its_extremes():
    """By eye: a chart 300 high has its frame from 12 to 256; the one peak of 2,000 sessions is at its top."""
    values = np.ones(2000)
    values[777] = 2.0
    dates = [date(2020, 1, 1) + timedelta(days=n) for n in range(2000)]
    picture = Tree.fromstring(charts.lines("x", dates, [charts.Line(1, values)], percent=False))
    (line,) = picture.iter("polyline")
    heights = [float(point.split(",")[1]) for point in line.get("points").split()]
    assert min(heights) == 12.0
    assert max(heights) == 256.0


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0, 9.5, [0, 2, 4, 6, 8, 10]), (-0.3, 0, [-0.3, -0.2, -0.1, 0]), (1, 1, [1.0, 1.2])],
)
def test_ticks_are_round_and_span_the_range(low, high, expected):
    """By hand: steps of 1, 2 or 5 times a power of ten."""
    assert charts.ticks(low, high) == pytest.approx(expected)
