"""Cases that are decided under overlays of the set, and overlays laid over an engine."""

from itertools import permutations, product
from textwrap import dedent

import pytest

from salesctrl.engine import Engine, load
from salesctrl.errors import PolicyError
from salesctrl.loading import check_overlays, read
from salesctrl.testing import cases, run, run_case

SET = """
    vocabulary: sales
    currency: CNY
    kinds:
      order: {fields: {amount: money}}
    ---
    organisation: company
    roles: {cfo: {title: CFO}}
    ---
    policy: ceiling
    control_point: order.release
    effective: {from: 2026-01-01}
    parameters: {ceiling: 100 CNY}
    let: {left: ceiling - order.amount}
    outputs: [left]
    rules:
      - {id: R-1, when: order.amount > ceiling, deny: true}
    ---
    overlay: lower
    parameters: {ceiling: {ceiling: 50 CNY}}
    ---
    overlay: without
    off: [{rule: R-1, because: a trial, owner: cfo, until: 2026-12-31}]
    ---
    tests: at-the-ceiling
    control_point: order.release
    as_of: 2026-03-01
    given: {order: {amount: 80.00}}
    cases:
      - {name: as the pack has it, expect: {outcome: allow, left: 20.00}}
"""
CASES = """
    ---
    tests: beside
    control_point: order.release
    as_of: 2026-03-01
    given: {order: {amount: 80.00}}
    overlays: %s
    cases:
      - {name: under overlays, expect: %s}
"""


@pytest.fixture
def loaded(tmp_path):
    """An engine of the set, with a document of cases under overlays."""

    def engine(overlays: str, expect: str, over: tuple[str, ...] = ()) -> Engine:
        path = tmp_path / "set.yaml"
        path.write_text(dedent(SET) + dedent(CASES % (overlays, expect)), encoding="utf-8")
        return load(path, overlays=over)

    return engine


def results(engine):
    return {result.case.suite: result for result in run(engine)}


def test_a_case_is_decided_under_its_overlays_and_the_others_are_not(loaded):
    found = results(loaded("[lower]", "{outcome: deny, left: -30.00, fired: [R-1]}"))
    assert found["beside"].passed, found["beside"].mismatches
    assert found["at-the-ceiling"].passed


def test_one_name_needs_no_list(loaded):
    assert results(loaded("lower", "{outcome: deny}"))["beside"].passed


def test_several_overlays_are_laid_over_in_their_order(loaded):
    engine = loaded("[lower, without]", "{outcome: allow, left: -30.00, fired: []}")
    found = results(engine)["beside"]
    assert found.passed, found.mismatches
    assert found.case.overlays == ("lower", "without")


def test_a_wrong_expectation_under_an_overlay_fails(loaded):
    [mismatch] = results(loaded("[lower]", "{outcome: allow}"))["beside"].mismatches
    assert (mismatch.what, mismatch.expected, mismatch.got) == ("outcome", "allow", "deny")


def test_one_case_alone_is_decided_under_its_overlays_too(loaded):
    engine = loaded("[lower]", "{outcome: deny}")
    assert all(run_case(engine, case).passed for case in cases(engine))


def test_overlays_of_a_case_lie_over_those_of_the_engine(loaded):
    engine = loaded("[without]", "{outcome: allow, left: -30.00}", over=("lower",))
    assert results(engine)["beside"].passed


def test_an_overlay_that_does_not_fit_is_a_problem_of_its_cases_only(loaded, tmp_path):
    path = tmp_path / "wrong.yaml"
    path.write_text("overlay: wrong\nparameters: {ceiling: {most: 1 CNY}}\n", encoding="utf-8")
    (tmp_path / "set.yaml").write_text(
        dedent(SET) + dedent(CASES % ("[wrong]", "{outcome: deny}")), encoding="utf-8"
    )
    found = results(load(tmp_path))
    [problem] = found["beside"].problems
    assert (problem.path, problem.code) == ("overlays", "T_OVERLAY")
    assert problem.message == "policy `ceiling` has no parameter `most` (wrong.yaml:2:24)"
    assert found["beside"].decision is None
    assert found["at-the-ceiling"].passed


@pytest.mark.parametrize(
    ("overlays", "place", "help_"),
    [
        ("[lower, lowr]", "set.yaml:37:19", "did you mean `lower`?"),
        ("lowr", "set.yaml:37:11", "did you mean `lower`?"),
        ("[elsewhere]", "set.yaml:37:12", "name an overlay of the policy set"),
    ],
)
def test_checking_finds_unknown_overlays_of_tests(tmp_path, overlays, place, help_):
    path = tmp_path / "set.yaml"
    path.write_text(dedent(SET) + dedent(CASES % (overlays, "{outcome: deny}")), encoding="utf-8")
    [finding] = read(path).findings
    assert (finding.code, str(finding.span), finding.help) == ("E409", place, help_)
    assert finding.message == f"unknown overlay `{overlays.strip('[]').split(', ')[-1]}`"


