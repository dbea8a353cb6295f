"""Files of rows: journals in every format there is, prices in both layouts, and maps of columns."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from random import Random

import pieces

KINDS = (
    "buy", "sell", "dividend", "deposit", "withdrawal", "split", "convert", "transfer_in",
    "transfer_out", "fee", "interest",
    "tax", "return_of_capital", "capital_gain_distribution", "stock_dividend", "spin_off",
    "merger", "inheritance", "rename",
    "gift", "", "BUY",
)  # fmt: skip
COLUMNS = (
    "date",
    "account",
    "type",
    "symbol",
    "shares",
    "price",
    "currency",
    "fees",
    "fx_rate",
    "tax_base_price",
    "lot",
    "note",
)


def _cell(random: Random, column: str) -> str:
    if random.random() < 0.1:
        return random.choice((pieces.text(random), random.choice(pieces.TYPED), random.choice(pieces.DAYS)))
    honest = {
        "date": lambda: f"2026-{random.randrange(1, 12):02}-{random.randrange(1, 29):02}",
        "account": lambda: random.choice(("main", "main", "isa", "")),
        "type": lambda: random.choice(KINDS[: random.choice((5, 5, 20))]),
        "symbol": lambda: random.choice(pieces.SYMBOLS[:5]),
        "shares": lambda: str(random.randrange(1, 30)),
        "price": lambda: str(random.randrange(1, 700)),
        "currency": lambda: random.choice(("USD", "KRW", "")),
        "fees": lambda: random.choice(("0", "1.5", "")),
        "fx_rate": lambda: random.choice(("1400", "1,392.10", "")),
    }
    return honest[column]() if column in honest else ""


def rows_text(random: Random, columns: tuple[str, ...], rows: list[list[str]]) -> bytes:
    """Return rows as text in some delimiter, encoding and line end."""
    out = io.StringIO()
    writer = csv.writer(
        out, delimiter=random.choice(",,,;\t"), lineterminator=random.choice(("\n", "\n", "\r\n", "\r"))
    )
    writer.writerow(columns)
    writer.writerows(rows)
    text = out.getvalue()
    encoding = random.choice(("utf-8", "utf-8", "utf-8", "utf-8-sig", "cp949", "utf-16", "latin-1"))
    data = text.encode(encoding, "replace")
    return pieces.damaged(random, data) if random.random() < 0.15 else data


def native(random: Random) -> bytes:
    """Return a journal in the native format."""
    columns = list(COLUMNS)
    if random.random() < 0.1:
        columns[random.randrange(len(columns))] = pieces.text(random)
    many = random.choice((1, 2, 5, 20)) if random.random() < 0.995 else 20_000
    rows = [[_cell(random, c) for c in COLUMNS] for _ in range(many)]
    return rows_text(random, tuple(columns), rows)


def of_broker(random: Random, samples: list[Path]) -> bytes:
    """Return a broker's own sample with cells replaced and bytes damaged."""
    data = random.choice(samples).read_bytes()
    if data[:2] == b"PK" or random.random() < 0.3:
        return pieces.damaged(random, data)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return pieces.damaged(random, data)
    lines = text.splitlines(keepends=True)
    for _ in range(random.randrange(1, 4)):
        at = random.randrange(len(lines))
        cells = lines[at].split(",")
        which = random.randrange(len(cells))
        cells[which] = random.choice(
            (random.choice(pieces.TYPED), random.choice(pieces.DAYS), pieces.text(random))
        )
        lines[at] = ",".join(cells)
    return "".join(lines).encode("utf-8", "replace")


def prices(random: Random) -> bytes:
    """Return prices, wide or long."""
    symbols = random.choice((("069500", "VOO", "TLT", "GLD"), ("VOO", "TLT", "360750"), ("VTI", "BND")))
    days = [
        f"20{20 + n // 336}-{n // 28 % 12 + 1:02}-{n % 28 + 1:02}" for n in range(random.choice((2, 30, 300)))
    ]

    def cell() -> str:
        if random.random() < 0.002:
            return random.choice((*pieces.TYPED, pieces.text(random)))
        return f"{random.uniform(50, 60):.2f}"

    def day(text: str) -> str:
        return random.choice(pieces.DAYS) if random.random() < 0.001 else text

    if random.random() < 0.5:
        return rows_text(random, ("date", *symbols), [[day(d), *(cell() for _ in symbols)] for d in days])
    return rows_text(
        random, ("date", "symbol", "close"), [[day(d), s, cell()] for d in days for s in symbols]
    )


def honest_prices(symbols: tuple[str, ...]) -> bytes:
    """Return thirty days of prices of some symbols."""
    days = [
        f"2026-{n // 28 + 1:02}-{n % 28 + 1:02},{','.join(str(50 + n % 7) for _ in symbols)}"
        for n in range(30)
    ]
    return "\n".join((",".join(("date", *symbols)), *days)).encode()


def column_map(random: Random) -> bytes:
    """Return a map of columns for `import --map`."""
    encodings = ("utf-8", "cp949", "undefined", "punycode", "idna", "rot13", "zlib", "", "x")
    forms = ("%Y-%m-%d", "%d%d%d%d", "%", "%%", "%Q", "x" * 500, "%s", "", "%Y" * 300)
    lines = [
        f"encoding = {random.choice(encodings)!r}",
        f"date_format = {random.choice(forms)!r}",
        f"first_line = {pieces.number(random)}",
        f"delimiter = {pieces.toml_text(random)}",
        "[columns]",
        *(f"{c} = {pieces.toml_text(random) if random.random() < 0.2 else repr(c)}" for c in COLUMNS[:7]),
        "[types]",
        *(f"{k} = {k!r}" for k in KINDS[:6]),
        f"{random.choice(COLUMNS)} = {pieces.toml_text(random)}",
    ]
    data = "\n".join(line for line in lines if random.random() > 0.05).encode("utf-8", "replace")
    return pieces.damaged(random, data) if random.random() < 0.2 else data
