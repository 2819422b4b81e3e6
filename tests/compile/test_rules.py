"""Rules: effects, requirements with their figures, sentences."""

from decimal import Decimal

import pytest
from tests.loading import check_text, engine_of, policy_text, sound

from salesctrl.compile.needs import ActionNeed, ApprovalNeed, DocumentNeed, PaymentNeed, Within
from salesctrl.expr import tree as t

ORGANISATION = """
---
organisation: o
roles:
  gm: {title: {zh: 总经理}}
  cfo: {title: {en: Chief financial officer, zh: 财务总监}, reports_to: gm, aliases: [finance]}
duties: {take_order: {}, approve_order: {title: {zh: 审批订单}}}
"""


def rules(body):
    (policy,) = sound(policy_text(body) + ORGANISATION).policies
    return {rule.id: rule for rule in policy.rules}


def problems(body):
    return [(p.code, p.message) for p in check_text(policy_text(body) + ORGANISATION)[1]]


def marked(body):
    text = policy_text(body) + ORGANISATION
    found = []
    for p in check_text(text)[1]:
        line = text.splitlines()[p.span.line - 1]
        found.append((p.code, line[p.span.column - 1 : p.span.end_column - 1]))
    return found


@pytest.mark.parametrize(
    ("effects", "outcome"),
    [
        ("deny: true", "deny"),
        ("review: {document: letter}", "review"),
        ("flag: true", "flag"),
        ("allow: true", "allow"),
        ("compute: {x: 5 CNY}", None),
        ("notify: cfo", None),
        ("review: {document: letter}, flag: true", "review"),
    ],
)
def test_the_outcome_that_a_rule_asks_for(effects, outcome):
    assert rules(f"rules: [{{id: R, {effects}}}]")["R"].outcome == outcome


@pytest.mark.parametrize(
    ("spec", "need"),
    [
        ("approval: cfo", ApprovalNeed("R", "R", "point", ("cfo",), "any")),
        ("approval: finance", ApprovalNeed("R", "R", "point", ("cfo",), "any")),
        ("approval: {all_of: [总经理, cfo]}", ApprovalNeed("R", "R", "point", ("gm", "cfo"), "all")),
        ("approval: {in_order: [cfo, gm], form: written}",
         ApprovalNeed("R", "R", "point", ("cfo", "gm"), "order", form="written")),
        ("approval: {any_of: [cfo, gm], at_least: 2}", ApprovalNeed("R", "R", "point", ("cfo", "gm"), "any", 2)),
        ("approval: {level: cfo, within: 30 days}",
         ApprovalNeed("R", "R", "point", (), "any", level="cfo", within=Within(30, "days"))),
        ("approval: {any_of: cfo, duty: 审批订单}", ApprovalNeed("R", "R", "point", ("cfo",), "any", duty="approve_order")),
        ("approval: {any_of: cfo, amount: order.cost}",
         ApprovalNeed("R", "R", "point", ("cfo",), "any", has_amount=True, decimals=2, currency="USD")),
        ("document: letter", DocumentNeed("R", "R", "letter")),
        ("document: {kind: letter, within: grace, count: 2}", DocumentNeed("R", "R", "letter", Within(2, "months"), 2)),
        ("payment: {amount: order.amount}", PaymentNeed("R", "R", "CNY", 2)),
        ("payment: {share: share, of: order.amount}", PaymentNeed("R", "R", "CNY", 2)),
        ("action: call", ActionNeed("R", "R", "call")),
        ("action: {name: call, owner: cfo, due: 3 days}", ActionNeed("R", "R", "call", "cfo", True)),
    ],
)  # fmt: skip
def test_what_a_rule_requires(spec, need):
    body = f"parameters: {{grace: 2 months, share: 30%}}\nrules: [{{id: R, review: {{{spec}}}}}]"
    (requirement,) = rules(body)["R"].requirements
    assert requirement.need == need


