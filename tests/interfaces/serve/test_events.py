"""Events: ids that sort by time and outlive a restart, taken up again, and signed when they are sent."""

import json

import pytest

pytest.importorskip("starlette")

import steelyard
from steelyard.api.serving import note_taken, webhook_secret, webhook_taken
from steelyard.errors import InputError
from steelyard.interfaces.http.feed import Feed, line_of
from steelyard.interfaces.http.ulids import Ulids, is_ulid, ulid
from steelyard.interfaces.http.webhooks import WAITS, Webhooks, need_address, signature

from .programs import Program


def test_an_id_is_a_ulid_as_the_specification_shows_it():
    """The first ten letters of the specification's example, 01ARZ3NDEK..., are 1469922850259."""
    assert ulid(1469922850259, 0)[:10] == "01ARZ3NDEK"
    assert ulid(2**48 - 1, 2**80 - 1) == "7" + "Z" * 25
    assert is_ulid("01ARZ3NDEKTSV4RRFFQ69G5FAV")
    assert not any(
        map(is_ulid, ("", "8" + "Z" * 25, "01ARZ3NDEKTSV4RRFFQ69G5FAU", "01arz3ndektsv4rrffq69g5fav"))
    )
    made = [Ulids().new() for _ in range(1)]
    source = Ulids()
    made = [source.new() for _ in range(1000)]
    assert made == sorted(set(made))


@pytest.fixture
def program(tmp_path):
    return Program(tmp_path, orders=True)


def test_what_happened_is_told_whole_and_can_be_taken_up_again(program):
    plan = program.post("/v1/plans", {}).document["id"]
    first = program.get("/v1/events").document
    assert [e["type"] for e in first["events"]] == ["plan.saved"]
    assert first["events"][0]["plan"]["id"] == plan
    program.post(f"/v1/plans/{plan}/approval", {"plan": plan})
    steelyard.halt(program.file, "enough")  # by another process, as the command does
    then = program.get(f"/v1/events?since_id={first['last_id']}").document
    assert [e["type"] for e in then["events"][:2]] == ["plan.approved", "trading.halted"]
    assert then["events"][0]["plan"]["approved_by"] != []
    assert then["events"][1]["halted"] == "enough"
    again = program.get("/v1/events", **{"last-event-id": then["events"][0]["id"]}).document
    assert again["events"] == then["events"][1:]
    assert program.get(f"/v1/events?since_id={then['last_id']}").document["events"] == []
    assert program.get("/v1/events?since_id=yesterday").status == 422


def test_a_server_that_was_started_anew_gives_the_same_ids(program):
    for amount in ("1000000", "2000000", "3000000"):
        program.post("/v1/plans", {"kind": "invest", "amount": amount})
    before = [e["id"] for e in program.get("/v1/events").document["events"]]
    after = Feed({"portfolio": program.file})
    assert [e.id for e in after.after("")] == before == sorted(before)
    assert len(before) == 3
    assert after.last_id() == before[-1]


def test_a_line_of_a_stream_has_an_id_a_name_and_one_line_of_data(program):
    program.post("/v1/plans", {})
    (event,) = Feed({"portfolio": program.file}).after("")
    lines = line_of(event).split("\n")
    assert lines[0] == f"id: {event.id}"
    assert lines[1] == "event: plan.saved"
    assert json.loads(lines[2].removeprefix("data: "))["id"] == event.id
    assert lines[3:] == ["", ""]


def test_a_signature_is_that_of_the_specification():
    """The example of the Standard Webhooks specification and of its libraries' own tests."""
    secret, seconds = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", 1614265330
    found = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", seconds, b'{"test": 2432232314}')
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


class Receiver:
    """An address of somebody's, which answers as it is told to."""

    def __init__(self, *statuses):
        self.statuses, self.got = list(statuses), []

    def __call__(self, headers, body):
        self.got.append((headers, json.loads(body)))
        status = self.statuses.pop(0) if self.statuses else 200
        want = signature(SECRET, headers["webhook-id"], int(headers["webhook-timestamp"]), body)
        assert headers["webhook-signature"] == want
        return status


SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_an_event_is_sent_until_it_is_taken_and_in_order(program):
    for amount in ("1000000", "2000000"):
        program.post("/v1/plans", {"kind": "invest", "amount": amount})
    receiver, taken = Receiver(0, 500, 200, 302, 200), []
    hooks = Webhooks(Feed({"portfolio": program.file}), SECRET, "", receiver, taken.append)
    assert [hooks.step() for _ in range(4)] == [WAITS[0], WAITS[1], WAITS[0], 1.0]
    ids = [headers["webhook-id"] for headers, _ in receiver.got]
    assert ids == [ids[0]] * 3 + [ids[3]] * 2
    assert taken == sorted({*ids})
    assert hooks.step() == 1.0
    assert len(receiver.got) == 5
    assert receiver.got[0][1]["plan"]["content"]["trades"]


def test_a_receiver_that_is_gone_is_sent_nothing_more(program):
    program.post("/v1/plans", {})
    receiver = Receiver(410)
    hooks = Webhooks(Feed({"portfolio": program.file}), SECRET, "", receiver, lambda event: None)
    hooks.start()
    hooks._ends.wait(5)
    assert hooks._ends.is_set()
    assert len(receiver.got) == 1


def test_the_secret_is_its_owners_alone_and_the_last_event_is_remembered(tmp_path):
    file = tmp_path / "portfolio.toml"
    secret = webhook_secret(file)
    assert secret.startswith("whsec_")
    assert webhook_secret(file) == secret
    assert (tmp_path / ".steelyard-webhook-secret").stat().st_mode & 0o777 == 0o600
    assert webhook_taken(file) == ""
    note_taken(file, "01ARZ3NDEKTSV4RRFFQ69G5FAV")
    assert webhook_taken(file) == "01ARZ3NDEKTSV4RRFFQ69G5FAV"


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/",
        "ftp://example.org",
        "example.org",
        "",
        "https://",
        "http://[::1",
        "http://127.0.0.1.evil.org/",
    ],
)
def test_events_leave_this_machine_only_encrypted(url):
    with pytest.raises(InputError):
        need_address(url)


def test_an_address_of_this_machine_or_an_encrypted_one_is_taken():
    for url in ("https://example.org/hook", "http://127.0.0.1:9000/hook", "http://localhost/hook"):
        need_address(url)
