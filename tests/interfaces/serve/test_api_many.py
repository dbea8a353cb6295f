"""Many plans in a request, portfolios that a request states, several files, jobs, and full queues."""

import json
import time

import pytest

pytest.importorskip("starlette")

import steelyard
from steelyard.api.serving import portfolio_files
from steelyard.errors import InputError
from steelyard.interfaces.http import jobs as job_module
from steelyard.interfaces.http.jobs import Jobs
from steelyard.interfaces.http.leave import Leave
from steelyard.interfaces.web.lanes import Full, Lane

from .programs import DAY, Program

STATED = {
    "base_currency": "USD",
    "targets": {"VOO": "60%", "BND": "40%"},
    "accounts": [{"name": "main", "cash": {"USD": "1000"}}],
    "prices": {"VOO": "100", "BND": "50"},
}


@pytest.fixture
def program(tmp_path):
    return Program(tmp_path)


def trades(document):
    return {t["symbol"]: (t["side"], t["shares"]) for t in document["plan"]["trades"]}


def test_a_portfolio_that_is_stated_is_planned_and_nothing_is_kept(program, tmp_path):
    """1,000 dollars at 60/40: 6 shares at 100 and 8 at 50, exactly."""
    made = program.post("/v1/plans", {"portfolio": STATED})
    assert (made.status, made.document["id"]) == (200, None)
    assert trades(made.document) == {"VOO": ("buy", "6"), "BND": ("buy", "8")}
    assert not (tmp_path / "steelyard.db").exists()


def test_a_batch_says_for_each_request_what_it_alone_would_be_answered(program):
    asked = [
        {"portfolio": STATED},
        {"kind": "invest", "amount": "1000000"},
        {"kind": "withdraw"},
        {"portfolio": {**STATED, "targets": {"VOO": "90%"}}},
        {"portfolio": "other"},
        "nothing",
        {"portfolio": {**STATED, "accounts": [{"name": "main", "cash": {"USD": "2000"}}]}},
    ]
    found = program.post("/v1/plans/batch", {"requests": asked}).document
    assert (found["status"], found["planned"], found["refused"]) == ("complete-with-refusals", 3, 4)
    assert [r["index"] for r in found["results"]] == list(range(7))
    codes = [r["problem"]["code"] if "problem" in r else None for r in found["results"]]
    assert codes == [None, None, "field", "target-sum", "no-portfolio", "field", None]
    assert trades(found["results"][6]) == {"VOO": ("buy", "12"), "BND": ("buy", "16")}
    alone = program.post("/v1/plans", asked[1]).document
    assert found["results"][1]["id"] == alone["id"]
    assert found["results"][1]["plan"] == alone["plan"]
    whole = program.post("/v1/plans/batch", {"requests": [{"portfolio": STATED}]}).document
    assert whole["status"] == "complete"


@pytest.mark.parametrize(
    "body", [{}, {"requests": []}, {"requests": [{}] * 1001}, {"requests": {}}, {"requests": [], "more": 1}]
)
def test_a_batch_has_from_one_to_a_thousand_requests(program, body):
    assert program.post("/v1/plans/batch", body).document["code"] == "field"


@pytest.mark.long("a thousand plans take four seconds")
def test_a_thousand_plans_come_in_one_answer(program):
    """Account k holds k times 100 dollars at 60/40 of 100 and 50: never more than a share from that."""
    asked = [
        {"portfolio": {**STATED, "accounts": [{"name": "main", "cash": {"USD": str(100 * k)}}]}}
        for k in range(1, 1001)
    ]
    found = program.post("/v1/plans/batch", {"requests": asked}).document
    assert found["planned"] == 1000
    for k, result in enumerate(found["results"], 1):
        bought = {t["symbol"]: int(t["shares"]) for t in result["plan"]["trades"]}
        assert abs(bought.get("VOO", 0) * 100 - 60 * k) <= 100
        assert 100 * k - bought.get("VOO", 0) * 100 - bought.get("BND", 0) * 50 >= 0


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"policy": []}, 422), ({"prices": {"VOO": 1.5}}, 400), ({"prices": {"VOO": "x"}}, 422),
        ({"accounts": ["main"]}, 422), ({"accounts": [{"name": 5}]}, 422), ({"nothing": {}}, 422),
        ({"targets": {}}, 422), ({"targets": {"VOO": {"weight": 1}}}, 422), ({"fx": {"USDKRW": []}}, 422),
        ({"tax": {"jurisdiction": "ZZ"}}, 422), ({"priced_on": "soon"}, 422), ({"base_currency": ""}, 422),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_stated_portfolio_is_a_problem(program, change, status):
    assert program.post("/v1/plans", {"portfolio": {**STATED, **change}}).status == status


