"""Policy sets with ladders, from text; random ones, and an account of their meaning that shares no code."""

from __future__ import annotations

import calendar
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from textwrap import dedent
from types import SimpleNamespace

from hypothesis import strategies as st

import salesctrl
from salesctrl.engine import Engine
from salesctrl.monitor.ladders import Ladder, ladders_of
from salesctrl.monitor.model import Event

BASE = """\
vocabulary: v
currency: CNY
kinds:
  event:
    fields:
      amount: {type: money, title: {en: Amount, zh: 金额}, optional: true}
      customer: {type: text, title: {en: Customer, zh: 客户}, optional: true}
activities:
  begin: {title: {en: Falls due, zh: 到期}}
  a: {title: {en: Does a, zh: 甲}}
  b: {title: {en: Does b, zh: 乙}}
  hand_in: {title: {en: Hands in, zh: 提交}, evidence: {document: paper}}
  approve: {title: {en: Approves, zh: 审批}, duty: approving, evidence: {approval: true}}
  pay: {title: {en: Pays, zh: 付款}, evidence: {payment: amount}}
  call: {title: {en: Calls, zh: 致电}, evidence: {action: phone}}
  other: {title: {en: Does something else, zh: 其他}}
terms:
  paper: {en: paper, zh: 文件}
  phone: {en: call, zh: 电话}
---
organisation: o
roles:
  boss: {title: {en: Boss, zh: 主管}}
  clerk: {title: {en: Clerk, zh: 文员}}
duties:
  approving: {title: {en: Approves, zh: 审批}}
---
"""
START = date(2026, 1, 30)


