"""Numbers that stand for a word in the saver's kernel; apart, so that nobody needs numba to say them."""

UNTAXED, YEARLY, EACH_SALE = 0, 1, 2
"""How the gains of a fund are taxed."""
TRACKING, TRADING, TAX, TRADES, TURNOVER, SQUARE, LARGEST, VALUE = 0, 1, 2, 3, 4, 5, 6, 7
"""What is measured."""
MEASURES = 8
