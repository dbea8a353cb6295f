"""The HTTP API driven by what others wrote: Alpaca's client, and schemathesis with our contract.

Both are installed apart (`make clients`) and run by their own interpreter; what they cannot read they say.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("starlette")

from steelyard.api.serving import sample_text
from steelyard.interfaces.http.rebalancing import account_id

ROOT = Path(__file__).parents[2]
MAIN = "from steelyard.interfaces.cli.main import main; main()"
PYTHON = Path(os.environ.get("STEELYARD_CLIENTS", ROOT / ".venv-clients" / "bin" / "python"))
pytestmark = [
    pytest.mark.long("a server and a client of others, each a process of its own"),
    pytest.mark.skipif(not PYTHON.is_file(), reason="needs the clients of others: make clients"),
]
EXAMPLES = 2000
"""Least number of requests that schemathesis makes."""


@pytest.fixture
def served(tmp_path):
    """Address and token of a server of the sample."""
    (tmp_path / "portfolio.toml").write_text(sample_text(), encoding="utf-8")
    server = subprocess.Popen(
        [sys.executable, "-c", MAIN, "serve", "--port", "0", "--as-of", "2026-11-23", "--allow-orders"],
        cwd=tmp_path, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        address = re.search(r"(http://\S+)/start", server.stderr.readline())[1]
        yield address, (tmp_path / ".steelyard-page-token").read_text().strip()
    finally:
        server.terminate()
        server.wait(10)


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


def test_the_broker_client_of_alpaca_py_finds_its_way(served):
    address, token = served
    done = subprocess.run(
        [PYTHON, "-c", CLIENT, address, token, account_id("portfolio")],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["name"], found["run"], found["ended"], found["left"]) == ("Newer", "QUEUED", "CANCELED", 0)
    assert found["free"] == "COMPLETED_ADJUSTED"
    assert {"069500", "TLT", "GLD"} <= set(found["skipped"])


def test_schemathesis_finds_no_mistake_and_nothing_undocumented(served, tmp_path):
    """Examples, edges and random requests of the contract: no 5xx, no status, type or document beside it."""
    address, token = served
    done = subprocess.run(
        [
            PYTHON.with_name("schemathesis"), "run", f"{address}/openapi.json",
            "-H", f"Authorization: Bearer {token}", "-n", "30", "--seed", "1", "--request-timeout", "120",
            "--phases", "examples,coverage,fuzzing", "--no-color",
            "--checks", "not_a_server_error,status_code_conformance,content_type_conformance,"
            "response_schema_conformance",
        ],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr
    made, passed = map(int, re.search(r"(\d+) generated, (\d+) passed", done.stdout).groups())
    assert made == passed >= EXAMPLES
