"""The trace of a decision: every rule considered, fired or not, why, and with which numbers.

A trace is plain data, made when it is first asked for. `explain` puts it into words.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from salesctrl.decision.values import Language, plain_value, python_value, shown_value
from salesctrl.errors import FactProblem
from salesctrl.evidence.reasons import RequirementResult
from salesctrl.outcome import Outcome
from salesctrl.policy.documents import LocalText, Source
from salesctrl.policy.types import Type


class Status(StrEnum):
    """What became of a rule."""

    FIRED = "fired"
    """Its condition holds, and its effects count."""
    SATISFIED = "satisfied"
    """Its condition holds, and all that it requires is there."""
    NOT_FIRED = "not_fired"
    """Its condition does not hold."""
    EXCEPTED = "excepted"
    """Its condition holds, but an exception takes it away."""
    WITHHELD = "withheld"
    """An exception whose condition holds, but not what it requires."""
    UNKNOWN = "unknown"
    """Its condition, or a value that it computes, cannot be known."""
    NOT_IN_FORCE = "not_in_force"
    """It is not in force on the date."""
    OFF = "off"
    """An overlay has switched it off."""


@dataclass(frozen=True, slots=True)
class NodeTemplate:
    """What is the same of a node in every decision of a plan."""

    kind: str
    text: str
    type: Type
    name: str | None = None
    title: LocalText | None = None
    op: str | None = None


class Node:
    """A part of an expression with its value.

    ``kind``: ``field``, ``parameter``, ``formula``, ``table``, ``literal``, ``as_of``, ``arithmetic``,
    ``compare``, ``logic``, ``condition``, ``membership``, ``call``, ``fold``, ``select``, ``row``, ``cell``.
    ``text`` is what the policy says, ``name`` the name of a field, parameter or formula, with its ``title``.
    ``raw`` is the value in its run-time form. ``problem`` says why there is none: ``missing``, ``refused``
    (the fact was wrong), ``division_by_zero``, ``no_row``, ``several_rows``, ``rows_differ``, ``no_items``,
    ``no_such_day``, ``date_range``, ``backward_period``, ``no_value_yet`` (of a dated parameter), or
    ``depends``: for want of a value below.
    """

    __slots__ = ("children", "problem", "raw", "template")

    def __init__(
        self, template: NodeTemplate, raw: object, children: tuple[Node, ...], problem: str | None = None
    ):
        self.template = template
        self.raw = raw
        self.children = children
        self.problem = problem

    def __repr__(self) -> str:
        return f"Node({self.kind}: {self.text} = {self.shown()})"

    @property
    def kind(self) -> str:
        """What kind of part it is."""
        return self.template.kind

    @property
    def text(self) -> str:
        """What the policy says."""
        return self.template.text

    @property
    def type(self) -> Type:
        """The type of the value."""
        return self.template.type

    @property
    def name(self) -> str | None:
        """The name of a field, parameter, formula or table output."""
        return self.template.name

    @property
    def title(self) -> LocalText | None:
        """What people call it."""
        return self.template.title

    @property
    def op(self) -> str | None:
        """The operator or function."""
        return self.template.op

    @property
    def value(self) -> object:
        """The value as Python's own type, ``None`` for unknown."""
        return python_value(self.raw, self.type)

    def shown(self, lang: Language = "en") -> str:
        """The value as people read it."""
        return shown_value(self.raw, self.type, lang)

    def to_dict(self) -> dict[str, object]:
        """The node as plain data; how a formula came about stands once in the trace, under its name."""
        template = self.template
        done: dict[str, object] = {
            "kind": template.kind,
            "text": template.text,
            "value": plain_value(self.raw, template.type),
        }
        if template.name is not None:
            done["name"] = template.name
        if self.problem is not None:
            done["problem"] = self.problem
        if template.kind != "formula":
            below = self.plain_children()
            if below:
                done["children"] = below
        return done

    def plain_children(self) -> list[dict[str, object]]:
        """The nodes below as plain data; literals are in the text, and left out."""
        return [child.to_dict() for child in self.children if child.template.kind != "literal"]


