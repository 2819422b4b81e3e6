"""The document of a schedule, held against the control point that it asks: its facts and values are there.

What is wrong with it is found before the first question, all of it at once, as for any document of a policy
set: a line whose amount no decision has would otherwise be missing without a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from salesctrl.batch.schema import ValueColumn, value_schema
from salesctrl.calendar import DateRange, add_days, add_months, month_end
from salesctrl.compile.plan import CheckedSet, Plan
from salesctrl.diagnostics import Diagnostics, suggest
from salesctrl.policy.documents import ScheduleDocument
from salesctrl.policy.documents_schedule import LineSpec
from salesctrl.policy.loader import Loaded
from salesctrl.policy.types import Base
from salesctrl.policy.vocabulary import Field, VocabularyIndex
from salesctrl.tables.columns import AS_OF

_EVERY = re.compile(r"([1-9][0-9]{0,3}) (day|week|month|quarter|year)s?")
_DAYS = {"day": 1, "week": 7}
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True, slots=True)
class Every:
    """How far apart dates are: ``days`` or ``months``, the other is 0.

    Dates are counted from the first one, not from one another: from 31 January monthly comes 28 February and
    then 31 March. With ``at_month_end`` each is the last day of the month that is counted so.
    """

    days: int = 0
    months: int = 1
    at_month_end: bool = False

    def dates(self, first: int, last: int) -> Iterator[int]:
        """The dates from the first on, the last day included; ordinals.

        >>> from datetime import date
        >>> every = Every(months=1)
        >>> days = every.dates(date(2026, 1, 31).toordinal(), date(2026, 3, 31).toordinal())
        >>> [str(date.fromordinal(day)) for day in days]
        ['2026-01-31', '2026-02-28', '2026-03-31']
        """
        count = 0
        while True:
            try:
                day = add_days(first, count * self.days) if self.days else add_months(
                    first, count * self.months
                )  # fmt: skip
            except DateRange:  # the calendar ends
                return
            if self.at_month_end:
                day = month_end(day)
            if day > last:
                return
            yield day
            count += 1


def parse_every(text: str) -> Every | None:
    """What `1 month` and `14 days` mean; None where it is neither.

    >>> parse_every("2 weeks"), parse_every("1 quarter"), parse_every("0 days")
    (Every(days=14, months=0, at_month_end=False), Every(days=0, months=3, at_month_end=False), None)
    """
    found = _EVERY.fullmatch(text.strip())
    if found is None:
        return None
    count, unit = int(found[1]), found[2]
    return Every(days=count * _DAYS.get(unit, 0), months=count * _MONTHS.get(unit, 0))


@dataclass(frozen=True, slots=True)
class SchedulePlan:
    """A schedule that fits its control point.

    Attributes:
        doc: The document.
        every: How far apart the dates are.
        lines: The lines that can occur: those of rules that are switched off cannot.
        scale: The most decimals that an amount has.
        fields: The facts that it speaks of, by their paths.
        subject: The paths of the facts that name a transaction.
    """

    doc: ScheduleDocument
    every: Every
    lines: tuple[LineSpec, ...]
    scale: int
    fields: Mapping[str, Field]
    subject: tuple[str, ...]

    @property
    def shares(self) -> tuple[str, ...]:
        """By whom amounts are borne, in the order in which they first stand."""
        return tuple(dict.fromkeys(share for line in self.doc.lines for share in line.shares))

    @property
    def told(self) -> tuple[str, ...]:
        """The facts that decisions learn from those before."""
        told = [*self.doc.carry]
        for line in self.lines:
            told += line.set
            if line.record is not None:
                told.append(line.record.into)
        return tuple(dict.fromkeys(told))

    @property
    def lists(self) -> frozenset[str]:
        """Those of them that are lists, to which items are added."""
        return frozenset(line.record.into for line in self.lines if line.record is not None)


def plan_schedule(
    loaded: Loaded[ScheduleDocument], plans: Sequence[Plan], checked: CheckedSet
) -> SchedulePlan:
    """Hold a schedule against the plans of its control point.

    Raises:
        PolicyError: It names facts, rules or values that are not there, or of another kind than it needs;
            all of them at once.
    """
    found = Diagnostics()
    plan = _Checking(loaded, plans, checked.vocabulary, found).plan()
    if found.has_errors:
        found.sources[loaded.source.file] = loaded.source.text
        found.raise_if_errors()
    return plan


class _Checking:
    def __init__(
        self,
        loaded: Loaded[ScheduleDocument],
        plans: Sequence[Plan],
        vocabulary: VocabularyIndex,
        found: Diagnostics,
    ):
        self._doc, self._source, self._found = loaded.doc, loaded.source, found
        self._plans, self._vocabulary = plans, vocabulary
        self._values = value_schema(plans)
        self._fields: dict[str, Field] = {}

    def plan(self) -> SchedulePlan:
        doc = self._doc
        every = parse_every(doc.every)
        if every is None:
            self._error(
                "E205", f"expected how far apart dates are but got `{doc.every}`", ("every",),
                "write a count and a unit: `1 month`, `2 weeks`, `14 days`",
            )  # fmt: skip
        if doc.start is not None:
            self._fact(doc.start, ("start",), "a date", {Base.DATE})
        if doc.balance is not None:
            self._fact(doc.balance, ("balance",), "an amount", {Base.MONEY, Base.NUMBER})
        for share, path in doc.persons.items():
            self._fact(path, ("persons", share), "a text", {Base.TEXT, Base.CHOICE})
        for path, value in doc.carry.items():
            self._fact(path, ("carry", path))
            self._value(value, ("carry", path))
        lines = tuple(line for i, line in enumerate(doc.lines) if self._line(line, ("lines", i)))
        scales = [column.scale for name in _amounts(lines) if (column := self._values.get(name)) is not None]
        counted = every or Every()
        return SchedulePlan(
            doc,
            Every(counted.days, counted.months, doc.on == "month_end"),
            lines,
            max(scales, default=0),
            self._fields,
            tuple(dict.fromkeys(path for plan in self._plans for path in plan.subject)),
        )

    def _line(self, line: LineSpec, where: tuple[str | int, ...]) -> bool:
        """Check a line; whether it can occur at all."""
        if line.rule is not None and not self._in_force(line.rule, (*where, "rule")):
            return False
        self._amount(line.amount, (*where, "amount"))
        for share, value in line.shares.items():
            self._amount(value, (*where, "shares", share))
        for path, value in line.set.items():
            self._fact(path, (*where, "set", path))
            self._value(value, (*where, "set", path), also_as_of=True)
        if line.record is not None:
            self._record(line, (*where, "record"))
        return True

    def _record(self, line: LineSpec, where: tuple[str | int, ...]) -> None:
        assert line.record is not None
        field = self._fact(line.record.into, (*where, "into"), "a list", {Base.LIST})
        kind = None if field is None or field.type.item is None else self._vocabulary.kinds[field.type.item]
        for key, entries in (("item", line.record.item), ("fixed", line.record.fixed)):
            for name, value in entries.items():
                if kind is not None and name not in kind.fields:
                    near = suggest(name, kind.fields)
                    self._error(
                        "E304", f"`{kind.name}` has no field `{name}`", (*where, key, name),
                        f"did you mean `{near}`?" if near else None,
                    )  # fmt: skip
                if key == "item":
                    self._value(value, (*where, key, name), also_as_of=True)

    def _in_force(self, rule: str, where: tuple[str | int, ...]) -> bool:
        ruling = {planned.rule.id for plan in self._plans for planned in plan.rules}
        dormant = {one.rule.id for plan in self._plans for one in plan.dormant}
        if rule not in ruling and rule not in dormant:
            near = suggest(rule, sorted(ruling))
            help_ = f"did you mean `{near}`?" if near else None
            self._error("E303", f"no rule `{rule}` decides at `{self._doc.control_point}`", where, help_)
        return rule in ruling

    def _amount(self, name: str, where: tuple[str | int, ...]) -> None:
        column = self._value(name, where)
        if column is not None and column.type.base not in (Base.MONEY, Base.NUMBER):
            self._error("E305", f"expected an amount but `{name}` is none", where)

    def _value(
        self, name: str, where: tuple[str | int, ...], *, also_as_of: bool = False
    ) -> ValueColumn | None:
        if also_as_of and name == AS_OF:
            return None
        found = self._values.get(name)
        if found is None:
            near = suggest(name, self._values)
            help_ = f"did you mean `{near}`?" if near else "name it among the `outputs` of the policy"
            self._error("E303", f"no decision has a value `{name}`", where, help_)
        return found

    def _fact(
        self,
        path: str,
        where: tuple[str | int, ...],
        noun: str | None = None,
        bases: Iterable[Base] = (),
    ) -> Field | None:
        try:
            field = self._vocabulary.at(path)
        except KeyError:
            kind, _, name = path.partition(".")
            fields = self._vocabulary.kinds[kind].fields if kind in self._vocabulary.kinds else {}
            near = suggest(name, fields)
            help_ = f"did you mean `{kind}.{near}`?" if near else "write `kind.field`"
            self._error("E304", f"unknown fact `{path}`", where, help_)
            return None
        if noun is not None and field.type.base not in bases:
            self._error("E305", f"expected {noun} but `{path}` is none", where)
        self._fields[path] = field
        return field

    def _error(self, code: str, message: str, where: tuple[str | int, ...], help_: str | None = None) -> None:
        self._found.error(code, message, self._source.span(where), help_)


def _amounts(lines: Iterable[LineSpec]) -> Iterator[str]:
    for line in lines:
        yield line.amount
        yield from line.shares.values()
