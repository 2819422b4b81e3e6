"""Chance in columns: the numbers of SplitMix64, whatever the version of NumPy."""

from hashlib import sha256

import numpy as np

from salesctrl.sales_year.dice import Dice

_MASK = 2**64 - 1


def _splitmix(key, place):
    state = (key + place * 0x9E3779B97F4A7C15) & _MASK
    state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _MASK
    return state ^ (state >> 31)


def test_the_numbers_are_those_of_splitmix64():
    key = int.from_bytes(sha256(b"5 name").digest()[:8], "big")
    expected = [3 + _splitmix(key, place) % 95 for place in range(1, 51)]
    assert Dice(5).between("name", 50, 3, 97).tolist() == expected


def test_ends_may_be_columns_and_are_included():
    low, high = np.array([1, 10, 7] * 200), np.array([2, 10, 9] * 200)
    drawn = Dice(1).between("ends", 600, low, high)
    assert ((drawn >= low) & (drawn <= high)).all()
    assert set(drawn[::3]) == {1, 2}
    assert set(drawn[1::3]) == {10}
    assert set(drawn[2::3]) == {7, 8, 9}


def test_a_longer_column_begins_like_a_shorter_one():
    assert Dice(1).between("a", 9, 0, 99)[:4].tolist() == Dice(1).between("a", 4, 0, 99).tolist()
    assert Dice(1).between("a", 9, 0, 99).tolist() != Dice(1).between("b", 9, 0, 99).tolist()