def test_requirements_have_ids_of_their_own():
    body = """
        rules:
        - {id: A, review: [{document: a}, {document: b, id: B-LETTER}]}
        - {id: C, excepts: A, requires: {document: c}}
        tables: {T: {inputs: [order.pieces], hit: first, rows: [{match: "-", review: {document: d}}]}}
        """
    assert {r.id: [q.need.id for q in r.requirements] for r in rules(body).values()} == {
        "A": ["A/1", "B-LETTER"], "C": ["C"], "T#1": ["T#1"]
    }  # fmt: skip


def test_a_figure_with_more_decimals_than_money_has_is_rounded_half_up():
    body = "rules: [{id: R, review: {payment: {share: 12.5%, of: order.amount}}}]"
    (requirement,) = rules(body)["R"].requirements
    assert isinstance(requirement.figure.node, t.Call)
    assert requirement.figure.node.name == "round"
    engine = engine_of(policy_text(body))
    for paid, outcome in (("0.12", "review"), ("0.13", "allow")):  # 12.5 % of 1.00 is 0.125
        facts = {"order": {"amount": 1}, "evidence": {"payments": [{"amount": paid, "date": "2026-01-01"}]}}
        assert engine.evaluate("point", facts, as_of="2026-01-02").outcome == outcome


def test_an_action_is_due_so_many_days_after_the_decision_or_on_a_date():
    body = "rules: [{id: R, review: [{action: {name: a, due: order.waiting}}, {action: {name: b, due: order.due}}]}]"
    days, day = (r.figure.node for r in rules(body)["R"].requirements)
    assert isinstance(days, t.Arithmetic)
    assert isinstance(days.left, t.AsOf)
    assert isinstance(day, t.FieldRef)


def test_a_very_long_amount_is_no_reason_to_fail():
    amount = f"order.amount{' ' * 3980}* 1.5"
    assert len(amount) < 4000 < len(f"round({amount}, 2)")
    assert rules(f"rules: [{{id: R, review: {{approval: {{any_of: cfo, amount: '{amount}'}}}}}}]")


@pytest.mark.parametrize(
    ("body", "code", "place"),
    [
        ("review: {approval: cfoo}", "E401", "cfoo"),
        ("review: {approval: {all_of: [cfo, 总经里]}}", "E401", "{all_of: [cfo, 总经里]}"),
        ("review: {approval: {level: cof}}", "E401", "cof"),
        ("notify: [cfo, boss]", "E401", "boss"),
        ("review: {action: {name: call, owner: boss}}", "E401", "boss"),
        ("review: {approval: {any_of: cfo, duty: aprove}}", "E402", "aprove"),
        ("review: {approval: {any_of: cfo, amount: order.waiting}}", "E306", "order.waiting"),
        ("review: {payment: {amount: order.discount}}", "E306", "order.discount"),
        ("review: {payment: {share: order.amount, of: order.amount}}", "E306", "order.amount"),
        ("review: {payment: {share: 30%, of: 订单.数额}}", "E304", "订单.数额"),
        ("review: {action: {name: call, due: order.amount}}", "E306", "order.amount"),
        ("review: {approval: {any_of: cfo, within: 30}}", "E411", "30"),
        ("review: {approval: {any_of: cfo, within: dated}}", "E411", "dated"),
        ("review: {document: {kind: letter, within: -3 days}}", "E411", "-3 days"),
        ("when: order.amount, deny: true", "E305", "order.amount"),
        ("when: 订单.金额 > 上限, deny: true", "E303", "上限"),
        ("compute: {x: order.amount / 3}", "E311", "order.amount / 3"),
        ("compute: {x: order.amount * order.discount}", "E311", "order.amount * order.discount"),
        ("compute: {x: order.lines}", "E305", "order.lines"),
        ("deny: true, because: '金额{订单.数额}超限'", "E304", "订单.数额"),
        ("deny: true, because: {en: 'a {b', zh: ok}", "E415", "{"),
        ("deny: true, because: {zh: '金额}'}", "E415", "}"),
    ],
)
def test_what_is_wrong_with_a_rule_is_marked(body, code, place):
    dated = (
        "parameters: {dated: {values: [{from: 2025-01-01, value: 1 day}, {from: 2026-01-01, value: 2 days}]}}"
    )
    assert marked(f"{dated}\nrules: [{{id: R, {body}}}]") == [(code, place)]


