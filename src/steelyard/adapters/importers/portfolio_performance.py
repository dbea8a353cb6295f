"""Portfolio Performance: the CSV of all transactions of an account, exported in English or German.

Its `Value` is what moved on the cash account, fees and taxes included; a price is worked out from it so
that shares, price and fees give back exactly that. Source: the columns its CSV exporter writes.
"""

from __future__ import annotations

from decimal import Decimal

from steelyard.adapters.importers.rows import (
    ImportedFile,
    Sheet,
    add_up,
    amount,
    decode,
    first_of,
    listed,
    payment,
    refuse,
    spread,
    table,
)
from steelyard.domain.market.catalogue import Catalogue
from steelyard.domain.money import EXACT, ZERO, plain

_COLUMNS = {
    "datum": "date", "typ": "type", "wert": "value", "buchungswährung": "transaction currency",
    "gebühren": "fees", "steuern": "taxes", "stück": "shares", "ticker-symbol": "ticker symbol",
    "wertpapiername": "security name", "notiz": "note",
}  # fmt: skip
_GERMAN = {
    "kauf": "buy", "verkauf": "sell", "einlieferung": "delivery (inbound)",
    "auslieferung": "delivery (outbound)", "dividende": "dividend", "einlage": "deposit",
    "entnahme": "removal", "zinsen": "interest", "zinsbelastung": "interest charge", "gebühren": "fees",
    "gebührenerstattung": "fees refund", "steuern": "taxes", "steuerrückerstattung": "tax refund",
    "umbuchung (eingang)": "transfer (inbound)", "umbuchung (ausgang)": "transfer (outbound)",
}  # fmt: skip
_MONEY = {
    "deposit": "deposit", "removal": "withdrawal", "interest": "deposit", "interest charge": "fee",
    "fees": "fee", "fees refund": "deposit", "taxes": "fee", "tax refund": "deposit",
    "transfer (inbound)": "deposit", "transfer (outbound)": "withdrawal",
}  # fmt: skip
_IN, _OUT = ("delivery (inbound)", "transfer (inbound)"), ("delivery (outbound)", "transfer (outbound)")


def read(data: bytes, name: str, catalogue: Catalogue, account: str | None) -> ImportedFile:
    """Read transactions.

    The currency is that of the transaction. An instrument is known by its ticker, else by its name or ISIN
    where the catalogue has it.

    Args:
        data: CSV.
        name: For messages.
        catalogue: Known instruments.
        account: Of all rows; `main` unless given.

    Raises:
        PortfolioProblems: With every problem of the file and its line.
    """
    sheet = Sheet(name, catalogue, account)
    for line, raw in table(decode(data, name), name):
        german = "wert" in raw
        row = {_COLUMNS.get(key, key): cell for key, cell in raw.items()}
        if not {"date", "type", "value"} <= set(row):
            text = "the columns are not those of Portfolio Performance"
            hint = "export All transactions as CSV in English or German, or describe the file with --map"
            raise refuse("import-header", name, text, hint, 1)
        kind = row["type"].lower()
        try:
            numbers = [_number(row.get(k, ""), german=german) for k in ("value", "fees", "taxes", "shares")]
        except ValueError as error:
            sheet.unread(f"the transaction cannot be read: {error}", line)
            continue
        _transaction(sheet, line, _GERMAN.get(kind, kind), row, numbers)
    return sheet.finish()


def _number(text: str, *, german: bool) -> Decimal:
    return abs(amount(text.replace(".", "").replace(",", ".") if german else text))


def _transaction(sheet: Sheet, line: int, kind: str, row: dict[str, str], numbers: list[Decimal]) -> None:
    value, fees, taxes, shares = numbers
    costs = add_up(fees, taxes)
    common = {
        "date": row["date"][:10],
        "currency": first_of(row, "transaction currency", "currency"),
        "note": row.get("note", ""),
    }
    held = {**common, "symbol": _symbol(sheet, row), "shares": plain(shares)}
    if kind in ("buy", "sell", *_IN) and shares > ZERO:
        if kind == "sell":
            price, rest = spread(add_up(value, costs), shares, sale=True)
            sheet.add(line, type="sell", price=price, fees=plain(add_up(costs, rest)), **held)
        elif kind == "buy":
            price, rest = spread(EXACT.subtract(value, costs), shares)
            sheet.add(line, type="buy", price=price, fees=plain(add_up(costs, rest)), **held)
        else:
            price, _ = spread(value, shares)
            sheet.add(line, type="transfer_in", price=price, **held)
    elif kind in _OUT and shares > ZERO:
        sheet.add(line, type="transfer_out", **held)
    elif kind == "dividend":
        parts = payment(add_up(value, costs), shares)
        sheet.add(line, type="dividend", fees=plain(costs), **{**held, **parts})
    elif kind in _MONEY:
        note = common["note"] or ("" if kind in ("deposit", "removal") else kind)
        sheet.add(line, type=_MONEY[kind], shares=plain(value), **{**common, "note": note})
    else:
        sheet.unread(f"{row['type']!r} is not understood, or has no shares", line)


def _symbol(sheet: Sheet, row: dict[str, str]) -> str:
    if row.get("ticker symbol"):
        return listed(row["ticker symbol"])
    name = row.get("security name", "")
    return sheet.catalogue.resolve(name) or sheet.catalogue.resolve(row.get("isin", "")) or name
