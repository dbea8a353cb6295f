"""The parts of a portfolio file that say how to act: policy, constraints, costs, tax, exchange rates."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from steelyard.adapters.files.toml_places import Path
from steelyard.adapters.files.toml_reader import Reader
from steelyard.domain.accounts import HOUSEHOLDS
from steelyard.domain.costs import Costs
from steelyard.domain.market.catalogue import Catalogue
from steelyard.domain.money import EXACT, ONE, ZERO, Amount, is_currency, parse_amount
from steelyard.domain.policy.policies import DESTINATIONS, KINDS, LOOK_ATS, LOOKS, OwnBand, Policy
from steelyard.domain.portfolio import Constraints, Tax
from steelyard.domain.tax.codes import JOINT, MODULES
from steelyard.words import say

POLICY_KEYS = (
    "kind", "look", "look_at", "threshold", "relative_threshold", "max_interval_days", "cooldown_days",
    "destination", "last_rebalance",
)  # fmt: skip
BAND_KEYS = ("threshold", "relative_threshold")
CONSTRAINT_KEYS = ("fractional", "min_trade", "cash_reserve", "locked", "accept_drift", "max_trades")
COST_KEYS = ("commission", "min_commission", "fx_spread")
JURISDICTIONS = tuple(MODULES)


class ExchangeRates:
    """Exchange rates of a file; a missing one is noted once."""

    def __init__(self, reader: Reader, base: str, tree: Mapping[str, Any]) -> None:
        self.reader, self.base = reader, base
        self.known: dict[str, Decimal] = {}
        self._missed: set[str] = set()
        table = reader.table(tree, "fx")
        for pair, raw in table.items():
            path: Path = ("fx", pair)
            foreign = _foreign(pair, base)
            if foreign is None:
                hint = say('write USD{base} = "..." : units of {base} for one dollar', base=base)
                reader.problem(
                    "fx-pair", say("{pair!r} is no pair with {base}", pair=pair, base=base), hint, path
                )
                continue
            rate = reader.number(raw, path, above=ZERO, example='"1392.10"')
            if rate is not None:
                self.known[foreign] = rate if pair.endswith(base) else EXACT.divide(ONE, rate)

    def need(self, currency: str, path: Path) -> Decimal | None:
        """Return the rate of a currency in base currency, None after noting that it is missing."""
        if currency == self.base:
            return ONE
        rate = self.known.get(currency)
        if rate is None and currency not in self._missed:
            self._missed.add(currency)
            self.reader.problem(
                "fx-missing",
                say("no exchange rate for {currency}", currency=currency),
                say('add under [fx]: {currency}{base} = "..."', currency=currency, base=self.base),
                path,
                family="data",
            )
        return rate

    def to_base(self, amount: Amount | None, path: Path) -> Decimal | None:
        """Return an amount in base currency; a bare number is in base currency already."""
        if amount is None:
            return None
        rate = self.need(amount.currency or self.base, path)
        return None if rate is None else EXACT.multiply(amount.value, rate)


def _foreign(pair: str, base: str) -> str | None:
    if len(pair) == 6 and is_currency(pair[:3]) and is_currency(pair[3:]) and pair[:3] != pair[3:]:
        if pair.endswith(base):
            return pair[:3]
        if pair.startswith(base):
            return pair[3:]
    return None


def read_bands(
    reader: Reader, tree: Mapping[str, Any], catalogue: Catalogue, targets: Collection[str]
) -> tuple[OwnBand, ...]:
    """Read [bands.NAME]: a band of its own for one target."""
    found: dict[str, OwnBand] = {}
    for written, raw in reader.table(tree, "bands").items():
        path: Path = ("bands", written)
        name = written if written in targets else catalogue.resolve(written) or written
        if not isinstance(raw, dict):
            hint = say('write [bands.{name}] and under it threshold = "2%"', name=name)
            reader.problem("not-a-table", say("{name} must be a table", name=name), hint, path)
            continue
        reader.unknown_keys(raw, BAND_KEYS, path)
        if name not in targets:
            reader.problem(
                "unknown-band",
                say("{name} has a band and is no target", name=name),
                say("name one of {known}", known=", ".join(targets))
                if targets
                else say("add {name} under [targets]", name=name),
                path,
            )
        if name in found:
            reader.problem(
                "duplicate-target",
                say("{name} and another line both mean {symbol}", name=written, symbol=name),
                say("keep one of the two lines"),
                path,
            )
        widths = {
            key: reader.fraction(raw[key], (*path, key), above=True, example='"2%"')
            for key in BAND_KEYS
            if key in raw
        }
        if not widths:
            reader.problem(
                "key-missing",
                say("the band of {name} has no width", name=name),
                say('write threshold = "2%", or relative_threshold = "25%"'),
                path,
            )
        found[name] = OwnBand(name, **widths)
    return tuple(found.values())


def read_policy(reader: Reader, tree: Mapping[str, Any]) -> Policy:
    """Read [policy]; what is missing keeps its default."""
    table, path = reader.table(tree, "policy"), ("policy",)
    reader.unknown_keys(table, POLICY_KEYS, path)
    fields: dict[str, Any] = {}
    words = (("kind", KINDS), ("look", LOOKS), ("look_at", LOOK_ATS), ("destination", DESTINATIONS))
    for key, allowed in words:
        if key in table:
            fields[key] = reader.word(table[key], (*path, key), allowed)
    for key in ("threshold", "relative_threshold"):
        if key in table:
            fields[key] = reader.fraction(table[key], (*path, key), above=True)
    for key in ("max_interval_days", "cooldown_days"):
        if key in table:
            fields[key] = reader.days(table[key], (*path, key))
    if "last_rebalance" in table:
        fields["last_rebalance"] = reader.day(table["last_rebalance"], (*path, "last_rebalance"))
    # A relative band alone stands alone: the default absolute band must not tighten it unasked.
    if "relative_threshold" in table and "threshold" not in table:
        fields["threshold"] = None
    return Policy(**{k: v for k, v in fields.items() if v is not None or k == "threshold"})


def read_constraints(
    reader: Reader,
    tree: Mapping[str, Any],
    rates: ExchangeRates,
    catalogue: Catalogue,
    targets: Collection[str],
) -> Constraints:
    """Read [constraints]."""
    table, path = reader.table(tree, "constraints"), ("constraints",)
    reader.unknown_keys(table, CONSTRAINT_KEYS, path)
    fractional = reader.flag(table.get("fractional", False), (*path, "fractional"))
    min_trade = rates.to_base(
        reader.amount(table.get("min_trade", 0), (*path, "min_trade")), (*path, "min_trade")
    )
    raw, at = table.get("cash_reserve", 0), (*path, "cash_reserve")
    weight, amount = ZERO, None
    if isinstance(raw, str) and raw.strip().endswith("%"):
        weight = reader.fraction(raw, at) or ZERO
    else:
        amount = rates.to_base(reader.amount(raw, at), at)
    locked = set()
    names = table.get("locked", [])
    if not isinstance(names, list):
        reader.problem(
            "not-a-list", say("locked must be a list"), say('write locked = ["GLD"]'), (*path, "locked")
        )
        names = []
    for name in names:
        symbol = (catalogue.resolve(name) or name) if isinstance(name, str) else None
        if symbol is None or symbol not in targets:
            hint = (
                say("targets are {targets}", targets=", ".join(targets)) if targets else say("name a target")
            )
            reader.problem(
                "unknown-locked",
                say("{name!r} is locked but has no target", name=name),
                hint,
                (*path, "locked"),
            )
        else:
            locked.add(symbol)
    accept = most = None
    if "accept_drift" in table:
        accept = reader.fraction(table["accept_drift"], (*path, "accept_drift"), example='"0.5%"')
    if "max_trades" in table:
        most = reader.count(table["max_trades"], (*path, "max_trades"))
    return Constraints(
        fractional,
        min_trade or ZERO,
        amount or ZERO,
        weight,
        frozenset(locked),
        accept_drift=accept,
        max_trades=most,
    )


def read_costs(reader: Reader, tree: Mapping[str, Any], rates: ExchangeRates) -> Costs:
    """Read [costs]."""
    table, path = reader.table(tree, "costs"), ("costs",)
    reader.unknown_keys(table, COST_KEYS, path)
    commission = reader.fraction(table.get("commission", 0), (*path, "commission"), example='"0.1%"')
    spread = reader.fraction(table.get("fx_spread", 0), (*path, "fx_spread"), example='"0.2%"')
    at = (*path, "min_commission")
    least = rates.to_base(reader.amount(table.get("min_commission", 0), at), at)
    return Costs(commission or ZERO, least or ZERO, spread or ZERO)


def read_tax(reader: Reader, tree: Mapping[str, Any]) -> Tax | None:
    """Read [tax]; keys other than the jurisdiction belong to the country and are kept as written."""
    if "tax" not in tree:
        return None
    table = reader.table(tree, "tax")
    if "jurisdiction" not in table:
        reader.problem(
            "key-missing", say("jurisdiction is missing"), say('write jurisdiction = "KR"'), ("tax",)
        )
        return None
    word = reader.word(table["jurisdiction"], ("tax", "jurisdiction"), JURISDICTIONS)
    by_year = _by_year(reader, table, ("tax",))
    return None if word is None else Tax(word, _without(table, "jurisdiction"), by_year)


def read_owners(reader: Reader, tree: Mapping[str, Any], tax: Tax | None) -> dict[str, Tax]:
    """Read [owners.NAME], the keys of [tax] for other persons; their country is that of [tax] unless said."""
    found = {}
    for name in reader.table(tree, "owners"):
        path: Path = ("owners", name)
        table = reader.table(tree["owners"], name, ("owners",))
        if name == "me":
            text = say("[owners.me] is the person of [tax]")
            reader.problem("tax-owner", text, say("write its keys under [tax]"), path)
            continue
        if tax is None:
            text = say("[owners.{name}] stands in a file without [tax]", name=name)
            reader.problem("tax-owner", text, say('add [tax] with jurisdiction = "KR" (or "US")'), path)
            continue
        word = reader.word(
            table.get("jurisdiction", tax.jurisdiction), (*path, "jurisdiction"), JURISDICTIONS
        )
        household = reader.word(table.get("household", "separate"), (*path, "household"), HOUSEHOLDS)
        if word is None or household is None:
            continue
        owner = Tax(
            word, _without(table, "jurisdiction", "household"), _by_year(reader, table, path), household
        )
        if household == "joint":
            _check_joint(reader, name, owner, tax)
        found[name] = owner
    joint = [name for name, owner in found.items() if owner.household == "joint"]
    if len(joint) > 1:
        text = say("{names} all file one return with [tax]", names=", ".join(joint))
        hint = say('leave household = "joint" with one of them')
        reader.problem("tax-owner", text, hint, ("owners", joint[1], "household"))
    return found


def read_owner(reader: Reader, row: Mapping[str, Any], path: Path, owners: Mapping[str, str | None]) -> str:
    """Return whose an account is: `me`, unless it names somebody of [owners]."""
    if "owner" not in row:
        return "me"
    name = reader.text(row["owner"], (*path, "owner")) or "me"
    if name in owners:
        return name
    text = say("there is no [owners.{name}]", name=name)
    hint = say(
        'add [owners.{name}] with household = "separate", or name one of {owners}',
        name=name,
        owners=", ".join(owners),
    )
    reader.problem("unknown-owner", text, hint, (*path, "owner"))
    return "me"


def _check_joint(reader: Reader, name: str, owner: Tax, tax: Tax) -> None:
    """Note what keeps a person from filing one return with the person of [tax]."""
    path: Path = ("owners", name)
    filing = JOINT.get(owner.jurisdiction)
    if filing is None or tax.jurisdiction != owner.jurisdiction:
        text = say(
            "{name} cannot file one return with [tax]: that is for spouses in {codes}, both of them there",
            name=name,
            codes=", ".join(JOINT),
        )
        reader.problem("tax-owner", text, say('write household = "separate"'), (*path, "household"))
        return
    if owner.settings or owner.by_year:
        text = say("a joint return is stated once, and {name} has keys of its own", name=name)
        hint = say("move them under [tax], the amounts of both persons added up")
        reader.problem("tax-owner", text, hint, path)
    if tax.settings.get("filing") != filing:
        text = say("{name} files one return with [tax], which does not say so", name=name)
        hint = say('write filing = "{filing}" under [tax]', filing=filing)
        reader.problem("tax-owner", text, hint, ("tax",))


def _without(table: Mapping[str, Any], *keys: str) -> dict[str, object]:
    return {k: v for k, v in table.items() if k not in keys and not k.isdigit()}


def _by_year(reader: Reader, table: Mapping[str, Any], path: Path) -> dict[int, Mapping[str, object]]:
    """Read the tables of single years, such as [tax.2025]."""
    by_year: dict[int, Mapping[str, object]] = {}
    place = ".".join(str(x) for x in path)
    for key in (k for k in table if k.isdigit()):
        keys = reader.table(table, key, path)
        if not (key.isascii() and len(key) == 4):
            reader.problem(
                "tax-setting",
                say("{key} under [{place}] is no year", key=key, place=place),
                say("write [{place}.{year}] for the settings of one year", place=place, year=2025),
                (*path, key),
            )
        elif "jurisdiction" in keys:
            reader.problem(
                "tax-setting",
                say(
                    "[{place}.{key}] states a jurisdiction; it is the same in every year",
                    place=place,
                    key=key,
                ),
                say("leave it out, or keep a file for each country"),
                (*path, key, "jurisdiction"),
            )
        else:
            by_year[int(key)] = keys
    return by_year


def currency_of(raw: object) -> str | None:
    """Return the currency an amount names, None when it names none or is no amount."""
    try:
        return parse_amount(raw).currency
    except ValueError:
        return None
