"""Who did: the findings on events are a function of their set, and those of a plain reading."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.loading import engine_of
from tests.monitor.segregation.company import PERSONS, WAIVERS, company, events, short

from salesctrl import FactsError, Outcome
from salesctrl.monitor.log_files import read_log
from salesctrl.monitor.segregation import operation

DAY = "2026-04-30"


def judge(*rows, engine=None, day=DAY):
    return operation(engine or company(), events(*rows), day)


def test_the_same_person_in_the_same_case():
    result = judge(
        ("S1", "接单", "7"),
        ("S1", "Approves the contract", "7", 1),
        ("S1", "take_order", "8"),
        ("S2", "ship", "7"),
    )
    assert short(result, "form", "outcome", "id", "who", "subject", "case", "by") == [
        ("operation", "deny", "IC-1", "person", "7", "S1", ["e0", "e1"])
    ]
    assert str(result.columns["on"][0]) == "2026-03-02"


def test_the_proof_is_the_earliest_event_by_time_and_then_by_id():
    result = judge(
        ("S1", "take_order", "7", 2, "a"),
        ("S1", "change_order", "7", 1, "c"),
        ("S1", "take_order", "7", 1, "b"),
        ("S1", "ship", "7", 5, "z"),
        ("S1", "ship", "7", 5, "y"),
        ("S1", "ship", "8", 0, "x"),
    )
    assert short(result, "id", "by") == [("IC-3", ["b", "y"])]


def test_persons_are_compared_as_everywhere():
    assert len(judge(("S1", "take_order", "７"), ("S1", "ship", "7"))) == 1


def test_a_whole_process_by_a_person_and_by_a_department():
    result = judge(
        ("S1", "take_order", "7", 0, None, "A"),
        ("S1", "approve_contract", "8", 1, None, "A"),
        ("S1", "ship", "9", 2, None, "A"),
        ("S2", "take_order", "7", 0, None, "A"),
        ("S2", "approve_contract", "7", 1, None, "B"),
        ("S2", "ship", "7", 2, None, "A"),
    )
    gaps = result.columns.filter(pl.col("form") == "gap")
    assert gaps.select("who", "subject", "case", "by").rows() == [
        ("department", "A", "S1", ["e0", "e1", "e2"]),
        ("person", "7", "S2", ["e3", "e4", "e5"]),
    ]


def test_events_after_the_day_do_not_count():
    rows = (("S1", "take_order", "7"), ("S1", "ship", "7", 3))
    assert len(judge(*rows, day="2026-03-04")) == 1
    earlier = judge(*rows, day="2026-03-03")
    assert (len(earlier), earlier.outcome) == (0, Outcome.ALLOW)
    assert earlier.notices[0] == "1 events are later than 2026-03-03: they were not looked at"


# --- what cannot be judged --------------------------------------------------------------------------------


def test_a_duty_that_nobody_known_did():
    result = judge(
        ("S1", "ship", None, 1),
        ("S1", "ship", None, 0),
        ("S1", "remind", None),
        ("S1", "dun", None),
        ("S2", "ship", "7"),
    )
    assert short(result, "outcome", "who", "subject", "duties", "by", "because") == [
        ("incomplete", "case", "S1", ["keep_goods"], ["e1"], "it is unknown who did this; events: 2")
    ]


def test_activities_that_the_policies_do_not_know():
    result = judge(("S1", "audit", "7"), ("S2", "audit", "7"), ("S1", "ship", "7"))
    assert short(result, "outcome", "who", "subject", "because") == [
        ("incomplete", "activity", "audit", "the policies do not know this activity; events: 2")
    ]


DEPARTMENTS = ("A", "B", None)


@pytest.mark.parametrize(
    ("departments", "outcomes"),
    [
        (("A", "A", "A"), ["deny"]),
        (("A", "A", "B"), []),
        (("A", "A", None), ["incomplete"]),
        (("A", "B", None), []),
        (("A", None, None), ["incomplete"] * 2),
    ],
)
def test_departments_that_are_not_said(departments, outcomes):
    steps = ("take_order", "approve_contract", "ship")
    rows = [
        ("S1", step, str(n), n, None, unit)
        for n, (step, unit) in enumerate(zip(steps, departments, strict=True))
    ]
    assert judge(*rows).columns["outcome"].to_list() == outcomes


def test_a_log_without_departments_is_judged_by_persons_alone():
    result = judge(("S1", "take_order", "7"), ("S1", "ship", "8"))
    assert result.outcome is Outcome.ALLOW
    assert "no event says a department: what departments did was not looked at" in result.notices


def test_rejected_rows_make_it_incomplete_at_least():
    frame = events(("S1", "take_order", "7"), (None, "ship", "7"))
    result = operation(company(), frame, DAY)
    assert result.rejected.select("source", "row", "code").rows() == [("events", 2, "V_NO_CASE")]
    assert result.outcome is Outcome.INCOMPLETE


def test_no_events_and_no_statements():
    assert judge().outcome is Outcome.ALLOW
    bare = engine_of("organisation: o\nroles: {clerk: {}}")
    result = operation(bare, events(("S1", "sell", "7")), DAY)
    assert set(result.columns["who"]) == {"policies", "activity"}


def test_what_is_no_log_is_said(tmp_path):
    with pytest.raises(FactsError, match="case"):
        operation(company(), pl.DataFrame({"person": ["7"]}), DAY)
    with pytest.raises(FactsError, match="no such file"):
        operation(company(), tmp_path / "none.csv", DAY)
    with pytest.raises(FactsError, match="frame"):
        operation(company(), 7, DAY)


# --- waivers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("day", "outcome"), [(-40, "deny"), (0, "flag"), (121, "flag"), (122, "deny")])
def test_waivers_count_on_the_day_of_the_later_event(day, outcome):
    engine = company(waivers=WAIVERS)
    result = judge(
        ("S1", "take_order", "9", -60), ("S1", "approve_contract", "9", day), engine=engine, day="2027-01-01"
    )
    assert result.columns["outcome"].to_list() == [outcome]


def test_roles_that_events_state_are_believed_where_no_persons_are_listed():
    engine = company(waivers=WAIVERS)
    rows = (("S1", "take_order", "5", 0, None, None, "Branch head"), ("S1", "approve_contract", "5"))
    assert judge(*rows, engine=engine).columns["outcome"].to_list() == ["flag"]


@pytest.mark.parametrize(
    ("person", "role", "outcome"),
    [("2", "分公司负责人", "deny"), ("4", "分公司负责人", "flag"), ("4", None, "flag")],
)
def test_roles_are_looked_up_where_persons_are_listed(person, role, outcome):
    more = '  "4": {name: Di, roles: [branch_head]}\n  "9": {name: Ed}\ndelegations'
    engine = company(waivers=WAIVERS, persons=PERSONS.replace("delegations", more))
    rows = (
        ("S1", "take_order", person, 0, None, None, role),
        ("S1", "approve_contract", person, 1, None, None, role),
    )
    result = judge(*rows, engine=engine)
    assert result.columns.filter(pl.col("id") == "IC-1")["outcome"].to_list() == [outcome]


# --- laws ---------------------------------------------------------------------------------------------------

STEPS = st.tuples(
    st.sampled_from(["S1", "S2"]),
    st.sampled_from(["take_order", "change_order", "approve_contract", "release", "ship", "dun", "remind"]),
    st.sampled_from(["7", "8", None]),
    st.integers(0, 3),
    st.none(),
    st.sampled_from(["A", "B", None]),
)


def plainly(rows, engine):
    """What a plain reading finds, event by event."""
    checked = engine.checked
    duty_of = {name: one.duty for name, one in checked.cases.activities.by_name.items()}
    done = [
        (case, who, duty_of[step], (day, f"e{n}"), unit)
        for n, (case, step, who, day, _, unit) in enumerate(rows)
        if duty_of[step]
    ]

    def proof(case, duty, person=None, unit=None):
        found = [
            at
            for c, p, d, at, u in done
            if c == case and d == duty and person in (None, p) and unit in (None, u)
        ]
        return min(found)[1] if found else None

    expected = set()
    for case in ("S1", "S2"):
        for person in "78":
            for pair in checked.segregation.pairs:
                by = [proof(case, duty, person) for duty in (pair.first, pair.second)]
                if all(by):
                    expected.add(("operation", pair.id, "person", person, case, *by))
        for process in checked.segregation.processes:
            for who, subjects in (("person", "78"), ("department", "AB")):
                for subject in subjects:
                    by = [
                        proof(case, duty, **({"person": subject} if who == "person" else {"unit": subject}))
                        for duty in process.duties
                    ]
                    if all(by):
                        expected.add(("gap", process.id, who, subject, case, *by))
    return expected


@given(st.lists(STEPS, max_size=14))
def test_the_findings_are_those_of_a_plain_reading(rows):
    engine = company()
    found = judge(*rows, engine=engine).columns.filter(pl.col("outcome") == "deny")
    got = [
        (*row[:-1], *row[-1])
        for row in found.select("form", "id", "who", "subject", "case", "by").iter_rows()
    ]
    assert len(got) == len(set(got))
    assert set(got) == plainly(rows, engine)


@given(st.lists(STEPS, max_size=10), st.randoms(use_true_random=False))
def test_the_findings_are_a_function_of_the_set_of_events(rows, random):
    frame = events(*rows)
    order = list(range(len(rows)))
    random.shuffle(order)
    one, other = (operation(company(), some, DAY).columns for some in (frame, frame[order]))
    assert one.equals(other)


@given(st.lists(STEPS, max_size=10))
def test_a_log_that_was_read_is_judged_like_its_frame(rows):
    frame = events(*rows)
    assert operation(company(), read_log(frame), DAY).columns.equals(operation(company(), frame, DAY).columns)


@pytest.mark.slow
def test_many_events():
    """Ten million events: nobody waits long for who did what."""
    count = 10_000_000
    step = pl.int_range(count, eager=True) % 5
    case = pl.int_range(count, eager=True) // 5
    frame = pl.DataFrame({"step": step, "case": case}).select(
        id=pl.int_range(count).cast(pl.String), case=pl.format("S{}", "case"),
        activity=pl.col("step").replace_strict(
            range(5), ["take_order", "approve_contract", "release", "ship", "remind"], return_dtype=pl.String
        ),
        time=pl.from_epoch(pl.col("case") * 10 + pl.col("step")).dt.cast_time_unit("us").dt.replace_time_zone("UTC"),
        person=pl.when((pl.col("case") % 1000 == 0) & (pl.col("step") == 3)).then(pl.lit("U0")).otherwise(
            pl.format("U{}", pl.col("step"))
        ),
    )  # fmt: skip
    result = operation(company(), frame, "2030-01-01")
    assert len(result) == count // 5 // 1000
    assert set(result.columns["id"]) == {"IC-3"}


@given(st.lists(STEPS, min_size=1, max_size=12))
def test_the_monitor_of_cases_finds_the_same_pairs(rows):
    engine = company(waivers=WAIVERS.replace('"9"', '"7"'))
    frame = events(*rows)
    pairs = operation(engine, frame, DAY).columns.filter(form="operation", who="person")
    log = engine.monitor_log(frame, as_of=DAY, controls=["segregation"])
    assert sorted(pairs.select("id", "case", "by", "outcome").iter_rows()) == sorted(
        (*one.rules, *one.group[:1], list(one.events), one.outcome)
        for one in log.findings
        if one.outcome != Outcome.INCOMPLETE
    )
