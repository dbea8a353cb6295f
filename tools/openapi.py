"""Write the contract that the API publishes: `tools/openapi.json` with the schemas of the documents it names.

Run `python tools/openapi.py` after changing either; a test compares.
"""

import gzip
import json
from pathlib import Path

ROOT = Path(__file__).parent.parent
OURS = Path(__file__).with_suffix(".json")
SCHEMAS = ROOT / "docs" / "reference" / "schemas"
PUBLISHED = ROOT / "src" / "steelyard" / "interfaces" / "http" / "openapi.json.gz"
DOCUMENTS = ("backtest", "check", "execution", "holdings", "tax", "harvest", "models", "orders", "plan")


def text() -> str:
    contract = json.loads(OURS.read_text(encoding="utf-8"))
    for name in DOCUMENTS:
        schema = json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))
        known = {key: value for key, value in schema.items() if key not in ("$schema", "$id")}
        # A schema of its own calls its parts "#/$defs/..."; here it stands inside another document.
        inside = json.dumps(known).replace('"#/$defs/', f'"#/components/schemas/{name}/$defs/')
        contract["components"]["schemas"][name] = json.loads(inside)
    return json.dumps(contract, ensure_ascii=False, separators=(",", ":")) + "\n"


def main() -> None:
    # Packed: every installation carries it. Without a time in it the same text is the same bytes.
    PUBLISHED.write_bytes(gzip.compress(text().encode(), 9, mtime=0))


if __name__ == "__main__":
    main()
