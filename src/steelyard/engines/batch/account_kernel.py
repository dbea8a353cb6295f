"""One account after the other: valued, judged by its model's policy, planned, and replayed to the last digit.

It repeats in whole ticks what `app.planning.plan` does for one account with one balance, and gives back what
it cannot say exactly (`LEFT`): that account is then planned by `app.planning.plan` itself, so that no plan
depends on the road it took. Tests hold the two equal, account by account.
"""

# Compiled functions get their types from their arguments, so they carry no annotations.
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import numpy as np

from steelyard.engines.batch.measure_kernel import distance, distance_after, judge, objective, shortfall
from steelyard.engines.batch.table_kernel import (
    A_CAN_BUY,
    A_CAN_SELL,
    A_FLOW,
    A_LAST,
    A_LEAST,
    A_LEFT,
    A_MODEL,
    A_RESERVE,
    AFTER,
    BEFORE,
    CASH_AFTER,
    COSTS,
    FLOW,
    IN_BAND,
    L_PLACES,
    L_PRICE,
    L_RANK,
    L_SYMBOL,
    L_WEIGHT,
    LEFT,
    M_LEFT,
    M_PLACES,
    M_PRICED,
    M_START,
    MOST,
    MOST_PLACES,
    MOST_STEPS,
    NO_RULE,
    OBJECTIVE,
    PLACES,
    PLANNED,
    R_FLOOR,
    R_FLOOR_PLACES,
    R_NODES,
    R_RATE,
    R_SHORT_RATE,
    R_SHORT_UNIT,
    R_UNIT_PLACES,
    T_AMOUNT,
    T_COST,
    T_SHARES,
    TOTAL,
    UNKNOWN,
    common_divisor,
    power_of_ten,
    put,
    put_money,
    scaled,
    shortened,
)
from steelyard.engines.batch.wide_kernel import (
    wide_shifted,
)
from steelyard.engines.compilation import compiled_with_arrays, inner
from steelyard.engines.planning.compiled.line_kernel import COLUMNS, PROVEN
from steelyard.engines.planning.compiled.search_kernel import solve_rows


@inner
def _gather(
    lines, first, n, line_of, known, seen, k, starts, symbols, shares, share_places,
    steps, odd, odd_places, all_held,
):  # fmt: skip
    """Fill what is held of a model's lines; say whether all of it can be planned here."""
    for i in range(n):
        steps[i], odd[i], odd_places[i], all_held[i] = 0, 0, 0, 0
    one = power_of_ten(share_places)
    for p in range(starts[k], starts[k + 1]):
        symbol = symbols[p]
        held = shares[p]
        if symbol < 0 or held < 0 or seen[symbol] == k:
            return False
        seen[symbol] = k
        i = line_of[symbol]
        if i < 0:
            if not known[symbol]:
                return False
            continue
        steps[i], all_held[i] = held // one, held
        rest = held - steps[i] * one
        if rest:
            rest, places = shortened(rest, share_places)
            price = lines[first + i, L_PRICE]
            if float(rest) * float(price) >= MOST:
                return False
            odd[i], odd_places[i] = shortened(rest * price, places + lines[first + i, L_PLACES])
            if odd_places[i] > MOST_PLACES:
                return False
    return True


@inner
def _pack(rows, lines, first, n, prices, steps, odd, managed, whole, locked, row, run, floor):
    """Write the lines of the search; return the least price that is traded, 0 where none is."""
    least = 0
    for i in range(n):
        target = lines[first + i, L_WEIGHT] * managed
        shared = common_divisor(target, whole)
        rows[i, 0], rows[i, 1], rows[i, 2] = prices[i], steps[i], odd[i]
        rows[i, 3], rows[i, 4], rows[i, 5], rows[i, 6] = target // shared, whole // shared, 1, 1
        traded = not locked[i]
        rows[i, 7], rows[i, 8] = traded and row[A_CAN_BUY], traded and row[A_CAN_SELL]
        rows[i, 9], rows[i, 10], rows[i, 11] = run[R_SHORT_RATE], floor, 0
        rows[i, 12], rows[i, 13], rows[i, 14] = 0, -1, lines[first + i, L_RANK]
        if traded and (least == 0 or prices[i] < least):
            least = prices[i]
    return least


@inner
def _keep_short(rows, lines, first, n, worth, managed, whole, short):
    """Keep the rows of what is short of its target, to be bought in proportion; return how many there are."""
    kept = 0
    for i in range(n):
        missing = lines[first + i, L_WEIGHT] * managed - worth[i] * whole
        if missing <= 0:
            continue
        for c in range(COLUMNS):
            rows[kept, c] = rows[i, c]
        shared = common_divisor(missing, whole)
        rows[kept, 5], rows[kept, 6], rows[kept, 8] = missing // shared, whole // shared, 0
        short[kept] = i
        kept += 1
    return kept


