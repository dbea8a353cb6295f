"""What needs its owner: everything that `doctor` looks at, what is wrong first."""

from __future__ import annotations

import steelyard
from steelyard.errors import SteelyardError
from steelyard.interfaces.vocabulary import MARKS, PARTS
from steelyard.interfaces.web.attention import Matter, matters_of
from steelyard.interfaces.web.pages.frame import about
from steelyard.interfaces.web.visit import Screen, Visit

_ORDER = {"bad": 0, "warning": 1, "good": 2}


def health(visit: Visit) -> Screen:
    """Show what was looked at; a broken file is one more thing to say, not the end of it."""
    symptoms = sorted(steelyard.doctor(visit.file).symptoms, key=lambda s: _ORDER[s.state])
    matters: tuple[Matter, ...] = ()
    facts = {}
    try:
        portfolio = steelyard.load(visit.file, as_of=visit.as_of)
        report = steelyard.check(portfolio, as_of=visit.as_of)
        matters, facts = matters_of(report), dict(about(portfolio, report.as_of))
    except SteelyardError:
        pass  # `doctor` says it.
    return Screen(
        "health.html",
        {
            **facts,
            "matters": matters,
            "symptoms": symptoms,
            "needed": sum(s.state != "good" for s in symptoms) + len(matters),
            "bad": sum(s.state == "bad" for s in symptoms) + sum(m.grave for m in matters),
            "parts": PARTS,
            "marks": MARKS,
        },
    )
