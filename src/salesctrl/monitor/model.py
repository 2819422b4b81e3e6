"""What the monitor speaks of: events, the patterns that matchers look for, and what they find.

An *event* says who did what, when, in which case. A *pattern* names some events of one group (a case, a
customer, a person) by variables; a *match* is a choice of different events of the group for all variables,
such that the fields in `same` are equal. Matchers find matches and nothing else: order in time, absence,
lists, deadlines and all that is decided by numbers comes after them, and is the same for every matcher.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

FIELDS = ("id", "case", "activity", "time", "on", "person", "role", "department")
"""The fields that every event has; all others are attributes."""

Attribute = object
"""An attribute of an event, as it was given: it is read like any fact when a control asks for it."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that was done in a case.

    ``time`` has a zone; ``on`` is the day of it in the zone of the log. What is not known is ``None``.
    """

    id: str
    case: str
    activity: str
    time: datetime
    on: date
    person: str | None = None
    role: str | None = None
    department: str | None = None
    attributes: Mapping[str, Attribute] = field(default_factory=dict)

    def get(self, name: str) -> Attribute:
        """A field of the event, or an attribute; ``None`` where it is not known.

        >>> from datetime import UTC
        >>> noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
        >>> event = Event("1", "SO-1", "take_order", noon, noon.date(), attributes={"customer": "C-9"})
        >>> event.get("case"), event.get("customer"), event.get("person")
        ('SO-1', 'C-9', None)
        """
        if name in _OWN:
            return getattr(self, name)
        return self.attributes.get(name)


_OWN = frozenset(FIELDS)


@dataclass(frozen=True, slots=True)
class Variable:
    """A place in a pattern: the activities of which one is wanted."""

    name: str
    activities: frozenset[str]


@dataclass(frozen=True, slots=True)
class Pattern:
    """Events of one group that together mean something.

    ``by`` are the fields that make a group, ``same`` those that are equal in all events of a match besides.
    An event that lacks one of either takes part in no match. Two variables never stand for one event.
    With ``first`` there is only one match for each key, the first that the arrival of events completes; of
    several that one event completes it is the one whose events arrived first, variable by variable.
    """

    name: str
    variables: tuple[Variable, ...]
    by: tuple[str, ...] = ("case",)
    same: tuple[str, ...] = ()
    first: bool = False

    @property
    def key(self) -> tuple[str, ...]:
        """All fields that the events of a match have in common."""
        return (*self.by, *self.same)


class Match(NamedTuple):
    """A choice of events for the variables of a pattern, in their order."""

    pattern: str
    events: tuple[str, ...]
    """The ids of the events."""
