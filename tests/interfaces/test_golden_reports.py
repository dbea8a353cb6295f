"""Whole reports of the bundled sample as kept files, so that a change of wording or numbers shows as a diff.

Renew them with `python -m pytest tests/interfaces/test_golden_reports.py --renew-golden` and read the diff.
"""

import os
from pathlib import Path

import pytest

from processes import run_command

ROOT = Path(__file__).parent.parent.parent
GOLDEN = ROOT / "tests" / "golden"
SAMPLE = ROOT / "src" / "steelyard" / "data" / "sample.toml"
COMMANDS = {
    "check": ["check", "portfolio.toml"],
    "plan": ["plan", "portfolio.toml"],
    "invest": ["invest", "1000000", "portfolio.toml"],
    "withdraw": ["withdraw", "500000", "portfolio.toml"],
}
FORMS = {"txt": [], "json": ["--json"], "csv": ["--csv"]}
CASES = [(name, form) for name in COMMANDS for form in FORMS if (name, form) != ("check", "csv")]


def printed(words, folder):
    """Standard output on the sample as of a Monday in November, 110 columns wide, without colour."""
    (folder / "portfolio.toml").write_bytes(SAMPLE.read_bytes())
    done = run_command(
        folder, *words, "--as-of", "2026-11-23", env={**os.environ, "COLUMNS": "110", "NO_COLOR": "1"}
    )
    assert done.returncode == 0, done.stderr
    return "".join(f"{line.rstrip()}\n" for line in done.stdout.splitlines())


@pytest.mark.parametrize(("name", "form"), CASES, ids=lambda x: x)
def test_a_report_of_the_sample_reads_as_it_was_reviewed(name, form, tmp_path, request):
    kept = GOLDEN / f"{name}.{form}"
    text = printed([*COMMANDS[name], *FORMS[form]], tmp_path)
    if request.config.getoption("--renew-golden"):
        kept.write_text(text, encoding="utf-8")
    assert text == kept.read_text(encoding="utf-8")


def test_no_kept_report_is_left_without_a_test():
    assert {path.name for path in GOLDEN.iterdir()} == {f"{name}.{form}" for name, form in CASES}
