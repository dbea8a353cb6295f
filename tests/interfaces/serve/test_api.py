"""The HTTP API against its own published contract, both ways: what is answered is described, and what is
described is answered. Figures are those of the commands, worked by hand in the tests of the page."""

import json
from pathlib import Path

import pytest

pytest.importorskip("starlette")

import steelyard
from builders import with_gains
from steelyard.api.serving import sample_text
from steelyard.interfaces.http.addresses import ROUTES
from steelyard.words import say

from .asking import TOKEN
from .programs import CONTRACT, DAY, Program

ROOT = Path(__file__).parents[3]


@pytest.fixture
def program(tmp_path):
    return Program(tmp_path)


def test_the_contract_names_every_address_and_no_other():
    said = {(method.upper(), path) for path, methods in CONTRACT["paths"].items() for method in methods} - {
        ("GET", "/openapi.json")
    }
    assert len(said) == len(ROUTES)
    for route in ROUTES:
        assert any(m == route.method and route.path.fullmatch(p) for m, p in said), route.path.pattern


def test_the_contract_is_served_without_a_token(program):
    answer = program.get("/openapi.json", authorization=None)
    assert answer.status == 200
    assert json.loads(answer.body) == CONTRACT


@pytest.mark.parametrize(
    "shown", [None, "Bearer", "Bearer wrong", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x"]
)
@pytest.mark.parametrize("path", ["/v1/portfolios", "/v1/plans", "/v1/nothing"])
def test_nobody_is_answered_without_the_token(program, shown, path):
    for method in ("GET", "POST"):
        headers = {"authorization": shown, "sec-fetch-site": "same-origin"}
        answer = program.ask(method, path, headers)
        assert answer.status == 401
        assert answer.header("www-authenticate") == "Bearer"
        assert b"VOO" not in answer.body


def test_the_session_of_a_browser_opens_no_api(tmp_path):
    """A page that is open in a browser must not be a way to the API: a script of it has no token."""
    from .asking import Browser

    (tmp_path / "portfolio.toml").write_text(sample_text(), encoding="utf-8")
    assert Browser(tmp_path / "portfolio.toml").get("/v1/portfolios").status == 401


@pytest.mark.parametrize(
    "headers", [{"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}, {"origin": "null"}]
)
def test_a_token_helps_no_foreign_page(program, headers):
    assert program.post("/v1/plans", {}, **headers).status == 403


def test_what_the_commands_answer_the_api_answers(program):
    """48 % against 40 % of 10,000,000 won: `check --json` of the sample."""
    (found,) = program.get("/v1/portfolios").document["portfolios"]
    assert (found["id"], found["base_currency"]) == ("portfolio", "KRW")
    assert found["targets"]["VOO"] == "0.4"
    checked = program.get("/v1/portfolios/portfolio/check").document
    assert checked == steelyard.check(steelyard.load(program.file), as_of=DAY).to_dict()
    assert checked["total_value"] == "10000000"
    assert program.get("/v1/portfolios/portfolio/check?as_of=2027-01-04").document["as_of"] == "2027-01-04"
    assert program.get("/v1/portfolios/portfolio/holdings").document["total_value"] == "10000000"
    assert program.get("/v1/models").document["models"]
    assert program.get("/v1/orders").document["orders"] == []


def test_the_tax_of_the_year_and_what_is_worth_harvesting(tmp_path):
    program = Program(tmp_path, with_gains())
    assert program.get("/v1/portfolios/portfolio/tax").document["schema"] == "steelyard/tax/1"
    assert program.get("/v1/portfolios/portfolio/harvest").document["schema"] == "steelyard/harvest/1"


def test_a_plan_has_the_hash_of_what_it_holds_and_does_not_change(program):
    """As by hand for the page: sell 1 VOO; 590,000 of purchases; 1,190 of costs."""
    made = program.post("/v1/plans", {})
    assert made.status == 201
    assert made.document["plan"]["costs"] == "1190"
    again = program.post("/v1/plans", {"kind": "rebalance"})
    assert again.document["id"] == made.document["id"]
    assert made.header("location") == f"/v1/plans/{made.document['id']}"
    kept = program.get(made.header("location")).document
    assert kept["id"] == made.document["id"]
    assert [t["symbol"] for t in kept["content"]["trades"]] == ["VOO", "069500", "TLT", "GLD"]
    assert kept["approved_by"] == []
    assert "inputs" not in kept["content"]
    other = program.post("/v1/plans", {"kind": "invest", "amount": "1000000"})
    assert other.document["id"] != made.document["id"]
    assert {t["side"] for t in other.document["plan"]["trades"]} == {"buy"}
    out = program.post("/v1/plans", {"kind": "withdraw", "amount": "500000", "account": "main"})
    assert {t["side"] for t in out.document["plan"]["trades"]} == {"sell"}


def test_the_same_key_has_its_effect_once(program):
    first = program.post("/v1/plans", {"kind": "invest", "amount": "1000000"}, key="once")
    assert program.post("/v1/plans", {"kind": "invest", "amount": "1000000"}, key="once").body == first.body
    other = program.post("/v1/plans", {"kind": "invest", "amount": "2000000"}, key="once")
    assert (other.status, other.document["code"]) == (422, "idempotency-key-reused")
    assert program.post("/v1/plans", {}, key="").status == 400
    assert program.post("/v1/plans", {}, key="x" * 201).status == 400


def test_a_key_whose_first_request_goes_on_is_told_so(program, monkeypatch):
    during = []

    def slow(*args, **asked):
        during.append(program.post("/v1/plans", {}, key="slow"))
        raise steelyard.errors.PlanError(
            "no-plan", say("selling is not allowed"), say("allow selling (drop --no-sell)")
        )

    monkeypatch.setattr(steelyard, "plan", slow)
    assert program.post("/v1/plans", {}, key="slow").status == 409
    assert (during[0].status, during[0].document["code"]) == (409, "idempotency-key-running")
    monkeypatch.undo()
    assert program.post("/v1/plans", {}, key="slow").status == 201  # no plan is no answer to keep


def test_a_plan_is_approved_by_its_hash_and_only_where_orders_are_on(tmp_path):
    off = Program(tmp_path)
    plan = off.post("/v1/plans", {}).document["id"]
    refused = off.post(f"/v1/plans/{plan}/approval", {"plan": plan})
    assert (refused.status, refused.document["code"]) == (403, "orders-off")
    on = Program(tmp_path, orders=True)
    assert on.post(f"/v1/plans/{plan}/approval", {"plan": plan[:12]}).status == 422
    assert on.post(f"/v1/plans/{plan}/approval", {}).status == 422
    assert on.post(f"/v1/plans/{'0' * 64}/approval", {"plan": "0" * 64}).status == 404
    assert len(on.post(f"/v1/plans/{plan}/approval", {"plan": plan}).document["approved_by"]) == 1
    assert on.get("/v1/orders").document["orders"] == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "bad-json"), (b"{", 400, "bad-json"), (b"[]", 400, "bad-json"),
        (b"null", 400, "bad-json"),
        (b"\xff", 400, "bad-json"), (b"[" * 60000, 400, "bad-json"), (b'{"amount": 1.5}', 400, "bad-json"),
        (b'{"amount": NaN}', 400, "bad-json"), (b'{"amount": 1000000}', 422, "field"),
        (b'{"buy": "no"}', 422, "field"),
        (b'{"kind": "sell all"}', 422, "field"), (b'{"nothing": 1}', 422, "field"),
        (b'{"kind": "withdraw"}', 422, "field"),
        (b'{"kind": "invest", "max_tax": "0"}', 422, "field"), (b'{"amount": "three"}', 422, "amount"),
        (b'{"as_of": "23/11"}', 422, "date"),
        (b'{"account": "elsewhere", "amount": "5"}', 422, "unknown-account"),
        (b'{"portfolio": "other"}', 404, "no-portfolio"), (b'{"sell": "much"}', 422, None),
        (b'{"kind": "withdraw", "amount": "99000000"}', 409, "not-enough"),
        (b'{"objective": "best"}', 422, "objective"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_request_is_a_problem_with_a_code(program, body, status, code):
    answer = program.post("/v1/plans", body)
    assert answer.status == status
    assert answer.document["status"] == status
    assert code in (None, answer.document["code"])
    assert not program.file.with_name("steelyard.db").exists()


def test_other_addresses_methods_and_bodies_are_refused(program):
    assert program.get("/v1/nothing").document["code"] == "no-address"
    assert program.get("/v1/portfolios/other/check").document["code"] == "no-portfolio"
    assert program.get("/v1/portfolios/portfolio/check?asof=2026-11-23").status == 422
    assert program.get("/v1/portfolios/portfolio/check?as_of=yesterday").document["code"] == "date"
    assert program.post("/v1/portfolios", {}).status == 405
    assert program.get("/v1/plans").header("allow") == "POST"
    assert program.get(f"/v1/plans/{'0' * 64}").status == 404
    assert program.get("/v1/plans/latest").status == 404
    assert program.post("/v1/plans", {}, **{"content-type": "text/plain"}).status == 415
    assert program.post("/v1/plans", b"{" + b" " * 70000 + b"}").status == 413


def test_the_problems_of_a_file_come_all_at_once_and_in_the_language_asked_for(tmp_path):
    text = sample_text().replace('VOO = "40%"', 'VOO = "41%"').replace('shares = "20"', 'shares = "-20"')
    program = Program(tmp_path, text)
    english = program.get("/v1/portfolios")
    assert english.status == 422
    assert {p["code"] for p in english.document["problems"]} == {"negative", "target-sum"}
    korean = program.get("/v1/portfolios", **{"accept-language": "ko-KR"}).document
    assert korean["code"] == english.document["code"]
    assert korean["detail"] != english.document["detail"]


def test_a_mistake_of_the_program_is_a_problem_without_a_trace(program, monkeypatch, capsys):
    monkeypatch.setattr(steelyard, "check", lambda *a, **k: 1 / 0)
    answer = program.get("/v1/portfolios/portfolio/check")
    assert (answer.status, answer.document["code"]) == (500, "bug")
    assert "ZeroDivision" not in answer.text
    assert "ZeroDivision" in capsys.readouterr().err


def test_nothing_is_sent_by_any_address():
    """Orders go out by `execute`, which no address calls."""
    for module in (ROOT / "src/steelyard/interfaces/http").glob("*.py"):
        text = module.read_text(encoding="utf-8")
        assert "execute(" not in text
        assert "steelyard.arm" not in text
