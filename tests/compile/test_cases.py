"""Activities, patterns and ladders with every name resolved, over versions and overlays, and wherever they go."""

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.loading import check_text, sound

import salesctrl
from salesctrl import PolicyError
from salesctrl.calendar import FIRST_DAY, LAST_DAY, add_months
from salesctrl.cli import main
from salesctrl.compile.cases import Activities, Around, Cases, Due, Length
from salesctrl.coverage import carriers, cover
from salesctrl.engine import load_text
from salesctrl.testing import run

ALL = (Path(__file__).parents[1] / "corpus" / "good" / "cases-over-time.yaml").read_text("utf-8")


def day(text: str) -> int:
    return date.fromisoformat(text).toordinal()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("cases")
    (place / "set.yaml").write_text(ALL, encoding="utf-8")
    return place


@pytest.fixture(scope="module")
def engine(folder):
    return salesctrl.load(folder)


@pytest.fixture(scope="module")
def cases(engine):
    return engine.checked.cases


# --- activities ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "activity"),
    [
        ("take_order", "take_order"),
        ("Takes the ORDER", "take_order"),
        (" 接单 ", "take_order"),
        ("ｔａｋｅ＿ｏｒｄｅｒ", "take_order"),
        ("order taken", "take_order"),
        ("Goods Issue", "ship"),
        ("投诉", "complain"),
        ("take order", None),
        ("", None),
    ],
)
def test_an_activity_is_found_by_any_of_its_names(cases, text, activity):
    assert cases.activities.find(text) == activity


def test_activities_of_all_vocabularies_with_their_duties(cases):
    by_name = cases.activities.by_name
    assert next(iter(by_name)) == "take_order"
    assert list(by_name)[-1] == "complain"
    assert {name: one.duty for name, one in by_name.items() if one.duty} == {
        "take_order": "take_order", "approve_contract": "approve_contract",
        "confirm_contract": "approve_contract", "ship": "keep_goods",
    }  # fmt: skip
    assert cases.activities.with_duty("approve_contract") == {"approve_contract", "confirm_contract"}
    assert cases.activities.with_duty("sell") == frozenset()
    assert [name for name, one in by_name.items() if one.closes] == ["settle"]
    assert (by_name["fall_due"].title.get("zh"), by_name["fall_due"].evidence) == ("fall_due", None)


def test_the_payment_of_an_activity_is_a_field_by_its_own_name(cases):
    assert cases.activities.by_name["pay"].evidence.payment == "amount"
    approval = cases.activities.by_name["approve_contract"].evidence
    assert (approval.approval, approval.form, approval.requirement) == (True, "written", "C-1-1")


def test_activities_need_no_control_and_no_attributes():
    text = "vocabulary: v\nactivities: {ship: {duty: ships}}\n---\norganisation: o\nduties: {ships: {}}\n"
    found = sound(text).cases
    assert (list(found.activities.by_name), found.controls, found.ladders) == (["ship"], (), ())


@pytest.mark.parametrize("field", ["amount", "person"])
def test_a_payment_without_attributes_of_events_is_reported(field):
    _, found = check_text(f"vocabulary: v\nactivities: {{pay: {{evidence: {{payment: {field}}}}}}}\n")
    assert [(one.code, one.message) for one in found] == [("E431", f"unknown field of an event `{field}`")]


def test_without_activities_there_is_nothing():
    assert sound("vocabulary: v\nkinds: {order: {fields: {id: text}}}\n").cases == Cases()
    assert Activities().find("ship") is None


# --- lengths of time ----------------------------------------------------------------------------------

days = st.integers(FIRST_DAY, LAST_DAY)


@given(start=days, number=st.integers(0, 10**7))
def test_days_are_counted_to_the_end_of_the_calendar(start, number):
    assert Length(((FIRST_DAY, number),), False).end(start) == min(start + number, LAST_DAY)


@given(start=days, number=st.integers(0, 10**6))
def test_months_are_counted_to_the_end_of_the_calendar(start, number):
    end = Length(((FIRST_DAY, number),), True).end(start)
    first = date.fromordinal(start)
    months = first.year * 12 + first.month - 1 + number
    if months // 12 > 9999:
        assert end == LAST_DAY
    else:
        last = date.fromordinal(end)
        assert (last.year * 12 + last.month - 1, end) == (months, add_months(start, number))


@given(
    start=days, changes=st.lists(st.tuples(days, st.integers(0, 400)), min_size=1, unique_by=lambda c: c[0])
)
def test_the_value_on_the_first_day_is_the_one_that_counts(start, changes):
    _, number = sorted(changes)[0]
    dated = ((FIRST_DAY, number), *((first, value) for first, value in sorted(changes) if first > FIRST_DAY))
    expected = [value for first, value in dated if first <= start][-1]
    assert Length(dated, False).end(start) == min(start + expected, LAST_DAY)


def test_a_dated_parameter_counts_before_its_first_date_too(cases):
    _, second, _ = cases.controls
    assert [second.within.end(day(on)) - day(on) for on in ("2025-06-01", "2026-12-31", "2027-01-01")] == [
        60, 60, 30,
    ]  # fmt: skip


