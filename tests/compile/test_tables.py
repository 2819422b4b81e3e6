"""Decision tables: every hit policy on values worked out by hand, unknown inputs, rows with effects."""

from datetime import date
from decimal import Decimal

import pytest
from tests.loading import check_text, engine_of, policy_text, worth


def table(hit, rows, more=""):
    lines = "\n".join(f"    - {{match: {match}, give: {{v: {value}}}}}" for match, value in rows)
    return f"tables:\n  t:\n    inputs: [order.pieces, customer.grade]\n    hit: {hit}\n    rows:\n{lines}\n{more}"


def value(body, pieces=None, grade=None):
    facts = {"order": {"pieces": pieces}, "customer": {"grade": grade}}
    return worth("t.v", facts, body)


OVERLAPPING = [('["> 5", "-"]', 1), ('["> 3", A]', 2), ('["-", "A, B"]', 3)]


@pytest.mark.parametrize(
    ("hit", "more", "found"),
    [
        #                      nothing  row 3  rows 2,3  all   row 1
        ("first", "", [None, 3, 2, 1, 1]),
        ("first", "    otherwise: {v: 9}", [9, 3, 2, 1, 1]),
        ("any", "", [None, 3, None, None, 1]),
        ("priority", "    priority: {v: [2, 3, 1]}", [None, 3, 2, 2, 1]),
        ("priority", "    priority: {v: [2, 3, 1]}\n    otherwise: {v: 9}", [9, 3, 2, 2, 1]),
        ("collect", "    collect: sum", [0, 3, 5, 6, 1]),
        ("collect", "    collect: count", [0, 1, 2, 3, 1]),
        ("collect", "    collect: min", [None, 3, 2, 1, 1]),
        ("collect", "    collect: max", [None, 3, 3, 3, 1]),
        ("collect", "    collect: min\n    otherwise: {v: 9}", [9, 3, 2, 1, 1]),
        ("collect", "    collect: list", [[], [3], [2, 3], [1, 2, 3], [1]]),
    ],
)
def test_hit_policies(hit, more, found):
    cases = [(1, "C"), (1, "B"), (4, "A"), (6, "A"), (6, "C")]
    body = table(hit, OVERLAPPING, more)
    assert [value(body, pieces, grade) for pieces, grade in cases] == found


def test_values_of_a_row_may_be_expressions_of_any_type():
    rows = [('["> 5", "-"]', "order.amount * 2"), ('["<= 5", "-"]', "7.005 CNY")]
    body = table("unique", rows)
    facts = {"order": {"pieces": 6, "amount": "1.50"}}
    assert worth("round(t.v, 2)", facts, body) == Decimal("3.00")
    dates = [('["> 5", "-"]', "as_of"), ('["-", A]', "2026-12-31")]
    assert [worth("t.v", {"order": {"pieces": n}, "customer": {"grade": "A"}}, table("first", dates)) for n in (6, 1)] == [
        date(2026, 3, 1), date(2026, 12, 31)
    ]  # fmt: skip
    texts = [('["> 5", "-"]', "high"), ('["<= 5", "-"]', "\"'low, still'\"")]
    assert [value(table("unique", texts), n, "A") for n in (6, 5)] == ["high", "low, still"]


@pytest.mark.parametrize(
    ("hit", "more", "found"),
    [
        # grade unknown: row 1 holds, rows 2 and 3 cannot be known
        ("first", "", 1),
        ("any", "", None),
        ("priority", "    priority: {v: [1, 2, 3]}", None),
        ("collect", "    collect: sum", None),
        ("collect", "    collect: list", None),
        ("collect", "    collect: min", None),
        ("collect", "    collect: count", None),
        ("collect", "    collect: max\n    otherwise: {v: 9}", None),
    ],
)
def test_an_unknown_input_makes_all_but_first_unknown(hit, more, found):
    assert value(table(hit, OVERLAPPING, more), pieces=6) == found


def test_rows_that_agree_are_no_conflict_for_any():
    rows = [('["> 5", "-"]', 1), ('["> 3", A]', 1), ('["> 9", "-"]', 2)]
    body = table("any", rows)
    assert [value(body, n, "A") for n in (4, 6, 10)] == [1, 1, None]


def test_the_rows_of_any_in_another_order_give_the_same():
    rows = [('["-", A]', 1), ('["> 5", "-"]', 1)]
    found = [value(table("any", order), pieces=6) for order in (rows, rows[::-1])]
    assert found == [None, None]


def test_otherwise_is_for_no_row_and_not_for_a_value_without_a_place():
    """With `priority`, a row that gives something else than the values in order makes the output unknown."""
    rows = [('["> 5", "-"]', "order.pieces")]
    body = table("priority", rows, "    priority: {v: [6, 7]}\n    otherwise: {v: 0}")
    assert [value(body, n, "A") for n in (5, 6, 7, 8)] == [0, 6, 7, None]


