"""Write docs/reference/tax-rules.md from the tax data: every rule with its source, its day and its doubt.

python tools/tax_rules.py           # write the page
python tools/tax_rules.py --check   # say whether it is what the data says
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
DATA = ROOT / "src" / "steelyard" / "data"
PAGE = ROOT / "docs" / "reference" / "tax-rules.md"
COUNTRIES = {"KR": "Korea", "US": "United States", "JP": "Japan"}
HEAD = """# Tax rules

Made from the tax data by `python tools/tax_rules.py`. Every tax figure names the rules it rests on by these
ids; the day is the one on which the source was last read. What is doubtful says which reading is followed.
Nothing here is tax advice.
"""


def page() -> str:
    """Return the page as the data has it."""
    parts = [HEAD]
    for code, name in COUNTRIES.items():
        data = json.loads((DATA / f"tax_{code.lower()}.json").read_text(encoding="utf-8"))
        parts.append(f"\n## {name}\n")
        for rule in data["rules"]:
            lines = [
                f"\n### `{rule['id']}`\n",
                rule["text"],
                "",
                f"Source: {rule['source']}; read on {rule['verified']}.",
            ]
            if rule.get("doubtful"):
                lines.append(f"Doubtful: {rule['doubtful']}")
            parts.append("\n".join(lines) + "\n")
        if data.get("differences"):
            parts.append(
                f"\n### Where public figures differ ({name})\n\n"
                "| what | theirs | ours | who is right, and why |\n|---|---|---|---|\n"
            )
            parts += [
                f"| {x['what']} | {x['theirs']} | {x['ours']} | {x['why']} |\n" for x in data["differences"]
            ]
    return "".join(parts)


def main() -> int:
    """Write the page, or check it."""
    if "--check" in sys.argv[1:]:
        same = PAGE.exists() and PAGE.read_text(encoding="utf-8") == page()
        print("as the data says" if same else "stale: run python tools/tax_rules.py")
        return 0 if same else 1
    PAGE.write_text(page(), encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)} written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