# --- controls ---------------------------------------------------------------------------------------------


def test_every_name_of_a_control_is_resolved(cases):
    first, second, third = cases.controls
    assert (first.name, first.point, first.by, first.once) == (
        "shipped-before-paid", "case.shipped-before-paid", ("case",), False,
    )  # fmt: skip
    assert (first.effective.last, second.effective.first) == (day("2025-12-31"), day("2026-01-01"))
    assert (second.by, second.same, second.order) == (("case", "customer"), (), ("ordered", "shipped"))
    assert dict(second.events) == {
        "ordered": {"take_order"}, "shipped": {"ship"},
        "approved": {"approve_contract", "confirm_contract", "ship", "take_order"},
    }  # fmt: skip
    complaint, paid = second.absent
    assert (complaint.name, complaint.activities) == ("complaint", {"complain"})
    assert (complaint.after, complaint.before, complaint.within) == ("ordered", "shipped", None)
    assert paid == Around("paid", frozenset({"pay"}), None, None, Length(((FIRST_DAY, 1),), True), "shipped")
    payments, notices = second.gather
    assert (payments.before, payments.of, notices.activities) == ("shipped", None, {"send_notice"})
    assert second.once
    assert second.covers == ("RC-7", "RC-7-1")
    assert (third.same, third.title.get("zh")) == (("person", "customer"), "same-person")


# --- ladders ------------------------------------------------------------------------------------------------


def test_every_name_of_a_ladder_is_resolved(cases):
    [ladder] = cases.ladders
    assert (ladder.point, ladder.by, ladder.begins) == ("ladder.dunning", ("customer",), {"fall_due"})
    assert ladder.first == "overdue"
    assert [name for name, state in ladder.states.items() if state.final] == ["settled"]
    assert ladder.states["overdue"].due == (Due("remind", "salesperson", Length(((FIRST_DAY, 3),), False)),)
    assert ladder.states["court"].title.get("en") == "court"
    first, second, third, fourth = ladder.transitions
    assert (first.sources, first.target, first.activities, first.after) == (
        ("overdue",), "reminded", {"remind"}, None,
    )  # fmt: skip
    assert (second.title.get("zh"), second.notify) == ("发函", ())
    assert (third.activities, third.after, third.notify) == (
        frozenset(), Length(((FIRST_DAY, 2),), True), ("cfo",),
    )  # fmt: skip
    assert fourth.sources == ("overdue", "reminded", "noticed", "court")


LADDER = """
vocabulary: v
activities: {{begin: {{}}, go: {{}}}}
---
ladder: l
begins: begin
states: {{{states}}}
transitions:
{transitions}
"""


def ladder_text(states, ways):
    lines = [f"  - {{id: T-{n}, from: {a}, to: {b}, on: go}}" for n, (a, b) in enumerate(ways)]
    listed = ", ".join(f"{state}: {{}}" for state in states)
    return LADDER.format(states=listed, transitions="\n".join(lines))


states = st.integers(1, 6).map(lambda n: [f"s{i}" for i in range(n)])


@given(st.data())
def test_states_that_nothing_leads_to_are_reported(data):
    names = data.draw(states)
    ways = data.draw(
        st.lists(st.tuples(st.sampled_from(names), st.sampled_from(names)), min_size=1, max_size=9)
    )
    reached, todo = set(), [names[0]]
    while todo:
        state = todo.pop()
        if state not in reached:
            reached.add(state)
            todo += [to for source, to in ways if source == state]
    _, found = check_text(ladder_text(names, ways))
    said = {one.message.split("`")[1] for one in found if one.code == "E431"}
    assert said == set(names) - reached
    assert len(found) == len(said), found.render()


# --- overlays and versions ----------------------------------------------------------------------------------


def lengths(engine):
    _, control, _ = engine.checked.cases.controls
    [ladder] = engine.checked.cases.ladders
    return control.within.dated, ladder.states["noticed"].due[0].within, ladder.transitions[2].after


def test_an_overlay_changes_a_parameter_used_as_a_length(folder, engine):
    late = salesctrl.load(folder, overlays=["later"])
    dated, due, after = lengths(late)
    assert {value for _, value in dated} == {90}
    assert due == after == Length(((FIRST_DAY, 3),), True)
    assert lengths(engine.with_overlays(["later"])) == lengths(late)
    assert lengths(engine) != lengths(late)
    assert engine.checked.cases.activities == late.checked.cases.activities


