"""What a reader should know of its figures: how old prices are, where file and journal differ."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from steelyard.domain.money import EXACT, figure
from steelyard.errors import DataError
from steelyard.records import dataclass
from steelyard.words import join, say

if TYPE_CHECKING:
    from steelyard.domain.portfolio import Portfolio, Quote

_FEW_DIGITS, _FEW_SHARES, _HARDLY = 6, 1000, Decimal("1e-9")


@dataclass(frozen=True, slots=True)
class HoldingDifference:
    """Something of which file and journal say different amounts.

    Attributes:
        account: Where.
        what: A symbol, or a currency for cash.
        file, journal: Shares or money by either.
        counts: file | journal: which of the two is taken.
        decided: Its owner said so, by `kept` under the account.
    """

    account: str
    what: str
    file: Decimal
    journal: Decimal
    counts: str
    decided: bool

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON carries it, under `differences`."""
        return {
            "account": self.account,
            "what": self.what,
            "file": figure(self.file),
            "journal": figure(self.journal),
            "counts": self.counts,
            "decided": self.decided,
        }


@dataclass(frozen=True, slots=True)
class UnrecordedAction:
    """Something that happened to an instrument and is not in the books: shares and price are of two worlds.

    Attributes:
        account, symbol: Where shares of what were held before it.
        day: First session at the new price; of what no source has any longer the day after its last price.
        ratio: New shares for one old one; None of what no source has any longer.
        evidence: told | jump | silence: a price source says so, its price jumped like that, or it has no
            price of it any longer.
        other: Of what no source has any longer the symbol that may have taken its place, "" where none shows.
        terms: Its shares for one old one, as a ratio.
        kept: journal | file: who says what the account holds.
        price: That nobody took for true, of a jump.
    """

    account: str
    symbol: str
    day: date
    ratio: Decimal | None
    evidence: str = "told"
    kept: str = "journal"
    price: Decimal | None = None
    other: str = ""
    terms: str = "1"

    @property
    def entry(self) -> str:
        """The line that puts it right."""
        if self.ratio is None and self.terms != "1":
            kind = f"type=merger symbol={self.symbol} other={self.other} shares={self.terms}"
        elif self.ratio is None:
            kind = f"type=rename symbol={self.symbol} other={self.other or 'NEW-SYMBOL'}"
        elif self.kept == "file":
            return f"steelyard prices set {self.symbol} {figure(self.price)}"
        else:
            kind = f"type=split symbol={self.symbol} shares={as_ratio(self.ratio)}"
        return f"steelyard record date={self.day} account={self.account} {kind}"

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON carries it, under `actions`."""
        return {
            "account": self.account,
            "symbol": self.symbol,
            "day": self.day.isoformat(),
            "ratio": figure(self.ratio),
            "evidence": self.evidence,
            "entry": self.entry,
        }


def as_ratio(ratio: Decimal) -> str:
    """Return a ratio in a few digits: as `1/3` where it has no end.

    >>> as_ratio(Decimal(1) / 3), as_ratio(Decimal("1.5"))
    ('1/3', '1.5')
    """
    if -int(ratio.as_tuple().exponent) <= _FEW_DIGITS:
        return figure(ratio)
    for per in range(2, _FEW_SHARES):
        new = EXACT.multiply(ratio, Decimal(per))
        whole = new.to_integral_value(context=EXACT)
        if whole and abs(EXACT.subtract(new, whole)) < _HARDLY:
            return f"{whole:f}/{per}"
    return figure(ratio)


@dataclass(frozen=True, slots=True)
class OldPrice:
    """A fetched price or rate that is older than it may be.

    Attributes:
        what: Symbol, or pair of currencies (`USDKRW`).
        priced_on: Day it is of.
        days: How old it is.
        limit: How old it may be.
    """

    what: str
    priced_on: date
    days: int
    limit: int

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON carries it, under `prices`."""
        return {
            "symbol": self.what,
            "priced_on": self.priced_on.isoformat(),
            "days": self.days,
            "max_age_days": self.limit,
        }


