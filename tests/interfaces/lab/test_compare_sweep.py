"""`compare --sweep` and `compare --rolling` as processes."""

import json
import os
import re
import signal
import subprocess
import sys

import pytest

from processes import run_command


def run(*words, folder):
    return run_command(folder, *words, env={**os.environ, "COLUMNS": "110", "NO_COLOR": "1"})


def test_a_sweep_has_a_policy_for_every_pair_and_a_cell_is_that_policy_alone(tmp_path):
    """The cell of 5 % monthly is compared with a run of `threshold 5% look monthly` by itself."""
    words = ("compare", "--demo", "--paths", "0", "--json")
    document = json.loads(run(*words, "--sweep", folder=tmp_path).stdout)
    grid = document["sweep"]
    assert len(grid["policies"]) == len(grid["thresholds"]) == 8
    assert {len(row) for row in grid["policies"]} == {len(grid["looks"])} == {6}
    name = grid["policies"][grid["thresholds"].index("5%")][grid["looks"].index("monthly")]
    (cell,) = (r for r in document["results"] if r["policy"] == name)
    alone = json.loads(run(*words, "--policy", "threshold 5% look monthly", folder=tmp_path).stdout)
    assert alone["results"] == [cell]


def test_the_yardstick_of_a_sweep_may_be_one_of_its_cells(tmp_path):
    document = json.loads(
        run(
            "compare",
            "--demo",
            "--paths",
            "0",
            "--json",
            "--sweep",
            "--policy",
            "threshold 5%",
            folder=tmp_path,
        ).stdout
    )
    names = [r["policy"] for r in document["results"]]
    assert names[0] == "threshold 5%"
    assert len(names) == len(set(names)) == 48


def test_a_sweep_takes_one_yardstick(tmp_path):
    done = run(
        "compare", "--demo", "--sweep", "--policy", "hold", "--policy", "threshold 5%", folder=tmp_path
    )
    assert done.returncode == 2
    assert "one --policy" in done.stderr


def test_tables_and_page_show_the_sweep_and_the_starts(tmp_path):
    """Eight bands down and six looks across, in the table and in the picture."""
    done = run(
        *("compare", "--demo", "--paths", "30", "--sweep", "--rolling", "12", "--report", "out.html"),
        folder=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("SIMULATED")
    assert sum(line.strip().startswith("7.5%") for line in done.stdout.splitlines()) == 3
    assert "12 years each" in done.stdout
    page = (tmp_path / "out.html").read_text(encoding="utf-8")
    heat = page[page.index("<title>Bands by looks") :]
    heat = heat[: heat.index("</svg>")]
    assert len(re.findall(r">[+-]\d+\.\d\d\*?</text>", heat)) == 48
    assert "Other starts" in page


def test_rolling_stretches_are_in_the_document(tmp_path):
    """The simulation runs from 2004-01-02 to 2024-01-05; a start of 2 April 2007 would end after it."""
    done = run(
        *("compare", "--demo", "--paths", "0", "--rolling", "17", "--policy", "hold", "--json"),
        folder=tmp_path,
    )
    rolling = json.loads(done.stdout)["rolling"]
    assert rolling["years"] == 17
    assert [s["start"] for s in rolling["stretches"]] == [
        "2004-01-02", "2004-04-01", "2004-07-01", "2004-10-01", "2005-01-03", "2005-04-01", "2005-07-01",
        "2005-10-03", "2006-01-03", "2006-04-03", "2006-07-03", "2006-10-02", "2007-01-01",
    ]  # fmt: skip
    assert all(s["cagr"].keys() == {"hold"} for s in rolling["stretches"])


@pytest.mark.parametrize("years", ["0", "30"])
def test_years_that_cannot_be_are_refused(tmp_path, years):
    done = run("compare", "--demo", "--paths", "0", "--rolling", years, folder=tmp_path)
    assert done.returncode == (2 if years == "0" else 3)
    assert done.stdout == ""


def test_two_policies_get_a_sentence_and_details_their_distributions(tmp_path):
    """The numbers of the sentence are those of the document of the same run."""
    words = ("compare", "--demo", "--paths", "40", "--policy", "hold", "--policy", "threshold 5%")
    done = run(*words, "--details", folder=tmp_path)
    document = json.loads(run(*words, "--json", folder=tmp_path).stdout)
    second = document["results"][1]
    assert second["difference"]["statement"] in " ".join(done.stdout.split())
    assert "statement" not in document["results"][0]["difference"]
    assert second["distribution"]["levels"] == [0.05, 0.25, 0.5, 0.75, 0.95]
    shown = [line.split() for line in done.stdout.splitlines() if line.strip().startswith("threshold 5%")]
    growth = [f"{100 * v:.2f}" for v in second["distribution"]["growth"]]
    assert any(line[2:] == growth for line in shown)
    assert "Sortino" in done.stdout


def test_a_stop_keeps_what_is_done(tmp_path):
    """A real Ctrl-C while a million histories are drawn: a table, how many there were, and status 0."""
    code = (
        "import sys, steelyard.engines.lab.backtest.resample as r\n"
        "whole = r.resampled\n"
        "def told(problem, **rest):\n"
        "    def progress(done):\n"
        "        if done: print('drawing', file=sys.stderr, flush=True)\n"
        "    return whole(problem, **(rest | {'progress': progress}))\n"
        "r.resampled = told\n"
        "from steelyard.interfaces.cli.main import main; main()"
    )
    words = ["compare", "--demo", "--paths", "1000000", "--policy", "hold", "--policy", "threshold 5%"]
    process = subprocess.Popen(
        [sys.executable, "-c", code, *words, "--json", "--plot", "kept.png"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for line in process.stderr:
        if "drawing" in line:
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    document = json.loads(out)
    assert 0 < document["paths"] < 1_000_000
    assert f"stopped after {document['paths']} of 1000000 resampled histories" in err
    assert "do not differ" in document["results"][1]["difference"]["statement"]
    assert (tmp_path / "kept.png").stat().st_size > 10_000
