"""Models to start from, and the prices of a portfolio's instruments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from steelyard import bootstrap
from steelyard.api.reading import Money
from steelyard.app.books.price_reports import fetched, judged, kept
from steelyard.app.books.prices import wanted_by
from steelyard.app.market.prices import fetch
from steelyard.domain.market import finding
from steelyard.domain.market.finding import Findings
from steelyard.domain.market.prices import Close, Wanted, judge, slip
from steelyard.domain.money import ZERO, exact_sum, parse_number
from steelyard.domain.policy.models import ModelList
from steelyard.errors import InputError
from steelyard.records import dataclass
from steelyard.words import say

if TYPE_CHECKING:
    from steelyard.app.books.price_reports import PriceReport
    from steelyard.bootstrap.folder import Place
    from steelyard.domain.portfolio import Portfolio
    from steelyard.ports.market import Sessions


def models(name: str | None = None) -> ModelList:
    """Return the model portfolios, or the one of a name.

    Raises:
        InputError: There is none of that name (`unknown-model`).
    """
    found = bootstrap.models()
    if name is not None:
        chosen = tuple(model for model in found if model.name == name)
        if not chosen:
            known = ", ".join(model.name for model in found)
            raise InputError(
                "unknown-model",
                say("there is no model {name!r}", name=name),
                say("use one of {choices}", choices=known),
            )
        found = chosen
    return ModelList(found)


def find(text: str, portfolio: Portfolio | None = None, *, limit: int = 20) -> Findings:
    """Return the instruments that a text may mean: words of a name, a class, a symbol or an ISIN.

    Names are found in Korean and English, whatever their spelling.

    Args:
        text: What somebody remembers.
        portfolio: For instruments of its own and what is held, which comes first among equals.
        limit: At most so many.

    Raises:
        InputError: The text has no word in it (`find-empty`).
    """
    catalogue = bootstrap.packaged_instruments()
    if portfolio is None:
        return finding.find(text, catalogue, limit=limit)
    held: dict[str, Decimal] = {}
    for position in (p for account in portfolio.accounts for p in account.positions):
        held[position.symbol] = exact_sum([position.shares], held.get(position.symbol, ZERO))
    catalogue = catalogue.with_all(portfolio.instruments.values())
    return finding.find(text, catalogue, limit=limit, held=held)


def template(*, model: str | None = None, base_currency: str = "KRW", by_class: bool = False) -> str:
    """Return a commented portfolio file to start from.

    Args:
        model: Of `models`, for its targets; the bundled sample's unless given.
        base_currency: ISO 4217.
        by_class: The model's targets are classes, each met by funds listed abroad and in Korea.
    """
    chosen = None if model is None else models(model).models[0]
    return bootstrap.new_portfolio_text(chosen, base_currency, by_class=by_class)


def template_from(
    file: str | Path,
    *,
    model: str | None = None,
    base_currency: str | None = None,
    account: str | None = None,
    format: str | None = None,
    accounts: Mapping[str, str] | None = None,
    symbols: Mapping[str, str] | None = None,
    leave: Sequence[int] = (),
) -> Begun:
    """Return a commented portfolio file that begins with what a broker's file says is held.

    A table of positions gives shares, lots where they are all of them, cash and prices. A file of trades
    gives what is held after them; its accounts are kept by the journal, into which `import_` enters them.
    Targets are today's weights, or those of a model.

    Args:
        file: A broker's file of positions, lots or trades.
        model: Of `models`, for its targets.
        base_currency: ISO 4217; that of most of the positions unless given.
        account, format, accounts, symbols, leave: As for `import_`.

    Raises:
        InputError: The file cannot be read; it holds several currencies and no model names the targets
            (`several-currencies`).
        PortfolioProblems: Its rows are not understood, or name what nobody knows.
    """
    options = bootstrap.import_options(format, account, accounts or {}, symbols or {}, leave)
    found = bootstrap.beginning(Path(file), options)
    values = found.values()
    money = base_currency or max(sorted(values), key=lambda c: len(values[c]), default="KRW")
    if model is None and set(values) - {money}:
        raise InputError(
            "several-currencies",
            say(
                "{file} holds prices in {currencies}: weights need a rate of the day",
                file=file,
                currencies=", ".join(sorted(values)),
            ),
            say("name targets with --model NAME (see `steelyard models`), and write the rate under [fx]"),
        )
    chosen = None if model is None else models(model).models[0]
    text = bootstrap.begun_portfolio_text(found, chosen, money)
    return Begun(text, found.recorded, len(found.accounts), len(found.symbols))


@dataclass(frozen=True, slots=True)
class Begun:
    """A portfolio file that begins with what is held.

    Attributes:
        text: The file.
        recorded: A journal must say what is held: import the broker's file beside it.
        accounts, positions: How many.
    """

    text: str
    recorded: bool
    accounts: int
    positions: int


def _session(sessions: Sessions, wanted: Wanted, day: date) -> date:
    """Return the newest session up to a day; the day itself where no exchange is asked."""
    near = (day - timedelta(days=n) for n in range(15))
    return day if wanted.is_rate else next((d for d in near if sessions.is_session(wanted.exchange, d)), day)


def sample() -> Portfolio:
    """Return the bundled sample portfolio: 10,000,000 won at made-up round prices."""
    return bootstrap.sample()


def fetch_prices(path: Place, *, everything: bool = False) -> PriceReport:
    """Ask the price sources of automation.toml, in order, and keep what they answer.

    Every answer is kept as it came before it is judged.

    Args:
        path: The portfolio file; asked for is what it gives no price of.
        everything: Also what it has a price for.
    """
    with bootstrap.automation(bootstrap.Folder.of(path)) as parts:
        inputs = parts.inputs
        outline, missing = inputs.file.outline()
        wanted = [w for w in wanted_by(outline) if everything or w.symbol in missing]
        results = fetch(
            wanted,
            inputs.sources,
            inputs.prices,
            inputs.post.clock,
            inputs.settings.prices,
            as_of=inputs.today(),
            sessions=inputs.sessions,
            splits=inputs.books.splits(),
        )
        return fetched(results, parts.secrets.mask)


def stored_prices(path: Place, *, last: int = 1) -> PriceReport:
    """Return the newest closes that are kept, with their source.

    Args:
        path: The portfolio file.
        last: How many of each instrument, >= 1.
    """
    with bootstrap.automation(bootstrap.Folder.of(path), to_look=True) as parts:
        return kept(parts.inputs.file.outline()[0], parts.prices, last)


def check_prices(path: Place) -> PriceReport:
    """Say which prices are missing, stale or were refused; fetches nothing. See `PriceReport.complete`."""
    with bootstrap.automation(bootstrap.Folder.of(path), to_look=True) as parts:
        inputs = parts.inputs
        outline, missing = inputs.file.outline()
        limits = inputs.settings.prices.limits
        return judged(outline, missing, parts.prices, limits, parts.secrets.mask, as_of=inputs.today())


def set_price(
    path: Place, symbol: str, price: Money, *, day: date | None = None, sure: bool = False
) -> Close:
    """Keep a price by hand, for when no source has it.

    Args:
        path: The portfolio file.
        symbol: Of an instrument of it, or a pair such as USDKRW.
        price: In the instrument's currency, > 0.
        day: The session it belongs to; the newest one unless given, by the day where its owner lives.
        sure: It is so although it is ten times the last good one before it, or a tenth.

    Raises:
        InputError: The portfolio has no such symbol (`unknown-symbol`), it is no price, of a day without a
            session (`price-no-session`), or far from the last one (`price-jump`).
    """
    try:
        number = parse_number(price)
    except ValueError as error:
        hint = say("write: steelyard prices set VOO 612.35")
        raise InputError("amount", error.args[0], hint) from None
    with bootstrap.automation(bootstrap.Folder.of(path)) as parts:
        inputs = parts.inputs
        known = {w.symbol: w for w in wanted_by(inputs.file.outline()[0])}
        if symbol not in known:
            raise InputError(
                "unknown-symbol",
                say("{symbol} is not in the portfolio", symbol=symbol),
                say("use one of {choices}", choices=", ".join(known)),
            )
        wanted, today = known[symbol], inputs.today()
        close = Close(day or _session(inputs.sessions, wanted, today), number, wanted.currency)
        if not wanted.is_rate and not inputs.sessions.is_session(wanted.exchange, close.day):
            raise InputError(
                "price-no-session",
                say("{day} is not a session of {exchange}", day=close.day, exchange=wanted.exchange),
                say("write --day {before}", before=_session(inputs.sessions, wanted, close.day)),
            )
        last = [c for _, c in inputs.prices.history(symbol) if c.day <= close.day]
        if not sure and number > ZERO and last:
            newest = max(last, key=lambda c: c.day)
            if why := slip(symbol, newest, close):
                raise InputError("price-jump", why, say("if it is right, add --sure"))
        answer = inputs.prices.keep_answer(
            wanted, "manual", inputs.post.clock.now(), f"{close.day} {price}", None
        )
        # The owner's word is not held against an earlier close: it is how a true jump gets in.
        found = judge(wanted, "manual", [close], inputs.settings.prices.limits, as_of=today)
        inputs.prices.keep_judgement(answer, wanted, "manual", found.good, found.findings)
        refused = [f for f in found.findings if f.refused]
        if refused:
            hint = say("give a price above zero of a past session")
            raise InputError(refused[0].code, refused[0].text, hint)
    return close
