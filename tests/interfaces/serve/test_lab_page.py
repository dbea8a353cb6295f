"""The screen of the lab: its form, the way from a job to a table, ranges on one scale, the heat map."""

import time
from datetime import date
from decimal import Decimal

import pytest

pytest.importorskip("starlette")

from steelyard.api.serving import sample_text
from steelyard.interfaces.http.jobs import Jobs
from steelyard.interfaces.web.pages.lab import heat_of, rows_of

from .asking import Browser


def result(policy, growth, turnover, gap=None):
    found = {
        "policy": policy, "cagr": growth, "max_drawdown": -0.25, "rebalances": 4, "turnover": turnover,
    }  # fmt: skip
    if gap:
        low, mean, high = gap
        found["difference"] = {"low": low, "mean": mean, "high": high, "evident": low > 0 or high < 0}
    return found


def test_ranges_stand_on_one_scale_from_the_least_to_the_most():
    """From -0.02 to +0.02 over the 204 units between 8 and 212: zero in the middle at 110, 0.01 at 161."""
    rows = rows_of(
        {
            "results": [
                result("own", 0.06, 0.1, (0, 0, 0)),
                result("one", 0.07, 0.1, (-0.02, 0.01, 0.02)),
                result("two", 0.05, 0.1, (-0.02, -0.015, -0.01)),
            ]
        }
    )
    assert rows[0].mean is None
    assert (rows[1].left, rows[1].zero, rows[1].middle, rows[1].right) == (8.0, 110.0, 161.0, 212.0)
    assert (rows[2].left, rows[2].right, rows[2].evident) == (8.0, 59.0, True)
    assert rows[1].growth == Decimal("0.07")


def test_a_heat_map_has_a_row_a_look_and_the_strongest_colour_where_most_is_traded():
    found = {
        "sweep": {
            "thresholds": ["1%", "5%"],
            "looks": ["daily", "annual"],
            "policies": [["a", "b"], ["c", "d"]],
        },
        "results": [result(name, 0, t) for name, t in (("a", 0.4), ("b", 0.1), ("c", 0.016), ("d", 0.0))],
    }
    heat = heat_of(found)
    assert [(look, [step for _, step in cells]) for look, cells in heat.rows] == [
        ("daily", [5, 2]),  # 0.4 of 0.4; the root of 0.016 / 0.4 is 0.2
        ("annual", [3, 1]),  # the root of 0.1 / 0.4 is 0.5
    ]
    assert heat_of({"results": []}) is None


@pytest.fixture
def browser(tmp_path):
    (tmp_path / "portfolio.toml").write_text(sample_text(), encoding="utf-8")
    return Browser(tmp_path / "portfolio.toml", as_of=date(2026, 11, 23))


def test_the_form_offers_what_is_there_and_says_what_is_missing(browser, tmp_path):
    page = browser.get("/lab")
    assert page.status == 200
    assert 'value="stored"' not in page.text  # there is no database yet
    (tmp_path / "steelyard.db").write_bytes(b"")
    assert 'value="stored"' in browser.get("/lab").text
    wrong = browser.post("/lab", {"what": "start", "prices": "file"})
    assert wrong.status == 422
    assert "no file was chosen" in wrong.text


def test_work_that_goes_on_shows_how_far_it_is_and_can_be_stopped(browser, monkeypatch):
    import threading

    stands = threading.Event()
    monkeypatch.setattr(Jobs, "_run", lambda self, name, asked: stands.wait(30))
    page = browser.post("/lab", {"paths": "200", "policies": "threshold 5%\ncalendar quarterly"})
    assert page.status == 200
    assert "<progress" in page.text
    assert 'hx-trigger="every 1s"' in page.text
    assert '<noscript><meta http-equiv="refresh"' in page.text
    (job,) = browser.site.jobs.all()
    assert browser.site.jobs.cancel("none") is None
    browser.post("/lab", {"what": "cancel", "job": job.id})
    assert browser.site.jobs.job(job.id).state == "cancelled"
    assert "This comparison was stopped." in browser.get(f"/lab?job={job.id}").text
    browser.site.jobs.close()
    stands.set()


def test_the_job_of_another_portfolio_is_not_shown(browser):
    assert "<progress" not in browser.get("/lab?job=01ARZ3NDEKTSV4RRFFQ69G5FAV").text


@pytest.mark.long("a comparison is a process of its own, which imports the lab")
def test_a_comparison_ends_in_a_table_and_a_report(browser):
    browser.post("/lab", {"paths": "0", "policies": "threshold 5%\ncalendar quarterly"})
    (job,) = browser.site.jobs.all()
    for _ in range(600):
        if browser.site.jobs.job(job.id).state in ("done", "failed"):
            break
        time.sleep(0.2)
    page = browser.get(f"/lab?job={job.id}")
    assert "calendar quarterly" in page.text
    assert "Prices are simulated" in page.text
    report = browser.get(f"/lab?job={job.id}&as=report")
    assert report.header("content-disposition") == 'attachment; filename="policies.html"'
    assert "<svg" in report.text
    browser.post("/settings", {"private": "yes"})
    assert "as=report" not in browser.get(f"/lab?job={job.id}").text
    assert browser.get(f"/lab?job={job.id}&as=report").header("content-disposition") is None
    browser.site.jobs.close()