@dataclass(frozen=True, slots=True)
class RateDifference:
    """A rate of the file that is not what was fetched.

    Attributes:
        pair: Of currencies (`USDKRW`).
        file, fetched: Units of the second for one of the first; the file's counts.
        day, source: Of what was fetched.
    """

    pair: str
    file: Decimal
    fetched: Decimal
    day: date
    source: str

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON carries it, under `rates`."""
        return {
            "pair": self.pair,
            "file": figure(self.file),
            "fetched": figure(self.fetched),
            "day": self.day.isoformat(),
            "source": self.source,
        }


@dataclass(frozen=True, slots=True)
class LaterLot:
    """A lot that was bought after the day of the report: it is counted all the same.

    Attributes:
        account, symbol: Where.
        bought: Its day.
    """

    account: str
    symbol: str
    bought: date

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON carries it, under `later_lots`."""
        return {"account": self.account, "symbol": self.symbol, "bought": self.bought.isoformat()}


@dataclass(frozen=True, slots=True)
class Caveats:
    """What the reader of a report should know of what it rests on.

    Attributes:
        differences: What the file says differently than the journal.
        oldest: Day of the oldest price or rate that has one, None when none has.
        undated: Symbols whose price stands in the file without a day: its age is unknown.
        stale: Fetched prices and rates that are too old to plan on.
        stale_ok: Its reader asked for them all the same.
        actions: Splits, changes of name and ends that price sources suggest and the books lack.
        rates: Where the file's rates are not what was fetched.
        later_lots: Lots bought after the day, which may be a slip of the pen.
    """

    differences: tuple[HoldingDifference, ...] = ()
    oldest: date | None = None
    undated: tuple[str, ...] = ()
    stale: tuple[OldPrice, ...] = ()
    stale_ok: bool = False
    actions: tuple[UnrecordedAction, ...] = ()
    rates: tuple[RateDifference, ...] = ()
    later_lots: tuple[LaterLot, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the keys that `check`, `plan` and `holdings` carry of it."""
        return {
            "differences": [d.to_dict() for d in self.differences],
            "prices": {
                "oldest": None if self.oldest is None else self.oldest.isoformat(),
                "undated": list(self.undated),
                "stale": [s.to_dict() for s in self.stale],
                "stale_ok": self.stale_ok,
            },
            "actions": [a.to_dict() for a in self.actions],
            **({"rates": [r.to_dict() for r in self.rates]} if self.rates else {}),
            **({"later_lots": [x.to_dict() for x in self.later_lots]} if self.later_lots else {}),
        }


def caveats_of(portfolio: Portfolio, as_of: date, *, stale_ok: bool = False) -> Caveats:
    """Return what whatever is said of a portfolio on a day rests on.

    Args:
        portfolio: Without problems.
        as_of: The day.
        stale_ok: Old prices were asked for.

    Raises:
        DataError: A price is of a later day (`price-after`): it is none of this one's.
    """
    quotes = _quotes(portfolio)
    later = {what: q for what, q in quotes.items() if q.priced_on is not None and q.priced_on > as_of}
    for what, quote in later.items():
        raise DataError(
            "price-after",
            say(
                "the price of {symbol} is dated {priced_on}, after {as_of}",
                symbol=what,
                priced_on=quote.priced_on,
                as_of=as_of,
            ),
            say(
                "ask for {priced_on} or a later day, or give the price of that day", priced_on=quote.priced_on
            ),
        )
    days = [q.priced_on for q in quotes.values() if q.priced_on is not None]
    # Most portfolios keep no books, and nothing of them is imported then.
    books = getattr(portfolio, "books", None)
    return Caveats(
        differences=books.differences if books is not None else (),
        oldest=min(days, default=None),
        undated=tuple(s for s, q in quotes.items() if q.priced_on is None and s in portfolio.quotes),
        stale=tuple(
            OldPrice(what, q.priced_on, (as_of - q.priced_on).days, q.max_age_days)
            for what, q in quotes.items()
            if q.priced_on is not None and q.is_stale(as_of)
        ),
        stale_ok=stale_ok,
        actions=books.actions if books is not None else (),
        rates=books.rates_differ if books is not None else (),
        later_lots=tuple(
            LaterLot(account.name, position.symbol, lot.bought)
            for account in portfolio.accounts
            for position in account.positions
            for lot in position.lots
            if lot.bought > as_of
        ),
    )


def need_fresh(caveats: Caveats) -> None:
    """Refuse what nobody may plan on: old prices that were not asked for, and splits not recorded.

    Raises:
        DataError: `price-stale`, with every one of them, or `action-unrecorded`, with the entry to record.
    """
    if caveats.actions:
        raise unrecorded(caveats.actions)
    if caveats.stale and not caveats.stale_ok:
        listed = tuple(
            say("{symbol} of {priced_on}", symbol=s.what, priced_on=s.priced_on) for s in caveats.stale
        )
        raise DataError(
            "price-stale",
            say("prices are too old to plan on: {listed}", listed=listed),
            say("run: steelyard prices fetch; or plan on them all the same with --stale-ok"),
        )


def unrecorded(actions: Sequence[UnrecordedAction]) -> DataError:
    """Return the error of everything that the books lack, each with its line."""
    errors = [unrecorded_action(action) for action in actions]
    if len(errors) == 1:
        return errors[0]
    texts, hints = [e.message for e in errors], [e.hint for e in errors]
    return DataError("action-unrecorded", join("; ", texts), join("\n  ", hints))


def unrecorded_action(action: UnrecordedAction) -> DataError:
    """Return the error of an action that the books lack, with the line that puts it right."""
    facts = {"symbol": action.symbol, "day": action.day, "account": action.account}
    if action.ratio is None:
        text = say(
            "{symbol} in account {account!r} has had no price since {day}: renamed, merged or delisted",
            **facts,
        )
        facts["entry"] = action.entry
        paid = say(
            "where it was paid out enter its sale: steelyard record date={day}"
            " account={account} type=sell symbol={symbol} shares=ALL price=PAID",
            **facts,
        )
        if action.other:
            text = join(": ", [text, say("{other} begins where it ends", other=action.other)])
            return DataError("action-unrecorded", text, join("; ", [say("run: {entry}", **facts), paid]))
        merged = say(
            "where it was merged: steelyard record date={day} account={account} type=merger symbol={symbol}"
            " other=NEW-SYMBOL shares=NEW/OLD",
            **facts,
        )
        hint = join("; ", [say("where it was renamed: {entry}", **facts), merged, paid])
        return DataError("action-unrecorded", text, hint)
    facts["ratio"] = as_ratio(action.ratio)
    fixed = f"steelyard prices set {action.symbol} {figure(action.price)}" if action.price is not None else ""
    if action.kept == "file":
        hint = say("write the shares held now into the file, then run: {fixed}", fixed=fixed)
    elif action.evidence == "told":
        hint = say("run: {entry}", entry=action.entry)
    else:
        hint = say("run: {entry}; if it was no split, run: {fixed}", entry=action.entry, fixed=fixed)
    if action.evidence == "jump":
        text = say(
            "{symbol} in account {account!r} may have been split {ratio} for 1 on {day}:"
            " its price jumped like that",
            **facts,
        )
    elif action.kept == "file":
        text = say(
            "{symbol} was split {ratio} for 1 on {day}, and nobody said whether the file counts the shares"
            " of account {account!r} after it",
            **facts,
        )
    else:
        text = say(
            "{symbol} was split {ratio} for 1 on {day}, and the journal of account {account!r} lacks it",
            **facts,
        )
    return DataError("action-unrecorded", text, hint)


def _quotes(portfolio: Portfolio) -> dict[str, Quote]:
    """Return the prices, and the rates of what is quoted or held in another currency."""
    used = {q.currency for q in portfolio.quotes.values()}
    used |= {code for account in portfolio.accounts for code, amount in account.cash.items() if amount}
    rates = {
        code + portfolio.base_currency: quote for code, quote in portfolio.fx_quotes.items() if code in used
    }
    return {**portfolio.quotes, **rates}
