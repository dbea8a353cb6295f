"""The words for what is a code inside: sides of a trade, states of an order, parts of a set-up."""

from __future__ import annotations

from steelyard.words import Text, join, say

SIDES = {"buy": say("buy"), "sell": say("sell")}

ENTRIES = {
    **SIDES,
    "deposit": say("deposit"),
    "withdrawal": say("withdrawal"),
    "convert": say("convert"),
    "dividend": say("dividend"),
    "transfer_in": say("transfer in"),
    "transfer_out": say("transfer out"),
    "transfer": say("transfer"),
    "fee": say("fee"),
    "interest": say("interest"),
    "tax": say("tax"),
    "split": say("split"),
    "stock_dividend": say("stock dividend"),
    "return_of_capital": say("return of capital"),
    "capital_gain_distribution": say("capital gain distribution"),
    "spin_off": say("spin-off"),
    "merger": say("merger"),
    "inheritance": say("inheritance"),
}
"""Kinds of entries of the journal."""

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
    "strict": say("nearest possible"),
    "further": say("one point further"),
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

DELIVERIES = {
    "waiting": say("waiting"),
    "sending": say("sending"),
    "sent": say("sent"),
    "given_up": say("given up"),
    "no service": say("no service"),
}
"""What became of a message to a service."""

SOURCES = {"manual": say("typed in"), "portfolio file": say("portfolio file")}
"""Where a price is from, beside the price sources, which are names."""

LOOKS = {
    "daily": say("daily"),
    "weekly": say("weekly"),
    "biweekly": say("biweekly"),
    "monthly": say("monthly"),
    "quarterly": say("quarterly"),
    "semiannual": say("semiannual"),
    "annual": say("annual"),
}

LINKS = {
    **STATES,
    "plan-saved": say("plan saved"),
    "plan-done": say("plan done"),
    "approval": say("approval"),
    "refused": say("refused"),
    "answer": say("answer"),
    "no-answer": say("no answer"),
    "not-taken": say("not taken"),
    "taken-back": say("taken back"),
    "adopted": say("adopted"),
    "cancel-request": say("asked to cancel"),
    "fill": say("fill"),
    "sync": say("sync"),
    "halt": say("halt"),
    "resume": say("resume"),
    "arming": say("armed"),
    "disarming": say("disarmed"),
    "restore": say("restored"),
    "anchored-anew": say("anchored anew"),
}
"""Kinds of links of the audit record; one that is not here is said by its code."""

FACTS = {
    "account": say("account"),
    "symbol": say("symbol"),
    "side": say("side"),
    "shares": say("shares"),
    "limit": say("limit"),
    "state": say("state"),
    "filled": say("filled"),
    "paid": say("paid"),
    "price": say("price"),
    "fees": say("fees"),
    "trades": say("trades"),
    "turnover": say("amount traded"),
    "attempt": say("attempt"),
    "who": say("who"),
    "proven": say("identity proven"),
    "refusals": say("refusals"),
    "text": say("why"),
    "why": say("why"),
    "note": say("note"),
    "told": say("told"),
    "broker": say("broker"),
    "armed": say("counted against the arming"),
    "until": say("until"),
    "max_amount": say("at most"),
    "spent": say("spent"),
}
"""Names of facts in a link; one that is not here is said by its code."""

CLASS_PARTS = {
    "us": say("US"),
    "kr": say("Korea"),
    "global": say("global"),
    "intl": say("outside the US"),
    "developed": say("developed markets"),
    "emerging": say("emerging markets"),
    "equity": say("equity"),
    "bond": say("bonds"),
    "treasury": say("government bonds"),
    "corporate": say("corporate"),
    "municipal": say("municipal"),
    "mortgage": say("mortgage"),
    "convertible": say("convertible"),
    "preferred": say("preferred stock"),
    "real estate": say("real estate"),
    "cash": say("cash"),
    "mixed": say("mixed"),
    "commodities": say("commodities"),
    "gold": say("gold"),
    "silver": say("silver"),
    "palladium": say("palladium"),
    "platinum": say("platinum"),
    "crypto": say("crypto"),
    "currency": say("currency"),
    "volatility": say("volatility"),
    "inflation": say("inflation-linked"),
    "leveraged": say("leveraged"),
    "inverse": say("inverse"),
}
"""Parts of the code of an asset class: `us_equity` is two of them."""

TAX_CLASSES = {
    "overseas_listed": say("listed overseas"),
    "krx_domestic_equity": say("Korean, domestic equity"),
    "krx_other": say("Korean, other"),
    "security": say("security"),
    "collectible": say("collectible"),
}

CAUTIONS = {"accepted": say("accepted"), "caution": say("caution"), "avoid": say("avoid")}
"""How far a replacement may be taken for the same thing."""


def class_words(code: str) -> Text:
    """Return an asset class in words; a part that is not known is said by its code."""
    parts = code.replace("real_estate", "real estate").split("_")
    return join(" ", [CLASS_PARTS.get(part, part) for part in parts])
