"""Where a case stands on a ladder: the state, the steps that led there, what is due, what was found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, NamedTuple

from salesctrl.compile.cases import CheckedLadder
from salesctrl.evidence.reasons import RequirementResult
from salesctrl.monitor.findings import CaseFinding
from salesctrl.monitor.ladder_words import overdue, said_of
from salesctrl.outcome import Outcome
from salesctrl.policy.documents import LocalText

Kind = Literal["moved", "elapsed", "blocked", "out_of_order"]


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened on a ladder, or that was prevented.

    Attributes:
        transition: The id of the transition; none where the case began, and where an event was out of order.
        event: The event that it happened on; where time led on, the one since which time counts.
        on: The day.
        from_: The state before; none where the case began.
        to: The state that the transition leads to, or was to lead to where it was blocked.
        kind: ``moved`` on an event, ``elapsed``, ``blocked``, or ``out_of_order``.
        outcome: That of the decision; ``deny`` of what is out of order.
        because: Why, in a sentence.
        pending: What is required and was not there.
        notify: The roles that are to be told.
    """

    transition: str | None
    event: str
    on: date
    from_: str | None
    to: str
    kind: Kind
    outcome: Outcome
    because: LocalText | None = None
    pending: tuple[RequirementResult, ...] = ()
    notify: tuple[str, ...] = ()

    @property
    def has_moved(self) -> bool:
        """Whether the state is another since."""
        return self.kind in ("moved", "elapsed")

    def says_the_same(self, other: Step) -> bool:
        """Whether it says the same as another step, on whatever day and event."""
        mine = (self.transition, self.kind, self.outcome, self.because, self.pending)
        return mine == (other.transition, other.kind, other.outcome, other.because, other.pending)

    def to_dict(self) -> dict[str, object]:
        """The step as plain data."""
        return {
            "transition": self.transition,
            "event": self.event,
            "on": self.on.isoformat(),
            "from": self.from_,
            "to": self.to,
            "kind": self.kind,
            "outcome": str(self.outcome),
            "because": None if self.because is None else _texts(self.because),
            "pending": [result.to_dict() for result in self.pending],
            "notify": list(self.notify),
        }


class DueAction(NamedTuple):
    """What is to be done in a state: in time up to the end of the day ``on``.

    ``done`` is the day on which it was; ``is_overdue`` says that it was not, and that the day is over.
    """

    action: str
    owner: str
    on: date
    done: date | None
    is_overdue: bool


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a case stands on a ladder on a day.

    Attributes:
        ladder: The name of the ladder.
        group: The values of the fields that make a case of it: mostly the case alone.
        as_of: The day up to which time has gone; none if there are no events at all.
        state: The name of the state; none if the case has not begun.
        entered: The day it was entered.
        began: The day the case began.
        entered_by: The event that led to the state.
        steps: All that happened, in order.
        due: What is due in the state.
        version: The version of the ladder: the one in force on the day the case began.
        next_change: The next day on which something changes if no event comes: a transition comes, or what
            is due becomes overdue. None if nothing does.
    """

    ladder: str
    group: tuple[str, ...]
    as_of: date | None
    state: str | None = None
    entered: date | None = None
    began: date | None = None
    entered_by: str | None = None
    steps: tuple[Step, ...] = ()
    due: tuple[DueAction, ...] = ()
    version: CheckedLadder | None = None
    next_change: date | None = None

    def __repr__(self) -> str:
        where = "not begun" if self.state is None else f"{self.state} since {self.entered}"
        return f"Stage({self.ladder} of {'/'.join(self.group)} as of {self.as_of}: {where})"

    @property
    def is_final(self) -> bool:
        """Whether nothing follows."""
        return self.version is not None and self.version.states[self.state or ""].final

    @property
    def title(self) -> LocalText | None:
        """What people call the state."""
        return None if self.version is None else self.version.states[self.state or ""].title

    @property
    def findings(self) -> tuple[CaseFinding, ...]:
        """What is to be looked into: steps that were blocked or out of order, and what is overdue.

        What is overdue is found on the day after it was due, and no longer once it is done or the case moves.
        """
        found = [
            CaseFinding(
                self.ladder,
                () if step.transition is None else (step.transition,),
                step.outcome,
                self.group,
                (step.event,),
                step.on,
                () if step.because is None else (step.because,),
                step.notify,
            )
            for step in self.steps
            if not step.has_moved
        ]
        for due in self.due:
            if due.is_overdue and self.entered_by is not None:
                said = overdue(due.action, due.on)
                first = due.on + timedelta(days=1)
                group, events = self.group, (self.entered_by,)
                found.append(
                    CaseFinding(self.ladder, (), Outcome.FLAG, group, events, first, (said,), (due.owner,))
                )
        return tuple(found)

    def say(self, lang: Literal["en", "zh"] = "en") -> str:
        """The state, what happened and what is due, a line each."""
        return said_of(self, lang)

    def to_dict(self) -> dict[str, object]:
        """The stage as plain data."""
        return {
            "ladder": self.ladder,
            "group": list(self.group),
            "as_of": _iso(self.as_of),
            "state": self.state,
            "entered": _iso(self.entered),
            "began": _iso(self.began),
            "steps": [step.to_dict() for step in self.steps],
            "due": [
                {
                    "action": due.action,
                    "owner": due.owner,
                    "on": _iso(due.on),
                    "done": _iso(due.done),
                    "overdue": due.is_overdue,
                }
                for due in self.due
            ],
            "findings": [finding.to_dict() for finding in self.findings],
        }


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _texts(text: LocalText) -> dict[str, str]:
    return {"en": text.get("en"), "zh": text.get("zh")}
