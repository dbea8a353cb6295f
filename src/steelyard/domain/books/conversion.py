"""What a broker converts by itself where the money of a purchase is not there in its currency.

A Korean account with integrated margin (통합증거금) holds won and buys in dollars: the broker books the
purchase, and then the dollars that were lacking against won. Its export often has the first booking only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from steelyard.domain.books.entry_text import unit_price
from steelyard.domain.books.holdings import cash_moves
from steelyard.domain.books.ledger import Entry
from steelyard.domain.money import EXACT, ONE, ZERO, minor_digits
from steelyard.errors import InputError
from steelyard.words import say

NOTE = "converted automatically"
RateOn = Callable[[str, date], Decimal | None]
"""Units of the paying currency for one unit of a currency on a day, None where nobody knows it."""


def conversions(
    there: Sequence[Entry], new: Sequence[Entry], *, paying: str, rate: Decimal | None, rate_on: RateOn
) -> list[Entry]:
    """Return the conversions that new entries call for: what they lack in a currency, day by day.

    What an account lacked before the first of them stays as it was: that is another matter, which its owner
    has not spoken of. The rate is the one given, else the one that the day's entries state, else the
    market's; what is paid is rounded to whole won, or to cents, as a broker books it.

    Args:
        there: Entries that count already.
        new: Those to come.
        paying: The currency that pays.
        rate: Units of it for one unit of whatever is bought, None where the entries or the market tell.
        rate_on: The market's.

    Raises:
        InputError: Nothing tells the rate of a day (`conversion-rate`).
    """
    found: list[Entry] = []
    for account, currency in sorted(_purses(new)):
        for day, amount in _lacking(there, new, account, currency) if currency != paying else ():
            price = rate or _stated(new, account, currency, day) or rate_on(currency, day)
            if price is None:
                raise _unknown(account, currency, day, amount, paying)
            found.append(_conversion(day, account, currency, amount, price, paying))
    return sorted(found, key=lambda e: e.traded_on)


def _purses(entries: Sequence[Entry]) -> set[tuple[str, str]]:
    return {(e.account, currency) for e in entries for currency, amount in cash_moves(e) if amount < ZERO}


def _lacking(
    there: Sequence[Entry], new: Sequence[Entry], account: str, currency: str
) -> Iterator[tuple[date, Decimal]]:
    """Yield each day at whose end money is lacking that was not lacking before, and how much."""
    moves: dict[date, Decimal] = {}
    for entry in (*there, *new):
        if entry.account == account:
            for code, amount in cash_moves(entry):
                if code == currency:
                    moves[entry.traded_on] = EXACT.add(moves.get(entry.traded_on, ZERO), amount)
    first = min(e.traded_on for e in new if e.account == account)
    balance = ZERO
    for day in (d for d in sorted(moves) if d < first):
        balance = EXACT.add(balance, moves[day])
    floor = min(balance, ZERO)
    for day in (d for d in sorted(moves) if d >= first):
        balance = EXACT.add(balance, moves[day])
        if balance < floor:
            yield day, EXACT.subtract(floor, balance)
            balance = floor


def _stated(new: Sequence[Entry], account: str, currency: str, day: date) -> Decimal | None:
    """Return the one rate that the entries of a day state; None where they state none or several."""
    rates = {
        e.fx_rate
        for e in new
        if (e.account, e.currency, e.traded_on) == (account, currency, day) and e.fx_rate
    }
    return rates.pop() if len(rates) == 1 else None


def _conversion(day: date, account: str, currency: str, amount: Decimal, rate: Decimal, paying: str) -> Entry:
    cent = ONE.scaleb(-minor_digits(paying))
    paid = EXACT.multiply(amount, rate).quantize(cent, ROUND_HALF_UP, EXACT)
    price, rest = unit_price(paid, amount)
    return Entry(
        day, account, "convert", currency, shares=amount, price=price, currency=paying, fees=rest, note=NOTE
    )


def _unknown(account: str, currency: str, day: date, amount: Decimal, paying: str) -> InputError:
    return InputError(
        "conversion-rate",
        say(
            "account {account!r} lacks {amount} {currency} on {day}, and nothing says at which rate {paying}"
            " paid for it",
            account=account,
            amount=f"{amount:f}",
            currency=currency,
            day=day,
            paying=paying,
        ),
        say("give the broker's rate with --rate, or fx_rate with the entry; or leave --convert out"),
    )
