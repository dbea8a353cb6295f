"""Apprise talks real HTTP and SMTP to services on this machine that accept, refuse, hang and hang up."""

import json
import socketserver

import pytest

import local_servers
from acceptance.webhook import webhook
from steelyard.adapters.alerts.apprise_notifier import AppriseNotifier
from steelyard.adapters.machine.secret_store import SecretStore
from steelyard.errors import ServiceError


@pytest.fixture
def service():
    with webhook() as server:
        yield server


def send(address, title="제목", body="VOO: 48.0 % (목표 40.0 %)"):
    AppriseNotifier(SecretStore({"STEELYARD_NOTIFY_A": address})).send(address, title, body)


def test_a_json_webhook_gets_title_and_body_as_they_are(service):
    send(f"json://127.0.0.1:{service.server_port}/x")
    path, body = service.got[0]
    assert path.startswith("/x")
    assert json.loads(body)["title"] == "제목"
    assert json.loads(body)["message"] == "VOO: 48.0 % (목표 40.0 %)"


def test_ntfy_gets_the_message_on_its_topic(service):
    send(f"ntfy://127.0.0.1:{service.server_port}/portfolio")
    assert "VOO: 48.0 %" in json.loads(service.got[0][1])["message"]


@pytest.mark.parametrize("status", [401, 404, 429, 502])
def test_a_refusal_is_an_error_that_names_the_status(service, status):
    service.answer = status
    with pytest.raises(ServiceError) as caught:
        send(f"json://127.0.0.1:{service.server_port}/")
    assert str(status) in caught.value.message
    assert len(service.got) == 1


def test_a_service_that_hangs_up_is_an_error(service):
    service.answer = "reset"
    with pytest.raises(ServiceError):
        send(f"json://127.0.0.1:{service.server_port}/")


def test_a_service_that_hangs_ends_in_an_error_and_not_in_waiting(service):
    service.answer = "hang"
    with pytest.raises(ServiceError):
        send(f"json://127.0.0.1:{service.server_port}/?rto=0.5")
    # The service is still holding the request: the sender gave up on its own.
    assert not service.over.is_set()


def test_nobody_listening_is_an_error():
    with pytest.raises(ServiceError):
        send("json://127.0.0.1:9/")


@pytest.mark.parametrize("address", ["nonsense", "nonsense://x", "slack://short", "tgram://no-token"])
def test_an_address_that_cannot_be_read_is_an_error_without_the_address(address):
    with pytest.raises(ServiceError) as caught:
        send(address)
    assert caught.value.code == "notify-address"
    assert address not in caught.value.message + caught.value.hint


class Mail(socketserver.StreamRequestHandler):
    """As much of SMTP (RFC 5321) as one message needs."""

    def handle(self):
        self.wfile.write(b"220 here\r\n")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                text = b""
                while (part := self.rfile.readline()) != b".\r\n":
                    text += part
                self.server.got.append(text)
                self.wfile.write(b"250 taken\r\n")
            elif word == b"RCPT":
                self.wfile.write(self.server.rcpt)
            elif word == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"250 fine\r\n")


@pytest.fixture
def mail():
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Mail)
    server.got, server.rcpt = [], b"250 fine\r\n"
    server.handle_error = lambda *_: None
    server.daemon_threads = True
    with local_servers.running(server):
        yield server


def mail_address(server):
    port = server.server_address[1]
    return f"mailto://127.0.0.1:{port}?from=a@example.org&to=b@example.org&mode=insecure"


def test_mail_is_handed_to_the_server(mail):
    send(mail_address(mail))
    assert b"To: " in mail.got[0]


def test_mail_that_the_server_refuses_is_an_error(mail):
    mail.rcpt = b"550 no such box\r\n"
    with pytest.raises(ServiceError):
        send(mail_address(mail))
    assert mail.got == []
