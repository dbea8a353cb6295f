"""The commented portfolio file that `init` writes."""

from __future__ import annotations

import json
import re

from steelyard.domain.books.beginning import Beginning, HeldAccount, weights
from steelyard.domain.market.catalogue import Catalogue
from steelyard.domain.money import plain
from steelyard.domain.policy.models import Model
from steelyard.words import join, say

_START = {"KRW": (("069500", "60%"), ("148070", "40%")), "USD": (("VTI", "60%"), ("BND", "40%"))}


def template(*, base_currency: str, model: Model | None, catalogue: Catalogue, by_class: bool = False) -> str:
    """Return a portfolio file that loads as it is and explains every key in place.

    Args:
        base_currency: The currency everything is valued in.
        model: Targets to start from; a simple pair of the base currency's market unless given.
        catalogue: For the names in the comments.
        by_class: The model's targets are classes, each with the funds that meet it.
    """
    if model is not None:
        rows = [(s, f"{plain(w * 100)}%") for s, w in model.weights.items()]
        origin = _from_model(model)
    else:
        rows = list(_START.get(base_currency, _START["USD"]))
        origin = say("a simple start; `steelyard models` lists portfolios others use")
    targets: list[str] = []
    positions: list[str] = []
    for symbol, weight in rows:
        instrument = catalogue.get(symbol)
        name = instrument.name if instrument is not None else symbol
        key = f'"{symbol}"' if symbol.isdigit() else symbol
        if model is not None and by_class:
            key, name = model.classes[symbol][0], say("see [classes.{name}]", name=model.classes[symbol][0])
        targets.append(join("", (f'{key} = "{weight}"'.ljust(24), say("# {name}", name=name))))
        currency = instrument.currency if instrument is not None else base_currency
        positions.append(
            join(
                "\n",
                (
                    "[[accounts.positions]]",
                    f'symbol = "{symbol}"',
                    'shares = "0"',
                    say(
                        '# price = "100 {currency}"   # needed as soon as there are shares, and to plan',
                        currency=currency,
                    ),
                ),
            )
        )
    foreign = next(
        (c for s, _ in rows if (i := catalogue.get(s)) is not None and (c := i.currency) != base_currency),
        None,
    )
    pair = f"{foreign or ('KRW' if base_currency == 'USD' else 'USD')}{base_currency}"
    account = f'[[accounts]]\nname = "main"\nkind = "taxable"\ncash = {{ {base_currency} = "0" }}\n\n'
    head = _head(base_currency, origin, targets, pair)
    classes = _classes(model, catalogue) if model is not None and by_class else ""
    return join("", (head, classes, account, join("\n\n", positions), "\n"))


def _classes(model: Model, catalogue: Catalogue) -> str:
    """Return the tables of a model's classes; in each account the first fund that it may hold is bought."""
    lines: list[str] = [
        say("# All members count for their class; in each account the first that it may hold is bought.\n")
    ]
    for name, members in model.classes.values():
        lines.append(f"[classes.{name}]\nmembers = [\n")
        for symbol in members:
            known = catalogue.get(symbol)
            lines.append(f'  "{symbol}",'.ljust(14) + f"# {symbol if known is None else _line(known.name)}\n")
        lines.append("]\n\n")
    return join("", lines)


def begun(beginning: Beginning, *, base_currency: str, model: Model | None, catalogue: Catalogue) -> str:
    """Return a portfolio file that begins with what a broker's file says is held.

    Args:
        beginning: What is held; all in the base currency where there is no model.
        base_currency: The currency everything is valued in.
        model: Targets; today's weights unless given.
        catalogue: For names, and for what it does not know and the file must describe.
    """
    if model is not None:
        rows = [(s, model.weights[s]) for s in model.weights]
        origin = _from_model(model)
    else:
        rows = list(weights(beginning.values().get(base_currency, {})).items())
        origin = say("what is held today; change it to what you want to hold")
    known = {s: i.name for s, _ in rows if (i := catalogue.get(s)) is not None}
    targets = [
        f'{_key(s)} = "{plain(w * 100)}%"'.ljust(24) + f"# {_line(known.get(s) or beginning.names.get(s, s))}"
        for s, w in rows
    ]
    foreign = sorted(beginning.currencies() - {base_currency})
    pair = f"{foreign[0] if foreign else ('KRW' if base_currency == 'USD' else 'USD')}{base_currency}"
    held = join("\n\n", (_account(account, recorded=beginning.recorded) for account in beginning.accounts))
    day = f"priced_on = {beginning.priced_on}\n" if beginning.priced_on else "# priced_on = 2026-11-23\n"
    more = join("", (day, say("# Begun with {source}.\n", source=_line(beginning.source))))
    head = _head(base_currency, origin, targets, pair, more)
    return join("", (head, _described(beginning, catalogue), held, "\n"))


