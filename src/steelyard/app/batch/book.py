"""What all accounts of a batch share: models, prices, rates, instruments and terms, as plain values.

The same values make the portfolio file of one account (`file_values`), which the ordinary reader then reads:
so a wrong model or account is refused by the code and the words that its file would be refused with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

from steelyard.app.tax.situation import Figures
from steelyard.domain.market.instruments import Instrument
from steelyard.domain.money import EXACT, ZERO, parse_number
from steelyard.domain.policy.policies import Policy
from steelyard.domain.portfolio import Portfolio
from steelyard.errors import InputError, Problem
from steelyard.ports.market import Sessions
from steelyard.records import dataclass, field, replace
from steelyard.words import say


class Instruments(Protocol):
    """Known instruments; `domain.market.catalogue.Catalogue` is one."""

    def get(self, symbol: str) -> Instrument | None:
        """Return the instrument of a symbol, None when there is none."""
        ...

    def resolve(self, text: str) -> str | None:
        """Return the symbol of a symbol or a name, None when there is none."""
        ...


class Build(Protocol):
    """Makes a portfolio of the values of a portfolio file."""

    def __call__(self, values: Mapping[str, Any], name: str, *, need_accounts: bool) -> Portfolio:
        """Return it, or raise `PortfolioProblems`."""
        ...


@dataclass(frozen=True, slots=True)
class Terms:
    """What a whole batch is planned under.

    Attributes:
        base_currency: Everything is valued in it.
        as_of: The day of every plan.
        commission, min_commission, fx_spread: As under [costs]; amounts in base currency.
        accept_drift: As under [constraints]; None for what holds where a file says nothing.
    """

    base_currency: str
    as_of: date
    commission: Decimal = ZERO
    min_commission: Decimal = ZERO
    fx_spread: Decimal = ZERO
    accept_drift: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Model:
    """One model: targets, when to rebalance, and whether shares are divided.

    `policy` is None where the table names none: then the default of a portfolio file holds.
    """

    name: str
    targets: Mapping[str, Decimal]
    policy: Policy | None = None
    fractional: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One account as the tables have it; amounts in base currency.

    `positions` are symbols with shares and `cash` currencies with amounts, in their order, repeated where the
    table repeats them. `lots` has those of each position, by the keys of the file, or is empty. `refused` is
    the code by which `prepare` refused it.
    """

    account: str
    model: str
    positions: tuple[tuple[str, Any], ...]
    cash: tuple[tuple[str, Any], ...] = ()
    cash_flow: Decimal = ZERO
    reserve: Any = ZERO
    min_trade: Any = ZERO
    can_sell: bool = True
    can_buy: bool = True
    last_rebalance: date | None = None
    locked: tuple[str, ...] = ()
    fractional: bool = False
    household: str | None = None
    owner: str | None = None
    kind: str | None = None
    refused: str | None = None
    lots: tuple[tuple[Mapping[str, Any], ...], ...] = ()


ME = "me"
"""Who owns what names no owner, as in a portfolio file."""
_MEND = say("correct the tables and prepare them again")
REFUSALS = {
    found.code: found
    for found in (
        Problem("duplicate-account", say("the account stands twice in the table of accounts"), _MEND),
        Problem("batch-orphan", say("there are positions of it, but no account"), _MEND),
    )
}
"""What `prepare` found wrong with an account and was told to let through, by code."""


