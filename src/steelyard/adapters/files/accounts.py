"""The parts of a portfolio file that say what is there: accounts, positions, lots, prices, instruments."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from steelyard.adapters.files.classes import names_in
from steelyard.adapters.files.lots import lot_shares, read_lots
from steelyard.adapters.files.settings import ExchangeRates, currency_of, read_owner
from steelyard.adapters.files.tax_figures import load_tax_rules
from steelyard.adapters.files.toml_places import Path
from steelyard.adapters.files.toml_reader import Reader
from steelyard.domain.accounts import KEEPERS, METHODS, CostMethod
from steelyard.domain.market.catalogue import Catalogue
from steelyard.domain.market.instruments import TAX_CLASSES, US_CLASSES, Instrument
from steelyard.domain.money import EXACT, ONE, ZERO, Amount, is_currency, plain
from steelyard.domain.policy.goals import AssetClass
from steelyard.domain.portfolio import Account, Position, Quote
from steelyard.domain.tax.codes import account_kinds, holding_rules
from steelyard.records import replace
from steelyard.words import join, say

ACCOUNT_KEYS = (
    "name", "kind", "cost_method", "cash", "positions", "kept", "menu", "locked", "fractional", "prefer",
    "owner",
)  # fmt: skip
POSITION_KEYS = ("symbol", "shares", "value", "price", "priced_on", "lots")
INSTRUMENT_KEYS = (
    "currency", "fractional", "exchange", "asset_class", "tax_class", "us_class", "name", "price",
    "replacement_group", "us_ptp", "exposure",
)  # fmt: skip
EXCHANGES = ("XKRX", "XNYS")
AGREE = Decimal("0.001")
"""Shares times price and a stated value may differ by this fraction."""


class AccountsReader:
    """Reads what is held, gathering quotes and instruments on the way."""

    def __init__(
        self,
        reader: Reader,
        rates: ExchangeRates,
        catalogue: Catalogue,
        targets: Mapping[str, Decimal],
        base: str,
        classes: Mapping[str, AssetClass],
    ) -> None:
        self.reader, self.rates, self.catalogue = reader, rates, catalogue
        self.targets, self.classes, self.base = targets, classes, base
        self.exposures: dict[str, dict[str, Decimal]] = {}
        self.own: dict[str, Mapping[str, Any]] = {}
        self.quotes: dict[str, tuple[Quote, Path]] = {}
        self.places: dict[str, Path] = {}
        self.unpriced: dict[str, Path] = {}
        self.unread: set[str] = set()
        self.priced_on: date | None = None

    def read_instruments(self, tree: Mapping[str, Any]) -> None:
        """Read [instruments.SYMBOL]: overrides of the catalogue and additions to it."""
        for name, table in self.reader.table(tree, "instruments").items():
            path: Path = ("instruments", name)
            if not isinstance(table, dict):
                hint = say("write [instruments.{name}]", name=name)
                self.reader.problem("not-a-table", say("{name} must be a table", name=name), hint, path)
                continue
            self.reader.unknown_keys(table, INSTRUMENT_KEYS, path)
            symbol = self.catalogue.resolve(name) or name
            fields: dict[str, Any] = {}
            for key, allowed in (
                ("exchange", EXCHANGES),
                ("tax_class", TAX_CLASSES),
                ("us_class", US_CLASSES),
            ):
                if key in table:
                    fields[key] = self.reader.word(table[key], (*path, key), allowed)
            for key in ("name", "asset_class", "replacement_group"):
                if key in table:
                    fields[key] = self.reader.text(table[key], (*path, key))
            for key in ("fractional", "us_ptp"):
                if key in table:
                    fields[key] = self.reader.flag(table[key], (*path, key))
            if "currency" in table:
                fields["currency"] = self._currency(table["currency"], (*path, "currency"))
            self.own[symbol] = {k: v for k, v in fields.items() if v is not None}
            if "exposure" in table:
                self._exposure(symbol, table, path)
            if "price" in table:
                self._price(symbol, table["price"], (*path, "price"))

    def _exposure(self, symbol: str, table: Mapping[str, Any], path: Path) -> None:
        """Read what parts of a fund count for which target."""
        parts = {}
        for name, raw in self.reader.table(table, "exposure", path).items():
            part = self.reader.fraction(
                raw, (*path, "exposure"), above=True, below_one=False, example='"54%"'
            )
            if part is not None:
                parts[name if name in self.targets else self.catalogue.resolve(name) or name] = part
        if parts:
            self.exposures[symbol] = parts

    @property
    def counted(self) -> dict[str, Path]:
        """Every symbol that counts for some target, with the place that says so."""
        found: dict[str, Path] = {}
        for name in self.targets:
            if name not in self.classes:
                found.setdefault(name, ("targets", name))
                continue
            for symbol in (*self.classes[name].members, *self.classes[name].buy):
                found.setdefault(symbol, ("classes", name, "members"))
        for symbol in self.exposures:
            found.setdefault(symbol, ("instruments", symbol, "exposure"))
        return found

    def read_prices(self, tree: Mapping[str, Any]) -> None:
        """Read [prices]: a price for what is wanted but not held yet."""
        for name, raw in self.reader.table(tree, "prices").items():
            self._price(self.catalogue.resolve(name) or name, raw, ("prices", name))

    def read_accounts(
        self, tree: Mapping[str, Any], owners: Mapping[str, str | None], *, need: bool
    ) -> tuple[Account, ...]:
        """Read [[accounts]]; `owners` says in which country each person is taxed."""
        raw = tree.get("accounts", [])
        if not isinstance(raw, list) or not all(isinstance(row, dict) for row in raw):
            hint = say('start an account with [[accounts]] and a line name = "main"')
            self.reader.problem("not-a-table", say("accounts must be a list of tables"), hint, ("accounts",))
            return ()
        if not raw and need:
            hint = say('add [[accounts]] with name = "main" and its positions')
            self.reader.problem("no-accounts", say("there are no accounts"), hint, ())
        accounts = []
        names: set[str] = set()
        for index, row in enumerate(raw):
            account = self._account(row, ("accounts", index), owners)
            if account.name in names:
                path = ("accounts", index, "name")
                hint = say("give every account its own name")
                self.reader.problem(
                    "duplicate-account",
                    say("two accounts are called {name!r}", name=account.name),
                    hint,
                    path,
                )
            names.add(account.name)
            accounts.append(account)
        return tuple(accounts)

    def finish(
        self, accounts: tuple[Account, ...], *, need_prices: bool, symbols: Collection[str]
    ) -> tuple[dict[str, Instrument], dict[str, Quote]]:
        """Return instruments and quotes of everything targeted, held or asked for, noting what is missing."""
        asked_for = frozenset(symbols)
        held = {p.symbol for a in accounts for p in a.positions} | asked_for
        counted = self.counted
        symbols = [*counted, *sorted(held - set(counted))]
        for symbol, path in self.unpriced.items() if need_prices else ():
            if symbol in self.unread or (symbol in self.quotes and not self.quotes[symbol][0].by_value):
                continue
            known = self.catalogue.get(symbol) is not None or symbol in self.own
            if known or symbol in self.quotes:
                text = say("no price for {symbol}", symbol=symbol)
                hint = say(
                    "run: steelyard prices set {symbol} PRICE, or steelyard prices fetch with sources in "
                    'automation.toml; or add price = "..." to the position',
                    symbol=symbol,
                )
                self.reader.problem("price-missing", text, hint, path, family="data")
            else:
                self._unknown(symbol, path)
        instruments: dict[str, Instrument] = {}
        for symbol in symbols:
            instrument = self._instrument(symbol)
            if instrument is None:
                if symbol in asked_for and symbol not in {*counted, *self.places}:
                    self._unknown_in_journal(symbol)
                elif symbol not in self.unpriced or not need_prices:
                    self._unknown(symbol, self.places.get(symbol) or counted.get(symbol, ("targets", symbol)))
                continue
            instruments[symbol] = instrument
        quotes = {s: q for s, (q, _) in self.quotes.items() if s in instruments}
        return instruments, quotes

    def _unknown(self, symbol: str, path: Path) -> None:
        near = self.catalogue.suggest(symbol) if self.reader.may_guess() else ()
        if path == ("targets", symbol) and not near:
            hint = say(
                'add [instruments.{symbol}] with currency = "{base}" and a price, or for a class '
                '[classes.{symbol}] with members = ["VOO"]',
                symbol=symbol,
                base=self.base,
            )
            text = say("{symbol} is neither in the catalogue nor under [classes]", symbol=symbol)
            self.reader.problem("unknown-symbol", text, hint, path)
            return
        hint = say(
            'add [instruments.{symbol}] with currency = "{base}" and a price to the position',
            symbol=symbol,
            base=self.base,
        )
        if near:
            hint = say("did you mean {near}? Otherwise {hint}", near=join(say(" or "), near), hint=hint)
        self.reader.problem(
            "unknown-symbol", say("{symbol} is not in the catalogue", symbol=symbol), hint, path
        )

    def _unknown_in_journal(self, symbol: str) -> None:
        text = say("the journal has {symbol}, which is not in the catalogue", symbol=symbol)
        hint = say(
            'add [instruments.{symbol}] with currency = "{base}" (and tax_class or us_class for tax)',
            symbol=symbol,
            base=self.base,
        )
        self.reader.problem("unknown-symbol", text, hint, ("instruments", symbol))

    def _instrument(self, symbol: str) -> Instrument | None:
        known = self.catalogue.get(symbol)
        own = self.own.get(symbol, {})
        if known is not None:
            return replace(known, **own) if own else known
        quote = self.quotes.get(symbol)
        if not own and quote is None:
            return None
        currency = own.get("currency") or (quote[0].currency if quote else self.base)
        exchange = "XKRX" if currency == "KRW" else "XNYS"
        fields = {"symbol": symbol, "name": symbol, "currency": currency, "exchange": exchange, **own}
        return Instrument(**fields)

    def _currency(self, raw: object, path: Path) -> str | None:
        if isinstance(raw, str) and is_currency(raw):
            return raw
        self.reader.problem(
            "currency", say("{raw!r} is no currency code", raw=raw), say('write "USD" or "KRW"'), path
        )
        return None

    def _account(self, row: Mapping[str, Any], path: Path, owners: Mapping[str, str | None]) -> Account:
        self.reader.unknown_keys(row, ACCOUNT_KEYS, path)
        name = "main"
        if "name" in row:
            name = self.reader.text(row["name"], (*path, "name")) or "main"
        else:
            self.reader.problem(
                "key-missing", say("an account has no name"), say('write name = "main"'), path
            )
        owner = read_owner(self.reader, row, path, owners)
        kinds = account_kinds(owners[owner])
        kind = self.reader.word(row.get("kind", "taxable"), (*path, "kind"), kinds) or "taxable"
        cash: dict[str, Decimal] = {}
        for currency, raw in self.reader.table(row, "cash", path).items():
            at = (*path, "cash", currency)
            if self._currency(currency, at) is None:
                continue
            amount = self.reader.amount_in(currency, raw, at)
            if amount is not None:
                self.rates.need(currency, at)
                cash[currency] = amount
        raw_positions = row.get("positions", [])
        if not isinstance(raw_positions, list) or not all(isinstance(p, dict) for p in raw_positions):
            hint = say('start a position with [[accounts.positions]] and a line symbol = "VOO"')
            self.reader.problem(
                "not-a-table", say("positions must be a list of tables"), hint, (*path, "positions")
            )
            raw_positions = []
        positions: dict[str, Position] = {}
        seen: set[str] = set()
        for index, raw in enumerate(raw_positions):
            at = (*path, "positions", index)
            position = self._position(raw, at)
            # Looked for in what was written: a position with another mistake counts too.
            symbol = raw.get("symbol") if isinstance(raw, dict) else None
            if isinstance(symbol, str):
                symbol = self.catalogue.resolve(symbol) or symbol
                if symbol in seen:
                    text = say("{symbol} stands twice in account {name!r}", symbol=symbol, name=name)
                    self.reader.problem(
                        "duplicate-position", text, say("put the shares into one position"), at
                    )
                seen.add(symbol)
            if position is not None:
                positions[position.symbol] = position
        method = self._method(row, path)
        menu = names_in(self.reader, self.catalogue, row, "menu", path)
        return Account(
            name,
            kind,
            cash,
            tuple(positions.values()),
            method,
            owner=owner,
            menu=None if menu is None else frozenset(menu),
            locked=frozenset(self._known(row, "locked", path, self.counted)),
            fractional="fractional" in row and self.reader.flag(row["fractional"], (*path, "fractional")),
            prefer=tuple(self._known(row, "prefer", path, {**self.counted, **dict.fromkeys(self.targets)})),
            kept=self.reader.word(row["kept"], (*path, "kept"), KEEPERS) if "kept" in row else None,
            rules=holding_rules(kind, lambda code: load_tax_rules(code)[0]),
        )

    def _known(self, row: Mapping[str, Any], key: str, path: Path, known: Collection[str]) -> list[str]:
        """Return the names in a list of an account, each of them a target or one that counts for a target."""
        found = names_in(self.reader, self.catalogue, row, key, path) or []
        for name in found:
            if name in known:
                continue
            text = say("{name!r} under {key} has no target", name=name, key=key)
            hint = say("name one of {known}", known=", ".join(known))
            if key == "locked":
                self.reader.problem("unknown-locked", text, hint, (*path, key))
            else:
                self.reader.problem("unknown-preference", text, hint, (*path, key))
        return [name for name in found if name in known]

    def _method(self, row: Mapping[str, Any], path: Path) -> dict[str, CostMethod]:
        raw = row.get("cost_method")
        if raw is None:
            return {}
        at = (*path, "cost_method")
        table = raw if isinstance(raw, dict) else {"": raw}
        method = {}
        for key, value in table.items():
            if key and key not in TAX_CLASSES + US_CLASSES:
                hint = say("use one of {choices}", choices=", ".join(TAX_CLASSES + US_CLASSES))
                self.reader.problem("unknown-word", say("{key!r} is no tax class", key=key), hint, at)
            word = self.reader.word(value, at, METHODS)
            if word:
                method[key] = word
        return method

    def _position(self, row: Mapping[str, Any], path: Path) -> Position | None:
        self.reader.unknown_keys(row, POSITION_KEYS, path)
        if "symbol" not in row:
            self.reader.problem(
                "key-missing", say("a position has no symbol"), say('write symbol = "VOO"'), path
            )
            return None
        name = self.reader.text(row["symbol"], (*path, "symbol"))
        if name is None:
            return None
        symbol = self.catalogue.resolve(name) or name
        self.places.setdefault(symbol, (*path, "symbol"))
        day = self.priced_on
        if "priced_on" in row:
            day = self.reader.day(row["priced_on"], (*path, "priced_on"))
        price = self._price(symbol, row["price"], (*path, "price"), day) if "price" in row else None
        if "price" in row and price is None:
            self.unread.add(symbol)
        shares = worth = None
        if "shares" in row:
            shares = self.reader.number(row["shares"], (*path, "shares"), least=ZERO, example='"8"')
        if "value" in row:
            at = (*path, "value")
            worth = self.rates.to_base(self.reader.amount(row["value"], at, example='"4800000"'), at)
        if "shares" not in row and "value" not in row:
            hint = say('write shares = "{bought}" or value = "4800000"', bought=lot_shares(row) or 8)
            self.reader.problem(
                "key-missing", say("{symbol} has neither shares nor value", symbol=symbol), hint, path
            )
            return None
        if (shares is None and worth is None) or ("price" in row and price is None):
            return None
        return self._measured(symbol, shares, worth, price, row, path, day)

    def _measured(
        self,
        symbol: str,
        shares: Decimal | None,
        worth: Decimal | None,
        price: Quote | None,
        row: Mapping[str, Any],
        path: Path,
        day: date | None,
    ) -> Position | None:
        """Bring shares, value and price of a position together."""
        rate = self.rates.need(price.currency, path) if price is not None else None
        if price is not None and rate is None:
            return None
        each = EXACT.multiply(price.price, rate) if price is not None and rate is not None else None
        if shares is not None and worth is not None and each is not None:
            product = EXACT.multiply(shares, each)
            if abs(product - worth) > AGREE * max(product, worth):
                text = say(
                    "{symbol}: {shares} shares at {each} are {product}, not {worth}",
                    symbol=symbol,
                    shares=plain(shares),
                    each=plain(each),
                    product=plain(product),
                    worth=plain(worth),
                )
                hint = say('write value = "{product}", or leave the value out', product=plain(product))
                self.reader.problem("value-mismatch", text, hint, (*path, "value"))
                return None
            worth = None
        elif shares is not None and worth is not None and shares > 0 and worth > 0:
            each = EXACT.divide(worth, shares)
            self.quotes.setdefault(symbol, (Quote(each, self.base, priced_on=day), path))
        elif shares is None and worth is not None:
            if each is not None:
                shares = EXACT.divide(worth, each)
            else:
                known = self.quotes.get(symbol)
                if known is None or known[0].by_value:
                    self.quotes.setdefault(
                        symbol, (Quote(ONE, self.base, by_value=True, priced_on=day), path)
                    )
                    shares = worth
                else:
                    rate = self.rates.need(known[0].currency, path)
                    if rate is None:
                        return None
                    shares = EXACT.divide(worth, EXACT.multiply(known[0].price, rate))
        elif each is None and shares:
            self.unpriced.setdefault(symbol, (*path, "symbol"))
        if shares is None:
            return None
        lots = read_lots(self.reader, symbol, shares, row, path, self._lot_currency(symbol))
        return Position(symbol, shares, lots, worth)

    def _lot_currency(self, symbol: str) -> str:
        """Return what a lot was paid in that does not say it: what the fund is priced in."""
        quote = self.quotes.get(symbol)
        if (
            quote is None
            or quote[0].by_value
            or symbol in self.catalogue
            or "currency" in self.own.get(symbol, {})
        ):
            return self._quote_currency(symbol)
        return quote[0].currency

    def _quote_currency(self, symbol: str) -> str:
        own = self.own.get(symbol, {}).get("currency")
        known = self.catalogue.get(symbol)
        return str(own) if own else (known.currency if known else self.base)

    def _price(self, symbol: str, raw: object, path: Path, priced_on: date | None = None) -> Quote | None:
        amount: Amount | None = self.reader.amount(raw, path, above=True, example='"550000 KRW"')
        if amount is None:
            return None
        currency = amount.currency or currency_of(raw) or self._quote_currency(symbol)
        if self.rates.need(currency, path) is None:
            return None
        quote = Quote(amount.value, currency, priced_on=priced_on or self.priced_on)
        earlier = self.quotes.get(symbol)
        stated = None if earlier is None or earlier[0].by_value else earlier[0]
        if stated is not None and (stated.price, stated.currency) != (quote.price, quote.currency):
            first = f"{plain(stated.price)} {stated.currency}"
            text = say(
                "{symbol} has two prices, {first} and {price} {currency}",
                symbol=symbol,
                first=first,
                price=plain(quote.price),
                currency=currency,
            )
            self.reader.problem("two-prices", text, say("give one price"), path)
        self.quotes[symbol] = (quote, path)
        return quote
