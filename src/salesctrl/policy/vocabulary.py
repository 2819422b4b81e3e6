"""The vocabulary, resolved: kinds of fact and their typed fields, by name, title and alias."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType

from salesctrl.diagnostics import Diagnostics, Span, suggest
from salesctrl.numbers import INT64_DIGITS, NotExact, to_scaled
from salesctrl.policy.documents import FieldSpec, LocalText, Vocabulary
from salesctrl.policy.literals import BadLiteral, Constant, parse_instant, parse_literal
from salesctrl.policy.loader import Loaded
from salesctrl.policy.types import (
    BOOLEAN,
    DATE,
    DAYS,
    INSTANT,
    MONTHS,
    TEXT,
    Base,
    Type,
    choice,
    list_of_kind,
    money,
    number,
)  # fmt: skip

MAX_DIGITS = 38
MONEY_DECIMALS = 2
SCALARS = (
    "money",
    "decimal",
    "rate",
    "integer",
    "days",
    "months",
    "date",
    "instant",
    "boolean",
    "text",
    "choice",
)
_DEFAULT_DIGITS = {"rate": 9, "days": 6, "months": 6}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a kind.

    ``low`` and ``high`` bound the run-time value (a scaled integer, an ordinal); they are never wider than
    the declared digits. ``record`` names the kind of a record inside the record.
    """

    kind: str
    name: str
    type: Type
    title: LocalText
    names: tuple[str, ...]
    low: int = 0
    high: int = 0
    digits: int = 0
    length: int = 0
    default: int | str | bool | tuple[()] | None = None
    optional: bool = False
    record: str | None = None


@dataclass(frozen=True, slots=True)
class KindOf:
    """A kind of fact with its fields by name."""

    name: str
    title: LocalText
    names: tuple[str, ...]
    fields: Mapping[str, Field]
    by_name: Mapping[str, str]
    """Every name, title and alias of a field to its name."""


class VocabularyIndex:
    """All kinds of the policy set; look-ups by name, title or alias.

    ``terms`` are the words for the codes of evidence: kinds of documents, actions, forms of approval.
    """

    def __init__(self, kinds: Mapping[str, KindOf], terms: Mapping[str, LocalText] = MappingProxyType({})):
        self.kinds: Mapping[str, KindOf] = MappingProxyType(dict(kinds))
        self.terms: Mapping[str, LocalText] = MappingProxyType(dict(terms))
        self._by_name = {name: kind.name for kind in kinds.values() for name in (*kind.names, kind.name)}

    @cached_property
    def money_decimals(self) -> Mapping[str, int]:
        """For each currency the most decimals that a field of it has; a currency has two at least."""
        most: dict[str, int] = {}
        for kind in self.kinds.values():
            for field in kind.fields.values():
                currency = field.type.currency
                if field.type.base is Base.MONEY and currency:
                    most[currency] = max(most.get(currency, MONEY_DECIMALS), field.type.scale or 0)
        return most

    def kind(self, name: str) -> KindOf | None:
        """The kind of that name, title or alias."""
        found = self._by_name.get(name)
        return self.kinds[found] if found is not None else None

    def field(self, kind: str, name: str) -> Field | None:
        """The field of a kind by name, title or alias."""
        of = self.kinds[kind]
        found = of.by_name.get(name)
        return of.fields[found] if found is not None else None

    def at(self, path: str) -> Field:
        """The field at a dotted path, ``[]`` marking the items of a list: ``order.lines[].quantity``.

        Raises :class:`KeyError` where there is none.
        """
        first, *rest = path.replace("[]", "").split(".")
        kind, field = self.kinds[first].name, None
        for part in rest:
            field = self.kinds[kind].fields[part]
            kind = field.record or field.type.item or ""
        if field is None:
            raise KeyError(path)
        return field


def labels(choices: Mapping[str, LocalText | None]) -> tuple[tuple[str, str] | None, ...]:
    """What people call each of the choices, in English and Chinese; ``None`` where nothing is said."""
    return tuple(
        (title.get("en"), title.get("zh")) if title is not None else None for title in choices.values()
    )


