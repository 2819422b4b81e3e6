"""The facts of a control point as a pydantic model: for request bodies, forms, and JSON Schema.

A model takes and refuses what the evaluator takes and refuses: every value goes through the same reader. All
fields may be left out, because what is absent is unknown, and the decision then says so.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import (
    AliasChoices,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    create_model,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from salesctrl.compile.plan import Plan
from salesctrl.decision.values import python_value
from salesctrl.diagnostics import quoted, suggest
from salesctrl.errors import FactProblem
from salesctrl.evaluate.facts import Reading, day_of, read_value
from salesctrl.evaluate.layout import Leaf, Record, layout
from salesctrl.evidence.given import PAYMENT_DECIMALS, read_evidence
from salesctrl.policy.literals import BadLiteral
from salesctrl.policy.types import Base
from salesctrl.policy.vocabulary import VocabularyIndex


def facts_model(plans: Sequence[Plan], vocabulary: VocabularyIndex) -> type[BaseModel]:
    """The facts that the plans of a control point read, as one model.

    It has a model for each record, with types, bounds, decimals, titles and aliases of the vocabulary, and
    besides `as_of` and `evidence`. Money and rates are `Decimal`; in JSON a number or a text.

    Raises:
        ValueError: A field is named so that a model cannot hold it (``_x``, ``model_fields``).

    >>> from salesctrl.engine import load
    >>> Facts = load().facts("order.release")
    >>> facts = Facts.model_validate({"order": {"amount": "1200.00"}, "as_of": "2026-03-01"})
    >>> facts.order.amount, facts.customer
    (Decimal('1200.00'), None)
    """
    root = merged([layout(plan) for plan in plans])
    name = _camel(plans[0].control_point) if plans else ""
    return _Builder(vocabulary).facts(f"{name}Facts", plans[0].control_point if plans else "", root)


def merged(records: Sequence[Record]) -> Record:
    """One record with all that several versions of a policy read of it, in the order of their reading."""
    leaves: dict[str, Leaf] = {}
    inner: dict[str, list[Record]] = {}
    names: dict[str, tuple[str, ...]] = {}
    for record in records:
        names |= record.names
        for leaf in record.leaves:
            known = leaves.get(leaf.field.name)
            if known is not None and known.items is not None and leaf.items is not None:
                leaf = replace(leaf, items=merged([known.items, leaf.items]))
            leaves[leaf.field.name] = leaf
        for name, part in record.records.items():
            inner.setdefault(name, []).append(part)
    path = records[0].path if records else ""
    return Record(path, tuple(leaves.values()), {name: merged(parts) for name, parts in inner.items()}, names)


# --- evidence ---------------------------------------------------------------------------------------


def _refusal(problem: FactProblem) -> PydanticCustomError:
    """A problem as pydantic reports it: its code is the type of the error."""
    help_ = f" ({problem.help})" if problem.help else ""
    return PydanticCustomError(problem.code, "{message}{help}", {"message": problem.message, "help": help_})


def _item_reader(kind: str, key: str, others: Mapping[str, object]) -> Callable[[object], object]:
    """Lets the reader of evidence judge one value, in an item that is otherwise sound."""

    def read(value: object) -> object:
        problems: list[FactProblem] = []
        if value is None:
            return None
        found = read_evidence({kind: [{**others, key: value}]}, "evidence", problems)
        if problems:
            raise _refusal(problems[0])
        assert found is not None
        raw = getattr(getattr(found, kind)[0], key)
        if key == "date":
            return date.fromordinal(raw)
        return Decimal(raw).scaleb(-PAYMENT_DECIMALS) if key == "amount" else raw

    return read


def _read_day(value: object) -> object:
    if value is None:
        return None
    try:
        return date.fromordinal(day_of(value))
    except BadLiteral as error:
        raise _refusal(FactProblem("", "F_FORMAT", str(error))) from error


_DAY = {"date": "2000-01-01"}
_Person = Annotated[
    str,
    BeforeValidator(_item_reader("duties", "person", {"duty": "x"})),
    WithJsonSchema({"type": ["string", "integer"], "description": "The id of a person."}),
]
_Day = Annotated[date, BeforeValidator(_item_reader("documents", "date", {"kind": "x"}))]
_Text = Annotated[str, Field(min_length=1), BeforeValidator(_item_reader("documents", "kind", _DAY))]
_Amount = Annotated[
    Decimal,
    Field(max_digits=18, decimal_places=PAYMENT_DECIMALS),
    BeforeValidator(_item_reader("payments", "amount", _DAY)),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string"}]}),
]
_Count = Annotated[
    int, Field(ge=1), BeforeValidator(_item_reader("documents", "count", {"kind": "x", **_DAY}))
]


class _Part(BaseModel):
    """A part of the evidence."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)


