"""Portfolio files: honest ones with a few things replaced, added, doubled or taken away, and huge ones."""

from __future__ import annotations

import copy
from random import Random
from typing import Any

import pieces


class Raw(str):
    """A value as it stands in the file."""


def _held(symbol: str, shares: object, price: object, **more: object) -> dict[str, Any]:
    return {"symbol": symbol, "shares": str(shares), "price": str(price), **more}


def _plain() -> dict[str, Any]:
    return {
        "base_currency": "KRW",
        "priced_on": Raw("2026-11-23"),
        "targets": {"069500": "30%", "VOO": "40%", "TLT": "20%", "GLD": "10%"},
        "policy": {"kind": "hybrid", "look": "quarterly", "threshold": "5%", "max_interval_days": Raw("180")},
        "costs": {"commission": "0.1%", "min_commission": "0", "fx_spread": "0.2%"},
        "accounts": [
            {
                "name": "main",
                "kind": "taxable",
                "cash": {"KRW": "300000"},
                "positions": [
                    _held("069500", 80, "35000 KRW"),
                    _held("VOO", 8, "600000 KRW"),
                    _held("TLT", 20, "80000 KRW"),
                    _held("GLD", 4, "200000 KRW"),
                ],
            }
        ],
    }


def _several() -> dict[str, Any]:
    lots = [{"bought": Raw("2022-03-04"), "shares": "20", "unit_cost": "400", "fx": "1200"}]
    return {
        "base_currency": "KRW",
        "priced_on": Raw("2026-11-23"),
        "targets": {"VOO": "40%", "TLT": "40%", "360750": "20%"},
        "fx": {"USDKRW": "1400"},
        "tax": {"jurisdiction": "KR"},
        "constraints": {"min_trade": "10000", "cash_reserve": "1%", "locked": [], "fractional": Raw("false")},
        "accounts": [
            {
                "name": "main",
                "kind": "taxable",
                "cost_method": "fifo",
                "cash": {"KRW": "100000", "USD": "20.5"},
                "positions": [_held("VOO", 20, "600", lots=lots), _held("TLT", 30, "90")],
            },
            {
                "name": "isa",
                "kind": "isa",
                "cash": {"KRW": "500000"},
                "positions": [_held("360750", 100, "22000")],
            },
        ],
    }


def _dollars() -> dict[str, Any]:
    return {
        "base_currency": "USD",
        "targets": {"VTI": "60%", "BND": "40%"},
        "tax": {"jurisdiction": "US", "filing": "single", "ordinary_rate": "24%"},
        "policy": {
            "kind": "threshold",
            "threshold": "5%",
            "relative_threshold": "25%",
            "destination": "edge",
        },
        "accounts": [
            {
                "name": "brokerage",
                "kind": "taxable",
                "cash": {"USD": "1200.55"},
                "positions": [
                    _held(
                        "VTI",
                        "10.5",
                        "250.25",
                        lots=[{"bought": Raw("2020-01-02"), "shares": "10.5", "unit_cost": "150"}],
                    ),
                    {"symbol": "BND", "value": "900"},
                ],
            },
            {"name": "roth", "kind": "roth", "cash": {"USD": "0"}, "positions": [_held("BND", 3, "75")]},
        ],
        "instruments": {"XYZ": {"currency": "USD", "fractional": Raw("true"), "price": "12"}},
    }


HONEST = (_plain, _several, _dollars)

SECTIONS = (
    "policy",
    "constraints",
    "costs",
    "fx",
    "tax",
    "prices",
    "instruments",
    "bands",
    "classes",
    "owners",
)
KEYS = (
    "base_currency", "language", "targets", "policy", "accounts", "cash", "positions", "symbol",
    "shares", "value", "price",
    "lots", "bought", "unit_cost", "fx", "kept", "owner", "menu", "locked", "prefer", "kind",
    "look", "look_at", "threshold",
    "relative_threshold", "max_interval_days", "cooldown_days", "last_rebalance", "destination",
    "min_trade", "cash_reserve",
    "max_trades", "accept_drift", "fractional", "commission", "min_commission", "fx_spread",
    "jurisdiction", "filing",
    "ordinary_rate", "other_income", "exchange", "asset_class", "tax_class", "us_class",
    "currency", "priced_on", "name",
    "exposure", "members", "buy", "household", "2025", "USDKRW", "EURKRW", "KRWKRW", "", "a.b",
    "Ｋ", "cost_method",
)  # fmt: skip


def text(random: Random, large: bool = True) -> bytes:
    """Return a portfolio file."""
    if large and random.random() < 0.015:
        return _huge(random)
    tree = random.choice(HONEST)()
    for _ in range(random.choice((0, 1, 1, 1, 2, 3, 8))):
        _change(random, tree)
    data = written(tree).encode("utf-8", "replace")
    if random.random() < 0.12:
        data = pieces.damaged(random, data)
    if random.random() < 0.02:
        data = random.choice(
            (b"\xff\xfe" + data.decode("utf-8", "replace").encode("utf-16-le"), b"\xef\xbb\xbf" + data, b"")
        )
    return data


