"""What a matcher is asked for and what it answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from salesctrl.errors import SalesctrlError
from salesctrl.monitor.model import Event, Match

MAX_MATCHES = 10_000
"""How many matches of a pattern a group may have, where nothing else is said."""

Snapshot = Mapping[str, Any]
"""What a matcher remembers, as plain data that JSON can hold."""


class Group(NamedTuple):
    """The events that have the same values in the fields ``by``: those of a case, say."""

    by: tuple[str, ...]
    values: tuple[str, ...]

    def __str__(self) -> str:
        return ", ".join(f"{name} `{value}`" for name, value in zip(self.by, self.values, strict=True))


class TooManyMatches(NamedTuple):
    """A pattern has more matches in a group than it may have; this and later ones are not told.

    >>> print(TooManyMatches("same-hands", Group(("case",), ("SO-1",))))
    too many matches of `same-hands` in case `SO-1`
    """

    pattern: str
    group: Group

    def __str__(self) -> str:
        return f"too many matches of `{self.pattern}` in {self.group}"


class MatcherProblem(NamedTuple):
    """A group whose matches cannot be told, of whichever pattern, until it is closed or forgotten.

    >>> print(MatcherProblem(Group(("case",), ("SO-1",)), "no answer within 30 s"))
    no matches can be told in case `SO-1`: no answer within 30 s
    """

    group: Group
    reason: str

    def __str__(self) -> str:
        return f"no matches can be told in {self.group}: {self.reason}"


Finding = Match | TooManyMatches | MatcherProblem
"""What an event brings about. Whoever reads matches has to look at the other two too."""


class Matcher(Protocol):
    """Finds the matches of patterns, event by event.

    What is found depends on the events and their order of arrival alone, never on a clock. The ids of events
    are unique; the caller sees to it. A matcher is used by one thread at a time.
    """

    def add(self, event: Event) -> list[Finding]:
        """The new matches that this event completes, and what is wrong.

        Matches are sorted by the name of the pattern, then by the arrival of their events, variable by
        variable. In place of the matches of a pattern may stand `TooManyMatches`: once for a pattern and
        group. Problems of whole groups come last, once for a group.
        """

    def add_many(self, events: Iterable[Event]) -> list[list[Finding]]:
        """As `add` for one event after the other: for each event what it brings about."""

    def close(self, case: str) -> None:
        """Forget all groups of this case. An event that comes later begins them anew."""

    def forget(self, before: datetime) -> None:
        """Forget earlier events in groups that no case closes: those of a customer or a person.

        A group, or a key of a pattern with `first`, is forgotten with its last event.
        """

    def dump(self) -> dict[str, Any]:
        """All that is remembered, to be kept and loaded by a later process."""

    def load(self, snapshot: Snapshot) -> None:
        """Go on where a matcher of the same patterns was when it was dumped; what was known before is lost.

        Raises:
            BadSnapshot: It is of other patterns, or no snapshot of this kind of matcher.
        """

    def stop(self) -> None:
        """Let go of what the matcher holds outside of this process. It must not be used afterwards."""


class MatchersDiffer(SalesctrlError):
    """Two matchers do not find the same: a defect of one of them, so neither is believed.

    >>> print(MatchersDiffer("SO-1/7", [Match("same-hands", ("SO-1/2", "SO-1/7"))], []))
    the matchers differ after event `SO-1/7`: the reference finds
      Match(pattern='same-hands', events=('SO-1/2', 'SO-1/7'))
    and durable-rules finds
      nothing
    """

    event: str
    reference: tuple[Finding, ...]
    durable: tuple[Finding, ...]

    def __init__(self, event: str, reference: Iterable[Finding], durable: Iterable[Finding]) -> None:
        self.event = event
        self.reference = tuple(reference)
        self.durable = tuple(durable)
        super().__init__(event, self.reference, self.durable)

    def __str__(self) -> str:
        def lines(findings: tuple[Finding, ...]) -> str:
            return "\n".join(f"  {one!r}" for one in findings) or "  nothing"

        return (
            f"the matchers differ after event `{self.event}`: the reference finds\n{lines(self.reference)}\n"
            f"and durable-rules finds\n{lines(self.durable)}"
        )


class BadSnapshot(SalesctrlError):
    """What a matcher is to go on from was not dumped by one like it."""


class UnfitPattern(SalesctrlError):
    """A pattern that a matcher cannot look for."""
