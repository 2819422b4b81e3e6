"""Making a matcher by its name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from salesctrl.monitor.matchers.protocol import MAX_MATCHES, Matcher
from salesctrl.monitor.matchers.reference import ReferenceMatcher
from salesctrl.monitor.model import Pattern

MatcherName = Literal["reference", "durable", "both"]


def matcher(name: MatcherName, patterns: Iterable[Pattern], *, max_matches: int = MAX_MATCHES) -> Matcher:
    """A matcher for patterns.

    Args:
        name: ``reference``, ``durable`` (durable-rules, in a process of its own), or ``both``, which raises
            `MatchersDiffer` where they do not find the same.
        patterns: What to look for.
        max_matches: How many matches of a pattern a group may have.

    Raises:
        MissingExtra: durable-rules is not installed.
        UnfitPattern: A pattern that the matcher cannot look for.
        ValueError: There is no matcher of this name.

    >>> matcher("reference", []).dump()["arrived"]
    0
    """
    if name == "reference":
        return ReferenceMatcher(patterns, max_matches=max_matches)
    if name == "durable":
        from salesctrl.monitor.matchers.durable import DurableMatcher

        return DurableMatcher(patterns, max_matches=max_matches)
    if name == "both":
        from salesctrl.monitor.matchers.both import BothMatchers

        return BothMatchers(patterns, max_matches=max_matches)
    raise ValueError(f"expected `reference`, `durable` or `both` but got `{name}`")
