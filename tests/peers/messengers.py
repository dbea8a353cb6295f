"""Telegram, Slack and Discord as their documentation describes their answers.

Sources: core.telegram.org/bots/api (making requests, sendMessage, sendPhoto), docs.slack.dev (sending
messages with incoming webhooks, handling errors), docs.discord.com (execute webhook, rate limits).
"""

import json
from itertools import count

from peers.proxy import Asked, Reply

TELEGRAM, SLACK, DISCORD = "api.telegram.org", "hooks.slack.com", "discord.com"
HOSTS = {"telegram": TELEGRAM, "slack": SLACK, "discord": DISCORD}
ADDRESSES = {
    "STEELYARD_NOTIFY_TELEGRAM": "tgram://123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsawX/987654321/",
    "STEELYARD_NOTIFY_SLACK": "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/",
    "STEELYARD_NOTIFY_DISCORD": "discord://400000000000000001/4K4nN-gxFyk3wBAbSOmeS3cretT0ken/",
}
_REFUSALS = {
    TELEGRAM: {
        401: {"ok": False, "error_code": 401, "description": "Unauthorized"},
        404: {"ok": False, "error_code": 404, "description": "Not Found"},
        429: {
            "ok": False,
            "error_code": 429,
            "description": "Too Many Requests: retry after 7",
            "parameters": {"retry_after": 7},
        },
    },
    SLACK: {401: "invalid_token", 404: "no_service", 429: "rate_limited"},
    DISCORD: {
        401: {"message": "Invalid Webhook Token", "code": 50027},
        404: {"message": "Unknown Webhook", "code": 10015},
        429: {"message": "You are being rate limited.", "retry_after": 1.5, "global": False},
    },
}


class Messenger:
    """One of the three.

    Attributes:
        plan: What becomes of the next requests: statuses, HANG or RESET; 200 when it is used up.
        taken: The messages it accepted, as text, pictures as `<picture of N bytes>`.
    """

    def __init__(self, host: str) -> None:
        self.host, self.plan, self.taken = host, [], []
        self._number = count(1)

    def __call__(self, asked: Asked) -> Reply:
        wish = self.plan.pop(0) if self.plan else 200
        if isinstance(wish, str):
            return Reply(trouble=wish)
        if wish != 200:
            return self._refused(wish)
        self.taken.append(_text(asked))
        if self.host == TELEGRAM:
            result = {"message_id": next(self._number), "chat": {"id": 987654321, "type": "private"}}
            return _json({"ok": True, "result": result})
        if self.host == SLACK:
            return Reply(200, b"ok", {"Content-Type": "text/html"})
        return Reply(204)

    def _refused(self, status: int) -> Reply:
        body = _REFUSALS[self.host].get(status, "<html>Bad Gateway</html>")
        after = {"Retry-After": "7"} if status == 429 else {}
        if isinstance(body, str):
            return Reply(status, body.encode(), {"Content-Type": "text/html", **after})
        return _json(body, status, after)


def _json(body: object, status: int = 200, headers: dict[str, str] | None = None) -> Reply:
    return Reply(status, json.dumps(body).encode(), {"Content-Type": "application/json", **(headers or {})})


def _text(asked: Asked) -> str:
    """Return what a reader of the message would see."""
    if "multipart" in asked.headers.get("Content-Type", ""):
        start = asked.body.find(b"\x89PNG\r\n\x1a\n")
        return "<no picture>" if start < 0 else f"<picture of {asked.body.find(b'IEND') + 8 - start} bytes>"
    body = json.loads(asked.body)
    for key in ("text", "content"):
        if body.get(key):
            return body[key]
    return json.dumps(body, ensure_ascii=False)
