"""Timelines as worked examples: the events as they are given, and what a monitor makes of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from salesctrl.decision.words import OUTCOMES
from salesctrl.handbook.examples import Data, ExampleWriter
from salesctrl.handbook.markdown import escaped, shown_columns, table
from salesctrl.handbook.model import Suite
from salesctrl.monitor.findings import SEGREGATION
from salesctrl.monitor.ladder_stage import DueAction, Stage
from salesctrl.policy.documents import LocalText
from salesctrl.testing import TestResult

_EVENT = "event"
_TOLD = ("activity", "time", "id", "case")
_MINUTES = len("2026-03-01 09:30")


class TimelineWriter(ExampleWriter):
    """Writes the timelines of one page."""

    def lines(self, suite: Suite) -> Iterator[str]:
        """The lines of a timeline: a heading, who looks at it, a table."""
        case = suite.results[0].case
        title = suite.title.get(self.words.lang) if suite.title is not None else case.suite
        yield from (f"### {escaped(title)}", "")
        controls = case.controls
        if controls is None:
            yield self.words.tell("by_all")
        else:
            names = [self._control(name) for name in controls]
            yield self.words.tell("looked_at", names=self.words.join(names, "list"))
        yield ""
        keys = ("example", "controls", "events", "outcome", "fired", "came")
        rows = [self._timeline(result) for result in suite.results]
        yield from table(*shown_columns([self.words.tell(key) for key in keys], rows))

    def _control(self, name: str) -> str:
        """What a control or a ladder is called, by its title."""
        if name == SEGREGATION:
            return self.words.tell("segregation")
        cases = self.engine.checked.cases
        titles: Mapping[str, LocalText] = {
            **{one.name: one.title for one in cases.controls},
            **{one.name: one.title for one in cases.ladders},
        }
        return escaped(titles[name].get(self.words.lang)) if name in titles else f"`{name}`"

    def _timeline(self, result: TestResult) -> list[str]:
        case = result.case
        events = [self._event(event) for event in case.events]
        if case.as_of is not None:
            events.append(self.words.tell("up_to", date=case.as_of))
        if case.overlays:
            events.append(self.words.tell("overlays", names=self.words.join(case.overlays, "list")))
        name, covers = escaped(case.name.get(self.words.lang)), ", ".join(case.covers)
        return [name, covers, self.words.join(events, "semicolon"), *self._came(result)]

    # -- events --------------------------------------------------------------------------------------

    def _event(self, given: Data) -> str:
        """One event: when, what, and what else is known of it."""
        activities = self.engine.checked.cases.activities
        written = str(given.get("activity", ""))
        known = activities.find(written)
        title = written if known is None else activities.by_name[known].title.get(self.words.lang)
        moment = str(given.get("time", "")).replace("T", " ")[:_MINUTES].removesuffix(" 00:00")
        said = [self._attribute(name, value) for name, value in given.items() if name not in _TOLD]
        if "case" in given:
            said.insert(0, self.words.tell("in_case", case=escaped(str(given["case"]))))
        more = f" {self.words.brackets(self.words.join(said))}" if said else ""
        return f"{escaped(moment)} {escaped(title)}{more}".strip()

    def _attribute(self, name: str, value: object) -> str:
        if name == "person":
            return self._person(value)
        if name == "role":
            return self._role(str(value))
        field = self.vocabulary.field(_EVENT, name)
        title = field.title.get(self.words.lang) if field is not None else name
        return f"{escaped(title)} {self._value(value, field)}"

    # -- what came of them -------------------------------------------------------------------------------

    def _came(self, result: TestResult) -> list[str]:
        """The outcome, the rules, and where the cases stand on ladders."""
        seen = result.seen
        if seen is None:
            problem = str(result.problems[0].message) if result.problems else ""
            return [self.words.tell("cannot", problem=escaped(problem)), "", ""]
        said = [f"**{self.words.of(OUTCOMES[seen.outcome.value])}**"]
        if seen.incomplete:
            names = [self._control(name) for name in seen.incomplete]
            said.append(self.words.tell("not_judged", names=self.words.join(names, "list")))
        if seen.rejected:
            said.append(self.words.tell("rejected", count=len(seen.rejected)))
        if not result.passed:
            said.append(self.words.tell("not_as_expected"))
        came = [text for stage in seen.each_stage for text in self._stage(stage)]
        if seen.blocked:
            came.append(self.words.tell("blocked", rules=self.words.join(seen.blocked, "list")))
        if seen.out_of_order:
            activities = self.engine.checked.cases.activities.by_name
            names = [escaped(activities[name].title.get(self.words.lang)) for name in seen.out_of_order]
            came.append(self.words.tell("out_of_order", names=self.words.join(names, "list")))
        return [
            self.words.join(said, "semicolon"),
            self.words.join(seen.fired, "list"),
            self.words.join(came, "semicolon"),
        ]

    def _stage(self, stage: Stage) -> Iterator[str]:
        title = stage.title
        assert title is not None  # only cases that have begun are seen
        ladder, state = self._control(stage.ladder), escaped(title.get(self.words.lang))
        yield self.words.tell("state", ladder=ladder, state=state, date=stage.entered)
        yield from (self._due(due) for due in stage.due)

    def _due(self, due: DueAction) -> str:
        action = self._coded(due.action)
        known = self.engine.checked.cases.activities.find(due.action)
        if known is not None and due.action not in self.vocabulary.terms:
            title = self.engine.checked.cases.activities.by_name[known].title
            action = escaped(title.get(self.words.lang))
        if due.done is not None:
            return self.words.tell("done_on", date=due.done, action=action)
        return self.words.tell("late_since" if due.is_overdue else "due_on", date=due.on, action=action)
