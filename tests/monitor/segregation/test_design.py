"""Who could: the findings on assignments are those of a plain reading of the statements."""

from itertools import product

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.loading import engine_of
from tests.monitor.segregation.company import PERSONS, WAIVERS, company, people, short

from salesctrl import FactsError, Outcome
from salesctrl.monitor.segregation import design

DAY = "2026-03-05"
ROLES = ("salesperson", "sales_manager", "keeper", "branch_head", "cfo")
BRANCH_HEAD = ("deny", "design", "IC-1", "role", "branch_head")


def found(frame, engine=None, day=DAY):
    result = design(engine or company(), frame, day)
    return [one for one in short(result, "outcome", "form", "id", "who", "subject") if one != BRANCH_HEAD]


def test_one_person_with_two_roles():
    frame = people(("7", "salesperson"), ("7", "sales_manager"), ("8", "keeper"))
    assert found(frame) == [
        ("deny", "design", "IC-1", "person", "7"),
        ("deny", "design", "IC-2", "person", "7"),
    ]


def test_the_roles_that_duties_come_from():
    frame = people(("7", "salesperson"), ("7", "branch_head"), ("7", "sales_manager"))
    [ic1] = (
        design(company(), frame, DAY)
        .columns.filter(pl.col("subject") == "7", pl.col("id") == "IC-1")
        .to_dicts()
    )
    assert ic1["duties"] == ["take_order", "approve_contract"]
    assert ic1["by"] == ["branch_head / salesperson", "branch_head / sales_manager"]


def test_a_role_that_holds_both_is_a_finding_whoever_has_it():
    assert BRANCH_HEAD in short(design(company(), people(), DAY), "outcome", "form", "id", "who", "subject")


def test_a_whole_process_by_a_person_and_by_a_department():
    frame = people(
        ("7", "branch_head;keeper", "A"),
        ("8", "salesperson", "B"),
        ("9", "sales_manager", "B"),
        ("10", "keeper", "B"),
    )
    gaps = [one for one in found(frame) if one[1] == "gap"]
    assert gaps == [
        ("deny", "gap", "order_to_goods", "department", "A"),
        ("deny", "gap", "order_to_goods", "department", "B"),
        ("deny", "gap", "order_to_goods", "person", "7"),
    ]


@pytest.mark.parametrize(
    ("day", "is_found"),
    [("2026-02-28", False), ("2026-03-01", True), ("2026-03-31", True), ("2026-04-01", False)],
)
def test_only_assignments_in_force_count(day, is_found):
    frame = people(("7", "salesperson", None, "2026-03-01", "2026-03-31"), ("7", "keeper"))
    assert (("deny", "design", "IC-3", "person", "7") in found(frame, day=day)) is is_found


# --- waivers --------------------------------------------------------------------------------------------

NINE = people(("9", "salesperson"), ("9", "sales_manager"))


def waived(day, frame=NINE):
    result = design(company(waivers=WAIVERS), frame, day)
    rows = result.columns.filter(pl.col("who") == "person", pl.col("id") == "IC-1")
    return rows.select("outcome", "state", "until", "ends_soon", "owner").rows(), result


@pytest.mark.parametrize(
    ("day", "outcome", "state", "soon"),
    [
        ("2026-01-31", "deny", "conflict", None),
        ("2026-02-01", "flag", "waived", False),
        ("2026-05-30", "flag", "waived", False),
        ("2026-05-31", "flag", "waived", True),
        ("2026-06-30", "flag", "waived", True),
        ("2026-07-01", "deny", "expired", None),
    ],
)
def test_a_waiver_counts_from_its_first_day_to_its_last(day, outcome, state, soon):
    [(got, says, _, ends_soon, _)], _ = waived(day)
    assert (got, says, ends_soon) == (outcome, state, soon)


def test_a_finding_says_what_there_is_instead_and_by_whom():
    _, result = waived("2026-06-15")
    one = result.columns.filter(pl.col("state") == "waived", pl.col("who") == "person").to_dicts()[0]
    assert (one["instead"], one["owner"], one["approved_by"], str(one["until"])) == (
        "monthly review",
        "cfo",
        "1",
        "2026-06-30",
    )
    assert one["because"] == (
        "whoever takes the order does not approve the contract; waived until 2026-06-30: monthly review (CFO); ends within 30 days"
    )
    chinese = result.in_words("zh").filter(pl.col("state") == "waived", pl.col("who") == "person")["because"][
        0
    ]
    assert chinese == "承接订单者不得审批合同；已豁免至2026-06-30：每月复核（财务总监）；30日内到期"


def test_an_expired_waiver_says_so():
    _, result = waived("2026-07-01")
    one = result.columns.filter(pl.col("state") == "expired").to_dicts()[0]
    assert one["because"].endswith("; the waiver expired on 2026-06-30: monthly review (CFO)")


