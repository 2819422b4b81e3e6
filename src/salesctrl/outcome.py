"""The outcomes of a decision, in their order."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """What a decision comes to; the highest of its rules' outcomes.

    >>> Outcome.REVIEW < Outcome.INCOMPLETE < Outcome.DENY
    True
    >>> max(Outcome.ALLOW, Outcome.FLAG)
    <Outcome.FLAG: 'flag'>
    """

    ALLOW = "allow"
    """It may go ahead."""
    FLAG = "flag"
    """It may go ahead, and is listed."""
    REVIEW = "review"
    """Something is still required: an approval, a document, a payment, an action."""
    INCOMPLETE = "incomplete"
    """It cannot be decided: an input is missing or in error."""
    DENY = "deny"
    """It may not go ahead."""

    @property
    def rank(self) -> int:
        """The place in the order, from 0."""
        return _RANK[self]

    def __lt__(self, other: str) -> bool:
        return self.rank < Outcome(other).rank

    def __le__(self, other: str) -> bool:
        return self.rank <= Outcome(other).rank

    def __gt__(self, other: str) -> bool:
        return self.rank > Outcome(other).rank

    def __ge__(self, other: str) -> bool:
        return self.rank >= Outcome(other).rank


OUTCOMES = tuple(Outcome)
_RANK = {outcome: rank for rank, outcome in enumerate(OUTCOMES)}
