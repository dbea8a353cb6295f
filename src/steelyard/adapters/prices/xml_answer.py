"""The elements of a price source's XML, read by the standard library.

What a document could define for itself is refused with its type declaration: entities that grow or that point
elsewhere. An answer that is cut off, or longer than any source's, is no answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from xml.etree import ElementTree

from steelyard.adapters.prices.web_text import LARGEST
from steelyard.errors import DataError
from steelyard.words import say


def unreadable(source: str) -> DataError:
    """Return the error of an answer that is none."""
    return DataError(
        "price-answer", say("the answer of {source} cannot be read", source=source), say("try again later")
    )


def elements(source: str, answer: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Yield name, without its namespace, and attributes of every element, in the order of the document.

    Raises:
        DataError: It is no whole XML document, declares a type, or is too long (`price-answer`).
    """
    if len(answer) > LARGEST or "<!DOCTYPE" in answer:
        raise unreadable(source)
    try:
        root = ElementTree.fromstring(answer.strip())
    except (ElementTree.ParseError, ValueError):
        raise unreadable(source) from None
    for element in root.iter():
        yield element.tag.rpartition("}")[2], element.attrib
