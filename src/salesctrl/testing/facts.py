"""Facts and values as YAML writes them, in the form in which they are compared and decided on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime

from salesctrl.diagnostics import quoted, suggest
from salesctrl.errors import FactProblem
from salesctrl.numbers import to_scaled
from salesctrl.policy.literals import BadLiteral, instant_of, parse_date, parse_instant
from salesctrl.policy.types import Base, Type
from salesctrl.policy.vocabulary import KindOf, VocabularyIndex
from salesctrl.tables.cells import cell_value
from salesctrl.testing.model import Data


def laid_over(under: Data, over: Data) -> dict[str, object]:
    """Facts laid over others, key by key; a list replaces a list.

    >>> laid_over({"order": {"amount": "1", "id": "A"}}, {"order": {"amount": "2"}})
    {'order': {'amount': '2', 'id': 'A'}}
    """
    done = dict(under)
    for key, value in over.items():
        known = done.get(key)
        done[key] = (
            laid_over(known, value) if isinstance(known, Mapping) and isinstance(value, Mapping) else value
        )
    return done


def typed_facts(given: Data, vocabulary: VocabularyIndex, problems: list[FactProblem]) -> dict[str, object]:
    """Facts as a test writes them, as the engine takes them: ``5%``, ``30 days``, names in any language.

    A name that the vocabulary does not have is a problem: the test would not test what it says.
    """
    done: dict[str, object] = {}
    for name, value in given.items():
        kind = vocabulary.kind(name)
        if name in ("as_of", "evidence"):
            done[name] = value
        elif kind is None:
            problems.append(unknown_name(name, name, "kind of fact", vocabulary.kinds))
        else:
            done[kind.name] = typed_record(value, kind, vocabulary, kind.name, problems)
    return done


def typed_record(
    given: object, kind: KindOf, vocabulary: VocabularyIndex, where: str, problems: list[FactProblem]
) -> object:
    """A record of a kind as a test writes it, as the engine takes it; ``where`` it stands."""
    if not isinstance(given, Mapping):
        return given
    done: dict[str, object] = {}
    for name, value in given.items():
        field = vocabulary.field(kind.name, name)
        if field is None:
            problems.append(unknown_name(name, f"{where}.{name}", f"field of `{kind.name}`", kind.fields))
            continue
        here, inner = f"{where}.{field.name}", vocabulary.kinds.get(field.record or field.type.item or "")
        if field.name in done:
            problems.append(FactProblem(here, "F_AMBIGUOUS", "given twice under different names"))
        if inner is not None and isinstance(value, list):
            items = enumerate(value)
            done[field.name] = [
                typed_record(v, inner, vocabulary, f"{here}[{i}]", problems) for i, v in items
            ]
        elif inner is not None:
            done[field.name] = typed_record(value, inner, vocabulary, here, problems)
        else:
            done[field.name] = cell_value(value, field.type) if isinstance(value, str) else value
    return done


def unknown_name(name: str, where: str, what: str, known: Mapping[str, object]) -> FactProblem:
    """The problem that a name is none of those known."""
    near = suggest(name, known)
    help_ = f"did you mean `{near}`?" if near else "the vocabulary names what facts there are"
    return FactProblem(where, "T_NAME", f"unknown {what} {quoted(name)}", help_)


def raw_value(value: object, type_: Type) -> object:
    """A value as a test writes it, or as a decision has it, in its run-time form.

    Raises:
        BadLiteral: It is no value of the type.
        NotExact: It is a number that the type cannot hold.

    >>> from salesctrl.policy.types import DAYS, money
    >>> raw_value("45 days", DAYS), raw_value("333.33", money("CNY"))
    (45, 33333)
    """
    if value is None:
        return None
    base = type_.base
    if base is Base.MAP:
        if not isinstance(value, Mapping) or set(value) != set(type_.keys):
            raise BadLiteral(f"expected a value for each of {', '.join(type_.keys)}")
        return tuple(raw_value(value[key], type_.element or type_) for key in type_.keys)
    if base is Base.LIST:
        if not isinstance(value, list | tuple):
            raise BadLiteral("expected a list")
        return tuple(raw_value(part, type_.element or type_) for part in value)
    if base is Base.BOOLEAN:
        if not isinstance(value, bool):
            raise BadLiteral("expected true or false")
        return value
    if type_.is_numeric:
        is_percent = isinstance(value, str) and value.endswith("%") and base is Base.NUMBER
        written = replace(type_, percent=True) if is_percent else type_
        number = cell_value(value, written) if isinstance(value, str) else value
        return to_scaled(number, type_.scale or 0, 60)
    if isinstance(value, date):
        return instant_of(value) if isinstance(value, datetime) else value.toordinal()
    if not isinstance(value, str):
        raise BadLiteral("expected a text")
    if base is Base.DATE:
        return parse_date(value).value
    return parse_instant(value) if base is Base.INSTANT else value
