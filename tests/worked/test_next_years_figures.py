"""A year is added by its figures in the data file and nothing else; here made-up ones, in a copy of it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import steelyard
from processes import CODE

PACKAGE = Path(steelyard.__file__).parent
YEAR = "2031"
PORTFOLIO = f"""
base_currency = "USD"
priced_on = {YEAR}-01-02
[targets]
VOO = "100%"
[tax]
jurisdiction = "US"
filing = "single"
other_income = 100000
[[accounts]]
name = "main"
[[accounts.positions]]
symbol = "VOO"
shares = 40
price = "600 USD"
lots = [{{ bought = 2024-01-10, shares = 40, unit_cost = "500 USD" }}]
[[accounts]]
name = "old age"
kind = "ira"
"""
FIGURES = {
    "source": "made up",
    "verified": "2030-12-01",
    "gains": {filing: [100_400, 900_000] for filing in ("single", "mfj", "mfs", "hoh")},
    "ordinary": {
        f: [20_000, 60_000, 120_000, 200_000, 300_000, 700_000] for f in ("single", "mfj", "mfs", "hoh")
    },
}


def said(folder, *words, package):
    done = subprocess.run(
        [sys.executable, "-c", CODE, *words, "--as-of", f"{YEAR}-01-02", "--json"],
        cwd=folder, env=os.environ | {"PYTHONPATH": str(package)}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def with_year(folder):
    """Return a place with the package as it is, but for one year more in the figures of the United States."""
    copy = folder / "copy" / "steelyard"
    (copy / "data").mkdir(parents=True)
    for there, here in ((PACKAGE, copy), (PACKAGE / "data", copy / "data")):
        for path in there.iterdir():
            if path.name not in ("data", "tax_us.json"):
                (here / path.name).symlink_to(path)
    figures = json.loads((PACKAGE / "data" / "tax_us.json").read_text(encoding="utf-8"))
    figures["years"][YEAR] = FIGURES
    figures["standard_deduction"][YEAR] = dict.fromkeys(("single", "mfj", "mfs", "hoh"), 20_000)
    figures["contribution_limits"][YEAR] = {"ira": 9_000}
    (copy / "data" / "tax_us.json").write_text(json.dumps(figures), encoding="utf-8")
    return copy.parent


def test_figures_of_a_new_year_in_the_data_file_are_all_that_it_takes(tmp_path):
    """10 shares of VOO bring 1,000 of long gain over 100,000 of income. 2026 ends the 0 % bracket at 49,450:
    150 at 15 %. The made-up year ends it at 100,400: 600 at 15 % = 90. Its limit of an IRA is 9,000."""
    (tmp_path / "portfolio.toml").write_text(PORTFOLIO, encoding="utf-8")
    for package, tax, limit, provisional in (
        (PACKAGE.parent, "150", "7500", True),
        (with_year(tmp_path), "90", "9000", False),
    ):
        plan = said(tmp_path, "plan", "--cash=-6000", package=package)
        assert plan["taxes"] == tax
        (room,) = said(tmp_path, "holdings", package=package)["rooms"]
        assert room["limit"] == limit
        for report in (plan, room):
            assert ("provisional" in json.dumps(report)) == provisional
