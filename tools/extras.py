"""Run each extra's commands where it alone is installed beside the base (`make extras`).

An environment each, two at a time, made and removed. An extra that cannot be installed here (no network, no
wheel for this Python) is said and left out; one that is installed and fails ends with status 1. What talks
to a service finds none: then its own error is right, and `extra-missing` is not.
"""

import os
import shutil
import subprocess
import sys
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parent.parent
PLACE = ROOT / ".venv-extras"
SECONDS = 400
"""For installing one extra, and for each of its commands."""

SAMPLE = ROOT / "tests" / "presets" / "samples" / "mirae-transactions.csv"
STATEMENT = f"""
import pathlib, openpyxl
from steelyard.adapters.importers.presets.sheets import Sheets
book = openpyxl.Workbook()
for _, cells in Sheets.of(pathlib.Path({str(SAMPLE)!r}).read_bytes()).rows("csv", ","):
    book.active.append(cells)
book.save("trades.xlsx")
"""
CLOSES = """
import datetime, pyarrow, pyarrow.parquet, pathlib
pathlib.Path("prices").mkdir()
day = datetime.date(2026, 11, 23)
for name, close in ({"VOO": 600.25, "TLT": 90.5, "GLD": 380.0, "069500": 35000.0, "USDKRW": 1400.0}).items():
    table = pyarrow.table({"date": [day], "close": [close]})
    pyarrow.parquet.write_table(table, f"prices/{name}.parquet")
"""
SERVING = """
import os, threading, urllib.request
from http.cookiejar import CookieJar
from pathlib import Path
from steelyard.interfaces.web import server
def look(address):
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    print("A rebalance is due." in opener.open(address).read().decode(), flush=True)
    os._exit(0)
def told(address):
    threading.Thread(target=look, args=(address,)).start()
server.serve(Path("portfolio.toml"), port=0, as_of=None, told=told)
"""
ASSISTING = """
import anyio
from pathlib import Path
from mcp.client import Client
from steelyard.interfaces.mcp import server, toolbox
async def ask():
    async with Client(server.server(toolbox.Shelf(Path("portfolio.toml")))) as client:
        print((await client.call_tool("check", {})).content[0].text)
anyio.run(ask)
"""
OPEN = """
base_currency = "KRW"
[targets]
VOO = "100%"
[[accounts]]
name = "main"
positions = [ { symbol = "VOO", shares = 8 } ]
"""
PLATFORM = """
import datetime
from steelyard import batch
account = {"account": "A1", "model": "m", "cash": [], "positions": [{"symbol": "VOO", "shares": 10}]}
models = [{"model": "m", "symbol": s, "target": "0.5", "policy": "threshold 5%"} for s in ("VOO", "BND")]
prices = [{"symbol": "VOO", "price": 600}, {"symbol": "BND", "price": 73}]
import pyarrow
day = datetime.date(2026, 11, 23)
for done in batch.plan(
    pyarrow.Table.from_pylist([account]), models, prices, base_currency="USD", as_of=day
):
    print(done.column("status").to_pylist())
"""
CLUSTER = """
import datetime, pathlib, pyarrow, pyarrow.parquet
from steelyard import batch
tables = {{
    "accounts": [{{"account": "A1", "model": "m", "cash": [{{"currency": "USD", "amount": 5000}}]}}],
    "positions": [{{"account": "A1", "symbol": "VOO", "shares": 10}}],
    "models": [
        {{"model": "m", "symbol": s, "target": "0.5", "policy": "threshold 5%"}} for s in ("VOO", "BND")
    ],
    "prices": [{{"symbol": "VOO", "price": 600}}, {{"symbol": "BND", "price": 73}}],
}}
pathlib.Path("in").mkdir()
for name, rows in tables.items():
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), f"in/{{name}}.parquet")
if __name__ == "__main__":
    batch.prepare("in", "work", base_currency="USD", as_of=datetime.date(2026, 11, 23))
    print("planned:", batch.plan_work("work", "out", engine="{}", threads=1).statuses.get("planned"))
"""


class Case:
    """One command of an extra.

    Args:
        words: What is run, `steelyard` in front; or one text of Python.
        says: What its output holds.
        ends: Exit statuses that are right.
    """

    def __init__(self, *words: str, says: str = "", ends: tuple[int, ...] = (0,)) -> None:
        self.words, self.says, self.ends = words, says, ends


