"""Every page of the documentation is carried out from top to bottom, and must print what it shows.

How a page is read is told in `tests/pages.py`; `python tools/console_blocks.py PAGE` writes its blocks anew.
"""

import re

import pytest

from pages import ROOT, blocks, carry_out, console, korean, lines, pages

PAGES = pages()
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
IN_KOREAN = pytest.mark.long("the English page beside it is carried out in the fast lane")


def follow(block, folder, language):
    """Run the command of a console block and compare what it prints; `$ echo $?` may follow."""
    for command, shown, text in console(block, folder, language):
        printed, expected = lines(text), lines(shown)
        if expected and expected[-1] == "...":
            expected = expected[:-1]
            printed = printed[: len(expected)]
        assert printed == expected, command


@pytest.mark.parametrize(
    "page",
    [pytest.param(page, marks=IN_KOREAN if korean(page) else ()) for page in PAGES],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_a_page_carried_out_prints_what_it_shows(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    carry_out(page, tmp_path, follow)


def test_there_are_blocks_to_run():
    """A pattern that finds nothing would pass everything."""
    found = [language for page in PAGES for language, _, _ in blocks(page)]
    assert found.count("console") >= 10
    assert found.count("pycon") >= 3


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_leads_somewhere(page):
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_every_page_is_reached_from_the_index():
    """By links alone, starting at docs/index.md."""
    index = ROOT / "docs" / "index.md"
    seen, todo = set(), [index]
    while todo:
        page = todo.pop().resolve()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        todo += [page.parent / target for target in LINK.findall(page.read_text(encoding="utf-8"))]
    assert {page.resolve() for page in (ROOT / "docs").rglob("*.md")} <= seen
