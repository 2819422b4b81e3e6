"""Controls over cases, and ladders, as what they stand for: policies on the events of a match, or of a step.

The pattern of a control says which events belong together; what follows from them is a policy like any other,
on the control point ``case.NAME``. Each event of the match is a kind of fact with the name that the control
gives it; further events are lists of the kind ``matched``. The guards of a ladder are a policy on the control
point ``ladder.NAME``, with a rule for each transition, the event, and the ``stage`` that the case is in.
"""

from __future__ import annotations

from collections.abc import Mapping

from salesctrl.compile.moved import moved_source
from salesctrl.diagnostics import Diagnostics
from salesctrl.expr.syntax import SyntaxProblem, parse
from salesctrl.policy.documents import (
    CaseControlDocument,
    FieldSpec,
    Kind,
    LadderDocument,
    LocalText,
    PolicyDocument,
    RulesDocument,
    RuleSpec,
    TableSpec,
    TransitionSpec,
    Vocabulary,
)
from salesctrl.policy.documents_base import Language
from salesctrl.policy.loader import Loaded, PolicySet
from salesctrl.policy.source import NodePath, SourceDocument
from salesctrl.policy.vocabulary import SCALARS, names_of, normal

EVENT, MATCHED, STAGE = "event", "matched", "stage"
"""Kinds of fact: an event; what was found beside those of a match; where a case stands on a ladder."""
MOST_EVENTS = 10**7

EVENT_FIELDS: Mapping[str, tuple[str, LocalText]] = {
    "id": ("text", LocalText(en="Event", zh="事件编号")),
    "case": ("text", LocalText(en="Case", zh="案例")),
    "activity": ("choice", LocalText(en="Activity", zh="活动")),
    "time": ("instant", LocalText(en="Time", zh="时间")),
    "on": ("date", LocalText(en="Day", zh="发生日期")),
    "person": ("text", LocalText(en="Person", zh="人员")),
    "role": ("text", LocalText(en="Post", zh="岗位")),
    "department": ("text", LocalText(en="Department", zh="部门")),
}
"""The fields that every event has; a vocabulary adds attributes as fields of the kind ``event``."""
_EVENT_NAMES: Mapping[str, str] = {
    text: name for name, (_, title) in EVENT_FIELDS.items() for text in names_of(name, title, ())
}
STAGE_FIELDS: Mapping[str, tuple[str, LocalText]] = {
    "transition": ("text", LocalText(en="Transition", zh="步骤")),
    "state": ("text", LocalText(en="State", zh="状态")),
    "entered": ("date", LocalText(en="In this state since", zh="进入日期")),
    "days": ("days", LocalText(en="Days in this state", zh="停留天数")),
    "began": ("date", LocalText(en="Began on", zh="开始日期")),
}
EVENTS = "events"
"""The field of a stage that lists the events of the case up to this one."""
_OPTIONAL = ("person", "role", "department")


def case_point(name: str) -> str:
    """The control point of a control over cases.

    >>> case_point("shipped-before-paid")
    'case.shipped-before-paid'
    """
    return f"case.{name}"


def ladder_point(name: str) -> str:
    """The control point of a ladder's transitions.

    >>> ladder_point("dunning")
    'ladder.dunning'
    """
    return f"ladder.{name}"


def derived_cases(
    documents: PolicySet, diagnostics: Diagnostics
) -> tuple[list[Loaded[Vocabulary]], list[Loaded[PolicyDocument]]]:
    """The vocabularies and the policies that controls over cases, and ladders, stand for."""
    if not documents.case_controls and not documents.ladders:
        return [], []
    if not any(loaded.doc.activities for loaded in documents.vocabularies):
        for loaded in (*documents.case_controls, *documents.ladders):
            report_no_activities(loaded.source, diagnostics)
        return [], []
    kinds = _Kinds(documents, diagnostics)
    vocabularies = kinds.vocabularies()
    controls = [loaded for loaded in documents.case_controls if kinds.has_all(loaded.doc)]
    policies = [_of_control(loaded, kinds.attributes) for loaded in controls]
    if STAGE in kinds.made:
        policies += [_of_ladder(loaded) for loaded in documents.ladders]
    return vocabularies, policies


def report_no_activities(source: SourceDocument, diagnostics: Diagnostics) -> None:
    """Say of a document that speaks of events that there are none."""
    first = next(iter(source.data)) if isinstance(source.data, dict) else ""
    diagnostics.error(
        "E431", "there are events here, but no vocabulary says what is done", source.span((str(first),)),
        help="list `activities` in a vocabulary",
    )  # fmt: skip


# --- kinds --------------------------------------------------------------------------------------------


