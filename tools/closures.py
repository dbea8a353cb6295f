"""Write src/steelyard/data/closures.json: weekday closures of XKRX and XNYS from the `holidays` package.

Importing `holidays` costs more than the whole of `check`, so its answer is kept as data; years
outside the file are asked of the package itself.
"""

import json
from pathlib import Path

import holidays

YEARS = range(1990, 2041)
TARGET = Path(__file__).parent.parent / "src" / "steelyard" / "data" / "closures.json"


def closures(exchange: str) -> list[str]:
    found = holidays.financial_holidays(exchange, years=list(YEARS))
    return sorted(day.isoformat() for day in found if day.weekday() < 5 and day.year in YEARS)


def main() -> None:
    exchanges = {name: closures(name) for name in ("XKRX", "XNYS")}
    head = {"source": f"holidays {holidays.__version__}", "first": YEARS[0], "last": YEARS[-1]}
    lines = [json.dumps(head)[:-1] + ', "closures": {']
    rows = [f"{json.dumps(name)}: {json.dumps(days)}" for name, days in exchanges.items()]
    TARGET.write_text("\n".join([*lines, ",\n".join(rows), "}}"]) + "\n")


if __name__ == "__main__":
    main()
