"""The rebalancing addresses of another's API, by the shapes that its own client sends and reads."""

import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

pytest.importorskip("starlette")

from steelyard.api.serving import sample_text

from .programs import Program

SAMPLE = [
    {"type": "asset", "symbol": symbol, "percent": percent}
    for symbol, percent in (("VOO", 40), ("069500", 30), ("TLT", 20), ("GLD", 10))
]
MAIN = "from steelyard.interfaces.cli.main import main; main()"


@pytest.fixture
def program(tmp_path):
    return Program(tmp_path, orders=True)


def model(program, **changes):
    asked = {
        "name": "Own",
        "description": "as the file says",
        "weights": SAMPLE,
        "cooldown_days": 7,
        **changes,
    }
    return program.send("POST", "/v1/rebalancing/portfolios", asked)


def account(program):
    return program.get("/v1/portfolios").document["portfolios"][0]["account_id"]


def test_weights_of_the_file_make_a_plan_that_waits_for_its_approval(program):
    """The trades are those of `plan` on the sample, by hand in the tests of the page."""
    made = model(program, rebalance_conditions=[{"type": "drift_band", "sub_type": "absolute", "percent": 5}])
    assert made.status == 200
    follows = {"account_id": account(program), "portfolio_id": made.document["id"]}
    assert program.send("POST", "/v1/rebalancing/subscriptions", follows).status == 200
    run = program.send(
        "POST", "/v1/rebalancing/runs", {"account_id": follows["account_id"], "type": "full_rebalance"}
    ).document
    assert (run["status"], run["orders"]) == ("QUEUED", [])
    assert (run["trades"][0]["side"], run["trades"][0]["symbol"]) == ("sell", "VOO")
    approved = program.post(f"/v1/plans/{run['plan']}/approval", {"plan": run["plan"]})
    assert approved.status == 200
    assert program.get(f"/v1/rebalancing/runs/{run['id']}").document["status"] == "IN_PROGRESS"
    assert program.send("DELETE", f"/v1/rebalancing/runs/{run['id']}").status == 409


def test_other_weights_are_calculated_and_nothing_is_kept_to_carry_out(program, tmp_path):
    weights = [{**w, "percent": p} for w, p in zip(SAMPLE, (10, 20, 30, 40), strict=True)]
    asked = {"account_id": account(program), "type": "full_rebalance", "weights": weights}
    run = program.send("POST", "/v1/rebalancing/runs", asked).document
    assert (run["status"], run["plan"]) == ("COMPLETED_ADJUSTED", None)
    assert {o["symbol"]: o["side"] for o in run["skipped_orders"]} == {
        "VOO": "sell", "069500": "sell", "TLT": "buy", "GLD": "buy",
    }  # fmt: skip
    assert {o["reason"] for o in run["skipped_orders"]} == {"calculated_only"}
    assert not (tmp_path / "steelyard.db").exists()


def test_cash_of_a_model_is_a_reserve(program):
    """Half of 10,000,000 won in cash, to within half a share of VOO, the dearest at 600,000."""
    weights = [{"type": "cash", "percent": "50"}, *({**w, "percent": str(w["percent"] / 2)} for w in SAMPLE)]
    asked = {"account_id": account(program), "type": "full_rebalance", "weights": weights}
    run = program.send("POST", "/v1/rebalancing/runs", asked).document
    assert {t["side"] for t in run["trades"]} == {"sell"}
    assert abs(sum(float(t["amount"]) for t in run["trades"]) - 5_000_000) <= 300_000


def test_models_and_subscriptions_are_changed_listed_and_ended(program):
    one = model(program).document
    changed = program.send("PATCH", f"/v1/rebalancing/portfolios/{one['id']}", {"name": "Newer"}).document
    assert (changed["name"], changed["weights"]) == ("Newer", one["weights"])
    assert [m["id"] for m in program.get("/v1/rebalancing/portfolios?symbol=GLD").document] == [one["id"]]
    assert program.get("/v1/rebalancing/portfolios?name=other").document == []
    follows = {"account_id": account(program), "portfolio_id": one["id"]}
    first = program.send("POST", "/v1/rebalancing/subscriptions", follows).document
    assert program.send("POST", "/v1/rebalancing/subscriptions", follows).status == 409
    assert program.send("DELETE", f"/v1/rebalancing/portfolios/{one['id']}").status == 409
    weights = {"account_id": follows["account_id"], "type": "full_rebalance", "weights": SAMPLE}
    assert program.send("POST", "/v1/rebalancing/runs", weights).status == 422
    found = program.get("/v1/rebalancing/subscriptions?limit=5").document
    assert ([s["id"] for s in found["subscriptions"]], found["next_page_token"]) == ([first["id"]], None)
    assert program.send("DELETE", f"/v1/rebalancing/subscriptions/{first['id']}").status == 204
    assert program.send("DELETE", f"/v1/rebalancing/portfolios/{one['id']}").status == 204
    assert program.get("/v1/rebalancing/portfolios").document == []
    gone = program.get("/v1/rebalancing/subscriptions/none")
    assert (gone.status, gone.document["message"]) == (404, gone.document["detail"])
    assert program.file.with_name(".steelyard-rebalancing.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "changes",
    [
        {"weights": []}, {"weights": [{"type": "asset", "symbol": "VOO", "percent": 99}]}, {"name": ""},
        {"weights": [{"type": "asset", "percent": 100}]},
        {"weights": [{"type": "cash", "symbol": "X", "percent": 100}]},
        {"weights": [{"type": "asset", "symbol": "VOO", "percent": 50}] * 2}, {"weights": ["VOO"]},
        {"weights": [{"type": "asset", "symbol": "VOO", "percent": -1}]}, {"cooldown_days": -1},
        {"weights": [{"type": "asset", "symbol": "VOO", "percent": "NaN"}]}, {"cooldown_days": True},
        {"rebalance_conditions": [{"type": "moon", "sub_type": "full"}]}, {"more": 1},
        {"rebalance_conditions": [{"type": "drift_band", "sub_type": "absolute"}]},
    ],
)  # fmt: skip
def test_a_wrong_model_is_not_kept(program, changes):
    assert model(program, **changes).status == 422
    assert program.get("/v1/rebalancing/portfolios").document == []


