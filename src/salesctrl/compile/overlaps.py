"""Which rows of a table can hold together: found without comparing every row with every other.

Sets of rows are the bits of an integer. For each column and each row, the rows that this column does not tell
apart from it are found by bisection; a row overlaps those that no column tells apart.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from operator import or_

from salesctrl.compile.regions import Region


def overlapping(rows: Sequence[Sequence[Region | None]]) -> Iterator[tuple[int, int, bool]]:
    """Rows that may hold together with an earlier one: the row, an earlier one, and whether it is certain.

    ``None`` stands for a region that is not plain, and may be anything; without it an overlap is certain.

    >>> from salesctrl.compile.regions import ANY_NUMBER, Region
    >>> list(overlapping([[ANY_NUMBER], [Region()], [None], [ANY_NUMBER]]))
    [(2, 0, False), (3, 0, True)]
    """
    columns = [_together([row[column] for row in rows]) for column in range(len(rows[0]))] if rows else []
    plain = _bits(i for i, row in enumerate(rows) if None not in row)
    for later in range(1, len(rows)):
        same = (1 << later) - 1
        for column in columns:
            same &= column[later]
        certain = same & plain if plain >> later & 1 else 0
        if same:
            yield later, _first(certain or same), bool(certain)


def _together(regions: Sequence[Region | None]) -> list[int]:
    """For each region the set of those that have something in common with it."""
    everything = (1 << len(regions)) - 1
    unclear = _bits(i for i, region in enumerate(regions) if region is None)
    plain = [i for i, region in enumerate(regions) if region is not None and _is_plain(region)]
    other = [i for i, region in enumerate(regions) if region is not None and not _is_plain(region)]
    found = [everything if region is None else unclear for region in regions]
    single = [i for i in plain if regions[i].pieces]  # type: ignore[union-attr]
    for group in (_Numbers(regions, single), _Texts(regions, [i for i in plain if i not in set(single)])):
        for i in group.members:
            found[i] |= group.meeting(i)
    for i in other:
        for j in (*plain, *other):
            mine, theirs = regions[i], regions[j]
            assert mine is not None and theirs is not None
            if not mine.meet(theirs).is_empty():
                found[i] |= 1 << j
                found[j] |= 1 << i
    return found


def _first(rows: int) -> int:
    return (rows & -rows).bit_length() - 1


def _is_plain(region: Region) -> bool:
    """Whether it is one piece of the number line, or a list of texts."""
    return len(region.pieces) == 1 if region.texts is None else not region.complement


def _bits(numbers: Iterator[int]) -> int:
    return sum(1 << number for number in numbers)


class _Numbers:
    """Regions of one piece: two are apart where one ends before the other begins."""

    def __init__(self, regions: Sequence[Region | None], members: Sequence[int]):
        self.members = members
        self.pieces = {i: region.pieces[0] for i in members if (region := regions[i]) is not None}
        self.everyone = _bits(iter(members))
        ends = sorted((p[1], i) for i, p in self.pieces.items() if p[1] is not None)
        starts = sorted((p[0], i) for i, p in self.pieces.items() if p[0] is not None)
        self.ends, self.starts = [e for e, _ in ends], [s for s, _ in starts]
        self.ended = [0, *accumulate((1 << i for _, i in ends), or_)]
        self.begun = [0, *accumulate((1 << i for _, i in reversed(starts)), or_)]

    def meeting(self, i: int) -> int:
        """Those that neither end before this one begins nor begin after it ends."""
        first, last = self.pieces[i]
        apart = self.ended[bisect_right(self.ends, first)] if first is not None else 0
        if last is not None:
            apart |= self.begun[len(self.starts) - bisect_left(self.starts, last)]
        return self.everyone & ~apart


class _Texts:
    """Lists of texts: two have something in common where a text is in both."""

    def __init__(self, regions: Sequence[Region | None], members: Sequence[int]):
        self.members = members
        self.texts = {i: region.texts or () for i in members if (region := regions[i]) is not None}
        self.holders: dict[str | bool, int] = {}
        for i, texts in self.texts.items():
            for text in texts:
                self.holders[text] = self.holders.get(text, 0) | 1 << i

    def meeting(self, i: int) -> int:
        """Those that have one of its texts."""
        found = 0
        for text in self.texts[i]:
            found |= self.holders[text]
        return found