@inner
def _spread(ended, sold, steps, short, kept, n):
    """Bring the answer for what is short back to all lines; the others stay as they are."""
    at = kept - 1
    for i in range(n - 1, -1, -1):
        if at >= 0 and short[at] == i:
            ended[i], sold[i] = ended[at], sold[at]
            at -= 1
        else:
            ended[i], sold[i] = steps[i], False


@inner
def _trades(
    lines, first, n, prices, steps, odd, all_held, share_places, ended, sold, floor, run, places,
    trades, what, side, at,
):  # fmt: skip
    """Write the trades, sales first, each in the order of the targets.

    Returns:
        Where they end, the cash they leave behind and their costs in parts of a tick, as many as the
        commission's fraction has, and whether all of it fits.
    """
    unit = power_of_ten(run[R_UNIT_PLACES])
    money, costs, fits = 0, 0, True
    for buys in range(2):
        for i in range(n):
            change = ended[i] - steps[i]
            leaves = bool(sold[i]) and odd[i] > 0
            if (change == 0 and not leaves) or (change > 0) != (buys == 1):
                continue
            amount = prices[i] * abs(change) + (odd[i] if leaves else 0)
            cost = max(floor * unit, run[R_RATE] * amount)
            money += (-amount if buys else amount) * unit - cost
            costs += cost
            what[at], side[at] = lines[first + i, L_SYMBOL], buys
            if leaves:
                fits = put_money(trades, at, T_SHARES, all_held[i], share_places) and fits
            else:
                fits = put_money(trades, at, T_SHARES, abs(change), 0) and fits
            fits = put_money(trades, at, T_AMOUNT, amount, places) and fits
            fits = put_money(trades, at, T_COST, cost, places + run[R_UNIT_PLACES]) and fits
            at += 1
    return at, money, costs, fits


