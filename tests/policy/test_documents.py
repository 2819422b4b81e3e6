"""The models of the documents: short forms, normal form, and what they refuse."""

from datetime import date
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

import salesctrl.policy.documents as documents
from salesctrl.diagnostics import Diagnostics
from salesctrl.policy.documents import (
    DOCUMENTS,
    ApprovalSpec,
    CalendarSpec,
    DatedValue,
    FieldSpec,
    FormulaSpec,
    LocalText,
    OrganisationDocument,
    ParameterSpec,
    Period,
    PolicyDocument,
    RequirementSpec,
    RoleHeld,
    RuleSpec,
    TableInput,
    TableRow,
    TableSpec,
    TestsDocument,
    Vocabulary,
)
from salesctrl.policy.documents_base import FUNCTIONS, identifier_problem
from salesctrl.policy.documents_policy import ITEMS, NUMBERS
from salesctrl.policy.loader import load_document
from salesctrl.policy.reader import read_text

POLICY = {"policy": "release", "control_point": "order.release"}
RULE = {"id": "CR-1", "deny": True}


def codes(model, data):
    """The codes of the errors that a model has with data."""
    with pytest.raises(ValidationError) as caught:
        model.model_validate(data)
    return {error["type"] for error in caught.value.errors()}


def test_all_public_names_exist_and_all_documents_are_named():
    assert all(hasattr(documents, name) for name in documents.__all__)
    assert {model.__name__ for model in DOCUMENTS.values()} <= set(documents.__all__)
    for key, model in DOCUMENTS.items():
        assert key in model.model_fields
        assert model.model_fields[key].is_required()


# --- short forms --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "short", "long"),
    [
        (LocalText, "ERP", {"en": "ERP", "zh": "ERP"}),
        (FieldSpec, "money", {"type": "money"}),
        (FormulaSpec, "a + b", {"value": "a + b"}),
        (FormulaSpec, True, {"value": "true"}),
        (TableInput, "customer.grade", {"value": "customer.grade"}),
        (RoleHeld, "cfo", {"role": "cfo"}),
        (ApprovalSpec, "cfo", {"any_of": ["cfo"]}),
        (ApprovalSpec, {"all_of": "cfo"}, {"all_of": ["cfo"]}),
        (RequirementSpec, {"document": "contract"}, {"document": {"kind": "contract", "count": "1"}}),
        (RequirementSpec, {"action": "credit_call"}, {"action": {"name": "credit_call"}}),
        (ParameterSpec, "30 days", {"value": "30 days"}),
        (ParameterSpec, True, {"value": True}),
        (ParameterSpec, ["A", "B"], {"value": ["A", "B"]}),
        (ParameterSpec, {"cfo": "5", "vp": "3"}, {"value": {"cfo": "5", "vp": "3"}}),
        (FieldSpec, {"type": "choice", "choices": ["A"]}, {"type": "choice", "choices": {"A": None}}),
        (
            RuleSpec,
            {**RULE, "notify": "cfo", "covers": "S05-1"},
            {**RULE, "notify": ["cfo"], "covers": ["S05-1"]},
        ),
        (
            RuleSpec,
            {"id": "X", "excepts": "CR-1", "requires": {"approval": "cfo"}},
            {"id": "X", "excepts": ["CR-1"], "requires": [{"approval": {"any_of": ["cfo"]}}]},
        ),
        (TableRow, {"match": "A", "allow": True}, {"match": ["A"], "allow": True}),
        (TableRow, {"match": [True], "allow": True}, {"match": ["true"], "allow": True}),
        (CalendarSpec, {}, {"weekend": ["saturday", "sunday"]}),
    ],
)
def test_a_short_form_means_the_long_one(model, short, long):
    assert model.model_validate(short) == model.model_validate(long)


