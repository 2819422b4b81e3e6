"""Metrics, obligations, controls over cases and ladders as what they stand for: policies, and their kinds.

There is one meaning of rules, that of policies. A metric is a policy on a group of rows, which is a kind of
fact of its own: its keys, and the list of its rows. An obligation is a policy with a due date. What is wrong
with such a policy is reported where the metric or the obligation says it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from salesctrl.compile.derived_cases import derived_cases
from salesctrl.compile.moved import moved_source
from salesctrl.diagnostics import Diagnostics, suggest
from salesctrl.policy.documents import (
    ActionSpec,
    FieldSpec,
    FormulaSpec,
    GroupKey,
    Kind,
    LocalText,
    MetricDocument,
    ObligationDocument,
    ParameterSpec,
    PolicyDocument,
    RequirementSpec,
    RulesDocument,
    RuleSpec,
    Vocabulary,
)
from salesctrl.policy.loader import Loaded, PolicySet
from salesctrl.policy.source import NodePath

ROWS = "rows"
"""The field of a group that lists its rows."""
MOST_ROWS = 10**9
RANK_FIELDS: Mapping[str, LocalText] = {
    "position": LocalText(en="position", zh="名次"),
    "running": LocalText(en="running total", zh="累计"),
    "total": LocalText(en="total of all groups", zh="各组合计"),
    "groups": LocalText(en="number of groups", zh="组数"),
}
"""What a group of a ranked metric is told of its place."""


def derived(documents: PolicySet, diagnostics: Diagnostics) -> PolicySet:
    """The documents with the policies and the kinds that the others with rules stand for."""
    if len(documents.ruling) == len(documents.policies):
        return documents
    kinds = _Kinds(documents.vocabularies, diagnostics)
    groups = [kinds.group(loaded) for loaded in documents.metrics]
    policies = [_of_metric(loaded) for loaded in documents.metrics if kinds.formed(loaded)]
    policies += [_of_obligation(loaded, diagnostics) for loaded in documents.obligations]
    of_cases, on_cases = derived_cases(documents, diagnostics)
    policies += on_cases
    return replace(
        documents,
        vocabularies=(*documents.vocabularies, *(made for made in groups if made is not None), *of_cases),
        policies=(*documents.policies, *policies),
    )


def metric_point(name: str) -> str:
    """The control point of a metric.

    >>> metric_point("collection-rate")
    'metric.collection-rate'
    """
    return f"metric.{name}"


def obligation_point(name: str) -> str:
    """The control point of an obligation.

    >>> obligation_point("yearly-rating")
    'obligation.yearly-rating'
    """
    return f"obligation.{name}"


# --- metrics ----------------------------------------------------------------------------------------


class _Kinds:
    """Makes the kinds of groups from those of their rows."""

    def __init__(self, vocabularies: Sequence[Loaded[Vocabulary]], diagnostics: Diagnostics):
        self._fields: dict[str, dict[str, FieldSpec]] = {}
        self._diagnostics = diagnostics
        self._made: dict[str, Loaded[MetricDocument]] = {}
        self._failed: set[str] = set()
        for loaded in vocabularies:
            for name, kind in loaded.doc.kinds.items():
                fields = self._fields.setdefault(name, {})
                fields |= {key: _with_currency(spec, loaded.doc) for key, spec in kind.fields.items()}

    def formed(self, loaded: Loaded[MetricDocument]) -> bool:
        """Whether the groups of a metric could be formed; if not, its rules would only say so again."""
        return loaded.doc.metric not in self._failed

    def group(self, loaded: Loaded[MetricDocument]) -> Loaded[Vocabulary] | None:
        """The vocabulary with the kind of a metric's groups; none for a further version of a metric."""
        doc, source = loaded.doc, loaded.source
        before = self._made.setdefault(doc.as_, loaded)
        if before is not loaded:
            same = before.doc.metric == doc.metric and _form(before.doc) == _form(doc)
            if not same:
                self._error(
                    loaded, f"`{doc.as_}` already names the groups of the metric `{before.doc.metric}`",
                    "as", help="versions of a metric form the same groups; others need another name",
                )  # fmt: skip
            return None
        if doc.as_ in self._fields:
            self._error(loaded, f"`{doc.as_}` already names a kind", "as", help="call the groups otherwise")
            return None
        rows = self._fields.get(doc.of)
        if rows is None:
            near = suggest(doc.of, self._fields)
            self._error(
                loaded, f"unknown kind `{doc.of}`", "of", help=f"did you mean `{near}`?" if near else None
            )
            return None
        fields: dict[str, FieldSpec] = {}
        for i, key in enumerate(doc.by):
            if (spec := self._key(loaded, i, key, rows)) is not None:
                fields[key.field] = spec
        fields[ROWS] = FieldSpec.model_construct(
            type="list", of=doc.of, length=MOST_ROWS, title=LocalText(en="rows", zh="明细行")
        )
        if doc.rank is not None:
            for name, title in RANK_FIELDS.items():
                type_ = doc.rank.type if name in ("running", "total") else "integer"
                fields[name] = FieldSpec.model_construct(type=type_, title=title)
        currency = next((spec.currency for spec in rows.values() if spec.currency), None)
        kinds = {doc.as_: Kind.model_construct(fields=fields)}
        made = Vocabulary.model_construct(vocabulary=f"{doc.metric}-groups", currency=currency, kinds=kinds)
        moved: dict[NodePath, NodePath] = {("kinds", doc.as_): ("as",)}
        moved |= {("kinds", doc.as_, "fields", name): ("rank",) for name in RANK_FIELDS}
        moved |= {("kinds", doc.as_, "fields", key.field): ("by", i) for i, key in enumerate(doc.by)}
        return Loaded(made, moved_source(source, moved))

    def _key(
        self, loaded: Loaded[MetricDocument], place: int, key: GroupKey, rows: Mapping[str, FieldSpec]
    ) -> FieldSpec | None:
        doc = loaded.doc
        spec = rows.get(key.field)
        reserved = {ROWS, *(RANK_FIELDS if doc.rank else ())}
        if key.field in reserved:
            message = f"a group has a field `{key.field}` of its own"
            self._error(loaded, message, "by", place, help="give the field of the rows another name")
        elif spec is None:
            near = suggest(key.field, rows)
            help = f"did you mean `{near}`?" if near else f"`{doc.of}` has {', '.join(rows)}"
            self._error(loaded, f"unknown field `{key.field}` of `{doc.of}`", "by", place, help=help)
        elif spec.type == "list" or spec.type in self._fields:
            message = f"expected a single value to group by, but `{key.field}` is a {spec.type}"
            self._error(loaded, message, "by", place, help="group by a field of it that the rows hold")
        elif key.period is not None and spec.type != "date":
            message = f"a period is one of dates, but `{key.field}` is a {spec.type}"
            self._error(loaded, message, "by", place, "period", help="leave `period` out")
        else:
            return spec.model_copy(update={"default": None, "optional": False})
        return None

    def _error(
        self, loaded: Loaded[MetricDocument], message: str, *path: str | int, help: str | None = None
    ) -> None:
        self._failed.add(loaded.doc.metric)
        self._diagnostics.error("E430", message, loaded.source.span(path), help=help)