def test_other_addresses_take_no_such_methods(program):
    for method in ("PATCH", "DELETE"):
        assert program.ask(method, "/v1/plans", {}).status == 405
        assert program.ask(method, "/v1/rebalancing", {}).status == 405


CLIENT = """
import json, sys
from alpaca.broker.client import BrokerClient
from alpaca.broker.enums import RunType
from alpaca.broker.requests import (
    CreatePortfolioRequest, CreateRunRequest, CreateSubscriptionRequest, GetSubscriptionsRequest,
    UpdatePortfolioRequest, Weight,
)
address, token, account = sys.argv[1:]
client = BrokerClient("any", token, url_override=address)
weights = [Weight(type="asset", symbol=s, percent=p) for s, p in
           (("VOO", 40), ("069500", 30), ("TLT", 20), ("GLD", 10))]
model = client.create_portfolio(CreatePortfolioRequest(
    name="Own", description="as the file says", weights=weights, cooldown_days=7))
model = client.update_portfolio_by_id(model.id, UpdatePortfolioRequest(name="Newer"))
follows = client.create_subscription(CreateSubscriptionRequest(account_id=account, portfolio_id=model.id))
asked = GetSubscriptionsRequest(account_id=account)
assert [s.id for s in client.get_all_subscriptions(asked)] == [follows.id]
run = client.create_manual_run(CreateRunRequest(
    account_id=account, type=RunType.FULL_REBALANCE, weights=[]))
assert client.get_run_by_id(run.id).status == run.status
assert [r.id for r in client.get_all_runs()] == [run.id]
client.cancel_run_by_id(run.id)
ended = client.get_run_by_id(run.id).status
client.unsubscribe_account(follows.id)
free = client.create_manual_run(CreateRunRequest(
    account_id=account, type=RunType.FULL_REBALANCE,
    weights=[Weight(type="asset", symbol=s, percent=50) for s in ("VOO", "GLD")]))
client.inactivate_portfolio_by_id(model.id)
print(json.dumps({
    "name": model.name, "run": run.status.value, "ended": ended.value, "free": free.status.value,
    "skipped": sorted(o.symbol for o in free.skipped_orders), "left": len(client.get_all_portfolios()),
}))
"""


def client_python():
    """A Python that has alpaca-py: this one, or that of STEELYARD_ALPACA_PYTHON."""
    return os.environ.get("STEELYARD_ALPACA_PYTHON") or (sys.executable if find_spec("alpaca") else None)


@pytest.mark.long("a server and a client of another's, each a process of its own")
def test_the_broker_client_of_alpaca_py_finds_its_way(tmp_path):
    """Its own code sends and reads: what it cannot parse is an exception there."""
    python = client_python()
    if python is None:
        pytest.skip("alpaca-py is not installed")
    (tmp_path / "portfolio.toml").write_text(sample_text(), encoding="utf-8")
    server = subprocess.Popen(
        [sys.executable, "-c", MAIN, "serve", "--port", "0", "--as-of", "2026-11-23"],
        cwd=tmp_path, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        address = re.search(r"(http://\S+)/start", server.stderr.readline())[1]
        token = (tmp_path / ".steelyard-page-token").read_text().strip()
        from steelyard.interfaces.http.rebalancing import account_id

        done = subprocess.run(
            [python, "-c", CLIENT, address, token, account_id("portfolio")],
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
    finally:
        server.terminate()
        server.wait(10)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["name"], found["run"], found["ended"], found["left"]) == ("Newer", "QUEUED", "CANCELED", 0)
    assert found["free"] == "COMPLETED_ADJUSTED"
    assert {"069500", "TLT", "GLD"} <= set(found["skipped"])
    assert Path(tmp_path / ".steelyard-rebalancing.json").exists()
