"""A second reading of Korean tax law, written from the statutes before the engine was read.

It exists to disagree. Plain values in, whole won out, no import from `steelyard`: whoever changes the engine
leaves this alone unless the law changed. Texts read: Income Tax Act (소득세법) as promulgated 2026-04-21,
its decree of 2026-05-22 and rule; Special Tax Treatment Control Act (조세특례제한법) of 2026-06-02 with its
decree; Local Tax Act (지방세법) of 2025-12-31; 국고금 관리법 art. 47. Fractions are exact (`Fraction`),
dropped only where an article drops them.
"""

from collections import defaultdict, deque
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

BASIC_DEDUCTION = 2_500_000  # 소득세법 103①: each item of 102①, a year
FINANCIAL_THRESHOLD = 20_000_000  # 소득세법 14③6호
BRACKETS = (  # 소득세법 55①: up to, rate
    (14_000_000, 6),
    (50_000_000, 15),
    (88_000_000, 24),
    (150_000_000, 35),
    (300_000_000, 38),
    (500_000_000, 40),
    (1_000_000_000, 42),
    (None, 45),
)
DIVIDEND_ADJUSTMENT = (  # 소득세법 시행령 117의2④1호: base income up to, coefficient in hundredths
    (14_000_000, 100),
    (50_000_000, 99),
    (88_000_000, 88),
    (150_000_000, 76),
    (300_000_000, 72),
    (500_000_000, 70),
    (1_000_000_000, 67),
    (None, 64),
)


def won(amount) -> int:
    """A tax base: what is below one won is not counted (국고금 관리법 47②)."""
    return int(Fraction(amount).__floor__())