def _with_currency(spec: FieldSpec, vocabulary: Vocabulary) -> FieldSpec:
    """The field as another vocabulary can hold it."""
    if spec.type != "money" or spec.currency is not None or vocabulary.currency is None:
        return spec
    return spec.model_copy(update={"currency": vocabulary.currency})


def _form(doc: MetricDocument) -> object:
    return doc.of, doc.by, doc.rank


def _of_metric(loaded: Loaded[MetricDocument]) -> Loaded[PolicyDocument]:
    doc = loaded.doc
    outputs = doc.outputs
    if doc.rank is not None and doc.rank.by not in outputs:
        outputs = (*outputs, doc.rank.by)
    made = PolicyDocument.model_construct(
        **{
            **{name: getattr(doc, name) for name in RulesDocument.model_fields},
            "policy": doc.metric,
            "control_point": metric_point(doc.metric),
            "subject": tuple(f"{doc.as_}.{key.field}" for key in doc.by),
            "outputs": outputs,
        }
    )
    moved: dict[NodePath, NodePath] = {("policy",): ("metric",), ("control_point",): ("metric",)}
    moved |= {("subject", i): ("by", i) for i in range(len(doc.by))}
    moved[("outputs", len(doc.outputs))] = ("rank", "by")
    return Loaded(made, moved_source(loaded.source, moved))


