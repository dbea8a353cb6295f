"""The tool that carries a plan out: only where it is allowed, only what a person approved, once and in time.

Brokers are on paper. Who attacks is a model that does what a text tells it, and calls it with anything.
"""

import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

pytest.importorskip("mcp.server.lowlevel")

import anyio
from mcp.client import Client

import steelyard
from steelyard.api.serving import order_state, sample_text
from steelyard.interfaces.http.leave import Leave
from steelyard.interfaces.mcp import orders
from steelyard.interfaces.mcp.server import server
from steelyard.interfaces.mcp.shelf import Shelf
from whole_commands import dated

MAIN = "from steelyard.interfaces.cli.main import main; main()"


@pytest.fixture
def file(tmp_path):
    found = tmp_path / "portfolio.toml"
    found.write_text(dated(sample_text()), encoding="utf-8")
    return found


def saved(file):
    portfolio = steelyard.load(file)
    return steelyard.save_plan(file, portfolio, steelyard.plan(portfolio)).id


def talk(file, *plans, minutes=60, between=lambda n: None):
    """What is answered to `execute_plan` for each plan, one after the other, by one server."""

    async def run():
        shelf = Shelf(file, orders=Leave(minutes))
        async with Client(server(shelf, can_send=True)) as client:
            found = []
            for number, plan in enumerate(plans):
                between(number)
                found.append(await client.call_tool("execute_plan", {"plan": plan}))
            return found

    return anyio.run(run)


def sent(file):
    return [o for o in order_state(file).orders if o.sent_at is not None]


def test_the_tool_is_not_there_unless_it_is_asked_for_and_says_what_it_does(file):
    async def run(can_send):
        async with Client(server(Shelf(file, orders=Leave(60)), can_send=can_send)) as client:
            return {tool.name: tool for tool in (await client.list_tools()).tools}

    assert "execute_plan" not in anyio.run(run, False)
    tool = anyio.run(run, True)["execute_plan"]
    assert tool.annotations.read_only_hint is False
    assert tool.annotations.destructive_hint is True
    assert set(tool.input_schema["properties"]) == {"plan"}  # no consent can be said in a call


def test_what_nobody_approved_is_refused_and_nothing_is_sent(file):
    plan = saved(file)
    for answer, code in zip(
        talk(file, plan, plan[:12], "latest", "0" * 64), ("not-approved", *["unknown-plan"] * 3), strict=True
    ):
        assert answer.is_error
        assert answer.content[0].text.startswith(code)
    assert sent(file) == []


def test_an_approved_plan_is_carried_out_once(file):
    """The paper broker fills at once; the second call meets a used approval, a third after another one a plan
    that is over."""
    plan = saved(file)
    steelyard.approve(file, plan, who="min")
    first, second, third = talk(
        file, plan, plan, plan, between=lambda n: steelyard.approve(file, plan, who="min") if n == 2 else None
    )
    assert not first.is_error, first.content[0].text
    assert first.structured_content["outcome"] == "done"
    assert first.structured_content["live"] is True
    assert second.is_error
    assert second.content[0].text.startswith("not-approved")
    assert third.is_error or third.structured_content["outcome"] != "done"
    assert len(sent(file)) == len({o.id for o in sent(file)}) == len(first.structured_content["orders"])


def test_another_server_does_not_use_an_approval_again(file):
    plan = saved(file)
    steelyard.approve(file, plan, who="min")
    (first,) = talk(file, plan)
    (other,) = talk(file, plan)
    assert first.structured_content["outcome"] == "done"
    assert other.is_error


def test_an_approval_and_the_leave_are_over_after_a_time(file, monkeypatch):
    plan = saved(file)
    steelyard.approve(file, plan, who="min")
    (off,) = talk(file, plan, minutes=0)
    assert off.content[0].text.startswith("orders-off")

    class Later(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + timedelta(minutes=61)

    monkeypatch.setattr(orders, "datetime", Later)
    (late,) = talk(file, plan)
    assert late.content[0].text.startswith("not-approved")
    assert sent(file) == []
    assert datetime.now(UTC) < Later.now(UTC)


def test_a_halt_stops_an_approved_plan(file):
    plan = saved(file)
    steelyard.approve(file, plan, who="min")
    steelyard.halt(file, "enough")
    (answer,) = talk(file, plan)
    assert answer.structured_content["outcome"] == "refused"
    assert sent(file) == []


@pytest.mark.long("starts a server that imports the SDK")
def test_the_tools_are_served_to_who_shows_the_token(tmp_path):
    """The SDK's own client over HTTP; without the token it is not answered."""
    import httpx2
    from mcp.client.streamable_http import streamable_http_client

    (tmp_path / "portfolio.toml").write_text(sample_text(), encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-c", MAIN, "serve", "--port", "0", "--as-of", "2026-11-23", "--lang", "en"],
        cwd=tmp_path, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        address = re.search(r"(http://\S+)/start", process.stderr.readline())[1] + "/mcp"
        token = (tmp_path / ".steelyard-page-token").read_text().strip()

        async def run():
            headers = {"Authorization": f"Bearer {token}"}
            async with (
                httpx2.AsyncClient(headers=headers, timeout=60) as http,
                Client(streamable_http_client(address, http_client=http)) as client,
            ):
                names = [tool.name for tool in (await client.list_tools()).tools]
                return names, await client.call_tool("check", {})

        names, answer = anyio.run(run)
        assert "execute_plan" not in names
        assert answer.structured_content["decision"]["due"] is True
        refused = httpx2.post(address, json={}, headers={"Authorization": "Bearer wrong"})
        assert refused.status_code == 401
        foreign = httpx2.post(
            address, json={}, headers={"Authorization": f"Bearer {token}", "Host": "evil.example"}
        )
        assert foreign.status_code == 421
    finally:
        process.terminate()
        process.wait(10)