class Approval(_Part):
    """Somebody approved, in a role, on a date."""

    person: _Person
    role: _Text = Field(description="The role in which the person approved.")
    date: _Day
    form: _Text | None = Field(None, description="How: `written`, ...")
    requirement: _Text | None = Field(None, description="The requirement that it is for, if for one only.")


class Document(_Part):
    """Documents of a kind."""

    kind: _Text
    date: _Day
    count: _Count = 1


class Payment(_Part):
    """Money that came in; a negative amount was paid back."""

    amount: _Amount
    date: _Day


class Action(_Part):
    """Something that was done."""

    name: _Text
    date: _Day
    person: _Person | None = None


class DutyDone(_Part):
    """Who did what in this case."""

    duty: _Text
    person: _Person


class EvidenceGiven(_Part):
    """What was given for the requirements of the case."""

    requester: _Person | None = Field(None, description="The person who asks.")
    approvals: list[Approval] = []
    documents: list[Document] = []
    payments: list[Payment] = []
    actions: list[Action] = []
    duties: list[DutyDone] = []


# --- facts ------------------------------------------------------------------------------------------


class FactsRecord(BaseModel):
    """The base of all records of facts: a key that nearly is a field is a slip, and is refused."""

    model_config = ConfigDict(extra="ignore", from_attributes=True, populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _spelt_right(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        names = {name: _all_names(name, info) for name, info in cls.model_fields.items()}
        taken = {n for all_names in names.values() for n in all_names}
        others = [key for key in given if isinstance(key, str) and key not in taken]
        for name, all_names in names.items():
            values = [given[n] for n in all_names if n in given]
            if any(value != values[0] for value in values[1:]):
                shown = ", ".join(f"`{n}`" for n in all_names)
                message = f"`{name}` is given twice under different names with different values: {shown}"
                raise _refusal(FactProblem("", "F_AMBIGUOUS", message))
            near = suggest(name, others) if len(name) > 2 and not any(v is not None for v in values) else None
            if near is not None:
                message = f"`{name}` is absent, but there is {quoted(near)}"
                raise _refusal(FactProblem("", "F_NAME", message, f"name it `{name}`"))
        return given


def _all_names(name: str, info: FieldInfo) -> tuple[str, ...]:
    alias = info.validation_alias
    if isinstance(alias, AliasChoices):
        return tuple(choice for choice in alias.choices if isinstance(choice, str))
    return (name,)


class _Builder:
    """Makes the models of one control point; no two of them have the same name."""

    def __init__(self, vocabulary: VocabularyIndex):
        self.vocabulary = vocabulary
        self.taken: set[str] = set()

    def facts(self, name: str, control_point: str, root: Record) -> type[BaseModel]:
        fields = self._fields(root)
        fields["as_of"] = (
            Annotated[date, BeforeValidator(_read_day)] | None,
            Field(None, title="As of", description="The date of the decision."),
        )
        fields["evidence"] = (
            EvidenceGiven | None,
            Field(None, title="Evidence", description="What was given for the requirements of the case."),
        )
        return self._model(name, f"Facts of {control_point}", fields)

    def _model(self, name: str, title: str, fields: Mapping[str, tuple[Any, Any]]) -> type[BaseModel]:
        unique, number = name, 1
        while unique in self.taken:
            number += 1
            unique = f"{name}{number}"
        self.taken.add(unique)
        for field in fields:
            if field.startswith(("_", "model_")) and (field.startswith("_") or hasattr(BaseModel, field)):
                raise ValueError(
                    f"a model cannot have a field named `{field}`: pass these facts as a mapping"
                )
        with warnings.catch_warnings():
            # A field named `copy` or `json` hides a deprecated method of pydantic's, as it should.
            warnings.filterwarnings(
                "ignore", message=".*shadows an attribute in parent", category=UserWarning
            )
            made: type[BaseModel] = create_model(
                unique, __base__=FactsRecord, __module__=__name__, __doc__=f"{title}.", **dict(fields)
            )  # type: ignore[call-overload]
        made.model_config["title"] = title
        return made

    def _fields(self, record: Record) -> dict[str, tuple[Any, Any]]:
        done: dict[str, tuple[Any, Any]] = {}
        for name, inner in record.records.items():
            kind = self._kind_at(inner.path)
            title = self.vocabulary.kinds[kind].title
            model = self._model(_camel(inner.path), title.get("en"), self._fields(inner))
            field = Field(
                None,
                title=title.get("en"),
                description=title.get("zh"),
                validation_alias=_aliases(name, record),
            )
            done[name] = (model | None, field)
        for leaf in record.leaves:
            done[leaf.field.name] = self._leaf(leaf, record)
        return done

    def _kind_at(self, path: str) -> str:
        if "." not in path:
            return self.vocabulary.kinds[path].name
        return self.vocabulary.at(path).record or ""

    def _leaf(self, leaf: Leaf, record: Record) -> tuple[Any, Any]:
        field = leaf.field
        default = None if field.default is None else python_value(field.default, field.type)
        about = Field(
            default if field.type.base is not Base.LIST or default is None else [],
            title=field.title.get("en"), description=_description(leaf),
            validation_alias=_aliases(field.name, record),
        )  # fmt: skip
        if leaf.items is not None:
            title = self.vocabulary.kinds[field.type.item or ""].title.get("en")
            item = self._model(_camel(leaf.path), title, self._fields(leaf.items))
            return Annotated[list[item], Field(max_length=field.length)] | None, about  # type: ignore[valid-type]
        return _value_type(leaf) | None, about


def _aliases(name: str, record: Record) -> AliasChoices:
    return AliasChoices(*dict.fromkeys((name, *record.names[name])))


def _description(leaf: Leaf) -> str:
    """The title in Chinese, the type with its unit, and the other names of a field."""
    field = leaf.field
    parts = [field.title.get("zh")] if field.title.zh else []
    kind = "" if field.type.base is Base.CHOICE else str(field.type)
    parts += [kind] if kind else []
    others = [n for n in field.names if n not in (field.name, field.title.zh, field.title.en)]
    parts += [f"also named {', '.join(others)}"] if others else []
    return "; ".join(parts)


def _reader(leaf: Leaf) -> Callable[[object], object]:
    """The evaluator's own reader for the field, so that a model takes exactly what the evaluator takes."""

    def read(value: object) -> object:
        if value is None:
            return None
        reading = Reading([])
        raw = read_value(leaf, value, leaf.path, reading)
        if reading.problems:
            raise _refusal(reading.problems[0])
        return python_value(raw, leaf.field.type)

    return read


def _value_type(leaf: Leaf) -> Any:
    """The Python type of a field with what the vocabulary says of the size of values."""
    field, type_ = leaf.field, _TYPES[leaf.field.type.base](leaf)
    reader = BeforeValidator(_reader(leaf))
    if field.type.base is Base.TEXT:
        return Annotated[type_, Field(max_length=field.length), reader]
    if not field.type.is_numeric:
        return Annotated[type_, reader]
    widest = 10**field.digits - 1
    bounds: dict[str, Any] = {}
    if field.low > -widest:
        bounds["ge"] = python_value(field.low, field.type)
    if field.high < widest:
        bounds["le"] = python_value(field.high, field.type)
    if type_ is not Decimal:
        return Annotated[type_, Field(**{"ge": -widest, "le": widest} | bounds), reader]
    constraints = Field(max_digits=field.digits, decimal_places=field.type.scale, **bounds)
    keywords = {"ge": "minimum", "le": "maximum"}
    return Annotated[
        type_, constraints, reader, _number_schema({keywords[k]: float(b) for k, b in bounds.items()})
    ]


def _number_schema(bounds: Mapping[str, float]) -> WithJsonSchema:
    """An exact number in JSON: a number, or a text, which no reader makes a binary float of."""
    pattern = r"^[+-]?([0-9]+(\.[0-9]+)?|\.[0-9]+)$"
    return WithJsonSchema({"anyOf": [{"type": "number", **bounds}, {"type": "string", "pattern": pattern}]})


_TYPES: Mapping[Base, Callable[[Leaf], Any]] = {
    Base.MONEY: lambda leaf: Decimal,
    Base.NUMBER: lambda leaf: Decimal if leaf.field.type.scale else int,
    Base.DAYS: lambda leaf: int,
    Base.MONTHS: lambda leaf: int,
    Base.DATE: lambda leaf: date,
    Base.INSTANT: lambda leaf: AwareDatetime,
    Base.BOOLEAN: lambda leaf: bool,
    Base.TEXT: lambda leaf: str,
    Base.CHOICE: lambda leaf: Literal[leaf.field.type.choices],
}


def _camel(path: str) -> str:
    """A name for a class: `order.release` becomes `OrderRelease`."""
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"\W+|_", path))