def test_an_object_in_an_object_has_an_end(program):
    deep = b'{"portfolio":' + b'{"a":' * 60 + b"1" + b"}" * 61
    assert program.post("/v1/plans", deep).document["code"] == "bad-json"
    assert program.post("/v1/plans", b'{"kind": "\\ud800"}').document["code"] == "bad-json"


@pytest.fixture
def several(tmp_path):
    for name, amount in (("anna", "1000"), ("bert", "2000")):
        (tmp_path / name).mkdir()
        text = (
            'base_currency = "USD"\n[targets]\nVOO = "60%"\nBND = "40%"\n[prices]\nVOO = "100"\nBND = "50"\n'
            f'[[accounts]]\nname = "main"\ncash = {{ USD = "{amount}" }}\n'
        )
        (tmp_path / name / "portfolio.toml").write_text(text, encoding="utf-8")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "portfolio.toml").write_text("", encoding="utf-8")
    return Program(tmp_path, files=portfolio_files(tmp_path))


def test_a_folder_serves_each_portfolio_by_the_name_of_its_folder(several, tmp_path):
    found = several.get("/v1/portfolios").document["portfolios"]
    assert [p["id"] for p in found] == ["anna", "bert"]
    assert len({p["account_id"] for p in found}) == 2
    assert several.get("/v1/portfolios/bert/check").document["total_value"] == "2000"
    assert several.post("/v1/plans", {}).document["code"] == "field"  # of which of them
    made = several.post("/v1/plans", {"portfolio": "bert"})
    assert trades(made.document) == {"VOO": ("buy", "12"), "BND": ("buy", "16")}
    assert several.get(made.header("location")).document["id"] == made.document["id"]
    assert (tmp_path / "bert" / "steelyard.db").exists()
    assert not (tmp_path / "anna" / "steelyard.db").exists()
    assert several.get("/v1/orders").status == 422
    assert several.get("/v1/orders?portfolio=anna").document["orders"] == []


def test_a_folder_without_a_portfolio_says_what_to_do(tmp_path):
    with pytest.raises(InputError) as caught:
        portfolio_files(tmp_path)
    assert caught.value.problems[0].code == "no-portfolios"


def test_a_leave_to_approve_ends_by_itself_and_no_clock_brings_it_back():
    now = [1000.0]
    leave = Leave(60, lambda: now[0])
    assert (leave(), leave.minutes_left) == (True, 60)
    now[0] += 3599
    assert (leave(), leave.minutes_left) == (True, 1)
    now[0] += 1
    assert (leave(), leave.minutes_left) == (False, 0)
    now[0] -= 1800
    assert leave() is False
    back = Leave(60, lambda: now[0])
    now[0] -= 7200  # a clock that is put back ends it, too
    assert back() is False
    assert Leave(0)() is False


def test_after_the_leave_is_over_nothing_is_approved(tmp_path):
    program = Program(tmp_path, orders=True)
    plan = program.post("/v1/plans", {}).document["id"]
    program.site.orders._until = 0.0
    refused = program.post(f"/v1/plans/{plan}/approval", {"plan": plan})
    assert (refused.status, refused.document["code"]) == (403, "orders-off")


def test_a_full_lane_refuses_and_an_empty_one_takes_again():
    import asyncio
    import threading

    held, taken = threading.Event(), []

    async def go():
        lane = Lane(1, 1)
        first = asyncio.create_task(lane.run(held.wait, 5))
        second = asyncio.create_task(lane.run(taken.append, 1))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        with pytest.raises(Full):
            await lane.run(taken.append, 2)
        held.set()
        await asyncio.gather(first, second)
        await lane.run(taken.append, 3)

    asyncio.run(go())
    assert taken == [1, 3]


def until_over(program, job):
    for _ in range(600):
        found = program.get(f"/v1/jobs/{job}").document
        if found["state"] in ("done", "failed", "cancelled"):
            return found
        time.sleep(0.1)
    raise AssertionError(found)