def test_a_waiver_that_is_over_and_stands_for_nothing_is_said():
    result = design(company(waivers=WAIVERS), people(("8", "cfo")), "2026-07-01")
    assert "the waiver of `IC-1` for 9 ended on 2026-06-30" in result.notices


def test_a_waiver_is_of_one_statement_and_one_person():
    frame = people(("9", "salesperson;sales_manager"), ("8", "salesperson;sales_manager"))
    rows = short(design(company(waivers=WAIVERS), frame, DAY), "subject", "id", "outcome")
    assert set(rows) == {
        ("9", "IC-1", "flag"),
        ("9", "IC-2", "deny"),
        ("8", "IC-1", "deny"),
        ("8", "IC-2", "deny"),
        ("branch_head", "IC-1", "flag"),
    }


def test_a_waiver_of_a_role_counts_for_duties_that_come_from_it():
    rows, _ = waived(DAY, people(("7", "branch_head")))
    assert [row[0] for row in rows] == ["flag"]
    beside = waived(DAY, people(("7", "salesperson;sales_manager;cfo")))[0]
    assert [row[0] for row in beside] == ["deny"]


# --- persons of the organisation ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "ids"), [("2026-02-28", []), ("2026-03-15", ["IC-1", "IC-2"]), ("2026-04-01", [])]
)
def test_delegations_make_conflicts_while_they_last(day, ids):
    result = design(company(persons=PERSONS), None, day)
    rows = result.columns.filter(pl.col("who") == "person")
    assert rows["id"].to_list() == ids
    assert set(rows["subject"]) <= {"2"}
    if ids:
        assert rows["by"][0].to_list() == ["salesperson", "sales_manager (3)"]
        assert rows["name"][0] == "Bo"


def test_without_assignments_and_persons_there_is_nothing_to_judge():
    with pytest.raises(FactsError, match="list no persons"):
        design(company(), None, DAY)


# --- what cannot be judged --------------------------------------------------------------------------------


def test_a_rejected_row_makes_it_incomplete_at_least():
    result = design(engine_of(PLAIN), people(("7", "clerk"), ("8", "nobody")), DAY)
    assert (len(result), result.outcome) == (0, Outcome.INCOMPLETE)
    assert design(engine_of(PLAIN), people(("7", "clerk")), DAY).outcome is Outcome.ALLOW


PLAIN = """\
organisation: o
roles: {clerk: {duties: [a]}, boss: {duties: [b]}}
duties: {a: {}, b: {}}
incompatible: [{id: IC, duties: [a, b]}]
"""


def test_policies_without_statements_cannot_judge():
    result = design(engine_of("organisation: o\nroles: {clerk: {}}"), people(("7", "clerk")), DAY)
    assert result.outcome is Outcome.INCOMPLETE
    assert "the policies state no incompatible duties and no process" in result.columns["because"].to_list()


def test_roles_without_duties_cannot_be_judged():
    text = PLAIN.replace("{duties: [a]}", "{}").replace("{duties: [b]}", "{}")
    result = design(engine_of(text), people(("7", "clerk"), ("7", "boss")), DAY)
    assert short(result, "outcome", "because") == [
        ("incomplete", "no role has duties: what can be done in it is unknown; roles assigned: 2")
    ]


def test_no_date_is_an_error():
    with pytest.raises(FactsError, match="as_of"):
        design(company(), people(), "2026-3-5")


# --- the law --------------------------------------------------------------------------------------------


@given(
    st.lists(
        st.tuples(st.sampled_from("123"), st.sampled_from(ROLES), st.sampled_from(["A", "B", None])),
        max_size=8,
    )
)
def test_the_findings_are_those_of_a_plain_reading(rows):
    statements = company().checked.segregation

    def duties(roles):
        return {duty for role in roles for duty in statements.duties_of.get(role, ())}

    holders = [("role", role, {role}) for role in ROLES]
    holders += [("person", p, {role for who, role, _ in rows if who == p}) for p in "123"]
    holders += [("department", d, {role for *_, role, unit in rows if unit == d}) for d in "AB"]
    expected = set()
    for (who, subject, roles), pair in product(holders, statements.pairs):
        if who != "department" and {pair.first, pair.second} <= duties(roles):
            expected.add(("design", pair.id, who, subject))
    for (who, subject, roles), process in product(holders, statements.processes):
        if set(process.duties) <= duties(roles):
            expected.add(("gap", process.id, who, subject))
    got = short(design(company(), people(*rows), DAY), "form", "id", "who", "subject")
    assert set(got) == expected
    assert len(got) == len(expected)


@given(
    st.permutations(
        [
            ("7", "salesperson", "A"),
            ("7", "sales_manager", "A"),
            ("8", "branch_head", "B"),
            ("8", "keeper", "A"),
        ]
    )
)
def test_the_order_of_rows_does_not_matter(rows):
    one, other = (design(company(waivers=WAIVERS), people(*some), DAY) for some in (rows, sorted(rows)))
    assert one.columns.drop("department").equals(other.columns.drop("department"))