@pytest.mark.parametrize(
    ("expression", "rounded"),
    [
        ("order.amount * order.discount", "round(order.amount * order.discount, 2)"),
        ("order.ratio / 3", "round(order.ratio / 3, 4)"),
        ("allocate(order.amount * order.discount, shares)", None),
    ],
)
def test_the_checker_says_how_to_round(expression, rounded):
    body = f"parameters: {{shares: {{a: 1, b: 2}}}}\nrules: [{{id: R, compute: {{x: '{expression}'}}}}]"
    [problem] = check_text(policy_text(body))[1]
    expected = (
        f"say how it is rounded: `{rounded}`"
        if rounded
        else "round what is split: `allocate(round(…, 2), …)`"
    )
    assert problem.help == expected


def test_money_may_have_the_decimals_that_a_field_of_its_currency_has():
    words = "vocabulary: v\nkinds: {o: {fields: {a: {type: money, currency: JPY, decimals: 0}, b: {type: money, currency: KWD, decimals: 3}}}}\n"
    body = "rules: [{id: R, compute: {x: o.b, y: o.a}}]"
    assert not check_text(policy_text(body, words))[1].has_errors


# --- sentences ----------------------------------------------------------------------------------------


def because(body, facts=None):
    engine = engine_of(policy_text(body))
    decision = engine.evaluate("point", facts or {"order": {"amount": "1234.50"}}, as_of="2026-03-01")
    found = decision.findings[0].because
    return (found.en, found.zh)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("plain", ("plain", "plain")),
        (
            "{en: 'over by {order.amount - 1000}', zh: '超出{order.amount - 1000}'}",
            ("over by 234.50", "超出234.50"),
        ),
        ("'{{{order.amount}}}'", ("{1,234.50}", "{1,234.50}")),
        ("'{as_of}: {order.discount}'", ("2026-03-01: unknown", "2026-03-01: 未知")),
        ("'{x} and {twice}'", ("5.00 and 2,469.00", "5.00 and 2,469.00")),
    ],
)
def test_sentences_are_filled_in(text, found):
    body = f"let: {{twice: order.amount * 2}}\nrules: [{{id: R, compute: {{x: 5 CNY}}, because: {text}}}]"
    assert because(body) == found


def test_a_sentence_may_show_a_part_of_what_the_rule_computes():
    body = """
        parameters: {shares: {a: 1, b: 2}}
        rules: [{id: R, compute: {split: "allocate(order.amount, shares)"}, because: "{split.a} of {split.a + split.b}"}]
        """
    assert because(body)[0] == "411.50 of 1,234.50"


def test_a_table_has_one_sentence_for_its_rows_unless_a_row_has_its_own():
    body = """
        tables:
          T:
            inputs: [order.pieces]
            hit: first
            because: "pieces {order.pieces}"
            rows: [{match: "> 5", flag: true, because: many}, {match: "-", flag: true}]
        """
    found = [because(body, {"order": {"pieces": n}})[0] for n in (6, 1)]
    assert found == ["many", "pieces 1"]


def test_values_of_a_rule_are_reported_with_their_types():
    body = """
        parameters: {shares: {a: 1, b: 2}}
        rules:
        - id: R
          compute:
            money: order.amount
            days: as_of - order.due
            until: order.due
            split: allocate(order.amount, shares)
            text: customer.grade
            flag: order.urgent
        """
    facts = {"order": {"amount": "0.10", "due": "2026-02-01", "urgent": False}, "customer": {"grade": "A"}}
    values = engine_of(policy_text(body)).evaluate("point", facts, as_of="2026-03-01").to_dict()["values"]
    assert values == {
        "money": "0.10", "days": 28, "until": "2026-02-01", "split": {"a": "0.03", "b": "0.07"}, "text": "A",
        "flag": False,
    }  # fmt: skip
    assert Decimal(values["split"]["a"]) + Decimal(values["split"]["b"]) == Decimal("0.10")
