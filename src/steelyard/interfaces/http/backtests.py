"""Policies on history, as jobs: asked for once, worked on apart, looked at until they are over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from steelyard.interfaces.http.bodies import Kinds, fields
from steelyard.interfaces.http.jobs import Job
from steelyard.interfaces.http.plans import stated
from steelyard.interfaces.http.replies import Call, Reply, Trouble
from steelyard.interfaces.http.service import Service, wrong
from steelyard.words import say

FIELDS: Kinds = {
    "portfolio": (str, dict), "kind": str, "prices": (str, dict), "policies": list, "paths": int, "seed": int,
    "sweep": bool, "initial": str, "monthly": str, "cash_rate": str, "risk_free": str, "whole": bool,
    "before_tax": bool, "deposits_wait": bool, "base_prices": bool, "start": str, "end": str,
}  # fmt: skip
KINDS = ("backtest", "compare")
PATHS = 10_000
POLICIES = 50


def start(service: Service, call: Call, names: Mapping[str, str]) -> Reply:
    """Put a backtest in the queue."""
    asked = fields(call, FIELDS)
    job = begun(service, asked, language=call.language.code)
    return Reply(202, job.document, {"location": f"/v1/jobs/{job.id}"})


def begun(service: Service, asked: Mapping[str, Any], **more: Any) -> Job:
    """Return the job of a backtest; what is wrong with what was asked is said before it waits.

    Raises:
        Trouble: A field is wrong (422), or so much is waiting (429).
    """
    kind, said = asked.get("kind", "compare"), asked.get("portfolio")
    if kind not in KINDS:
        raise wrong("kind", say("{raw!r} is not one of {choices}", raw=kind, choices=KINDS))
    if kind == "backtest" and asked.get("prices") is None:
        raise wrong("prices", say("a backtest needs prices"))
    policies = asked.get("policies", [])
    if len(policies) > POLICIES or not all(isinstance(p, str) for p in policies):
        raise wrong("policies", say("at most {most} policies, each as text", most=POLICIES))
    if not 0 <= asked.get("paths", 0) <= PATHS or not 0 <= asked.get("seed", 0) < 2**63:
        raise wrong("paths", say("give paths of 0 to {most}, and a seed of 0 or more", most=PATHS))
    for name in ("start", "end"):
        service.day(asked.get(name))
    spec: dict[str, Any] = {name: value for name, value in asked.items() if name != "portfolio"}
    if isinstance(said, dict):
        stated({"accounts": [], **said}, need_accounts=False)
        name, spec["stated"] = "", said
    else:
        name, file = service.file(said)
        spec["file"] = str(file.absolute())
    return service.jobs.start(kind, name, {**spec, "kind": kind, **more}, asked.get("paths", 0))


def jobs(service: Service, call: Call, names: Mapping[str, str]) -> Reply:
    """List the jobs, without their results."""
    found = [{**job.document, "result": None} for job in service.jobs.all()]
    return Reply(200, {"schema": "steelyard/jobs/1", "jobs": found})


def job(service: Service, call: Call, names: Mapping[str, str]) -> Reply:
    """Show a job as it is now."""
    return Reply(200, _known(service.jobs.job(names["job"])).document)


def cancel(service: Service, call: Call, names: Mapping[str, str]) -> Reply:
    """End a job; one that is over stays as it is."""
    fields(call, {})
    return Reply(200, _known(service.jobs.cancel(names["job"])).document)


def _known(job: Job | None) -> Job:
    if job is None:
        raise Trouble(404, "no-job", say("there is no such job"), say("see /v1/jobs"))
    return job
