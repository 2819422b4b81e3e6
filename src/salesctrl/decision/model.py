"""The decision: what the evaluator kept, and what people and programs ask of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from salesctrl.compile.plan import Plan
from salesctrl.decision.trace import RuleTrace, Status, Trace
from salesctrl.decision.values import Language, Raw, plain_value, python_value
from salesctrl.decision.working import Working
from salesctrl.evidence.given import Evidence
from salesctrl.evidence.reasons import RequirementResult
from salesctrl.outcome import OUTCOMES, Outcome
from salesctrl.policy.documents import LocalText, Source
from salesctrl.policy.types import Type

if TYPE_CHECKING:
    from salesctrl.decision.explain import Verbosity
    from salesctrl.decision.remedy import Remedy


@dataclass(frozen=True, slots=True)
class PolicySetName:
    """Which policies decided: the name and version of the set, its SHA-256, the overlays laid over it."""

    name: str
    version: str
    digest: str
    overlays: tuple[str, ...]


class Owner(Protocol):
    """What a decision was made by: it knows the plan, and how to make the trace."""

    plan: Plan
    plan_digest: str
    policies: PolicySetName
    named: dict[int, tuple[str, ...]]
    """Rules by their bits, those asked for lately."""

    def name(self, bits: int) -> tuple[str, ...]:
        """The ids of the rules whose bits are set; remembered in ``named``."""

    def trace(self, decision: Decision) -> Trace:
        """The trace of a decision."""

    def facts(self, decision: Decision) -> Mapping[str, object]:
        """The facts that the decision was made on, in their canonical form."""

    def working(self, decision: Decision) -> Working:
        """The expressions of the policies with the numbers of a decision."""

    def values(self, decision: Decision) -> tuple[Raw, ...]:
        """The facts of a decision in their run-time form, in the order of the plan's inputs."""

    def again(self, decision: Decision, changed: Mapping[int, Raw], evidence: Evidence | None) -> Decision:
        """Decide anew on the same day, with some facts changed and with this evidence.

        ``changed`` has new run-time values by the number of the fact among the plan's inputs.
        """

    def role_title(self, role: str) -> LocalText | None:
        """What people call a role; ``None`` for what is none."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that fired with an effect: what it says, and the clause it stands on.

    ``outcome`` is what it contributes: that of a review whose requirements are all met is ``allow``.
    """

    rule: str
    outcome: Outcome | None
    title: LocalText
    because: LocalText | None
    source: Source | None
    notify: tuple[str, ...]


Kept = tuple[Owner, tuple[object, ...], object, int, int, int, int, tuple[object, ...], int, object]
"""Owner, values, evidence, bits of fired, unknown and pending rules and of unknown outputs; outputs, rank,
reading."""