def engine_of(ladder: str) -> Engine:
    """An engine of the vocabulary above and a ladder, or several."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "set.yaml").write_text(BASE + dedent(ladder), "utf-8")
        return salesctrl.load(folder)


def ladder_of(text: str) -> Ladder:
    """The one ladder of a text."""
    (ladder,) = ladders_of(engine_of(text)).values()
    return ladder


def event(number: int, activity: str, day: float, **more: object) -> Event:
    """An event so many days after the start; without a time of day it is noon."""
    own = {name: more.pop(name) for name in ("case", "person", "role") if name in more}
    on = START + timedelta(days=int(day))
    time = datetime(on.year, on.month, on.day, 12, tzinfo=UTC) + timedelta(hours=(day % 1) * 24 / 2)
    return Event(f"{number:03}", str(own.pop("case", "C-1")), activity, time, on, **own, attributes=more)  # type: ignore[arg-type]


# --- random ladders ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Guard:
    """A guard as the language says it, and as this page means it."""

    text: str
    kind: str
    number: int = 0


@dataclass(frozen=True)
class Way:
    id: str
    sources: tuple[str, ...]
    target: str
    on: tuple[str, ...] = ()
    after: str | None = None
    guard: Guard | None = None
    review: str | None = None


@dataclass(frozen=True)
class Made:
    states: tuple[str, ...]
    ways: tuple[Way, ...]

    @property
    def yaml(self) -> str:
        lines = ["ladder: made", "begins: begin", "states:"]
        lines += [f"  {name}: {{}}" for name in self.states]
        lines.append("transitions:")
        for way in self.ways:
            parts = [f"id: {way.id}", f"from: [{', '.join(way.sources)}]", f"to: {way.target}"]
            if way.on:
                parts.append(f"on: {{activity: [{', '.join(way.on)}]}}")
            if way.after:
                parts.append(f"after: {way.after}")
            if way.guard:
                parts.append(f"when: '{way.guard.text}'")
            if way.review == "document":
                parts.append("review: [{document: paper}]")
            if way.review == "approval":
                parts.append("review: [{approval: boss}]")
            lines.append(f"  - {{{', '.join(parts)}}}")
        return "\n".join(lines) + "\n"


DAYS = st.builds(lambda n: Guard(f"stage.days >= {n} days", "days", n), st.integers(0, 6))
COUNT = st.builds(
    lambda n: Guard(f'count(e for e in stage.events if e.activity == "other") >= {n}', "count", n),
    st.integers(0, 3),
)
PERSON = st.just(Guard('event.person == "7"', "person"))
REVIEW = st.sampled_from([None, None, "document", "approval"])
MOVING = ("a", "b", "hand_in", "begin")


@st.composite
def ladders(draw: st.DrawFn) -> Made:
    """Small ladders in which every state can be reached."""
    states = tuple(f"s{n}" for n in range(draw(st.integers(2, 4))))
    ways: list[Way] = []

    def add(sources: tuple[str, ...], target: str) -> None:
        name = f"T-{len(ways) + 1}"
        review = draw(REVIEW)
        if draw(st.booleans()):
            on = tuple(draw(st.lists(st.sampled_from(MOVING), min_size=1, max_size=2, unique=True)))
            ways.append(Way(name, sources, target, on, None, draw(st.none() | DAYS | COUNT | PERSON), review))
        else:
            after = draw(st.sampled_from(["1 days", "2 days", "5 days", "1 months"]))
            ways.append(Way(name, sources, target, (), after, draw(st.none() | COUNT), review))

    for before, after in pairwise(states):
        add((before,), after)
    some = st.lists(st.sampled_from(states), min_size=1, max_size=3, unique=True).map(tuple)
    for _ in range(draw(st.integers(0, 3))):
        add(draw(some), draw(st.sampled_from(states)))
    return Made(states, tuple(draw(st.permutations(ways))))


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    """Events of one case; some at the same moment."""
    found = []
    for number in range(draw(st.integers(0, 12))):
        activity = draw(st.sampled_from(["begin", "a", "a", "b", "hand_in", "approve", "other", "call"]))
        who = draw(st.sampled_from([None, "7", "8"]))
        role = draw(st.sampled_from([None, "boss", "clerk"]))
        day = draw(st.integers(0, 40)) + draw(st.sampled_from([0, 0.25, 0.5]))
        found.append(event(number, activity, day, person=who, role=role))
    if draw(st.booleans()):
        found.append(event(99, "begin", 0))
    return found


# --- what they mean -----------------------------------------------------------------------------------------


def _later(day: date, length: str) -> date:
    number, unit = length.split()
    if unit == "days":
        return day + timedelta(days=int(number))
    month = day.month - 1 + int(number)
    year, month = day.year + month // 12, month % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


@dataclass
class Account:
    """A case on a ladder, day by day, as the guide tells it."""

    made: Made
    state: str | None = None
    entered: date = date.min
    steps: list[tuple[str | None, date, str | None, str, str, str]] = field(default_factory=list)
    seen: list[Event] = field(default_factory=list)
    said: dict[str, str] = field(default_factory=dict)

    def run(self, events: Sequence[Event], as_of: date | None) -> Account:
        events = sorted((e for e in events if as_of is None or e.on <= as_of), key=lambda e: (e.time, e.id))
        if not events and as_of is None:
            return self
        last = as_of or events[-1].on
        day = min([last, *(e.on for e in events)])
        while day <= last:
            self.morning(day)
            for one in events:
                if one.on == day:
                    self.happens(one, day)
            day += timedelta(days=1)
        return self

    def timed(self, test) -> list[list[Way]]:
        """Ways that time leads, by the day on which it does."""
        ends: dict[date, list[Way]] = {}
        for way in self.made.ways:
            if way.after and self.state in way.sources:
                ends.setdefault(_later(self.entered, way.after), []).append(way)
        return [ends[end] for end in sorted(ends) if test(end)]

    def morning(self, day: date) -> None:
        moved = True
        while moved and self.state is not None:
            moved = any(self.try_(ways, day, None) for ways in self.timed(lambda end: end == day)[:1])

    def happens(self, one: Event, day: date) -> None:
        self.seen.append(one)
        if self.state is None:
            if one.activity == "begin":
                self.enter(self.made.states[0], day)
                self.steps.append((None, day, None, self.made.states[0], "moved", "allow"))
            return
        ways = [way for way in self.made.ways if one.activity in way.on and self.state in way.sources]
        if ways and self.try_(ways, day, one):
            return
        if not ways and any(one.activity in way.on for way in self.made.ways):
            self.steps.append((None, day, self.state, self.state, "out_of_order", "deny"))
        for late in self.timed(lambda end: end <= day):
            if self.try_(late, day, None):
                self.morning(day)
                return

    def try_(self, ways: Sequence[Way], day: date, one: Event | None) -> bool:
        for way in ways:
            holds = self.holds(way.guard, day, one)
            if holds is False:
                continue
            outcome = "incomplete" if holds is None else "allow" if self.has(way.review, day) else "review"
            if outcome != "allow":
                if one is not None or self.said.get(way.id) != outcome:
                    self.steps.append((way.id, day, self.state, way.target, "blocked", outcome))
                if one is None:
                    self.said[way.id] = outcome
                return False
            kind = "elapsed" if way.after else "moved"
            self.steps.append((way.id, day, self.state, way.target, kind, outcome))
            self.enter(way.target, day)
            return True
        return False

    def enter(self, state: str, day: date) -> None:
        self.state, self.entered, self.said = state, day, {}

    def holds(self, guard: Guard | None, day: date, one: Event | None) -> bool | None:
        if guard is None:
            return True
        if guard.kind == "days":
            return (day - self.entered).days >= guard.number
        if guard.kind == "count":
            return sum(e.activity == "other" for e in self.seen) >= guard.number
        assert one is not None
        return None if one.person is None else one.person == "7"

    def has(self, review: str | None, day: date) -> bool:
        if review == "document":
            return any(e.activity == "hand_in" for e in self.seen)
        if review == "approval":
            return any(e.activity == "approve" and e.person and e.role == "boss" for e in self.seen)
        return True

    @property
    def summary(self) -> SimpleNamespace:
        return SimpleNamespace(
            state=self.state, entered=None if self.state is None else self.entered, steps=self.steps
        )