def _spots(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, Any]]:
    """Return every (container, key) of a tree."""
    found = []
    pairs = (
        list(tree.items())
        if isinstance(tree, dict)
        else list(enumerate(tree))
        if isinstance(tree, list)
        else []
    )
    for key, value in pairs:
        found.append((tree, key))
        found += _spots(value, (*path, key))
    return found


def _value(random: Random) -> Any:
    how = random.random()
    if how < 0.5:
        return Raw(pieces.number(random))
    if how < 0.8:
        return Raw(pieces.toml_text(random))
    if how < 0.9:
        return random.choice(
            (
                {},
                [],
                [[]],
                {"a": {"b": "c"}},
                Raw("true"),
                Raw("1979-05-27T07:32:00Z"),
                Raw("07:32:00"),
                [{}],
                {"": ""},
            )
        )
    return f"{random.choice(pieces.TYPED)}{random.choice(('', '%', ' USD', ' KRW', ' EUR'))}"


def _change(random: Random, tree: dict[str, Any]) -> None:
    spots = _spots(tree)
    where, key = random.choice(spots)
    how = random.randrange(7)
    if how <= 2:
        leaves = [(w, k) for w, k in spots if not isinstance(w[k], (dict, list))]
        where, key = random.choice(leaves)
        where[key] = _value(random)
    elif how == 3:
        where[key] = _value(random)
    elif how == 4:
        del where[key]
    elif how == 5:
        tables = [tree, *(w[k] for w, k in spots if isinstance(w[k], dict))]
        table = random.choice(tables)
        table[random.choice((*KEYS, *SECTIONS, pieces.text(random)))] = _value(random)
    else:
        lists = [w[k] for w, k in spots if isinstance(w[k], list) and w[k]]
        if lists:
            chosen = random.choice(lists)
            chosen.append(copy.deepcopy(random.choice(chosen)))


def _huge(random: Random) -> bytes:
    """Return one of the large files that are honest in form."""
    head = 'base_currency = "KRW"\n'
    body = written({k: v for k, v in _plain().items() if k != "base_currency"})
    many = random.choice((1000, 20_000, 100_000))
    which = random.randrange(8)
    if which == 0:
        return (
            head
            + body
            + "".join(
                f'\n[[accounts.positions]]\nsymbol = "S{n}"\nshares = 1\nprice = "5 KRW"' for n in range(many)
            )
        ).encode()
    if which == 1:
        rows = "\n".join(f'S{n} = "0.02%"' for n in range(5000))
        return (
            head
            + f"[targets]\n{rows}\n[[accounts]]\nname='main'\ncash={{KRW='1000000000'}}\n[prices]\n"
            + "\n".join(f'S{n} = "{n + 1}"' for n in range(5000))
        ).encode()
    if which == 2:
        return (head + body + "\n[policy2]\n" + "\n".join(f"key{n} = {n}" for n in range(many // 2))).encode()
    if which == 3:
        return (head + body.replace('"600000 KRW"', "9" * 100 * many)).encode()
    if which == 4:
        return (head + ".".join("a" * 1 for _ in range(many)) + " = 1\n" + body).encode()
    if which == 5:
        return (head + "x = " + "[" * many + "]" * many + "\n" + body).encode()
    if which == 6:
        return (head + body + "\n# " + "x" * 100 * many).encode()
    return (head + body + "".join(f'\n[[accounts]]\nname = "a{n}"' for n in range(many // 100))).encode()


def written(tree: dict[str, Any]) -> str:
    """Return a tree as TOML: plain keys, then tables, then lists of tables."""
    return "\n".join(_lines(tree, ""))


def _lines(table: dict[str, Any], name: str) -> list[str]:
    plain = [(k, v) for k, v in table.items() if not isinstance(v, dict) and not _tables(v)]
    lines = [f"{_key(k)} = {_inline(v)}" for k, v in plain]
    for key, value in table.items():
        path = f"{name}.{_key(key)}" if name else _key(key)
        if isinstance(value, dict):
            lines += [f"[{path}]", *_lines(value, path)]
        elif _tables(value):
            for row in value:
                lines += [f"[[{path}]]", *_lines(row, path)]
    return lines


def _tables(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, dict) for v in value)


def _key(key: object) -> str:
    key = str(key)
    return key if key.isascii() and key.replace("_", "").isalnum() else f'"{pieces.escaped(key)}"'


def _inline(value: Any) -> str:
    if isinstance(value, Raw):
        return value
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(k)} = {_inline(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    return f'"{pieces.escaped(str(value))}"'
