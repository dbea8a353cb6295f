"""The commented portfolio file that `init` writes."""

from __future__ import annotations

from steelyard.domain.market.catalogue import Catalogue
from steelyard.domain.money import plain
from steelyard.domain.policy.models import Model

_START = {"KRW": (("069500", "60%"), ("148070", "40%")), "USD": (("VTI", "60%"), ("BND", "40%"))}


def template(*, base_currency: str, model: Model | None, catalogue: Catalogue) -> str:
    """Return a portfolio file that loads as it is and explains every key in place.

    Args:
        base_currency: The currency everything is valued in.
        model: Targets to start from; a simple pair of the base currency's market unless given.
        catalogue: For the names in the comments.
    """
    if model is not None:
        rows = [(s, f"{plain(w * 100)}%") for s, w in model.weights.items()]
        origin = f"the model {model.name}: {model.description} Source: {model.source}"
    else:
        rows = list(_START.get(base_currency, _START["USD"]))
        origin = "a simple start; `steelyard models` lists portfolios others use"
    targets, positions = [], []
    for symbol, weight in rows:
        instrument = catalogue.get(symbol)
        name = instrument.name if instrument is not None else symbol
        key = f'"{symbol}"' if symbol.isdigit() else symbol
        targets.append(f'{key} = "{weight}"'.ljust(24) + f"# {name}")
        currency = instrument.currency if instrument is not None else base_currency
        positions.append(
            "\n".join(
                (
                    "[[accounts.positions]]",
                    f'symbol = "{symbol}"',
                    'shares = "0"',
                    f'# price = "100 {currency}"   # needed as soon as there are shares, and to plan',
                )
            )
        )
    foreign = next(
        (c for s, _ in rows if (i := catalogue.get(s)) is not None and (c := i.currency) != base_currency),
        None,
    )
    pair = f"{foreign or ('KRW' if base_currency == 'USD' else 'USD')}{base_currency}"
    return _TEXT.format(
        base=base_currency,
        origin=origin,
        targets="\n".join(targets),
        positions="\n\n".join(positions),
        pair=pair,
        jurisdiction="KR" if base_currency == "KRW" else "US",
    )


_TEXT = """\
# A Steelyard portfolio. Check it with: steelyard check
# Numbers may be quoted or bare and are read exactly; weights and bands take 0.30 or "30%".
base_currency = "{base}"

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
# jurisdiction = "{jurisdiction}"         # KR | US

[[accounts]]
name = "main"
kind = "taxable"
cash = {{ {base} = "0" }}

{positions}
"""
