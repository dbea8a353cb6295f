"""Messages that were kept in English, in the audit record or with a plan, said in another language.

What is kept is hashed and stays as it was written. The message it was made from is found again by its fixed
parts, and the facts are what stands between them; what no message matches stays as it is.
"""

from __future__ import annotations

import re
from string import Formatter

from steelyard.words import Language, fill

_MOST_WORDS = 12
"""Fixed letters that a template needs: `{a}: {b}` would match everything."""


def again(text: str, language: Language, depth: int = 3) -> str:
    """Return a kept English message in a language, as it is where no template of ours made it.

    Of several templates the one with the most fixed letters counts. Facts that are messages in their turn
    are found the same way, down to `depth`.
    """
    if language.code == "en" or not depth or not text.strip():
        return str(text)
    if " " not in text:
        return str(text)  # A single word may be somebody's name for an account.
    if "{" not in text and (whole := language.messages.get(text)):
        return whole
    best: tuple[int, str, dict[str, str]] | None = None
    for template in language.messages:
        parts = list(Formatter().parse(template)) if "{" in template else []
        fixed = sum(len(literal) for literal, *_ in parts)
        if fixed < _MOST_WORDS or (best and fixed <= best[0]) or any(part not in text for part, *_ in parts):
            continue
        found = re.fullmatch(_pattern(parts), text, re.DOTALL)
        if found:
            best = fixed, template, found.groupdict()
    if best is None:
        return str(text)
    facts = {name: again(fact, language, depth - 1) for name, fact in best[2].items()}
    return fill(_unformatted(language.messages[best[1]], language), facts, language)


def _pattern(parts: list[tuple[str, str | None, str | None, str | None]]) -> str:
    """Return what matches a filled template; each fact is found once, plural forms are passed over."""
    made, named = [], set()
    for literal, name, spec, _ in parts:
        made.append(re.escape(literal))
        if name is None:
            continue
        if "|" in (spec or ""):
            made.append(f"(?:{'|'.join(map(re.escape, (spec or '').split('|')))})")
        elif name in named:
            made.append(f"(?P={name})")
        else:
            named.add(name)
            made.append(f"(?P<{name}>.+?)")
    return "".join(made)


def _unformatted(template: str, language: Language) -> str:
    """Return a template whose facts are written already: particles alone are left to do."""
    made = []
    for literal, name, spec, _ in Formatter().parse(template):
        made.append(literal.replace("{", "{{").replace("}", "}}"))
        if name is not None:
            last = (spec or "").rpartition(" ")[2]
            particle = language.inflect is not None and last and language.inflect("", last) is not None
            made.append(f"{{{name}:{last}}}" if particle else f"{{{name}}}")
    return "".join(made)
