"""What a package index shows of Steelyard: no link that leads nowhere there, and every extra named."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PAGE = (ROOT / PROJECT["readme"]).read_text(encoding="utf-8")


def test_no_link_of_the_page_of_an_index_leads_into_the_repository():
    targets = [*re.findall(r"\]\(([^)]+)\)", PAGE), *PROJECT.get("urls", {}).values()]
    assert [target for target in targets if not target.startswith("https://")] == []


def test_the_page_of_an_index_names_every_extra():
    assert {extra for extra in PROJECT["optional-dependencies"] if f"`{extra}`" not in PAGE} == set()


def test_authors_keywords_and_classifiers_are_there_and_known():
    """Names of classifiers are those of the package that indexes ask; it comes with the builder."""
    import trove_classifiers

    assert PROJECT["authors"]
    assert PROJECT["keywords"]
    assert set(PROJECT["classifiers"]) <= set(trove_classifiers.classifiers)


def test_every_python_of_the_classifiers_is_one_that_may_be_installed_on():
    least = tuple(int(part) for part in PROJECT["requires-python"].removeprefix(">=").split("."))
    named = re.findall(r"Python :: (3)\.(\d+)", " ".join(PROJECT["classifiers"]))
    assert min((int(major), int(minor)) for major, minor in named) == least