def test_laying_over_leaves_the_engine_as_it_is(loaded):
    engine = loaded("[lower]", "{outcome: deny}")
    before = engine.digest
    over = engine.with_overlays(["lower"])
    facts = {"order": {"amount": "80.00"}}
    assert str(over.evaluate("order.release", facts, as_of="2026-03-01").outcome) == "deny"
    assert str(engine.evaluate("order.release", facts, as_of="2026-03-01").outcome) == "allow"
    assert engine.digest == before != over.digest


def test_laying_over_is_the_same_as_loading_with_it(loaded, tmp_path):
    engine = loaded("[lower]", "{outcome: deny}")
    assert engine.with_overlays(["lower"]).digest == load(tmp_path, overlays=["lower"]).digest


def test_an_overlay_lies_over_the_policies_once(loaded):
    engine = loaded("[lower]", "{outcome: deny}", over=("lower", "without"))
    assert engine.with_overlays(["without", "lower"]).checked.overlays == ("lower", "without")


def test_an_unknown_overlay_is_refused(loaded):
    with pytest.raises(PolicyError, match="unknown overlay `lowr`") as raised:
        loaded("[lower]", "{outcome: deny}").with_overlays(["lowr"])
    assert raised.value.diagnostics[0].help == "did you mean `lower`?"


def test_what_is_wrong_with_an_overlay_is_shown_with_its_line(tmp_path):
    (tmp_path / "set.yaml").write_text(dedent(SET), encoding="utf-8")
    (tmp_path / "wrong.yaml").write_text(
        "overlay: wrong\nparameters: {ceiling: {most: 1 CNY}}\n", encoding="utf-8"
    )
    with pytest.raises(PolicyError) as raised:
        load(tmp_path).with_overlays(["wrong"])
    assert "2 | parameters: {ceiling: {most: 1 CNY}}" in str(raised.value)


SEVERAL = """
    vocabulary: sales
    currency: CNY
    kinds:
      order: {fields: {amount: money, term: days}}
    ---
    organisation: company
    roles: {cfo: {title: CFO}}
    ---
    policy: ceiling
    control_point: order.release
    parameters: {ceiling: 100 CNY}
    let: {left: ceiling - order.amount}
    outputs: [left]
    rules: [{id: R-1, when: order.amount > ceiling, deny: true}]
    ---
    policy: terms
    control_point: order.release
    parameters: {longest: 30 days}
    rules:
      - {id: R-2, when: order.term > longest, review: {approval: cfo}}
      - {id: R-1-X, excepts: R-1, when: order.term < 10}
    ---
    policy: contract
    control_point: contract.sign
    parameters: {longest: 60 days}
    rules: [{id: R-3, when: order.term > longest, deny: true}]
    ---
    overlay: lower
    parameters: {ceiling: {ceiling: 50 CNY}}
    ---
    overlay: shorter
    parameters: {terms: {longest: 20 days}, contract: {longest: 40 days}}
    ---
    overlay: without
    off: [{rule: R-1-X, because: a trial, owner: cfo, until: 2026-12-31}]
    ---
    overlay: more
    add: {contract: {rules: [{id: R-4, when: order.amount > 1000, flag: true}]}}
"""
CHANGES = [
    *permutations(["lower", "shorter", "without", "more"], 2),
    ("more",),
    ("lower", "shorter", "without"),
]


@pytest.mark.parametrize("names", CHANGES, ids=" ".join)
def test_overlays_laid_over_an_engine_are_those_it_is_loaded_with(tmp_path, names):
    path = tmp_path / "set.yaml"
    path.write_text(dedent(SEVERAL), encoding="utf-8")
    fresh = load(path, overlays=names)
    one_by_one = load(path)
    for name in names:
        one_by_one = one_by_one.with_overlays([name])
    together = load(path).with_overlays(names)
    for amount, term in product(["49.99", "50.01", "100.01", "1000.01"], [9, 10, 21, 31, 41, 61]):
        facts = {"order": {"amount": amount, "term": term}}
        for point in ("order.release", "contract.sign"):
            wanted = fresh.evaluate(point, facts, as_of="2026-03-01")
            for engine in (one_by_one, together):
                found = engine.evaluate(point, facts, as_of="2026-03-01")
                assert found.to_json() == wanted.to_json()
    assert one_by_one.digest == together.digest == fresh.digest


def test_what_overlays_do_not_touch_is_not_made_again(tmp_path):
    path = tmp_path / "set.yaml"
    path.write_text(dedent(SEVERAL), encoding="utf-8")
    engine = load(path)
    changed = engine.with_overlays(["lower"])
    assert changed.checked.plans["contract.sign"] is engine.checked.plans["contract.sign"]
    assert changed.checked.plans["order.release"] is not engine.checked.plans["order.release"]


def test_check_looks_at_every_overlay_of_the_set(tmp_path):
    path = tmp_path / "set.yaml"
    wrong = """
        ---
        overlay: wrong
        parameters: {ceiling: {ceiling: 20 days, cieling: 5 CNY}}
    """
    path.write_text(dedent(SEVERAL) + dedent(wrong), encoding="utf-8")
    loading = read(path)
    assert not loading.findings  # nobody asked for it
    check_overlays(loading)
    assert [str(found.span).partition(":")[2].split(":")[0] for found in loading.findings] == ["43", "43"]
    said = " ".join(found.message for found in loading.findings)
    assert "expected" in said
    assert "no parameter `cieling`" in said
