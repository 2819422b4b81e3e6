"""Which column holds what: found by name, or everything that is wrong is said at once."""

import pytest

from salesctrl import FactsError
from salesctrl.monitor.log_columns import FIELDS, NAMES, XES_NAMES, place
from salesctrl.tables.columns import folded

NEEDED = {"case": "案例", "activity": "活动", "time": "时间"}


def fields(names, *args, **options):
    return dict(place(names, *args, **options).fields)


@pytest.mark.parametrize(
    ("field", "name"),
    [(field, name) for field, names in NAMES.items() for name in (*names, *XES_NAMES[field])],
)
def test_every_name_finds_its_field(field, name):
    others = [column for needed, column in NEEDED.items() if needed != field]
    for written in (name, name.upper(), f" {name.replace('_', ' ')} "):
        assert fields([*others, written])[field] == written


def test_no_name_has_two_meanings():
    names = [
        folded(name) for of in (NAMES, XES_NAMES) for names in of.values() for name in set(map(folded, names))
    ]
    assert len(names) == len(set(names))
    assert set(NAMES) == set(XES_NAMES) == set(FIELDS)


def test_names_of_xes_go_before_others():
    names = [
        "Activity",
        "concept:name",
        "case:concept:name",
        "time:timestamp",
        "Resource",
        "org:resource",
        "time",
    ]
    placed = place(names)
    assert placed.fields == {
        "case": "case:concept:name", "activity": "concept:name", "time": "time:timestamp", "person": "org:resource",
    }  # fmt: skip
    assert placed.attributes == {"Activity": "Activity", "Resource": "Resource", "source:time": "time"}
    assert "the column `time` is the attribute `source:time`" in placed.notices


def test_everything_that_is_wrong_is_said_at_once():
    names = ["case_id", "单号", "步骤", "user", "人员", "amount"]
    with pytest.raises(FactsError) as error:
        place(names, {"Belegnr": "case", "amount": "rol", "步骤": "activity"}, ["amuont", "row"], "log.csv")
    said = [(problem.path, problem.code, problem.message) for problem in error.value.problems]
    assert said == [
        ("log.csv", "F_COLUMN", "there is no column `Belegnr`"),
        ("log.csv", "F_COLUMN", "unknown field `rol` for the column `amount`"),
        ("log.csv", "F_COLUMN", "an attribute cannot be called `row`"),
        ("log.csv", "F_COLUMN", "the `person` could be `user`, `人员`"),
        ("log.csv", "F_COLUMN", "no column holds the `time`"),
        ("log.csv", "F_COLUMN", "no column holds the attribute `amuont`"),
    ]
    assert all(problem.help for problem in error.value.problems)
    assert "did you mean `role`?" in str(error.value)


def test_two_names_for_one_field_are_ambiguous_until_one_is_chosen():
    names = ["案例", "单号", "活动", "日期", "时间"]
    with pytest.raises(
        FactsError,
        match=r"(?s)the `case` could be `案例`, `单号`.*the `time` could be `日期`, `时间`.*time of day",
    ):
        place(names)
    placed = place(names, {"单号": "case", "时间": "time"})
    assert placed.fields == {"case": "单号", "activity": "活动", "time": "时间"}
    assert placed.attributes == {"案例": "案例", "日期": "日期"}


def test_two_columns_for_one_field():
    with pytest.raises(FactsError, match="two columns for `case`: `a` and `b`"):
        place(["a", "b", "活动", "时间"], {"a": "case", "b": "case"})


def test_attributes():
    names = [*NEEDED.values(), "金额", "on", "source:on", "", "客户"]
    assert place(names).attributes == {
        "金额": "金额",
        "source:source:on": "on",
        "source:on": "source:on",
        "客户": "客户",
    }
    placed = place(names, {"金额": "amount"}, ["amount", "客户"])
    assert placed.attributes == {"amount": "金额", "客户": "客户"}
    assert placed.used == {*NEEDED.values(), "金额", "客户"}
    assert placed.notices[-1] == "not read: `on`, `source:on`, `(a column without a name)`"
    assert place(names, attributes=()).attributes == {}


def test_an_attribute_that_is_asked_for_is_no_field():
    placed = place([*NEEDED.values(), "user"], attributes=["user"])
    assert "person" not in placed.fields
    assert placed.attributes == {"user": "user"}


def test_what_is_not_there_is_told():
    assert place(list(NEEDED.values())).notices == (
        "no column for `person`", "no column for `role`", "no column for `department`",
        "no column for `id`: the numbers of the rows count as ids",
    )  # fmt: skip
