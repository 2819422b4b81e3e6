"""Chance that falls the same way everywhere: only whole numbers from the bits of one seeded generator."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """What the tables are thrown with.

    `random.choice` and its like may change from one version of Python to the next; `getrandbits` does not.
    """

    def __init__(self, seed: str):
        self._bits = random.Random(seed).getrandbits  # noqa: S311 - example data, no secrets

    def between(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return low + self._bits(64) % (high - low + 1)

    def chance(self, percent: int) -> bool:
        """True in so many of a hundred cases."""
        return self.between(1, 100) <= percent

    def one_of(self, items: Sequence[T]) -> T:
        """One of the items, all equally likely."""
        return items[self.between(0, len(items) - 1)]

    def weighted(self, items: Sequence[tuple[T, int]]) -> T:
        """One of the items, as likely as its weight says."""
        point = self.between(1, sum(weight for _, weight in items))
        for item, weight in items:
            point -= weight
            if point <= 0:
                return item
        raise AssertionError("the weights add up")

    def day(self, first: date, last: date) -> date:
        """A day, both ends included."""
        return first + timedelta(days=self.between(0, (last - first).days))