@compiled_with_arrays
def plan_accounts(
    lines, models, line_of, known, rates, rate_places, run,
    accounts, places_of, starts, symbols, shares, share_places,
    cash_starts, currencies, amounts, cash_places, locked_starts, locked_symbols, planned,
    status, rule, rule_symbol, results, counts, what, side, trades,
):  # fmt: skip
    """Judge and plan accounts; see `account_arrays` for the arrays.

    Returns:
        How many trades there are.
    """
    most = 1
    for m in range(models.shape[0] - 1):
        most = max(most, models[m + 1, M_START] - models[m, M_START])
    rows = np.empty((most, COLUMNS), np.int64)
    steps, odd, odd_places = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.int64)
    all_held, prices, worth = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.int64)
    held, short = np.empty(most, np.int64), np.empty(most, np.int64)
    ended, sold, locked = np.empty(most, np.int64), np.empty(most, np.bool_), np.empty(most, np.bool_)
    seen = np.full(known.shape[0], -1, np.int64)
    unit = power_of_ten(run[R_UNIT_PLACES])
    at = 0
    for k in range(accounts.shape[0]):
        status[k], rule[k], rule_symbol[k], counts[k] = LEFT, NO_RULE, -1, 0
        row = accounts[k]
        m = row[A_MODEL]
        if row[A_LEFT] or m < 0 or models[m, M_LEFT]:
            continue
        model = models[m]
        first = model[M_START]
        n = models[m + 1, M_START] - first
        if not _gather(
            lines, first, n, line_of[m], known, seen, k, starts, symbols, shares, share_places,
            steps, odd, odd_places, all_held,
        ):  # fmt: skip
            continue
        # The tick: a power of ten of which every amount is a whole number.
        places = max(model[M_PRICED], run[R_FLOOR_PLACES])
        flow, flow_places = shortened(row[A_FLOW], places_of[0])
        reserve, reserve_places = shortened(row[A_RESERVE], places_of[1])
        minimum, minimum_places = shortened(row[A_LEAST], places_of[2])
        places = max(max(places, flow_places), max(reserve_places, minimum_places))
        for i in range(n):
            places = max(places, odd_places[i])
        good = True
        for c in range(cash_starts[k], cash_starts[k + 1]):
            if currencies[c] < 0 or amounts[c] < 0:
                good = False
                break
            amount, amount_places = shortened(amounts[c], cash_places)
            if amount:
                places = max(places, amount_places + rate_places[currencies[c]])
        if not good or places > MOST_PLACES:
            continue
        cash = 0
        for c in range(cash_starts[k], cash_starts[k + 1]):
            amount, amount_places = shortened(amounts[c], cash_places)
            if float(amount) * float(rates[currencies[c]]) >= MOST:
                good = False
                break
            amount *= rates[currencies[c]]
            amount = scaled(amount, amount_places + rate_places[currencies[c]] if amount else 0, places)
            cash += amount
            good = good and amount != UNKNOWN and float(cash) < MOST
        flow, reserve = scaled(flow, flow_places, places), scaled(reserve, reserve_places, places)
        minimum = scaled(minimum, minimum_places, places)
        floor = scaled(run[R_FLOOR], run[R_FLOOR_PLACES], places)
        if not good or flow == UNKNOWN or reserve == UNKNOWN or minimum == UNKNOWN or floor == UNKNOWN:
            continue
        # One check for all that follows: values, cash and costs over every fraction they are multiplied by.
        whole = power_of_ten(model[M_PLACES])
        size, gross = float(cash) + abs(float(flow)), cash
        for i in range(n):
            prices[i] = scaled(lines[first + i, L_PRICE], lines[first + i, L_PLACES], places)
            odd[i] = scaled(odd[i], odd_places[i], places)
            if prices[i] == UNKNOWN or odd[i] == UNKNOWN:
                good = False
                break
            size += float(prices[i]) * (float(steps[i]) + 1.0) + float(odd[i])
            if size >= MOST:
                good = False
                break
            worth[i] = prices[i] * steps[i] + odd[i]
            gross += worth[i]
        size += (float(floor) + float(reserve)) * n
        if not good or size * float(whole) * 8.0 >= MOST or size * (float(unit) + run[R_RATE]) >= 2.0 * MOST:
            continue
        managed = gross - reserve
        if managed <= 0 or managed + flow <= 0:
            continue
        due, why, line = judge(lines, first, n, worth, managed, whole, model, run, row[A_LAST])
        symbol = lines[first + line, L_SYMBOL] if line >= 0 else -1
        fits = put_money(results, k, TOTAL, managed, places)
        put(results, k, BEFORE, np.uint64(0), distance(lines, first, n, worth, managed, whole))
        ends = at
        if not planned:
            counts[k], rule[k], rule_symbol[k] = 0, why, symbol
            status[k] = (PLANNED if due else IN_BAND) if fits else LEFT
            continue
        if flow and not due:
            # New money and money taken out are planned whatever the policy says.
            if flow < 0 and not row[A_CAN_SELL]:
                continue
            why, symbol = FLOW, -1
        invests = flow > 0 and not due
        managed += flow
        budget = cash + flow - reserve
        money, costs = (cash + flow) * unit, 0
        if due or flow:
            for i in range(n):
                locked[i] = False
            for c in range(locked_starts[k], locked_starts[k + 1]):
                i = line_of[m, locked_symbols[c]] if locked_symbols[c] >= 0 else -1
                if i < 0:
                    good = False
                    break
                locked[i] = True
            least = _pack(rows, lines, first, n, prices, steps, odd, managed, whole, locked, row, run, floor)
            if not good or (least and managed // least >= MOST_STEPS):
                continue
            if not due and flow < 0:
                rows[:n, 7] = 0
            kept = n
            if invests:
                kept = _keep_short(rows, lines, first, n, worth, managed, whole, short)
            # Nothing is short: nothing is bought.
            found = PROVEN if budget >= 0 else LEFT
            if kept:
                found, _, _, _ = solve_rows(
                    rows[:kept], budget, minimum, run[R_SHORT_UNIT], run[R_NODES], ended[:kept], sold[:kept]
                )
            if found != PROVEN:
                continue
            if invests:
                _spread(ended, sold, steps, short, kept, n)
            ends, gained, costs, good = _trades(
                lines, first, n, prices, steps, odd, all_held, share_places, ended, sold, floor, run, places,
                trades, what, side, at,
            )  # fmt: skip
            fits = fits and good
            money += gained
            for i in range(n):
                held[i] = worth[i]
                worth[i] = prices[i] * ended[i] + (0 if sold[i] else odd[i])
        elif budget < 0:
            continue
        after = money - reserve * unit
        for i in range(n):
            after += worth[i] * unit
        if money < reserve * unit or after <= 0:
            continue
        left = distance_after(lines, first, n, worth, after, whole, unit)
        put(results, k, AFTER, np.uint64(0), left)
        if invests:
            high, low, good = shortfall(
                lines, first, n, held, worth, managed, whole, places + model[M_PLACES]
            )
        else:
            high, low = objective(lines, first, n, worth, managed, whole)
            high, low, good = wide_shifted(high, low, 2 * (places + model[M_PLACES]) - PLACES)
        put(results, k, OBJECTIVE, high, low)
        fits = fits and good
        fits = put_money(results, k, COSTS, costs, places + run[R_UNIT_PLACES]) and fits
        fits = put_money(results, k, CASH_AFTER, money, places + run[R_UNIT_PLACES]) and fits
        if not fits:
            continue
        status[k], rule[k], rule_symbol[k] = PLANNED if due or flow else IN_BAND, why, symbol
        counts[k] = ends - at
        at = ends
    return at
