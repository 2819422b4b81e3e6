"""Which column of an event log holds what: found by name, settled before a row is read."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from salesctrl.diagnostics import suggest
from salesctrl.errors import FactProblem, FactsError
from salesctrl.tables.chosen import listed
from salesctrl.tables.columns import folded

FIELDS = ("id", "case", "activity", "time", "person", "role", "department")
NEEDED = ("case", "activity", "time")
_RESERVED = frozenset([*FIELDS, "on", "row"])

XES_NAMES: Mapping[str, tuple[str, ...]] = {
    "id": ("identity:id",),
    "case": ("case:concept:name",),
    "activity": ("concept:name",),
    "time": ("time:timestamp",),
    "person": ("org:resource",),
    "role": ("org:role",),
    "department": ("org:group",),
}
"""What XES calls the fields. Nothing else is called so: these names go before all others."""

NAMES: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "event_id", "eventid", "event_no", "event_number", "事件编号", "事件ID", "事件号"),
    "case": (
        "case", "case_id", "caseid", "case_key", "case_no", "case_number", "trace", "trace_id",
        "process_instance", "process_instance_id", "案例", "案例编号", "案例ID", "案例号", "流程实例",
        "流程编号", "单号", "单据号", "单据编号",
    ),
    "activity": (
        "activity", "activity_name", "activity_en", "event_name", "step", "task", "task_name",
        "活动", "活动名称", "步骤", "环节", "节点", "操作",
    ),
    "time": (
        "time", "timestamp", "time_stamp", "event_time", "eventtime", "event_timestamp", "datetime",
        "date_time", "date", "complete_timestamp", "completed_at", "end_time", "end_timestamp",
        "时间", "时间戳", "日期", "日期时间", "操作时间", "事件时间", "发生时间", "完成时间", "办理时间",
    ),
    "person": (
        "person", "resource", "user", "user_id", "user_name", "username", "employee", "employee_id",
        "performer", "performed_by", "created_by", "changed_by", "ernam", "usnam", "aenam",
        "人员", "操作人", "操作员", "办理人", "处理人", "经办人", "执行人", "员工", "用户",
    ),
    "role": ("role", "position", "job_title", "岗位", "角色", "职位", "职务"),
    "department": (
        "department", "dept", "group", "organisational_unit", "organizational_unit", "部门",
        "所属部门",
    ),
}  # fmt: skip
"""Other names of the fields, as tools and ERPs call them."""

_BY_NAME = {folded(name): field for field, names in NAMES.items() for name in names}
_BY_XES_NAME = {folded(name): field for field, names in XES_NAMES.items() for name in names}


@dataclass(frozen=True, slots=True)
class Placed:
    """The columns of a log and what they hold.

    ``fields`` are the columns of the fields that are there; ``attributes`` those of all else that is taken
    over, by the names under which it is; ``notices`` are what a person should know of this.
    """

    fields: Mapping[str, str]
    attributes: Mapping[str, str]
    notices: tuple[str, ...] = ()

    @property
    def used(self) -> frozenset[str]:
        """The columns that are read."""
        return frozenset({*self.fields.values(), *self.attributes.values()})


def place(
    names: Sequence[str],
    columns: Mapping[str, str] | None = None,
    attributes: Collection[str] | None = None,
    source: str = "",
) -> Placed:
    """Find what the columns of a log hold.

    A name of XES goes before other names; among these, two for one field are ambiguous. A column that holds
    no field is an attribute, under its own name; under ``source:…`` if that is the name of a field.

    Args:
        names: The names of the columns.
        columns: Columns with what they hold, where their names do not say it: a field, or one of the
            ``attributes``.
        attributes: The attributes to take over; left out, all.
        source: The name of the file, for messages.

    Raises:
        FactsError: It carries everything that is wrong: fields that are needed and not there, columns that
            could be one and the same field, and what ``columns`` and ``attributes`` say that cannot be.

    >>> placed = place(["单号", "步骤", "时间", "操作人", "金额"])
    >>> placed.fields, placed.attributes
    ({'case': '单号', 'activity': '步骤', 'time': '时间', 'person': '操作人'}, {'金额': '金额'})
    """
    columns, wanted = dict(columns or {}), None if attributes is None else tuple(attributes)
    problems: list[FactProblem] = []
    fields, renamed = _chosen(names, columns, wanted, source, problems)
    problems += [_reserved(name, source) for name in wanted or () if name in _RESERVED]
    by_field: dict[str, dict[bool, list[str]]] = {}
    for name in dict.fromkeys(names):
        key = folded(name)
        field = _BY_XES_NAME.get(key) or _BY_NAME.get(key)
        if field is not None and name not in columns and field not in fields and name not in (wanted or ()):
            by_field.setdefault(field, {}).setdefault(key in _BY_XES_NAME, []).append(name)
    for field, found in by_field.items():
        candidates = found.get(True) or found[False]
        if len(candidates) == 1:
            fields[field] = candidates[0]
        else:
            problems.append(_ambiguous(field, candidates, source))
    problems += [_missing(field, names, source) for field in NEEDED if field not in {*fields, *by_field}]
    taken = {name: column for column, name in renamed.items()}
    others = [name for name in dict.fromkeys(names) if name not in fields.values() and name not in renamed]
    taken.update(_attributes(others, taken, wanted))
    if wanted is not None:
        absent = [name for name in wanted if name not in taken and name not in _RESERVED]
        problems += [_no_attribute(name, names, source) for name in absent]
    if problems:
        raise FactsError(problems)
    return Placed(
        {f: fields[f] for f in FIELDS if f in fields}, taken, _notices(names, others, taken, fields)
    )


def _chosen(
    names: Sequence[str],
    columns: Mapping[str, str],
    wanted: Collection[str] | None,
    source: str,
    problems: list[FactProblem],
) -> tuple[dict[str, str], dict[str, str]]:
    """What the caller says of columns: those of fields by the fields, the names of attributes by columns."""
    fields: dict[str, str] = {}
    renamed: dict[str, str] = {}
    for column, target in columns.items():
        known = target in FIELDS or target in (wanted or ())
        if column not in names:
            near = suggest(column, names)
            help = f"did you mean `{near}`?" if near else f"the columns are {listed(names)}"
            problems.append(FactProblem(source, "F_COLUMN", f"there is no column `{column}`", help))
        if not known:
            near = suggest(target, [*FIELDS, *(wanted or ())])
            help = f"did you mean `{near}`?" if near else f"the fields are {listed(FIELDS)}"
            message = f"unknown field `{target}` for the column `{column}`"
            problems.append(FactProblem(source, "F_COLUMN", message, help))
        other = next(
            (c for c, t in [*((c, f) for f, c in fields.items()), *renamed.items()] if t == target), None
        )
        if other is not None:
            message = f"two columns for `{target}`: `{other}` and `{column}`"
            problems.append(FactProblem(source, "F_COLUMN", message))
        elif target in FIELDS:
            fields[target] = column
        elif known:
            renamed[column] = target
    return fields, renamed


def _attributes(
    others: Sequence[str], taken: Mapping[str, str], wanted: Collection[str] | None
) -> dict[str, str]:
    """The columns of attributes, by the names that these have in the log."""
    done: dict[str, str] = {}
    for column in others:
        if wanted is not None:
            if column in wanted and column not in taken:
                done[column] = column
        elif column:
            name = column
            while name in _RESERVED or name in done or (name != column and name in others):
                name = f"source:{name}"
            done[name] = column
    return done


def _ambiguous(field: str, candidates: Sequence[str], source: str) -> FactProblem:
    help = f'say which with `columns={{"{candidates[0]}": "{field}"}}`'
    if field == "time":
        help += "; make one column of a date and a time of day first"
    return FactProblem(source, "F_COLUMN", f"the `{field}` could be {listed(candidates)}", help)


def _missing(field: str, names: Sequence[str], source: str) -> FactProblem:
    known = listed([*XES_NAMES[field], *NAMES[field]], most=4)
    help = (
        f'say which column it is with `columns={{"…": "{field}"}}`; '
        f"known names are {known}; the columns are {listed([name for name in names if name]) or 'none'}"
    )
    return FactProblem(source, "F_COLUMN", f"no column holds the `{field}`", help)


def _reserved(name: str, source: str) -> FactProblem:
    help = f'give it another name, such as `columns={{"{name}": "its_{name}"}}`'
    return FactProblem(source, "F_COLUMN", f"an attribute cannot be called `{name}`", help)


def _no_attribute(name: str, names: Sequence[str], source: str) -> FactProblem:
    near = suggest(name, names)
    help = f"did you mean `{near}`?" if near else f"the columns are {listed(names)}"
    return FactProblem(source, "F_COLUMN", f"no column holds the attribute `{name}`", help)


def _notices(
    names: Sequence[str], others: Sequence[str], taken: Mapping[str, str], fields: Mapping[str, str]
) -> tuple[str, ...]:
    said = [f"no column for `{field}`" for field in FIELDS if field not in fields and field != "id"]
    if "id" not in fields:
        said.append("no column for `id`: the numbers of the rows count as ids")
    said += [
        f"the column `{column}` is the attribute `{name}`" for name, column in taken.items() if name != column
    ]
    unread = [name for name in others if name not in taken.values()]
    if unread:
        said.append(f"not read: {listed([name or '(a column without a name)' for name in unread])}")
    return tuple(said)
