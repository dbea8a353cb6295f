"""Shares that go from one account of their owner to another: which of them keep their cost."""

from __future__ import annotations

from datetime import date

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


def cost_unknown(sale: Entry, moved_on: date) -> InputError:
    """Return the error of a sale whose shares came by a transfer that does not say what they cost."""
    return InputError(
        "cost-unknown",
        say(
            "{symbol} sold on {traded_on} in {account!r} came by a transfer of {moved_on} that does not say "
            "what was paid for it",
            symbol=sale.symbol,
            traded_on=sale.traded_on,
            account=sale.account,
            moved_on=moved_on,
        ),
        say(
            "take that entry back and record it with price= (paid for one share) and lot= (the day of the "
            "purchase)"
        ),
    )