class Decision:
    """The decision on one transaction at one control point. Immutable.

    It keeps what it was made on, so the trace, the findings and the requirements are made when asked for.
    """

    __slots__ = ("_kept", "_trace")
    _kept: Kept
    _trace: Trace

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a decision cannot be changed")

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a decision cannot be pickled: keep `decision.to_json()`")

    def __copy__(self) -> Decision:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Decision:
        return self

    def __repr__(self) -> str:
        return f"Decision({self.control_point} as of {self.as_of}: {self.outcome}, fired {list(self.fired)})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Decision) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash((self.plan, self.facts))

    @property
    def control_point(self) -> str:
        """The control point that decided."""
        return self._kept[0].plan.control_point

    @property
    def outcome(self) -> Outcome:
        """The highest outcome of the rules in force."""
        return OUTCOMES[self._kept[8]]

    @property
    def allowed(self) -> bool:
        """Whether it may go ahead: the outcome is ``allow`` or ``flag``."""
        return self._kept[8] <= Outcome.FLAG.rank

    @property
    def as_of(self) -> date:
        """The date that the decision was made for."""
        day = self._kept[1][0]
        assert isinstance(day, int)
        return date.fromordinal(day)

    @property
    def subject(self) -> dict[str, object]:
        """What names the transaction, by the path of the fact: ``{"order.id": "SO-1042"}``."""
        plan, values = self._kept[0].plan, self._kept[1]
        vocabulary = plan.inputs.vocabulary
        return {
            path: _stated(values[plan.inputs.slots[path]], vocabulary.at(path).type) for path in plan.subject
        }

    def _rules(self, bits: int) -> tuple[str, ...]:
        if not bits:
            return ()
        owner = self._kept[0]
        return owner.named.get(bits) or owner.name(bits)

    @property
    def fired(self) -> tuple[str, ...]:
        """The ids of the rules whose condition holds and whose effects count."""
        kept = self._kept
        bits = kept[3]
        return (kept[0].named.get(bits) or kept[0].name(bits)) if bits else ()

    @property
    def unknown(self) -> tuple[str, ...]:
        """The ids of the rules that cannot be decided for want of a value."""
        return self._rules(self._kept[4])

    @property
    def pending(self) -> tuple[str, ...]:
        """The ids of the rules that fired and whose requirements are open."""
        return self._rules(self._kept[5])

    @property
    def values(self) -> dict[str, object]:
        """The values computed, by name, as `Decimal`, `int`, `date`, …; ``None`` for what is unknown.

        A value that only rules compute is there when one of them fired.
        """
        plan, outputs = self._kept[0].plan, self._kept[7]
        return {
            output.name: python_value(raw, output.type)
            for output, raw in zip(plan.outputs, outputs, strict=False)
            if raw is not None or output.node is not None
        }

    @property
    def trace(self) -> Trace:
        """Every rule considered, fired or not, and why."""
        try:
            return self._trace
        except AttributeError:
            made = self._kept[0].trace(self)
            object.__setattr__(self, "_trace", made)
            return made

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the rules that fired say, the gravest first."""
        found = [
            Finding(rule.id, rule.outcome, rule.title, rule.because, rule.source, rule.template.notify)
            for rule in self.trace.rules
            if rule.status in (Status.FIRED, Status.SATISFIED)
        ]
        return tuple(sorted(found, key=lambda f: -(f.outcome.rank if f.outcome is not None else -1)))

    @property
    def requirements(self) -> tuple[RequirementResult, ...]:
        """What is required, what was given for it, what is missing, and who could give it.

        What an exception requires is listed where a rule that it excepts has fired.
        """
        live = {Status.FIRED, Status.SATISFIED}
        rules = self.trace.rules
        fired = {name for rule in rules if rule.status in live for name in _names(rule)}
        return tuple(
            result
            for rule in rules
            if rule.status in live or (rule.status is Status.WITHHELD and fired & set(rule.template.excepts))
            for result in rule.requirements
        )

    @property
    def missing(self) -> tuple[str, ...]:
        """Paths of the facts for want of which something is unknown."""
        return self.trace.missing

    @property
    def plan(self) -> str:
        """SHA-256 of the plan: of the policy set, the control point and the stretch of time."""
        return self._kept[0].plan_digest

    @property
    def facts(self) -> str:
        """SHA-256 of the canonical form of the facts that were read."""
        return digest(self._kept[0].facts(self))

    def to_dict(self, *, trace: bool = False) -> dict[str, object]:
        """The decision as plain data, the same for the same facts and plan, on any machine."""
        plan, outputs = self._kept[0].plan, self._kept[7]
        done: dict[str, object] = {
            "control_point": self.control_point,
            "as_of": self.as_of.isoformat(),
            "subject": self.subject,
            "outcome": self.outcome.value,
            "fired": list(self.fired),
            "values": {
                output.name: plain_value(raw, output.type)
                for output, raw in zip(plan.outputs, outputs, strict=False)
                if raw is not None or output.node is not None
            },
            "findings": [_finding(finding) for finding in self.findings],
            "requirements": [result.to_dict() for result in self.requirements],
            "unknown": list(self.unknown),
            "missing": list(self.missing),
            "problems": [{"path": p.path, "code": p.code, "message": p.message} for p in self.trace.problems],
            "plan": self.plan,
            "facts": self.facts,
        }
        if trace:
            done["trace"] = self.trace.to_dict()
        return done

    def to_json(self, *, trace: bool = False, indent: int | None = None) -> str:
        """The decision as JSON; money and rates are texts, so no reader makes floats of them."""
        return json.dumps(self.to_dict(trace=trace), ensure_ascii=False, indent=indent)

    def explain(self, lang: Language = "en", verbosity: Verbosity = "normal") -> str:
        """The decision in words, for a person who signs for it.

        ``verbosity``: ``brief`` (the outcome and what fired), ``normal``, ``full`` (every rule that did not
        fire, with its condition too).
        """
        from salesctrl.decision.explain import explain

        return explain(self, lang, verbosity)

    def tree(self, lang: Language = "en", verbosity: Verbosity = "normal") -> str:
        """What `explain` says, as a tree: every line under the one that it belongs to."""
        from salesctrl.decision.explain import tree

        return tree(self, lang, verbosity)

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        """What would allow it: changes of facts, and evidence, found to be enough by deciding anew.

        Empty where it is allowed, and where nothing was found.
        """
        from salesctrl.decision.remedy import remedies

        return remedies(self)

    def _repr_html_(self) -> str:
        from salesctrl.decision.html import to_html

        return to_html(self)


keep: Callable[[Decision, Kept], None] = Decision.__dict__["_kept"].__set__
"""Gives a new decision what it keeps; the evaluators use it, and nothing else."""


def _stated(value: object, type_: Type) -> object:
    """A fact as plain data; a number that was kept as a Decimal is written as it is."""
    return f"{value:f}" if isinstance(value, Decimal) else plain_value(value, type_)


def _names(rule: RuleTrace) -> tuple[str, ...]:
    """What an exception can call a rule: its id, or the name of its table."""
    return (rule.id,) if rule.row is None else (rule.id, rule.row.table)


def _finding(finding: Finding) -> dict[str, object]:
    from salesctrl.decision.trace import texts

    return {
        "rule": finding.rule,
        "outcome": finding.outcome.value if finding.outcome is not None else None,
        "title": texts(finding.title),
        "because": texts(finding.because) if finding.because is not None else None,
        "notify": list(finding.notify),
    }


def digest(data: object) -> str:
    """SHA-256 of the canonical JSON of plain data: keys sorted, no spaces, UTF-8.

    >>> digest({"b": 1, "a": "额"})[:12]
    '3c00ff755dd9'
    """
    text = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
