"""JSON Schemas (draft-07) of the policy documents, for editors: they complete keys and mark mistakes.

`python -m salesctrl.policy.schema` writes them to `src/salesctrl/schemas`: one for each kind of document, and
`salesctrl.schema.json` for a file that may hold any. They are generated from the models, and say of the rules
between keys what JSON Schema can say; `salesctrl check` says the rest.

In an editor with yaml-language-server, the first line of a file names its schema::

    # yaml-language-server: $schema=salesctrl.schema.json
"""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Callable, Iterable
from keyword import kwlist
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from salesctrl.policy.documents import DOCUMENTS
from salesctrl.policy.documents_base import FUNCTIONS, RESERVED_WORDS, SCALAR, SCALAR_OR_FLAG, Part
from salesctrl.policy.documents_policy import ITEMS, LONG_FORM, NUMBERS

Schema = dict[str, Any]

DRAFT = "http://json-schema.org/draft-07/schema#"
ANY_DOCUMENT = "salesctrl"

_LETTER = r"([A-Za-z_]|[^\x00-\x7F])"
_OTHER = r"([A-Za-z0-9_]|[^\x00-\x7F])"
#: What formats of the models stand for: names that expressions use, and ids.
_FORMATS: dict[str, Schema] = {
    "name": {
        "description": "Letters, digits and `_`; Chinese is welcome.",
        "type": "string",
        "pattern": f"^{_LETTER}{_OTHER}*$",
        "not": {"anyOf": [{"enum": sorted({*FUNCTIONS, *RESERVED_WORDS, *kwlist})}, {"pattern": "^__"}]},
    },
    "id": {
        "description": "Letters, digits, `_`, `-`, `.` and `#`; Chinese is welcome.",
        "type": ["string", "number"],
        "pattern": r"^([A-Za-z0-9_]|[^\x00-\x7F])([A-Za-z0-9_.#-]|[^\x00-\x7F])*$",
    },
}


def generate() -> dict[str, Schema]:
    """The schemas by the name of their kind of document; `salesctrl` is that of any.

    >>> sorted(generate())  # doctest: +NORMALIZE_WHITESPACE
    ['case_control', 'ladder', 'metric', 'obligation', 'organisation', 'overlay', 'pack', 'policy',
     'salesctrl', 'schedule', 'tests', 'timeline', 'vocabulary']
    """
    models = dict(DOCUMENTS)
    definitions = _definitions(models.values())
    schemas = {
        key: _schema(model.__doc__, {"$ref": _ref(model.__name__)}, definitions)
        for key, model in models.items()
    }
    any_document = {"oneOf": [{"$ref": _ref(model.__name__)} for model in models.values()]}
    schemas[ANY_DOCUMENT] = _schema("A document of a policy set.", any_document, definitions)
    return schemas


def texts() -> dict[str, str]:
    """The schemas as the text of their files, by file name."""
    return {
        f"{name}.schema.json": json.dumps(schema, indent=1, ensure_ascii=False) + "\n"
        for name, schema in generate().items()
    }


def _ref(name: str) -> str:
    return f"#/definitions/{name}"


def _schema(description: str | None, body: Schema, definitions: dict[str, Schema]) -> Schema:
    """A whole schema: the body, and the definitions that it needs, by name."""
    needed: set[str] = set()
    todo = set(_references(body))
    while todo:
        name = todo.pop()
        needed.add(name)
        todo |= set(_references(definitions[name])) - needed
    return {
        "$schema": DRAFT,
        "title": (description or "").partition("\n")[0],
        **body,
        "definitions": {name: definitions[name] for name in sorted(needed)},
    }


def _references(schema: object) -> Iterable[str]:
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == "$ref":
                yield value.rpartition("/")[2]
            else:
                yield from _references(value)
    elif isinstance(schema, list):
        for item in schema:
            yield from _references(item)


# --- from the models ---------------------------------------------------------------------------------


def _definitions(models: Iterable[type[Part]]) -> dict[str, Schema]:
    """The definitions of all models, in draft-07, short forms and the rules between keys included."""
    raw: dict[str, Schema] = {}
    parts: dict[str, type[Part]] = {}
    for model in models:
        schema = TypeAdapter(model).json_schema(ref_template=_ref("{model}"))
        raw.update(schema.pop("$defs", {}))
        raw[model.__name__] = schema
    _collect(Part, parts)
    definitions = {"Name": _FORMATS["name"], "Id": _FORMATS["id"]}
    for name, schema in raw.items():
        definitions[name] = _definition(parts[name], _draft07(schema))
    return definitions


def _collect(model: type[Part], found: dict[str, type[Part]]) -> None:
    for below in model.__subclasses__():
        found[below.__name__] = below
        _collect(below, found)


