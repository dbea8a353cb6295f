"""Telegram, Slack and Discord by their real names, answered by a TLS proxy; mail by a real SMTP server.

The program runs as a process of its own and nothing in it is replaced: its environment names a proxy and an
authority, which is what any network with a proxy asks of it.
"""

import json
import socket
import sqlite3
from datetime import date
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller

from peers.messengers import ADDRESSES, HOSTS, Messenger
from peers.proxy import HANG, RESET, TlsProxy
from processes import run_command

# 8 x 600,000 = 4,800,000 is 48 % of 10,000,000, 8 points over a target of 40 %.
PORTFOLIO = """
base_currency = "KRW"
[targets]
VOO = "40%"
TLT = "60%"
[[accounts]]
name = "main"
positions = [
  { symbol = "VOO", shares = 8, price = "600000 KRW" },
  { symbol = "TLT", shares = 52, price = "100000 KRW" },
]
"""
LINE = "VOO: 48.0 % (target 40.0 %, 8.0 points over)"
EVERY = "every trouble of every service, five runs each"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "portfolio.toml").write_text(PORTFOLIO)
    (tmp_path / "automation.toml").write_text("[alerts]\npicture = false\n")
    return tmp_path


@pytest.fixture
def peers():
    return {host: Messenger(host) for host in HOSTS.values()}


@pytest.fixture
def proxy(tmp_path, peers):
    with TlsProxy(tmp_path, dict(peers)) as running:
        yield running
        assert running.strays == []


def run(folder, proxy, *words, **more):
    env = proxy.environment() | ADDRESSES | {"NO_COLOR": "1"} | more
    done = run_command(folder, *words, env=env)
    assert done.returncode != 1, done.stderr
    return done


def job(folder, proxy):
    return json.loads(run(folder, proxy, "run", "--if-due", "--json").stdout)


def query(folder, sql):
    connection = sqlite3.connect(folder / "steelyard.db", isolation_level=None)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def an_hour_later(folder):
    """Put every wait between two attempts behind us."""
    query(folder, "UPDATE deliveries SET next_at = '2020-01-01T00:00:00.000000Z' WHERE state = 'waiting'")


def test_the_alert_reaches_each_service_in_the_form_it_documents_and_once(folder, proxy, peers):
    report = job(folder, proxy)
    assert (report["alerts"], report["sent"], report["failed"]) == (["rebalance_due"], 3, 0)
    for peer in peers.values():
        (text,) = peer.taken
        assert LINE in text
        assert "buy" in text
    paths = {asked.host: asked.path for asked in proxy.asked}
    assert paths["api.telegram.org"].endswith("/sendMessage")
    assert paths["hooks.slack.com"].startswith("/services/T1JJ3T3L2/A1BRTD4JD/")
    assert paths["discord.com"].startswith("/api/webhooks/400000000000000001/")
    telegram = json.loads(proxy.of("api.telegram.org")[0].body)
    assert str(telegram["chat_id"]) == "987654321"
    assert job(folder, proxy)["sent"] == 0
    assert len(proxy.asked) == 3


QUICK = {("telegram", 502), ("discord", 429), ("slack", RESET)}
IN_TROUBLE = [
    pytest.param(service, trouble, marks=[] if (service, trouble) in QUICK else pytest.mark.long(EVERY))
    for service in HOSTS
    for trouble in (401, 404, 429, 502, HANG, RESET)
]


@pytest.mark.parametrize(("service", "trouble"), IN_TROUBLE)
def test_a_service_in_trouble_blocks_no_other_and_gets_its_message_later(
    folder, proxy, peers, service, trouble
):
    peer = peers[HOSTS[service]]
    # Its own library asks Discord a second time after a 429, which said that nothing was taken.
    peer.plan = [trouble] * (2 if (service, trouble) == ("discord", 429) else 1)
    report = job(folder, proxy)
    assert (report["sent"], report["failed"]) == (2, 1)
    states = dict(query(folder, "SELECT service, state FROM deliveries"))
    assert states == {name: "waiting" if name == service else "sent" for name in HOSTS}
    ((outcome, why),) = query(folder, f"SELECT outcome, detail FROM attempts WHERE service = '{service}'")
    unknown = trouble in (HANG, RESET)
    assert outcome == ("unknown" if unknown else "failed")
    assert "may have taken the message" in why if unknown else str(trouble) in why
    # Before its wait is over it is left alone.
    asked = len(proxy.asked)
    assert job(folder, proxy)["sent"] == 0
    assert len(proxy.asked) == asked
    an_hour_later(folder)
    assert job(folder, proxy)["sent"] == 1
    assert [len(p.taken) for p in peers.values()] == [1, 1, 1]
    ((state, attempts, detail),) = query(
        folder, f"SELECT state, attempts, detail FROM deliveries WHERE service = '{service}'"
    )
    assert (state, attempts) == ("sent", 2)
    assert ("twice" in detail) == unknown
    an_hour_later(folder)
    assert job(folder, proxy)["sent"] == 0