def test_a_parameter_has_exactly_one_kind_of_value():
    given = {
        "value": "5%",
        "values": {"values": [{"from": "2026-01-01", "value": "5%"}]},
        "bands": {"bands": {"<= 5": "a", "> 5": True}},
        "numbers": {"a": "1"},
        "items": ["1"],
    }
    for name, data in given.items():
        spec = ParameterSpec.model_validate(data)
        forms = {form: getattr(spec, form) for form in given}
        assert [form for form, value in forms.items() if value is not None] == [name]
    assert ParameterSpec.model_validate(given["bands"]).bands == {"<= 5": "a", "> 5": "true"}


def test_long_forms_carry_titles_beside_named_numbers_and_lists():
    spec = ParameterSpec.model_validate({"value": {"cfo": "5"}, "title": "Shares", "ref": "A017"})
    assert spec.numbers == {"cfo": "5"}
    assert spec.title is not None
    assert spec.title.get("zh") == "Shares"
    assert ParameterSpec.model_validate({"value": ["A"], "note": "x"}).items == ("A",)


def test_names_of_the_model_are_no_keys_of_yaml():
    assert "E202" in codes(ParameterSpec, {"title": "x", "numbers": {"a": "1"}})
    assert "extra_forbidden" in codes(ParameterSpec, {"value": "1", "items": ["1"]})
    assert "E201" in codes(ParameterSpec, {"value": "1", NUMBERS: {"a": "1"}})
    assert "E201" in codes(ParameterSpec, {ITEMS: ["1"]})
    assert "extra_forbidden" in codes(Period, {"from_": "2026-01-01"})
    assert ParameterSpec.model_validate({"numbers": "5"}).numbers == {"numbers": "5"}


def test_numbers_and_expressions_stay_the_text_that_was_written():
    policy = PolicyDocument.model_validate(
        {**POLICY, "parameters": {"rate": "0.10"}, "let": {"x": "0.10 * 1"}, "tables": {}}
    )
    assert policy.parameters["rate"].value == "0.10"
    assert policy.let["x"].value == "0.10 * 1"


def test_a_condition_may_be_a_plain_flag():
    assert RuleSpec.model_validate({**RULE, "when": True}).when is True
    assert RuleSpec.model_validate({**RULE, "when": "true"}).when == "true"
    assert RuleSpec.model_validate(RULE).when is None


# --- texts, dates, periods -------------------------------------------------------------------------


def test_a_text_falls_back_to_the_other_language():
    text = LocalText.model_validate({"zh": "订单"})
    assert (text.get("zh"), text.get("en")) == ("订单", "订单")
    both = LocalText.model_validate({"zh": "订单", "en": "Order"})
    assert (both.get("zh"), both.get("en")) == ("订单", "Order")


days = st.none() | st.dates(date(2025, 12, 1), date(2026, 2, 1))


def period(first, last):
    ends = {"from": first, "to": last}
    return Period.model_validate({key: str(day) for key, day in ends.items() if day is not None})


@given(days, days, st.dates(date(2025, 11, 1), date(2026, 3, 1)))
def test_both_ends_belong_to_a_period(first, last, day):
    if first is not None and last is not None and last < first:
        assert codes(Period, {"from": str(first), "to": str(last)}) == {"E206"}
        return
    expected = not ((first is not None and day < first) or (last is not None and day > last))
    assert period(first, last).contains(day) == expected


@given(days, days, days, days)
def test_periods_overlap_where_a_day_lies_in_both(a, b, c, d):
    if (a and b and b < a) or (c and d and d < c):
        return
    one, other = period(a, b), period(c, d)
    span = [date.fromordinal(n) for n in range(date(2025, 11, 1).toordinal(), date(2026, 3, 1).toordinal())]
    expected = any(one.contains(day) and other.contains(day) for day in span)
    assert one.overlaps(other) == other.overlaps(one) == expected


@given(st.dates())
def test_dates_are_read_as_they_are_printed(day):
    assert DatedValue.model_validate({"from": day.isoformat(), "value": "1"}).from_ == day


@pytest.mark.parametrize(
    "text",
    ["2026-1-01", "20260101", "2026-02-29", "２０２６-01-01", "2026-01-01 ", "2026-W01-1", "0000-01-01"],
)
def test_other_spellings_of_dates_are_refused(text):
    assert codes(Period, {"from": text}) == {"E205"}


