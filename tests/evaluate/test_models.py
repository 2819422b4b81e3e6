"""The facts of a control point as a pydantic model: it takes, refuses and decides what mappings do."""

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import ValidationError

import salesctrl
from salesctrl import FactsError

SET = """
vocabulary: shop
currency: CNY
kinds:
  customer:
    title: {en: Customer, zh: 客户}
    fields:
      grade: {type: choice, choices: [A, B], title: {en: Grade, zh: 等级}}
      active: {type: boolean, default: true}
  line:
    fields:
      price: {type: money, min: 0}
      note: {type: text, length: 5, optional: true}
  order:
    title: {en: Order, zh: 订单}
    fields:
      amount: {type: money, min: 0, max: 100000, title: {en: Amount, zh: 金额}, aliases: [total]}
      rate: {type: rate, min: 0, max: 1}
      pieces: {type: integer, digits: 4, default: 7}
      grace: {type: days, min: 0}
      placed: date
      seen: instant
      customer: customer
      lines: {type: list, of: line, length: 3}
      copy: {type: integer, digits: 3}
      unread: text
---
policy: release
control_point: order.release
parameters: {limit: 500 CNY}
let: {total_of_lines: sum(x.price for x in order.lines)}
outputs: [total_of_lines]
rules:
  - id: R-1
    when: >-
      order.amount > limit or order.rate > 50% or order.pieces > 9 or order.grace > 30 days
      or order.placed > as_of or order.customer.grade == "B" or not order.customer.active
      or order.copy > 5 or any(x.note == "x" for x in order.lines) or order.seen > order.seen
    deny: true
  - {id: R-2, when: order.amount > 100, review: {approval: boss}}
---
organisation: shop
roles: {boss: {title: {en: Boss, zh: 老板}}}
"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    folder = tmp_path_factory.mktemp("set")
    (folder / "set.yaml").write_text(SET, encoding="utf-8")
    return salesctrl.load(folder)


@pytest.fixture(scope="module")
def model(engine):
    return engine.facts("order.release")


def types_of(model, name):
    return [t for t in get_args(model.model_fields[name].annotation) if t is not type(None)]


def record(model, name):
    return types_of(model, name)[0]


def test_has_the_fields_that_are_read_and_no_others(model):
    assert set(model.model_fields) == {"order", "as_of", "evidence"}
    order = record(model, "order")
    assert set(order.model_fields) == {
        "amount", "rate", "pieces", "grace", "placed", "seen", "customer", "lines", "copy",
    }  # fmt: skip
    assert set(record(order, "customer").model_fields) == {"grade", "active"}


def test_types_bounds_titles_and_aliases(model):
    order = record(model, "order")
    amount = order.model_fields["amount"]
    value_type, constraints, *_ = get_args(types_of(order, "amount")[0])
    assert value_type is Decimal
    said = {type(m).__name__: m for m in constraints.metadata}
    assert (said["Ge"].ge, said["Le"].le) == (0, 100000)
    assert {"max_digits": 18, "decimal_places": 2}.items() <= vars(said["_PydanticGeneralMetadata"]).items()
    assert amount.title == "Amount"
    assert "金额" in amount.description
    assert amount.validation_alias.choices == ["amount", "total", "金额", "Amount"]
    grade = get_args(types_of(record(order, "customer"), "grade")[0])[0]
    assert grade == Literal["A", "B"]


def test_all_may_be_left_out_and_defaults_are_those_declared(model):
    facts = model.model_validate({"order": {"customer": {}}})
    assert (facts.as_of, facts.evidence, facts.order.amount) == (None, None, None)
    assert (facts.order.pieces, facts.order.customer.active) == (7, True)


def test_every_schema_is_valid_and_says_money_as_number_or_text(engine):
    for one in (engine, salesctrl.load()):
        for name in one.control_points:
            schema = one.facts(name).model_json_schema()
            Draft202012Validator.check_schema(schema)
    schema = engine.facts("order.release").model_json_schema()
    amount = schema["$defs"]["Order"]["properties"]["amount"]
    assert {part["type"] for part in amount["anyOf"]} == {"number", "string", "null"}
    validator = Draft202012Validator(schema)
    assert validator.is_valid({"order": {"amount": "12.50", "lines": [{"price": 3}]}, "as_of": "2026-01-01"})
    assert not validator.is_valid({"order": {"amount": "12,50"}})
    assert not validator.is_valid({"order": {"amount": -1}})
    assert not validator.is_valid({"order": {"customer": {"grade": "C"}}})


def test_a_schema_is_the_same_every_time(engine):
    texts = {json.dumps(engine.facts("order.release").model_json_schema()) for _ in range(3)}
    assert len(texts) == 1


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"order": {"amount": 0.1 + 0.2}}, "at most 2 decimals but got the float"),
        ({"order": {"amount": "1e3"}}, "expected a number such as `1234.50`"),
        ({"order": {"amount": True}}, "expected a number but got `true`"),
        ({"order": {"amount": 100001}}, "from 0.00 to 100000.00 but got `100001.00`"),
        ({"order": {"amuont": 5}}, "`amount` is absent, but there is `amuont`"),
        ({"order": {"amount": 5, "total": 6}}, "given twice under different names"),
        ({"order": {"customer": {"active": "yes"}}}, "expected true or false"),
        ({"order": {"placed": "2026-1-1"}}, "expected a date such as"),
        ({"order": {"placed": 5}}, "expected a date such as"),
        ({"order": {"seen": "2026-01-01T00:00"}}, "expected a time with its zone"),
        ({"order": {"lines": [{"note": "longer"}]}}, "at most 5 characters"),
        ({"order": {"lines": [{}] * 4}}, "at most 3 items"),
        ({"as_of": "tomorrow"}, "expected a date such as"),
        ({"as_of": 20000}, "expected a date such as"),
        ({"evidence": {"approvals": [{"person": "1", "role": "boss", "date": 0}]}}, "expected a date"),
        ({"evidence": {"payments": [{"amount": 0.1 + 0.2, "date": "2026-01-01"}]}}, "at most 2 decimals"),
        ({"evidence": {"documents": [{"kind": "x", "date": "2026-01-01", "count": 0}]}}, "a count of 1"),
        ({"evidence": {"aprovals": []}}, "Extra inputs are not permitted"),
    ],
)  # fmt: skip
def test_what_a_mapping_may_not_hold_a_model_may_not(engine, model, facts, words):
    with pytest.raises(ValidationError, match=words):
        model.model_validate(facts)
    with pytest.raises(FactsError):
        engine.evaluate("order.release", facts, **({} if "as_of" in facts else {"as_of": "2026-01-01"}))


def test_takes_objects_and_other_names():
    engine = salesctrl.load()

    @dataclass
    class Order:
        amount: Decimal

    @dataclass
    class Facts:
        order: Order
        as_of: date

    model: Any = engine.facts("order.release")
    facts = model.model_validate(Facts(Order(Decimal(5)), date(2026, 1, 1)))
    assert facts.order.amount == 5
    assert model.model_validate({"订单": {"订单金额": "5.00"}}).order.amount == 5


def test_the_models_of_two_versions_are_one(tmp_path):
    (tmp_path / "set.yaml").write_text(
        """
