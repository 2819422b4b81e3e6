"""Overlays: what they set, switch off and add; the policy itself stays as it is."""

import pytest
from tests.loading import WORDS, check_text, engine_of

POLICY = """\
---
policy: release
control_point: point
parameters: {limit: 5 CNY}
tables: {T: {inputs: [order.pieces], hit: first, rows: [{match: "> 5", flag: true}, {match: "-", allow: true}]}}
rules:
- {id: R, when: order.amount > limit, deny: true}
---
organisation: o
roles: {cfo: {}}
"""


def engine(*overlays):
    return engine_of(
        WORDS + POLICY + "".join(f"---\noverlay: o{i}\n{o}\n" for i, o in enumerate(overlays)), overlays=True
    )


def outcome(found, amount, pieces=1, day="2026-01-01"):
    return found.evaluate("point", {"order": {"amount": amount, "pieces": pieces}}, as_of=day).outcome.value


def test_an_overlay_sets_a_parameter_and_the_last_one_counts():
    assert outcome(engine(), 6) == "deny"
    assert outcome(engine("parameters: {release: {limit: 6 CNY}}"), 6) == "allow"
    assert (
        outcome(engine("parameters: {release: {limit: 9 CNY}}", "parameters: {release: {limit: 4 CNY}}"), 6)
        == "deny"
    )


@pytest.mark.parametrize(
    ("rule", "found"),
    [("R", ["allow", "deny"]), ("T", ["deny", "deny"]), ("'T#1'", None)],
)
def test_an_overlay_switches_a_rule_or_table_off_until_a_day(rule, found):
    text = f"off: [{{rule: {rule}, because: by contract, owner: cfo, until: 2026-06-30}}]"
    if found is None:
        _, problems = check_text(WORDS + POLICY + f"---\noverlay: here\n{text}\n", overlays=True)
        assert [(p.code, p.message) for p in problems] == [("E409", "unknown rule `T#1`")]
        return
    assert [outcome(engine(text), 6, day=day) for day in ("2026-06-30", "2026-07-01")] == found


def test_a_table_that_is_off_has_no_rows_that_fire():
    text = "off: [{rule: T, because: by contract, owner: cfo, until: 2026-06-30}]"
    assert [outcome(engine(text), 1, 9, day) for day in ("2026-06-30", "2026-07-01")] == ["allow", "flag"]


def test_an_overlay_adds_rules_formulas_parameters_and_tables():
    added = """
add:
  release:
    parameters: {most: 20}
    let: {doubled: order.pieces * 2}
    tables: {fees: {inputs: [doubled], hit: first, rows: [{match: "> most", give: {fee: 9}}, {match: "-", give: {fee: 0}}]}}
    rules: [{id: ACME-1, when: fees.fee > 5, deny: true}, {id: ACME-2, excepts: R}]
"""
    found = engine(added)
    assert [outcome(found, 6, 10), outcome(found, 6, 11)] == ["flag", "deny"]
    origins = {rule.id: rule.origin for rule in found.policies[0].rules}
    assert origins == {"R": None, "ACME-1": "o0", "ACME-2": "o0", "T#1": None, "T#2": None}


def test_one_overlay_may_use_what_another_adds():
    first = "add: {release: {parameters: {most: 3}}}"
    second = "parameters: {release: {most: 4}}\nadd: {release: {rules: [{id: X, when: order.pieces > most, deny: true}]}}"
    found = engine(first, second)
    assert [outcome(found, 1, n) for n in (4, 5)] == ["allow", "deny"]


@pytest.mark.parametrize(
    ("overlay", "code", "message", "marked"),
    [
        ("parameters: {relese: {limit: 6 CNY}}", "E409", "overlay `here` names unknown policy `relese`", "relese"),
        ("parameters: {release: {限额: 6 CNY}}", "E409", "policy `release` has no parameter `限额`", "限额"),
        ("off: [{rule: RR, because: x, owner: cfo, until: 2026-01-01}]", "E409", "unknown rule `RR`", "RR"),
        ("off: [{rule: R, because: x, owner: boss, until: 2026-01-01}]", "E401", "unknown role `boss`", "boss"),
        ("add: {relese: {let: {a: as_of}}}", "E409", "overlay `here` names unknown policy `relese`", "relese"),
        ("add: {release: {parameters: {limit: 6 CNY}}}", "E409", "`limit` is there already in policy `release`", "limit"),
        ("add: {release: {rules: [{id: N, when: order.amout > 5, deny: true}]}}", "E304", "unknown field `amout` of `order`", "order.amout"),
    ],
)  # fmt: skip
def test_what_an_overlay_cannot_do_is_marked_in_the_overlay(overlay, code, message, marked):
    text = WORDS + POLICY + f"---\noverlay: here\n{overlay}\n"
    [problem] = check_text(text, overlays=True)[1]
    line = text.splitlines()[problem.span.line - 1]
    assert (problem.code, problem.message) == (code, message)
    assert line[problem.span.column - 1 : problem.span.end_column - 1] == marked


def test_overlays_that_are_not_asked_for_change_nothing():
    text = WORDS + POLICY + "---\noverlay: here\nparameters: {release: {limit: 9 CNY}}\n"
    assert outcome(engine_of(text), 6) == "deny"