@dataclass(frozen=True, slots=True)
class Version:
    """Which version of a policy was in force, from when to when (``None``: open)."""

    policy: str
    title: LocalText
    first: date | None
    last: date | None

    def to_dict(self) -> dict[str, object]:
        """The version as plain data."""
        return {
            "policy": self.policy,
            "from": self.first.isoformat() if self.first else None,
            "to": self.last.isoformat() if self.last else None,
        }


@dataclass(frozen=True, slots=True)
class Row:
    """Which row of which table a rule is."""

    table: str
    number: int
    count: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Off:
    """Why a rule is switched off, by whom, until when, in which overlay."""

    because: LocalText
    owner: str
    until: date
    overlay: str

    def to_dict(self) -> dict[str, object]:
        """The switch as plain data."""
        return {
            "because": texts(self.because),
            "owner": self.owner,
            "until": self.until.isoformat(),
            "overlay": self.overlay,
        }


@dataclass(frozen=True, slots=True)
class RuleTemplate:
    """What is the same of a rule in every decision of a plan.

    ``origin`` names the overlay that added it; ``off`` says why, by whom and until when it is switched off.
    """

    id: str
    title: LocalText
    policy: str
    source: Source | None
    effect: Outcome | None
    row: Row | None
    excepts: tuple[str, ...]
    notify: tuple[str, ...]
    origin: str | None
    off: Off | None
    version: Version
    effective: tuple[date | None, date | None]


class RuleTrace:
    """What became of one rule, and why.

    ``outcome`` is what it contributes to the decision; ``condition`` its condition with the values, ``None``
    of a rule that is not in force; ``computed`` its values by name; ``exceptions`` the ids of the rules that
    could except it, and what became of them. The other properties are those of the rule itself.
    """

    __slots__ = (
        "_because",
        "computed",
        "condition",
        "exceptions",
        "outcome",
        "requirements",
        "status",
        "template",
    )

    def __init__(
        self, template: RuleTemplate, status: Status, outcome: Outcome | None, condition: Node | None,
        computed: tuple[tuple[str, Node], ...], requirements: tuple[RequirementResult, ...],
        exceptions: tuple[tuple[str, Status], ...], because: Callable[[], LocalText | None],
    ):  # fmt: skip
        self.template = template
        self.status = status
        self.outcome = outcome
        self.condition = condition
        self.computed = computed
        self.requirements = requirements
        self.exceptions = exceptions
        self._because = because

    def __repr__(self) -> str:
        return f"RuleTrace({self.id}: {self.status})"

    @property
    def id(self) -> str:
        """The rule's id."""
        return self.template.id

    @property
    def title(self) -> LocalText:
        """The rule's title."""
        return self.template.title

    @property
    def policy(self) -> str:
        """The name of its policy."""
        return self.template.policy

    @property
    def source(self) -> Source | None:
        """The clause that it stands on."""
        return self.template.source

    @property
    def row(self) -> Row | None:
        """Which row of a table it is, if it is one."""
        return self.template.row

    @property
    def because(self) -> LocalText | None:
        """The rule's sentence with its numbers filled in."""
        return self._because()

    def to_dict(self) -> dict[str, object]:
        """The rule as plain data; what is empty is left out."""
        template = self.template
        done: dict[str, object] = {
            "id": template.id,
            "title": texts(template.title),
            "policy": template.policy,
            "status": self.status.value,
            "outcome": self.outcome.value if self.outcome is not None else None,
        }
        if template.source is not None:
            document, article = template.source.document, template.source.article
            done["source"] = {"document": texts(document), "article": texts(article) if article else None}
        if template.row is not None:
            done["row"] = {
                "table": template.row.table,
                "number": template.row.number,
                "of": template.row.count,
            }
        if self.condition is not None:
            done["condition"] = self.condition.to_dict()
        if self.computed:
            done["computed"] = {name: node.to_dict() for name, node in self.computed}
        if self.requirements:
            done["requirements"] = [requirement.to_dict() for requirement in self.requirements]
        if self.exceptions:
            done["exceptions"] = {rule: status.value for rule, status in self.exceptions}
        if template.notify:
            done["notify"] = list(template.notify)
        because = self._because()
        if because is not None:
            done["because"] = texts(because)
        if template.origin is not None:
            done["overlay"] = template.origin
        if template.off is not None:
            done["off"] = template.off.to_dict()
        return done


