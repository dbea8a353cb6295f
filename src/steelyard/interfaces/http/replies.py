"""A call and its reply as plain values, and problems as RFC 9457 writes them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from steelyard.domain.money import figure
from steelyard.errors import DataError, InputError, PlanError, PortfolioProblems, ServiceError, SteelyardError
from steelyard.records import dataclass, field
from steelyard.words import Language, Text, render, say

JSON = "application/json"
PROBLEM = "application/problem+json"
_STATUSES: dict[type[SteelyardError], int] = {
    InputError: 422,
    DataError: 409,
    PlanError: 409,
    ServiceError: 502,
}


@dataclass(frozen=True, slots=True)
class Call:
    """What a program asks.

    Attributes:
        method: GET or POST.
        path: Decoded, from `/v1` on.
        query: The last of each name.
        headers: Names in lower case.
        body: As it came.
        language: What messages are said in.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    language: Language


@dataclass(frozen=True, slots=True)
class Reply:
    """What it is answered: a status, a JSON document and headers beside the usual."""

    status: int
    document: Any
    headers: Mapping[str, str] = field(default_factory=dict)
    kind: str = JSON

    def body(self, language: Language) -> bytes:
        """Return the document as bytes, its messages in a language, its figures as decimal text."""
        if self.status == 204:
            return b""
        return json.dumps(told(self.document, language), ensure_ascii=False, default=_figure).encode()


class Trouble(Exception):
    """A call that cannot be answered, with its status and code."""

    def __init__(self, status: int, code: str, text: str, hint: str, **headers: str) -> None:
        super().__init__(text)
        self.status, self.code, self.text, self.hint = status, code, text, hint
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    @property
    def reply(self) -> Reply:
        """The problem as a document."""
        return _problem(self.status, self.code, self.text, self.hint, (), self.headers)


def status_of(error: SteelyardError) -> int:
    """Return the status of an error: what was asked is wrong, what it rests on is, or a service is."""
    if isinstance(error, PortfolioProblems) and error.status == DataError.exit_status:
        return _STATUSES[DataError]
    return next((status for family, status in _STATUSES.items() if isinstance(error, family)), 500)


def refused(error: SteelyardError) -> Reply:
    """Return the problem document of an error of the library, every problem of a file in it."""
    problems = [
        {"code": p.code, "text": p.message, "hint": p.hint, "file": p.file, "line": p.line, "key": p.key}
        for p in error.problems
    ]
    first = error.problems[0]
    return _problem(status_of(error), first.code, first.message, first.hint, problems)


def broken() -> Reply:
    """Return the problem document of a mistake of the program."""
    return Trouble(500, "bug", say("This is a mistake of the program."), say("report it")).reply


def _problem(
    status: int, code: str, text: str, hint: str, problems: Any, headers: Mapping[str, str] | None = None
) -> Reply:
    document = {
        "type": f"urn:steelyard:{code}",
        "title": code,
        "status": status,
        "detail": text,
        "code": code,
        "hint": hint,
        "problems": list(problems),
    }
    return Reply(status, document, headers or {}, PROBLEM)


def told(document: Any, language: Language) -> Any:
    """Return a document with every message in it in a language; codes and figures stay."""
    if isinstance(document, Text):
        return render(document, language)
    if isinstance(document, Mapping):
        return {key: told(value, language) for key, value in document.items()}
    if isinstance(document, list | tuple):
        return [told(value, language) for value in document]
    return document


def _figure(value: Any) -> str:
    return figure(value) if isinstance(value, Decimal) else str(value)
