"""Who files which return: the persons of a portfolio file, and what of the journal each return looks at.

Joint spouses file one return. Where a purchase of one spouse undoes a loss of the other, as wash sales in
the United States do, a return looks at the accounts of both and reports its own. Everybody else is alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from steelyard.domain.books.ledger import Entry
from steelyard.domain.portfolio import Portfolio, Tax
from steelyard.domain.tax.country import country
from steelyard.errors import DataError, InputError
from steelyard.records import dataclass
from steelyard.words import say


@dataclass(frozen=True, slots=True)
class Filer:
    """One return.

    Attributes:
        owners: Who files it, the person of its settings first.
        tax: The settings.
        accounts: Whose sales it reports; None for all there are.
        watched: Accounts whose purchases may undo its losses, its own among them; None for all.
    """

    owners: tuple[str, ...]
    tax: Tax
    accounts: frozenset[str] | None = None
    watched: frozenset[str] | None = None

    def reports(self, account: str) -> bool:
        """Say whether the sales of an account stand in it."""
        return self.accounts is None or account in self.accounts


def filers_of(portfolio: Portfolio, entries: Iterable[Entry] = ()) -> tuple[Filer, ...]:
    """Return the returns of a file's persons, that of [tax] first; none without [tax].

    A person without accounts has no return, unless nobody has any. An account that only the journal knows is
    that of the person of [tax].

    Args:
        portfolio: Its accounts and persons.
        entries: Whose accounts count besides those of the file.
    """
    tax = portfolio.tax
    if tax is None:
        return ()
    if not portfolio.owners:
        return (Filer(("me",), tax),)
    owner_of = dict.fromkeys((name for e in entries for name in e.accounts), "me")
    owner_of |= {a.name: a.owner for a in portfolio.accounts}
    with_me = [name for name, other in portfolio.owners.items() if other.household == "joint"]
    returns = {("me", *with_me): tax}
    returns |= {(name,): other for name, other in portfolio.owners.items() if name not in with_me}
    held = {names: frozenset(a for a, owner in owner_of.items() if owner in names) for names in returns}
    found = []
    for names, settings in returns.items():
        if not held[names] and any(held.values()):
            continue
        watched = held[names].union(
            *(held[other] for other, theirs in returns.items() if _watches(settings, theirs))
        )
        found.append(Filer(names, settings, held[names], watched))
    return tuple(found)


def _watches(ours: Tax, theirs: Tax) -> bool:
    """Say whether purchases of others count for a return: a spouse's, where any undoes a loss."""
    return (
        ours.jurisdiction == theirs.jurisdiction
        and "other" not in (ours.household, theirs.household)
        and country(ours.jurisdiction).wash_days is not None
    )


def entries_for(filer: Filer, entries: Sequence[Entry]) -> list[Entry]:
    """Return the entries that a return looks at.

    Raises:
        InputError: Shares move between persons of whom it looks at one only (`owner-transfer`).
    """
    if filer.watched is None:
        return list(entries)
    found = []
    for entry in entries:
        inside = [name in filer.watched for name in entry.accounts]
        if any(inside) and not all(inside):
            raise InputError(
                "owner-transfer",
                say(
                    "{symbol} goes from {giver} to {receiver} on {day}, accounts of two persons: a transfer "
                    "keeps shares with their owner",
                    symbol=entry.symbol,
                    giver=entry.account,
                    receiver=entry.receiver,
                    day=entry.traded_on,
                ),
                say("undo it, and record a gift of the one and what the other received"),
            )
        if all(inside):
            found.append(entry)
    return found


def named(error: InputError | DataError, filer: Filer) -> InputError | DataError:
    """Return an error that names whose return it stops, where it is not that of [tax]."""
    if filer.owners[0] == "me":
        return error
    return type(error)(
        error.code,
        say("{message} (the return of {owner})", message=error.message, owner=filer.owners[0]),
        say("{hint}; keys of {owner} stand under [owners.{owner}]", hint=error.hint, owner=filer.owners[0]),
    )
