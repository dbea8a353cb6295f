"""What the page of a portfolio needs beside the reports that everybody has."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steelyard import bootstrap
from steelyard.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from steelyard.bootstrap.folder import Place
    from steelyard.domain.policy.policy_edit import PolicyEdit
    from steelyard.domain.trading.audit import Link
    from steelyard.domain.trading.orders import Order
    from steelyard.domain.trading.saved_plans import SavedPlan


@dataclass(frozen=True, slots=True)
class KeptPlan:
    """A saved plan and how far it is.

    Attributes:
        plan: What was saved.
        approved_by: Who approved the attempt that goes on or comes next.
        finished: Its last attempt is over.
    """

    plan: SavedPlan
    approved_by: frozenset[str]
    finished: bool


@dataclass(frozen=True, slots=True)
class OrderState:
    """What the order book of a portfolio file tells.

    Attributes:
        plans: Every saved plan, the newest first.
        orders: Every order, as it was last heard of.
        halted: Why everything is halted, empty when it is not.
    """

    plans: tuple[KeptPlan, ...]
    orders: tuple[Order, ...]
    halted: str


def order_state(path: Place) -> OrderState:
    """Return what the order book beside a portfolio file tells; no broker is asked, nothing is written."""
    with bootstrap.order_book_to_look_at(bootstrap.Folder.of(path)) as book:
        over = book.finished()
        found = [
            KeptPlan(plan, book.approvals(plan.id, book.attempt(plan.id)), plan.id in over)
            for plan in book.plans(datetime.min.replace(tzinfo=UTC))
        ]
        return OrderState(tuple(reversed(found)), tuple(book.orders(None)), book.halted())


def kept_plan(path: Place, plan_id: str) -> KeptPlan | None:
    """Return the saved plan of an id, written out; None where there is none."""
    return next((kept for kept in order_state(path).plans if kept.plan.id == plan_id), None)


@dataclass(frozen=True, slots=True)
class Happening:
    """One link of the audit record.

    Attributes:
        number: From 1.
        at: When, UTC, ISO 8601.
        kind: What happened, as the record calls it.
        plan: Id of the plan it belongs to, or empty.
        facts: What the record says of it.
        hash: Of the link.
    """

    number: int
    at: str
    kind: str
    plan: str
    facts: Mapping[str, Any]
    hash: str


def happenings(path: Place, after: int = 0) -> tuple[Happening, ...]:
    """Return what the audit record beside a portfolio file tells after a link; nothing is written.

    Args:
        path: The portfolio file.
        after: Number of the last link that is known, 0 for all.
    """
    folder = bootstrap.Folder.of(path)
    if not folder.database.is_file():
        return ()
    with bootstrap.order_book_to_look_at(folder) as book:
        return tuple(_happening(link) for link in book.links(after))


def _happening(link: Link) -> Happening:
    said = json.loads(link.text)
    return Happening(link.number, said["at"], said["kind"], said["plan"], said["body"], link.hash)


def paper_accounts(path: Place) -> frozenset[str]:
    """Return which accounts of a portfolio file are traded on paper: nothing leaves for a broker there.

    Raises:
        PortfolioProblems: The file, or execution.toml beside it, is wrong.
    """
    folder = bootstrap.Folder.of(path)
    return bootstrap.paper_accounts(folder, [a.name for a in bootstrap.portfolio(folder).accounts])


def file_columns(file: str | Path, name: str) -> tuple[list[str], list[list[str]]]:
    """Return the names of a CSV file's columns and its rows as they are, for whoever says what they mean.

    Args:
        file: What is read.
        name: What it is called in messages.

    Raises:
        PortfolioProblems: It is no text, or has no line of column names.
    """
    return bootstrap.file_columns(Path(file), name)


def policy_keys(path: Place) -> Mapping[str, str]:
    """Return what [policy] of a portfolio file says, key by key, as it is written.

    Raises:
        PortfolioProblems: The file cannot be read.
    """
    return bootstrap.policy_keys(bootstrap.Folder.of(path))


def new_policy(path: Place, wanted: Mapping[str, str]) -> PolicyEdit:
    """Return a portfolio file with some keys of its policy changed, to be looked at.

    Args:
        path: The portfolio file.
        wanted: By key, as somebody types it; empty for a key that is left out.

    Raises:
        PortfolioProblems: The file would have problems.
        InputError: The policy stands in it in a way that is not understood (`policy-layout`).
    """
    return bootstrap.edited_policy(bootstrap.Folder.of(path), wanted)


def write_policy(path: Place, edit: PolicyEdit) -> None:
    """Write the policy of a portfolio file as it was edited.

    Raises:
        InputError: The file was changed meanwhile (`file-changed`), or cannot be written (`unwritable`).
    """
    bootstrap.write_edited(bootstrap.Folder.of(path), edit)


def page_token(path: Place) -> str:
    """Return what programs show to the page of a portfolio file; kept beside it, for its owner alone.

    Args:
        path: The portfolio file.

    Raises:
        InputError: The file of the token cannot be used (`page-token`).
    """
    return bootstrap.page_token(bootstrap.Folder.of(path))


def webhook_secret(path: Place) -> str:
    """Return by what events of a portfolio file are signed; kept beside it, for its owner alone.

    Raises:
        InputError: Its file cannot be used (`page-token`).
    """
    return bootstrap.webhook_secret(bootstrap.Folder.of(path))


def webhook_taken(path: Place) -> str:
    """Return the id of the event that was taken last, empty where none was."""
    return bootstrap.webhook_taken(bootstrap.Folder.of(path))


def note_taken(path: Place, event_id: str) -> None:
    """Keep the id of the event that was taken last."""
    bootstrap.note_taken(bootstrap.Folder.of(path), event_id)


def models_of_clients(path: Place) -> dict[str, Any]:
    """Return what clients of the rebalancing addresses keep beside a portfolio file.

    Raises:
        InputError: Its file cannot be read (`models-of-clients`).
    """
    return bootstrap.models_of_clients(bootstrap.Folder.of(path))


def write_models_of_clients(path: Place, document: Mapping[str, Any]) -> None:
    """Keep what clients of the rebalancing addresses keep."""
    bootstrap.write_models_of_clients(bootstrap.Folder.of(path), document)


def send_signed(url: str, headers: Mapping[str, str], body: bytes) -> int:
    """Post a body as it is to an address of its owner's, and return the status; 0 where nobody answered."""
    return bootstrap.send_signed(url, headers, body)


def page_password(file: str | Path) -> str:
    """Return the password of a file that its owner alone may read.

    Raises:
        InputError: It is not there, others may read it, or it is short (`password-file`).
    """
    return bootstrap.page_password(Path(file))


def portfolio_files(path: str | Path) -> Mapping[str, Path]:
    """Return the portfolio files of a folder by name; of a file, that alone by its own.

    A folder of portfolios has a folder for each, with its `portfolio.toml`: what lies beside a file, as its
    journal, is that portfolio's alone.

    Raises:
        InputError: The folder holds none (`no-portfolios`).
    """
    return bootstrap.portfolio_files(Path(path))


def sample_text() -> str:
    """Return the bundled sample portfolio as a file holds it."""
    return bootstrap.sample_text()
