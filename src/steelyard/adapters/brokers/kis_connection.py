"""The wire to Korea Investment & Securities (KIS): token, headers, pages, pace, and what an answer means.

A token lasts a day and each new one sends its owner a message, so it is kept on disk, readable by the
owner alone. A gateway code (EGW...) says an order never reached the trading system; anything unclear is
`NoAnswer`. No live call was made while this was written.

Source: github.com/koreainvestment/open-trading-api (field names, paths and transaction ids).
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from steelyard.adapters.brokers.wire import SECONDS, BrokerWire, without
from steelyard.adapters.machine.private import write_private
from steelyard.adapters.machine.web_answers import read_json
from steelyard.errors import NoAnswer, OrderNotTaken, ServiceError
from steelyard.words import say

HOSTS = {
    "paper": "https://openapivts.koreainvestment.com:29443",
    "live": "https://openapi.koreainvestment.com:9443",
}
PACE = {"paper": 0.6, "live": 0.06}
"""Least seconds between calls."""
PAGES = 50
LONGEST = 40 * 86_400
"""Seconds that a token may last; the manual says a day."""
_TOKEN = re.compile(r"[!-~]{1,4000}")
"""It goes into a header."""
TOO_FAST = "EGW00201"
"""Too many calls within a second."""
NO_TOKEN_YET = "EGW00133"
"""A token was given less than a minute ago; there is one a minute."""
WINDOWS = {TOO_FAST: 1.0, NO_TOKEN_YET: 60.0}
"""Seconds after which the gateway takes the next call, by what it answered.

