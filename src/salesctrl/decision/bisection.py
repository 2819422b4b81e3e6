"""The nearest better value of a number or a date, in one direction: found by exact bisection."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from salesctrl.decision.values import Raw

MOST_EVALUATIONS = 64
"""So many values are tried at most."""
_MOST_HINTS = 8
_CHECKS = 3
"""So many values between two are tried before all of them are said to be as good."""

Score = tuple[int, ...]
"""How good a decision is: less is better."""
Relation = Literal["at_most", "at_least", "between", "equal"]


@dataclass(frozen=True, slots=True)
class Range:
    """Better values that score alike: up to the one in ``values``, from it on, between two, or the one."""

    relation: Relation
    values: tuple[int, ...]
    score: Score


@dataclass(frozen=True, slots=True)
class Bounds:
    """The least and the greatest value that a field can have."""

    low: int
    high: int


def nearest(
    was: int,
    step: Literal[-1, 1],
    bounds: Bounds,
    hints: Iterable[int],
    score: Callable[[Raw], Score],
    now: Score,
) -> Range | None:
    """The values below (``step`` -1) or above that score best, from the nearest on.

    The nearest one was tried, and so was the one next to it, which is worse. Of those beyond it, and of those
    between two, some were tried.

    Args:
        was: The value that the fact has.
        step: The direction.
        bounds: The bounds of the field.
        hints: Values at which something may change; the search looks there too.
        score: Decides with another value.
        now: The score to improve on.

    Returns:
        ``None`` where no value that was tried is better, or too many would have to be tried.

    >>> limit = lambda value: (0,) if value <= 100 else (4,)
    >>> nearest(250, -1, Bounds(0, 999), [], limit, (4,))
    Range(relation='at_most', values=(100,), score=(0,))
    """
    try:
        return _Bisection(was, step, bounds, hints, score).search(now)
    except _TooMany:
        return None


class _TooMany(Exception):
    """Too many values would have to be tried."""


class _Bisection:
    """One search."""

    def __init__(
        self, was: int, step: int, bounds: Bounds, hints: Iterable[int], score: Callable[[Raw], Score]
    ):
        self.was, self.step = was, step
        bound = bounds.low if step < 0 else bounds.high
        near = sorted(
            (h for h in set(hints) if 0 < (h - was) * step < (bound - was) * step), key=self._distance
        )
        points = {*_by_tens(was, step, bound), *near[:_MOST_HINTS]}
        self.points = sorted(points, key=self._distance)
        self._score = score
        self._known: dict[int, Score] = {}

    def _distance(self, value: int) -> int:
        return abs(value - self.was)

    def _scored(self, value: int) -> Score:
        if value not in self._known:
            if len(self._known) >= MOST_EVALUATIONS:
                raise _TooMany
            self._known[value] = self._score(value)
        return self._known[value]

    def search(self, now: Score) -> Range | None:
        best = min((self._scored(point) for point in self.points), default=now)
        if best >= now:
            return None
        good = [self._scored(point) <= best for point in self.points]
        first = good.index(True)
        near = self._edge(self.points[first], self.points[first - 1] if first else self.was, best)
        if near == self.points[-1]:
            return Range("equal", (near,), best)
        if all(good[first:]) and self._all_between(near, self.points[first], best):
            return Range("at_most" if self.step < 0 else "at_least", (near,), best)
        return self._inside(near, good, first, best)

    def _inside(self, near: int, good: list[bool], first: int, best: Score) -> Range:
        """Values up to where they get worse; the nearest one where it is not plain that all are good."""
        last = next((place for place in range(first, len(good)) if not good[place]), None)
        try:
            if last is not None:
                far = self._edge(self.points[last - 1], self.points[last], best)
                if far != near and self._all_between(near, far, best):
                    return Range("between", (min(near, far), max(near, far)), best)
        except _TooMany:
            pass
        return Range("equal", (near,), best)

    def _edge(self, good: int, bad: int, best: Score) -> int:
        """The good value next to a worse one, between the two."""
        while abs(good - bad) > 1:
            middle = (good + bad) // 2
            if self._scored(middle) <= best:
                good = middle
            else:
                bad = middle
        return good

    def _all_between(self, one: int, other: int, best: Score) -> bool:
        """Whether the values between two are as good: asked of some of them."""
        gap = other - one
        return all(self._scored(one + gap * k // (_CHECKS + 1)) <= best for k in range(1, _CHECKS + 1))


def _by_tens(was: int, step: int, bound: int) -> Iterator[int]:
    """Values ever farther away, ten times each time; zero on the way; and the bound."""
    distance = 1
    while abs(bound - was) > distance:
        yield was + step * distance
        distance *= 10
    if was * bound < 0:
        yield 0
    if was != bound:
        yield bound
