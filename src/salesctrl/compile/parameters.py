"""Parameters: literals read, types settled, dated values in order, overlays held to type and bounds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from salesctrl.calendar import FIRST_DAY
from salesctrl.compile.checked import CheckedParameter
from salesctrl.compile.drafts import Draft, Placed, Reporter
from salesctrl.diagnostics import suggest
from salesctrl.expr.scope import Parameter
from salesctrl.expr.units import described
from salesctrl.policy.documents import LocalText, ParameterSpec
from salesctrl.policy.literals import BadLiteral, Constant, parse_literal
from salesctrl.policy.types import TEXT, Base, Type, choice, list_of, map_of
from salesctrl.policy.vocabulary import labels

_TYPES: Mapping[str, frozenset[Base]] = {
    "money": frozenset({Base.MONEY}), "decimal": frozenset({Base.NUMBER}),
    "integer": frozenset({Base.NUMBER}), "rate": frozenset({Base.NUMBER}),
    "days": frozenset({Base.DAYS}), "months": frozenset({Base.MONTHS}),
    "date": frozenset({Base.DATE}), "boolean": frozenset({Base.BOOLEAN}), "text": frozenset({Base.TEXT}),
    "choice": frozenset({Base.TEXT}),
}  # fmt: skip


class _Bad(Exception):
    """A parameter that is wrong, and reported."""


def check_parameters(draft: Draft, reporter: Reporter) -> dict[str, CheckedParameter]:
    """All parameters of a policy that are sound."""
    done: dict[str, CheckedParameter] = {}
    for name, placed in draft.parameters.items():
        try:
            declared = _check(name, draft.declared[name], reporter)
            done[name] = declared
            if placed is not draft.declared[name]:
                done[name] = _override(name, declared, draft.declared[name], placed, reporter)
        except _Bad:
            continue
    return done


def _check(name: str, placed: Placed[ParameterSpec], reporter: Reporter) -> CheckedParameter:
    spec = placed.value
    dated: tuple[tuple[int, Constant], ...] = ()
    items: tuple[Constant, ...] = ()
    numbers: dict[str, Constant] = {}
    bands: tuple[tuple[str, Constant], ...] = ()
    if spec.values is not None:
        dated = tuple(
            (v.from_.toordinal(), _literal(v.value, spec, placed, reporter, "values", i, "value"))
            for i, v in enumerate(spec.values)
        )
        type_ = _common([c for _, c in dated], placed, reporter)
    elif spec.bands is not None:
        bands = tuple((k, _literal(v, spec, placed, reporter, "bands", k)) for k, v in spec.bands.items())
        type_ = _common([c for _, c in bands], placed, reporter)
    elif spec.numbers is not None:
        numbers = {k: _literal(v, spec, placed, reporter, k) for k, v in spec.numbers.items()}
        if any(not c.type.is_numeric for c in numbers.values()):
            reporter.error(
                "E411",
                f"expected numbers in `{name}`",
                placed,
                help="a parameter in long form has the key `value`",
            )
            raise _Bad
        type_ = map_of(tuple(numbers), _common(list(numbers.values()), placed, reporter))
    elif spec.items is not None:
        items = tuple(_literal(v, spec, placed, reporter, i) for i, v in enumerate(spec.items))
        if not items:
            reporter.error("E411", f"expected at least one value in `{name}`", placed)
            raise _Bad
        type_ = list_of(_common(list(items), placed, reporter))
    else:
        assert spec.value is not None
        constant = _literal(spec.value, spec, placed, reporter, "value")
        type_ = constant.type
        dated = ((FIRST_DAY, constant),)
    seen = Parameter(name, type_, items, bands, tuple(numbers.items()))
    _bounds(name, dated, spec, placed, reporter)
    title = spec.title or LocalText(en=name, zh=name)
    return CheckedParameter(seen, title, dated, numbers, spec.ref, spec.note, placed.origin)


def _literal(
    source: str | bool,
    spec: ParameterSpec,
    placed: Placed[ParameterSpec],
    reporter: Reporter,
    *path: str | int,
) -> Constant:
    """One value; a bare number is a plain number from here on."""
    if spec.type == "text" and isinstance(source, str):
        return Constant(source, TEXT)
    if spec.type == "choice" or spec.choices:
        allowed = tuple(spec.choices)
        if source not in allowed:
            shown = ", ".join(allowed) or "none, as `choices` is missing"
            near = suggest(str(source), allowed)
            help = f"did you mean `{near}`?" if near else None
            reporter.error("E410", f"expected one of {shown} but got `{source}`", placed, *path, help=help)
            raise _Bad
        return Constant(str(source), choice(allowed, labels(spec.choices)))
    try:
        constant = parse_literal(source)
    except BadLiteral as error:
        reporter.error("E411", str(error), placed, *path, help=_advice(str(source)))
        raise _Bad from error
    type_ = replace(constant.type, bare=False)
    if spec.type is not None:
        if spec.type not in _TYPES:
            reporter.error(
                "E411",
                f"unknown type `{spec.type}`",
                placed,
                "type",
                help=f"expected one of {', '.join(_TYPES)}",
            )
            raise _Bad
        if type_.base not in _TYPES[spec.type]:
            reporter.error(
                "E410", f"expected a value of type `{spec.type}` but got `{source}`", placed, *path
            )
            raise _Bad
        if spec.type == "rate":
            type_ = replace(type_, percent=True)
    return Constant(constant.value, type_)


def _advice(text: str) -> str | None:
    """What people mean who write a number in another way."""
    if re.fullmatch(r"[+-]?\d{1,3}([,' _]\d{3})+.*", text):
        plain = re.sub(r"[,'_](?=\d)|(?<=\d) (?=\d)", "", text)
        return f"leave out the separators: `{plain}`"
    chinese = re.fullmatch(r"([+-]?[\d.]+)\s*(天|日|个月|月|元)", text)
    if chinese:
        unit = {"天": "days", "日": "days", "元": "CNY"}.get(chinese[2], "months")
        return f"write `{chinese[1]} {unit}`"
    if re.match(r"[+-]?\d", text) and not re.match(r"\d{4}-\d", text):
        return "write it as `30 days`, `2 months`, `5%`, `5000 CNY` or `0.35`; a text needs `type: text`"
    return None


def _common(constants: list[Constant], placed: Placed[ParameterSpec], reporter: Reporter) -> Type:
    """The one type of several values: the widest scale of one unit."""
    first = constants[0].type
    for constant in constants:
        if constant.type.base is not first.base or constant.type.currency != first.currency:
            reporter.error(
                "E410",
                f"expected values of one type but got {described(first)} and {described(constant.type)}",
                placed,
            )
            raise _Bad
    percent = all(c.type.percent for c in constants)
    return replace(first, scale=max(c.type.scale or 0 for c in constants), percent=percent)


def _bounds(
    name: str, dated: tuple[tuple[int, Constant], ...], spec: ParameterSpec, placed: Placed[ParameterSpec],
    reporter: Reporter, values: Placed[ParameterSpec] | None = None,
) -> None:  # fmt: skip
    """Hold values to ``min`` and ``max``; ``values`` is where the values stand, if elsewhere."""
    for key, text in (("min", spec.min), ("max", spec.max)):
        if text is None:
            continue
        try:
            bound = parse_literal(text)
        except BadLiteral as error:
            reporter.error("E411", str(error), placed, key)
            raise _Bad from error
        for i, (_, constant) in enumerate(dated):
            same = (bound.type.base, bound.type.currency) == (constant.type.base, constant.type.currency)
            if not constant.type.is_numeric or not (same or bound.type.bare):
                units = f"{described(bound.type)}, but its value {described(constant.type)}"
                reporter.error("E410", f"`{key}` of `{name}` is {units}", placed, key)
                raise _Bad
            value = int(constant.value) * 10 ** (bound.type.scale or 0)
            limit = int(bound.value) * 10 ** (constant.type.scale or 0)
            if value < limit if key == "min" else value > limit:
                side = "at least" if key == "min" else "at most"
                at = ("values", i, "value") if len(dated) > 1 else ("value",)
                reporter.error("E410", f"expected `{name}` to be {side} {text}", values or placed, *at)
                raise _Bad


def _override(
    name: str,
    declared: CheckedParameter,
    base: Placed[ParameterSpec],
    placed: Placed[ParameterSpec],
    reporter: Reporter,
) -> CheckedParameter:
    """An overlay's value: of the parameter's type, inside its bounds, under its title."""
    if base.value.choices and not placed.value.choices:
        spec = placed.value.model_copy(update={"choices": base.value.choices, "type": base.value.type})
    else:
        spec = placed.value.model_copy(update={"type": placed.value.type or base.value.type})
    value = _check(name, replace(placed, value=spec), reporter)
    old, new = declared.seen.type, value.seen.type
    same = (
        old.base is new.base
        and old.currency == new.currency
        and old.keys == new.keys
        and old.choices == new.choices
    )
    if old.element is not None and new.element is not None:
        same = same and old.element.base is new.element.base and old.element.currency == new.element.currency
    if not same or bool(declared.seen.bands) != bool(value.seen.bands):
        message = f"expected a value like that of the policy, {described(old)}, but got {described(new)}"
        reporter.error("E410", message, placed)
        raise _Bad
    _bounds(name, value.dated, base.value, base, reporter, placed)
    seen = replace(
        value.seen, type=replace(new, percent=old.percent or new.percent) if not new.element else new
    )
    return CheckedParameter(
        seen, declared.title, value.dated, value.numbers, declared.ref, declared.note, placed.origin
    )
