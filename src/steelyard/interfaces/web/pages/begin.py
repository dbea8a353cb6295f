"""The first screen of all: no portfolio file yet, and how to have one, from a broker's file or a model."""

from __future__ import annotations

from functools import partial
from typing import Any

import steelyard
from steelyard.domain.money import is_currency
from steelyard.errors import InputError, SteelyardError
from steelyard.interfaces.beginning import CURRENCIES, begin_from, write_new
from steelyard.interfaces.web.visit import Screen, Upload, Visit
from steelyard.words import render, say

FIELDS = ("model", "country", "currency")


def begin(visit: Visit) -> Screen:
    """Show the form of a new portfolio, or write it; one that is there is never touched."""
    if visit.form.get("what") != "begin":
        return Screen(goto="/") if visit.file.exists() else _page(visit)
    kept = visit.files.get("file") or visit.waiting.take(visit.form.get("upload", ""))
    try:
        _begin(visit, kept)
    except SteelyardError as error:
        number = "" if kept is None else visit.waiting.keep(kept)
        shown = {"problems": error.problems, "upload": number, "upload_name": kept.name if kept else ""}
        return _page(visit, status=422, **shown)
    return Screen(goto="/")


def _begin(visit: Visit, kept: Upload | None) -> None:
    model, country = visit.asked("model") or None, visit.asked("country") or None
    currency = visit.asked("currency").upper() or None
    if country is not None and country not in CURRENCIES:
        raise InputError(
            "tax-country-unknown",
            say("no tax rules for {code!r}", code=country),
            say("choose one of the list"),
        )
    if currency is not None and not is_currency(currency):
        raise InputError(
            "currency",
            say("{currency!r} is no currency code", currency=currency),
            say("write KRW or USD"),
        )
    if kept is not None:
        with kept.written() as file:
            tell = partial(render, language=visit.display.language)
            begin_from(
                visit.file, file, tell, model=model, currency=currency, country=country, name=kept.name
            )
        return
    money = currency or CURRENCIES[country or "KR"]
    text = render(steelyard.template(model=model, base_currency=money), visit.display.language)
    write_new(visit.file, text, country)


def _page(visit: Visit, *, status: int = 200, **more: Any) -> Screen:
    facts = {
        "models": steelyard.models().models,
        "countries": CURRENCIES,
        "form": {name: visit.asked(name) for name in FIELDS},
        "problems": (),
        "upload": "",
        "upload_name": "",
        **more,
    }
    return Screen("begin.html", facts, status)