def test_rows_of_unique_that_nobody_can_tell_apart_are_guarded():
    rows = [('["> limit", "-"]', 1), ('["<= 5", "-"]', 2)]
    body = table("unique", rows) + "parameters: {limit: 3}\n"
    assert [value(body, n, "A") for n in (3, 4, 5, 6)] == [2, None, None, 1]


def test_priority_takes_numbers_whatever_their_decimals():
    rows = [('["> 5", "-"]', "1.50"), ('["> 3", "-"]', "2")]
    body = table("priority", rows, "    priority: {v: [1.5, 2.000]}")
    assert [value(body, n, "A") for n in (4, 6)] == [2, Decimal("1.5")]


def test_a_table_whose_rows_never_hold_is_unknown():
    assert value(table("first", [('["5.5", "-"]', 1)]), 5, "A") is None


# --- rows with effects --------------------------------------------------------------------------------


def fired(hit, rows, pieces, more=""):
    lines = "\n".join(f"    - {{match: {match}, {effect}}}" for match, effect in rows)
    body = f"tables:\n  T:\n    inputs: [order.pieces]\n    hit: {hit}\n    rows:\n{lines}\n{more}"
    decision = engine_of(policy_text(body)).evaluate(
        "point", {"order": {"pieces": pieces}}, as_of="2026-03-01"
    )
    return decision.fired, decision.outcome.value


EFFECTS = [('"> 3"', "flag: true"), ('"> 5"', "deny: true"), ('"> 1"', "allow: true")]


@pytest.mark.parametrize(
    ("hit", "more", "found"),
    [
        ("first", "", {6: (("T#1",), "flag"), 2: (("T#3",), "allow"), 0: ((), "allow")}),
        ("priority", "", {6: (("T#2",), "deny"), 4: (("T#1",), "flag"), 2: (("T#3",), "allow")}),
        ("any", "", {6: (("T#1", "T#2", "T#3"), "deny"), 4: (("T#1", "T#3"), "flag")}),
        ("collect", "    collect: list", {6: (("T#1", "T#2", "T#3"), "deny"), 2: (("T#3",), "allow")}),
    ],
)
def test_rows_with_effects_are_rules(hit, more, found):
    assert {pieces: fired(hit, EFFECTS, pieces, more) for pieces in found} == found


def test_a_row_after_an_unknown_one_is_unknown_too():
    body = """
        tables:
          T:
            inputs: [order.amount, order.pieces]
            hit: first
            rows:
            - {match: ["> 5", "-"], deny: true}
            - {match: ["-", "> 3"], flag: true}
            - {match: ["-", "-"], allow: true}
        """
    decision = engine_of(policy_text(body)).evaluate("point", {"order": {"pieces": 4}}, as_of="2026-03-01")
    assert (decision.fired, decision.unknown, decision.outcome) == ((), ("T#1", "T#2"), "incomplete")


def test_rows_of_unique_with_effects_that_hold_together_are_unknown():
    body = """
        parameters: {limit: 3}
        tables:
          T:
            inputs: [order.pieces]
            rows:
            - {match: "> limit", deny: true}
            - {match: "< 5", allow: true, id: LOW}
        """
    engine = engine_of(policy_text(body))
    found = [engine.evaluate("point", {"order": {"pieces": n}}, as_of="2026-03-01") for n in (3, 4, 5)]
    assert [(d.fired, d.unknown) for d in found] == [(("LOW",), ()), ((), ("T#1", "LOW")), (("T#1",), ())]


def test_a_long_table_is_checked_quickly_and_right():
    rows = "\n".join(f"    - {{match: ['[{i}..{i + 1})', A], give: {{v: {i}}}}}" for i in range(800))
    body = f"tables:\n  t:\n    inputs: [order.pieces, customer.grade]\n    rows:\n{rows}\n"
    assert value(body, 799, "A") == 799
    _, found = check_text(policy_text(body + "    - {match: ['500', '-'], give: {v: 0}}\n"))
    assert [p.message for p in found] == ["rows 501 and 801 of `t` hold for the same values: 500, A"]


@pytest.mark.parametrize(
    ("rows", "values"),
    [
        (['["<= 5", "-"]', '["[5..7]", "A, B"]'], "5, A"),
        (['["-", "not(A)"]', '["7", "B"]'], "7, B"),
        (['["-", "-"]', '["-", "-"]'], "0, A"),
    ],
)
def test_an_overlap_is_shown_with_values(rows, values):
    body = table("unique", [(cells, n) for n, cells in enumerate(rows)])
    _, found = check_text(policy_text(body))
    [problem] = found
    assert problem.message == f"rows 1 and 2 of `t` hold for the same values: {values}"
    assert [note for note, _ in problem.notes] == ["row 1"]


def test_cells_that_only_look_alike_do_not_overlap():
    _, found = check_text(policy_text(table("unique", [('["> 5", "-"]', 1), ('["< 6", "-"]', 2)])))
    assert not found.has_errors
