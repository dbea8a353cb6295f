"""Whole numbers of 128 bits, for what outgrows 64: squares, and decimals of twelve places.

A number is a pair (high, low) of uint64 without a sign. numba turns uint64 beside int64 into a float, so
every number here is made a uint64 where it comes in.
"""

# Compiled functions get their types from their arguments, so they carry no annotations.
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import numpy as np

from steelyard.engines.compilation import inner

_HALF = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)
_ONE = np.uint64(1)
_NONE = np.uint64(0)
_TEN = np.uint64(10)


@inner
def wide_product_u(x, y):
    """Return the product of two uint64."""
    x0, x1, y0, y1 = x & _LOW, x >> _HALF, y & _LOW, y >> _HALF
    low, left, right = x0 * y0, x0 * y1, x1 * y0
    middle = (low >> _HALF) + (left & _LOW) + (right & _LOW)
    return x1 * y1 + (left >> _HALF) + (right >> _HALF) + (middle >> _HALF), (low & _LOW) | (middle << _HALF)


@inner
def wide_product(a, b):
    """Return a * b of two whole numbers >= 0 below 2**63."""
    return wide_product_u(np.uint64(a), np.uint64(b))


@inner
def wide_sum(high, low, more_high, more_low):
    """Return the sum of two wide numbers; it must be below 2**128."""
    total = low + more_low
    return high + more_high + (_ONE if total < low else _NONE), total


@inner
def wide_gap(high, low, other_high, other_low):
    """Return the size of the difference of two wide numbers."""
    if high < other_high or (high == other_high and low < other_low):
        high, low, other_high, other_low = other_high, other_low, high, low
    return high - other_high - (_ONE if low < other_low else _NONE), low - other_low


@inner
def wide_times(high, low, factor):
    """Return a wide number times a whole number below 2**63, and whether it stayed below 2**127."""
    top, bottom = wide_product_u(low, np.uint64(factor))
    over, carried = wide_product_u(high, np.uint64(factor))
    total = carried + top
    fits = over == _NONE and total >= carried and (total >> np.uint64(63)) == _NONE
    return total, bottom, fits


@inner
def _over(high, low, divisor):
    """Return quotient and remainder of a wide number by a uint64 below 2**32."""
    a, rest = (high >> _HALF) // divisor, (high >> _HALF) % divisor
    piece = (rest << _HALF) | (high & _LOW)
    b, rest = piece // divisor, piece % divisor
    piece = (rest << _HALF) | (low >> _HALF)
    c, rest = piece // divisor, piece % divisor
    piece = (rest << _HALF) | (low & _LOW)
    return (a << _HALF) | b, (c << _HALF) | (piece // divisor), piece % divisor


@inner
def wide_shifted(high, low, places):
    """Return a wide number over 10**places, half to even; `places` below zero multiplies.

    Returns:
        The number, and whether it stayed below 2**127.
    """
    fits = True
    while places < 0:
        step = min(-places, 18)
        factor = 1
        for _ in range(step):
            factor *= 10
        high, low, here = wide_times(high, low, factor)
        fits = fits and here
        places += step
    if places == 0:
        return high, low, fits
    # All but the last digit are only told to be none or some: that decides a half.
    left_over = False
    for _ in range(places - 1):
        high, low, digit = _over(high, low, _TEN)
        left_over = left_over or digit != _NONE
    high, low, digit = _over(high, low, _TEN)
    five = np.uint64(5)
    if digit > five or (digit == five and (left_over or (low & _ONE) == _ONE)):
        high, low = wide_sum(high, low, _NONE, _ONE)
    return high, low, fits


@inner
def wide_quotient(high, low, under):
    """Return quotient and remainder of a wide number by a whole number above zero and below 2**62.

    The quotient must be below 2**64.
    """
    divisor, rest, quotient = np.uint64(under), _NONE, _NONE
    for place in range(127, -1, -1):
        bit = (high >> np.uint64(place - 64)) if place > 63 else (low >> np.uint64(place))
        rest = (rest << _ONE) | (bit & _ONE)
        quotient <<= _ONE
        if rest >= divisor:
            rest -= divisor
            quotient |= _ONE
    return quotient, rest


@inner
def wide_rest(high, low):
    """Return a wide number's last six decimal digits."""
    return np.int64(_over(high, low, np.uint64(1_000_000))[2])


@inner
def wide_fraction(high, low, under_high, under_low):
    """Return the quotient of two wide numbers in units of 1e-12, half to even; it must be below 1,000.

    The divisor is above zero, and ten times either is below 2**128.
    """
    quotient = _NONE
    for place in range(13):
        digit = _NONE
        while high > under_high or (high == under_high and low >= under_low):
            borrow = _ONE if low < under_low else _NONE
            high, low = high - under_high - borrow, low - under_low
            digit += _ONE
        quotient = quotient * _TEN + digit
        if place < 12:
            high, low, _ = wide_times(high, low, 10)
    high, low = wide_sum(high, low, high, low)
    same = high == under_high and low == under_low
    if high > under_high or (high == under_high and low > under_low) or (same and (quotient & _ONE) == _ONE):
        quotient += _ONE
    return quotient


@inner
def fraction(number, under):
    """Return a quotient of whole numbers >= 0 in units of 1e-12, half to even; `under` is above zero."""
    if under < 1 << 43 and number < under << 9:
        # Six digits at a time: no remainder of them leaves 63 bits.
        quotient, rest = number // under, number % under
        for _ in range(2):
            rest *= 1_000_000
            quotient, rest = quotient * 1_000_000 + rest // under, rest % under
        if 2 * rest > under or (2 * rest == under and quotient & 1):
            quotient += 1
        return np.uint64(quotient)
    return wide_fraction(_NONE, np.uint64(number), _NONE, np.uint64(under))
