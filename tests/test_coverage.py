"""Policies beside a catalogue: what carries a control, what shows it, what a catalogue may not be."""

import re
from textwrap import dedent

import pytest

from salesctrl.coverage import (
    Catalogue,
    Control,
    Tally,
    carriers,
    cover,
    find_catalogue,
    own_catalogue,
    read_catalogue,
)
from salesctrl.engine import load
from salesctrl.errors import FactsError
from salesctrl.testing import run

POLICY = """
pack: small
version: "1"
systems: {S1: {en: First, zh: 第一}}
---
vocabulary: small
currency: CNY
kinds: {order: {fields: {amount: money, grade: {type: choice, choices: [A, B]}}}}
---
policy: release
system: S1
control_point: order.release
parameters:
  reading: {type: choice, choices: [strict, mild], value: strict}
let: {term: terms.days}
outputs: [term]
rules:
  - {id: C-1, when: order.amount > 10, deny: true}
  - {id: C-1-X, covers: C-1, excepts: C-1, when: order.amount > 90}
  - {id: C-2, covers: [C-2a, C-2b], when: reading == "strict" and order.amount > 5, flag: true}
  - {id: C-3, when: reading == "mild" and order.amount > 5, flag: true}
  - {id: C-4, when: false, flag: true}
  - {id: C-5, effective: {from: 2030-01-01, to: 2030-12-31}, when: order.amount > 7, flag: true}
tables:
  terms:
    inputs: [order.grade]
    covers: C-6
    rows: [{match: A, give: {days: 1}}, {match: B, give: {days: 2}}]
  unread:
    inputs: [order.grade]
    covers: C-7
    rows: [{match: A, give: {days: 1}}, {match: B, give: {days: 2}}]
  lookup:
    inputs: [order.grade]
    rows: [{match: A, give: {days: 1}}, {match: B, give: {days: 2}}]
  C-8:
    inputs: [order.grade]
    rows: [{match: A, allow: true}, {match: B, id: C-9, flag: true}]
---
tests: cases
control_point: order.release
given: {order: {amount: 11, grade: A}}
as_of: 2026-01-01
cases:
  - {name: denied, covers: [C-6, C-99], expect: {outcome: deny}}
  - {name: wrong, covers: C-5, expect: {outcome: allow}}
---
overlay: without
off: [{rule: C-1, because: tried, owner: cfo, until: 2026-12-31}]
---
overlay: mild
parameters: {release: {reading: mild}}
---
organisation: small
roles: {cfo: {}}
"""


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "policies"
    folder.mkdir()
    (folder / "set.yaml").write_text(POLICY, encoding="utf-8")
    return folder


@pytest.fixture
def engine(folder):
    return load(folder)


def covered(engine, *controls):
    catalogue = Catalogue(tuple(Control(name, "S1", numeric) for name, numeric in controls), {})
    return cover(engine, run(engine), catalogue)


def found(engine, control):
    return covered(engine, (control, False)).controls[0]


# --- what carries a control ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("control", "rules"),
    [
        ("C-1", ("C-1", "C-1-X")),
        ("C-2a", ("C-2",)),
        ("C-2", ("C-2",)),
        ("C-5", ("C-5",)),
        ("C-6", ("terms",)),
        ("terms", ("terms",)),
        ("C-8", ("C-8#1", "C-9")),
        ("C-9", ("C-9",)),
        ("C-99", ()),
    ],
)
def test_a_rule_or_table_carries_its_id_and_what_it_covers(engine, control, rules):
    assert found(engine, control).rules == rules


@pytest.mark.parametrize(("control", "rule"), [("C-3", "C-3"), ("C-4", "C-4"), ("C-7", "unread")])
def test_what_can_never_apply_does_not_count(engine, control, rule):
    one = found(engine, control)
    assert (one.rules, one.idle) == ((), {rule: "never"})
    assert one.is_open


def test_another_reading_wakes_a_rule_and_lays_another_to_rest(engine):
    mild = engine.with_overlays(["mild"])
    assert found(mild, "C-3").rules == ("C-3",)
    assert found(mild, "C-2a").idle == {"C-2": "never"}


def test_what_is_switched_off_does_not_count(engine):
    one = found(engine.with_overlays(["without"]), "C-1")
    assert (one.rules, one.idle) == (("C-1-X",), {"C-1": "off"})


def test_an_exception_to_a_rule_that_is_off_still_carries_its_control(engine):
    assert {c.id: c.idle for c in carriers(engine.with_overlays(["without"]))}["C-1-X"] is None


# --- what shows a control ------------------------------------------------------------------------------


def test_a_case_shows_what_it_covers_and_what_the_rules_carry_that_fire(engine):
    assert found(engine, "C-6").cases == ("cases#1",)
    assert found(engine, "C-1").cases == ("cases#1",)
    assert found(engine, "C-2b").cases == ("cases#1",)
    assert found(engine, "C-9").cases == ()


def test_a_case_that_fails_shows_nothing(engine):
    assert found(engine, "C-5").cases == ()


def test_a_control_with_figures_needs_a_case(engine):
    assert covered(engine, ("C-1", True)).is_complete
    lacking = covered(engine, ("C-1", False), ("C-9", True), ("C-5", False))
    assert [one.control.id for one in lacking.controls if one.is_open] == ["C-9"]
    assert lacking.tally == Tally(3, 3, 1, 1, 1)