class _Kinds:
    """Makes the kinds that controls and ladders speak of.

    Each kind of event is made of two parts: the fields that every event has, and the attributes that
    vocabularies give to the kind ``event``. The latter keep their place, so that what is wrong with one is
    reported there, and once.
    """

    def __init__(self, documents: PolicySet, diagnostics: Diagnostics):
        self._documents = documents
        self._diagnostics = diagnostics
        self._taken = {name for loaded in documents.vocabularies for name in loaded.doc.kinds}
        self._taken |= {loaded.doc.as_ for loaded in documents.metrics}
        self._built = self._built_fields()
        self._own = [found for loaded in documents.vocabularies if (found := self._attributes(loaded))]
        self.attributes = self._single_values()
        """Every name of a field of an event that holds a single value."""
        self.made: set[str] = set()

    def has_all(self, doc: CaseControlDocument) -> bool:
        """Whether there are all kinds that a control speaks of; if not, its rules would only say so again."""
        return self.made.issuperset(doc.events) and (not doc.gather or MATCHED in self.made)

    def vocabularies(self) -> list[Loaded[Vocabulary]]:
        """All kinds, in the vocabularies that say where each part of them comes from."""
        controls, ladders = self._documents.case_controls, self._documents.ladders
        first = (*controls, *ladders)[0].source
        kinds = {EVENT: Kind.model_construct(fields=self._built)}
        lists = {
            name: _events(LocalText(en=name, zh=name)) for loaded in controls for name in loaded.doc.gather
        }
        if lists and self._is_free(MATCHED):
            kinds[MATCHED] = Kind.model_construct(fields=lists)
        if ladders and self._is_free(STAGE):
            stage = {name: _field(name, type_, title) for name, (type_, title) in STAGE_FIELDS.items()}
            stage[EVENTS] = _events(LocalText(en="events", zh="事件"))
            kinds[STAGE] = Kind.model_construct(fields=stage)
        made = [Loaded(_vocabulary(kinds), moved_source(first, {("kinds",): ()}))]
        self.made = set(kinds) - {EVENT}
        for loaded in controls:
            for name in loaded.doc.events:
                if name in self._taken or name in (EVENT, MATCHED, STAGE):
                    self._diagnostics.error(
                        "E431", f"`{name}` already names a kind",
                        loaded.source.span(("events", name), key=True),
                        help="call the event otherwise, e.g. by what was done: `shipped`",
                    )  # fmt: skip
                elif name not in self.made:
                    self.made.add(name)
                    made += self._event(name, loaded)
        return made

    def _event(self, name: str, control: Loaded[CaseControlDocument]) -> list[Loaded[Vocabulary]]:
        """The kind of the events that a control calls by a name."""
        built = _vocabulary({name: Kind.model_construct(fields=self._built)})
        parts = [Loaded(built, moved_source(control.source, {("kinds", name): ("events", name)}))]
        for loaded in self._own:
            own = _vocabulary({name: loaded.doc.kinds[EVENT]}, loaded.doc.currency)
            parts.append(Loaded(own, moved_source(loaded.source, {("kinds", name): ("kinds", EVENT)})))
        return parts

    def _attributes(self, loaded: Loaded[Vocabulary]) -> Loaded[Vocabulary] | None:
        """The attributes of events in a vocabulary, without those that every event has anyhow."""
        kind = loaded.doc.kinds.get(EVENT)
        if kind is None:
            return None
        own = {}
        for name, spec in kind.fields.items():
            texts = names_of(name, spec.title, spec.aliases)
            twice = next((text for text in texts if text in _EVENT_NAMES), None)
            if twice is None:
                own[name] = spec
                continue
            self._built.pop(_EVENT_NAMES[twice], None)  # it is reported here, and only here
            self._diagnostics.error(
                "E431", f"`{twice}` means the field `{_EVENT_NAMES[twice]}` that every event has",
                loaded.source.span(("kinds", EVENT, "fields", name), key=True),
                help="leave it out, or call yours otherwise",
            )  # fmt: skip
        only = Kind.model_construct(fields=own)
        return Loaded(_vocabulary({EVENT: only}, loaded.doc.currency), loaded.source)

    def _built_fields(self) -> dict[str, FieldSpec]:
        built = {name: _field(name, type_, title) for name, (type_, title) in EVENT_FIELDS.items()}
        vocabularies = self._documents.vocabularies
        choices = {
            name: spec.title for loaded in vocabularies for name, spec in loaded.doc.activities.items()
        }
        built["activity"] = built["activity"].model_copy(update={"choices": choices})
        return built

    def _single_values(self) -> frozenset[str]:
        fields = dict(self._built)
        for loaded in self._own:
            fields |= loaded.doc.kinds[EVENT].fields
        single = {name: spec for name, spec in fields.items() if spec.type in SCALARS}
        return frozenset(
            text for name, spec in single.items() for text in names_of(name, spec.title, spec.aliases)
        )

    def _is_free(self, name: str) -> bool:
        """Whether no kind has the name of one that is made here; reports it where it has."""
        for loaded in self._documents.vocabularies:
            if name in loaded.doc.kinds:
                self._diagnostics.error(
                    "E431", f"`{name}` is the name of a kind of its own where there are events",
                    loaded.source.span(("kinds", name), key=True), help="give your kind another name",
                )  # fmt: skip
        for metric in self._documents.metrics:
            if metric.doc.as_ == name:
                self._diagnostics.error(
                    "E431", f"`{name}` is the name of a kind of its own where there are events",
                    metric.source.span(("as",)), help="call the groups otherwise",
                )  # fmt: skip
        return name not in self._taken