@pytest.mark.parametrize(
    ("value", "code"), [("-5 days", "E431"), ("5 months", "E410"), ("5", "E410"), ("later", "E410")]
)
def test_an_overlay_cannot_make_no_length_of_it(folder, tmp_path, value, code):
    overlay = tmp_path / "wrong.yaml"
    overlay.write_text(
        f"overlay: wrong\nparameters: {{dunning: {{wait_notice: {value}}}}}\n", encoding="utf-8"
    )
    text = ALL.replace("within: 3 days}", "within: wait_notice}")
    (tmp_path / "set.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(PolicyError) as failed:
        salesctrl.load(tmp_path / "set.yaml", overlays=[overlay])
    assert code in [one.code for one in failed.value.diagnostics]


def test_a_wrong_parameter_is_reported_once():
    text = ALL.replace("wait_court: 2 months", "wait_court: 2 mouths")
    _, found = check_text(text)
    assert [(one.code, one.message.split("`")[1]) for one in found] == [("E411", "mouths")]


def test_an_overlay_may_set_what_only_one_version_has():
    _, found = check_text(ALL, overlays=True)
    assert not len(found), found.render()
    _, found = check_text(ALL.replace("{longest: 90 days}", "{longst: 90 days}"), overlays=True)
    [diagnostic] = found
    assert (diagnostic.code, diagnostic.help) == ("E409", "did you mean `longest`?")


# --- digest, text, cache ------------------------------------------------------------------------------------


def test_the_digest_is_that_of_all_documents_but_timelines(tmp_path, engine):
    def digest(text):
        (tmp_path / "set.yaml").write_text(text, encoding="utf-8")
        return salesctrl.load(tmp_path).digest

    assert digest(ALL) == engine.digest
    assert digest(ALL.replace("not_fired: [SBP-1]", "not_fired: [SP-1]")) == engine.digest
    changed = [
        ALL.replace("share: 30%", "share: 31%"),
        ALL.replace("within: 1 month, of: shipped", "within: 2 months, of: shipped"),
        ALL.replace("within: 3 days}", "within: 4 days}"),
        ALL.replace("fall_due: {}", "fall_due: {closes: true}"),
        ALL.replace("until: 2026-06-30", "until: 2026-07-30"),
    ]
    assert len({engine.digest, *map(digest, changed)}) == 1 + len(changed)


@pytest.mark.parametrize("overlays", [[], ["later"]])
def test_the_text_of_an_engine_makes_it_again(folder, overlays):
    engine = salesctrl.load(folder, overlays=overlays)
    again = load_text(engine.text)
    assert again.digest == engine.digest
    assert again.control_points == engine.control_points
    assert again.checked.cases == engine.checked.cases
    assert again.checked.segregation == engine.checked.segregation
    assert "timeline" not in {next(iter(one["data"])) for one in json.loads(engine.text)["documents"]}


def test_what_was_kept_is_the_same(folder, tmp_path):
    engine, again = (salesctrl.load(folder, cache=tmp_path) for _ in range(2))
    assert len(list(tmp_path.glob("*.compiled"))) == 1
    assert again.checked.cases == engine.checked.cases
    assert again.checked.segregation == engine.checked.segregation
    facts = {"stage": {"transition": "D-1"}}
    first, second = (e.evaluate("ladder.dunning", facts, as_of="2026-03-01") for e in (engine, again))
    assert first.to_json(trace=True) == second.to_json(trace=True)
    assert lengths(again.with_overlays(["later"])) == lengths(engine.with_overlays(["later"]))


# --- coverage, list, handbook ---------------------------------------------------------------------------------


def test_what_controls_and_ladders_carry_is_covered(engine):
    found = {carrier.id: carrier for carrier in carriers(engine)}
    assert found["SBP-1"].controls == ("SBP-1", "RC-7", "RC-7-2", "RC-7-1")
    assert (found["SBP-1"].system, found["D-2"].system) == ("S08", "S10")
    assert found["D-2"].controls == ("D-2", "RC-10-2", "RC-10")
    assert {found[name].idle for name in ("SBP-1", "C-1#1", "SP-1", "D-1", "D-2", "D-3", "D-4")} == {None}
    coverage = cover(engine, run(engine))
    rules = {one.control.id: one.rules for one in coverage.controls}
    assert rules["RC-7-2"] == ("SBP-1",)
    assert rules["RC-10"] == ("D-1", "D-2", "D-3", "D-4")


def test_they_are_listed(folder, capsys):
    assert main(["list", "ladder.dunning", "case.same-person", "--policies", str(folder)]) == 0
    said = capsys.readouterr().out
    assert "D-2  review  The notice" in said
    assert "approved.person" in said
    assert main(["list", "--policies", str(folder), "--format", "json"]) == 0
    data = {one["control_point"]: one for one in json.loads(capsys.readouterr().out)}
    assert [one["from"] for one in data["case.shipped-before-paid"]["policies"]] == [None, "2026-01-01"]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_they_stand_in_the_handbook(folder, tmp_path, lang):
    assert main(["handbook", str(folder), "--out", str(tmp_path / "book"), "--lang", lang]) == 0
    page = (tmp_path / "book" / "s10.md").read_text("utf-8")
    assert "`ladder.dunning`" in page
    assert {"en": "D-2: The notice", "zh": "D-2: 发函"}[lang] in page
    assert "RC-10-2" in page


# --- timelines ------------------------------------------------------------------------------------------------


def test_a_timeline_names_overlays_of_the_set(tmp_path):
    (tmp_path / "set.yaml").write_text(ALL.replace("overlays: later", "overlays: latter"), encoding="utf-8")
    with pytest.raises(PolicyError, match="unknown overlay `latter`"):
        salesctrl.load(tmp_path)
