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
from salesctrl.policy.documents import (
    CaseControlDocument,
    FieldSpec,
    Kind,
    LadderDocument,
    LocalText,
    PolicyDocument,
    RulesDocument,
    RuleSpec,
    Vocabulary,
)
from salesctrl.policy.loader import Loaded, PolicySet
from salesctrl.policy.source import NodePath

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
    if not any(loaded.doc.activities for loaded in documents.vocabularies):
        for control in documents.case_controls:
            _no_activities(control, diagnostics)
        for ladder in documents.ladders:
            _no_activities(ladder, diagnostics)
        return [], []
    if not documents.case_controls and not documents.ladders:
        return [], []
    first = (*documents.case_controls, *documents.ladders)[0]
    kinds = Loaded(_kinds(documents, diagnostics), moved_source(first.source, {("kinds",): ()}))
    policies = [_of_control(loaded) for loaded in documents.case_controls]
    policies += [_of_ladder(loaded) for loaded in documents.ladders]
    return [kinds], policies


def _no_activities(
    loaded: Loaded[CaseControlDocument] | Loaded[LadderDocument], diagnostics: Diagnostics
) -> None:
    first = next(iter(loaded.source.data)) if isinstance(loaded.source.data, dict) else ""
    diagnostics.error(
        "E431", "there are events here, but no vocabulary says what is done", loaded.source.span((str(first),)),
        help="list `activities` in a vocabulary",
    )  # fmt: skip


# --- kinds --------------------------------------------------------------------------------------------


def _kinds(documents: PolicySet, diagnostics: Diagnostics) -> Vocabulary:
    """One vocabulary with the kinds that all controls and ladders speak of."""
    own: dict[str, FieldSpec] = {}
    names: set[str] = set()
    currency = None
    for loaded in documents.vocabularies:
        names |= set(loaded.doc.kinds)
        currency = currency or loaded.doc.currency
        kind = loaded.doc.kinds.get(EVENT)
        if kind is not None:
            for name, spec in kind.fields.items():
                if name in EVENT_FIELDS:
                    diagnostics.error(
                        "E431", f"every event has a field `{name}` already",
                        loaded.source.span(("kinds", EVENT, "fields", name), key=True),
                        help="leave it out, or give yours another name",
                    )  # fmt: skip
                own[name] = _with_currency(spec, loaded.doc)
    built = {name: _field(name, type_, title) for name, (type_, title) in EVENT_FIELDS.items()}
    choices = {
        name: activity.title
        for loaded in documents.vocabularies
        for name, activity in loaded.doc.activities.items()
    }
    built["activity"] = built["activity"].model_copy(update={"choices": choices})
    kinds = {EVENT: Kind.model_construct(fields=built)}
    lists: dict[str, FieldSpec] = {}
    for control in documents.case_controls:
        for name in control.doc.events:
            if name in names or name in (EVENT, MATCHED, STAGE):
                diagnostics.error(
                    "E431", f"`{name}` already names a kind", control.source.span(("events", name), key=True),
                    help="call the event otherwise, e.g. by what was done: `shipped`",
                )  # fmt: skip
            else:
                kinds[name] = Kind.model_construct(fields={**built, **own})
        for name in control.doc.gather:
            title = LocalText(en=name, zh=name)
            lists[name] = FieldSpec.model_construct(type="list", of=EVENT, length=MOST_EVENTS, title=title)
    for name in (MATCHED, STAGE):
        if name in names:
            message = f"`{name}` is the name of a kind of its own where there are events"
            diagnostics.error("E431", message, None, help="give your kind another name")
    if lists:
        kinds[MATCHED] = Kind.model_construct(fields=lists)
    if documents.ladders:
        fields = {name: _field(name, type_, title) for name, (type_, title) in STAGE_FIELDS.items()}
        fields[EVENTS] = FieldSpec.model_construct(
            type="list", of=EVENT, length=MOST_EVENTS, title=LocalText(en="events", zh="事件")
        )
        kinds[STAGE] = Kind.model_construct(fields=fields)
    return Vocabulary.model_construct(vocabulary="events of cases", currency=currency, kinds=kinds)


def _field(name: str, type_: str, title: LocalText) -> FieldSpec:
    return FieldSpec.model_construct(type=type_, title=title, optional=name in _OPTIONAL)


def _with_currency(spec: FieldSpec, vocabulary: Vocabulary) -> FieldSpec:
    if spec.type != "money" or spec.currency is not None or vocabulary.currency is None:
        return spec
    return spec.model_copy(update={"currency": vocabulary.currency})


# --- policies -----------------------------------------------------------------------------------------


def _of_control(loaded: Loaded[CaseControlDocument]) -> Loaded[PolicyDocument]:
    doc = loaded.doc
    first = next(iter(doc.events))
    made = PolicyDocument.model_construct(
        **{
            **{name: getattr(doc, name) for name in RulesDocument.model_fields},
            "policy": doc.case_control,
            "control_point": case_point(doc.case_control),
            "subject": tuple(f"{first}.{name}" for name in doc.by),
        }
    )
    moved: dict[NodePath, NodePath] = {("policy",): ("case_control",), ("control_point",): ("case_control",)}
    moved |= {("subject", i): ("by", i) for i in range(len(doc.by))}
    return Loaded(made, moved_source(loaded.source, moved))


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
            when = f"{candidate} and ({text})"
            before[("rules", i, "when")] = len(candidate) + len(" and (")
        rules.append(
            RuleSpec.model_construct(
                id=transition.id, title=transition.title, when=when, review=transition.review,
                allow=not transition.review, notify=transition.notify, because=transition.because,
                source=transition.source, covers=transition.covers, note=transition.note,
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
