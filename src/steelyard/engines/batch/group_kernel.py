"""Positions in any order, brought to their accounts: names hashed, found, and put in order."""

# Compiled functions get their types from their arguments, so they carry no annotations.
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import numpy as np

from steelyard.engines.compilation import compiled, compiled_with_arrays

_START, _PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)
_MIX, _MORE = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)
_SHIFT = np.uint64(33)


@compiled
def hash_texts(offsets, data, hashes):
    """Fill the 64-bit hash of every text: FNV-1a, its bits mixed as MurmurHash3 does at its end."""
    for i in range(hashes.shape[0]):
        h = _START
        for j in range(offsets[i], offsets[i + 1]):
            h = (h ^ np.uint64(data[j])) * _PRIME
        h = (h ^ (h >> _SHIFT)) * _MIX
        h = (h ^ (h >> _SHIFT)) * _MORE
        hashes[i] = h ^ (h >> _SHIFT)


@compiled_with_arrays
def find_groups(accounts, hashes, groups):
    """Fill the place of every hash among those of the accounts, which are all different; -1 for none."""
    size = 16
    while size < 2 * accounts.shape[0]:
        size *= 2
    mask = np.uint64(size - 1)
    table = np.full(size, -1, np.int32)
    for i in range(accounts.shape[0]):
        place = np.int64(accounts[i] & mask)
        while table[place] >= 0:
            place = (place + 1) & (size - 1)
        table[place] = i
    for i in range(hashes.shape[0]):
        place = np.int64(hashes[i] & mask)
        while table[place] >= 0 and accounts[table[place]] != hashes[i]:
            place = (place + 1) & (size - 1)
        groups[i] = table[place]


@compiled_with_arrays
def arrange(groups, symbols, starts, order):
    """Fill where each group starts and the order that brings rows to it, by symbol within.

    Args:
        groups: (H,) int32, -1 for rows that belong to none and are left out.
        symbols: (H,) int32.
        starts: (A + 1,) int64, filled.
        order: (H,) int64, its first starts[A] places filled.
    """
    starts[:] = 0
    for i in range(groups.shape[0]):
        if groups[i] >= 0:
            starts[groups[i] + 1] += 1
    for k in range(starts.shape[0] - 1):
        starts[k + 1] += starts[k]
    ends = starts[:-1].copy()
    for i in range(groups.shape[0]):
        if groups[i] >= 0:
            order[ends[groups[i]]] = i
            ends[groups[i]] += 1
    for k in range(starts.shape[0] - 1):
        a, b = starts[k], starts[k + 1]
        if b - a > 64:
            # A stable order of keys that are all different: the symbol, then the row.
            keys = np.empty(b - a, np.int64)
            for j in range(a, b):
                keys[j - a] = (np.int64(symbols[order[j]]) << 32) + (j - a)
            mine = order[a:b].copy()
            keys.sort()
            for j in range(a, b):
                order[j] = mine[keys[j - a] & 0xFFFFFFFF]
            continue
        for j in range(a + 1, b):
            row = order[j]
            i = j
            while i > a and symbols[order[i - 1]] > symbols[row]:
                order[i] = order[i - 1]
                i -= 1
            order[i] = row