def _draft07(schema: Any) -> Any:
    """A schema as pydantic writes it, in the terms of draft-07 and without what says nothing."""
    if isinstance(schema, list):
        return [_draft07(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {
        key: value
        for key, value in schema.items()
        if not (key == "title" and isinstance(value, str))
        and not (key == "default" and (value is None or isinstance(value, dict | list | bool)))
    }
    if "format" in schema and schema["format"] in _FORMATS:
        name = {"name": "Name", "id": "Id"}[schema.pop("format")]
        schema.pop("type", None)
        schema["$ref"] = _ref(name)
    if "properties" in schema:
        schema["properties"] = {key: _draft07(value) for key, value in schema["properties"].items()}
        return schema
    reference = schema.pop("$ref", None)
    result = {key: _draft07(value) for key, value in schema.items()}
    if reference is not None:
        # In draft-07 nothing counts beside a `$ref`, a description included.
        result = {**result, "allOf": [{"$ref": reference}]} if result else {"$ref": reference}
    return result


def _definition(model: type[Part], schema: Schema) -> Schema:
    """The definition of a model: its mapping, the rules between its keys, and its short form."""
    schema["description"] = " ".join((model.__doc__ or "").partition("\n\n")[0].split())
    schema.update(copy.deepcopy(_BETWEEN_KEYS.get(model.__name__, {})))
    shape = _SHORT_FORMS.get(model.__name__)
    return schema if shape is None else shape(schema)


# --- short forms -------------------------------------------------------------------------------------


def _or_a(short: Schema) -> Callable[[Schema], Schema]:
    def shaped(schema: Schema) -> Schema:
        description = schema.pop("description")
        return {"description": description, "anyOf": [short, schema]}

    return shaped


def _parameter(schema: Schema) -> Schema:
    """A value, a list of values, named numbers, or the long form with one of them as its `value`."""
    description = schema.pop("description")
    properties = schema["properties"]
    numbers, items = properties.pop(NUMBERS), properties.pop(ITEMS)
    value = properties["value"]
    forms = [SCALAR_OR_FLAG, _bare(items), _bare(numbers)]
    properties["value"] = {"description": value["description"], "anyOf": forms}
    named = {**forms[2], "propertyNames": {"not": {"enum": ["value", "values", "bands", *sorted(LONG_FORM)]}}}
    return {"description": description, "anyOf": [forms[0], forms[1], schema, named]}


def _bare(schema: Schema) -> Schema:
    return {key: value for key, value in schema.items() if key != "description"}


_SHORT_FORMS: dict[str, Callable[[Schema], Schema]] = {
    "ActionSpec": _or_a(SCALAR),
    "ApprovalSpec": _or_a(SCALAR),
    "AroundSpec": _or_a(SCALAR),
    "DocumentSpec": _or_a(SCALAR),
    "EventSpec": _or_a(SCALAR),
    "FieldSpec": _or_a(SCALAR),
    "FormulaSpec": _or_a(SCALAR_OR_FLAG),
    "GroupKey": _or_a(SCALAR),
    "LocalText": _or_a(SCALAR),
    "ParameterSpec": _parameter,
    "RoleHeld": _or_a(SCALAR),
    "TableInput": _or_a(SCALAR),
}


# --- rules between keys --------------------------------------------------------------------------------


def _required(*keys: str) -> list[Schema]:
    return [{"required": [key]} for key in keys]


_NOTHING = {"enum": [False, [], {}]}
_OUTCOMES = ("deny", "review", "flag", "allow")
_EFFECTS = (*_OUTCOMES, "compute", "notify")


def _without(*keys: str) -> Schema:
    return {"properties": dict.fromkeys(keys, _NOTHING)}


def _where(key: str, value: object, then: Schema, otherwise: Schema | None = None) -> Schema:
    condition = {"required": [key], "properties": {key: {"const": value}}}
    return {"if": condition, "then": then, **({} if otherwise is None else {"else": otherwise})}


_APPROVAL: Schema = {"required": ["approval"], "properties": {"approval": {"const": True}}}
_ONE_OUTCOME = [
    _where("deny", True, _without("review", "flag", "allow")),
    _where("allow", True, _without("review", "flag")),
]

_BETWEEN_KEYS: dict[str, Schema] = {
    "LocalText": {"anyOf": _required("en", "zh")},
    "EventSpec": {"anyOf": _required("activity", "duty")},
    "AroundSpec": {
        "anyOf": _required("activity", "duty"),
        "dependencies": {"of": ["within"], "within": {"not": {"required": ["before"]}}},
    },
    "EvidenceSpec": {
        "anyOf": [
            _APPROVAL,
            *_required("document", "payment", "action"),
        ],
        "dependencies": dict.fromkeys(("requirement", "form"), _APPROVAL),
    },
    "TransitionSpec": {"oneOf": _required("on", "after")},
    "Waiver": {"oneOf": _required("person", "role")},
    "ObligationDocument": {"oneOf": _required("every", "each_year")},
    "ParameterSpec": {"oneOf": _required("value", "values", "bands")},
    "ApprovalSpec": {
        "oneOf": _required("any_of", "all_of", "in_order", "level"),
        "dependencies": {"at_least": ["any_of"]},
    },
    "PaymentSpec": {
        "oneOf": _required("amount", "share"),
        "dependencies": {"share": ["of"], "of": ["share"]},
    },
    "RequirementSpec": {"oneOf": _required("approval", "document", "payment", "action")},
    "RuleSpec": {
        "anyOf": _required(*_EFFECTS, "excepts"),
        "dependencies": {"requires": ["excepts"], "excepts": _without(*_OUTCOMES)},
        "allOf": _ONE_OUTCOME,
    },
    "TableRow": {
        "anyOf": _required("give", *_EFFECTS),
        "dependencies": {"give": _without(*_EFFECTS)},
        "allOf": _ONE_OUTCOME,
    },
    "TableSpec": {
        "allOf": [
            _where("hit", "collect", {"required": ["collect"]}, {"not": {"required": ["collect"]}}),
            _where("hit", "priority", {}, _without("priority")),
        ]
    },
}


def main(folder: Path) -> None:
    """Write the schemas into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts().items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else Path(__file__).resolve().parents[1] / "schemas")
