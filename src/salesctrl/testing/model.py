"""What cases are, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal

from salesctrl.decision import Decision
from salesctrl.diagnostics import Span
from salesctrl.errors import FactProblem
from salesctrl.outcome import Outcome
from salesctrl.policy.documents import LocalText

if TYPE_CHECKING:
    from salesctrl.testing.seen import Seen

Data = Mapping[str, object]
Difference = tuple[str, str, str | None]
"""What was expected, what came out, and what to do, as text."""


@dataclass(frozen=True, slots=True)
class TestCase:
    """One example of a rule, one case of a document of tests, or one of a timeline.

    ``suite`` is the id of the rule, or the name of the document; ``number`` counts inside it from 1.
    ``places`` has the place in the YAML of each expectation, where it is known. ``overlays`` are those of the
    set that are laid over it for this case, over what the engine has already.

    A timeline has ``events`` where others have a ``control_point`` and what is ``given``; ``controls`` are
    the controls and ladders that look at them, all where it is ``None``. Its ``as_of`` is the day up to which
    time has gone.
    """

    __test__ = False  # no class of tests, whatever its name makes pytest think

    kind: Literal["example", "case", "timeline"]
    suite: str
    number: int
    name: LocalText
    control_point: str
    given: Data
    as_of: date | str | None
    expect: Data
    covers: tuple[str, ...]
    span: Span
    places: Mapping[str, Span]
    overlays: tuple[str, ...] = ()
    events: tuple[Data, ...] = ()
    controls: tuple[str, ...] | None = None

    @property
    def id(self) -> str:
        """The suite and the number in it: ``CR-18-2#1``."""
        return f"{self.suite}#{self.number}"


@dataclass(frozen=True, slots=True)
class Mismatch:
    """An expectation that does not hold: which, what was expected and what came out; and what to do."""

    what: str
    expected: str
    got: str
    span: Span
    help: str | None = None


@dataclass(frozen=True, slots=True)
class TestResult:
    """What became of a case: it passed if there is no mismatch and no problem.

    There is a decision, or of a timeline what was ``seen``. ``problems`` say why there is neither.
    """

    __test__ = False

    case: TestCase
    decision: Decision | None
    mismatches: tuple[Mismatch, ...] = ()
    problems: tuple[FactProblem, ...] = ()
    seen: Seen | None = None

    @property
    def passed(self) -> bool:
        """Whether all is as expected."""
        return not self.mismatches and not self.problems

    @property
    def outcome(self) -> Outcome | None:
        """The outcome; none if nothing was decided."""
        if self.seen is not None:
            return self.seen.outcome
        return None if self.decision is None else self.decision.outcome

    @property
    def fired(self) -> tuple[str, ...]:
        """The rules that fired, and the transitions that happened; none if nothing was decided."""
        if self.seen is not None:
            return self.seen.fired
        return () if self.decision is None else self.decision.fired


def shown(value: object) -> str:
    """What a test writes, or a list of ids, on one line.

    >>> shown(["R-1", "R-2"]), shown({"a": True}), shown(())
    ('R-1, R-2', 'a true', 'none')
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {shown(part)}" for key, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(shown(part) for part in value) or "none"
    return str(value)
