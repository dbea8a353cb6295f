"""Decisions can be quoted by number and read in a minute."""

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "docs" / "decisions"
DECISIONS = sorted(FOLDER.glob("[0-9]*.md"))


def test_a_number_is_given_once_and_none_is_left_out():
    assert [int(page.name[:4]) for page in DECISIONS] == list(range(1, len(DECISIONS) + 1))


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_is_a_paragraph_under_its_number_and_its_figures_stand_elsewhere(page):
    """Beside the title and the paragraph: where it was measured, and what would reopen it."""
    title, paragraph, *rest = page.read_text(encoding="utf-8").strip().split("\n\n")
    assert re.fullmatch(rf"# {page.name[:4]} \S.*", title)
    assert not paragraph.startswith(("|", "-", "#"))
    assert {part.split(":")[0] for part in rest} <= {"Measured", "Reopened by"}
    if (FOLDER / "measurements" / page.name).exists():
        assert f"(measurements/{page.name})" in page.read_text(encoding="utf-8")


def test_every_measurement_belongs_to_a_decision():
    assert {page.name for page in (FOLDER / "measurements").iterdir()} <= {page.name for page in DECISIONS}
