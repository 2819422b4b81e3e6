"""Parameters: every form, values over time, what overlays may set."""

from datetime import date

import pytest
from tests.loading import check_text, engine_of, policy_text, sound, worth

from salesctrl.policy.types import BOOLEAN, DATE, DAYS, MONTHS, TEXT, choice, list_of, map_of, money, number


def parameters(body):
    (policy,) = sound(policy_text(f"parameters:\n{body}\nrules: [{{id: R, deny: true}}]")).policies
    return policy.parameters


@pytest.mark.parametrize(
    ("text", "type_", "value"),
    [
        ("30 days", DAYS, 30),
        ("2 months", MONTHS, 2),
        ("5%", number(2, percent=True), 5),
        ("0.35", number(2), 35),
        ("-3", number(0), -3),
        ("5000 CNY", money("CNY"), 500000),
        ("0.125 USD", money("USD", 3), 125),
        ("2026-12-31", DATE, date(2026, 12, 31).toordinal()),
        ("true", BOOLEAN, True),
        ("weekly", TEXT, "weekly"),
        ("{value: 30 days, title: Grace}", DAYS, 30),
        ("{value: 0.05, type: rate}", number(2, percent=True), 5),
        ("{value: '5', type: text}", TEXT, "5"),
        ("{value: B, type: choice, choices: [A, B]}", choice(("A", "B")), "B"),
        ("{value: B, choices: {A: first, B: second}}", choice(("A", "B")), "B"),
    ],
)
def test_a_literal_says_its_type(text, type_, value):
    found = parameters(f"  p: {text}")["p"]
    assert (found.seen.type, found.on(1).constant.value) == (type_, value)


def test_lists_and_named_numbers():
    found = parameters(
        "  grades: [A, B]\n  marks: {value: [3, 4.5]}\n  shares: {a: 5, b: 2.5}\n  sums: {value: {a: 5 CNY}}"
    )
    assert found["grades"].seen.type == list_of(TEXT)
    assert found["marks"].seen.type == list_of(number(1))
    assert found["shares"].seen.type == map_of(("a", "b"), number(1))
    assert found["sums"].seen.type == map_of(("a",), money("CNY"))


def test_values_hold_from_their_dates_on():
    dated = "parameters: {p: {values: [{from: 2025-07-01, value: 4%}, {from: 2026-01-01, value: 5.25%}]}}"
    days = ["2025-06-30", "2025-07-01", "2025-12-31", "2026-01-01", "2031-01-01"]
    assert [str(worth("p", {}, dated, day)) for day in days] == [
        "None",
        "0.0400",
        "0.0400",
        "0.0525",
        "0.0525",
    ]


def codes(body, *, overlays=False):
    return [(p.code, p.message) for p in check_text(policy_text(body), overlays=overlays)[1]]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("{p: {values: [{from: 2025-01-01, value: 5 days}, {from: 2026-01-01, value: 5}]}}",
         "expected values of one type but got days and an integer"),
        ("{p: [5 CNY, 5 USD]}", "expected values of one type but got money CNY and money USD"),
        ("{p: {value: 5 CNY, max: 4 CNY}}", "expected `p` to be at most 4 CNY"),
        ("{p: {value: 5 CNY, max: 4.999 CNY}}", "expected `p` to be at most 4.999 CNY"),
        ("{p: {value: 5%, min: 6%}}", "expected `p` to be at least 6%"),
        ("{p: {value: 5 CNY, max: 9 USD}}", "`max` of `p` is money USD, but its value money CNY"),
        ("{p: {value: weekly, min: 3}}", "`min` of `p` is an integer, but its value a text"),
        ("{p: {value: 5 days, type: money}}", "expected a value of type `money` but got `5 days`"),
        ("{p: {value: C, choices: [A, B]}}", "expected one of A, B but got `C`"),
        ("{p: {values: [{from: 2025-01-01, value: 5}, {from: 2026-01-01, value: 50}], max: 9}}",
         "expected `p` to be at most 9"),
    ],
)  # fmt: skip
def test_values_that_are_not_allowed(body, message):
    assert codes(f"parameters: {body}\nrules: [{{id: R, deny: true}}]") == [("E410", message)]


