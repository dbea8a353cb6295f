"""Text out of the bytes of a file that some program exported, and its cells with the line they stand in.

The encoding is found out: Korean programs write cp949, spreadsheets UTF-16, and none of them says so.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator

from steelyard.domain.numerals import POINT

DELIMITERS = ",;\t"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def text_of(data: bytes) -> str:
    """Return the text of a file with `\\n` as its line end.

    Tried are the encoding that a mark at the start names, UTF-8, UTF-16 without its mark, cp949 where what
    comes out is Korean, and cp1252.

    Raises:
        ValueError: It is no text of any of them.
    """
    return _decoded(data).replace("\r\n", "\n").replace("\r", "\n")


def _decoded(data: bytes) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding)
    if b"\0" in data[:4096]:
        even = data[0:4096:2].count(0)
        return data.decode("utf-16-be" if even > data[1:4096:2].count(0) else "utf-16-le")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        problem = error
    try:
        text = data.decode("cp949")
    except UnicodeDecodeError:
        pass
    else:
        strange = len(text) - len(text.encode("latin-1", errors="ignore"))
        if len(re.sub("[^가-힣]+", "", text)) * 2 > strange:
            return text
    # Bytes that cp1252 leaves open, and control characters, are of no file that a person exported.
    text = data.decode("cp1252", errors="replace")
    if "\ufffd" in text or any(c < " " and c not in "\t\r\n\f" for c in text):
        raise ValueError(str(problem)) from None
    return text


def delimiter_of(line: str) -> str:
    """Return what parts the cells of a line: a comma, a semicolon or a tab, whichever is there most often."""
    return max(DELIMITERS, key=line.count)


def usual_sign(delimiter: str) -> str | None:
    """Return the decimal sign that a delimiter implies where no number of a file tells.

    Who parts cells with commas does not write decimals with them; a semicolon or a tab implies nothing.
    """
    return POINT if delimiter == "," else None


def cells_of(text: str, delimiter: str, *, strict: bool = False) -> Iterator[tuple[int, list[str]]]:
    """Return the rows of a text with the line each begins in.

    Args:
        text: With `\\n` as its line end.
        delimiter: Between the cells.
        strict: Refuse quotes that do not close.

    Raises:
        csv.Error: A row cannot be read.
    """
    if '"' not in text:
        # Without quotes no row has more than one line.
        lone = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=strict)
        yield from enumerate(lone, 1)
        return
    lines: Iterable[str] = io.StringIO(text, newline="")
    reader = csv.reader(lines, delimiter=delimiter, strict=strict)
    before = 0
    for row in reader:
        yield before + 1, row
        before = reader.line_num
