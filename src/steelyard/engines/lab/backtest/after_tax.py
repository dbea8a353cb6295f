"""Lots and taxes of one backtest: the plain form of `tax_kernel`.

Purchases become lots, fees included; sales draw them oldest first or at the moving average and realise
gains. What a year adds up to is assessed when it falls due; what is withheld leaves with the sale.
The rules are those of domain/tax in floats, without wash sales: see docs/explanation/backtest-model.md.
"""

from __future__ import annotations

import math
from collections import deque

from steelyard.engines.lab.backtest.records import TERMS, UNTAXED, WITHHELD, YEARLY, TaxRules

CENT = 1e-6
"""Less than this below a whole number is float noise and counts as that number when tax is cut."""


class TaxBook:
    """The lots, gains and taxes of one policy on its way through the sessions."""

    def __init__(self, rules: TaxRules) -> None:
        n = len(rules.kinds)
        self.rules = rules
        self.lots: list[deque[list[float]]] = [deque() for _ in range(n)]
        self.pool = [0.0] * n
        self.gains = [[0.0, 0.0, 0.0] for _ in range(rules.years)]
        self.carry = [0.0, 0.0]
        self.assessed = 0

    def buy(self, i: int, shares: float, cost: float, t: int) -> None:
        """Add a lot: its shares, what they cost with fees, the session."""
        if self.rules.kinds[i] == UNTAXED:
            return
        self.lots[i].append([shares, cost, float(t)])
        self.pool[i] = self.pool[i] + cost

    def sell(self, i: int, held: float, sold: float, proceeds: float, t: int) -> float:
        """Take shares out of the lots, book the gain and return the tax withheld.

        Args:
            i: Instrument.
            held: Shares before the sale. sold: Shares sold.
            proceeds: After fees.
            t: Session.
        """
        rules, lots = self.rules, self.lots[i]
        kind = rules.kinds[i]
        if kind == UNTAXED:
            return 0.0
        # Taken before anything leaves: every share of one sale has the same average cost.
        average = self.pool[i] / held
        left, gain, long = sold, 0.0, 0.0
        while left > 0.0 and lots:
            lot = lots[0]
            part = lot[0] if lot[0] <= left else left
            cost = lot[1] if lot[0] <= left else lot[1] * (part / lot[0])
            if rules.averaged[i]:
                cost = average * part
            here = proceeds * (part / sold) - cost
            gain = gain + here
            if lot[2] <= rules.long_since[t]:
                long = long + here
            self.pool[i] = self.pool[i] - cost
            left = left - part
            if lot[0] <= part:
                lots.popleft()
            else:
                lot[0] = lot[0] - part
                lot[1] = lot[1] - cost
        if sold >= held:
            lots.clear()
        if not lots:
            self.pool[i] = 0.0
        year = self.gains[rules.year[t]]
        if kind == YEARLY:
            year[0] = year[0] + gain
        elif kind == TERMS:
            year[1] = year[1] + (gain - long)
            year[2] = year[2] + long
        return self.withheld(gain) if kind == WITHHELD else 0.0

    def expected(self, i: int, held: float, sold: float, proceeds: float) -> float:
        """Return the tax that a sale would have withheld; nothing is booked."""
        if self.rules.kinds[i] != WITHHELD:
            return 0.0
        return self.withheld(proceeds - self.pool[i] / held * sold)

    def cut(self, amount: float) -> float:
        """Cut an amount >= 0 to whole units of currency where the country does."""
        return float(math.floor(amount + CENT)) if self.rules.whole else amount

    def cut_tax(self, amount: float) -> float:
        """Cut a tax >= 0 to the unit that is collected."""
        unit = self.rules.tax_unit
        return float(math.floor((amount + CENT) / unit)) * unit if self.rules.whole else amount

    def withheld(self, gain: float) -> float:
        """Return what is withheld from the gain of one sale."""
        if gain <= 0.0:
            return 0.0
        national = self.cut_tax(self.cut(gain) * self.rules.withheld)
        if national < self.rules.waived_below:
            return 0.0
        return national + self.cut_tax(national * self.rules.withheld_local)

    def year_tax(self, year: int, carry: list[float]) -> float:
        """Return the tax of a year's gains and change what is carried on."""
        rules = self.rules
        net, short, long = self.gains[year]
        over = net - rules.allowance
        taxable = self.cut(over) if over > 0.0 else 0.0
        tax = self.cut_tax(taxable * rules.national) + self.cut_tax(taxable * rules.local)
        short, long = short - carry[0], long - carry[1]
        total = short + long
        if total < 0.0:
            loss = -total
            offset = loss if loss < rules.offset else rules.offset
            short_loss = 0.0 if short >= 0.0 else -short if long < 0.0 else loss
            # What other income takes up is short-term loss first; the rest is carried on as it was. Source:
            # 26 U.S.C. 1212(b); Schedule D, capital loss carryover worksheet.
            from_short = offset if offset < short_loss else short_loss
            carry[0] = short_loss - from_short
            carry[1] = (loss - short_loss) - (offset - from_short)
            return tax - rules.ordinary * offset
        carry[0] = carry[1] = 0.0
        gain = (long if long < total else total) if long > 0.0 else 0.0
        return tax + rules.short * (total - gain) + rules.long * gain

    def levy(self, t: int) -> float:
        """Return the tax of the years that have fallen due by a session and were not assessed yet."""
        tax = 0.0
        while self.assessed < self.rules.due[t]:
            tax = tax + self.year_tax(self.assessed, self.carry)
            self.assessed += 1
        return tax

    def outstanding(self) -> float:
        """Return the tax of all years not assessed yet; the book is closed with it."""
        tax = 0.0
        for year in range(self.assessed, self.rules.years):
            tax = tax + self.year_tax(year, self.carry)
        return tax

    def room(self, t: int) -> float:
        """Return the gain that a session's year still leaves free."""
        realised: float = self.gains[self.rules.year[t]][0]
        return self.rules.allowance - realised

    def gain_a_value(self, i: int, held: float, net: float) -> float:
        """Return the gain of a holding as a fraction of its value after costs; `net` of one share."""
        return 1.0 - self.pool[i] / (held * net)

    def harvestable(self, i: int, held: float, net: float, room: float) -> tuple[float, float]:
        """Return how many shares, in the order they are sold, gain at most some room, and that gain.

        Args:
            i: Instrument.
            held: Shares. net: What one brings after costs.
            room: Gain that may be realised.
        """
        shares, gain = 0.0, 0.0
        average = self.pool[i] / held
        for lot in self.lots[i]:
            each = net - (average if self.rules.averaged[i] else lot[1] / lot[0])
            if each > 0.0 and gain + each * lot[0] > room:
                shares = shares + (room - gain) / each
                gain = room
                break
            shares = shares + lot[0]
            gain = gain + each * lot[0]
        return (shares if shares < held else held), gain
