"""Which of two plans ranks first, where floats cannot tell: exactly.

Squares are counted in three 27-bit limbs; across unlike divisors in double-double with an error bound, and
a sum that may be zero is proven so modulo primes.
"""

# Compiled functions get their types from their arguments, so they carry no annotations.
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import numpy as np

from steelyard.engines.compilation import inner, inner_with_arrays
from steelyard.engines.planning.compiled.line_kernel import (
    CLASS,
    OVER,
    PARTS,
    PREPARED,
    RANKED,
    UNDER,
    line_amount,
    line_away,
    line_value,
)

# Behind a prepared line: what its class counts for modulo every prime 2**31 - k, filled in when asked for.
RESIDUES = PREPARED
# Primes below 2**31, so that the product of two residues fits into an int64.
BELOW = (
    1, 19, 61, 69, 85, 99, 105, 151, 159, 171, 225, 249, 295, 325, 379, 399, 411, 469, 477, 511, 525,
    571, 579, 589, 595, 615, 619, 697, 699, 705, 711, 727, 771, 775, 781, 789, 829, 831, 837, 847, 885,
    909, 951, 955, 967, 985, 987, 1027,
)  # fmt: skip
PRIMES = len(BELOW)
LIMB = 27
MASK = (1 << LIMB) - 1


@inner
def _two_product(a, b):
    # Dekker: 2**27 + 1 splits a float into halves whose products are exact. It holds only because nothing is
    # reordered or fused (`fastmath` off).
    product = a * b
    scaled = 134217729.0 * a
    high_a = scaled - (scaled - a)
    scaled = 134217729.0 * b
    high_b = scaled - (scaled - b)
    low_a, low_b = a - high_a, b - high_b
    return product, ((high_a * high_b - product) + high_a * low_b + low_a * high_b) + low_a * low_b


@inner
def _two_sum(a, b):
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


@inner
def _plus(a, a_low, b, b_low):
    """Add two double-doubles."""
    high, low = _two_sum(a, b)
    more, least = _two_sum(a_low, b_low)
    high, low = _two_sum(high, low + more)
    return _two_sum(high, low + least)


@inner
def _times(a, a_low, b):
    high, low = _two_product(a, b)
    return _two_sum(high, low + a_low * b)


@inner
def _over(a, a_low, b):
    first = a / b
    high, low = _two_product(first, b)
    rest, rest_low = _plus(a, a_low, -high, -low)
    second = rest / b
    high, low = _two_product(second, b)
    rest, rest_low = _plus(rest, rest_low, -high, -low)
    first, second = _two_sum(first, second)
    return _two_sum(first, second + rest / b)


@inner
def _inverse(value, prime):
    """Return the inverse modulo a prime, 0 where there is none."""
    # Euclid's algorithm, keeping the factor of `value` alone.
    a, b, x, y = value % prime, prime, 1, 0
    while a > 1:
        quotient = b // a
        a, b, x, y = b - quotient * a, a, y - quotient * x, x
    return x % prime if a else 0


@inner
def _vanishes(w, limbs, size):
    """Say whether the difference of two misses, known to be below `size` * 2**-80, is proven to be zero.

    Over the product of the divisors it is a whole number. One that is zero modulo enough primes is smaller
    than their product only when it is zero.
    """
    n = w.shape[0]
    if w[0, RESIDUES] < 0:
        for j in range(PRIMES):
            prime = (1 << 31) - BELOW[j]
            for c in range(n):
                parts = w[c, PARTS] % prime
                bottom = (parts * parts % prime) * (w[c, OVER] % prime) % prime
                w[c, RESIDUES + j] = (w[c, UNDER] % prime) * _inverse(bottom, prime) % prime
    bits = np.log2(size) - 80.0
    for c in range(limbs.shape[0]):
        if limbs[c, 0] or limbs[c, 1] or limbs[c, 2]:
            bits += np.log2(float(w[c, OVER])) + 2.0 * np.log2(float(w[c, PARTS])) + 1e-9
    for j in range(PRIMES):
        prime = (1 << 31) - BELOW[j]
        total, usable = 0, True
        for c in range(limbs.shape[0]):
            if limbs[c, 0] or limbs[c, 1] or limbs[c, 2]:
                usable = usable and w[c, RESIDUES + j] > 0
                here = ((limbs[c, 2] % prime) * (1 << LIMB) + limbs[c, 1]) % prime
                here = (here * (1 << LIMB) + limbs[c, 0]) % prime
                total = (total + here * w[c, RESIDUES + j]) % prime
        if not usable:
            continue
        if total:
            return False
        # Every one of the primes is above 2**30.99.
        bits -= 30.99
        if bits < 0.0:
            return True
    return False


@inner_with_arrays
def _miss_order(w, a, b, count):
    """Compare the misses of two plans of the first `count` lines: -1, 0, 1, or 2 where they are too near."""
    limbs = np.zeros((count, 3), np.int64)
    for i in range(count):
        if a[i] == b[i]:
            continue
        # x*x - y*y as (x - y)(x + y): the squares themselves would not fit, and most of them is the same.
        x, y = line_away(w, i, a[i]), line_away(w, i, b[i])
        u, v, c = x - y, x + y, w[i, CLASS]
        u_low, v_low = u & MASK, v & MASK
        u_high, v_high = u >> LIMB, v >> LIMB
        low = limbs[c, 0] + u_low * v_low
        middle = limbs[c, 1] + u_low * v_high + u_high * v_low + (low >> LIMB)
        limbs[c, 0] = low & MASK
        limbs[c, 1] = middle & MASK
        limbs[c, 2] += u_high * v_high + (middle >> LIMB)
    above, below = False, False
    total, total_low, size = 0.0, 0.0, 0.0
    for c in range(count):
        if limbs[c, 2] < 0:
            below = True
        elif limbs[c, 2] or limbs[c, 1] or limbs[c, 0]:
            above = True
        else:
            continue
        base = float(1 << LIMB)
        high, low = _times(float(limbs[c, 2] >> LIMB), 0.0, base)
        high, low = _plus(high, low, float(limbs[c, 2] & MASK), 0.0)
        for limb in (1, 0):
            high, low = _times(high, low, base)
            high, low = _plus(high, low, float(limbs[c, limb]), 0.0)
        high, low = _times(high, low, float(w[c, UNDER]))
        for divisor in (OVER, PARTS, PARTS):
            high, low = _over(high, low, float(w[c, divisor]))
        total, total_low = _plus(total, total_low, high, low)
        size += abs(high)
    if not above and not below:
        return 0
    if not below:
        return 1
    if not above:
        return -1
    # Each term is right to some 2**-98 of itself, each sum to 2**-103.
    if abs(total) <= size * (count + 8.0) * 2.0**-96:
        return 0 if _vanishes(w, limbs, size) else 2
    return 1 if total > 0.0 else -1


@inner
def order_plans(w, a, b, count):
    """Compare the ranks of two plans of the first `count` lines: -1, 0, 1, or 2 where they are too near."""
    order = _miss_order(w, a, b, count)
    if order != 0:
        return order
    trades, turnover, first, more = 0, 0, 1 << 60, 0
    for i in range(count):
        if a[i] == b[i]:
            continue
        trades += (1 if a[i] else 0) - (1 if b[i] else 0)
        turnover += line_amount(w, i, a[i]) - line_amount(w, i, b[i])
        if w[i, RANKED] < first:
            difference = line_value(w, i, b[i]) - line_value(w, i, a[i])
            if difference:
                first, more = w[i, RANKED], difference
    for level in (trades, turnover, more):
        if level:
            return 1 if level > 0 else -1
    return 0
