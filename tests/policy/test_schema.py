"""The JSON Schemas say of documents what the models say, as far as JSON Schema can."""

import json
import re
from functools import cache
from pathlib import Path

import jsonschema
import pytest
from tests.corpus.checking import BAD, GOOD

from salesctrl.diagnostics import Diagnostics
from salesctrl.policy.documents import DOCUMENTS
from salesctrl.policy.loader import load_document
from salesctrl.policy.reader import read_file, read_text
from salesctrl.policy.schema import ANY_DOCUMENT, generate, main

ROOT = Path(__file__).parents[2]
SCHEMAS = ROOT / "src/salesctrl/schemas"

#: The codes of what is wrong with a document by itself.
STRUCTURAL = {"E201", "E202", "E203", "E204", "E205", "E207", "E210"}
#: What JSON Schema cannot say: an order of keys, a length or a name given elsewhere, two lists, the days of a
#: year, a form of characters.
BEYOND = {
    "E203-not-first",
    "E205-day-of-every-year",
    "E205-none-of-the-events",
    "E205-none-of-the-states",
    "E207-cells",
    "E207-final-state",
    "E207-holiday-and-workday",
    "E207-order",
    "E210-full-width",
}

NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


@cache
def schemas():
    return generate()


@cache
def validator(name=ANY_DOCUMENT):
    checker = jsonschema.Draft7Validator.FORMAT_CHECKER
    return jsonschema.Draft7Validator(schemas()[name], format_checker=checker)


def as_editors_see_it(value):
    """Data with numbers, as other readers of YAML make them of plain scalars."""
    if isinstance(value, dict):
        return {key: as_editors_see_it(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_editors_see_it(item) for item in value]
    return json.loads(value) if isinstance(value, str) and NUMBER.fullmatch(value) else value


@cache
def good_documents():
    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs/language.md").read_text("utf-8"), re.DOTALL)
    found = Diagnostics()
    documents = [document for block in blocks for document in read_text(block, "language.md", found)]
    for path in [*sorted((ROOT / "policies").rglob("*.yaml")), *sorted(GOOD.glob("*.yaml"))]:
        documents += read_file(path, found, file=path.relative_to(ROOT).as_posix())
    assert not found.has_errors, found.render()
    return documents


def test_committed_files_are_those_that_are_generated(tmp_path):
    """After a change of the models: `python -m salesctrl.policy.schema`."""
    main(tmp_path)
    generated = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert {path.name: path.read_bytes() for path in SCHEMAS.iterdir()} == generated


@pytest.mark.parametrize("name", [*DOCUMENTS, ANY_DOCUMENT])
def test_they_are_draft_07(name):
    schema = schemas()[name]
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    jsonschema.Draft7Validator.check_schema(schema)


def test_they_accept_the_documents_that_there_are():
    any_document = validator()
    of_kind = {name: validator(name) for name in DOCUMENTS}
    documents = good_documents()
    assert {next(iter(document.data)) for document in documents} == set(DOCUMENTS)
    for document in documents:
        found = Diagnostics()
        assert load_document(document, found) is not None, found.render()
        for data in (document.data, as_editors_see_it(document.data)):
            any_document.validate(data)
            of_kind[next(iter(data))].validate(data)


def test_a_document_of_one_kind_is_not_one_of_another():
    for document in good_documents():
        kind = next(iter(document.data))
        assert [name for name in DOCUMENTS if validator(name).is_valid(document.data)] == [kind]


def bad(structural):
    names = sorted(path.stem for path in BAD.glob("E2*.yaml"))
    return [name for name in names if (name[:4] in STRUCTURAL and name not in BEYOND) == structural]


@pytest.mark.parametrize("name", bad(structural=True))
def test_they_refuse_what_is_structurally_bad(name):
    documents = read_file(BAD / f"{name}.yaml", Diagnostics())
    assert not all(validator().is_valid(document.data) for document in documents)


@pytest.mark.parametrize("name", bad(structural=False))
def test_the_rest_is_beyond_json_schema(name):
    documents = read_file(BAD / f"{name}.yaml", Diagnostics())
    assert all(document.data is None or validator().is_valid(document.data) for document in documents)


def properties(schema):
    """Every mapping with keys of its own, by the name of its definition."""
    for name, definition in schema["definitions"].items():
        for shape in (definition, *definition.get("anyOf", ())):
            if "properties" in shape and shape.get("type") == "object":
                yield name, shape


def test_every_key_is_described_and_no_other_is_accepted():
    seen = 0
    for name, shape in properties(schemas()[ANY_DOCUMENT]):
        assert shape["additionalProperties"] is False, name
        for key, value in shape["properties"].items():
            assert value["description"].strip(), f"{name}.{key}"
            seen += 1
    assert seen > 100


def test_nothing_of_the_models_inside_shows():
    text = json.dumps(schemas())
    assert "(named numbers)" not in text
    assert ">>>" not in text
    assert '"format": "name"' not in text
    assert "$defs" not in text
