"""The matcher that believes its two implementations only where they agree."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from salesctrl.monitor.matchers.durable import DurableMatcher
from salesctrl.monitor.matchers.keys import group_at, key_reader
from salesctrl.monitor.matchers.protocol import (
    MAX_MATCHES,
    BadSnapshot,
    Finding,
    Group,
    MatchersDiffer,
    Snapshot,
)
from salesctrl.monitor.matchers.reference import ReferenceMatcher
from salesctrl.monitor.model import Event, Match, Pattern


class BothMatchers:
    """Runs the reference and durable-rules, and tells what both find.

    A group of which durable-rules can tell nothing has its problem, and is compared no further.

    Raises:
        MissingExtra: durable-rules is not installed.
        UnfitPattern: A pattern is too long for durable-rules.
    """

    def __init__(self, patterns: Iterable[Pattern], *, max_matches: int = MAX_MATCHES, timeout: float = 30.0):
        patterns = list(patterns)
        self._reference = ReferenceMatcher(patterns, max_matches=max_matches)
        self._durable = DurableMatcher(patterns, max_matches=max_matches, timeout=timeout)
        self._by = {pattern.name: (pattern.by, key_reader(pattern.by)) for pattern in patterns}

    def add(self, event: Event) -> list[Finding]:
        """The new matches that this event completes, and what is wrong.

        Raises:
            MatchersDiffer: Only one of the two finds something.
        """
        return self.add_many([event])[0]

    def add_many(self, events: Iterable[Event]) -> list[list[Finding]]:
        """As `add` for one event after the other."""
        events = list(events)
        found = self._durable.add_many(events)
        for event, ours, theirs in zip(events, self._reference.add_many(events), found, strict=True):
            if ours != theirs:
                self._compare(event, ours, theirs)
        return found

    def _compare(self, event: Event, ours: Sequence[Finding], theirs: Sequence[Finding]) -> None:
        def told(findings: Sequence[Finding]) -> list[Finding]:
            return [one for one in findings if not self._durable.has_failed(self._group(one, event))]

        if told(ours) != told(theirs):
            raise MatchersDiffer(event.id, ours, theirs)

    def _group(self, finding: Finding, event: Event) -> Group:
        if not isinstance(finding, Match):
            return finding.group
        by, read = self._by[finding.pattern]
        key = read(event)
        assert key
        return group_at(by, key)

    def close(self, case: str) -> None:
        """Forget all groups of this case."""
        self._reference.close(case)
        self._durable.close(case)

    def forget(self, before: datetime) -> None:
        """Forget earlier events in groups that no case closes."""
        self._reference.forget(before)
        self._durable.forget(before)

    def dump(self) -> dict[str, Any]:
        """All that both remember."""
        return {"reference": self._reference.dump(), "durable": self._durable.dump()}

    def load(self, snapshot: Snapshot) -> None:
        """Go on from a snapshot."""
        try:
            reference, durable = snapshot["reference"], snapshot["durable"]
        except (KeyError, TypeError) as error:
            raise BadSnapshot("expected what both matchers have dumped but got something else") from error
        self._reference.load(reference)
        self._durable.load(durable)

    def stop(self) -> None:
        """End the process of durable-rules."""
        self._reference.stop()
        self._durable.stop()
