"""The wash-sale engine against a deliberately naive one, and what must hold for every history."""

import random
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.domain.tax.united_states.wash_sales import Block, wash_sales

GROUPS = {"VOO": "sp500", "IVV": "sp500"}
HISTORIES = 3000


def naive(blocks, groups):
    """Apply the rule one share at a time, looking at every share for every loss.

    Written from the text of the rule, with no idea shared with the engine but the order in which sales
    are walked and replacements are taken. Returns for each block the (cost, disallowed, held from) of its
    shares in order.
    """
    shares = []
    for index, b in enumerate(blocks):
        for place in range(int(b.shares)):
            shares.append(
                {
                    "block": index,
                    "group": groups.get(b.symbol, b.symbol),
                    "lot": b.lot,
                    "bought": b.bought,
                    "sold": b.sold_on,
                    "cost": Fraction(b.cost) / int(b.shares),
                    "proceeds": Fraction(b.proceeds) / int(b.shares),
                    "held": b.bought,
                    "ira": b.sheltered,
                    "used": b.replaced,
                    "lost": Fraction(0),
                    "tie": (b.order, b.account, b.symbol, b.lot, index, place),
                }
            )
    for turn, s in enumerate(
        sorted((x for x in shares if x["sold"]), key=lambda x: (x["sold"], x["bought"], x["tie"]))
    ):
        s["turn"] = turn
    for s in sorted((x for x in shares if x["sold"]), key=lambda x: x["turn"]):
        if s["ira"] or s["cost"] <= s["proceeds"]:
            continue
        found = [
            t
            for t in shares
            if t["group"] == s["group"]
            and t["lot"] != s["lot"]
            and not t["used"]
            and abs((t["bought"] - s["sold"]).days) <= 30
            and (t["sold"] is None or t["turn"] > s["turn"])
        ]
        if not found:
            continue
        t = min(found, key=lambda x: (x["bought"], x["sold"] or date.max, x["tie"]))
        s["lost"] = s["cost"] - s["proceeds"]
        t["used"] = True
        if not t["ira"]:
            t["cost"] += s["lost"]
            t["held"] -= s["sold"] - s["held"]
    result = [[] for _ in blocks]
    for s in shares:
        result[s["block"]].append((s["cost"], s["lost"], s["held"]))
    return result


def expanded(blocks, result):
    """Return the engine's answer in the form of the naive one."""
    rows = [[] for _ in blocks]
    for part in result.blocks:
        n = int(part.shares)
        rows[part.source] += [(Fraction(part.cost) / n, Fraction(part.disallowed) / n, part.held_from)] * n
    return rows


def history(seed):
    """Return a random history: chains, several accounts, days at the edge of the window, leap days."""
    r = random.Random(seed)
    start = date(r.choice([2023, 2024]), 1, 1) + timedelta(r.choice([0, 40, 58, 59, 60, 330]))
    days = [start + timedelta(x) for x in (0, 1, 2, 10, 28, 29, 30, 31, 32, 58, 59, 60, 61, 62, 90, 120)]
    blocks = []
    for row in range(r.randint(2, 12)):
        bought = r.choice(days)
        later = [x for x in days if x >= bought]
        account = r.choice(["main", "main", "other", "ira"])
        symbol = r.choice(["VOO", "VOO", "IVV", "BND"])
        unit = r.randint(50, 150)
        lot, pieces = f"lot {row}", r.choice([1, 1, 1, 2, 3])
        for _ in range(pieces):
            sold = r.choice([None, *r.choices(later, k=3)])
            shares = r.randint(1, 6)
            blocks.append(
                Block(
                    lot=lot,
                    symbol=symbol,
                    bought=bought,
                    shares=Decimal(shares),
                    cost=Decimal(unit * shares),
                    sold_on=sold,
                    proceeds=Decimal(r.randint(40, 150) * shares) if sold else Decimal(0),
                    account=account,
                    sheltered=account == "ira",
                    order=len(blocks),
                    replaced=r.random() < 0.05,
                )
            )
    r.shuffle(blocks)
    return blocks


def test_the_engine_agrees_with_the_naive_one_share_by_share_on_random_histories():
    """Expected: `naive`. benchmarks/wash_sales.py does the same for 100,000 histories."""
    moved = 0
    for seed in range(HISTORIES):
        blocks = history(seed)
        result = wash_sales(blocks, GROUPS)
        assert expanded(blocks, result) == naive(blocks, GROUPS), seed
        moved += len(result.washes)
    assert moved > HISTORIES  # The histories must really wash something.


money = st.decimals(1, 10000, places=3)
days = st.integers(0, 120).map(lambda n: date(2024, 1, 1) + timedelta(n))


