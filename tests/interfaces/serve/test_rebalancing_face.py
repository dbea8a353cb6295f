"""The rebalancing addresses of another's API, by the shapes that its own client sends and reads."""

import pytest

pytest.importorskip("starlette")

from .programs import Program

SAMPLE = [
    {"type": "asset", "symbol": symbol, "percent": percent}
    for symbol, percent in (("VOO", 40), ("069500", 30), ("TLT", 20), ("GLD", 10))
]


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
