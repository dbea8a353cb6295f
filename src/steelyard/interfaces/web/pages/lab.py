"""Policies on history: asked by a form, worked on as a job, shown with the range of every difference."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import steelyard
from steelyard.errors import InputError, SteelyardError
from steelyard.interfaces.http.jobs import OVER, Job
from steelyard.interfaces.http.replies import Trouble
from steelyard.interfaces.web.attention import matters_of
from steelyard.interfaces.web.pages.frame import about
from steelyard.interfaces.web.visit import Screen, Visit
from steelyard.records import dataclass
from steelyard.words import say

PATHS = ("200", "1000", "0")
"""Resampled histories that the form offers, the usual first."""
SOURCES = ("simulated", "stored", "file")
POLICIES = 20
WIDE, RIGHT = 220.0, 8.0
"""Of the picture of a range, in its own units."""
STEPS = 5


@dataclass(frozen=True, slots=True)
class Row:
    """One policy: what it did, and how far that is from the first one, with its range in the picture."""

    policy: str
    growth: Decimal
    fall: Decimal
    trades: int
    turnover: Decimal
    mean: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    evident: bool = False
    zero: float = 0.0
    left: float = 0.0
    middle: float = 0.0
    right: float = 0.0


@dataclass(frozen=True, slots=True)
class Heat:
    """A table of bands and looks: in each cell a turnover, and how strong its colour is."""

    thresholds: Sequence[str]
    rows: Sequence[tuple[str, Sequence[tuple[Decimal, int]]]]


def lab(visit: Visit) -> Screen:
    """Show the form, how far the work is, or what came out."""
    held = steelyard.load(visit.file, as_of=visit.as_of)
    report = steelyard.check(held, as_of=visit.as_of)
    problems: Sequence[Any] = ()
    if visit.form.get("what") == "cancel":
        visit.jobs.cancel(visit.form.get("job", ""))
        return Screen(goto="/lab")
    if visit.form:
        try:
            return Screen(goto=f"/lab?job={_begun(visit).id}")
        except SteelyardError as error:
            problems = error.problems
        except Trouble as trouble:
            problems = InputError(trouble.code, trouble.text, trouble.hint).problems
    job = visit.jobs.job(visit.query.get("job", ""))
    if job is not None and job.portfolio != visit.name:
        job = None
    if job is not None and job.page and visit.query.get("as") == "report" and not visit.display.private:
        return Screen(content=job.page, kind="text/html; charset=utf-8", name="policies.html")
    result = job.result if job is not None else None
    return Screen(
        "lab.html",
        {
            **about(held, report.as_of),
            "matters": matters_of(report),
            "job": job,
            "over": job is None or job.state in OVER,
            "result": result,
            "headline": "" if job is None else re.sub(r"(?<=[ (])-(?=\d)", "−", job.headline),
            "start": None if result is None else date.fromisoformat(result["period"]["start"]),
            "end": None if result is None else date.fromisoformat(result["period"]["end"]),
            "rows": () if result is None else rows_of(result),
            "heat": None if result is None else heat_of(result),
            "problems": problems,
            "stored": visit.file.with_name("steelyard.db").is_file(),
            "paths_offered": PATHS,
            "form": {n: visit.asked(n) for n in ("policies", "monthly", "paths", "prices")},
            "sweep": visit.asked("sweep") == "yes",
        },
        422 if problems else 200,
    )


def _begun(visit: Visit) -> Job:
    policies = [line.strip() for line in visit.asked("policies").splitlines() if line.strip()][:POLICIES]
    paths = visit.asked("paths", PATHS[0])
    asked: dict[str, Any] = {
        "kind": "compare",
        "file": str(visit.file.absolute()),
        "language": visit.display.language.code,
        "policies": policies,
        "paths": int(paths) if paths in PATHS else int(PATHS[0]),
        "sweep": visit.asked("sweep") == "yes",
        "page": True,
    }
    if visit.asked("monthly"):
        asked["monthly"] = visit.asked("monthly")
    source = visit.asked("prices", SOURCES[0])
    upload = visit.files.get("file")
    if upload is not None or source == "file":
        if upload is None:
            raise InputError("no-prices", say("no file was chosen"), say("choose a file of prices"))
        asked["prices"] = upload.content.decode("utf-8-sig", "replace")
    elif source == "stored":
        asked["prices_from"] = str(visit.file.with_name("steelyard.db").absolute())
    return visit.jobs.start("compare", visit.name, asked, asked["paths"])


def rows_of(result: Mapping[str, Any]) -> list[Row]:
    """Return a row a policy, the differences on one scale; in a sweep the first and those worth a look."""
    found = result["results"]
    if "sweep" in result:
        found = found[:1]
    gaps = [r["difference"] for r in found[1:] if r.get("difference")]
    ends = [0.0, *(v for d in gaps for v in (d["low"], d["high"]))]
    least, most = min(ends), max(ends)
    span: float = (most - least) or 1.0

    def place(value: float) -> float:
        return float(round(RIGHT + (WIDE - 2 * RIGHT) * (value - least) / span, 1))

    rows = []
    for number, one in enumerate(found):
        gap = one.get("difference") if number else None
        drawn: dict[str, Any] = {}
        if gap:
            drawn = {
                "mean": _figure(gap["mean"]), "low": _figure(gap["low"]), "high": _figure(gap["high"]),
                "evident": gap["evident"], "zero": place(0.0), "left": place(gap["low"]),
                "middle": place(gap["mean"]), "right": place(gap["high"]),
            }  # fmt: skip
        rows.append(
            Row(
                one["policy"], _figure(one["cagr"]), _figure(one["max_drawdown"]), one["rebalances"],
                _figure(one["turnover"]), **drawn,
            )
        )  # fmt: skip
    return rows


def heat_of(result: Mapping[str, Any]) -> Heat | None:
    """Return what looking more often costs, by band and look; None where that was not asked for."""
    sweep = result.get("sweep")
    if sweep is None:
        return None
    turnover = {r["policy"]: r["turnover"] for r in result["results"]}
    highest = max(turnover.values()) or 1.0
    rows = []
    for column, look in enumerate(sweep["looks"]):
        cells = [turnover[line[column]] for line in sweep["policies"]]
        # By the root: a few cells trade many times what the others do.
        rows.append(
            (look, [(_figure(c), 1 + min(STEPS - 1, int(STEPS * (c / highest) ** 0.5))) for c in cells])
        )
    return Heat(sweep["thresholds"], rows)


def _figure(value: float | None) -> Decimal:
    return Decimal(repr(value)) if value is not None else Decimal("NaN")
