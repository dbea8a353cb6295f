"""The words for what is a code inside: sides of a trade, states of an order, parts of a set-up."""

from __future__ import annotations

from steelyard.words import say

SIDES = {"buy": say("buy"), "sell": say("sell")}

ENTRIES = {
    **SIDES,
    "deposit": say("deposit"),
    "withdrawal": say("withdrawal"),
    "convert": say("convert"),
    "dividend": say("dividend"),
    "transfer": say("transfer"),
    "transfer_in": say("transfer_in"),
    "transfer_out": say("transfer_out"),
    "opening": say("opening"),
    "fee": say("fee"),
    "interest": say("interest"),
    "tax": say("tax"),
    "split": say("split"),
    "stock_dividend": say("stock_dividend"),
    "return_of_capital": say("return_of_capital"),
    "capital_gain_distribution": say("capital_gain_distribution"),
    "spin_off": say("spin_off"),
    "merger": say("merger"),
    "inheritance": say("inheritance"),
}
"""Kinds of entries of the journal; one that is not here is said by its code."""

POLICIES = {
    "calendar": say("calendar"),
    "threshold": say("threshold"),
    "hybrid": say("hybrid"),
    "hold": say("hold"),
    "daily": say("daily"),
    "weekly": say("weekly"),
    "biweekly": say("biweekly"),
    "monthly": say("monthly"),
    "quarterly": say("quarterly"),
    "semiannual": say("semiannual"),
    "annual": say("annual"),
    "target": say("to the target"),
    "edge": say("to the edge of the band"),
    "halfway": say("halfway to the target"),
}
"""Words of [policy]."""

WAYS = {
    "asked": say("this plan"),
    "strict": say("as near as can be"),
    "further": say("a point further off"),
    "no_tax": say("no tax this year"),
    "new_money": say("new money only"),
}

STATES = {
    "planned": say("planned"),
    "sent": say("sent"),
    "accepted": say("accepted"),
    "partially_filled": say("partially filled"),
    "filled": say("filled"),
    "cancelled": say("cancelled"),
    "rejected": say("rejected"),
    "expired": say("expired"),
    "unknown": say("unknown"),
}

OUTCOMES = {
    "dry-run": say("dry-run"),
    "refused": say("refused"),
    "done": say("done"),
    "waiting": say("waiting"),
}

PARTS = {
    "file": say("file"),
    "journal": say("journal"),
    "prices": say("prices"),
    "services": say("services"),
    "database": say("database"),
    "clock": say("clock"),
    "last run": say("last run"),
    "schedule": say("schedule"),
    "permissions": say("permissions"),
    "orders": say("orders"),
    "limits": say("limits"),
}

MARKS = {"good": say("good"), "warning": say("warning"), "bad": say("bad")}

PRICE_STATES = {
    "good": say("good"),
    "stale": say("stale"),
    "missing": say("missing"),
    "in the portfolio file": say("in the portfolio file"),
    "not needed": say("not needed"),
}

CAUTIONS = {"accepted": say("accepted"), "caution": say("caution"), "avoid": say("avoid")}
"""How far a replacement may be taken for the same thing."""
