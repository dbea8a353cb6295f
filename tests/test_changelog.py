"""What is not released yet must reach the changelog, all of it, by the tool that assembles it."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FRAGMENTS = sorted((ROOT / "changelog.d").glob("*.md"))


@pytest.mark.parametrize("fragment", FRAGMENTS, ids=lambda path: path.name)
def test_a_fragment_is_named_by_its_subject_and_kind_and_says_something(fragment):
    _, kind, end = fragment.name.split(".")
    assert (kind, end) in {(kind, "md") for kind in ("added", "changed", "removed", "fixed")}
    assert fragment.read_text(encoding="utf-8").strip()


def test_the_next_release_carries_every_fragment():
    """Line by line as written; only what stands in front of a line is the tool's."""
    pytest.importorskip("towncrier")
    command = [sys.executable, "-m", "towncrier", "build", "--draft", "--version", "0", "--date", "today"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=True)
    told = {line.strip().removeprefix("- ") for line in done.stdout.splitlines()}
    for fragment in FRAGMENTS:
        for line in fragment.read_text(encoding="utf-8").splitlines():
            assert line.strip().removeprefix("- ") in told, fragment.name