vocabulary: v
kinds:
  order: {fields: {old: integer, new: integer, lines: {type: list, of: line}}}
  line: {fields: {a: integer, b: integer}}
---
policy: p
control_point: c
effective: {to: 2025-12-31}
rules: [{id: R, when: order.old > 1 and any(l.a > 1 for l in order.lines), deny: true}]
---
policy: p
control_point: c
effective: {from: 2026-01-01}
rules: [{id: R, when: order.new > 1 and any(l.b > 1 for l in order.lines), deny: true}]
""",
        encoding="utf-8",
    )
    engine = salesctrl.load(tmp_path)
    order = record(engine.facts("c"), "order")
    assert set(order.model_fields) == {"old", "new", "lines"}
    facts = engine.facts("c").model_validate({"order": {"new": 2, "lines": [{"a": 2, "b": 2}]}})
    assert engine.evaluate("c", facts, as_of="2026-01-01").outcome == "deny"
    assert engine.evaluate("c", facts, as_of="2025-01-01").outcome == "incomplete"


def test_a_name_that_a_model_cannot_have_is_said(tmp_path):
    (tmp_path / "set.yaml").write_text(
        "vocabulary: v\nkinds: {order: {fields: {_x: integer}}}\n---\n"
        "policy: p\ncontrol_point: c\nrules: [{id: R, when: order._x > 1, deny: true}]\n",
        encoding="utf-8",
    )
    with pytest.raises(ValueError, match="`_x`: pass these facts as a mapping"):
        salesctrl.load(tmp_path).facts("c")


# --- an instance decides as its mapping does ----------------------------------------------------------


def or_left_out(strategy):
    return st.one_of(st.none(), strategy)


def money(top):
    cents = st.integers(0, top * 100)
    return cents.flatmap(
        lambda n: st.sampled_from([Decimal(n).scaleb(-2), f"{n // 100}.{n % 100:02}", n // 100, n / 100])
    )


LINE = st.fixed_dictionaries({"price": money(50)}, optional={"note": st.sampled_from(["x", "y", None])})
DATES = st.dates(date(2025, 12, 1), date(2026, 3, 1))
ORDERS = st.fixed_dictionaries(
    {},
    optional={
        "amount": or_left_out(money(700)),
        "rate": or_left_out(st.sampled_from([Decimal("0.5"), "0.5001", 0.5, 0, 1])),
        "pieces": or_left_out(st.sampled_from([9, 10, "9", Decimal(10)])),
        "grace": or_left_out(st.integers(29, 31)),
        "placed": or_left_out(st.one_of(DATES, DATES.map(date.isoformat), DATES.map(str))),
        "seen": st.just("2026-01-01T00:00+08:00"),
        "customer": or_left_out(
            st.fixed_dictionaries({}, optional={"grade": st.sampled_from("AB"), "active": st.booleans()})
        ),
        "lines": st.lists(LINE, max_size=3),
        "copy": st.integers(0, 6),
    },
)
APPROVAL = st.fixed_dictionaries(
    {"person": st.sampled_from(["1", 2]), "role": st.just("boss"), "date": DATES}
)
EVIDENCE = st.fixed_dictionaries(
    {},
    optional={
        "requester": st.sampled_from(["1", 2]),
        "approvals": st.lists(APPROVAL, max_size=2),
    },
)  # fmt: skip


@settings(max_examples=150)
@given(order=ORDERS, evidence=or_left_out(EVIDENCE), as_of=DATES)
def test_decides_the_same(engine, model, order, evidence, as_of):
    facts = {"order": order, "evidence": evidence, "as_of": as_of}
    by_mapping = engine.evaluate("order.release", facts)
    by_model = engine.evaluate("order.release", model.model_validate(facts))
    assert by_model.to_json() == by_mapping.to_json()
    by_dump = engine.evaluate("order.release", json.loads(model.model_validate(facts).model_dump_json()))
    assert by_dump.to_json() == by_mapping.to_json()


def test_an_instant_keeps_its_moment(model):
    facts = model.model_validate({"order": {"seen": "2026-01-01T08:00+08:00"}})
    assert facts.order.seen.utcoffset() == timedelta(0)
    assert facts.order.seen == datetime.fromisoformat("2026-01-01T00:00+00:00")
