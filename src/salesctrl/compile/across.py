"""Checks between policies: exceptions name rules of the same control point, and do not go in a circle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from salesctrl.compile.checked import CheckedPolicy
from salesctrl.compile.drafts import Draft, Placed, Reporter
from salesctrl.compile.rules import interval
from salesctrl.diagnostics import Diagnostics, suggest
from salesctrl.policy.documents import RuleSpec


def check_across(
    drafts: Sequence[Draft], policies: Sequence[CheckedPolicy], diagnostics: Diagnostics
) -> None:
    """Report what is wrong between rules and between outputs of one control point."""
    points: dict[str, list[Draft]] = {}
    for draft in drafts:
        points.setdefault(draft.document.value.control_point, []).append(draft)
    everywhere = {name: point for point, some in points.items() for name in _names(some)}
    for here in points.values():
        _exceptions(here, everywhere, Reporter(diagnostics))
        _circles(here, Reporter(diagnostics))
    _outputs(policies, diagnostics)


def _names(drafts: Sequence[Draft]) -> Iterator[str]:
    """The ids of rules and rows, and the names of tables, that an exception may name."""
    for draft in drafts:
        yield from (placed.value.id for placed in draft.rules)
        for name, table in draft.tables.items():
            ids = [row.id or f"{name}#{i + 1}" for i, row in enumerate(table.value.rows) if row.has_effect]
            yield from [name, *ids] if ids else []


def _exceptions(drafts: Sequence[Draft], everywhere: Mapping[str, str], reporter: Reporter) -> None:
    here = set(_names(drafts))
    for placed in (rule for draft in drafts for rule in draft.rules):
        id, names = placed.value.id, placed.value.excepts
        for i, name in enumerate(names):
            if name in here:
                continue
            at = ("excepts", i) if len(names) > 1 else ("excepts",)
            if name in everywhere:
                message = f"rule `{id}` excepts `{name}`, which belongs to control point `{everywhere[name]}`"
                help = "an exception counts only at its own control point"
                reporter.error("E404", message, placed, *at, help=help)
            else:
                near = suggest(name, sorted(here - {id}))
                help = f"did you mean `{near}`?" if near else "write the id of a rule, or the name of a table"
                reporter.error("E403", f"rule `{id}` excepts unknown rule `{name}`", placed, *at, help=help)


@dataclass(frozen=True, slots=True)
class _Exception:
    """A rule that excepts others, and when it is in force."""

    placed: Placed[RuleSpec]
    first: int
    last: int


def _circles(drafts: Sequence[Draft], reporter: Reporter) -> None:
    """On no day may rules except one another in a circle."""
    found: list[_Exception] = []
    for draft in drafts:
        policy = interval(draft.document.value.effective)
        for placed in draft.rules:
            rule = interval(placed.value.effective)
            first, last = max(policy.first, rule.first), min(policy.last, rule.last)
            if placed.value.excepts and first <= last:
                found.append(_Exception(placed, first, last))
    for day in sorted({one.first for one in found}):
        active = {one.placed.value.id: one.placed for one in found if one.first <= day <= one.last}
        try:
            TopologicalSorter({id: placed.value.excepts for id, placed in active.items()}).prepare()
        except CycleError as error:
            circle = error.args[1][::-1]
            message = f"exceptions go in a circle: {' -> '.join(circle)}"
            help = "of two rules only one can take the other away: leave one `excepts` out"
            reporter.error("E404", message, active[circle[0]], "excepts", help=help)
            return


def _outputs(policies: Sequence[CheckedPolicy], diagnostics: Diagnostics) -> None:
    """An output has one meaning at a control point: one policy computes it."""
    owner: dict[tuple[str, str], CheckedPolicy] = {}
    for policy in policies:
        computed = {name for rule in policy.rules for name, _ in rule.computes}
        for name in sorted({*policy.outputs, *computed}):
            first = owner.setdefault((policy.control_point, name), policy)
            if first.name != policy.name:
                message = f"`{name}` is an output of policy `{first.name}` too, at the same control point"
                notes = (("the other policy", first.span),)
                help = "choose another name"
                diagnostics.error("E414", message, policy.span, help=help, notes=notes)
        for name in sorted(set(policy.outputs) & computed):
            message = f"`{name}` is both a formula of `outputs` and computed by a rule"
            diagnostics.error("E414", message, policy.span, help="leave it out of `outputs`, or rename one")