def test_a_service_that_stays_down_is_asked_ever_more_rarely_and_given_up(folder, proxy, peers):
    (folder / "automation.toml").write_text("[alerts]\nattempts = 3\npicture = false\n")
    peers["hooks.slack.com"].plan = [502] * 10
    waits = []
    for _ in range(5):
        job(folder, proxy)
        waits += query(
            folder,
            "SELECT round((julianday(d.next_at) - julianday(a.ended_at)) * 1440) FROM deliveries d"
            " JOIN attempts a USING (message, service) WHERE d.service = 'slack' AND d.state = 'waiting'"
            " AND a.number = d.attempts",
        )
        an_hour_later(folder)
    assert waits == [(5.0,), (10.0,)]
    assert query(folder, "SELECT state, attempts FROM deliveries WHERE service = 'slack'") == [
        ("given_up", 3)
    ]
    assert len(proxy.of("hooks.slack.com")) == 3
    shown = run(folder, proxy, "notify", "list").stdout
    assert "given up" in shown
    assert "502" in shown


def test_no_token_is_in_what_is_printed_or_kept(folder, proxy, peers):
    for peer in peers.values():
        peer.plan = [401, RESET, 502]
    said = ""
    for words in (("run",), ("notify", "test"), ("notify", "list", "--json"), ("doctor",)):
        done = run(folder, proxy, *words)
        said += done.stdout + done.stderr
    kept = b"".join(p.read_bytes() for p in folder.glob("steelyard.db*"))
    for token in ("AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsawX", "TIiajkdnlazkcOXrIdevi7FQ", "S3cretT0ken"):
        assert token not in said
        assert token.encode() not in kept


def test_the_picture_follows_the_text_where_the_service_takes_one(folder, proxy, peers):
    (folder / "automation.toml").unlink()
    assert job(folder, proxy)["sent"] == 3
    kinds = {
        host: ["picture" if t.startswith("<picture") else "text" for t in p.taken]
        for host, p in peers.items()
    }
    assert kinds == {
        "api.telegram.org": ["text", "picture"],
        "hooks.slack.com": ["text"],
        "discord.com": ["text", "picture"],
    }
    assert proxy.of("api.telegram.org")[1].path.endswith("/sendPhoto")


@pytest.mark.parametrize("trouble", [400, HANG])
def test_a_picture_that_is_not_taken_is_said_and_the_text_not_sent_again(folder, proxy, peers, trouble):
    (folder / "automation.toml").unlink()
    peers["api.telegram.org"].plan = [200, trouble]
    report = job(folder, proxy)
    assert (report["sent"], report["failed"]) == (3, 0)
    an_hour_later(folder)
    assert job(folder, proxy)["sent"] == 0
    assert [LINE in text for text in peers["api.telegram.org"].taken] == [True]
    assert "the picture was not taken" in run(folder, proxy, "notify", "list").stdout


class Mailbox:
    """Keeps what it is sent, unless told to refuse."""

    def __init__(self):
        self.got, self.answer = [], "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        if self.answer.startswith("2"):
            self.got.append(message_from_bytes(envelope.content, policy=policy.default))
        return self.answer


@pytest.fixture
def mailbox():
    box = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        box.port = free.getsockname()[1]
    server = Controller(box, hostname="127.0.0.1", port=box.port)
    server.start()
    yield box
    server.stop()


def test_mail_carries_the_alert_to_a_real_server_in_both_languages(folder, proxy, mailbox):
    address = f"mailto://127.0.0.1:{mailbox.port}?from=a@example.org&to=b@example.org&mode=insecure"
    (folder / "automation.toml").write_text('[alerts]\nlanguage = "ko"\n')
    mailbox.answer = "451 try later"
    report = json.loads(run(folder, proxy, "run", "--json", STEELYARD_NOTIFY_MAIL=address).stdout)
    assert (report["sent"], report["failed"]) == (3, 1)
    mailbox.answer = "250 OK"
    an_hour_later(folder)
    words = ("run", "--if-due", "--json")
    report = json.loads(run(folder, proxy, *words, STEELYARD_NOTIFY_MAIL=address).stdout)
    assert (report["sent"], report["failed"]) == (1, 0)
    (mail,) = mailbox.got
    assert mail["To"] == "b@example.org"
    assert mail["Subject"] == "리밸런싱 필요: portfolio.toml"
    (picture,) = mail.iter_attachments()
    assert picture.get_content_type() == "image/png"
    assert picture.get_content().startswith(b"\x89PNG")
    text = mail.get_body(("plain",)).get_content()
    assert "VOO: 48.0 % (목표 40.0 %, 8.0%p 초과)" in text
    assert str(date.today())[:4] in text
