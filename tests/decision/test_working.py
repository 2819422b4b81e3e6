"""The working has the values that the trace has, down to the items of lists and the rows of tables."""

from fractions import Fraction

from hypothesis import HealthCheck, given, settings
from tests.golden.cases import GOLDEN
from tests.loading import engine_of
from tests.strategies import make_case, policy_sets

from salesctrl.decision.trace import Status
from salesctrl.decision.working import missing_facts, unknown_parts


def worked(name):
    decision = GOLDEN[name].decide()
    return decision._kept[0].working(decision)


def parts_of(part):
    yield part
    for inner in (*part.children, *part.inside):
        yield from parts_of(inner)


def test_a_formula_opens_to_its_definition():
    left, right = worked("above-the-limit").rule("CR-18-2").condition.children
    assert (left.kind, left.name, left.raw) == ("formula", "exposure", 2_023_450)
    (sum_,) = left.inside
    assert [(part.name, part.raw) for part in sum_.children] == [
        ("customer.balance", 1_900_000),
        ("order.amount", 123_450),
    ]
    assert (right.kind, right.raw) == ("field", 2_000_000)


def test_a_list_opens_to_its_items_and_their_values():
    condition = worked("lines-below-the-floor").rule("PR-10").condition
    assert [(item.place, item.raw) for item in condition.inside] == [
        ((1, 3), True),
        ((2, 3), False),
        ((3, 3), False),
    ]
    compare = condition.inside[0].children[0]
    assert [part.raw for part in compare.children] == [9550, 960_000]


def test_a_table_opens_to_the_rows_that_hold():
    limits = worked("lines-below-the-floor").rule("PR-12").condition.children[1]
    (table,) = limits.inside
    (row,) = table.inside
    assert (table.name, row.place) == ("terms.ceiling", (3, 3))


def test_a_band_opens_to_the_band_that_holds():
    (approver,) = worked("above-the-limit").outputs()
    (band,) = approver.inside
    assert (band.name, [cell.text for cell in band.inside]) == ("approver_by_discount", ["(5%..10%]"])


def test_a_requirement_has_its_figure():
    ((_, due), (_, day)) = worked("prepaid-in-part").rule("CR-17-1").figures
    assert due.raw == 30_000
    assert due.children[0].op == "*"
    assert day.raw is not None


def test_what_is_unknown_says_why():
    condition = worked("order-without-lines").rule("PR-11").condition
    assert [part.problem for part in unknown_parts([condition])] == ["depends", "depends", "division_by_zero"]
    condition = worked("balance-not-given").rule("CR-18-2").condition
    assert [part.name for part in missing_facts(condition)] == ["customer.balance"]


def test_a_rule_that_is_not_in_force_has_no_working():
    assert worked("above-the-limit").rule("CR-20") is None


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(policy_sets())
def test_the_working_has_the_values_of_the_trace(drawn):
    made, choose = drawn
    engine = engine_of(made.text, overlays=True)
    for _ in range(2):
        case = make_case(choose, made.world)
        decision = engine.evaluate("point", case.given, as_of=case.as_of)
        working = decision._kept[0].working(decision)
        for rule in decision.trace.rules:
            one = working.rule(rule.id)
            if one is None:
                assert rule.status in (Status.NOT_IN_FORCE, Status.OFF)
                continue
            if rule.row is None:
                assert rule.condition is not None
                assert one.condition.raw == rule.condition.raw
            assert [part.raw for _, part in one.computed][: len(rule.computed)] == [
                n.raw for _, n in rule.computed
            ]
            for part in parts_of(one.condition):
                assert_agrees_with_its_inside(part)


def assert_agrees_with_its_inside(part):
    if part.kind == "formula":
        assert part.inside[0].raw == part.raw
    if part.kind == "fold" and part.op == "sum" and part.raw is not None and part.inside:
        counted = [item for item in part.inside if part.text != "both" or item.children[-1].raw is True]
        values = [Fraction(item.raw, 10 ** (item.children[0].type.scale or 0)) for item in counted]
        assert sum(values) == Fraction(part.raw, 10 ** (part.type.scale or 0))


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(policy_sets())
def test_any_decision_can_be_explained(drawn):
    made, choose = drawn
    engine = engine_of(made.text, overlays=True)
    case = make_case(choose, made.world)
    decision = engine.evaluate("point", case.given, as_of=case.as_of)
    for lang in ("en", "zh"):
        for verbosity in ("brief", "normal", "full"):
            assert decision.explain(lang, verbosity)
        assert decision.tree(lang)
    assert decision._repr_html_().startswith("<div")
