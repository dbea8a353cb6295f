"""Portfolio files from plain values: `portfolio`, `account`, `position` and `lot` take the file's own names.

A figure is written as it is given: text in quotes, a number bare. Portfolios that several tests share stand
below with what they are worth.
"""

from datetime import date
from decimal import Decimal


def portfolio(targets, *accounts, base_currency="KRW", **sections):
    """Return the text of a portfolio file; a further field is a section (`tax={"jurisdiction": "KR"}`)."""
    parts = [f"base_currency = {_value(base_currency)}", _table("targets", targets)]
    parts += [_table(name, fields) for name, fields in sections.items()]
    for fields in accounts or (account(),):
        own = {key: value for key, value in fields.items() if key != "positions"}
        parts.append(_table("accounts", own, many=True))
        parts += [_table("accounts.positions", held, many=True) for held in fields["positions"]]
    return "\n".join(parts)


def account(*positions, name="main", **fields):
    """Return an account, without cash unless it is given."""
    return {"name": name, **fields, "positions": positions}


def position(symbol, shares=None, price=None, *, lots=(), **fields):
    """Return a position; without a price it is left to a price source."""
    known = {"symbol": symbol, "shares": shares, "price": price, "lots": list(lots), **fields}
    return {key: value for key, value in known.items() if value not in (None, [])}


def lot(bought, shares, unit_cost, fx=None):
    """Return shares bought together, `bought` as `2022-03-04`."""
    known = {"bought": date.fromisoformat(bought), "shares": shares, "unit_cost": unit_cost}
    return known if fx is None else {**known, "fx": fx}


def with_gains(**sections):
    """Worth 33,600,000 of VOO, 7,560,000 of TLT (at a loss) and 2,200,000 of 360750, at 1,400 won."""
    held = (
        position(
            "VOO",
            40,
            "600",
            lots=[lot("2022-03-04", 20, "400", "1200"), lot("2025-03-04", 20, "550", "1450")],
        ),
        position("TLT", 60, "90", lots=[lot("2022-03-04", 60, "140", "1200")]),
        position("360750", 100, "22000", lots=[lot("2024-03-04", 100, "15000")]),
    )
    known = {"tax": {"jurisdiction": "KR"}, "fx": {"USDKRW": "1400"}} | sections
    targets = {"VOO": "40%", "TLT": "40%", "360750": "20%"}
    return portfolio(targets, account(*held, cash={"KRW": "0"}), **{k: v for k, v in known.items() if v})


def one_fund():
    """8 VOO whose price a source has to know, and 5,000,000 won."""
    held = account(position("VOO", 8), cash={"KRW": "5000000"})
    return portfolio({"VOO": "100%"}, held, fx={"USDKRW": "1500"})


def _table(name, fields, *, many=False):
    head = f"[[{name}]]" if many else f"[{name}]"
    return "\n".join([head, *(f"{_key(key)} = {_value(value)}" for key, value in fields.items())])


def _key(name):
    return name if name.replace("_", "").isalpha() else f'"{name}"'


def _value(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(key)} = {_value(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_value(inner) for inner in value) + "]"
    assert isinstance(value, (int, Decimal, date)), value
    return str(value)
