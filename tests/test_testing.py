"""Examples and tests of policies: what passes, what fails, and what is said of it."""

from textwrap import dedent

import pytest

import salesctrl
from salesctrl.testing import cases, laid_over, run

SET = """
vocabulary: shop
currency: CNY
kinds:
  line: {fields: {price: money}}
  order:
    title: {en: Order, zh: 订单}
    fields:
      amount: {type: money, title: {en: Amount, zh: 金额}}
      rate: {type: rate, default: 0}
      due: {type: date, optional: true}
      lines: {type: list, of: line, default: []}
---
policy: release
control_point: order.release
parameters: {shares: {a: 2, b: 1}}
let:
  late: days_between(order.due, as_of)
  total: sum(x.price for x in order.lines)
  large: order.amount > 100
outputs: [late, total, large, next_day]
rules:
  - id: R-1
    title: {en: Too large, zh: 金额过大}
    when: large
    deny: true
    compute: {split: "allocate(round(order.amount * order.rate, 2), shares)"}
    examples: EXAMPLES
  - {id: R-2, when: order.amount > 50, review: {approval: boss}}
tables:
  T:
    inputs: [order.rate]
    hit: unique
    rows: [{match: ["> 5%"], flag: true}]
---
organisation: shop
roles: {boss: {title: {en: Boss, zh: 老板}}}
"""


@pytest.fixture
def results(tmp_path):
    """Runs examples, or a document of tests, against the set."""

    def of(examples="[]", tests=""):
        text = SET.replace("outputs: [late, total, large, next_day]", "outputs: [late, total, large]")
        text = text.replace("EXAMPLES", examples)
        if tests:
            text += "---\n" + dedent(tests)
        (tmp_path / "set.yaml").write_text(text, encoding="utf-8")
        return list(run(salesctrl.load(tmp_path)))

    return of


GIVEN = "{order: {amount: 150.00, rate: 10%, due: 2026-01-01}, as_of: 2026-01-02}"


def example(results, expect, given=GIVEN):
    [result] = results(f"[{{given: {given}, expect: {expect}}}]")
    return result


@pytest.mark.parametrize(
    "expect",
    [
        "{outcome: deny}",
        '{fired: [R-1, R-2, "T#1"]}',
        '{fired: ["T#1", R-2, R-1]}',
        "{not_fired: []}",
        "{pending: [R-2], missing: []}",
        "{pending: R-2}",
        "{split: {a: 10.00, b: 5}}",
        "{split: {b: 5.000, a: 10 CNY}}",
        "{large: true, total: 0}",
        "{late: 1 day}",
        "{late: 1}",
    ],
)
def test_holds(results, expect):
    assert example(results, expect).passed


def test_facts_in_the_forms_of_yaml(results):
    given = (
        "{订单: {金额: 60 CNY, due: 2025-12-31, lines: [{price: 1.10}, {price: 2}]}, as_of: 2026-01-02, "
        "evidence: {approvals: [{person: '1', role: boss, date: 2026-01-01}]}}"
    )
    expect = (
        "{outcome: allow, late: 2 days, total: 3.10, large: false, pending: [], fired: [R-2], "
        "not_fired: [T, R-1]}"
    )
    assert example(results, expect, given).passed