def _described(beginning: Beginning, catalogue: Catalogue) -> str:
    parts: list[list[str]] = []
    if beginning.prices:
        of = say("the last one each was traded at") if beginning.recorded else say("those of the file")
        said = say("# Prices are {of}; take them out, and `steelyard prices fetch` gets new ones.", of=of)
        lines: list[str] = [said, "[prices]"]
        lines += [f'{_key(s)} = "{plain(p)} {c}"' for s, (p, c) in sorted(beginning.prices.items())]
        parts.append(lines)
    for symbol in beginning.symbols:
        if symbol not in catalogue and symbol in beginning.prices:
            parts.append(
                [
                    say("# Not in the catalogue: its tax class is not known."),
                    f"[instruments.{_key(symbol)}]",
                    f"name = {_quoted(_line(beginning.names.get(symbol, symbol)))}",
                    f'currency = "{beginning.prices[symbol][1]}"',
                ]
            )
    return join("", (join("", (join("\n", lines), "\n\n")) for lines in parts))


def _account(account: HeldAccount, *, recorded: bool) -> str:
    lines: list[str] = ["[[accounts]]", f"name = {_quoted(account.name)}"]
    sure = account.kind == "taxable" and account.name == "main"
    lines.append(
        join(
            "",
            (f'kind = "{account.kind}"', "" if sure else say("   # check it: guessed from the name alone")),
        )
    )
    if recorded:
        lines.append(
            say('kept = "journal"            # what happened is in steelyard.db, and says what is held')
        )
        return join("\n", lines)
    if account.cash:
        lines.append(
            f"cash = {{ {', '.join(f'{c} = {_quoted(plain(n))}' for c, n in account.cash.items())} }}"
        )
    for symbol, shares in account.shares.items():
        lines += ["", "[[accounts.positions]]", f"symbol = {_quoted(symbol)}", f'shares = "{plain(shares)}"']
        if lots := account.lots.get(symbol):
            rows = [
                f'  {{ bought = {lot.bought}, shares = "{plain(lot.shares)}", '
                f'unit_cost = "{plain(lot.cost)} {lot.currency}" }},'
                for lot in lots
            ]
            lines += ["lots = [", *rows, "]"]
    return join("\n", lines)


def _key(symbol: str) -> str:
    return symbol if re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", symbol) else _quoted(symbol)


def _quoted(text: str) -> str:
    # JSON's escapes are TOML's; DEL is the one character more that TOML wants written so.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _head(base_currency: str, origin: str, targets: list[str], pair: str, more: str = "") -> str:
    """Return what stands before the accounts: one message, so that its comments can be said as a whole."""
    return say(
        """\
# A Steelyard portfolio. Check it with: steelyard check
# Numbers may be quoted or bare and are read exactly; weights and bands take 0.30 or "30%".
base_currency = "{base}"
{more}
# What you want to hold, by symbol or name; must add up to exactly 100 %.
# This is {origin}
[targets]
{targets}

# When a rebalance is due, and where it goes. These are the defaults.
[policy]
kind = "hybrid"               # calendar | threshold | hybrid
look = "quarterly"            # daily | weekly | biweekly | monthly | quarterly | semiannual | annual
look_at = "first"             # first | last trading session of the period
threshold = "5%"              # due when a weight is MORE than this away from its target
# relative_threshold = "25%"  # a second band, fraction of the target; the tighter one decides (5/25)
max_interval_days = 180       # hybrid: due when more days than this have passed since the last one
cooldown_days = 0             # never due earlier than this after the last one
destination = "target"        # target | edge | halfway
# last_rebalance = 2026-06-01

[constraints]
fractional = false            # true where the broker trades fractions of a share
min_trade = "0"               # no trade smaller than this, in {base}
cash_reserve = "0"            # cash to keep: an amount, or a weight such as "2%"
locked = []                   # symbols never to trade

[costs]
commission = "0%"             # fraction of the traded value
min_commission = "0"          # least commission of one trade, in {base}
fx_spread = "0%"              # cost of changing money between currencies

# Units of {base} for one unit of the other currency, for prices and cash in that currency.
# [fx]
# {pair} = "1"

# [tax]
# jurisdiction = "{jurisdiction}"         # KR | US | JP

""",
        base=base_currency,
        more=more,
        origin=origin,
        targets=join("\n", targets),
        pair=pair,
        jurisdiction={"KRW": "KR", "JPY": "JP"}.get(base_currency, "US"),
    )


def _from_model(model: Model) -> str:
    return say(
        "the model {name}: {description} Source: {source}",
        name=model.name,
        description=model.description,
        source=model.source,
    )
