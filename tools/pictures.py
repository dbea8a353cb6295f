"""Draws the pictures of the documentation from what the program itself says: `python tools/pictures.py`.

Small SVG, drawn by hand of plain shapes: they need no font of ours, read on a light and on a dark page, and say
in words what colour alone would not. Tests hold each to the program (tests/docs/test_pictures.py). The report page is
a photograph of the page itself: `python tools/pictures.py --browser` takes it anew where there is a chromium.
"""

import html
import os
import re
import subprocess
import sys
import tempfile
import unicodedata
from datetime import date
from decimal import Decimal
from pathlib import Path
from shutil import which

from steelyard.domain.policy.destination import destination
from steelyard.domain.policy.policies import Policy
from steelyard.domain.trading import orders

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "pictures"
SAMPLE = ROOT / "src" / "steelyard" / "data" / "sample.toml"
STYLE = (
    "<style>svg{{background:#fff}}text{{font:{size}px {family};fill:#1f2328}}.m{{fill:#57606a}}.r{{fill:#b42318;"
    "font-weight:700}}.b{{font-weight:700}}.l{{stroke:#57606a;fill:none}}.s{{fill:#f6f8fa;stroke:#8c959f}}"
    ".g{{fill:#dbe9fb;stroke:#3b6fb6}}.k{{fill:#1f2328}}</style>"
)
SANS, MONO = "system-ui,sans-serif", "ui-monospace,Menlo,Consolas,'Noto Sans Mono CJK KR',monospace"
ANSI = re.compile(r"\x1b\[([0-9;]*)m")


def svg(
    width: float, height: float, label: str, body: list[str], *, mono: bool = False, size: int = 13
) -> str:
    """A whole picture, with what it shows in words for who cannot see it."""
    style = STYLE.format(size=size, family=MONO if mono else SANS)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'role="img"><title>{html.escape(label)}</title>{style}'
    )
    marker = (
        '<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0L8 4L0 8z" fill="#57606a"/></marker></defs>'
    )
    return "\n".join(
        [head + marker, f'<rect width="{width:g}" height="{height:g}" fill="#fff"/>', *body, "</svg>", ""]
    )


