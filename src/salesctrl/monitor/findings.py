"""What the monitor tells: findings about events, and events that it could not take."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, NamedTuple

from salesctrl.compile.cases import SEGREGATION as SEGREGATION
from salesctrl.decision.model import Decision
from salesctrl.monitor.model import Event
from salesctrl.outcome import Outcome
from salesctrl.policy.documents import LocalText

Decide = Callable[[str, Mapping[str, object], date], Decision]
"""Decides at a control point on facts, on a day; facts that are wrong make the decision incomplete."""


@dataclass(frozen=True, slots=True)
class CaseFinding:
    """Something that a control, a ladder or the segregation of duties found, and the events that prove it.

    ``control`` is the name of the control or ladder, ``rules`` the ids of the rules that fired. ``group`` are
    the values of the fields that make the group: mostly the case alone. ``on`` is the day of the decision.
    ``reason`` says why something could not be judged (then the outcome is ``incomplete``).
    """

    control: str
    rules: tuple[str, ...]
    outcome: Outcome
    group: tuple[str, ...]
    events: tuple[str, ...]
    on: date
    because: tuple[LocalText, ...] = ()
    notify: tuple[str, ...] = ()
    reason: LocalText | None = None
    decision: Decision | None = field(default=None, compare=False, repr=False)

    @property
    def key(self) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
        """What tells it from other findings: control, group, events."""
        return self.control, self.group, self.events

    @property
    def order(self) -> tuple[object, ...]:
        """What findings are sorted by: day, control, group, rules, events."""
        return self.on, self.control, self.group, self.rules, self.events

    def say(self, lang: Literal["en", "zh"] = "en") -> str:
        """The finding in words.

        >>> text = LocalText(en="nobody approves an order that they took", zh="接单人不得审批同一订单")
        >>> found = CaseFinding("segregation", ("IC-1",), Outcome.DENY, ("SO-1",), ("4", "7"),
        ...                     date(2026, 3, 1), (text,))
        >>> found.say()
        'IC-1: nobody approves an order that they took'
        """
        words = [text.get(lang) for text in self.because]
        if self.reason is not None:
            words.append(self.reason.get(lang))
        stop = "；" if lang == "zh" else "; "
        colon = "：" if lang == "zh" else ": "
        return f"{', '.join(self.rules) or self.control}{colon}{stop.join(words)}"

    def to_dict(self) -> dict[str, object]:
        """The finding as plain data."""
        return {
            "control": self.control,
            "rules": list(self.rules),
            "outcome": str(self.outcome),
            "group": list(self.group),
            "events": list(self.events),
            "on": self.on.isoformat(),
            "because": [{"en": text.get("en"), "zh": text.get("zh")} for text in self.because],
            "notify": list(self.notify),
            "reason": None
            if self.reason is None
            else {"en": self.reason.get("en"), "zh": self.reason.get("zh")},
        }


class Change(NamedTuple):
    """A finding is there, or is there no longer because of an event that came late."""

    kind: Literal["found", "withdrawn"]
    finding: CaseFinding


@dataclass(frozen=True, slots=True)
class Rejected:
    """An event that was not taken: which, why, and what to do."""

    event: str
    case: str | None
    code: str
    reason: str


def event_facts(event: Event) -> dict[str, object]:
    """An event as facts: its own fields and its attributes."""
    return {
        **event.attributes,
        "id": event.id,
        "case": event.case,
        "activity": event.activity,
        "time": event.time,
        "on": event.on,
        "person": event.person,
        "role": event.role,
        "department": event.department,
    }


def of_decision(
    control: str, group: tuple[str, ...], events: tuple[str, ...], on: date, decision: Decision
) -> CaseFinding | None:
    """The finding that a decision on a match is, or none where it is in order and tells nobody."""
    told = tuple(f for f in decision.findings if f.outcome not in (None, Outcome.ALLOW) or f.notify)
    if decision.outcome is Outcome.ALLOW and not any(found.notify for found in told):
        return None
    reason = None
    if decision.outcome is Outcome.INCOMPLETE:
        missing = ", ".join(decision.missing)
        reason = LocalText(en="not everything that it asks for is known", zh="所需事实不全")
        if missing:
            reason = LocalText(en=f"not known: {missing}", zh=f"未知：{missing}")
    return CaseFinding(
        control,
        tuple(found.rule for found in told),
        decision.outcome,
        group,
        events,
        on,
        tuple(found.because for found in told if found.because is not None),
        tuple(dict.fromkeys(role for found in told for role in found.notify)),
        reason,
        decision,
    )