CSV = "date,VOO,BND\n" + "".join(
    f"2024-{m:02d}-{d:02d},{100 + m + d},{50}\n" for m in range(1, 13) for d in (2, 9, 16)
)


@pytest.mark.long("a job is a process of its own, which imports the lab")
def test_a_backtest_is_a_job_that_says_what_the_library_says(program):
    asked = {"kind": "backtest", "portfolio": STATED, "prices": CSV, "policies": ["calendar quarterly"]}
    begun = program.post("/v1/backtests", asked)
    assert begun.status == 202
    job = begun.document["id"]
    assert begun.header("location") == f"/v1/jobs/{job}"
    over = until_over(program, job)
    held = steelyard.build(**STATED)
    columns = {"date": [], "VOO": [], "BND": []}
    for line in CSV.splitlines()[1:]:
        for name, value in zip(columns, line.split(","), strict=True):
            columns[name].append(value if name == "date" else float(value))
    own = steelyard.backtest_portfolio(held, columns, policies=["calendar quarterly"]).to_dict()
    assert over["state"] == "done"
    assert over["result"]["results"] == json.loads(json.dumps(own["results"]))
    wrong = program.post("/v1/backtests", {**asked, "policies": ["sell in may"]}).document["id"]
    assert until_over(program, wrong)["problem"]["code"] == "policy-text"
    assert [j["state"] for j in program.get("/v1/jobs").document["jobs"]] == ["failed", "done"]
    kinds = [e["job"]["state"] for e in program.get("/v1/events").document["events"]]
    assert kinds == ["queued", "running", "done", "queued", "running", "failed"]
    program.site.jobs.close()


def test_a_job_that_waits_is_cancelled_and_more_than_wait_are_refused(program, monkeypatch):
    """The worker stands still: one job is with it, eight wait, a tenth is told to come back."""
    import threading

    stands = threading.Event()
    monkeypatch.setattr(Jobs, "_run", lambda self, name, asked: stands.wait(30))
    asked = {"portfolio": STATED}
    first = program.post("/v1/backtests", asked).document["id"]
    while program.get(f"/v1/jobs/{first}").document["state"] == "queued":
        time.sleep(0.01)
    waiting = [program.post("/v1/backtests", asked) for _ in range(job_module.WAITING)]
    assert {w.status for w in waiting} == {202}
    full = program.post("/v1/backtests", asked, key="again")
    assert (full.status, full.header("retry-after"), full.document["code"]) == (429, "10", "busy")
    assert program.get("/v1/portfolios/portfolio/check").status == 200  # a look is behind nothing
    last = waiting[-1].document["id"]
    assert program.post(f"/v1/jobs/{last}/cancellation", {}).document["state"] == "cancelled"
    assert program.post("/v1/backtests", asked, key="again").status == 202  # "come back" is not remembered
    assert program.get("/v1/jobs/none").document["code"] == "no-job"
    program.site.jobs.close()
    stands.set()


@pytest.mark.parametrize(
    "asked",
    [
        {"kind": "magic"}, {"kind": "backtest"}, {"policies": [1]}, {"policies": ["a"] * 51}, {"paths": -1},
        {"paths": 10001}, {"paths": True}, {"seed": -1}, {"start": "soon"}, {"portfolio": "other"},
        {"portfolio": {}}, {"file": "/etc/passwd"}, {"prices": 5},
    ],
)  # fmt: skip
def test_a_wrong_backtest_never_waits(program, asked):
    assert program.post("/v1/backtests", asked).status in (404, 422)
    assert program.get("/v1/jobs").document["jobs"] == []


def test_a_job_is_ended_when_its_time_is_over(monkeypatch):
    """A worker that never ends: killed after a tenth of a second, and said to have failed."""
    monkeypatch.setattr(job_module, "WORKER", "time import sleep; sleep(60)  #")
    jobs = Jobs(seconds=0.1)
    job = jobs.start("compare", "", {}, 0)
    while jobs.job(job.id).state in ("queued", "running"):
        time.sleep(0.02)
    assert jobs.job(job.id).state == "failed"
    assert jobs.job(job.id).problem["code"] == "job-ended"
    jobs.close()


def test_the_day_of_a_request_is_that_of_the_server_unless_it_says_another(program):
    assert program.post("/v1/plans", {}).document["plan"]["as_of"] == DAY.isoformat()
