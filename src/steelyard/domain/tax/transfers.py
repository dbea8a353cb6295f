"""Shares that go from one account of their owner to another: which of them keep their cost."""

from __future__ import annotations

from steelyard.domain.books.ledger import Entry
from steelyard.errors import InputError
from steelyard.words import say


def transfer_taxed(entry: Entry) -> InputError:
    """Return the error of shares that leave or enter a tax-sheltered account: they do not keep their cost."""
    return InputError(
        "transfer-taxed",
        say(
            "{symbol} goes on {traded_on} from {account!r} to {to!r}, and only one of them is tax-sheltered",
            symbol=entry.symbol,
            traded_on=entry.traded_on,
            account=entry.account,
            to=entry.receiver,
        ),
        say(
            "take the entry back and enter a transfer_out, and a transfer_in at its value of that day;"
            " what is taxed of it is in no figure here"
        ),
    )
