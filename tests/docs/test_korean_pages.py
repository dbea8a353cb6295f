"""The Korean pages say the same keys, words and errors as the English ones and the program."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"
KEY = re.compile(r"^\| (`\w+`(?:, `\w+`)*) \| ([^|]*) \|", re.MULTILINE)
SECTION = re.compile(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
TABLES = {
    "Top level": "맨 위",
    "`[classes.NAME]`": "자산군 `[classes.NAME]`",
    "`[policy]`": "정책 `[policy]`",
    "`[bands.NAME]`": "종목별 밴드 `[bands.NAME]`",
    "`[constraints]`": "제약 `[constraints]`",
    "`[costs]`": "비용 `[costs]`",
    "`[[accounts]]`": "계좌 `[[accounts]]`",
    "`[[accounts.positions]]`": "보유 종목 `[[accounts.positions]]`",
    "Lots": "매입 단위 `lots`",
    "`[instruments.SYMBOL]`": "종목 `[instruments.SYMBOL]`",
}


def sections(page):
    return dict(SECTION.findall((DOCS / page).read_text(encoding="utf-8")))


def keys(text):
    return {key.strip("`") for found, _ in KEY.findall(text) for key in found.split(", ")}


@pytest.mark.parametrize(("english", "korean"), TABLES.items())
def test_a_table_of_the_portfolio_file_has_the_same_keys_in_both_languages(english, korean):
    there = keys(sections("reference/portfolio-file.md")[english])
    assert keys(sections("ko/portfolio-file.md")[korean]) == there


def test_the_korean_keys_of_tax_are_all_in_korean():
    tax = sections("reference/portfolio-file.md")["`[tax]`"]
    korea = keys(tax[tax.index("For `KR`") :])
    assert korea <= keys(sections("ko/portfolio-file.md")["세금 `[tax]`"])


@pytest.mark.long("48 commands; the English messages are compared in the fast lane")
def test_the_page_of_errors_shows_what_the_program_says_in_korean():
    spec = importlib.util.spec_from_file_location("korean_errors", ROOT / "tools" / "korean_errors.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert tool.PAGE.read_text(encoding="utf-8") == tool.page(), "run: python tools/korean_errors.py"


def test_the_page_of_errors_has_every_mistake_that_the_english_one_tries():
    spec = importlib.util.spec_from_file_location("test_errors", Path(__file__).parent / "test_errors.py")
    english = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(english)

    page = (DOCS / "ko" / "errors.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^## `([a-z0-9-]+)`$", page, re.MULTILINE)) == {*english.EDITS, *english.COMMANDS}


@pytest.mark.parametrize(
    "page", [*sorted((DOCS / "ko").glob("*.md")), ROOT / "README.ko.md"], ids=lambda p: p.name
)
def test_a_korean_page_writes_particles_as_people_do(page):
    """이(가), 은(는) is what a machine writes that has not looked at the last letter."""
    assert (
        re.findall(r"[은는이가을를과와]\((?:은|는|이|가|을|를|과|와)\)", page.read_text(encoding="utf-8"))
        == []
    )


def test_the_korean_glossary_explains_what_the_english_one_does():
    """English words stand in brackets at the beginning of an entry."""
    korean = (DOCS / "ko" / "glossary.md").read_text(encoding="utf-8")
    named = {
        word.strip()
        for words in re.findall(r"^\(([a-z ,\-]+)\)", korean, re.MULTILINE)
        for word in words.split(",")
    }
    for word in ("target", "drift", "misplaced", "band", "look date", "session", "journal", "lot", "drawdown",
                 "tax base price", "sheltered", "execute", "tick", "arming", "halt"):  # fmt: skip
        assert word in named, word
