"""The facts of rows in run-time form, column by column: what a plan decides on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from salesctrl.batch.lists import ListColumn
from salesctrl.batch.widths import Interval
from salesctrl.evaluate.facts import Value
from salesctrl.evidence.given import Evidence

Facts = Mapping[int, pl.Series | ListColumn]


@dataclass(frozen=True, slots=True)
class Given:
    """The facts of the rows of a table, by their places in a plan; place 0 is the date of the decision.

    ``evidence``: that of each row, or ``None`` where no row has any; ``rest``: the facts that nothing is
    computed from, which are taken only where a row is looked at by itself; ``answers``: what was found when
    the facts were read, by the node of the plan that asks it.
    """

    rows: int
    facts: Facts
    evidence: Sequence[Evidence | None] | None = None
    rest: Callable[[], Facts] = dict
    answers: Facts = field(default_factory=dict)

    def taken(self, rows: pl.Series) -> Given:
        """The facts of some of the rows, given by their numbers."""
        evidence = None if self.evidence is None else [self.evidence[i] for i in rows]
        return self._of_rows(len(rows), lambda values: taken(values, rows), evidence)

    def sliced(self, start: int, count: int) -> Given:
        """The facts of ``count`` rows from ``start`` on."""
        count = min(count, self.rows - start)
        if start == 0 and count == self.rows:
            return self
        evidence = None if self.evidence is None else self.evidence[start : start + count]
        return self._of_rows(count, lambda values: sliced(values, start, count), evidence)

    def _of_rows(
        self, count: int, pick: Callable[[pl.Series | ListColumn], pl.Series | ListColumn],
        evidence: Sequence[Evidence | None] | None,
    ) -> Given:  # fmt: skip
        def picked(facts: Facts) -> Facts:
            return {place: pick(values) for place, values in facts.items()}

        return Given(count, picked(self.facts), evidence, lambda: picked(self.rest()), picked(self.answers))

    def values(self) -> Iterator[tuple[Value, ...]]:
        """The rows one after another, as the evaluator of one transaction takes them."""
        every = {**self.facts, **self.rest()}
        return zip(*(python_values(every[place]) for place in sorted(every)), strict=True)


def python_values(values: pl.Series | ListColumn) -> list[Value]:
    """A column as Python's own values; lists as tuples of tuples.

    >>> python_values(ListColumn(pl.Series([1, None]), (pl.Series([5]),)))
    [((5,),), None]
    """
    if isinstance(values, pl.Series):
        return values.to_list()
    items = list(zip(*(python_values(part) for part in values.items), strict=True))
    done: list[Value] = []
    start = 0
    for length in values.lengths.to_list():
        if length is None:
            done.append(None)
            continue
        # Of items of which nothing is read, only their number is known.
        own = items[start : start + length] if values.items else [()] * length
        done.append(tuple(own))
        start += length
    return done


def taken(values: pl.Series | ListColumn, rows: pl.Series) -> pl.Series | ListColumn:
    """The values of some rows, given by their numbers."""
    if isinstance(values, pl.Series):
        return values[rows]
    counts = values.lengths.fill_null(0)
    ends = counts.cum_sum()
    starts, lengths = (ends - counts)[rows], counts[rows]
    picked = pl.select(
        pl.int_ranges(pl.lit(starts), pl.lit(starts + lengths)).explode(empty_as_null=False)
    ).to_series()
    return ListColumn(values.lengths[rows], tuple(taken(part, picked) for part in values.items))


def sliced(values: pl.Series | ListColumn, start: int, count: int) -> pl.Series | ListColumn:
    """The values of ``count`` rows from ``start`` on."""
    if isinstance(values, pl.Series):
        return values.slice(start, count)
    lengths = values.lengths.slice(start, count)
    first = int(values.lengths.head(start).sum() or 0)
    many = int(lengths.sum() or 0)
    return ListColumn(lengths, tuple(sliced(part, first, many) for part in values.items))


@dataclass(frozen=True, slots=True)
class Shape:
    """What a program depends on of a column: whether something in it is unknown, and its bounds.

    The bounds are those of the numbers of as many bits, so that like tables share a program; without them
    the declared ones hold. Of a list:
    how long the longest is, and the shapes of the fields of its items.
    """

    gaps: bool
    bounds: Interval | None = None
    longest: int = 0
    items: tuple[Shape, ...] = ()


def shape_of(values: pl.Series | ListColumn, *, measured: bool) -> Shape:
    """The shape of a column; with its bounds, where they are to be ``measured``.

    >>> shape_of(pl.Series([5, None, -3]), measured=True)
    Shape(gaps=True, bounds=(-4, 7), longest=0, items=())
    """
    if isinstance(values, ListColumn):
        longest = values.lengths.max() or 0
        assert isinstance(longest, int)
        inner = tuple(shape_of(part, measured=measured) for part in values.items)
        return Shape(values.lengths.null_count() > 0, None, (1 << longest.bit_length()) - 1, inner)
    gaps = values.null_count() > 0
    if not measured or not values.dtype.is_integer():
        return Shape(gaps)
    low, high = values.min(), values.max()
    if low is None or high is None:
        return Shape(gaps, (0, 0))
    assert isinstance(low, int)
    assert isinstance(high, int)
    least = -(1 << (-low - 1).bit_length()) if low < 0 else 0
    return Shape(gaps, (least, (1 << high.bit_length()) - 1 if high > 0 else 0))
