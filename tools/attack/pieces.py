"""Small hostile things: numbers, texts, days and amounts that nobody honest writes, and some that they do."""

from __future__ import annotations

from random import Random

NUMBERS = (
    "0", "-0", "-1", "1", "8", "3", "0.5", "550000", "1e17", "1e18", "999999999999999999",
    "1e-18", "1e-19", "1e99",
    "1e1000000", "-1e1000000", "1e-1000000", "1e999999", "nan", "-inf", "inf", "0x7f", "0b1",
    "0o7", "1_000", "+5",
    "9" * 25, "9" * 400, "9" * 5000, "0." + "3" * 60, "1000000000000",
    "123456789.123456789123456789",
    "12345678901234567.123456789012345678", "true", "1979-05-27", "2026-13-01", "07:32:00", "''",
    "[]", "{}", "[1]",
)  # fmt: skip
"""As TOML writes them, some of them not TOML at all."""

TYPED = (
    "1", "100000", "1000000", "-5", "0", "-0", "1e17", "1e18", "1e1000000", "1e99", "1e-30",
    "9" * 30, "9" * 5000, "nan",
    "inf", "-Infinity", "sNaN", "1,000", "1,5", "1.234,5", "1,00", "٣٤", "１２３", "৭", "₩5",
    "500 USD", "500 XXX",
    "5 usd", "USD", "", " ", "-", "--", "1억", "1천만원", "십", "100000000조", "0x10", "1_0", "1__0",
    "1 000", "1'000", "()",
    "(5)", "5-", "5%", "%", "1e", "e5", ".", "1.", ".5", "+", "1+1", "½", "²", "1\x00", "1\n",
    "∞", "1\u200b",
    "\ud800",
)  # fmt: skip
"""Numbers as people type them on a command line or in a file of their broker."""

DAYS = (
    "2026-11-23", "2026-11-30", "2024-02-29", "9999-12-31", "0001-01-01", "1582-10-10",
    "1900-01-01", "2099-01-01",
    "2026-02-30", "2026-13-01", "0000-00-00", "10000-01-01", "-1-01-01", "٢٠٢٦-١١-٢٣",
    "２０２６-11-23", "today", "",
    "2026-11-23T25:00", "2026-11-23T23:59:60Z", "2026-11-23T10:00+99:99", "20261123",
    "23/11/2026", "2026-W01",
)  # fmt: skip

SYMBOLS = ("VOO", "069500", "TLT", "GLD", "360750", "SPY", "QQQ", "BND", "AAPL", "KODEX 200", "005930")

TEXTS = (
    "main", "", " ", "a", "1", "0", "nan", "true", "VOO", "=1+1", "+1", "-1", "@SUM(A1)",
    "=cmd|' /C calc'!A0", "\t=1",
    "main\u200b", "ma\u200din", "\ufeffmain", "\u202egnp.exe", "\u2066x\u2069",
    "\x1b]0;owned\x07", "\x1b[2J", "\x9b31m",
    "a\nb", "a\r\nerror[fake]: x", "a\u2028b", "a\u0085b", "\x00", "\x08\x08", "{symbol}",
    "{0.__class__}", "{", "}",
    "%s%n", "%(x)s", "$HOME", "`id`", "../../x", "/etc/passwd", "한글", "日本" * 50, "é" * 300, "🙂",
    "\U000e0001", "x" * 5000,
    "[bold]x[/bold]", "[/]", "</script>", '"', "'", "\\", "\\x1b", "a" * 70 + "\u0301" * 500,
    "ﬁ", "İ", "ß", "\u00ad",
)  # fmt: skip

POLICIES = (
    "hold", "calendar quarterly", "calendar quarterly last", "threshold 5%",
    "threshold 5% relative 25% to edge",
    "hybrid quarterly 5% 180d", "hybrid quarterly 5% 180d cooldown 10d", "threshold 0%",
    "threshold -5%",
    "threshold 5% look monthly", "threshold 1e999999%", "calendar",
    "hybrid quarterly 5% 99999999999999999999d",
    "hybrid quarterly 5% -1d", "to to to", "threshold 5% relative 25% relative 25%",
    "threshold ٥%", "hold hold", "",
    "threshold 5% to", "cooldown 1d", "threshold 5% cooldown 9999999d",
    "calendar " + "quarterly " * 2000,
)  # fmt: skip


CONTROLS = (*range(0x20), *range(0x7F, 0xA0), *range(0x2000, 0x2070), 0xFEFF)
INVISIBLE = (0x10FFFF, 0xE000, 0xF0000, 0x378, 0xE0000, 0xE0001, 0xE0041, 0xE007F, 0xE0100, 0xE0FFF, 0xFE0F)
"""Private, unassigned, tags, variation selectors."""


def number(random: Random) -> str:
    """Return a number as TOML writes it, or something that stands where one should."""
    if random.random() < 0.25:
        return f'"{_escaped(random.choice(TYPED))}"'
    if random.random() < 0.15:
        sign, power = random.choice(("", "-")), random.choice(("", "-"))
        return f"{sign}{random.randrange(10)}e{power}{random.randrange(10**6)}"
    return random.choice(NUMBERS)


def text(random: Random) -> str:
    """Return a text, sometimes two joined or one with a foreign sign put into it."""
    found = random.choice(TEXTS + SYMBOLS)
    if random.random() < 0.3:
        at = random.randrange(len(found) + 1)
        sign = chr(random.choice((*CONTROLS, *INVISIBLE)))
        found = found[:at] + sign + found[at:]
    return found


def toml_text(random: Random) -> str:
    """Return a TOML string with such a text in it."""
    return f'"{_escaped(text(random))}"'


def _escaped(raw: str) -> str:
    """Return a text as a basic string of TOML has it; a lone surrogate becomes something else."""
    out = []
    for letter in raw:
        code = ord(letter)
        if letter in '"\\':
            out.append("\\" + letter)
        elif 0xD800 <= code < 0xE000:
            out.append("?")
        elif code < 0x20 or 0x7F <= code < 0xA0:
            out.append(f"\\u{code:04x}")
        else:
            out.append(letter)
    return "".join(out)


escaped = _escaped


def damaged(random: Random, data: bytes) -> bytes:
    """Return bytes with a few of them cut out, doubled, changed or swapped."""
    data = bytearray(data)
    for _ in range(random.randrange(1, 5)):
        if not data:
            break
        at = random.randrange(len(data))
        to = min(len(data), at + random.choice((1, 1, 2, 8, 64)))
        how = random.randrange(6)
        if how == 0:
            del data[at:to]
        elif how == 1:
            data[at:at] = data[at:to] * random.choice((1, 2, 50))
        elif how == 2:
            data[at] = random.randrange(256)
        elif how == 3:
            data[at:at] = random.choice(
                (b'"', b"[", b"]", b"{", b"}", b"=", b"\n", b"\x00", b"\xff", b",", b"#", b"'''")
            )
        elif how == 4:
            del data[at:]
        else:
            data[at:to] = bytes(reversed(data[at:to]))
    return bytes(data)
