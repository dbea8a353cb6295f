"""A portfolio file whose missing prices and rates come from somewhere else.

What the file says wins: a price written there is its owner's. Only what it leaves open is filled in, as
lines of [prices] and [fx] that the one reader of portfolio files then reads like any other.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from steelyard.adapters.files.portfolio import load, parse
from steelyard.adapters.files.toml_text import bytes_of, tree_to_read
from steelyard.domain.market.catalogue import Catalogue
from steelyard.domain.money import ONE, plain
from steelyard.domain.portfolio import Portfolio, Quote
from steelyard.errors import PortfolioProblems
from steelyard.records import replace


class PortfolioFile:
    """One portfolio file, read again each time it is asked unless its words are given.

    Args:
        path: The file.
        catalogue: Known instruments.
        symbols: Held by the journal, so that they need a price although the file may not name them.
        shown: What its owner calls it, for messages; `path` unless given.
        text: Its words as somebody read them, or as they were once, in place of the file.
        currencies: Of cash that the journal holds, so that they need a rate.
    """

    def __init__(
        self,
        path: Path,
        catalogue: Catalogue,
        symbols: Collection[str] = (),
        shown: str | None = None,
        text: str | None = None,
        currencies: Collection[str] = (),
    ) -> None:
        self._path, self._catalogue, self._held = path, catalogue, tuple(sorted(symbols))
        self._shown, self._words = shown or str(path), text
        self._cash = frozenset(currencies)

    @property
    def name(self) -> str:
        """File name without its folder."""
        return self._path.name

    def outline(self) -> tuple[Portfolio, frozenset[str]]:
        """Return the portfolio with a price of 1 wherever the file gives none, and where that is.

        For its instruments, currencies and policy, never for its value. The second part holds
        symbols and pairs (`USDKRW`).

        Raises:
            PortfolioProblems: The file has problems other than missing prices and rates.
        """
        symbols, base = self._open_symbols()
        prices = {s: Quote(ONE, self._currency(s, base)) for s in symbols}
        missing = set(self._cash) - self._rated(base) - {base}
        text = self._completed(prices, dict.fromkeys(missing, ONE))
        if text is not None:
            try:
                return self._parse(text), frozenset(symbols) | {f"{code}{base}" for code in missing}
            except PortfolioProblems as refused:
                # The reader alone knows which currencies need a rate: `no exchange rate for USD`.
                missing |= {p.message.rsplit(" ", 1)[-1] for p in refused.problems if p.code == "fx-missing"}
        portfolio = self.load(prices, dict.fromkeys(missing, ONE))
        return portfolio, frozenset(symbols) | {f"{currency}{base}" for currency in missing}

    def load(self, prices: Mapping[str, Quote], rates: Mapping[str, Quote | Decimal]) -> Portfolio:
        """Return the portfolio with what the file leaves open filled in.

        Args:
            prices: By symbol; those the file prices itself are ignored.
            rates: Units of base currency by foreign currency, as quotes where day and source are known;
                likewise.

        Raises:
            PortfolioProblems: With every problem of the file that is left.
        """
        plain_rates = {c: rate.price if isinstance(rate, Quote) else rate for c, rate in rates.items()}
        completed = self._completed(prices, plain_rates)
        if completed is None:
            if self._words is not None:
                return self._parse(self._words)
            return load(self._path, self._catalogue, name=self._shown, symbols=self._held)
        text = self._text()
        try:
            return self._with_days(self._parse(completed), prices, rates)
        except PortfolioProblems as refused:
            left = {(p.code, p.key) for p in refused.problems}
            # Told with the line numbers of the file as it is, not as it was completed.
            try:
                self._parse(text)
            except PortfolioProblems as plainly:
                own = tuple(p for p in plainly.problems if (p.code, p.key) in left)
                raise PortfolioProblems(own or refused.problems) from None
            raise

    def _with_days(
        self, found: Portfolio, prices: Mapping[str, Quote], rates: Mapping[str, Quote | Decimal]
    ) -> Portfolio:
        """Give what was filled in its day and its source, which text does not carry."""
        symbols, base = self._open_symbols()
        rated = self._rated(base)
        filled = {s: prices[s] for s in symbols if s in prices and s in found.quotes}
        dated = {c: r for c, r in rates.items() if isinstance(r, Quote) and c not in rated}
        return replace(found, quotes={**found.quotes, **filled}, fx_quotes={**found.fx_quotes, **dated})

    def _text(self) -> str:
        return bytes_of(self._path).decode("utf-8-sig") if self._words is None else self._words

    def _parse(self, text: str) -> Portfolio:
        return parse(text, self._shown, self._catalogue, symbols=self._held)

    def _completed(self, prices: Mapping[str, Quote], rates: Mapping[str, Decimal]) -> str | None:
        """Return the text with what it leaves open filled in, None when there is no text to fill."""
        tree = self._tree()
        if not tree:
            return None
        symbols, base = self._open_symbols()
        rated = self._rated(base)
        lines = {
            "prices": [
                f'"{s}" = "{plain(prices[s].price)} {prices[s].currency}"' for s in symbols if s in prices
            ],
            "fx": [f'{c}{base} = "{plain(rates[c])}"' for c in sorted(rates) if c not in rated],
        }
        return _complete(self._text(), lines)

    def _tree(self) -> Mapping[str, Any]:
        """Return the parsed file, empty when it is not TOML: then the reader says what is wrong."""
        try:
            return tree_to_read(self._text())
        except (OSError, ValueError):
            return {}

    def _symbol(self, name: object) -> str:
        return self._catalogue.resolve(str(name)) or str(name)

    def _open_symbols(self) -> tuple[list[str], str]:
        """Return the targeted and held symbols without a price of their own, and the base currency."""
        tree = self._tree()
        priced = {self._symbol(name) for name in _table(tree, "prices")}
        for name, own in _table(tree, "instruments").items():
            if isinstance(own, dict) and "price" in own:
                priced.add(self._symbol(name))
        named = [self._symbol(name) for name in _table(tree, "targets")]
        named += [self._symbol(symbol) for symbol in self._held]
        for account in _tables(tree.get("accounts")):
            for position in _tables(account.get("positions")):
                if "symbol" in position:
                    named.append(self._symbol(position["symbol"]))
                    if "price" in position or "value" in position:
                        priced.add(named[-1])
        return [s for s in dict.fromkeys(named) if s not in priced], str(tree.get("base_currency", "KRW"))

    def _rated(self, base: str) -> set[str]:
        """Return the currencies the file gives a rate of."""
        return {name.replace(base, "", 1) for name in _table(self._tree(), "fx")}

    def _currency(self, symbol: str, base: str) -> str:
        own = _table(_table(self._tree(), "instruments"), symbol).get("currency")
        known = self._catalogue.get(symbol)
        return str(own) if own else known.currency if known else base


def _complete(text: str, lines: Mapping[str, list[str]]) -> str:
    """Add lines to two tables: below the header where there is one, else at the end."""
    for table, added in lines.items():
        if not added:
            continue
        header = re.search(rf"^[ \t]*\[[ \t]*{table}[ \t]*\][ \t]*(#.*)?$", text, re.MULTILINE)
        block = "\n".join(added)
        if header:
            text = f"{text[: header.end()]}\n{block}{text[header.end() :]}"
        else:
            text = f"{text}\n[{table}]\n{block}\n"
    return text


def _table(tree: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = tree.get(key)
    return value if isinstance(value, dict) else {}


def _tables(value: object) -> list[dict[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
