"""Finding the events that belong together: one protocol, two implementations held equal by tests."""

from salesctrl.monitor.matchers.make import MatcherName, matcher
from salesctrl.monitor.matchers.protocol import (
    MAX_MATCHES,
    BadSnapshot,
    Finding,
    Group,
    Matcher,
    MatcherProblem,
    MatchersDiffer,
    Snapshot,
    TooManyMatches,
    UnfitPattern,
)

__all__ = [
    "MAX_MATCHES",
    "BadSnapshot",
    "Finding",
    "Group",
    "Matcher",
    "MatcherName",
    "MatcherProblem",
    "MatchersDiffer",
    "Snapshot",
    "TooManyMatches",
    "UnfitPattern",
    "matcher",
]