@pytest.mark.parametrize(
    ("expect", "expected", "got", "help_"),
    [
        ("{outcome: allow}", "allow", "deny", None),
        (
            "{outcome: denied}", "denied", "deny",
            "an outcome is one of allow, flag, review, incomplete, deny",
        ),
        ("{fired: [R-1]}", "R-1", "R-1, R-2, T#1", None),
        ("{fired: []}", "none", "R-1, R-2, T#1", None),
        ("{fired: [R-1, XY-9]}", "R-1, XY-9", "R-1, R-2, T#1", "there is no rule `XY-9`"),
        ("{not_fired: [R-2, T]}", "none of R-2, T", "R-2, T#1", None),
        ("{not_fired: [R-1a]}", "R-1a", "R-1, R-2, T#1", "there is no rule `R-1a`; did you mean `R-1`?"),
        ("{not_fired: {R-1: a}}", "R-1 a", "R-1, R-2, T#1", "write a list"),
        ("{pending: []}", "none", "R-2", None),
        ("{missing: [order.amount]}", "order.amount", "none", None),
        ("{total: 0.01}", "0.01", "0.00", None),
        ("{total: 0.001}", "0.001", "0.00", "expected at most 2 decimals but got 3 in `0.001`"),
        ("{total: much}", "much", "0.00", "expected a number such as `1234.50` but got `much`"),
        ("{late: 3 days}", "3 days", "1 day", None),
        ("{large: false}", "no", "yes", None),
        ('{large: "yes"}', "yes", "yes", "expected true or false"),
        ("{split: {a: 10, b: 6}}", "a 10.00, b 6.00", "a 10.00, b 5.00", None),
        ("{split: {a: 10}}", "a 10", "a 10.00, b 5.00", "expected a value for each of a, b"),
        ("{totl: 5}", "5", "no output of this name", "did you mean `total`?"),
    ],
)  # fmt: skip
def test_does_not_hold(results, expect, expected, got, help_):
    result = example(results, expect)
    assert not result.passed
    [mismatch] = result.mismatches
    assert (mismatch.expected, mismatch.got, mismatch.help) == (expected, got, help_)
    assert result.decision is not None


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            "{order: {amuont: 5}, as_of: 2026-01-01}",
            "order.amuont: unknown field of `order` `amuont` [T_NAME]",
        ),
        ("{ordr: {amount: 5}, as_of: 2026-01-01}", "ordr: unknown kind of fact `ordr` [T_NAME]"),
        (
            "{order: {amount: 5, 金额: 6}, as_of: 2026-01-01}",
            "order.amount: given twice",
        ),
        (
            "{order: {lines: [{prize: 5}]}, as_of: 2026-01-01}",
            "order.lines[0].prize: unknown field",
        ),
        ("{order: {amount: five}, as_of: 2026-01-01}", "order.amount: expected a number"),
        ("{order: {amount: 5}}", "as_of: expected the date of the decision"),
        ("{order: {amount: 5}, as_of: soon}", "as_of: expected a date"),
        ("{order: 5, as_of: 2026-01-01}", "order: expected a record"),
        ("{as_of: 2026-01-01, evidence: {approval: []}}", "evidence: unknown key `approval`"),
    ],
)
def test_cannot_be_decided(results, given, words):
    result = example(results, "{outcome: allow}", given)
    assert not result.passed
    assert result.decision is None
    assert words in str(result.problems[0])


def test_what_is_not_known(results):
    given = "{order: {amount: 150.00, rate: 10%}, as_of: 2026-01-02}"
    [mismatch] = example(results, "{late: 1, outcome: deny, missing: [order.due]}", given).mismatches
    assert (mismatch.expected, mismatch.got) == ("1 day", "nothing")


def test_cases_lie_over_the_facts_of_their_document(results):
    found = results(
        tests="""
        tests: some
        control_point: order.release
        as_of: 2026-01-02
        given: {order: {amount: 10.00, rate: 1%, due: 2026-01-01, lines: [{price: 1.00}]}}
        cases:
          - {name: as it is, expect: {outcome: allow, total: 1.00}}
          - name: {en: another rate, zh: 另一折扣}
            given: {order: {rate: 6%, lines: []}}
            expect: {outcome: flag, total: 0}
          - {name: own date, as_of: 2026-01-05, expect: {late: 4}}
          - {name: date in the facts, given: {as_of: 2026-01-06}, expect: {late: 5}}
          - name: it fails
            covers: [X-1]
            expect:
              outcome: deny
        """
    )
    assert [result.passed for result in found] == [True, True, True, True, False]
    failed = found[-1]
    assert (failed.case.id, failed.case.kind, failed.case.covers) == ("some#5", "case", ("X-1",))
    assert failed.case.name.get("en") == "it fails"
    line = failed.mismatches[0].span.line
    assert (failed.case.span.line, line) == (line - 3, line)


def test_a_document_for_a_control_point_that_is_not_there(results):
    [result] = results(
        tests="""
        tests: some
        control_point: order.relase
        as_of: 2026-01-01
        cases: [{name: a, expect: {outcome: allow}}]
        """
    )
    assert not result.passed
    assert "did you mean `order.release`?" in result.problems[0].message


def test_cases_come_in_the_order_of_files_and_lines():
    found = cases(salesctrl.load())
    assert [case.span for case in found] == sorted(case.span for case in found)
    assert len({case.id for case in found}) == len(found)


def test_the_shipped_policies_pass():
    failed = [result.case.id for result in run(salesctrl.load()) if not result.passed]
    assert failed == []


def test_laying_over_does_not_change_what_is_under():
    under = {"order": {"amount": "1", "lines": [1]}}
    assert laid_over(under, {"order": {"lines": []}, "as_of": "x"}) == {
        "order": {"amount": "1", "lines": []},
        "as_of": "x",
    }
    assert under == {"order": {"amount": "1", "lines": [1]}}
