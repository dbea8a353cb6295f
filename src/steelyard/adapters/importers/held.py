"""What is held by a broker's file: from its table of positions and lots, or from all that happened."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from steelyard.adapters.importers.choice import Found
from steelyard.adapters.importers.presets.statement import Holding, Statement
from steelyard.adapters.importers.rows import ImportOptions, listed, refuse
from steelyard.domain.books.beginning import Beginning, HeldAccount, HeldLot
from steelyard.domain.books.holdings import holdings
from steelyard.domain.market.catalogue import Catalogue
from steelyard.domain.money import EXACT, ZERO, exact_sum
from steelyard.errors import PortfolioProblems, Problem
from steelyard.words import join, say


def from_positions(
    statement: Statement, name: str, catalogue: Catalogue, options: ImportOptions
) -> Beginning:
    """Return what a table of positions says.

    Raises:
        PortfolioProblems: Rows that are not understood, shorts, names that no instrument has; or it holds
            nothing (`import-empty`).
    """
    problems = [
        Problem("import-row", reason, say("leave the row out with --leave {line}", line=line), name, line)
        for line, reason in statement.refused
        if line not in options.leave
    ]
    numbers = {h.facts.get("account", "") for h in statement.holdings}
    accounts: dict[str, _Account] = {}
    prices: dict[str, tuple[Decimal, str]] = {}
    names: dict[str, str] = {}
    for holding in (h for h in statement.holdings if h.line not in options.leave):
        facts = holding.facts
        number = facts.get("account", "")
        alone = options.account or ("main" if len(numbers) < 2 else number)
        account = accounts.setdefault(options.accounts.get(number, alone), _Account())
        account.called = account.called or facts.get("account_name", "")
        if holding.what == "cash":
            money = facts.get("currency", "")
            account.cash[money] = exact_sum([Decimal(facts["amount"])], account.cash.get(money, ZERO))
            continue
        symbol = _symbol(holding, catalogue, options)
        if symbol is None:
            problems.append(_unknown(holding, name, catalogue))
            continue
        if problem := account.add(holding, symbol, name):
            problems.append(problem)
        if price := _price(holding):
            prices[symbol] = price, facts.get("currency", "")
        if facts.get("name"):
            names[symbol] = facts["name"]
    if problems:
        raise PortfolioProblems(tuple(sorted(problems, key=lambda p: p.line or 0)))
    held = tuple(account.held(key) for key, account in accounts.items() if account)
    if not held:
        raise refuse("import-empty", name, say("the file holds nothing"), say("export it again"))
    as_of = date.fromisoformat(statement.as_of) if statement.as_of else None
    return Beginning(name, held, prices, as_of, names)


def from_entries(found: Found, name: str) -> Beginning:
    """Return what is held after everything that a file tells, at the last price each was traded at.

    Raises:
        InputError: More is sold than was held (`sold-more-than-held`): the file does not begin at the start.
    """
    entries = [row.entry for row in found.file.rows]
    if not entries:
        raise refuse("import-empty", name, say("the file holds nothing"), say("export it again"))
    last = max(entry.traded_on for entry in entries)
    end = holdings(entries, last)
    held = {symbol for _, symbol in end.shares}
    traded: dict[str, tuple[date, Decimal, str]] = {}
    for e in sorted(entries, key=lambda e: e.traded_on):
        if e.kind in ("buy", "sell") and e.symbol in held and e.price:
            traded[e.symbol] = e.traded_on, e.price, e.currency
        elif e.kind == "split" and e.symbol in traded:
            day, price, currency = traded[e.symbol]
            traded[e.symbol] = day, EXACT.divide(price, e.ratio), currency
    accounts = tuple(
        HeldAccount(
            account,
            {symbol: n for (owner, symbol), n in end.shares.items() if owner == account},
            {},
            {money: n for (owner, money), n in end.cash.items() if owner == account and n > ZERO},
        )
        for account in dict.fromkeys(name for e in entries for name in e.accounts)
    )
    prices = {symbol: (price, currency) for symbol, (_, price, currency) in traded.items()}
    oldest = min((day for day, _, _ in traded.values()), default=None)
    return Beginning(name, accounts, prices, oldest, {}, recorded=True)


class _Account:
    def __init__(self) -> None:
        self.shares: dict[str, Decimal] = {}
        self.lots: dict[str, list[HeldLot]] = {}
        self.cash: dict[str, Decimal] = {}
        self.called = ""

    def __bool__(self) -> bool:
        return bool(self.shares or self.lots or any(self.cash.values()))

    def add(self, holding: Holding, symbol: str, name: str) -> Problem | None:
        facts = holding.facts
        shares = Decimal(facts.get("shares", "0"))
        if shares < ZERO:
            text = say("{symbol} is sold short", symbol=symbol)
            return Problem(
                "import-row",
                text,
                say("leave the row out with --leave {line}", line=holding.line),
                name,
                holding.line,
            )
        if not shares:
            return None
        if holding.what == "position":
            self.shares[symbol] = exact_sum([shares], self.shares.get(symbol, ZERO))
        elif facts.get("bought"):
            cost = facts.get("unit_cost") or _each(facts.get("cost", ""), shares)
            if cost:
                lot = HeldLot(
                    date.fromisoformat(facts["bought"]), shares, Decimal(cost), facts.get("currency", "")
                )
                self.lots.setdefault(symbol, []).append(lot)
        return None

    def held(self, name: str) -> HeldAccount:
        # A file of lots alone says with them how much there is; lots that are not all of it are no lots.
        sums = {symbol: exact_sum(lot.shares for lot in lots) for symbol, lots in self.lots.items()}
        shares = {**{s: n for s, n in sums.items() if s not in self.shares}, **self.shares}
        whole = {s: tuple(self.lots[s]) for s, n in sums.items() if shares[s] == n}
        cash = {money: amount for money, amount in self.cash.items() if amount > ZERO}
        return HeldAccount(name, shares, whole, cash, self.called)


def _each(total: str, shares: Decimal) -> str:
    return str(EXACT.divide(Decimal(total), shares).quantize(Decimal("1e-9"))) if total else ""


def _price(holding: Holding) -> Decimal | None:
    facts = holding.facts
    shares = Decimal(facts.get("shares", "0"))
    if facts.get("price"):
        return Decimal(facts["price"])
    if facts.get("value") and shares:
        return EXACT.divide(Decimal(facts["value"]), shares).quantize(Decimal("1e-9")).normalize()
    return None


def _symbol(holding: Holding, catalogue: Catalogue, options: ImportOptions) -> str | None:
    facts = holding.facts
    for text in (facts.get("symbol", ""), facts.get("name", "")):
        if text in options.symbols:
            return options.symbols[text]
        if text and (known := catalogue.resolve(listed(text))):
            return known
    return listed(facts["symbol"]) if facts.get("symbol") else None


def _unknown(holding: Holding, name: str, catalogue: Catalogue) -> Problem:
    text = holding.facts.get("name", "")
    near = catalogue.suggest(text)
    option = f"--symbol '{text}={near[0] if near else 'SYMBOL'}'"
    hint = say("start with {option}", option=option)
    if near:
        hint = say("did you mean {near}? start with {option}", near=join(say(" or "), near), option=option)
    return Problem(
        "unknown-symbol",
        say("{raw!r} is no symbol and not in the catalogue", raw=text),
        hint,
        name,
        holding.line,
    )
