"""Use case: put alerts into the outbox and send what waits there, one service never blocking another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from steelyard.domain.automation.alerts import Delivery, Message, must_tell, wait_after
from steelyard.domain.automation.quiet_hours import is_quiet
from steelyard.domain.automation.settings import AlertSettings
from steelyard.domain.money import ZERO
from steelyard.domain.shown import shown
from steelyard.errors import NoAnswer, ServiceError
from steelyard.records import dataclass
from steelyard.words import say

if TYPE_CHECKING:
    from steelyard.ports.automation import Notifier, Outbox
    from steelyard.ports.machine import Clock, Secrets


@dataclass(frozen=True, slots=True)
class Post:
    """What sending needs: where messages wait, who sends them where, and the owner's wishes."""

    outbox: Outbox
    notifier: Notifier
    secrets: Secrets
    clock: Clock
    settings: AlertSettings


@dataclass(frozen=True, slots=True)
class Sent:
    """How many messages went out, failed, and were put back after a killed run; `quiet` hours hold all."""

    sent: int = 0
    failed: int = 0
    recovered: int = 0
    quiet: bool = False


def tell(
    post: Post,
    portfolio: str,
    kind: str,
    facts: Mapping[str, str],
    *,
    as_of: date,
    key: str | None = None,
    level: Decimal = ZERO,
    draw: Callable[[], bytes | None] | None = None,
) -> bool:
    """Queue an alert unless this state was told already; say whether it was queued.

    Args:
        post: Where to.
        portfolio: Name of the portfolio file.
        kind: One of `automation.ALERT_KINDS`.
        facts: Placeholders of the text; `since` is added.
        as_of: Today.
        key: The state; the kind unless given.
        level: How bad it is, fraction.
        draw: Makes the picture, asked only when the state is told.
    """
    if kind not in post.settings.kinds:
        return False
    key = key or kind
    now = post.clock.now()
    earlier = post.outbox.told(portfolio, key)
    if not must_tell(earlier, level, now, post.settings):
        return False
    # Imported here: on most days nothing is told.
    from steelyard.app.automation.alert_texts import compose, record_line

    since = earlier.since if earlier else as_of
    facts = {"portfolio": portfolio, **facts, "since": str(since)}
    title, body = compose(kind, facts, post.settings)
    if (head := post.outbox.audit_head()) is not None:
        # Out of reach of whoever rewrites the database: `audit verify --head` compares with it.
        body = f"{body}\n\n{record_line(*head, post.settings)}"
    # A message outlives the process in the database, and goes to a service: no secret of another one.
    title, body = post.secrets.mask(title), post.secrets.mask(body)
    title, body = shown(title), shown(body, lines=True)
    message = Message(portfolio, kind, key, level, title, body, draw() if draw else None)
    post.outbox.queue(message, tuple(post.secrets.services()), now, since)
    return True


def deliver(post: Post) -> Sent:
    """Send what waits. What a service answered for is not sent twice, and nothing is lost.

    A process that was killed while a service was answering, or a service that never answered, leaves it
    open whether the message arrived: it is sent again, and the outbox says so.

    A service that fails is left alone for the rest of this call, so that one that hangs costs one
    timeout; its messages wait longer after every attempt, up to a day, and are given up after
    `attempts`.
    """
    recovered = post.outbox.recover(post.clock.now())
    if is_quiet(post.settings.quiet, post.settings.timezone, post.clock.now()):
        return Sent(recovered=recovered, quiet=True)
    waiting = post.outbox.waiting(post.clock.now())
    if not waiting:
        return Sent(recovered=recovered)
    addresses = post.secrets.services()
    failing: set[str] = set()
    sent = failed = 0
    for delivery in waiting:
        if delivery.service in failing:
            continue
        if _deliver(post, delivery, addresses.get(delivery.service)):
            sent += 1
        else:
            failed += 1
            failing.add(delivery.service)
    return Sent(sent, failed, recovered)


def _deliver(post: Post, delivery: Delivery, address: str | None) -> bool:
    post.outbox.start(delivery, post.clock.now())
    failure: str | None = None
    unanswered, note = False, ""
    if address is None:
        failure = say("the service has no address any more")
    else:
        try:
            note = post.notifier.send(address, delivery.title, delivery.body, delivery.picture)
        except ServiceError as error:
            failure, unanswered = post.secrets.mask(error.message), isinstance(error, NoAnswer)
    now = post.clock.now()
    attempts = delivery.attempts + 1
    again = failure is not None and attempts < post.settings.attempts
    next_at = now + wait_after(attempts) if again else None
    post.outbox.end(delivery, now, failure, next_at, unanswered=unanswered, note=post.secrets.mask(note))
    return failure is None