def text(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> str:
    named = f' class="{kind}"' if kind else ""
    placed = f' text-anchor="{anchor}"' if anchor != "start" else ""
    return f'<text x="{x:g}" y="{y:g}"{named}{placed}>{html.escape(words)}</text>'


def box(x: float, y: float, width: float, height: float, lines: list[str], kind: str = "s") -> str:
    middle = y + height / 2 - (len(lines) - 1) * 8 + 4.5
    said = [
        text(x + width / 2, middle + 16 * n, line, "b" if n == 0 else "m", "middle")
        for n, line in enumerate(lines)
    ]
    return (
        f'<rect class="{kind}" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="6"/>'
        + "".join(said)
    )


def arrow(points: str) -> str:
    return f'<polyline class="l" points="{points}" marker-end="url(#a)"/>'


def cells(words: str) -> int:
    """Terminal cells that a text takes: Hangul takes two each."""
    return sum(1 + (unicodedata.east_asian_width(c) in "WF") for c in words)


def terminal(command: str, printed: str, label: str) -> str:
    """What a terminal shows, colours and all, each run of letters where its cell is."""
    wide, high, pad = 7.8, 18, 14
    lines = [f"$ {command}", *printed.strip("\n").splitlines()]
    body, kind = [], ""
    for row, line in enumerate(lines):
        y, column = pad + 13 + row * high, 0
        for n, part in enumerate(ANSI.split(line)):
            if n % 2:
                kind = {"1": "b", "1;31": "r", "2": "m"}.get(part, "")
            else:
                # Every stretch between wide gaps, and every gauge, is placed by itself: fonts differ in width.
                for word in re.finditer(r"\S+(?: \S+)*", part):
                    x = pad + (column + cells(part[: word.start()])) * wide
                    room = cells(word[0]) * wide
                    named = f' class="{kind}"' if kind else ""
                    # Hangul is narrower than two cells: its letters grow, or gaps would stand between them.
                    named += ' lengthAdjust="spacingAndGlyphs"' if cells(word[0]) > len(word[0]) else ""
                    body.append(
                        f'<text x="{x:.1f}" y="{y}" textLength="{room:.1f}"{named} xml:space="preserve">'
                        f"{html.escape(word[0])}</text>"
                    )
                column += cells(part)
    width = max(cells(ANSI.sub("", line)) for line in lines) * wide + 2 * pad
    return svg(round(width), 2 * pad + len(lines) * high, label, body, mono=True)


def shown(language: str, *words: str) -> str:
    """What a command prints of the sample portfolio in a colour terminal."""
    with tempfile.TemporaryDirectory() as folder:
        dated = f"priced_on = 2026-11-23\n{SAMPLE.read_text(encoding='utf-8')}"
        (Path(folder) / "portfolio.toml").write_text(dated, encoding="utf-8")
        env = {
            **os.environ,
            "FORCE_COLOR": "1",
            "COLUMNS": "96",
            "STEELYARD_LANG": language,
            "TERM": "xterm-256color",
        }
        env.pop("NO_COLOR", None)
        code = "from steelyard.interfaces.cli.main import main; main()"
        command = [sys.executable, "-c", code, *words, "--as-of", "2026-11-23"]
        done = subprocess.run(command, cwd=folder, env=env, capture_output=True, encoding="utf-8", check=True)
    return done.stdout


def check() -> str:
    """`check` of the sample portfolio."""
    return terminal("steelyard check --as-of 2026-11-23", shown("en", "check"), "check in a terminal")


def demo() -> str:
    """The demo in Korean: what to do, and exactly what to trade."""
    lines = shown("ko", "demo").splitlines()
    last = next(n for n, line in enumerate(lines) if ANSI.sub("", line).startswith("$ steelyard invest"))
    return terminal("steelyard demo --lang ko", "\n".join(lines[:last]), "터미널의 demo")


GAUGE = {
    "en": (
        "How to read the gauge", "band: 5 points on each side", "target", "today: 8 points over", "12 points under: further than twice the band",
        "the gauge ends at twice the band; beyond it an arrow stands at the end",
    ),
    "ko": (
        "게이지 읽는 법", "허용 밴드: 양쪽 5%p", "목표", "오늘: 8%p 초과", "12%p 부족: 허용 밴드의 두 배를 넘음",
        "게이지 끝은 밴드의 두 배이고, 그보다 더 벗어나면 끝에 화살표가 놓입니다",
    ),
}  # fmt: skip


def gauge(language: str) -> str:
    """One gauge of the program's own, with its parts named."""
    from steelyard.domain.policy.drift import Drift
    from steelyard.interfaces.cli import tables

    title, band, target, today, below, ends = GAUGE[language]

    def drawn(points: str) -> str:
        made = Drift("VOO", Decimal("0.4") + Decimal(points), Decimal(1), Decimal("0.4"))
        return tables.gauge(made, Decimal("0.05"))

    over, far = drawn("0.08"), drawn("-0.12")
    wide, left, top = 20, 60, 78
    body = [text(16, 26, title, "b")]
    for y, shown in ((top, over), (top + 104, far)):
        for n, letter in enumerate(shown):
            kind = "r" if letter in "●◀▶" else ""
            body.append(text(left + n * wide, y, letter, kind, "middle"))
    at = {letter: left + over.index(letter) * wide for letter in "[|]●"}
    body += [
        f'<path class="l" d="M{at["["]} 92v8H{at["]"]}v-8"/>',
        text((at["["] + at["]"]) / 2, 116, band, "m", "middle"),
        arrow(f"{at['|']},48 {at['|']},62"),
        text(at["|"], 44, target, "m", "middle"),
        arrow(f"{at['●']},48 {at['●']},62"),
        text(at["●"] + 4, 44, today, "r", "start"),
        text(left, 206, below, "r"),
        text(16, 236, ends, "m"),
    ]
    return svg(560, 252, title, body, size=14)


def destinations() -> str:
    """Where one rebalance goes under each destination, by the program's own rule."""
    targets = {
        "069500": Decimal("0.30"),
        "VOO": Decimal("0.40"),
        "TLT": Decimal("0.20"),
        "GLD": Decimal("0.10"),
    }
    weights = {
        "069500": Decimal("0.28"),
        "VOO": Decimal("0.48"),
        "TLT": Decimal("0.16"),
        "GLD": Decimal("0.08"),
    }
    body, left, scale = (
        [text(16, 24, "VOO is 8 points over; the band is 5. Where does a rebalance go?", "b")],
        150,
        1000,
    )
    edge = {
        name: left + float(value) * scale - 280
        for name, value in (("low", Decimal("0.35")), ("high", Decimal("0.45")))
    }
    middle = left + 400 - 280
    body.append(
        f'<rect class="g" x="{edge["low"]:g}" y="52" width="{edge["high"] - edge["low"]:g}" height="128"/>'
    )
    body.append(f'<path class="l" d="M{middle} 52v128" stroke-dasharray="3 3"/>')
    body.append(text(middle, 196, "target 40 %", "m", "middle"))
    body.append(text(edge["low"], 46, "35 %", "m", "middle") + text(edge["high"], 46, "45 %", "m", "middle"))
    rows = [("today", weights["VOO"])]
    for word in ("edge", "halfway", "target"):
        policy = Policy(kind="threshold", threshold=Decimal("0.05"), destination=word)
        rows.append((word, destination(weights, targets, policy)["VOO"]))
    start = left + float(weights["VOO"]) * scale - 280
    for n, (word, value) in enumerate(rows):
        y, x = 70 + n * 31, left + float(value) * scale - 280
        body.append(text(16, y + 4, word, "b"))
        if n:
            body.append(
                f'<line class="l" x1="{start:g}" y1="{y}" x2="{x + 7:g}" y2="{y}" marker-end="url(#a)"/>'
            )
        body.append(f'<circle class="k" cx="{x:g}" cy="{y}" r="5"/>')
        body.append(text(start + 22, y + 4, f"{float(value) * 100:g} %", "r" if not n else ""))
    body.append(
        text(
            16,
            216,
            "edge trades least and may soon be due again; target trades most and stays inside longest",
            "m",
        )
    )
    return svg(620, 230, "Destinations: edge, halfway, target", body)


PLACES = {
    orders.PLANNED: (20, 120), orders.SENT: (170, 120), orders.ACCEPTED: (330, 60),
    orders.PARTIALLY_FILLED: (330, 130), orders.UNKNOWN: (170, 220), orders.FILLED: (540, 30),
    orders.CANCELLED: (540, 90), orders.REJECTED: (540, 150), orders.EXPIRED: (540, 220),
}  # fmt: skip


def order_states() -> str:
    """Every state of an order; what is decided here, and what only a broker's report brings."""
    assert set(PLACES) == orders.STATES
    body = [text(16, 24, "What becomes of an order", "b")]
    for state, (x, y) in PLACES.items():
        body.append(box(x, y, 116, 34, [state.replace("_", " ")], "g" if state in orders.FINAL else "s"))
    body += [
        text(20, 76, "halt, approval and leave are", "m"), text(20, 92, "asked in the same step", "m"),
        arrow("136,137 168,137"),
        arrow("286,130 308,77 328,77"), arrow("286,140 328,147"), arrow("388,94 388,128"),
        '<path class="l" d="M446 77h30M446 147h30M476 77v70"/>', '<path class="l" d="M476 112h24M500 47v190"/>',
        arrow("500,47 538,47"), arrow("500,107 538,107"), arrow("500,167 538,167"), arrow("500,237 538,237"),
        arrow("228,154 228,218"), arrow("286,237 538,237"),
        text(236, 192, "no answer came", "m"), text(300, 230, "its day is over, nobody saw it", "m"),
        text(16, 282, "Grey: still open. Blue: over. A planned order may be cancelled before it is sent.", "m"),
        text(16, 300, "What a broker reports later counts for an unknown order, and for fills after a cancellation.", "m"),
    ]  # fmt: skip
    return svg(690, 316, "The states of an order", body)


def flow() -> str:
    """What goes in, what comes out, and what leaves the machine."""
    body = [text(16, 24, "What goes in, what comes out", "b")]
    rows = [
        (50, ["portfolio.toml", "targets, policy, accounts"]),
        (110, ["steelyard.db", "journal, prices, runs, orders"]),
        (170, ["prices", "typed, files, or sources"]),
        (230, ["broker's file", "import"]),
    ]
    for y, lines in rows:
        body.append(box(20, y, 190, 48, lines))
        body.append(arrow(f"210,{y + 24} 292,{160 if y > 100 else 140}"))
    body.append(box(295, 110, 150, 90, ["steelyard", "on your machine"], "g"))
    out = [
        (36, ["check", "is a rebalance due, and why"]),
        (94, ["plan, invest, withdraw", "trades in whole shares"]),
        (152, ["tax, harvest", "what it costs, what to file"]),
        (210, ["run", "an alert, if you named a service"]),
        (268, ["execute", "orders, only with --live"]),
    ]
    for y, lines in out:
        body.append(arrow(f"445,155 528,{y + 24}"))
        body.append(box(530, y, 230, 48, lines))
    body.append(
        text(
            16,
            340,
            "The network is asked only by price sources, notification services and brokers that you name.",
            "m",
        )
    )
    return svg(780, 356, "Data flow", body)


def alert(language: str) -> str:
    """The alert of the sample portfolio, in the program's own words, as a message on a phone."""
    import steelyard
    from steelyard.app.automation import alert_texts as texts
    from steelyard.domain.automation.settings import AlertSettings

    day = date(2026, 11, 23)
    portfolio = steelyard.sample()
    report, plan = steelyard.check(portfolio, as_of=day), steelyard.plan(portfolio, as_of=day)
    facts = {
        "portfolio": "portfolio.toml", "reasons": texts.reason_lines(report), "since": str(day),
        "total": texts.money(report.valuation.total, "KRW"), "prices": "",
        "plan": texts.plan_lines(plan, "KRW"),
    }  # fmt: skip
    title, told = texts.compose("rebalance_due", facts, AlertSettings(language=language))
    lines = told.splitlines()
    height = 74 + 19 * len(lines)
    body = [
        f'<rect class="s" x="12" y="12" width="436" height="{height - 24}" rx="14"/>',
        text(28, 40, title, "b"),
    ]
    body += [text(28, 66 + 19 * n, line) for n, line in enumerate(lines)]
    return svg(460, height, title, body)


PICTURES = {
    "alert.svg": lambda: alert("en"),
    "alert.ko.svg": lambda: alert("ko"),
    "check.svg": check,
    "demo.ko.svg": demo,
    "gauge.svg": lambda: gauge("en"),
    "gauge.ko.svg": lambda: gauge("ko"),
    "destinations.svg": destinations,
    "orders.svg": order_states,
    "flow.svg": flow,
}


def report() -> None:
    """The beginning of the report page, taken by a chromium of the system, in few colours to stay small."""
    from PIL import Image

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        code = "from steelyard.interfaces.cli.main import main; main()"
        policies = [
            word for text in ("calendar monthly", "threshold 5%", "hold") for word in ("--policy", text)
        ]
        command = [sys.executable, "-c", code, "compare", "--demo", *policies, "--paths", "500"]
        subprocess.run([*command, "--report", "report.html"], cwd=folder, check=True, capture_output=True)
        browser = which("chromium") or "chromium-browser"
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1000,900"]
        page = (folder / "report.html").as_uri()
        shot = folder / "report.png"
        subprocess.run([browser, *flags, f"--screenshot={shot}", page], check=True, capture_output=True)
        Image.open(shot).convert("RGB").quantize(24).save(FOLDER / "report.png", optimize=True)


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    if "--browser" in sys.argv[1:]:
        report()
    for name, draw in PICTURES.items():
        (FOLDER / name).write_text(draw(), encoding="utf-8")
        print(f"{name}: {(FOLDER / name).stat().st_size} bytes")
