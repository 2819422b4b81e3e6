"""Checks between policies: exceptions name rules of the same control point, and do not go in a circle."""

from __future__ import annotations

from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter

from salesctrl.compile.checked import CheckedPolicy, CheckedRule
from salesctrl.diagnostics import Diagnostics, suggest


def check_across(policies: Sequence[CheckedPolicy], diagnostics: Diagnostics) -> None:
    """Report what is wrong between rules and between outputs of one control point."""
    points: dict[str, list[tuple[CheckedPolicy, CheckedRule]]] = {}
    for policy in policies:
        points.setdefault(policy.control_point, []).extend((policy, rule) for rule in policy.rules)
    everywhere = {rule.id: policy.control_point for policy in policies for rule in policy.rules}
    for pairs in points.values():
        _exceptions([rule for _, rule in pairs], everywhere, diagnostics)
    _outputs(policies, diagnostics)


def _exceptions(rules: Sequence[CheckedRule], everywhere: dict[str, str], diagnostics: Diagnostics) -> None:
    here = {rule.id: rule for rule in rules}
    tables = {rule.row.table for rule in rules if rule.row is not None}
    edges: dict[str, list[str]] = {}
    for rule in rules:
        for name in rule.excepts:
            if name in here or name in tables:
                edges.setdefault(rule.id, []).append(name)
            elif name in everywhere:
                message = (
                    f"rule `{rule.id}` excepts `{name}`, which belongs to control point `{everywhere[name]}`"
                )
                diagnostics.error(
                    "E404", message, rule.span, help="an exception counts only at its own control point"
                )
            else:
                near = suggest(name, [*here, *tables])
                message = f"rule `{rule.id}` excepts unknown rule `{name}`"
                diagnostics.error(
                    "E403", message, rule.span, help=f"did you mean `{near}`?" if near else None
                )
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        circle = error.args[1][::-1]
        diagnostics.error("E404", f"exceptions go in a circle: {' -> '.join(circle)}", here[circle[0]].span)


def _outputs(policies: Sequence[CheckedPolicy], diagnostics: Diagnostics) -> None:
    """An output has one meaning at a control point: one policy computes it."""
    owner: dict[tuple[str, str], CheckedPolicy] = {}
    for policy in policies:
        names = {*policy.outputs, *(name for rule in policy.rules for name, _ in rule.computes)}
        for name in sorted(names):
            first = owner.setdefault((policy.control_point, name), policy)
            if first.name != policy.name:
                message = f"`{name}` is an output of policy `{first.name}` too, at the same control point"
                diagnostics.error(
                    "E414",
                    message,
                    policy.span,
                    help="choose another name",
                    notes=(("the other policy", first.span),),
                )
        both = set(policy.outputs) & {name for rule in policy.rules for name, _ in rule.computes}
        for name in sorted(both):
            diagnostics.error(
                "E414", f"`{name}` is both a formula of `outputs` and computed by a rule", policy.span
            )