@pytest.mark.parametrize(
    "text", ["{value: 4 CNY, max: 4 CNY}", "{value: 4.0 CNY, min: 4 CNY}", "{value: 0.05, max: 5%}"]
)
def test_a_value_at_its_bound_is_allowed(text):
    assert codes(f"parameters: {{p: {text}}}\nrules: [{{id: R, deny: true}}]") == []


@pytest.mark.parametrize(
    ("value", "help_"),
    [
        ("5,000 CNY", "leave out the separators: `5000 CNY`"),
        ("1 000 000", "leave out the separators: `1000000`"),
        ("30天", "write `30 days`"),
        ("3 个月", "write `3 months`"),
        ("5000元", "write `5000 CNY`"),
        ("2026-02-30", None),
        (
            "3 apples",
            "write it as `30 days`, `2 months`, `5%`, `5000 CNY` or `0.35`; a text needs `type: text`",
        ),
    ],
)
def test_what_to_do_about_a_literal_that_cannot_be_read(value, help_):
    _, found = check_text(policy_text(f"parameters: {{p: '{value}'}}\nrules: [{{id: R, deny: true}}]"))
    assert [(p.code, p.help) for p in found] == [("E411", help_)]


OVERLAID = """
parameters:
  limit: {{value: 5000 CNY, min: 0 CNY, max: 9000 CNY}}
  grace: 30 days
  rate: 5%
  mode: {{type: choice, choices: [strict, lenient], value: strict}}
  grades: [A, B]
  shares: {{a: 5, b: 3}}
  ladder: {{bands: {{"<= 5": low, "> 5": high}}}}
rules:
- {{id: R, when: order.amount > limit, deny: true}}
---
overlay: here
parameters: {{p: {{{set}}}}}
"""


@pytest.mark.parametrize(
    ("set_", "message"),
    [
        ("limit: 9000.01 CNY", "expected `limit` to be at most 9000 CNY"),
        ("limit: -1 CNY", "expected `limit` to be at least 0 CNY"),
        ("limit: 5000", "expected a value like that of the policy, money CNY, but got an integer"),
        ("limit: 5000 USD", "expected a value like that of the policy, money CNY, but got money USD"),
        ("grace: 1 month", "expected a value like that of the policy, days, but got months"),
        ("mode: none", "expected one of strict, lenient but got `none`"),
        ("grades: A", "expected a value like that of the policy, a list of text, but got a text"),
        ("shares: {a: 5, c: 3}", "expected a value like that of the policy, named numbers (a, b), but got named numbers (a, c)"),
        ("shares: 5", "expected a value like that of the policy, named numbers (a, b), but got an integer"),
        ("ladder: low", "expected a value like that of the policy, a text, but got a text"),
    ],
)  # fmt: skip
def test_what_an_overlay_may_not_set(set_, message):
    assert codes(OVERLAID.format(set=set_), overlays=True) == [("E410", message)]


@pytest.mark.parametrize(
    "set_",
    ["limit: 9000 CNY", "grace: 0 days", "rate: 0.05", "mode: lenient", "grades: [C]", "shares: {a: 1, b: 0}",
     "limit: {values: [{from: 2026-01-01, value: 1 CNY}, {from: 2027-01-01, value: 2 CNY}]}",
     'ladder: {bands: {"-": middle}}'],
)  # fmt: skip
def test_what_an_overlay_may_set(set_):
    assert codes(OVERLAID.format(set=set_), overlays=True) == []


def test_a_value_of_an_overlay_holds_and_says_where_it_came_from():
    text = policy_text(OVERLAID.format(set="limit: 10 CNY"))
    for overlays, outcome, origin in ((False, "allow", None), (True, "deny", "here")):
        engine = engine_of(text, overlays=overlays)
        assert engine.evaluate("point", {"order": {"amount": 11}}, as_of="2026-01-01").outcome == outcome
        assert engine.policies[0].parameters["limit"].origin == origin
