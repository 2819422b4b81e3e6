"""What a monitor saw of a timeline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from salesctrl.decision.words import Words
from salesctrl.monitor.findings import CaseFinding, Rejected
from salesctrl.monitor.ladder_stage import Stage, Step
from salesctrl.monitor.model import Event
from salesctrl.outcome import Outcome

_TEXTS = {
    "stage": ("{ladder} of {case}", "{case}的{ladder}"),
    "found": ("{on} {outcome} {said} (events {events})", "{on} {outcome} {said}（事件 {events}）"),
    "rejected": ("event {event} rejected: {reason} [{code}]", "未采纳事件 {event}：{reason} [{code}]"),
    "nothing": ("nothing was found", "无发现"),
}


@dataclass(frozen=True, slots=True)
class Seen:
    """What stands at the end of a timeline.

    Attributes:
        as_of: The day up to which time has gone; none if there was no event and no day was named.
        events: The events that were taken, in the order of time.
        findings: What was found, by day.
        stages: Where the cases stand that have begun on a ladder, by ladder and group.
        rejected: The events that were not taken.
    """

    as_of: date | None
    events: tuple[Event, ...]
    findings: tuple[CaseFinding, ...]
    stages: Mapping[str, Mapping[tuple[str, ...], Stage]]
    rejected: tuple[Rejected, ...]

    @property
    def each_stage(self) -> tuple[Stage, ...]:
        """All stages."""
        return tuple(stage for groups in self.stages.values() for stage in groups.values())

    @property
    def steps(self) -> tuple[Step, ...]:
        """What happened on ladders, and what was prevented."""
        return tuple(step for stage in self.each_stage for step in stage.steps)

    @property
    def fired(self) -> tuple[str, ...]:
        """The rules of findings, and the transitions that happened; each once."""
        names = [rule for one in self.findings if one.control not in self.stages for rule in one.rules]
        names += [step.transition for step in self.steps if step.has_moved and step.transition is not None]
        return tuple(dict.fromkeys(names))

    @property
    def blocked(self) -> tuple[str, ...]:
        """The transitions that did not happen though their time or their event had come; each once."""
        names = [step.transition for step in self.steps if step.kind == "blocked"]
        return tuple(dict.fromkeys(name for name in names if name is not None))

    @property
    def incomplete(self) -> tuple[str, ...]:
        """The controls and ladders that could not judge something; each once."""
        return tuple(dict.fromkeys(one.control for one in self.findings if one.outcome is Outcome.INCOMPLETE))

    @property
    def out_of_order(self) -> tuple[str, ...]:
        """The activities that no state of a ladder expected; each once."""
        activities = {event.id: event.activity for event in self.events}
        stray = [step.event for step in self.steps if step.kind == "out_of_order"]
        return tuple(dict.fromkeys(activities[event] for event in stray))

    @property
    def overdue(self) -> tuple[str, ...]:
        """The actions that were due and are not done; each once."""
        due = [one for stage in self.each_stage for one in stage.due]
        return tuple(dict.fromkeys(one.action for one in due if one.is_overdue))

    @property
    def outcome(self) -> Outcome:
        """The gravest of all findings; at least ``incomplete`` where events were rejected."""
        found = [one.outcome for one in self.findings]
        if self.rejected:
            found.append(Outcome.INCOMPLETE)
        return max(found, key=lambda outcome: outcome.rank, default=Outcome.ALLOW)

    def say(self, lang: Literal["en", "zh"] = "en") -> str:
        """Stages, findings and rejected events, a line each and more for a stage."""
        words = Words(lang)
        lines: list[str] = []
        for stage in self.each_stage:
            case = "/".join(stage.group)
            lines.append(words.of(_TEXTS["stage"]).format(ladder=stage.ladder, case=case))
            lines += [f"  {line}" for line in stage.say(lang).splitlines()]
        for one in self.findings:
            said = one.say(lang)
            events = words.join(one.events, "list") or "—"
            outcome = one.outcome.value
            text = words.of(_TEXTS["found"])
            lines.append(text.format(on=one.on, outcome=outcome, said=said, events=events))
        for event in self.rejected:
            text = words.of(_TEXTS["rejected"])
            lines.append(text.format(event=event.event, reason=event.reason, code=event.code))
        return "\n".join(lines or [words.of(_TEXTS["nothing"])])
