"""Mutated files: whatever is done to a good file, it is read or refused, never a crash."""

import random
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest

import steelyard
from lanes import blocks
from steelyard.adapters.files.packaged import load_catalogue
from steelyard.adapters.files.portfolio import parse
from steelyard.domain.portfolio import Portfolio
from steelyard.errors import PortfolioProblems, SteelyardError

GOOD = """\
base_currency = "KRW"

[targets]                     # must sum to exactly 100 %
"069500" = "30%"
VOO = "40%"
TLT = "20%"
GLD = "10%"

[policy]
kind = "hybrid"
look = "quarterly"
look_at = "first"
threshold = "5%"
relative_threshold = "25%"
max_interval_days = 180
cooldown_days = 0
destination = "edge"
last_rebalance = 2026-06-01

[bands.GLD]
threshold = "2%"
relative_threshold = "25%"

[constraints]
fractional = false
min_trade = "0"
cash_reserve = "2%"
locked = ["GLD"]

[costs]
commission = "0.1%"
min_commission = "1 USD"
fx_spread = "0"

[fx]
USDKRW = "1392.10"

[tax]
jurisdiction = "KR"

[[accounts]]
name = "main"
kind = "taxable"
cost_method = { overseas_listed = "fifo", krx_other = "average" }
cash = { KRW = "0", USD = "12.34" }

[[accounts.positions]]
symbol = "VOO"
shares = "8"
price = "412.35"
lots = [ { bought = 2024-03-04, shares = 5, unit_cost = "480.10", fx = "1331.5" },
         { bought = 2024-05-04, shares = 3, unit_cost = 490 } ]

[[accounts.positions]]
symbol = "KODEX 200"
value = "2800000"
price = 35_000

[[accounts]]
name = "pension"
kind = "pension"
positions = [ { symbol = "TLT", value = 1600000 } ]

[instruments.VOO]
currency = "USD"
fractional = true
"""
BITS = [
    "nan", "inf", "-1", "0", '""', '"x"', "[]", "{}", "true", "1e999", "2026-13-01", "2026-01-01T00:00:00",
    "=", "[", "]]", '"', "'", "\x00", "한글", '"30%"', "1_0", "0x10", "[[targets]]", "[accounts]",
    "1979-05-27", '"KRW"', "-inf", "+", "#", "\n", "a.b.c = 1", "%", "1e-400", '"1e30"', '"١"', "9" * 44,
]  # fmt: skip


def mutate(seed, text=GOOD):
    r = random.Random(seed)
    for _ in range(r.randint(1, 3)):
        lines = text.splitlines()
        i, j = r.randrange(len(lines)), r.randrange(len(lines))
        kind = r.randrange(7)
        if kind == 0:
            del lines[i]
        elif kind == 1:
            lines.insert(i, lines[j])
        elif kind == 2:
            lines[i], lines[j] = lines[j], lines[i]
        elif kind == 3 and "=" in lines[i]:
            lines[i] = lines[i].split("=")[0] + "= " + r.choice(BITS)
        elif kind == 4:
            at = r.randint(0, len(lines[i]))
            lines[i] = lines[i][:at] + r.choice(BITS) + lines[i][at:]
        elif kind == 5 and "=" in lines[i]:
            lines[i] = r.choice(BITS) + " = " + lines[i].split("=", 1)[1]
        else:
            lines[i] = lines[i][: r.randint(0, len(lines[i]))]
        text = "\n".join(lines)
    return text


BROKEN = "thousands of broken files"


def test_the_unmutated_file_reads():
    portfolio = parse(GOOD, "p.toml", load_catalogue())
    assert [a.name for a in portfolio.accounts] == ["main", "pension"]
    assert portfolio.accounts[0].positions[1].shares == 80


@pytest.mark.parametrize("block", blocks(8, BROKEN))
def test_a_mutated_file_is_read_or_refused_with_problems_that_can_be_acted_on(block):
    catalogue = load_catalogue()
    refused = 0
    for seed in range(block * 500, block * 500 + 500):
        text = mutate(seed)
        try:
            assert isinstance(parse(text, "p.toml", catalogue), Portfolio)
        except PortfolioProblems as error:
            refused += 1
            for problem in error.problems:
                assert problem.code, seed
                assert problem.hint, seed
                assert problem.message, seed
                assert str(problem).startswith(f"error[{problem.code}]: "), seed
    assert refused > 200


@pytest.mark.parametrize("block", blocks(12, BROKEN))
def test_what_is_read_from_a_mutated_file_can_be_checked_and_planned_or_refused(block):
    catalogue, day = load_catalogue(), date(2026, 11, 23)
    single = GOOD[: GOOD.index('[[accounts]]\nname = "pension"')] + GOOD[GOOD.index("[instruments") :]
    priced = single + '[prices]\nTLT = "85000 KRW"\nGLD = "260000 KRW"\n'
    planned = 0
    for seed in range(block * 100, block * 100 + 100):
        with suppress(SteelyardError):
            portfolio = parse(mutate(seed, priced), "p.toml", catalogue)
            steelyard.check(portfolio, as_of=day).to_dict()
            steelyard.plan(portfolio, as_of=day).to_dict()
            steelyard.invest(portfolio, 1000000, fractional=True, as_of=day).to_dict()
            planned += 1
    # Nearly all mutations are refused; a block in which none is planned would try nothing.
    assert planned > 2


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"\xef\xbb\xbfbase_currency = 'KRW'", b"[" * 5000])
def test_odd_bytes_are_refused_not_crashed_on(content, tmp_path):
    from steelyard.adapters.files.portfolio import load

    path = Path(tmp_path) / "p.toml"
    path.write_bytes(content)
    with pytest.raises(PortfolioProblems):
        load(path, load_catalogue())
    with pytest.raises(PortfolioProblems):
        load(Path(tmp_path), load_catalogue())
