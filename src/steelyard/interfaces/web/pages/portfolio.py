"""Targets edited by form: what would change is shown as a difference before the file is written."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from difflib import unified_diff
from hashlib import sha256
from typing import Any

import steelyard
from steelyard.api.serving import new_policy, policy_keys, write_policy
from steelyard.app.check import CheckReport
from steelyard.domain.money import EXACT, ONE, parse_fraction, plain
from steelyard.domain.policy.policies import DESTINATIONS, KINDS, LOOKS, band
from steelyard.domain.policy.policy_edit import PolicyEdit
from steelyard.domain.policy.targets_edit import TargetsEdit
from steelyard.errors import SteelyardError
from steelyard.interfaces.vocabulary import POLICIES
from steelyard.interfaces.web.attention import matters_of
from steelyard.interfaces.web.pages.frame import about
from steelyard.interfaces.web.strips import Strip, scale, strip
from steelyard.interfaces.web.visit import Screen, Visit
from steelyard.interfaces.web.weights import Weights, name_of, weights_of
from steelyard.records import dataclass, replace

PREFIX, POLICY = "t:", "p:"
CHOICES: Mapping[str, Mapping[str, str]] = {
    key: {word: POLICIES[word] for word in words}
    for key, words in {"kind": KINDS, "look": LOOKS, "destination": DESTINATIONS}.items()
}
POLICY_KEYS = (
    "kind", "look", "threshold", "relative_threshold", "max_interval_days", "cooldown_days", "destination",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Goal:
    """One target: today's weight, what the file says, what is typed, and how far today is from that."""

    name: str
    title: str
    weight: Decimal
    target: Decimal
    typed: str
    strip: Strip | None
    change: Decimal | None


def portfolio(visit: Visit) -> Screen:
    """Show targets and policy, look at a change of either, or write it."""
    if visit.form.get("what", "").endswith("-policy"):
        return policy(visit)
    return _page(visit)


def policy(visit: Visit) -> Screen:
    """Look at a change of the policy, or write it."""
    wanted = {key: visit.form.get(POLICY + key, "").strip() for key in POLICY_KEYS}
    try:
        edit = new_policy(visit.file, wanted)
        if visit.form.get("what") == "save-policy" and visit.form.get("seen") == mark_of(edit):
            write_policy(visit.file, edit)
            return Screen(goto="/portfolio?done=saved")
    except SteelyardError as error:
        status = 422 if visit.form.get("what") == "save-policy" else 200
        return _page(visit, {"policy_problems": error.problems, "typed_policy": wanted}, status)
    held = steelyard.load(visit.file, as_of=visit.as_of)
    then = steelyard.check(replace(held, policy=edit.policy), as_of=visit.as_of)
    facts = {
        "policy_edit": edit if edit.changed else None,
        "policy_mark": mark_of(edit),
        "policy_lines": () if visit.display.private else _lines(edit),
        "then": then,
        "typed_policy": wanted,
        "changed": visit.form.get("what") == "save-policy",
    }
    return _page(visit, facts)


def _page(visit: Visit, policy_facts: Mapping[str, Any] | None = None, status: int = 200) -> Screen:
    held = steelyard.load(visit.file, as_of=visit.as_of)
    report = steelyard.check(held, as_of=visit.as_of)
    now = {name: _percent(weight) for name, weight in held.targets.items()}
    form = {} if policy_facts is not None else visit.form
    typed = {name: form.get(PREFIX + name, now[name]).strip() for name in held.targets}
    edit: TargetsEdit | None = None
    facts: dict[str, Any] = {"problems": (), "changed": False, "done": visit.query.get("done") == "saved"}
    try:
        if visit.query.get("from") == "holdings" and not form and policy_facts is None:
            edit = steelyard.targets_from_holdings(visit.file, as_of=visit.as_of)
            typed |= {name: _percent(weight) for name, weight in edit.targets.items() if name in typed}
        elif form:
            edit = steelyard.new_targets(visit.file, {name: f"{raw or 0}%" for name, raw in typed.items()})
            if visit.form.get("what") == "save" and visit.form.get("seen") == mark_of(edit):
                steelyard.write_targets(visit.file, edit)
                return Screen(goto="/portfolio?done=saved")
            facts["changed"] = visit.form.get("what") == "save"
    except SteelyardError as error:
        facts["problems"] = error.problems
    weights = weights_of(report)
    return Screen(
        "portfolio.html",
        {
            **about(held, report.as_of),
            **facts,
            "matters": matters_of(report),
            "policy": held.policy,
            "policy_problems": (),
            "policy_edit": None,
            "policy_lines": (),
            "typed_policy": policy_keys(visit.file),
            "choices": CHOICES,
            "goals": _goals(report, weights, typed),
            "edit": edit if edit is not None and edit.changes else None,
            "mark": "" if edit is None else mark_of(edit),
            "lines": () if edit is None or visit.display.private else _lines(edit),
            **(policy_facts or {}),
        },
        # A look says what is wrong, as often as a key is pressed; only to write it is refused.
        422 if facts["problems"] and visit.form.get("what") == "save" else status,
    )


def mark_of(edit: TargetsEdit | PolicyEdit) -> str:
    """Return a mark of the change that was seen: of the file as it was and as it would be."""
    return sha256(f"{edit.original}\0{edit.text}".encode()).hexdigest()


def _goals(report: CheckReport, weights: Weights, typed: Mapping[str, str]) -> list[Goal]:
    wanted = {row.symbol: _fraction(typed[row.symbol]) for row in weights.rows}
    policy, drifts = report.portfolio.policy, {d.symbol: d for d in report.drifts}
    asks = policy.kind in ("threshold", "hybrid")
    bands = {s: band(s, w, policy) if asks and w is not None else None for s, w in wanted.items()}
    off = {s: None if w is None else EXACT.subtract(drifts[s].weight, w) for s, w in wanted.items()}
    end = scale(bands.values(), [d for d in off.values() if d is not None])
    return [
        Goal(
            row.symbol,
            name_of(report.portfolio, row.symbol),
            row.weight,
            row.target,
            typed[row.symbol],
            None if (drift := off[row.symbol]) is None else strip(drift, bands[row.symbol], end),
            None if (new := wanted[row.symbol]) is None else EXACT.subtract(new, drifts[row.symbol].target),
        )
        for row in weights.rows
    ]


def _percent(weight: Decimal) -> str:
    return plain(EXACT.multiply(weight, Decimal(100)))


def _fraction(typed: str) -> Decimal | None:
    """Return what a field says, None where it is no number from 0 to 100: the library says what is wrong."""
    try:
        found = parse_fraction(f"{typed or 0}%")
    except (ValueError, TypeError):
        return None
    return found if 0 <= found <= ONE else None


def _lines(edit: TargetsEdit | PolicyEdit) -> tuple[tuple[str, str], ...]:
    """Return the difference a line each, with whether it comes, goes or stays."""
    found = unified_diff(edit.original.splitlines(), edit.text.splitlines(), n=1, lineterm="")
    kinds = {"+": "add", "-": "del"}
    return tuple(
        (kinds.get(line[:1], ""), line) for line in found if not line.startswith(("+++", "---", "@@"))
    )