def normal(name: str) -> str:
    """A name as identifiers are compared: NFKC, as Python does it."""
    return unicodedata.normalize("NFKC", name)


def build_vocabulary(documents: Sequence[Loaded[Vocabulary]], diagnostics: Diagnostics) -> VocabularyIndex:
    """Resolve the vocabulary documents; what is wrong goes to ``diagnostics`` with its place."""
    kinds: dict[str, KindOf] = {}
    parts = _parts(documents)
    declared = {name: several[0] for name, several in parts.items()}
    claimed: dict[str, str] = {}
    for name, several in parts.items():
        title = next((spec.title for loaded in several if (spec := loaded.doc.kinds[name]).title), None)
        aliases = [alias for loaded in several for alias in loaded.doc.kinds[name].aliases]
        names = names_of(name, title, aliases)
        for alias in names:
            other = claimed.setdefault(alias, name)
            if other != name:
                span = declared[name].source.span(("kinds", name))
                diagnostics.error("E418", f"`{alias}` already names the kind `{other}`", span)
        fields, by_name = _fields(name, several, declared, diagnostics)
        title = title or LocalText(en=name, zh=name)
        kinds[name] = KindOf(name, title, names, MappingProxyType(fields), MappingProxyType(by_name))
    _refuse_recursion(kinds, declared, diagnostics)
    return VocabularyIndex(kinds, _terms(documents, diagnostics))


def _parts(documents: Sequence[Loaded[Vocabulary]]) -> dict[str, list[Loaded[Vocabulary]]]:
    """Of every kind the documents that give fields of it; the one with its title first."""
    parts: dict[str, list[Loaded[Vocabulary]]] = {}
    for loaded in documents:
        for name in loaded.doc.kinds:
            parts.setdefault(name, []).append(loaded)
    for name, several in parts.items():
        several.sort(key=lambda loaded: loaded.doc.kinds[name].title is None)
    return parts


def _fields(
    kind: str,
    several: Sequence[Loaded[Vocabulary]],
    declared: Mapping[str, Loaded[Vocabulary]],
    diagnostics: Diagnostics,
) -> tuple[dict[str, Field], dict[str, str]]:
    """The fields of a kind from all documents, and their names; those given twice are reported elsewhere."""
    fields: dict[str, Field] = {}
    by_name: dict[str, str] = {}
    for loaded in several:
        for name, spec in loaded.doc.kinds[kind].fields.items():
            field = _FieldBuilder(loaded, kind, name, spec, declared, diagnostics).build()
            if field is None:
                continue
            fields[name] = field
            for alias in field.names:
                other = by_name.setdefault(alias, name)
                if other != name and (alias == name or alias in spec.aliases):
                    span = loaded.source.span(("kinds", kind, "fields", name))
                    diagnostics.error("E418", f"`{alias}` already names the field `{kind}.{other}`", span)
    return fields, by_name


def _terms(documents: Sequence[Loaded[Vocabulary]], diagnostics: Diagnostics) -> dict[str, LocalText]:
    """The terms of all documents; two may give the same code if they give it the same words."""
    terms: dict[str, LocalText] = {}
    given: dict[str, Span] = {}
    for loaded in documents:
        for code, words in loaded.doc.terms.items():
            span = loaded.source.span(("terms", code), key=True)
            earlier = given.setdefault(code, span)
            if terms.setdefault(code, words) != words:
                diagnostics.error(
                    "E418", f"the term `{code}` has other words elsewhere", span,
                    help="keep one of the two, or choose another code", notes=[("the other words", earlier)],
                )  # fmt: skip
    return terms


def names_of(name: str, title: LocalText | None, aliases: Sequence[str]) -> tuple[str, ...]:
    """The name first, then aliases, then titles that can stand in an expression.

    >>> names_of("amount", LocalText(en="Order amount", zh="订单金额"), ["总额"])
    ('amount', '总额', '订单金额')
    """
    texts = [name, *aliases]
    if title is not None:
        texts += [t for t in (title.zh, title.en) if t and normal(t).isidentifier()]
    return tuple(dict.fromkeys(normal(t) for t in texts))