@pytest.mark.parametrize("text", ["１２", "1_0", " 1", "+1", "1.0", "", "0x1", "1e3"])
def test_other_spellings_of_whole_numbers_are_refused(text):
    assert codes(FieldSpec, {"type": "money", "decimals": text}) == {"E205"}


@given(st.integers(0, 10**17))
def test_whole_numbers_are_read_exactly(number):
    assert FieldSpec.model_validate({"type": "money", "decimals": str(number)}).decimals == number


@pytest.mark.parametrize("value", ["true", "yes", "1", None, [], 1])
def test_only_true_and_false_are_flags(value):
    assert codes(RuleSpec, {"id": "X", "deny": value}) == {"bool_type"}


# --- nothing is not left out -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "data", "key"),
    [
        (RuleSpec, RULE, "when"),
        (RuleSpec, RULE, "title"),
        (RuleSpec, RULE, "effective"),
        (RuleSpec, RULE, "notify"),
        (RuleSpec, {"id": "X"}, "deny"),
        (FieldSpec, {"type": "text"}, "default"),
        (PolicyDocument, POLICY, "rules"),
        (PolicyDocument, POLICY, "effective"),
        (TableSpec, {"inputs": "a", "rows": [{"match": "-", "allow": True}]}, "otherwise"),
    ],
)
def test_a_key_with_nothing_after_it_is_refused(model, data, key):
    model.model_validate(data) if key != "deny" else None
    assert codes(model, {**data, key: None})


def test_a_choice_may_go_without_a_title():
    spec = FieldSpec.model_validate({"type": "choice", "choices": {"A": None, "B": "Good"}})
    assert spec.choices["A"] is None
    assert spec.choices["B"] == LocalText(en="Good", zh="Good")


# --- names --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["amount", "信用额度", "_x", "x1", "Größe", "金额_2", "match", "type"])
def test_names_may_be_of_any_script(name):
    assert identifier_problem(name) is None


@pytest.mark.parametrize(
    "name",
    [
        "",
        "1x",
        "a b",
        "a-b",
        "a.b",
        "class",
        "True",
        "as_of",
        "evidence",
        "true",
        "__x",
        "ａ",
        "①",
        "e\u0301",
        *sorted(FUNCTIONS),
    ],
)
def test_what_expressions_could_not_mean_is_no_name(name):
    assert identifier_problem(name) is not None
    assert codes(Vocabulary, {"vocabulary": "v", "kinds": {name: {"fields": {"id": "text"}}}}) == {"E210"}
    assert codes(Vocabulary, {"vocabulary": "v", "kinds": {"k": {"fields": {name: "text"}}}}) == {"E210"}
    assert codes(PolicyDocument, {**POLICY, "let": {name: "1"}}) == {"E210"}
    assert codes(PolicyDocument, {**POLICY, "parameters": {name: "1"}}) == {"E210"}
    assert codes(RuleSpec, {"id": "X", "compute": {name: "1"}}) == {"E210"}


def test_the_functions_are_those_of_the_reference():
    """The reference names every function in the tables of its section on expressions."""
    text = (Path(__file__).parents[2] / "docs/language.md").read_text("utf-8")
    section = text.partition("\n## Expressions\n")[2].partition("\n## ")[0]
    assert {name for name in FUNCTIONS if name not in section} == set()


@given(st.text(max_size=8))
def test_every_name_that_is_accepted_is_an_identifier_with_one_spelling(name):
    if identifier_problem(name) is None:
        assert name.isidentifier()
        compiled = compile(name, "name", "eval")
        assert compiled.co_names == (name,)


@pytest.mark.parametrize("name", ["CR-18-2", "PR-2#1", "order.release", "财务总监", "2026.1", "_x"])
def test_ids_may_hold_hyphens_points_and_hashes(name):
    assert RuleSpec.model_validate({**RULE, "id": name}).id == name