def _vocabulary(kinds: Mapping[str, Kind], currency: str | None = None) -> Vocabulary:
    return Vocabulary.model_construct(vocabulary="events of cases", currency=currency, kinds=dict(kinds))


def _events(title: LocalText) -> FieldSpec:
    return FieldSpec.model_construct(type="list", of=EVENT, length=MOST_EVENTS, title=title)


def _field(name: str, type_: str, title: LocalText) -> FieldSpec:
    return FieldSpec.model_construct(type=type_, title=title, optional=name in _OPTIONAL)


# --- policies -----------------------------------------------------------------------------------------


def _of_control(loaded: Loaded[CaseControlDocument], attributes: frozenset[str]) -> Loaded[PolicyDocument]:
    doc = loaded.doc
    first = next(iter(doc.events))
    by = [(i, name) for i, name in enumerate(doc.by) if normal(name) in attributes]  # of others see `cases`
    made = PolicyDocument.model_construct(
        **{
            **{name: getattr(doc, name) for name in RulesDocument.model_fields},
            "policy": doc.case_control,
            "control_point": case_point(doc.case_control),
            "subject": tuple(f"{first}.{name}" for _, name in by),
            "rules": tuple(
                rule.model_copy(update={"covers": _covers(rule.covers, doc.covers)}) for rule in doc.rules
            ),
            "tables": {name: _covering(table, doc.covers) for name, table in doc.tables.items()},
        }
    )
    moved: dict[NodePath, NodePath] = {("policy",): ("case_control",), ("control_point",): ("case_control",)}
    moved |= {("subject", place): ("by", i) for place, (i, _) in enumerate(by)}
    return Loaded(made, moved_source(loaded.source, moved))


def _covers(own: tuple[str, ...], of_document: tuple[str, ...]) -> tuple[str, ...]:
    """What a rule carries: what it says itself, and what the whole document does."""
    return tuple(dict.fromkeys((*own, *of_document)))


def _covering(table: TableSpec, covers: tuple[str, ...]) -> TableSpec:
    if not any(row.has_effect for row in table.rows):
        return table
    return table.model_copy(update={"covers": _covers(table.covers, covers)})


def _of_ladder(loaded: Loaded[LadderDocument]) -> Loaded[PolicyDocument]:
    doc = loaded.doc
    rules = []
    moved: dict[NodePath, NodePath] = {("policy",): ("ladder",), ("control_point",): ("ladder",)}
    before: dict[NodePath, int] = {}
    for i, transition in enumerate(doc.transitions):
        candidate = f'stage.transition == "{transition.id}"'
        guard = transition.when
        when = candidate
        if guard is not None:
            text = "true" if guard is True else "false" if guard is False else guard
            when = text
            if _is_expression(text):
                when = f"{candidate} and ({text})"
                before[("rules", i, "when")] = len(candidate) + len(" and (")
        rules.append(
            RuleSpec.model_construct(
                id=transition.id, title=transition_title(doc, transition), when=when,
                review=transition.review, allow=not transition.review, notify=transition.notify,
                because=transition.because,
                source=transition.source, covers=_covers(transition.covers, doc.covers), note=transition.note,
            )
        )  # fmt: skip
        moved[("rules", i)] = ("transitions", i)
        if guard is None:
            moved[("rules", i, "when")] = ("transitions", i, "id")
    made = PolicyDocument.model_construct(
        policy=doc.ladder,
        title=doc.title,
        system=doc.system,
        source=doc.source,
        control_point=ladder_point(doc.ladder),
        effective=doc.effective,
        parameters=doc.parameters,
        let=doc.let,
        rules=tuple(rules),
        covers=doc.covers,
        note=doc.note,
    )
    return Loaded(made, moved_source(loaded.source, moved, before))


def transition_title(doc: LadderDocument, transition: TransitionSpec) -> LocalText:
    """What people call a transition: its title, or else where it leads from and to."""
    if transition.title is not None:
        return transition.title

    def called(state: str, lang: Language) -> str:
        title = doc.states[state].title
        return state if title is None else title.get(lang)

    def way(lang: Language, joint: str) -> str:
        return f"{joint.join(called(s, lang) for s in transition.from_)} → {called(transition.to, lang)}"

    return LocalText(en=way("en", ", "), zh=way("zh", "、"))


def _is_expression(text: str) -> bool:
    """Whether it is one by itself: `a) or (b` is none, and must not become one between brackets."""
    try:
        parse(text)
    except SyntaxProblem:
        return False
    return True
