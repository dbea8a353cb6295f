"""The rule for commits finds each fault of form, and steps aside where there is no history."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "commits.py"
RULE = runpy.run_path(str(TOOL))


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ("Say why in sixty\n\nBecause history is read later.\n", []),
        ("x" * 60 + "\n\nWhy.\n", []),
        ("x" * 61 + "\n\nWhy.\n", ["the subject has 61 characters, more than 60"]),
        ("Only a subject\n", ["no body that says why"]),
        ("Only a trailer\n\nCo-authored-by: Somebody\n", ["no body that says why"]),
        ("No gap\nWhy.\n", ["no empty line after the subject"]),
        ("A sentence.\n\nWhy.\n", ["the subject ends with a full stop"]),
    ],
)
def test_a_message_is_judged_by_its_form(message, found):
    assert RULE["faults"](message) == found


def git(folder, *words):
    own = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", "-C", folder, *own, *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_only_commits_after_the_base_are_judged_and_a_folder_without_history_is_passed_over(tmp_path):
    assert RULE["since"]("HEAD~1", tmp_path) is None  # no repository, nor one around it
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "commit", "--quiet", "--allow-empty", "--message", "Old")
    base = git(tmp_path, "rev-parse", "HEAD")
    git(tmp_path, "commit", "--quiet", "--allow-empty", "--message", "New", "--message", "Why.")
    git(tmp_path, "commit", "--quiet", "--allow-empty", "--message", "Newer")
    assert [m.strip() for m in RULE["since"](base, tmp_path).values()] == ["Newer", "New\n\nWhy."]
    assert RULE["since"]("0" * 40, tmp_path) is None


def test_the_tool_says_that_it_is_passed_over():
    done = subprocess.run([sys.executable, TOOL, "0" * 40], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"skipped: no history back to {'0' * 40} here\n")
