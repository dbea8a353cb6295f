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
from shutil import which

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
        self._inside = tag in ("td", "th") and attributes != [("scope", "col")]
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
    results = document["results"]
    assert [row[0] for row in rows] == [f"{n}  {r['policy']}" for n, r in enumerate(results, 1)]
    assert [row[1] for row in rows] == [f"{100 * r['cagr']:.2f} %" for r in results]
    gaps = [r["difference"] for r in results[1:]]
    said = [" ".join(f"{100 * d[key]:+.2f}" for key in ("mean", "low", "high")) for d in gaps]
    bare = [re.sub(r"[^-+.0-9 ]", "", row[3]) for row in rows[1:]]
    assert bare == [text.replace("-0.00", "+0.00") for text in said]
    # ₩10M at the start, in three or four figures.
    millions = [float(row[5].removeprefix("₩").removesuffix("M")) for row in rows]
    assert millions == pytest.approx([r["final_value"] / 1e6 for r in results], abs=0.051)


def test_the_verdict_is_the_headline_and_says_what_the_document_says(told):
    page, document = told
    (title,) = re.findall(r"<h1>(.*?)</h1>", page)
    gaps = {r["policy"]: r["difference"] for r in document["results"][1:]}
    assert not any(d["evident"] for d in gaps.values())
    furthest = max(gaps, key=lambda policy: abs(gaps[policy]["mean"]))
    assert title.startswith("No policy differs from hybrid quarterly 5% 180d by more than luck")
    assert f"most of all {furthest}, by {100 * gaps[furthest]['mean']:+.2f} points a year" in title


def test_the_lines_keep_hold_and_the_best(told):
    """By the document of the same run."""
    page, document = told
    grown = {r["policy"]: r["cagr"] for r in document["results"]}
    best = max(grown, key=grown.get)
    for number in (2, 4, 6):
        texts = " ".join(text.text or "" for text in pictures(page)[number].iter(f"{SVG}text"))
        assert "  hold" in texts
        assert f"  {best}" in texts


@pytest.fixture(scope="module")
def korean(tmp_path_factory):
    folder = tmp_path_factory.mktemp("korean")
    words = ("--lang", "ko", "--report", "out.html", "--plot", "out.png")
    assert run("compare", *WORDS, *words, folder=folder).returncode == 0
    return folder


def test_the_page_is_korean_but_for_names_and_the_texts_of_policies(korean):
    """An English sentence is four words of letters in a row; a policy is written as it is asked for."""
    page = (korean / "out.html").read_text(encoding="utf-8")
    assert '<html lang="ko">' in page
    body = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    text = unescape(re.sub(r"<[^>]+>", "\n", body))
    policies = r"(?:threshold|hybrid|calendar|hold|20% look)[a-z0-9.% ]*|[a-z]+ to halfway"
    names = "iShares 20[+] Year Treasury Bond ETF|Vanguard S&P 500 ETF|SPDR Gold Shares"
    left = re.findall(r"[A-Za-z]{2,}(?: [a-z]{2,}){2,}", re.sub(f"{policies}|{names}", "", text))
    assert left == []
    for said in ("첫 정책 대비", "1,000만원의 변화", "고점 대비 하락", "연 비용", "모의 가격"):
        assert said in text
    assert "만원" in " ".join(t.text or "" for t in pictures(page)[2].iter(f"{SVG}text"))


CHROMIUM = which("chromium") or which("chromium-browser")
MEASURED = """() => {
  const shown = q => [...document.querySelectorAll(q)].filter(e => e.getClientRects().length);
  const letters = shown('svg text').map(t => t.getBoundingClientRect()).filter(r => r.width);
  const first = document.querySelector('tbody th'), box = first.getBoundingClientRect();
  const wide = document.querySelector('.wide');
  wide.scrollLeft = 200;
  return {
    page: document.documentElement.scrollWidth,
    svgs: shown('svg').length,
    smallest: Math.min(...shown('svg text').map(t => parseFloat(getComputedStyle(t).fontSize)
      * t.ownerSVGElement.clientWidth / t.ownerSVGElement.viewBox.baseVal.width)),
    outside: letters.filter(r => r.left < -1 || r.right > innerWidth + 1).length,
    stays: Math.abs(first.getBoundingClientRect().left - box.left) < 1,
    ground: getComputedStyle(document.body).backgroundColor,
    ink: getComputedStyle(shown('svg text')[0]).fill,
  }
}"""


@pytest.mark.long("starts a browser")
@pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium")
def test_a_browser_shows_the_page_at_three_widths_in_both_languages_light_and_dark(told, korean, tmp_path):
    """By structure: nothing is wider than the page, a picture once, letters of 9 px, the column stays."""
    driver = pytest.importorskip("playwright.sync_api")
    (tmp_path / "en.html").write_text(told[0], encoding="utf-8")
    pages = {"en": tmp_path / "en.html", "ko": korean / "out.html"}
    with driver.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM)
        for file in pages.values():
            for width in (390, 768, 1280):
                for scheme, ground, ink in (
                    ("light", "rgb(255, 255, 255)", "rgb(0, 0, 0)"),
                    ("dark", "rgb(20, 25, 28)", "rgb(232, 234, 231)"),
                ):
                    sized = {"width": width, "height": 900}
                    context = browser.new_context(viewport=sized, color_scheme=scheme)
                    page = context.new_page()
                    asked = []
                    page.on("request", lambda request, asked=asked: asked.append(request.url))
                    page.goto(file.as_uri())
                    found = page.evaluate(MEASURED)
                    assert found["page"] == width
                    assert found["svgs"] == 6
                    assert found["smallest"] >= 9.0
                    assert found["outside"] == 0
                    assert found["stays"]
                    assert (found["ground"], found["ink"]) == (ground, ink)
                    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
                    context.close()
        page = browser.new_context(color_scheme="dark").new_page()
        page.goto(pages["ko"].as_uri())
        page.emulate_media(media="print")
        assert page.evaluate(MEASURED)["ground"] == "rgb(255, 255, 255)"
        browser.close()


def pictures(page):
    return [Tree.fromstring(drawing) for drawing in re.findall(r"<svg.*?</svg>", page, re.DOTALL)]


def test_all_pictures_are_well_formed_and_have_titles(told):
    """Differences first, then growth, against the first, drawdown, trades, cost and tracking, weights."""
    page, _ = told
    titles = [picture.findtext(f"{SVG}title") for picture in pictures(page)]
    assert titles[::2] == titles[1::2]
    assert titles[::2] == [
        "Growth a year less that of hybrid quarterly 5% 180d",
        "What ₩10M became",
        "Growth against the first",
        "Below the highest so far",
        "What the rule did: hybrid quarterly 5% 180d",
        "Cost against tracking",
        "Weights under hybrid quarterly 5% 180d",
    ]
    (weights, narrow) = pictures(page)[-2:]
    for drawing in (weights, narrow):
        texts = {text.text for text in drawing.iter(f"{SVG}text")}
        assert {
            "KODEX 200 (069500)", "Vanguard S&P 500 ETF (VOO)", "SPDR Gold Shares (GLD)",
            "iShares 20+ Year Treasury Bond ETF (TLT)",
        } <= texts  # fmt: skip
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
