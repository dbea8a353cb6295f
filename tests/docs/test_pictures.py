"""The pictures of the documentation are what the program says; `python tools/pictures.py` draws them anew."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "docs" / "pictures"
SPEC = importlib.util.spec_from_file_location("pictures", ROOT / "tools" / "pictures.py")
pictures = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(pictures)
SPEAKS = {"check.svg", "demo.ko.svg", "alert.svg", "alert.ko.svg"}
LONG = pytest.mark.long("what a command or an alert says, which golden files hold in the fast lane")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=LONG if name in SPEAKS else ()) for name in pictures.PICTURES]
)
def test_a_picture_is_what_the_program_says(name):
    assert (FOLDER / name).read_text(encoding="utf-8") == pictures.PICTURES[name](), (
        "run: python tools/pictures.py"
    )


def test_every_picture_is_shown_on_a_page_and_every_shown_one_is_there():
    shown = set()
    for page in [*ROOT.glob("README*.md"), *(ROOT / "docs").rglob("*.md")]:
        shown |= set(re.findall(r"!\[[^\]]+\]\([^)]*pictures/([^)]+)\)", page.read_text(encoding="utf-8")))
    assert shown == {path.name for path in FOLDER.iterdir()}


def test_pictures_stay_small():
    """A page is read on a phone, and the repository is cloned."""
    assert all(path.stat().st_size < 13_000 for path in FOLDER.glob("*.svg"))