def ten(amount) -> int:
    """A tax to be paid: what is below ten won is not counted (국고금 관리법 47①)."""
    return int(Fraction(amount) // 10) * 10


@dataclass(frozen=True)
class Dealing:
    """One purchase (+) or sale (-) with the rate of its own settlement day (시행령 178의5①)."""

    account: str
    symbol: str
    shares: int
    price: Fraction
    fee: Fraction
    rate: Fraction
    settles_on: date


@dataclass(frozen=True)
class Gain:
    account: str
    symbol: str
    on: date
    proceeds: Fraction
    cost: Fraction
    expenses: Fraction

    @property
    def amount(self) -> Fraction:
        return self.proceeds - self.cost - self.expenses


def gains(dealings, method: str) -> list[Gain]:
    """Transfer gains (양도차익) of 94①3호 다목, purchase costs by first-in first-out or moving average per
    account.

    Income Tax Decree 162⑤ takes first-in first-out where the time of purchase is unclear; moving average
    where the broker applies it throughout (서면-2022-국제세원-0764). Necessary expenses: 97① and decree 163⑤.
    """
    lots = defaultdict(deque)
    out = []
    for deal in sorted(dealings, key=lambda d: d.settles_on):
        held = lots[deal.account, deal.symbol]
        if deal.shares > 0:
            lot = [Fraction(deal.shares), deal.shares * deal.price * deal.rate, deal.fee * deal.rate]
            if method == "average" and held:
                old = held.pop()
                lot = [a + b for a, b in zip(old, lot, strict=True)]
            held.append(lot)
            continue
        left = Fraction(-deal.shares)
        cost = fees = Fraction(0)
        while left:
            lot = held[0]
            part = min(left, lot[0])
            share = part / lot[0]
            cost += lot[1] * share
            fees += lot[2] * share
            lot[1] -= lot[1] * share
            lot[2] -= lot[2] * share
            lot[0] -= part
            left -= part
            if not lot[0]:
                held.popleft()
        proceeds = -deal.shares * deal.price * deal.rate
        out.append(
            Gain(deal.account, deal.symbol, deal.settles_on, proceeds, cost, fees + deal.fee * deal.rate)
        )
    return out


@dataclass(frozen=True)
class TransferTax:
    income: int
    deduction: int
    base: int
    national: int
    local: int

    @property
    def total(self) -> int:
        return self.national + self.local


def transfer_tax(amounts, *, relief=0, rate=20) -> TransferTax:
    """The yearly tax of 102①2호: netted (102②), less 2,500,000 (103①2호), less `relief`, at one rate
    (104①12호 나목).

    `relief` is the deduction of 조특법 91의26 or 91의27, "within what is left after the basic deduction"
    (시행령 93의12②, 93의13④). Local: 2 % of the same base (지방세법 103의3①12호 나목).
    """
    income = max(Fraction(0), sum((Fraction(a) for a in amounts), Fraction(0)))
    deduction = min(income, Fraction(BASIC_DEDUCTION))
    left = income - deduction
    base = won(left - min(left, Fraction(relief)))
    return TransferTax(
        won(income), won(deduction), base, ten(Fraction(base * rate, 100)), ten(Fraction(base * rate, 1000))
    )


def transfer_tax_at_rates(amounts_by_rate) -> int:
    """National tax where rates differ in 102①2호: decree 167의2 sets a loss first against the same rate,
    then pro rata.

    The basic deduction goes to the income sold first (103②); here it is given in the order of the mapping.
    """
    incomes = {rate: Fraction(amount) for rate, amount in amounts_by_rate.items()}
    losses = -sum(a for a in incomes.values() if a < 0)
    positive = {rate: a for rate, a in incomes.items() if a > 0}
    total = sum(positive.values())
    if losses >= total:
        return 0
    left = {rate: a - losses * a / total for rate, a in positive.items()}
    room = Fraction(BASIC_DEDUCTION)
    tax = Fraction(0)
    for rate, amount in left.items():
        used = min(room, amount)
        room -= used
        base = won(amount - used)
        if rate == "large":
            tax += Fraction(min(base, 300_000_000) * 20, 100) + Fraction(max(0, base - 300_000_000) * 25, 100)
        else:
            tax += Fraction(base * rate, 100)
    return ten(tax)


def repatriation_relief(sales, bought_elsewhere=(), sold_elsewhere=()) -> Fraction:
    """조특법 91의26②: gains through the account BEFORE losses are netted (시행령 93의12②), weighted, times
    the ratio.

    `sales` are (day, gain, proceeds) through the account; the others (day, value). A sale at a loss gives no
    양도소득금액 and so nothing to deduct, but its proceeds are in C.
    """

    def weight(day):
        return Fraction(100 if day <= date(2026, 5, 31) else 80 if day <= date(2026, 7, 31) else 50, 100)

    first = sum((max(Fraction(0), Fraction(gain)) * weight(day) for day, gain, _ in sales), Fraction(0))
    a = sum((Fraction(v) * weight(d) for d, v in bought_elsewhere), Fraction(0))
    b = sum((Fraction(v) * weight(d) for d, v in sold_elsewhere), Fraction(0))
    c = sum((Fraction(p) * weight(d) for d, _, p in sales), Fraction(0))
    if not c:
        return Fraction(0)
    return first * min(Fraction(1), max(Fraction(0), 1 - (a - b) / c))


def hedging_relief(contracts, held_value, overseas_gain) -> Fraction:
    """조특법 91의27①, 시행령 93의13②: 5 % of (sum sold x agreed rate x days/275), at most 5,000,000 and the
    gain."""
    invested = sum(
        (Fraction(s) * Fraction(r) * min(days, 275) / 275 for s, r, days in contracts), Fraction(0)
    )
    five = min(invested, Fraction(held_value)) * 5 / 100
    return min(five, Fraction(5_000_000), max(Fraction(0), Fraction(overseas_gain)))


def withheld(national) -> tuple[int, int]:
    """What a payer takes of a dividend: nothing below 1,000 (소득세법 86 1호), below ten won dropped; local
    a tenth."""
    tax = ten(national)
    if Fraction(national) < 1000:
        return 0, 0
    return tax, ten(Fraction(tax, 10))


def fund_credit(income, foreign_tax, foreign_rate=Fraction(14, 100)) -> Fraction:
    """소득세법 129⑤2호 with 시행령 189의2①: the factor is 14%/r - 14% where r > 14 %, else 1 - 14 %; at most
    14 % of the income (129⑥). Where r cannot be computed it is 14 % (189의2② C)."""
    korean = Fraction(14, 100)
    factor = korean / foreign_rate - korean if korean < foreign_rate else 1 - korean
    return min(Fraction(foreign_tax) * factor, Fraction(income) * korean)


def fund_income_withheld(income, foreign_tax=0, foreign_rate=Fraction(14, 100)) -> tuple[int, int]:
    credit = fund_credit(income, foreign_tax, foreign_rate)
    return withheld(Fraction(won(income)) * 14 / 100 - credit)


def foreign_dividend_withheld(gross, foreign_tax) -> tuple[int, int]:
    """소득세법 129④: 14 % less what was paid abroad, not below nothing."""
    return withheld(max(Fraction(0), Fraction(gross) * 14 / 100 - Fraction(foreign_tax)))


def fund_sale_income(buys, sold, sale_base, sale_price) -> Fraction:
    """소득세법 시행규칙 13③, ⑥: the smaller of the rise of the tax base price and of the price, moving
    averages, one day.

    `buys` are (shares, tax base price, price) before the sale in one account. Never below nothing.
    """
    shares = sum(b[0] for b in buys)
    base = Fraction(sum(b[0] * Fraction(b[1]) for b in buys), shares)
    price = Fraction(sum(b[0] * Fraction(b[2]) for b in buys), shares)
    return max(Fraction(0), min(Fraction(sale_base) - base, Fraction(sale_price) - price) * sold)


def progressive(base) -> Fraction:
    tax, below = Fraction(0), 0
    for upto, rate in BRACKETS:
        part = base if upto is None else min(base, upto)
        if part > below:
            tax += Fraction(part - below) * rate / 100
        if upto is None or base <= upto:
            return tax
        below = upto
    raise AssertionError


def comprehensive(
    financial, other_base, *, foreign_income=0, foreign_tax=0, other_income=None, fund_credits=0
) -> Fraction:
    """The year's national tax on comprehensive income where financial income is above 20,000,000, after
    foreign credits.

    소득세법 62: the larger of both computations. 57①: the credit for tax withheld abroad is at most A x B /
    C, A the 산출세액 (after 62), B the income from abroad, C the 종합소득금액 (before 종합소득공제:
    `other_income`; where only the base is known it stands in, which makes C too small and the credit an
    upper bound). 57의2, 시행령 117의2③④: the fund's credits times the coefficient of (base - 20,000,000).
    """
    financial, other_base = Fraction(financial), Fraction(other_base)
    if financial <= FINANCIAL_THRESHOLD:
        return progressive(other_base)
    first = progressive(financial - FINANCIAL_THRESHOLD + other_base) + Fraction(
        FINANCIAL_THRESHOLD * 14, 100
    )
    second = financial * 14 / 100 + progressive(other_base)
    tax = max(first, second)
    income = financial + (other_base if other_income is None else Fraction(other_income))
    credit = min(Fraction(foreign_tax), tax * Fraction(foreign_income) / income)
    measure = financial + other_base - FINANCIAL_THRESHOLD
    coefficient = next(c for upto, c in DIVIDEND_ADJUSTMENT if upto is None or measure <= upto)
    return max(Fraction(0), tax - credit - Fraction(fund_credits) * coefficient / 100)


def isa_closed(income, losses, *, exempt, opened_on, closed_on, foreign_tax=0) -> tuple[int, int]:
    """조특법 91의18①⑤⑦ with 146의2: netted, exempt, 9 %; before three years the plain 14 % on income without
    either.

    Fund tax abroad is credited as 시행령 189의2③ has it (rate 14 %, so 0.86), never more than the tax itself.
    """
    if closed_on < opened_on.replace(year=opened_on.year + 3):
        return fund_income_withheld(income, foreign_tax)
    net = max(Fraction(0), Fraction(income) - Fraction(losses) - exempt)
    tax = max(Fraction(0), Fraction(won(net)) * 9 / 100 - Fraction(foreign_tax) * 86 / 100)
    return withheld(tax)


def high_dividend(amount) -> int:
    """조특법 104의27②."""
    amount = Fraction(amount)
    steps = ((20_000_000, 14), (300_000_000, 20), (5_000_000_000, 25), (None, 30))
    tax, below = Fraction(0), 0
    for upto, rate in steps:
        part = amount if upto is None else min(amount, upto)
        tax += max(Fraction(0), part - below) * rate / 100
        below = upto or below
    return ten(tax)


def gift_tax(value, allowance) -> Fraction:
    """상속세 및 증여세법 53, 56, 26, before the 3 % of a return in time (69②)."""
    base = max(Fraction(0), Fraction(value) - allowance)
    steps = ((100_000_000, 10), (500_000_000, 20), (1_000_000_000, 30), (3_000_000_000, 40), (None, 50))
    tax, below = Fraction(0), 0
    for upto, rate in steps:
        part = base if upto is None else min(base, upto)
        tax += max(Fraction(0), part - below) * rate / 100
        below = upto or below
    return tax
