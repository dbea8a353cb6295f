"""Write src/steelyard/data/closures.json: closures and early closes of exchanges from `holidays`.

The package costs more to import than the whole of `check`, so its answer is kept as data, from the first year
that it knows for an exchange; `tests/adapters/machine/test_calendar.py` holds the two together.
"""

import json
from pathlib import Path

import holidays

LAST = 2040
FIRST = {"XKRX": 2000, "XNYS": 1980, "XTKS": 2015, "XHKG": 2015}
"""The first year `holidays` knows for XKRX; for XNYS longer ago than anybody's prices of a fund. Tokyo and
Hong Kong are asked for the settlement of sales only."""
NAMES = {"XTKS": "XJPX"}
"""What `holidays` calls an exchange where it is not its market identifier code."""
EARLY_CLOSE = {"XNYS": "13:00"}
"""When the half days of an exchange end. Source: NYSE, Holidays and Trading Hours."""
TARGET = Path(__file__).parent.parent / "src" / "steelyard" / "data" / "closures.json"


def calendar(exchange: str) -> dict[str, object]:
    years = list(range(FIRST[exchange], LAST + 1))
    closed = holidays.financial_holidays(NAMES.get(exchange, exchange), years=years)
    found: dict[str, object] = {"first": years[0], "last": years[-1], "closed": _weekdays(closed, years)}
    if exchange in EARLY_CLOSE:
        half = holidays.financial_holidays(exchange, years=years, categories=("half_day",))
        days = [day for day in _weekdays(half, years) if day not in found["closed"]]
        found |= {"early": EARLY_CLOSE[exchange], "early_days": days}
    return found


def _weekdays(found: holidays.HolidayBase, years: list[int]) -> list[str]:
    return sorted(day.isoformat() for day in found if day.weekday() < 5 and day.year in years)


def main() -> None:
    rows = [f"{json.dumps(name)}: {json.dumps(calendar(name))}" for name in FIRST]
    head = f'{{"source": {json.dumps(f"holidays {holidays.__version__}")}, "exchanges": {{'
    TARGET.write_text("\n".join([head, ",\n".join(rows), "}}"]) + "\n")


if __name__ == "__main__":
    main()
