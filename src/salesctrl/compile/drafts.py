"""Policies with their overlays applied, before checking: every part with the place that it came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from salesctrl.diagnostics import Diagnostics, Span, suggest
from salesctrl.expr.scope import Problem
from salesctrl.policy.documents import (
    FormulaSpec,
    Off,
    OverlayDocument,
    ParameterSpec,
    PolicyDocument,
    RuleSpec,
    TableSpec,
)  # fmt: skip
from salesctrl.policy.loader import Loaded
from salesctrl.policy.source import SourceDocument

T = TypeVar("T", covariant=True)
S = TypeVar("S")
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Placed(Generic[T]):
    """A part of a document with its place; ``origin`` names the overlay that it came from."""

    value: T
    source: SourceDocument
    path: Path
    origin: str | None = None

    def span(self, *more: str | int, key: bool = False) -> Span:
        """The place of the part, or of something inside it."""
        return self.source.span((*self.path, *more), key=key)


class Reporter:
    """Diagnostics for placed parts."""

    def __init__(self, diagnostics: Diagnostics):
        self.diagnostics = diagnostics

    def error(
        self,
        code: str,
        message: str,
        placed: Placed[object],
        *more: str | int,
        help: str | None = None,
        key: bool = False,
        notes: Sequence[tuple[str, Span | None]] = (),
    ) -> None:
        """An error at a part, or (``key``) at the name that it stands under."""
        self.diagnostics.error(code, message, placed.span(*more, key=key), help=help, notes=notes)

    def problems(self, found: Sequence[Problem], placed: Placed[object], *more: str | int) -> None:
        """The problems of an expression that stands in a part."""
        for p in found:
            span = placed.source.expression_span((*placed.path, *more), *p.span)
            report = self.diagnostics.warning if p.warning else self.diagnostics.error
            report(p.code, p.message, span, help=p.help)


@dataclass(slots=True)
class Draft:
    """One version of a policy with what overlays set, add and switch off."""

    document: Placed[PolicyDocument]
    parameters: dict[str, Placed[ParameterSpec]]
    declared: dict[str, Placed[ParameterSpec]]
    """The parameters as the policy itself has them."""
    formulas: dict[str, Placed[FormulaSpec]]
    tables: dict[str, Placed[TableSpec]]
    rules: list[Placed[RuleSpec]]
    off: dict[str, Placed[Off]] = field(default_factory=dict)

    @property
    def as_written(self) -> bool:
        """Whether no overlay changes, adds or switches off anything of it."""
        parts = [self.parameters.values(), self.formulas.values(), self.tables.values(), self.rules]
        return not self.off and all(placed.origin is None for some in parts for placed in some)


def draft_policies(
    policies: Sequence[Loaded[PolicyDocument]],
    overlays: Sequence[Loaded[OverlayDocument]],
    diagnostics: Diagnostics,
) -> list[Draft]:
    """Lay the overlays, in their order, over the policies."""
    drafts = [_draft(loaded) for loaded in policies]
    for overlay in overlays:
        _lay_over(drafts, overlay, Reporter(diagnostics))
    return drafts


def _draft(loaded: Loaded[PolicyDocument]) -> Draft:
    doc, source = loaded.doc, loaded.source
    parameters = {n: Placed(s, source, ("parameters", n)) for n, s in doc.parameters.items()}
    return Draft(
        Placed(doc, source, ()),
        dict(parameters),
        parameters,
        {n: Placed(s, source, ("let", n)) for n, s in doc.let.items()},
        {n: Placed(s, source, ("tables", n)) for n, s in doc.tables.items()},
        [Placed(s, source, ("rules", i)) for i, s in enumerate(doc.rules)],
    )


def _lay_over(drafts: Sequence[Draft], overlay: Loaded[OverlayDocument], reporter: Reporter) -> None:
    name, source = overlay.doc.overlay, overlay.source
    by_name: dict[str, list[Draft]] = {}
    for draft in drafts:
        by_name.setdefault(draft.document.value.policy, []).append(draft)

    def known(policy: str, *path: str) -> list[Draft]:
        if policy not in by_name:
            place = Placed(overlay.doc, source, path)
            reporter.error(
                "E409",
                f"overlay `{name}` names unknown policy `{policy}`",
                place,
                help=_near(policy, by_name),
                key=True,
            )
        return by_name.get(policy, [])

    for policy, values in overlay.doc.parameters.items():
        versions = known(policy, "parameters", policy)
        for parameter, spec in values.items() if versions else ():
            placed = Placed(spec, source, ("parameters", policy, parameter), name)
            having = [draft for draft in versions if parameter in draft.declared]
            for draft in having:
                draft.parameters[parameter] = placed
            if not having:
                message = f"policy `{policy}` has no parameter `{parameter}`"
                help = _near(parameter, {n: s for draft in versions for n, s in draft.declared.items()})
                reporter.error("E409", message, placed, help=help, key=True)
    ids = {rule.value.id: draft for draft in drafts for rule in draft.rules}
    ids |= {table: draft for draft in drafts for table in draft.tables}
    for i, off in enumerate(overlay.doc.off):
        placed_off = Placed(off, source, ("off", i), name)
        found = [d for d in drafts if any(r.value.id == off.rule for r in d.rules) or off.rule in d.tables]
        if not found:
            reporter.error(
                "E409", f"unknown rule `{off.rule}`", placed_off, "rule", help=_near(off.rule, ids)
            )
        for draft in found:
            draft.off[off.rule] = placed_off
    for policy, add in overlay.doc.add.items():
        for draft in known(policy, "add", policy):
            _add(
                draft, add.parameters, draft.parameters, source, ("add", policy, "parameters"), name, reporter
            )
            draft.declared |= {n: draft.parameters[n] for n in add.parameters}
            _add(draft, add.let, draft.formulas, source, ("add", policy, "let"), name, reporter)
            _add(draft, add.tables, draft.tables, source, ("add", policy, "tables"), name, reporter)
            for i, rule in enumerate(add.rules):
                placed_rule = Placed(rule, source, ("add", policy, "rules", i), name)
                if rule.id in ids:
                    reporter.error(
                        "E209",
                        f"rule `{rule.id}` is there already",
                        placed_rule,
                        "id",
                        help="give it an id of its own",
                    )
                    continue
                draft.rules.append(placed_rule)


def _add(
    draft: Draft,
    new: Mapping[str, S],
    into: dict[str, Placed[S]],
    source: SourceDocument,
    path: Path,
    overlay: str,
    reporter: Reporter,
) -> None:
    for name, spec in new.items():
        placed = Placed(spec, source, (*path, name), overlay)
        if name in into:
            policy = draft.document.value.policy
            help = "choose another name"
            if isinstance(spec, ParameterSpec):
                help = "set its value under `parameters` of the overlay, or choose another name"
            reporter.error(
                "E409", f"`{name}` is there already in policy `{policy}`", placed, help=help, key=True
            )
            continue
        into[name] = placed


def _near(name: str, known: Mapping[str, object]) -> str | None:
    near = suggest(name, known)
    return f"did you mean `{near}`?" if near else None