CASES: dict[str, tuple[str, list[Case]]] = {
    "lab": (
        "",
        [
            Case("compare", "--demo", "--paths", "20", "--plot", "out.png", "--json", says='"paths": 20'),
        ],
    ),
    "parquet": (
        OPEN,
        [Case(CLOSES), Case("prices", "fetch", "--json", says='"600.25"')],
    ),
    "excel": (
        "",
        # The sample's instruments are made up: to be asked what they are means that the workbook was read.
        [Case(STATEMENT), Case("import", "trades.xlsx", "--preview", says="견본닷컴", ends=(2,))],
    ),
    "yahoo": (OPEN, [Case("prices", "fetch", says="", ends=(0, 3))]),
    "krx": (OPEN, [Case("prices", "fetch", says="", ends=(0, 3))]),
    "mcp": ("", [Case(ASSISTING, says="A rebalance is due.")]),
    "serve": ("", [Case(SERVING, says="True")]),
    "batch": ("", [Case(PLATFORM, says="planned")]),
    "dask": ("", [Case(CLUSTER.format("dask"), says="planned: 1")]),
    "ray": ("", [Case(CLUSTER.format("ray"), says="planned: 1")]),
    "keyring": ("", [Case("notify", "list", says="error[keyring]", ends=(2, 3, 5))]),
}
SOURCES = {"parquet": "folder", "yahoo": "yfinance", "krx": "fdr"}
ENVIRONMENT = {
    "keyring": {"STEELYARD_KEYRING": "telegram", "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
}


def install(extra: str, folder: Path) -> str:
    """Make an environment with the base and one extra; return why it cannot be, or nothing."""
    python = folder / "bin" / "python"
    pip = [str(python), "-m", "pip", "install", "--quiet", "--no-compile", "--disable-pip-version-check"]
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(folder)],
        [*pip, "--require-hashes", "-r", str(ROOT / "requirements" / f"extra-{extra}.txt")],
        [*pip, "--no-deps", "--no-build-isolation", str(ROOT)],
    ):
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)
        except subprocess.TimeoutExpired:
            return f"not within {SECONDS} s"
        if done.returncode:
            return (done.stderr.strip().splitlines() or ["pip failed"])[-1]
    return ""


def failures(extra: str, folder: Path, told: list[str]) -> list[str]:
    """Run the commands of an extra, add how each ended to `told`, and return what is wrong with them."""
    file, cases = CASES[extra]
    work = folder / "work"
    work.mkdir()
    sample = (ROOT / "src" / "steelyard" / "data" / "sample.toml").read_text(encoding="utf-8")
    (work / "portfolio.toml").write_text(file or sample, encoding="utf-8")
    if extra in SOURCES:
        settings = f'[prices]\nsources = ["{SOURCES[extra]}"]\nfolder = "prices"\nattempts = 1\n'
        (work / "automation.toml").write_text(settings, encoding="utf-8")
    environment = {**os.environ, "HOME": str(work), "NO_COLOR": "1", **ENVIRONMENT.get(extra, {})}
    found = []
    for case in cases:
        name = " ".join(case.words) if len(case.words) > 1 else "python"
        program = (
            [str(folder / "bin" / "steelyard")]
            if len(case.words) > 1
            else [str(folder / "bin" / "python"), "-c"]
        )
        done = subprocess.run(
            [*program, *case.words],
            cwd=work, env=environment, capture_output=True, text=True, check=False, timeout=SECONDS,
        )  # fmt: skip
        said = done.stdout + done.stderr
        wrong = done.returncode not in case.ends or "Traceback" in said or "extra-missing" in said
        told.append(f"  {name}: exit {done.returncode}")
        if wrong or case.says not in said:
            found.append(f"{name}: exit {done.returncode}: {said[-600:]}")
    return found


def tried(extra: str) -> tuple[list[str], bool]:
    """Try one extra, print how it went, and return what is wrong and whether it could not be installed."""
    start, folder, told = time.monotonic(), PLACE / extra, [f"{extra}:"]
    why = install(extra, folder)
    wrong = [] if why else [f"{extra}: {text}" for text in failures(extra, folder, told)]
    if why:
        told.append(f"  skipped: {extra} could not be installed here: {why}")
    shutil.rmtree(folder, ignore_errors=True)
    print("\n".join([*told, f"  {time.monotonic() - start:.0f} s"]), flush=True)
    return wrong, bool(why)


def main() -> int:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    names = sys.argv[1:] or [name for name in extras if name != "all"]
    # Two at a time: installing waits for the network and the disk.
    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(tried, names))
    wrong = [text for found, _ in ended for text in found]
    skipped = [name for name, (_, absent) in zip(names, ended, strict=True) if absent]
    for text in wrong:
        print(text)
    print(
        f"{len(names) - len(skipped)} of {len(names)} extras tried, {len(wrong)} faults"
        + (f"; skipped: {', '.join(skipped)}" if skipped else "")
    )
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
