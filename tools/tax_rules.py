"""Write the pages of tax rules from the tax data: every rule with its source, its day and its doubt.

python tools/tax_rules.py           # write the page
python tools/tax_rules.py --check   # say whether it is what the data says
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from steelyard.languages import language
from steelyard.words import written

ROOT = Path(__file__).parent.parent
DATA = ROOT / "src" / "steelyard" / "data"
PAGES = {
    "en": ROOT / "docs" / "reference" / "tax-rules.md",
    "ko": ROOT / "docs" / "ko" / "tax-rules.md",
}
COUNTRIES = {"KR": "Korea", "US": "United States", "JP": "Japan"}
WORDS: dict[str, dict[str, Any]] = {
    "en": {
        "countries": COUNTRIES,
        "source": "Source: {source}; read on {day}.",
        "doubt": "Doubtful: {doubt}",
        "head": """# Tax rules

Made from the tax data by `python tools/tax_rules.py`. Every tax figure names the rules it rests on by these
ids; the day is the one on which the source was last read. What is doubtful says which reading is followed.
Nothing here is tax advice.
""",
    },
    "ko": {
        "countries": {"KR": "한국", "US": "미국", "JP": "일본"},
        "source": "근거: {source} ({day} 확인)",
        "doubt": "불확실: {doubt}",
        "head": """# 세금 규칙

세금 자료와 번역에서 `python tools/tax_rules.py`로 만듭니다. 세금 숫자마다 따른 규칙을
이 이름으로 표시하며, 날짜는 근거를 마지막으로 읽은 날입니다. 불확실한 점에는 어떤 해석을
따랐는지 적었습니다. 미국과 일본의 근거는 원문 이름 그대로 둡니다. 세무 자문이 아닙니다.

영문판에는 공개 계산기와 다른 숫자의 표도 있습니다: [Tax rules](../reference/tax-rules.md).
""",
    },
}


def page(code: str = "en") -> str:
    """Return the page in a language as the data has it, what has no translation as it stands there."""
    words, messages = WORDS[code], language(code).messages

    def said(text: str) -> str:
        return messages.get(str(written(text).template), text)

    parts = [words["head"]]
    for country, name in words["countries"].items():
        data = json.loads((DATA / f"tax_{country.lower()}.json").read_text(encoding="utf-8"))
        parts.append(f"\n## {name}\n")
        for rule in data["rules"]:
            source = words["source"].format(source=said(rule["source"]), day=rule["verified"])
            lines = [f"\n### `{rule['id']}`\n", said(rule["text"]), "", source]
            if rule.get("doubtful"):
                lines.append(words["doubt"].format(doubt=said(rule["doubtful"])))
            parts.append("\n".join(lines) + "\n")
        if data.get("differences") and code == "en":
            parts.append(
                f"\n### Where public figures differ ({name})\n\n"
                "| what | theirs | ours | who is right, and why |\n|---|---|---|---|\n"
            )
            parts += [
                f"| {x['what']} | {x['theirs']} | {x['ours']} | {x['why']} |\n" for x in data["differences"]
            ]
    return "".join(parts)


def main() -> int:
    """Write the pages, or check them."""
    stale = [
        code for code, path in PAGES.items() if not path.exists() or path.read_text("utf-8") != page(code)
    ]
    if "--check" in sys.argv[1:]:
        print("stale: run python tools/tax_rules.py" if stale else "as the data says")
        return 1 if stale else 0
    for code in stale:
        PAGES[code].write_text(page(code), encoding="utf-8")
    print(f"{len(stale)} written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
