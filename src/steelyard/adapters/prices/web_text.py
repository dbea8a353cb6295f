"""Asking a price source for a text over HTTPS: one request, one deadline, one kind of failure.

Limits and redirects are those of every call to another machine (`adapters/machine/web.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import closing

from steelyard.adapters.machine.web_answers import Unanswered, Unreachable
from steelyard.errors import DataError
from steelyard.words import say

LARGEST = 8_000_000
"""No answer of a price source is nearly as long, in bytes; one that is would only fill the memory."""


def ask(
    source: str,
    url: str,
    query: Mapping[str, str],
    *,
    timeout_seconds: float,
    encoding: str = "utf-8",
    take: Collection[int] = (200,),
) -> str:
    """Return the body of an answer.

    Args:
        source: Who is asked, for messages.
        url, query: What is asked.
        timeout_seconds: For the whole of it.
        encoding: Of the body; what does not fit is replaced.
        take: Statuses whose body says something; redirects are never followed.

    Raises:
        DataError: Nobody answered in time (`price-source`), or with another status, or with too much.
    """

    def failed(why: str) -> DataError:
        return DataError(
            "price-source", say("{source} failed: {why}", source=source, why=why), say("try again later")
        )

    from steelyard.adapters.machine.web import Web

    agent = {"User-Agent": "Mozilla/5.0 (compatible; steelyard)"}
    with closing(Web(seconds=timeout_seconds, largest=LARGEST, headers=agent)) as web:
        try:
            answer = web.ask("GET", url, query=query)
        except (Unreachable, Unanswered) as error:
            raise failed(error.args[0]) from None
    if answer.status not in take:
        raise failed(say("it answers with status {status_code}", status_code=answer.status))
    return answer.body.decode(encoding, errors="replace")