Source: KIS Developers, error codes of the gateway (calls a second, one access token a minute).
"""
_TOKEN_CODES = ("EGW00121", "EGW00123")
_TRIES = 4


class KisConnection:
    """Calls of one app key at KIS."""

    def __init__(
        self,
        mode: str,
        key: str,
        secret: str,
        token_file: Path,
        *,
        now: Callable[[], datetime],
        wait: Callable[[float], None] = time.sleep,
        loopback: str | None = None,
        seconds: float = SECONDS,
    ) -> None:
        """Prepare the connection; nothing is asked yet.

        Args:
            mode: `paper` or `live`.
            key, secret: Of the app.
            token_file: Where the token is kept, with rights 0600.
            now: The time, with its zone.
            wait: Waits so many seconds.
            loopback: Address of a stand-in on this machine, for tests.
            seconds: Time limit of a call, see `broker_wire`.

        Raises:
            InputError: The mode or the loopback address is not allowed.
        """
        self._wire = BrokerWire("KIS", HOSTS, mode, loopback=loopback, seconds=seconds)
        self.mode = mode
        self._key, self._secret, self._file, self._now = key, secret, token_file, now
        self._wait = wait
        self._owner = hashlib.sha256(f"{mode} {key}".encode()).hexdigest()
        self._token = ""
        self._pace = 0.0 if loopback else PACE[mode]
        self._last = 0.0

    def close(self) -> None:
        """Close the connection."""
        self._wire.close()

    def pages(self, path: str, tr_id: str, query: Mapping[str, str], size: int) -> list[dict[str, Any]]:
        """Return every page of an inquiry. `size` (100 or 200) names its paging fields.

        Raises:
            ServiceError: It was refused, or nobody answered.
        """
        found: list[dict[str, Any]] = []
        keys = {f"CTX_AREA_FK{size}": "", f"CTX_AREA_NK{size}": ""}
        more = ""
        for _ in range(PAGES):
            answer, mark = self._inquire(path, tr_id, {**query, **keys}, more)
            found.append(answer)
            if mark not in ("M", "F"):
                return found
            keys = {k: str(answer.get(k.lower(), "")).strip() for k in keys}
            more = "N"
        raise NoAnswer(
            "broker-answer", say("KIS has more than {pages} pages", pages=PAGES), say("ask for fewer days")
        )

    def ask(self, path: str, tr_id: str, query: Mapping[str, str]) -> dict[str, Any]:
        """Return the answer of an inquiry that has one page."""
        return self._inquire(path, tr_id, query, "")[0]

    def order(self, path: str, tr_id: str, body: Mapping[str, str]) -> dict[str, Any]:
        """Send an order or a cancellation once; `rt_cd` of the answer tells whether it was taken.

        Raises:
            OrderNotTaken: The gateway did not let it through.
            NoAnswer: Nobody knows.
        """
        try:
            self._bearer(renew=False)
        except ServiceError as error:
            raise OrderNotTaken(error.code, error.message, error.hint) from None
        status, answer, _ = self._signed("POST", path, tr_id, "", body=body)
        code = str(answer.get("msg_cd", ""))
        if code.startswith("EGW"):
            raise OrderNotTaken(
                "broker-busy", say("KIS answered {what}", what=code), say("try again in a minute")
            )
        if status != 200 or "rt_cd" not in answer:
            raise NoAnswer("broker-silent", say("KIS answered {what}", what=status), say("ask again later"))
        return answer

    def _inquire(
        self, path: str, tr_id: str, query: Mapping[str, str], more: str
    ) -> tuple[dict[str, Any], str]:
        for attempt in range(_TRIES):
            status, answer, mark = self._signed("GET", path, tr_id, more, query=query)
            if answer.get("msg_cd") == TOO_FAST:
                if attempt == _TRIES - 1:
                    raise _busy(TOO_FAST)
                self._wait(WINDOWS[TOO_FAST])
                continue
            if status != 200 or answer.get("rt_cd") != "0":
                text = say(
                    "KIS answered {what}",
                    what=f"{status} {answer.get('msg_cd', '')} {answer.get('msg1', '')}".strip(),
                )
                raise ServiceError(
                    "broker-refused", text, say("check the keys and the account, then try again")
                )
            return answer, mark
        raise AssertionError("unreachable")

    def _signed(
        self,
        method: str,
        path: str,
        tr_id: str,
        more: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, str] | None = None,
    ) -> tuple[int, dict[str, Any], str]:
        """Call with a token; one that the gateway calls expired is renewed once."""
        for renewed in (False, True):
            headers = {
                "authorization": f"Bearer {self._bearer(renew=renewed)}",
                "appkey": self._key,
                "appsecret": self._secret,
                "tr_id": tr_id,
                "tr_cont": more,
                "custtype": "P",
            }
            status, answer, mark = self._call(method, path, headers, query, body)
            if answer.get("msg_cd") not in _TOKEN_CODES:
                break
        return status, answer, mark

    def _bearer(self, *, renew: bool) -> str:
        if self._token and not renew:
            return self._token
        kept = {} if renew else self._kept()
        if not kept:
            body = {"grant_type": "client_credentials", "appkey": self._key, "appsecret": self._secret}
            # An order that gets no token has not left this machine.
            try:
                status, answer = self._new_token(body)
            except NoAnswer as error:
                raise OrderNotTaken(error.code, error.message, error.hint) from None
            token, seconds = answer.get("access_token"), answer.get("expires_in")
            if (
                status != 200
                or not (isinstance(token, str) and _TOKEN.fullmatch(token))
                or not (isinstance(seconds, int | Decimal) and 0 < seconds <= LONGEST)
            ):
                text = say("KIS gave no token ({status})", status=status)
                raise OrderNotTaken("broker-refused", text, say("check the keys, then try again"))
            until = self._now() + timedelta(seconds=int(seconds))
            kept = {"owner": self._owner, "token": token, "until": until.astimezone(UTC).isoformat()}
            self._keep(kept)
        self._token = kept["token"]
        return self._token

    def _new_token(self, body: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        """Ask for a token, and once more after the gateway's own window when it is too early.

        Raises:
            OrderNotTaken: It is busy still.
        """
        for last in (False, True):
            status, answer, _ = self._call("POST", "/oauth2/tokenP", {}, None, body)
            code = str(answer.get("error_code") or answer.get("msg_cd") or "")
            if code not in WINDOWS:
                break
            if last:
                raise _busy(code)
            self._wait(WINDOWS[code])
        return status, answer

    def _kept(self) -> dict[str, str]:
        try:
            kept = json.loads(self._file.read_text(encoding="utf-8"))
            good = kept["owner"] == self._owner and isinstance(kept["token"], str)
            left = datetime.fromisoformat(kept["until"]) - self._now()
        except (OSError, ValueError, KeyError, TypeError):
            return {}
        return kept if good and left > timedelta(minutes=10) else {}

    def _keep(self, kept: Mapping[str, str]) -> None:
        try:
            write_private(self._file, json.dumps(dict(kept)))
        except OSError as error:
            text = say(
                "the token cannot be kept: {file}: {strerror}", file=self._file, strerror=error.strerror
            )
            raise ServiceError("broker-token", text, say("check the rights of the folder")) from None

    def _call(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        query: Mapping[str, str] | None,
        body: Mapping[str, str] | None,
    ) -> tuple[int, dict[str, Any], str]:
        time.sleep(max(0.0, self._last + self._pace - time.monotonic()))
        self._last = time.monotonic()
        status, raw, told = self._wire.call(method, path, headers=headers, query=query, body=body)
        mark = told.get("tr_cont", "").strip()
        try:
            answer = read_json(raw)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise NoAnswer(
                "broker-answer",
                say("the answer of KIS ({status}) is no JSON object", status=status),
                say("ask later"),
            )
        secrets = (self._key, self._secret, self._token, (query or body or {}).get("CANO", ""))
        answer |= {k: without(str(answer[k]), secrets) for k in ("msg_cd", "msg1") if k in answer}
        return status, answer, mark


def _busy(code: str) -> OrderNotTaken:
    """Return the error of a gateway that has too much to do: nothing is wrong with keys or account."""
    text = say("KIS is busy ({code}), also after {seconds:g} s", code=code, seconds=WINDOWS[code])
    return OrderNotTaken("broker-busy", text, say("try again in a minute"))