@pytest.mark.parametrize("name", ["", "-x", ".x", "#1", "a b", "a/b", "a\nb", "ＣＲ"])
def test_other_ids_are_refused(name):
    assert codes(RuleSpec, {**RULE, "id": name}) == {"E210"}


# --- keys that go together -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("deny", "review", "flag", "allow"),
    [(d, r, f, a) for d in (0, 1) for r in (0, 1) for f in (0, 1) for a in (0, 1)],
)
@pytest.mark.parametrize("excepts", [False, True])
def test_which_effects_a_rule_may_have(deny, review, flag, allow, excepts):
    data = {"id": "X", "deny": bool(deny), "flag": bool(flag), "allow": bool(allow)}
    data |= {"review": {"approval": "cfo"}} if review else {}
    data |= {"excepts": "CR-1"} if excepts else {}
    outcomes = deny + review + flag + allow
    listed_after_review = outcomes == 2 and review and flag
    good = outcomes == 0 if excepts else outcomes == 1 or listed_after_review
    if good:
        assert RuleSpec.model_validate(data).has_effect != excepts
    else:
        assert codes(RuleSpec, data) == {"E207"}


@pytest.mark.parametrize("effect", [{"compute": {"x": "1"}}, {"notify": ["cfo"]}])
def test_to_compute_or_notify_is_an_effect_of_any_rule(effect):
    assert RuleSpec.model_validate({"id": "X", **effect}).has_effect
    assert RuleSpec.model_validate({"id": "X", "excepts": "Y", **effect}).has_effect
    assert RuleSpec.model_validate({**RULE, **effect}).has_effect


@pytest.mark.parametrize("hit", ["unique", "first", "any", "priority", "collect"])
def test_what_goes_with_a_hit_policy(hit):
    data = {"inputs": "a", "hit": hit, "rows": [{"match": "-", "give": {"x": "1"}}]}
    with_collect = {**data, "collect": "sum"}
    with_priority = {**data, "priority": {"x": ["1", "2"]}}
    if hit == "collect":
        assert TableSpec.model_validate(with_collect).collect == "sum"
        assert codes(TableSpec, data) == {"E202"}
    else:
        assert TableSpec.model_validate(data).collect is None
        assert codes(TableSpec, with_collect) == {"E207"}
    if hit == "priority":
        assert TableSpec.model_validate(with_priority).priority == {"x": ("1", "2")}
    else:
        assert codes(
            TableSpec, {**with_priority, "collect": "sum"} if hit == "collect" else with_priority
        ) == {"E207"}


def test_documents_are_frozen():
    organisation = OrganisationDocument.model_validate({"organisation": "x"})
    with pytest.raises(ValidationError):
        organisation.organisation = "y"


def test_tests_are_no_tests_of_pytest():
    assert TestsDocument.__test__ is False


# --- from anything -----------------------------------------------------------------------------------------

keys = st.sampled_from(
    sorted(
        {
            key
            for model in documents.Part.__subclasses__() + documents.Effects.__subclasses__()
            for name, field in model.model_fields.items()
            for key in (name, field.alias)
            if key
        }
    )
)
scalars = st.none() | st.booleans() | st.sampled_from(["x", "", "1", "2026-01-01", "5%", "unique", "日"])
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(keys | st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=60)
@given(st.sampled_from(sorted(DOCUMENTS)), values, st.dictionaries(keys, values, max_size=6))
def test_whatever_a_document_holds_is_loaded_or_explained(kind, name, rest):
    """Never an exception, and every mistake with its place and in words, whatever the data."""
    text = yaml.safe_dump({kind: name, **rest}, allow_unicode=True, sort_keys=False)
    found = Diagnostics()
    [source] = read_text(text, "any.yaml", found)
    if found.has_errors:
        return
    loaded = load_document(source, found)
    assert (loaded is None) == found.has_errors
    for diagnostic in found:
        assert diagnostic.code.startswith("E2")
        assert diagnostic.span is not None
        assert "Input should" not in diagnostic.message
        assert diagnostic.code == "E201" or "(named numbers)" not in diagnostic.render()
