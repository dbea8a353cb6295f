"""Messages for people: an English template with its facts, rendered in a language at the edge.

`say` makes a `Text`, a `str` that reads as English and remembers how it was made; whoever prints it renders
it anew in another language (`steelyard.languages`). The template itself is the message's id, so that English
is complete by construction, and code that knows nothing of languages goes on handling strings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from string import Formatter

from steelyard.records import dataclass


@dataclass(frozen=True, slots=True)
class Language:
    """How one language says things.

    Attributes:
        code: ISO 639-1 (`ko`).
        messages: English template to template; what is missing is said in English.
        plural: Number to the form that goes with it, counted from 0.
        inflect: Takes a rendered fact and the last part of its format (`은는`) and returns the fact with
            the particle that goes with it, or None when the format is no particle.
        show_date: Takes a date and a style (`long`), returns it as people write it, or None.
    """

    code: str
    messages: Mapping[str, str]
    plural: Callable[[int], int] = lambda n: int(n != 1)
    inflect: Callable[[str, str], str | None] | None = None
    show_date: Callable[[date, str], str | None] | None = None


ENGLISH = Language("en", {})

LONGEST_SHOWN = 300
"""Letters of a number, or of what somebody wrote, in a message: one may have a million."""


class Text(str):
    """A message in English that can be rendered in other languages.

    Attributes:
        template: The English template, which is the id of the message.
        facts: What stands for its placeholders; a `Text` is rendered in its turn, a tuple is a list with
            commas, anything else is what `format` makes of it.
    """

    __slots__ = ("facts", "template")
    template: str
    facts: Mapping[str, object]

    def __new__(cls, template: str, facts: Mapping[str, object]) -> Text:
        """Fill an English template."""
        self = super().__new__(cls, fill(template, facts, ENGLISH))
        self.template, self.facts = template, facts
        return self

    def __reduce__(self) -> tuple[type[Text], tuple[str, Mapping[str, object]]]:
        return Text, (self.template, self.facts)


def say(template: str, /, **facts: object) -> Text:
    """Return a message. The template is a literal, so that `tools/words.py` finds it.

    A placeholder is `{name}`, `{name!r}` in quotes, `{count:share|shares}` for the form that goes with a
    number, or carries a format of Python's (`{amount:,f}`); a brace of the text itself is doubled.
    Numbers are written out, never with an exponent; dates are ISO 8601.

    >>> say("{count} {count:share|shares} of {symbol}", count=3, symbol="VOO")
    '3 shares of VOO'
    """
    return Text(template, facts)


def written(text: str) -> Text:
    """Return a message that stands in a data file of ours, which has no facts.

    `tools/words.py` reads the same files for the catalogues.
    """
    return Text(text.replace("{", "{{").replace("}", "}}"), {})


def join(separator: str, parts: Iterable[str]) -> Text:
    """Return several messages as one; they and a separator of words can be rendered in any language."""
    facts: dict[str, object] = {f"part{n}": part for n, part in enumerate(parts)}
    if isinstance(separator, Text):
        template = "{between}".join(f"{{{name}}}" for name in facts)
        return Text(template, {**facts, "between": separator})
    return Text(separator.replace("{", "{{").replace("}", "}}").join(f"{{{name}}}" for name in facts), facts)


def message_of(error: Exception) -> str:
    """Return what an error says, still to be said in another language where it was made by `say`."""
    first = error.args[0] if error.args else None
    return first if isinstance(first, str) else str(error)


def changed(text: str, change: Callable[[str], str]) -> str:
    """Return a message with a change made to every text among its facts, such as the masking of secrets."""
    if not isinstance(text, Text):
        return change(text)
    facts: dict[str, object] = {}
    for name, fact in text.facts.items():
        if isinstance(fact, tuple):
            facts[name] = tuple(changed(one, change) if isinstance(one, str) else one for one in fact)
        else:
            facts[name] = changed(fact, change) if isinstance(fact, str) else fact
    return Text(text.template, facts)


def render(text: str, language: Language) -> str:
    """Return a message in a language; a plain string, which has no template, as it is."""
    if not isinstance(text, Text):
        return text
    if language.code == "en":
        return str(text)
    return fill(language.messages.get(text.template) or text.template, text.facts, language)


@lru_cache(maxsize=2048)
def _parts(template: str) -> tuple[tuple[str, str | None, str, str | None], ...]:
    return tuple((t, name, spec or "", how) for t, name, spec, how in Formatter().parse(template))


def placeholders(template: str) -> frozenset[str]:
    """Return the names of a template's placeholders."""
    return frozenset(name for _, name, _, _ in _parts(template) if name is not None)


def fill(template: str, facts: Mapping[str, object], language: Language) -> str:
    """Return a template with its facts in a language.

    Raises:
        KeyError: A placeholder has no fact.
    """
    out = []
    for literal, name, spec, how in _parts(template):
        out.append(literal)
        if name is not None:
            out.append(_shown(facts[name], spec, how, language))
    return "".join(out)


def _shown(fact: object, spec: str, how: str | None, language: Language) -> str:
    """Return a fact by its format: plural forms, a style of dates, a Python format, then a particle."""
    if "|" in spec:
        return _form(fact, spec.split("|"), language)
    if spec and language.inflect is not None:
        *before, last = spec.split(" ")
        inflected = language.inflect(_shown(fact, " ".join(before), how, language), last)
        if inflected is not None:
            return inflected
    if isinstance(fact, Text):
        fact = render(fact, language)
    if how == "r":
        return _short(repr(str(fact) if isinstance(fact, str) else fact))
    if isinstance(fact, tuple):
        return ", ".join(_shown(one, spec, how, language) for one in fact)
    if isinstance(fact, Decimal):
        return _number(fact, spec)
    if isinstance(fact, date) and spec and "%" not in spec:
        styled = None if language.show_date is None else language.show_date(fact, spec)
        return fact.isoformat() if styled is None else styled
    return format(fact, spec)


def _number(number: Decimal, spec: str) -> str:
    if number.is_finite() and abs(number.adjusted()) > LONGEST_SHOWN:
        return f"{number:.3e}"
    return _short(format(number, spec or "f"))


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "..."


def _form(fact: object, forms: list[str], language: Language) -> str:
    if isinstance(fact, (int, Decimal)) and fact == int(fact):
        return forms[min(language.plural(abs(int(fact))), len(forms) - 1)]
    return forms[-1]
