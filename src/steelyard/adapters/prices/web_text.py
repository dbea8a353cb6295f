"""Asking a price source for a text over HTTPS: one request, one deadline, one kind of failure.

httpx2 is imported when something is asked; it knows the proxy and the authorities of the environment
(HTTPS_PROXY, SSL_CERT_FILE).
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping

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
        timeout_seconds: For connecting, for each part of the answer, and for the whole of it.
        encoding: Of the body; what does not fit is replaced.
        take: Statuses whose body says something; redirects are never followed.

    Raises:
        DataError: Nobody answered in time (`price-source`), or with another status, or with too much.
    """
    import httpx2

    def failed(why: str) -> DataError:
        return DataError(
            "price-source", say("{source} failed: {why}", source=source, why=why), say("try again later")
        )

    deadline = time.monotonic() + timeout_seconds
    body = bytearray()
    agent = {"User-Agent": "Mozilla/5.0 (compatible; steelyard)"}
    try:
        with (
            httpx2.Client(timeout=timeout_seconds, headers=agent) as client,
            client.stream("GET", url, params=dict(query)) as answer,
        ):
            if answer.status_code not in take:
                raise failed(say("it answers with status {status_code}", status_code=answer.status_code))
            for part in answer.iter_bytes():
                body += part
                if len(body) > LARGEST:
                    raise failed(say("its answer does not end"))
                if time.monotonic() > deadline:
                    raise failed(
                        say(
                            "its answer takes longer than {timeout_seconds:g} seconds",
                            timeout_seconds=timeout_seconds,
                        )
                    )
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise failed(type(error).__name__) from None
    return body.decode(encoding, errors="replace")