# --- the result ----------------------------------------------------------------------------------------


def test_systems_stand_in_the_order_of_the_catalogue_with_the_titles_of_the_pack(engine):
    controls = (Control("C-9", "S2"), Control("C-1", "S1"), Control("C-2", "S2"))
    result = cover(engine, run(engine), Catalogue(controls, {"S1": "Other", "S2": "Second"}))
    assert [(s.system, s.title.get("zh"), len(s.controls)) for s in result.systems] == [
        ("S2", "Second", 2),
        ("S1", "第一", 1),
    ]


def test_ids_that_the_catalogue_does_not_have_are_told(engine):
    assert covered(engine, ("C-1", False), ("C-2a", False), ("C-6", False)).unlisted == {
        "C-2b": ("C-2",),
        "C-3": ("C-3",),
        "C-4": ("C-4",),
        "C-5": ("C-5",),
        "C-8": ("C-8#1",),
        "C-9": ("C-9",),
        "C-7": ("unread",),
        "C-99": ("cases#1",),
    }


def test_without_a_catalogue_the_rules_are_one(engine):
    listed = own_catalogue(carriers(engine))
    assert [control.id for control in listed.controls] == [
        "C-1", "C-2a", "C-2b", "C-3", "C-4", "C-5", "C-8", "C-9", "C-6", "C-7",
    ]  # fmt: skip
    assert {control.system for control in listed.controls} == {"S1"}
    assert set(cover(engine, run(engine)).unlisted) == {"C-99"}


# --- catalogues ----------------------------------------------------------------------------------------


def write(folder, text, encoding="utf-8"):
    path = folder / "catalogue.csv"
    path.write_bytes(dedent(text).lstrip().encode(encoding))
    return path


def test_a_catalogue_is_read(tmp_path):
    path = write(tmp_path, """
        clause,ID,numeric,system
        "Art. 1, 2",C-1,Y,S1 First things
        ,C-2,false,S2

        """, "utf-8-sig")  # fmt: skip
    assert read_catalogue(path) == Catalogue(
        (Control("C-1", "S1", True), Control("C-2", "S2", False)), {"S1": "First things"}
    )


def problems(path):
    with pytest.raises(FactsError) as caught:
        read_catalogue(path)
    assert all(problem.help for problem in caught.value.problems)
    return [f"{problem.path}: {problem.message}" for problem in caught.value.problems]


def test_everything_that_is_wrong_with_a_catalogue_is_said_at_once(tmp_path):
    path = write(tmp_path, """
        id,system,numeric
        C-1,S1,y
        C-1,S1,n
        C-2,,n
        ,S1,n
        C-3,S1,perhaps
        C-4,S1
        """)  # fmt: skip
    assert problems(path) == [
        "catalogue.csv:3: the id `C-1` is on line 2 already",
        "catalogue.csv:4: expected a value for `system` but got none",
        "catalogue.csv:5: expected a value for `id` but got none",
        "catalogue.csv:6: expected `y` or `n` for `numeric` but got `perhaps`",
        "catalogue.csv:7: expected a value for `numeric` but got none",
    ]


def test_a_catalogue_without_its_columns(tmp_path):
    assert problems(write(tmp_path, "id,id,figures\nC-1,S1,y\n")) == [
        "catalogue.csv: expected a column `id` but there are several",
        "catalogue.csv: expected a column `system` but there is none",
        "catalogue.csv: expected a column `numeric` but there is none",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "expected a catalogue but the file is empty"),
        (b"id,system,numeric\n", "expected controls but there are none below the header"),
        ("编号,系统,数值\n".encode("gbk"), "expected UTF-8 but got other bytes"),
        (b'id,system,numeric\n"C-1,S1,y\n', "expected CSV: unexpected end of data"),
    ],
)
def test_a_file_that_is_no_catalogue(tmp_path, text, said):
    path = tmp_path / "list.csv"
    path.write_bytes(text)
    assert problems(path) == [f"list.csv: {said}"]


def test_a_file_that_is_not_there(tmp_path):
    assert problems(tmp_path / "no.csv") == ["no.csv: cannot be read: no such file or directory"]
    assert re.match("list: cannot be read: ", problems(make(tmp_path / "list"))[0])


def make(folder):
    folder.mkdir()
    return folder


def test_the_catalogue_of_a_set_lies_beside_its_pack(folder, engine):
    assert find_catalogue(engine.documents, [folder]) is None
    path = write(folder, "id,system,numeric\nC-1,S1,y\n")
    assert find_catalogue(engine.documents, [folder]) == path
    assert find_catalogue(load(folder / "set.yaml").documents, [folder / "set.yaml"]) == path
    assert find_catalogue(load(folder.parent).documents, [folder.parent]) == path


def test_a_set_without_a_pack_has_no_catalogue(tmp_path):
    documents = POLICY.split("---\n", 1)[1]
    (tmp_path / "set.yaml").write_text(documents, encoding="utf-8")
    write(tmp_path, "id,system,numeric\nC-1,S1,y\n")
    assert find_catalogue(load(tmp_path).documents, [tmp_path]) is None