@dataclass(frozen=True, slots=True)
class Book:
    """What all accounts share.

    Attributes:
        terms: Of the batch.
        models: By name.
        prices: Symbol to the price of a share in its own currency.
        rates: Pair (`USDKRW`) to rate.
        instruments: Symbol to what is added to the catalogue, by the keys of the file.
        owners: By name how a person is taxed, by the keys of [tax]; `me` is who owns what names no owner.
        build: The reader of portfolio files.
        known: The catalogue.
        sessions: Which days exchanges are open.
        figures: The tax data of countries.
    """

    terms: Terms
    models: Mapping[str, Model]
    prices: Mapping[str, Decimal]
    rates: Mapping[str, Decimal]
    instruments: Mapping[str, Mapping[str, Any]]
    build: Build = field(repr=False)
    known: Instruments = field(repr=False)
    sessions: Sessions = field(repr=False)
    figures: Figures = field(repr=False)
    owners: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def outline(self, model: Model) -> Portfolio:
        """Return a model as a portfolio without accounts.

        Raises:
            PortfolioProblems: By the codes of the file.
        """
        found = self.build(self._values(model, ()), f"model {model.name}", need_accounts=False)
        return found if model.policy is None else replace(found, policy=model.policy)

    def portfolio(self, rows: Sequence[Row]) -> Portfolio:
        """Return an account, or the accounts of a household, as the portfolio of their file.

        Raises:
            InputError: The model is unknown (`batch-model`), or accounts of a household do not go together
                (`batch-household`).
            PortfolioProblems: By the codes of the file.
        """
        for row in rows:
            if row.refused is not None:
                said = REFUSALS[row.refused]
                raise InputError(said.code, said.message, said.hint)
        row = rows[0]
        model = self.models.get(row.model)
        if model is None:
            raise InputError(
                "batch-model",
                say("there is no model {model!r}", model=row.model),
                say("use one of {choices}", choices=", ".join(sorted(self.models)[:20])),
            )
        if len(rows) > 1:
            _need_agreement(rows)
        values = self._values(model, [symbol for one in rows for symbol, _ in one.positions])
        values["constraints"] = {
            "fractional": model.fractional,
            "cash_reserve": row.reserve if len(rows) == 1 else _sum(one.reserve for one in rows),
            "min_trade": row.min_trade,
        }
        if len(rows) == 1:
            values["constraints"] |= {
                "fractional": model.fractional or row.fractional, "locked": list(row.locked)
            }  # fmt: skip
        if self.terms.accept_drift is not None:
            values["constraints"]["accept_drift"] = self.terms.accept_drift
        persons, first = self._persons(rows)
        values |= persons
        values["accounts"] = [self._account(one, first, alone=len(rows) == 1) for one in rows]
        found = self.build(values, row.household or row.account, need_accounts=True)
        last = max((one.last_rebalance for one in rows if one.last_rebalance), default=None)
        return replace(found, policy=replace(model.policy or found.policy, last_rebalance=last))

    def _persons(self, rows: Sequence[Row]) -> tuple[dict[str, Any], str]:
        """Return [tax] and [owners] of what some accounts' owners are, and who is the person of [tax].

        That is who owns what names nobody, or else the first by name who has a return of their own.
        """
        named = sorted({row.owner or ME for row in rows})
        known = [name for name in named if name in self.owners]
        if not known or (ME in named and ME not in known):
            return {}, ME
        alone = [name for name in known if self.owners[name].get("household") != "joint"] or known
        first = ME if ME in known else alone[0]
        mine = {key: told for key, told in self.owners[first].items() if key != "household"}
        return {"tax": mine, "owners": {name: self.owners[name] for name in known if name != first}}, first

    def _account(self, row: Row, first: str, *, alone: bool) -> dict[str, Any]:
        cash: dict[str, Any] = {}
        for currency, amount in row.cash:
            currency = currency or self.terms.base_currency
            cash[currency] = _added(cash[currency], amount) if currency in cash else amount
        held: list[dict[str, Any]] = [
            {"symbol": symbol, "shares": shares} for symbol, shares in row.positions
        ]
        for position, lots in zip(held, row.lots, strict=False):
            position |= {"lots": [dict(lot) for lot in lots]} if lots else {}
        values: dict[str, Any] = {"name": row.account, "cash": cash, "positions": held}
        owner = None if row.owner == first else row.owner
        values |= {key: told for key, told in (("kind", row.kind), ("owner", owner)) if told is not None}
        if not alone:
            values |= {"locked": list(row.locked)} if row.locked else {}
            values |= {"fractional": True} if row.fractional else {}
        return values

    def _values(self, model: Model, held: Any) -> dict[str, Any]:
        symbols = dict.fromkeys([*model.targets, *held])
        terms = self.terms
        return {
            "base_currency": terms.base_currency,
            "targets": dict(model.targets),
            "prices": {s: self.prices[s] for s in symbols if s in self.prices},
            "instruments": {s: self.instruments[s] for s in symbols if s in self.instruments},
            "fx": dict(self.rates),
            "constraints": {"fractional": model.fractional},
            "costs": {
                "commission": terms.commission,
                "min_commission": terms.min_commission,
                "fx_spread": terms.fx_spread,
            },
        }


def _need_agreement(rows: Sequence[Row]) -> None:
    """Refuse accounts of a household that no one file could hold."""
    for key in ("model", "min_trade", "can_sell", "can_buy"):
        if len({str(getattr(row, key)) for row in rows}) > 1:
            raise InputError(
                "batch-household",
                say("the accounts of household {name} differ in {key}", name=rows[0].household, key=key),
                say("give all accounts of a household the same {key}", key=key),
            )
    if sum(row.cash_flow != 0 for row in rows) > 1:
        raise InputError(
            "batch-household",
            say("money moves in several accounts of household {name}", name=rows[0].household),
            say("let the cash flow of one account stand, and plan the next after it"),
        )


def _sum(amounts: Iterable[Any]) -> Any:
    total: Any = ZERO
    for amount in amounts:
        total = _added(total, amount)
    return total


def _added(one: Any, other: Any) -> Any:
    """Return two amounts of a currency in one; what is no number stays, for the reader of files to refuse."""
    try:
        return EXACT.add(parse_number(one), parse_number(other))
    except ValueError:
        return ""
