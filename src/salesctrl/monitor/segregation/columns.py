"""Which column of a list of assignments holds what: found by name, settled before a row is read.

Lists come in two shapes. In the long one a column says the role, one a row or several in a cell. In the wide
one, the matrix of authorities that people keep in sheets, each role is a column, and a mark says who has it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from salesctrl.diagnostics import suggest
from salesctrl.errors import FactProblem, FactsError
from salesctrl.policy.organisation import Organisation
from salesctrl.tables.chosen import listed
from salesctrl.tables.columns import folded

FIELDS = ("person", "name", "role", "from", "to", "department")

NAMES: Mapping[str, tuple[str, ...]] = {
    "person": (
        "person", "person_id", "user", "user_id", "userid", "uid", "account", "account_id", "login",
        "login_name", "employee", "employee_id", "employee_no", "employee_number", "emp_id", "staff_id",
        "staff_no", "uname", "bname", "用户", "用户ID", "用户编号", "用户账号", "用户代码", "账号", "帐号",
        "登录名", "登录账号", "工号", "员工", "员工号", "员工编号", "员工工号", "人员", "人员编号",
        "人员编码", "操作员", "操作员编号",
    ),
    "name": (
        "name", "full_name", "display_name", "person_name", "employee_name", "姓名", "员工姓名", "用户姓名",
        "用户名称", "人员姓名", "操作员姓名", "中文名",
    ),
    "role": (
        "role", "roles", "role_name", "role_id", "role_code", "position", "post", "job", "job_title",
        "agr_name", "角色", "角色名称", "角色编码", "岗位", "岗位名称", "职位", "职务", "权限角色",
        "用户角色",
    ),
    "from": (
        "from", "from_date", "from_dat", "valid_from", "start", "start_date", "begin", "begin_date",
        "begda", "effective_from", "生效日期", "开始日期", "起始日期", "有效期从", "有效期起", "启用日期",
        "授权开始日期",
    ),
    "to": (
        "to", "to_date", "to_dat", "valid_to", "valid_until", "until", "end", "end_date", "endda",
        "expires", "expiry_date", "effective_to", "失效日期", "结束日期", "截止日期", "终止日期", "有效期至",
        "有效期止", "停用日期", "授权结束日期",
    ),
    "department": (
        "department", "department_name", "dept", "org_unit", "unit", "group", "部门", "部门名称", "所属部门",
        "组织", "单位",
    ),
}  # fmt: skip
"""Names of the fields, as ERPs and people call them."""

EITHER = ("username", "user_name", "用户名")
"""Who it is, or what they are called where another column says who it is."""

_BY_NAME = {folded(name): field for field, names in NAMES.items() for name in names}
_EITHER = frozenset(map(folded, EITHER))


@dataclass(frozen=True, slots=True)
class Placed:
    """The columns of a list of assignments, and what they hold.

    Attributes:
        fields: The columns of the fields that are there.
        marks: In the wide shape, the columns with marks, each with the role that it is.
        unread: Columns that hold neither; in the wide shape they may turn out to be unknown roles.
        notices: What a person should know of this.
    """

    fields: Mapping[str, str]
    marks: Mapping[str, str]
    unread: tuple[str, ...]
    notices: tuple[str, ...] = ()

    @property
    def is_wide(self) -> bool:
        """Whether each role is a column."""
        return bool(self.marks)


def place(
    names: Sequence[str],
    organisation: Organisation,
    columns: Mapping[str, str] | None = None,
    source: str = "",
) -> Placed:
    """Find what the columns of a list of assignments hold.

    Args:
        names: The names of the columns.
        organisation: Whose roles they may be.
        columns: Columns with what they hold, where their names do not say it: a field, or a role.
        source: The name of the file, for messages.

    Raises:
        FactsError: It carries everything that is wrong: nothing says who or which role, two columns could be
            one field, and what ``columns`` says that cannot be.

    >>> place(["工号", "姓名", "岗位", "部门"], Organisation()).fields
    {'person': '工号', 'name': '姓名', 'role': '岗位', 'department': '部门'}
    """
    return _Placing(names, organisation, dict(columns or {}), source).placed()


class _Placing:
    def __init__(
        self, names: Sequence[str], organisation: Organisation, columns: Mapping[str, str], source: str
    ):
        self.names, self.organisation, self.columns, self.source = names, organisation, columns, source
        self.problems: list[FactProblem] = []
        self.notices: list[str] = []
        self.fields: dict[str, str] = {}
        self.marks: dict[str, str] = {}

    def placed(self) -> Placed:
        self._chosen()
        self._by_name()
        self._by_role()
        self._check()
        if self.problems:
            raise FactsError(self.problems)
        used = {*self.fields.values(), *self.marks}
        unread = tuple(name for name in dict.fromkeys(self.names) if name not in used)
        return Placed(
            {field: self.fields[field] for field in FIELDS if field in self.fields}, self.marks, unread,
            tuple(self.notices),
        )  # fmt: skip

    def _chosen(self) -> None:
        """What the caller says of columns."""
        for column, target in self.columns.items():
            if column not in self.names:
                near = suggest(column, self.names)
                help = f"did you mean `{near}`?" if near else f"the columns are {listed(self.names)}"
                self._wrong(f"there is no column `{column}`", help)
            role = None if target in FIELDS else self.organisation.role(target)
            if role is not None:
                self.marks[column] = role
            elif target not in FIELDS:
                near = suggest(target, [*FIELDS, *self.organisation.roles])
                help = f"did you mean `{near}`?" if near else f"the fields are {listed(FIELDS)}"
                self._wrong(f"`{target}` for the column `{column}` is neither a field nor a role", help)
            elif target in self.fields:
                self._wrong(f"two columns for `{target}`: `{self.fields[target]}` and `{column}`", None)
            else:
                self.fields[target] = column

    def _by_name(self) -> None:
        found: dict[str, list[str]] = {}
        either: list[str] = []
        for name in dict.fromkeys(self.names):
            if name in self.columns:
                continue
            field = _BY_NAME.get(folded(name))
            if field is not None and field not in self.fields:
                found.setdefault(field, []).append(name)
            elif folded(name) in _EITHER:
                either.append(name)
        for field in ("person", "name"):
            if either and field not in self.fields and field not in found:
                found[field] = either
                break
        for field, names in found.items():
            if len(names) > 1:
                help = f'say which one it is: `columns={{"{names[0]}": "{field}"}}`'
                self._wrong(f"the columns {listed(names)} could all be the `{field}`", help)
            self.fields[field] = names[0]
        if "person" not in self.fields and "name" in self.fields:
            self.fields["person"] = self.fields["name"]
            self.notices.append(f"nothing but `{self.fields['name']}` says who it is: names count as ids")

    def _by_role(self) -> None:
        for name in dict.fromkeys(self.names):
            if name not in self.columns and name not in self.fields.values():
                role = self.organisation.role(name)
                if role is not None:
                    self.marks[name] = role

    def _check(self) -> None:
        columns = listed([name for name in self.names if name]) or "none"
        if "person" not in self.fields:
            help = f'say with `columns={{"…": "person"}}` which it is; the columns are {columns}'
            self._wrong("no column says who it is: the `person`", help)
        if "role" not in self.fields and not self.marks:
            help = (
                f'say with `columns={{"…": "role"}}` which it is, or name columns of marks for roles; '
                f"the columns are {columns}"
            )
            self._wrong("no column says the `role`", help)
        if "role" in self.fields and self.marks:
            first = next(iter(self.marks))
            message = f"`{self.fields['role']}` holds roles, and `{first}` is the name of one"
            self._wrong(message, "keep one: a column of roles, or a column of marks for each role")
        twice: dict[str, list[str]] = {}
        for column, role in self.marks.items():
            twice.setdefault(role, []).append(column)
        for role, names in twice.items():
            if len(names) > 1:
                self._wrong(f"the columns {listed(names)} are all the role `{role}`", "join them")

    def _wrong(self, message: str, help: str | None) -> None:
        self.problems.append(FactProblem(self.source, "F_COLUMN", message, help))