@st.composite
def blocks_of_any_size(draw):
    rows = draw(
        st.lists(
            st.tuples(days, st.none() | st.integers(0, 70), st.decimals("0.001", 50, places=3), money, money),
            max_size=10,
        )
    )
    return [
        Block(
            lot=f"lot {row}",
            symbol="VOO",
            bought=bought,
            shares=shares,
            cost=cost,
            sold_on=None if kept is None else bought + timedelta(kept),
            proceeds=Decimal(0) if kept is None else proceeds,
            account="ira" if row % 4 == 3 else "main",
            sheltered=row % 4 == 3,
            order=row,
        )
        for row, (bought, kept, shares, cost, proceeds) in enumerate(rows)
    ]


def exact(values):
    return sum(map(Fraction, values), Fraction(0))


@given(blocks_of_any_size())
def test_what_is_disallowed_is_added_to_a_basis_except_what_is_lost_for_good(blocks):
    """Conservation, to the last decimal, for fractions of shares and amounts that do not divide evenly."""
    result = wash_sales(blocks)
    disallowed = exact(x.disallowed for x in result.blocks)
    added = exact(x.cost for x in result.blocks) - exact(x.cost for x in blocks)
    lost = exact(x.amount for x in result.washes if x.permanent)
    assert disallowed == exact(x.amount for x in result.washes) == added + lost
    for what in ("shares", "proceeds"):
        for index, block in enumerate(blocks):
            parts = [getattr(x, what) for x in result.blocks if x.source == index]
            assert exact(parts) == Fraction(getattr(block, what))


@given(st.integers(0, 10**6), st.randoms(use_true_random=False))
def test_the_order_of_the_list_does_not_matter(seed, r):
    """The blocks carry their own order."""
    blocks = history(seed)
    where = list(range(len(blocks)))
    r.shuffle(where)
    mixed = [blocks[i] for i in where]
    before, after = (
        expanded(blocks, wash_sales(blocks, GROUPS)),
        expanded(mixed, wash_sales(mixed, GROUPS)),
    )
    assert [after[where.index(i)] for i in range(len(blocks))] == before


@given(st.integers(0, 10**6), st.integers(0, 50), st.integers(1, 5))
def test_splitting_a_block_of_a_lot_changes_nothing(seed, which, first):
    """Two halves of one lot, with the fate of the whole, are the whole."""
    blocks = history(seed)
    which %= len(blocks)
    block = blocks[which]
    if first >= block.shares:
        return
    whole = block.shares
    parts = [
        replace(block, shares=n, cost=block.cost / whole * n, proceeds=block.proceeds / whole * n)
        for n in (Decimal(first), whole - first)
    ]
    halves = [*blocks[:which], *parts, *blocks[which + 1 :]]
    rows = expanded(halves, wash_sales(halves, GROUPS))
    rows[which : which + 2] = [rows[which] + rows[which + 1]]
    assert rows == expanded(blocks, wash_sales(blocks, GROUPS))


@pytest.mark.parametrize(
    ("sold", "bought", "washed"),
    [
        ("2023-06-30", "2023-05-30", False),  # 31 days before
        ("2023-06-30", "2023-05-31", True),  # 30
        ("2023-06-30", "2023-06-01", True),  # 29
        ("2023-06-30", "2023-06-30", True),
        ("2023-06-30", "2023-07-29", True),  # 29 days after
        ("2023-06-30", "2023-07-30", True),  # 30
        ("2023-06-30", "2023-07-31", False),  # 31
        ("2024-01-31", "2024-03-01", True),  # 30 days over 29 February
        ("2024-01-31", "2024-03-02", False),
        ("2023-01-31", "2023-03-02", True),  # and without it
        ("2023-01-31", "2023-03-03", False),
        ("2023-12-15", "2024-01-14", True),  # over the end of the year
    ],
)
def test_the_window_is_thirty_days_on_either_side(sold, bought, washed):
    """Days counted on a calendar; 26 U.S.C. 1091(a)."""
    loss = Block("a", "X", date(2020, 1, 2), Decimal(1), Decimal(100), date.fromisoformat(sold), Decimal(60))
    other = Block("b", "X", date.fromisoformat(bought), Decimal(1), Decimal(70))
    assert bool(wash_sales([loss, other]).washes) == washed


def test_a_loss_passed_on_reaches_the_last_replacement_with_all_days_held():
    """By hand: 40 lost after 100 days, then 30 + 40 lost after 10 + 100: basis 70 + 70, 110 days earlier."""
    start = date(2023, 1, 2)
    a, b, c = start + timedelta(100), start + timedelta(110), start + timedelta(125)
    result = wash_sales(
        [
            Block("1", "X", start, Decimal(1), Decimal(100), a, Decimal(60)),
            Block("2", "X", a, Decimal(1), Decimal(60), b, Decimal(30)),
            Block("3", "X", c, Decimal(1), Decimal(70)),
        ]
    )
    assert [x.disallowed for x in result.blocks] == [40, 70, 0]
    assert (result.blocks[2].cost, result.blocks[2].held_from) == (140, c - timedelta(110))
