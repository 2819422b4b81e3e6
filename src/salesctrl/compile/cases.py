"""Activities, the patterns of controls over cases, and ladders, with every name resolved.

What follows from a match, and the guards of transitions, are policies (see `derived_cases`); here is what the
monitor needs besides: which events belong together, and how states follow one another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from salesctrl.calendar import FIRST_DAY, LAST_DAY, DateRange, add_days, add_months
from salesctrl.compile.checked import CheckedPolicy, Interval
from salesctrl.compile.derived_cases import (
    EVENT,
    EVENT_FIELDS,
    case_point,
    ladder_point,
    report_no_activities,
    transition_title,
)
from salesctrl.compile.rules import interval
from salesctrl.diagnostics import Diagnostics, Span, suggest
from salesctrl.policy.documents import (
    AroundSpec,
    CaseControlDocument,
    EventSpec,
    EvidenceSpec,
    LadderDocument,
    LocalText,
    Period,
    TimelineDocument,
    Vocabulary,
)
from salesctrl.policy.literals import BadLiteral, Constant, parse_literal
from salesctrl.policy.loader import Loaded, PolicySet
from salesctrl.policy.organisation import Organisation, normal
from salesctrl.policy.types import Base
from salesctrl.policy.vocabulary import VocabularyIndex

SEGREGATION = "segregation"
"""What monitors call the pairs of incompatible duties, beside the names of controls and ladders."""
_LENGTH_HELP = "write `30 days`, `2 months`, or the name of a parameter"
_DECLARE = {
    "E401": "declare it under `roles` of the organisation",
    "E402": "declare it under `duties` of the organisation",
}


@dataclass(frozen=True, slots=True)
class CheckedActivity:
    """An activity, with the duty that it is."""

    name: str
    title: LocalText
    duty: str | None
    evidence: EvidenceSpec | None
    closes: bool


@dataclass(frozen=True, slots=True)
class Activities:
    """All activities, by name; and by every name that events may have for them."""

    by_name: Mapping[str, CheckedActivity] = field(default_factory=dict)
    named: Mapping[str, str] = field(default_factory=dict)

    def find(self, text: str) -> str | None:
        """The activity that a name, title or alias means."""
        return self.named.get(_plain(text))

    def with_duty(self, duty: str) -> frozenset[str]:
        """The activities with a duty."""
        return frozenset(name for name, activity in self.by_name.items() if activity.duty == duty)


class Length(NamedTuple):
    """A length of time that may change over time: (first day, number) in order, in days or months.

    The first number counts from the beginning of the calendar.
    """

    dated: tuple[tuple[int, int], ...]
    months: bool

    def end(self, start: int) -> int:
        """The last day (an ordinal) that lies within this length of the day ``start``.

        >>> Length(((1, 30),), False).end(100)
        130
        """
        number = [value for first, value in self.dated if first <= start][-1]
        try:
            return add_months(start, number) if self.months else add_days(start, number)
        except DateRange:
            return LAST_DAY


@dataclass(frozen=True, slots=True)
class Around:
    """Events around those of a match: which, and between which of its events, or up to which day."""

    name: str
    activities: frozenset[str]
    after: str | None
    before: str | None
    within: Length | None
    of: str | None


@dataclass(frozen=True, slots=True)
class CheckedControl:
    """One version of a control over cases."""

    name: str
    title: LocalText
    point: str
    effective: Interval
    by: tuple[str, ...]
    events: tuple[tuple[str, frozenset[str]], ...]
    same: tuple[str, ...]
    order: tuple[str, ...]
    within: Length | None
    absent: tuple[Around, ...]
    gather: tuple[Around, ...]
    once: bool
    """One finding for each group and what is the same in it: that of the earliest match."""
    covers: tuple[str, ...]


class Due(NamedTuple):
    """What is to be done in a state."""

    action: str
    owner: str
    within: Length


@dataclass(frozen=True, slots=True)
class State:
    """A state of a ladder."""

    name: str
    title: LocalText
    final: bool
    due: tuple[Due, ...]


@dataclass(frozen=True, slots=True)
class Transition:
    """A way between states: on an event of one of the ``activities``, or ``after`` a time."""

    id: str
    title: LocalText
    sources: tuple[str, ...]
    target: str
    activities: frozenset[str]
    after: Length | None
    notify: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CheckedLadder:
    """One version of a ladder. A case enters the first state with an event of one of ``begins``."""

    name: str
    title: LocalText
    point: str
    effective: Interval
    by: tuple[str, ...]
    begins: frozenset[str]
    states: Mapping[str, State]
    transitions: tuple[Transition, ...]
    covers: tuple[str, ...]

    @property
    def first(self) -> str:
        """The state that a case enters first."""
        return next(iter(self.states))


@dataclass(frozen=True, slots=True)
class Cases:
    """All that the monitor looks at."""

    activities: Activities = field(default_factory=Activities)
    controls: tuple[CheckedControl, ...] = ()
    ladders: tuple[CheckedLadder, ...] = ()


def build_cases(
    documents: PolicySet,
    organisation: Organisation,
    vocabulary: VocabularyIndex,
    policies: Sequence[CheckedPolicy],
    diagnostics: Diagnostics,
) -> Cases:
    """Resolve activities, controls and ladders; see that timelines name such.

    What is wrong goes to ``diagnostics``: ``E402`` unknown duty, ``E401`` unknown role, ``W403`` a code that
    has no words, ``E431`` all else that is wrong with events, controls, ladders and timelines.
    """
    return _Builder(documents, organisation, vocabulary, policies, diagnostics).build()


class _Builder:
    def __init__(
        self,
        documents: PolicySet,
        organisation: Organisation,
        vocabulary: VocabularyIndex,
        policies: Sequence[CheckedPolicy],
        diagnostics: Diagnostics,
    ):
        self._documents = documents
        self._organisation = organisation
        self._vocabulary = vocabulary
        self._policies = {(policy.name, policy.effective.first): policy for policy in policies}
        self._diagnostics = diagnostics
        self._activities = Activities()

    def build(self) -> Cases:
        self._activities = self._all_activities()
        for loaded in self._documents.timelines:
            self._check_timeline(loaded)
        if not self._activities.by_name:
            return Cases()
        controls = tuple(self._control(loaded) for loaded in self._documents.case_controls)
        ladders = tuple(self._ladder(loaded) for loaded in self._documents.ladders)
        return Cases(self._activities, controls, ladders)

    # -- activities --------------------------------------------------------------------------------

    def _all_activities(self) -> Activities:
        found: dict[str, CheckedActivity] = {}
        named: dict[str, str] = {}
        for loaded in self._documents.vocabularies:
            for name, spec in loaded.doc.activities.items():
                at = ("activities", name)
                duty = None
                if spec.duty is not None:
                    duty = self._organisation.duty(spec.duty)
                    if duty is None:
                        span = loaded.source.span((*at, "duty"))
                        self._unknown("E402", "duty", spec.duty, self._organisation.duties, span)
                title = spec.title or LocalText(en=name, zh=name)
                evidence = None if spec.evidence is None else self._evidence(loaded, spec.evidence, name)
                found[name] = CheckedActivity(name, title, duty, evidence, spec.closes)
                texts = [(name, at), *((alias, (*at, "aliases", i)) for i, alias in enumerate(spec.aliases))]
                texts += [(text, (*at, "title")) for text in (title.en, title.zh) if text]
                for text, place in texts:
                    other = named.setdefault(_plain(text), name)
                    if other != name:
                        self._wrong(
                            f"`{text}` means the activity `{other}` already", loaded.source.span(place),
                            "give one of the two another name",
                        )  # fmt: skip
        return Activities(found, named)

    def _evidence(self, loaded: Loaded[Vocabulary], spec: EvidenceSpec, activity: str) -> EvidenceSpec:
        """What an activity is evidence of, with the field of the payment by its own name."""
        at = ("activities", activity, "evidence")
        for what in ("document", "action", "form"):
            self._term(what, getattr(spec, what), loaded.source.span((*at, what)))
        if spec.payment is None:
            return spec
        payment = self._field(spec.payment, loaded.source.span((*at, "payment")), Base.MONEY)
        return spec.model_copy(update={"payment": payment})

    def _term(self, what: str, code: str | None, span: Span) -> None:
        """Point at a code that has no words, where others have: no requirement may ask for it."""
        terms = self._vocabulary.terms
        if code is not None and terms and code not in terms:
            near = suggest(code, terms)
            help = f"did you mean `{near}`?" if near else "add it to `terms` of a vocabulary"
            self._diagnostics.warning("W403", f"no term for the {what} `{code}`", span, help=help)

    def _which(
        self, loaded: Loaded[CaseControlDocument] | Loaded[LadderDocument], spec: EventSpec, *path: str | int
    ) -> frozenset[str]:
        found: set[str] = set()
        for i, text in enumerate(spec.activity):
            activity = self._activities.find(text)
            if activity is None:
                span = loaded.source.span((*path, "activity", i))
                self._unknown("E431", "activity", text, self._activities.by_name, span)
            else:
                found.add(activity)
        for i, text in enumerate(spec.duty):
            duty = self._organisation.duty(text)
            span = loaded.source.span((*path, "duty", i))
            if duty is None:
                self._unknown("E402", "duty", text, self._organisation.duties, span)
            elif not (with_duty := self._activities.with_duty(duty)):
                self._wrong(f"no activity has the duty `{duty}`", span, "give an activity `duty: …`")
            else:
                found |= with_duty
        return frozenset(found)

    # -- controls ------------------------------------------------------------------------------------

    def _control(self, loaded: Loaded[CaseControlDocument]) -> CheckedControl:
        doc = loaded.doc
        events = tuple((name, self._which(loaded, spec, "events", name)) for name, spec in doc.events.items())
        policy = self._policy(doc.case_control, doc.effective)
        return CheckedControl(
            doc.case_control,
            doc.title or LocalText(en=doc.case_control, zh=doc.case_control),
            case_point(doc.case_control),
            interval(doc.effective),
            self._fields(loaded, doc.by, "by"),
            events,
            tuple(name for name in self._fields(loaded, doc.same, "same") if name not in doc.by),
            doc.order,
            self._length(loaded, policy, doc.within, "within"),
            tuple(self._around(loaded, policy, n, s, "absent", n) for n, s in doc.absent.items()),
            tuple(self._around(loaded, policy, n, s, "gather", n) for n, s in doc.gather.items()),
            doc.each == "group",
            doc.covers,
        )

    def _around(
        self, loaded: Loaded[CaseControlDocument], policy: CheckedPolicy | None, name: str, spec: AroundSpec,
        *path: str | int,
    ) -> Around:  # fmt: skip
        within = self._length(loaded, policy, spec.within, *path, "within")
        of = spec.of or spec.after
        return Around(name, self._which(loaded, spec, *path), spec.after, spec.before, within, of)

    # -- ladders ---------------------------------------------------------------------------------------

    def _ladder(self, loaded: Loaded[LadderDocument]) -> CheckedLadder:
        doc = loaded.doc
        policy = self._policy(doc.ladder, doc.effective)
        states = {}
        for name, spec in doc.states.items():
            due = []
            for i, one in enumerate(spec.due):
                at = ("states", name, "due", i)
                role = self._organisation.role(one.owner)
                if role is None:
                    span = loaded.source.span((*at, "owner"))
                    self._unknown("E401", "role", one.owner, self._organisation.roles, span)
                self._term("action", one.action, loaded.source.span((*at, "action")))
                length = self._length(loaded, policy, one.within, *at, "within")
                if length is not None:
                    due.append(Due(one.action, role or one.owner, length))
            states[name] = State(name, spec.title or LocalText(en=name, zh=name), spec.final, tuple(due))
        transitions = []
        for i, step in enumerate(doc.transitions):
            place = ("transitions", i)
            which = frozenset[str]() if step.on is None else self._which(loaded, step.on, *place, "on")
            after = self._length(loaded, policy, step.after, *place, "after")
            title = transition_title(doc, step)
            # an unknown role is reported with the rule that the transition stands for
            notify = tuple(self._organisation.role(text) or text for text in step.notify)
            transitions.append(Transition(step.id, title, step.from_, step.to, which, after, notify))
        self._check_reach(loaded, transitions)
        return CheckedLadder(
            doc.ladder,
            doc.title or LocalText(en=doc.ladder, zh=doc.ladder),
            ladder_point(doc.ladder),
            interval(doc.effective),
            self._fields(loaded, doc.by, "by"),
            self._which(loaded, doc.begins, "begins"),
            states,
            tuple(transitions),
            doc.covers,
        )

    def _check_reach(self, loaded: Loaded[LadderDocument], transitions: Sequence[Transition]) -> None:
        reached = {next(iter(loaded.doc.states))}
        grown = True
        while grown:
            more = {step.target for step in transitions if reached.intersection(step.sources)}
            grown = not more <= reached
            reached |= more
        for name in loaded.doc.states:
            if name not in reached:
                span = loaded.source.span(("states", name), key=True)
                self._wrong(f"no transition leads to the state `{name}`", span, "add one, or leave it out")

    # -- lengths of time, fields ------------------------------------------------------------------------

    def _policy(self, name: str, effective: Period) -> CheckedPolicy | None:
        return self._policies.get((name, interval(effective).first))

    def _length(
        self,
        loaded: Loaded[CaseControlDocument] | Loaded[LadderDocument],
        policy: CheckedPolicy | None,
        text: str | None,
        *path: str | int,
    ) -> Length | None:
        if text is None:
            return None
        span = loaded.source.span(path)
        dated: tuple[tuple[int, Constant], ...] = ()
        if text in loaded.doc.parameters:
            if policy is None or text not in policy.parameters:
                return None  # what is wrong with the parameter has been said
            dated = policy.parameters[text].dated
        else:
            try:
                dated = ((FIRST_DAY, parse_literal(text)),)
            except BadLiteral as error:
                self._wrong(str(error), span, _LENGTH_HELP)
                return None
        bases = {constant.type.base for _, constant in dated}
        numbers = [(first, constant.value) for first, constant in dated]
        if bases not in ({Base.DAYS}, {Base.MONTHS}):
            near = None if text in loaded.doc.parameters else suggest(text, loaded.doc.parameters)
            help = f"did you mean `{near}`?" if near else _LENGTH_HELP
            self._wrong(f"expected a length of time but got `{text}`", span, help)
            return None
        whole = tuple((first, value) for first, value in numbers if isinstance(value, int))
        if any(value < 0 for _, value in whole):
            self._wrong(f"expected a length of time from 0 on but got `{text}`", span, "leave the sign out")
            return None
        if whole and whole[0][0] > FIRST_DAY:
            whole = ((FIRST_DAY, whole[0][1]), *whole)
        return Length(whole, bases == {Base.MONTHS})

    def _fields(
        self, loaded: Loaded[CaseControlDocument] | Loaded[LadderDocument], names: Sequence[str], key: str
    ) -> tuple[str, ...]:
        """The fields of events that make a key, by their own names."""
        return tuple(self._field(name, loaded.source.span((key, i))) for i, name in enumerate(names))

    def _field(self, name: str, span: Span, base: Base | None = None) -> str:
        """The own name of a field of events; reports one that they do not have, or that cannot be used."""
        kind = self._vocabulary.kind(EVENT)
        found = None if kind is None else self._vocabulary.field(kind.name, normal(name))
        if found is None and (kind is not None or name not in EVENT_FIELDS or base is not None):
            known = EVENT_FIELDS if kind is None else kind.fields
            self._unknown("E431", "field of an event", name, known, span)
        elif found is not None and base is not None and found.type.base is not base:
            help = f"name a field of {base.value}, or leave it out"
            self._wrong(f"expected a field of {base.value} but `{name}` is of {found.type}", span, help)
        elif found is not None and (found.type.base is Base.LIST or found.record is not None):
            what = "list" if found.record is None else "record"
            self._wrong(f"expected a single value but `{name}` is a {what}", span, "name another field")
        return name if found is None else found.name

    # -- timelines ----------------------------------------------------------------------------------------

    def _check_timeline(self, loaded: Loaded[TimelineDocument]) -> None:
        if not self._activities.by_name:
            report_no_activities(loaded.source, self._diagnostics)
        known = [one.doc.case_control for one in self._documents.case_controls]
        known += [one.doc.ladder for one in self._documents.ladders]
        known.append(SEGREGATION)
        for i, name in enumerate(loaded.doc.controls):
            if name not in known:
                span = loaded.source.span(("controls", i))
                self._unknown("E431", "control or ladder", name, known, span)

    def _unknown(
        self, code: str, what: str, text: str, known: Sequence[str] | Mapping[str, object], span: Span
    ) -> None:
        near = suggest(text, list(known))
        help = f"did you mean `{near}`?" if near else _DECLARE.get(code)
        self._diagnostics.error(code, f"unknown {what} `{text}`", span, help=help)

    def _wrong(self, message: str, span: Span, help: str) -> None:
        self._diagnostics.error("E431", message, span, help=help)


def _plain(text: str) -> str:
    return normal(text).casefold()