# --- obligations ------------------------------------------------------------------------------------

_TITLES: Mapping[str, LocalText] = {
    "due": LocalText(en="Due on", zh="到期日"),
    "days_overdue": LocalText(en="Days overdue", zh="逾期天数"),
    "period": LocalText(en="Period", zh="周期"),
    "counted_from": LocalText(en="Counted from", zh="起算日期"),
    "start": LocalText(en="Counted from if it never was done", zh="从未完成时的起算日期"),
    "owed_then": LocalText(en="Owed when it was last due", zh="最近到期时已须履行"),
    "due_this_year": LocalText(en="Due this year on", zh="本年到期日"),
    "last_due": LocalText(en="Last due on", zh="最近到期日"),
    "done_since": LocalText(en="Done since it was due the time before", zh="上期到期后已完成"),
    "grace": LocalText(en="Grace", zh="宽限期"),
    "applies": LocalText(en="Applies", zh="适用"),
}
_IF_KNOWN = "coalesce(("
_OVERDUE = "max(days_between(due, as_of), 0 days)"
_BECAUSE = LocalText(en="due on {due}, {days_overdue} ago", zh="应于{due}完成，已逾期{days_overdue}")
_SOON = LocalText(en="due on {due}", zh="应于{due}前完成")


def _of_obligation(loaded: Loaded[ObligationDocument], diagnostics: Diagnostics) -> Loaded[PolicyDocument]:
    doc, source = loaded.doc, loaded.source
    formulas, moved = _yearly(doc) if doc.each_year is not None else _periodic(doc)
    if doc.when is not None:
        formulas["applies"] = "true" if doc.when is True else "false" if doc.when is False else doc.when
        moved[("let", "applies")] = ("when",)
    formulas["grace"] = doc.grace
    moved[("let", "grace")] = ("grace",)
    for name in formulas:
        if name in doc.let or name in doc.parameters:
            under = "let" if name in doc.let else "parameters"
            diagnostics.error(
                "E430", f"an obligation has a formula `{name}` of its own",
                source.span((under, name), key=True), help="give yours another name",
            )  # fmt: skip
    applies = "applies and " if doc.when is not None else ""
    action = ActionSpec.model_construct(name=doc.action, owner=doc.owner, due="due")
    rules = [
        RuleSpec.model_construct(
            id=doc.obligation,
            title=doc.title,
            when=f"{applies}as_of > due + grace",
            review=(
                RequirementSpec.model_construct(action=action),
                *doc.evidence,
            ),
            notify=tuple(dict.fromkeys((doc.owner, *doc.notify))),
            because=doc.because or _BECAUSE,
            covers=doc.covers,
        )
    ]
    moved[("rules", 0, "review", 0, "action", "owner")] = ("owner",)
    moved[("rules", 0, "review", 0, "action", "name")] = ("action",)
    moved[("rules", 0, "review", "action", "name")] = ("action",)  # where it is the only requirement
    moved |= {("rules", 0, "review", i + 1): ("evidence", i) for i in range(len(doc.evidence))}
    moved |= {("rules", 0, key): (key,) for key in ("because", "title", "covers")}
    moved[("rules", 0, "review")] = ("owner",)
    moved[("rules", 0, "id")] = ("obligation",)
    moved[("rules", 0, "notify", 0)] = ("owner",)
    moved |= {("rules", 0, "notify", i + 1): ("notify", i) for i in range(len(doc.notify))}
    if doc.remind is not None:
        formulas["remind"] = doc.remind
        moved[("let", "remind")] = ("remind",)
        rules.append(
            RuleSpec.model_construct(
                id=f"{doc.obligation}-R",
                title=_reminder(doc.title),
                when=f"{applies}as_of <= due + grace and as_of >= due - remind",
                flag=True,
                notify=(doc.owner,),
                because=_SOON,
            )
        )
        moved[("rules", 1)] = ("remind",)
    made = PolicyDocument.model_construct(
        policy=doc.obligation,
        title=doc.title,
        system=doc.system,
        source=doc.source,
        control_point=obligation_point(doc.obligation),
        effective=doc.effective,
        parameters=doc.parameters,
        let={**doc.let, **{name: _formula(name, text) for name, text in formulas.items()}},
        outputs=("due", "days_overdue"),
        subject=doc.subject,
        rules=tuple(rules),
        covers=doc.covers,
        note=doc.note,
    )
    moved |= {("policy",): ("obligation",), ("control_point",): ("obligation",)}
    composed = [name for name, text in formulas.items() if text.startswith(_IF_KNOWN)]
    before: dict[NodePath, int] = {("let", name): len(_IF_KNOWN) for name in composed}
    return Loaded(made, moved_source(source, moved, before))