@dataclass(frozen=True, slots=True)
class ParameterTrace:
    """A parameter that the decision used: its value, since when, and the overlay that set it."""

    policy: str
    name: str
    title: LocalText
    type: Type
    raw: object
    since: date | None
    origin: str | None
    ref: str | None

    def to_dict(self) -> dict[str, object]:
        """The parameter as plain data."""
        return {
            "policy": self.policy,
            "name": self.name,
            "value": plain_value(self.raw, self.type),
            "since": self.since.isoformat() if self.since else None,
            "overlay": self.origin,
            "ref": self.ref,
        }


@dataclass(frozen=True, slots=True)
class TraceParts:
    """What a trace is made of; see :class:`Trace`."""

    rules: tuple[RuleTrace, ...]
    formulas: tuple[Node, ...]
    parameters: tuple[ParameterTrace, ...]
    versions: tuple[Version, ...]
    missing: tuple[str, ...]
    problems: tuple[FactProblem, ...]
    rounded: tuple[str, ...]

    def to_dict(self) -> dict[str, object]:
        """The parts as plain data."""
        return {
            "versions": [version.to_dict() for version in self.versions],
            "rules": [rule.to_dict() for rule in self.rules],
            "formulas": {
                str(node.name): {**node.to_dict(), "children": node.plain_children()}
                for node in self.formulas
            },
            "parameters": [parameter.to_dict() for parameter in self.parameters],
            "missing": list(self.missing),
            "problems": [{"path": p.path, "code": p.code, "message": p.message} for p in self.problems],
            "rounded": list(self.rounded),
        }


class Trace:
    """Every rule considered, with what became of it and why; made as far as it is asked for."""

    __slots__ = ("_made", "_parts", "_plain", "as_of", "control_point", "outcome")

    def __init__(
        self,
        control_point: str,
        as_of: date,
        outcome: Outcome,
        parts: Callable[[], TraceParts],
        plain: Callable[[], dict[str, object] | None],
    ):
        self.control_point = control_point
        self.as_of = as_of
        self.outcome = outcome
        self._parts = parts
        self._plain = plain

    def __repr__(self) -> str:
        return f"Trace({self.control_point} as of {self.as_of}: {self.outcome})"

    @property
    def parts(self) -> TraceParts:
        """The trace as objects."""
        try:
            return self._made
        except AttributeError:
            self._made: TraceParts = self._parts()
            return self._made

    @property
    def rules(self) -> tuple[RuleTrace, ...]:
        """The rules in the order of the policies; those not in force or switched off last."""
        return self.parts.rules

    @property
    def formulas(self) -> tuple[Node, ...]:
        """The formulas with their values."""
        return self.parts.formulas

    @property
    def parameters(self) -> tuple[ParameterTrace, ...]:
        """The parameters with their values."""
        return self.parts.parameters

    @property
    def versions(self) -> tuple[Version, ...]:
        """The versions of policies in force."""
        return self.parts.versions

    @property
    def missing(self) -> tuple[str, ...]:
        """Paths of the facts for want of which a rule or a value is unknown."""
        return self.parts.missing

    @property
    def problems(self) -> tuple[FactProblem, ...]:
        """Facts that were given and refused."""
        return self.parts.problems

    @property
    def rounded(self) -> tuple[str, ...]:
        """Facts whose binary noise was rounded away, on the caller's word."""
        return self.parts.rounded

    def rule(self, id: str) -> RuleTrace:
        """The trace of one rule; raises :class:`KeyError` where there is none of that id."""
        for rule in self.rules:
            if rule.id == id:
                return rule
        raise KeyError(id)

    def to_dict(self) -> dict[str, object]:
        """The trace as plain data."""
        return {
            "control_point": self.control_point,
            "as_of": self.as_of.isoformat(),
            "outcome": str(self.outcome),
            **(self._plain() or self.parts.to_dict()),
        }


def texts(text: LocalText) -> dict[str, str]:
    """A text in the languages that it has."""
    return {lang: value for lang, value in (("en", text.en), ("zh", text.zh)) if value is not None}
