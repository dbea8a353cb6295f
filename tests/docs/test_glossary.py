"""Words of the trade are explained once, in the glossary, and a page links to it where it first uses one."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"
TERMS = {
    "drift": r"drifts?",
    "misplaced": r"misplaced",
    "drawdown": r"drawdowns?",
    "session": r"sessions?",
    "look-date": r"look dates?",
    "tick": r"ticks?",
    "collar": r"collars?",
    "sheltered": r"sheltered",
    "tax-base-price": r"tax base prices?",
    "wash-sale": r"wash sales?",
    "lot": r"lots?",
    "arming": r"arming",
    "resampled-history": r"resampled histor(?:y|ies)",
}
"""Anchor of the glossary to the word as pages write it."""
PAGES = [
    DOCS / "tutorial.md",
    *sorted((DOCS / "guides").glob("*.md")),
    *sorted((DOCS / "explanation").glob("*.md")),
]
NOT_PROSE = re.compile(
    r"^```.*?^```$|^#.*?$|`[^`\n]*`|!\[[^\]]*\]\([^)]*\)|(?<=\])\([^)]*\)", re.MULTILINE | re.DOTALL
)
NAMES = re.compile(r"^##+ (.+)$", re.MULTILINE)
LINK = re.compile(r"(?<!!)\[(?:[^\]\[]|\[[^\]]*\])*\]\(([^)#:]*)#([^)]+)\)")


def prose(page):
    """The page with what is no prose as spaces, so that places stay."""
    text = page.read_text(encoding="utf-8")
    return NOT_PROSE.sub(lambda found: re.sub(r"\S", " ", found[0]), text)


def slug(heading):
    """The anchor of a heading, as GitHub and MkDocs make it."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def anchors(page):
    return {
        slug(heading) for heading in re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    }


def first_uses(page):
    """Of each term on a page where it first stands, and whether a link to the glossary is round it."""
    text, whole = prose(page), page.read_text(encoding="utf-8")
    for anchor, word in TERMS.items():
        found = re.search(rf"\b{word}\b", text, re.IGNORECASE)
        if found:
            linked = re.match(rf"[^\[\]]*\]\([./]*glossary\.md#{anchor}\)", whole[found.start() :])
            yield anchor, whole.count("\n", 0, found.start()) + 1, bool(linked)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_the_first_use_of_a_term_on_a_page_leads_to_the_glossary(page):
    bare = [f"line {line}: {anchor}" for anchor, line, linked in first_uses(page) if not linked]
    assert bare == [], "link its first use, as [lot](../glossary.md#lot)"


def test_the_glossary_explains_every_term_once():
    text = (DOCS / "glossary.md").read_text(encoding="utf-8")
    names = [slug(name) for name in NAMES.findall(text)]
    assert len(names) == len(set(names))
    assert set(TERMS) <= set(names)


@pytest.mark.parametrize(
    "page", [*ROOT.glob("*.md"), *sorted(DOCS.rglob("*.md"))], ids=lambda page: str(page.relative_to(ROOT))
)
def test_every_link_to_a_heading_finds_it(page):
    for target, anchor in LINK.findall(page.read_text(encoding="utf-8")):
        there = (page.parent / target).resolve() if target else page
        if there.suffix == ".md":
            assert anchor in anchors(there), f"{target}#{anchor}"