def _formula(name: str, text: str) -> FormulaSpec:
    return FormulaSpec.model_construct(value=text, title=_TITLES.get(name))


def _periodic(doc: ObligationDocument) -> tuple[dict[str, str], dict[NodePath, NodePath]]:
    """Due a period after it was done last, or after time began to run."""
    assert doc.every is not None
    formulas = {"period": doc.every, "days_overdue": _OVERDUE}
    if doc.start is None:
        formulas["counted_from"] = doc.last
    else:
        formulas["counted_from"] = f"{_IF_KNOWN}{doc.last}), start)"
        formulas["start"] = doc.start
    months = _is_months(doc)
    formulas["due"] = "add_months(counted_from, period)" if months else "counted_from + period"
    return formulas, {
        ("let", "counted_from"): ("last",),
        ("let", "start"): ("start",),
        ("let", "period"): ("every",),
        ("let", "due"): ("every",),
    }


def _is_months(doc: ObligationDocument) -> bool:
    """Whether the period is one of months: written so, or a parameter that is."""
    text = str(doc.every)
    spec: ParameterSpec | None = doc.parameters.get(text)
    if spec is not None:
        text = str(spec.value if spec.value is not None else spec.values[0].value if spec.values else "")
    return "month" in text


def _yearly(doc: ObligationDocument) -> tuple[dict[str, str], dict[NodePath, NodePath]]:
    """Due by one day of every year; done where it was done after that day of the year before."""
    formulas = {
        "due_this_year": f'add_months(date("2000-{doc.each_year}"), 12 months * (year(as_of) - 2000))',
        "last_due": "due_this_year if as_of > due_this_year else add_months(due_this_year, -12 months)",
        "done_since": f"{_IF_KNOWN}{doc.last}) > add_months(last_due, -12 months), false)",
        "due": "add_months(last_due, 12 months) if done_since or not owed_then else last_due",
        "owed_then": "true",
        "days_overdue": _OVERDUE,
    }
    begins = doc.effective.from_
    if begins is not None:
        formulas["owed_then"] = f'last_due >= date("{begins.isoformat()}")'
    moved: dict[NodePath, NodePath] = {("let", name): ("last",) for name in formulas}
    moved[("let", "due_this_year")] = ("each_year",)
    return formulas, moved


def _reminder(title: LocalText | None) -> LocalText:
    """The title of the reminder of an obligation."""
    if title is None:
        return LocalText(en="Reminder", zh="到期提醒")
    return LocalText(en=f"{title.get('en')}: reminder", zh=f"{title.get('zh')}：到期提醒")