def _refuse_recursion(
    kinds: Mapping[str, KindOf], declared: Mapping[str, Loaded[Vocabulary]], diagnostics: Diagnostics
) -> None:
    """A kind may not contain itself, or its facts would have no end."""

    def inside(name: str) -> Iterator[str]:
        for field in kinds[name].fields.values():
            target = field.record or field.type.item
            if target is not None and target in kinds:
                yield target

    state: dict[str, int] = {}
    for start in kinds:
        stack: list[tuple[str, Iterator[str]]] = [(start, inside(start))] if start not in state else []
        state.setdefault(start, 1)
        while stack:
            name, todo = stack[-1]
            target = next(todo, None)
            if target is None:
                state[name] = 2
                stack.pop()
            elif state.get(target) == 1:
                cycle = [n for n, _ in stack]
                shown = " -> ".join([*cycle[cycle.index(target) :], target])
                span = declared[name].source.span(("kinds", name))
                diagnostics.error("E418", f"kind `{target}` contains itself: {shown}", span)
                return
            elif target not in state:
                state[target] = 1
                stack.append((target, inside(target)))


class _FieldBuilder:
    """One field from its specification."""

    def __init__(
        self,
        loaded: Loaded[Vocabulary],
        kind: str,
        name: str,
        spec: FieldSpec,
        declared: Mapping[str, Loaded[Vocabulary]],
        diagnostics: Diagnostics,
    ):
        self.loaded, self.kind, self.name, self.spec = loaded, kind, name, spec
        self.declared, self.diagnostics = declared, diagnostics

    def _error(self, message: str, *path: str, help: str | None = None) -> None:
        span = self.loaded.source.span(("kinds", self.kind, "fields", self.name, *path))
        self.diagnostics.error("E418", message, span, help=help)

    def build(self) -> Field | None:
        spec = self.spec
        names = names_of(self.name, spec.title, spec.aliases)
        title = spec.title or LocalText(en=self.name, zh=self.name)
        type_ = self._type()
        if type_ is None:
            return None
        record = spec.type if spec.type not in SCALARS and spec.type != "list" else None
        digits = spec.digits if spec.digits is not None else _DEFAULT_DIGITS.get(spec.type, INT64_DIGITS)
        if type_.is_numeric and not (type_.scale or 0) <= digits <= MAX_DIGITS:
            self._error(f"expected digits from {type_.scale} to {MAX_DIGITS} but got {digits}", "digits")
            return None
        low, high = self._bounds(type_, digits)
        length = spec.length if spec.length is not None else (10_000 if type_.base is Base.LIST else 1000)
        field = Field(
            self.kind, self.name, type_, title, names, low, high, digits, length,
            optional=spec.optional, record=record,
        )  # fmt: skip
        if spec.default is None:
            return field
        default = self._default(field)
        return None if default is None else replace(field, default=default)

    def _type(self) -> Type | None:
        spec = self.spec
        allowed = {
            "money": {"currency", "decimals", "digits", "min", "max"},
            "decimal": {"decimals", "digits", "min", "max"},
            "rate": {"decimals", "digits", "min", "max"},
            "integer": {"digits", "min", "max"},
            "days": {"digits", "min", "max"},
            "months": {"digits", "min", "max"},
            "date": {"min", "max"},
            "instant": set[str](),
            "boolean": set[str](),
            "text": {"length"},
            "choice": {"choices"},
            "list": {"of", "length"},
        }.get(spec.type, set[str]())
        for key in ("currency", "decimals", "digits", "length", "min", "max", "choices", "of"):
            if getattr(spec, key) not in (None, (), {}) and key not in allowed:
                self._error(f"`{key}` does not apply to a field of type `{spec.type}`", key)
        decimals = spec.decimals
        if decimals is not None and decimals > 18:
            self._error(f"expected at most 18 decimals but got {decimals}", "decimals")
            return None
        match spec.type:
            case "money":
                currency = spec.currency or self.loaded.doc.currency
                if currency is None:
                    self._error("expected a `currency` here or in the vocabulary")
                return money(currency, 2 if decimals is None else decimals)
            case "decimal":
                return number(6 if decimals is None else decimals)
            case "rate":
                return number(4 if decimals is None else decimals, percent=True)
            case "integer":
                return number(0)
            case "choice":
                if not spec.choices:
                    self._error("expected `choices`")
                    return None
                return choice(tuple(spec.choices), labels(spec.choices))
            case "list":
                if spec.of not in self.declared:
                    near = suggest(spec.of or "", self.declared)
                    message = (
                        f"unknown kind `{spec.of}`" if spec.of else "expected `of` with the kind of the items"
                    )
                    self._error(message, "of", help=f"did you mean `{near}`?" if near else None)
                    return None
                return list_of_kind(spec.of or "")
        simple = {
            "days": DAYS, "months": MONTHS, "date": DATE, "instant": INSTANT, "boolean": BOOLEAN,
            "text": TEXT,
        }  # fmt: skip
        if spec.type in simple:
            return simple[spec.type]
        if spec.type in self.declared:
            return Type(Base.MAP, item=spec.type)
        near = suggest(spec.type, [*SCALARS, "list", *self.declared])
        self._error(f"unknown type `{spec.type}`", "type", help=f"did you mean `{near}`?" if near else None)
        return None

    def _bounds(self, type_: Type, digits: int) -> tuple[int, int]:
        if type_.is_numeric:
            low, high = 1 - 10**digits, 10**digits - 1
        elif type_.base is Base.DATE:
            low, high = 1, 3_652_059
        else:
            return 0, 0
        for key in ("min", "max"):
            text = getattr(self.spec, key)
            if text is None:
                continue
            bound = self._scalar(type_, str(text), key)
            if not isinstance(bound, int):
                continue
            if key == "min":
                low = max(low, bound)
            else:
                high = min(high, bound)
        if low > high:
            self._error("`min` is above `max`", "min")
            return high, low
        return low, high

    def _scalar(self, type_: Type, text: str, key: str) -> int | None:
        """A bound or default as a scaled integer."""
        try:
            if type_.base is Base.DATE:
                return _expect_date(parse_literal(text))
            constant = parse_literal(text)
            if constant.type.is_numeric and not isinstance(constant.value, str):
                have, want = constant.type, type_
                same = have.bare or (have.base is want.base and have.currency == want.currency)
                scale, source = type_.scale or 0, constant.type.scale or 0
                if same and source <= scale:
                    return int(constant.value) * int(10 ** (scale - source))
            if constant.type.bare:
                return to_scaled(text, type_.scale or 0, MAX_DIGITS)
        except (BadLiteral, NotExact):
            pass
        self._error(f"expected a value of type `{self.spec.type}` but got `{text}`", key)
        return None

    def _default(self, field: Field) -> int | str | bool | tuple[()] | None:
        given, type_ = self.spec.default, field.type
        if type_.base is Base.LIST and given == []:
            return ()
        if type_.base is Base.BOOLEAN and isinstance(given, bool):
            return given
        if isinstance(given, str):
            if type_.base is Base.TEXT:
                return given
            if type_.base is Base.CHOICE and given in type_.choices:
                return given
            if type_.base is Base.INSTANT:
                try:
                    return parse_instant(given)
                except ValueError as error:
                    self._error(str(error), "default")
                    return None
            if type_.is_numeric or type_.base is Base.DATE:
                value = self._scalar(type_, given, "default")
                if value is not None and not field.low <= value <= field.high:
                    self._error(f"`{given}` is outside the bounds of the field", "default")
                    return None
                return value
        self._error(f"expected a value of type `{type_}` but got `{given}`", "default")
        return None


def _expect_date(constant: Constant) -> int:
    if constant.type.base is not Base.DATE or not isinstance(constant.value, int):
        raise BadLiteral("expected a date")
    return constant.value
