"""From what pydantic says about a document to diagnostics with the place in the YAML and words for people.

A location of pydantic speaks of the normal form of a document; the YAML may hold a short form. A location is
therefore followed through the data that was read: a step that the data has not (`value` of a formula that is
a plain text, the index of an item that stands without a list) is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from salesctrl.diagnostics import Diagnostics, Span, quoted, suggest
from salesctrl.policy.documents import DOCUMENTS
from salesctrl.policy.documents_base import Part, describe
from salesctrl.policy.documents_policy import ITEMS, NUMBERS
from salesctrl.policy.source import SourceDocument

Path = tuple[str | int, ...]

_OF_A_KEY = "[key]"
_INTERNAL = frozenset({NUMBERS, ITEMS})


def report(
    error: ValidationError, model: type[Part], source: SourceDocument, diagnostics: Diagnostics
) -> None:
    """Add a diagnostic for everything that is wrong with a document."""
    details = error.errors(include_url=False)
    misspelt = {
        (*detail["loc"][:-1], meant)
        for detail in details
        if detail["type"] == "extra_forbidden" and (meant := _meant(detail, model))
    }
    for detail in details:
        if detail["type"] == "missing" and detail["loc"] in misspelt:
            continue  # said with the key that was meant to be it
        if detail["type"] == "too_short" and len(detail["input"]) >= detail["ctx"]["min_length"]:
            continue  # pydantic counts the sound entries only, and says of the others what is wrong
        code, message, help_ = _words(detail, model)
        diagnostics.error(code, message, _span(detail, source), help_)


# --- where -------------------------------------------------------------------------------------------


def resolve(data: Any, location: Sequence[str | int]) -> tuple[Path, int]:
    """The path in the data that a location of pydantic means, and how many of its last steps are not there.

    >>> resolve({"let": {"x": "1 +"}}, ("let", "x", "value"))
    (('let', 'x'), 1)
    >>> resolve({"shares": {"value": {"a": "b"}}}, ("shares", "value (named numbers)", "a"))
    (('shares', 'value', 'a'), 0)
    """
    path: list[str | int] = []
    absent = 0
    for step in location:
        step = "value" if step in _INTERNAL and not _has(data, step) else step
        if not _has(data, step):
            absent += 1
            continue
        data = data[step]
        path.append(step)
        absent = 0
    return tuple(path), absent


def _has(data: object, step: str | int) -> bool:
    if isinstance(data, dict):
        return step in data
    return isinstance(data, list) and isinstance(step, int) and 0 <= step < len(data)


def head(source: SourceDocument, path: Path) -> Span:
    """The place that stands for a whole mapping: its own key, or in a list its first key."""
    if path and isinstance(path[-1], str):
        return source.span(path, key=True)
    value = _at(source.data, path)
    if isinstance(value, dict) and value:
        return source.span((*path, next(iter(value))), key=True)
    return source.span(path)


def _span(detail: ErrorDetails, source: SourceDocument) -> Span:
    location = detail["loc"]
    kind = detail["type"]
    if kind == "missing":
        return _head_or_value(source, location[:-1])
    if kind == "extra_forbidden":
        return source.span(resolve(source.data, location)[0], key=True)
    if location and location[-1] == _OF_A_KEY:
        return source.span(resolve(source.data, location[:-1])[0], key=True)
    inside: Path = detail.get("ctx", {}).get("at", ())
    path, absent = resolve(source.data, (*location, *inside))
    if kind in {"E201", "E207"} and inside and not absent and isinstance(path[-1], str):
        return source.span(path, key=True)
    if kind in {"E202", "E207"} and not inside:
        return _head_or_value(source, location)
    return source.span(path)


def _head_or_value(source: SourceDocument, location: Sequence[str | int]) -> Span:
    """A mapping by its head; what stands for one in a short form, whole."""
    path, _ = resolve(source.data, location)
    return head(source, path) if isinstance(_at(source.data, path), dict) else source.span(path)


def _at(data: Any, path: Path) -> Any:
    for step in path:
        data = data[step]
    return data


# --- what --------------------------------------------------------------------------------------------

Words = tuple[str, str, str | None]


def _words(detail: ErrorDetails, model: type[Part]) -> Words:
    """Code, message and help."""
    kind, given, context = detail["type"], detail["input"], detail.get("ctx", {})
    words = _BY_TYPE.get(kind)
    if kind.startswith("E2"):
        code, message, help_ = kind, context["message"], context["help"]
    elif words is not None:
        code, message, help_ = words(detail, model)
    else:
        code, message, help_ = "E205", detail["msg"][:1].lower() + detail["msg"][1:], None
    if given is None and code == "E204":
        help_ = "write a value, or leave the key out"
    return code, message, help_


def _unknown_key(detail: ErrorDetails, model: type[Part]) -> Words:
    owner = _model_at(model, detail["loc"][:-1])
    key = str(detail["loc"][-1])
    if owner is model and key in DOCUMENTS:
        help_ = f"begin a new document: write `---` on the line before `{key}`"
        return "E201", f"unknown key {quoted(key)} in {owner.noun}", help_
    meant = _meant(detail, model)
    help_ = f"did you mean `{meant}`?" if meant else f"{owner.noun} has the keys {listed(_keys(owner))}"
    return "E201", f"unknown key {quoted(key)} in {owner.noun}", help_


def _missing_key(detail: ErrorDetails, model: type[Part]) -> Words:
    owner = _model_at(model, detail["loc"][:-1])
    key = str(detail["loc"][-1])
    description = next(
        (field.description for name, field in owner.model_fields.items() if key in (name, field.alias)), None
    )
    return "E202", f"{owner.noun} needs `{key}`", _lowered(description)


def _mapping(detail: ErrorDetails, model: type[Part]) -> Words:
    given = describe(detail["input"])
    if detail["type"] == "dict_type":
        help_ = "write `name: value` lines without `-`" if isinstance(detail["input"], list | tuple) else None
        return "E204", f"expected a mapping but got {given}", help_
    owner = _model_at(model, detail["loc"])
    needed = [key for key in _keys(owner) if _is_required(owner, key)]
    keys = f"needs {listed(needed)}" if needed else f"has keys such as {listed(_keys(owner)[:3])}"
    return "E204", f"expected {owner.accepts} but got {given}", f"{owner.noun} {keys}"


def _list(detail: ErrorDetails, model: type[Part]) -> Words:
    return "E204", f"expected a list but got {describe(detail['input'])}", None


def _text(detail: ErrorDetails, model: type[Part]) -> Words:
    given = detail["input"]
    help_ = f'put it in quotes: `"{str(given).lower()}"`' if isinstance(given, bool) else None
    return "E204", f"expected a text but got {describe(given)}", help_


def _flag(detail: ErrorDetails, model: type[Part]) -> Words:
    given = detail["input"]
    code = "E205" if isinstance(given, str) else "E204"
    meant = {"yes": "true", "on": "true", "no": "false", "off": "false"}.get(str(given).lower())
    if str(given).lower() in {"true", "false"}:
        meant = str(given).lower()
    help_ = f"write `{meant}` in small letters without quotes" if meant else None
    got = f"the text {quoted(given)}" if isinstance(given, str) else describe(given)
    return code, f"expected `true` or `false` but got {got}", help_


def _literal(detail: ErrorDetails, model: type[Part]) -> Words:
    given = detail["input"]
    allowed = [word.strip("'") for word in detail["ctx"]["expected"].replace(" or ", ", ").split(", ")]
    if not isinstance(given, str):
        return "E204", f"expected {listed(allowed, 'or')} but got {describe(given)}", None
    meant = suggest(given, allowed)
    help_ = f"did you mean `{meant}`?" if meant else None
    return "E205", f"expected {listed(allowed, 'or')} but got {quoted(given)}", help_


def _too_few(detail: ErrorDetails, model: type[Part]) -> Words:
    context = detail["ctx"]
    least, actual = context["min_length"], context["actual_length"]
    words = "one entry" if least == 1 else f"{least} entries"
    got = "none" if actual == 0 else str(actual)
    return "E205", f"expected at least {words} but got {got}", None


_BY_TYPE: dict[str, Callable[[ErrorDetails, type[Part]], Words]] = {
    "extra_forbidden": _unknown_key,
    "missing": _missing_key,
    "model_type": _mapping,
    "dict_type": _mapping,
    "tuple_type": _list,
    "string_type": _text,
    "bool_type": _flag,
    "literal_error": _literal,
    "too_short": _too_few,
}


def _meant(detail: ErrorDetails, model: type[Part]) -> str | None:
    """The key that an unknown one was probably meant to be."""
    owner = _model_at(model, detail["loc"][:-1])
    key = str(detail["loc"][-1])
    return owner.often_meant.get(key) or suggest(key, _keys(owner))


def _keys(model: type[Part]) -> list[str]:
    """The keys of a mapping, those first that it needs."""
    names = [field.alias or name for name, field in model.model_fields.items()]
    return sorted((n for n in names if n not in _INTERNAL), key=lambda n: not _is_required(model, n))


def _is_required(model: type[Part], key: str) -> bool:
    return any(f.is_required() and key == (f.alias or name) for name, f in model.model_fields.items())


def listed(words: Sequence[str], joint: str = "and") -> str:
    """Words in backticks, as a sentence lists them.

    >>> listed(["from", "to"])
    '`from` and `to`'
    """
    shown = [f"`{word}`" for word in words]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} {joint} {shown[-1]}"


def _lowered(sentence: str | None) -> str | None:
    """A description as a help line."""
    if not sentence:
        return None
    text = sentence.removesuffix(".")
    return text[:1].lower() + text[1:]


# --- which model -------------------------------------------------------------------------------------


def _model_at(model: type[Part], location: Sequence[str | int]) -> type[Part]:
    """The innermost model that a location leads through."""
    found, shape = model, model
    for step in location:
        shape = _inside(shape, step)
        if isinstance(shape, type) and issubclass(shape, Part):
            found = shape
    return found


def _inside(shape: Any, step: str | int) -> Any:
    """The type of what stands in a shape at a step."""
    if isinstance(shape, type) and issubclass(shape, Part):
        for name, field in shape.model_fields.items():
            if step == (field.alias or name):
                return _bare(field.annotation)
        return None
    arguments = get_args(shape)
    if get_origin(shape) is dict:
        return _bare(arguments[1])
    return _bare(arguments[0]) if arguments else None


def _bare(annotation: Any) -> Any:
    """A type without `Annotated` and `| None`."""
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    several = [argument for argument in get_args(annotation) if argument is not type(None)]
    if len(several) == 1 and type(None) in get_args(annotation):
        return _bare(several[0])
    return annotation
