"""Who counts for what: each approver for one slot at most, so that as many slots as possible are filled.

A slot is one approval that is asked for. Persons are texts, dates ordinals. Results depend on the order of
the slots and on the texts alone, never on the order in which approvals were given.
"""

from bisect import bisect_left
from collections.abc import Collection, Sequence
from typing import TypeAlias

Offer: TypeAlias = tuple[int, str]
"""Somebody could fill the slot: on which date, and who. Offers of a slot are sorted."""


def match(slots: Sequence[Sequence[str]]) -> tuple[str | None, ...]:
    """Give each slot a person of its own so that the most slots are filled (maximum bipartite matching).

    Args:
        slots: For each slot the persons who can fill it, the preferred first.

    Returns:
        For each slot its person, or None. Of two slots that cannot both be filled the earlier one is.

    >>> match([["ann", "bo"], ["ann"]])
    ('bo', 'ann')
    >>> match([["ann"], ["ann"]])
    ('ann', None)
    """
    filled: list[str | None] = [None] * len(slots)
    holder: dict[str, int] = {}

    def place(slot: int, tried: set[str]) -> bool:
        for person in slots[slot]:
            if person in tried:
                continue
            tried.add(person)
            if person not in holder or place(holder[person], tried):
                holder[person] = slot
                filled[slot] = person
                return True
        return False

    for slot in range(len(slots)):
        place(slot, set())
    return tuple(filled)


def alternatives(slots: Sequence[Sequence[str]], filled: Sequence[str | None], empty: int) -> tuple[int, ...]:
    """The slots one of which somebody new would have to fill so that an empty slot of a matching gets filled.

    The empty slot itself comes first; the others are those whose persons can move over, step by step.

    Args:
        slots: As for `match`.
        filled: What `match` made of them.
        empty: A slot that it left empty.

    >>> slots = [["ann"], ["ann"], ["bo"]]
    >>> alternatives(slots, match(slots), 1)
    (1, 0)
    """
    holder = {person: slot for slot, person in enumerate(filled) if person is not None}
    reached = [empty]
    for slot in reached:
        for person in slots[slot]:
            other = holder[person]
            if other not in reached:
                reached.append(other)
    return tuple(reached[:1] + sorted(reached[1:]))


def match_in_order(slots: Sequence[Sequence[Offer]]) -> tuple[Offer, ...]:
    """Fill as many slots as possible from the first on, by different persons, on dates that never go back.

    Args:
        slots: For each slot, in order, its sorted offers.

    Returns:
        The offers taken for the first slots; shorter than ``slots`` where the next cannot be filled.

    >>> match_in_order([[(1, "ann"), (2, "bo")], [(2, "ann")]])
    ((2, 'bo'), (2, 'ann'))
    >>> match_in_order([[(5, "ann")], [(3, "bo")]])
    ((5, 'ann'),)
    """
    for length in range(len(slots), 0, -1):
        found = _fill(slots[:length])
        if found is not None:
            return found
    return ()


def _fill(slots: Sequence[Sequence[Offer]]) -> tuple[Offer, ...] | None:
    """Fill all slots in order, or None.

    Of those free for a slot only the first few in date are tried: the later slots need so many of them at
    most, and an earlier date never does harm. Dead ends are remembered by what they have in common, so the
    work grows with the number of slots, which policies keep small, and hardly with that of the offers.
    """
    last = len(slots) - 1
    wanted_later: list[set[str]] = [set()]
    for slot in reversed(slots[1:]):
        wanted_later.insert(0, wanted_later[0] | {person for _, person in slot})
    dead: set[tuple[int, int, frozenset[str]]] = set()

    def fill(slot: int, earliest: int, used: frozenset[str]) -> tuple[Offer, ...] | None:
        if slot > last:
            return ()
        state = (slot, earliest, used)
        if state in dead:
            return None
        for date, person in _first_free(slots[slot], earliest, used, wanted_later[slot], last - slot + 1):
            rest = fill(slot + 1, date, (used | {person}) & wanted_later[slot])
            if rest is not None:
                return ((date, person), *rest)
        dead.add(state)
        return None

    return fill(0, 0, frozenset())


def _first_free(
    offers: Sequence[Offer], earliest: int, used: Collection[str], wanted_later: Collection[str], most: int
) -> list[Offer]:
    """The offers worth trying: by so many persons at most, up to the first whom no later slot wants."""
    free: list[Offer] = []
    seen: set[str] = set()
    for date, person in offers[bisect_left(offers, (earliest, "")) :]:
        if person in used or person in seen:
            continue
        seen.add(person)
        free.append((date, person))
        if person not in wanted_later or len(free) == most:
            break
    return free
