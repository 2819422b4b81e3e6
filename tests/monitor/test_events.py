"""Events as callers give them: each reason to refuse one, and how the others are read."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.loading import engine_of

from salesctrl.compile.cases import Activities, CheckedActivity
from salesctrl.monitor.events import EventReader, Refused, zone_of
from salesctrl.monitor.model import Event
from salesctrl.policy.documents import LocalText

TITLE = LocalText(en="Ships", zh="发货")
KNOWN = Activities(
    {name: CheckedActivity(name, TITLE, None, None, False) for name in ("ship", "take_order")},
    {"ship": "ship", "ships": "ship", "发货": "ship", "take_order": "take_order"},
)
GOOD = {"id": "1", "case": "SO-1", "activity": "ship", "time": "2026-03-01T09:30+08:00"}


def read(zone=None, **changes):
    given = {**GOOD, **changes}
    return EventReader(KNOWN, zone).read({k: v for k, v in given.items() if v is not ...})


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"id": ...}, "V_NO_ID", "the event has no `id`: give each event its own"),
        ({"id": "  "}, "V_NO_ID", "no `id`"),
        ({"id": True}, "V_NO_ID", "no `id`"),
        ({"id": 1.0}, "V_NO_ID", "no `id`"),
        ({"case": ...}, "V_NO_CASE", "no `case`"),
        ({"case": ["SO-1"]}, "V_NO_CASE", "no `case`"),
        ({"activity": ...}, "V_NO_ACTIVITY", "no `activity`"),
        ({"activity": None}, "V_NO_ACTIVITY", "no `activity`"),
        ({"activity": "shp"}, "V_ACTIVITY", "unknown activity `shp`; did you mean `ship`?"),
        ({"activity": "dance"}, "V_ACTIVITY", "unknown activity `dance`: list it in a vocabulary"),
        ({"time": ...}, "V_TIME", "the event has no `time`"),
        ({"time": "soon"}, "V_TIME", "expected a time but got `soon`: write `2026-03-01T09:30+08:00`"),
        ({"time": "2026-02-30"}, "V_TIME", "expected a time but got `2026-02-30`"),
        ({"time": 20260301}, "V_TIME", "expected a time but got `20260301`"),
        ({"time": "9999-12-31T23:59-08:00"}, "V_TIME", "out of range"),
        ({"time": "0001-01-01T00:00+08:00"}, "V_TIME", "out of range"),
        ({"time": "2026-03-01T09:30"}, "V_NO_ZONE", "the time states no zone"),
        ({"time": date(2026, 3, 1)}, "V_NO_ZONE", "the time states no zone"),
        ({"id": "x" * 1001}, "V_LONG", "a text of more than 1000 characters"),
        ({"case": "x" * 1001}, "V_LONG", "a text of more than 1000 characters"),
    ],
)  # fmt: skip
def test_why_an_event_is_refused(changes, code, words):
    refused = read(**changes)
    assert isinstance(refused, Refused)
    assert refused.code == code
    assert words in refused.reason
    assert len(refused.id) <= 1000


def test_what_is_refused_is_named_as_far_as_it_is_known():
    assert read(activity="dance")[:2] == ("1", "SO-1")
    assert read(case=...)[:2] == ("1", None)
    assert read(id=...)[:2] == ("", "SO-1")
    assert len(read(id="x" * 5000).id) == 40


def test_an_attribute_under_two_names(tmp_path):
    engine = engine_with_amount(tmp_path)
    monitor = engine.monitor(zone="UTC")
    assert monitor.add({**GOOD, "amount": "1.00", "Amount": "2.00"}) == ()
    assert [one.code for one in monitor.rejected] == ["V_TWICE"]
    assert monitor.rejected[0].reason == "the event has `amount` twice, under two names"
    assert monitor.events == ()
    monitor.add({**GOOD, "amount": "1.00", "Amount": None, "金额": ""})
    assert [dict(event.attributes) for event in monitor.events] == [{"amount": "1.00"}]


def engine_with_amount(folder):
    import salesctrl

    (folder / "set.yaml").write_text(
        'pack: p\nversion: "1"\n---\nvocabulary: v\ncurrency: CNY\nkinds:\n  event:\n    fields:\n'
        "      amount: {type: money, title: {en: Amount, zh: 金额}}\nactivities:\n  ship: {}\n",
        encoding="utf-8",
    )
    return salesctrl.load(folder)


@pytest.mark.parametrize(
    ("local", "words"),
    [
        ("2026-03-29T02:30", "the local time 2026-03-29T02:30:00 did not exist in Europe/Berlin"),
        ("2026-10-25T02:30", "the local time 2026-10-25T02:30:00 was shown twice in Europe/Berlin"),
    ],
)
def test_local_times_that_clocks_skip_or_show_twice(local, words):
    refused = read("Europe/Berlin", time=local)
    assert refused.code == "V_TIME"
    assert words in refused.reason
    assert "state its offset" in refused.reason
    assert isinstance(read("Europe/Berlin", time=f"{local}+01:00"), Event)


def test_the_hours_beside_them_are_times():
    assert read("Europe/Berlin", time="2026-03-29T01:59").time == datetime(2026, 3, 29, 0, 59, tzinfo=UTC)
    assert read("Europe/Berlin", time="2026-03-29T03:00").time == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    assert read("Europe/Berlin", time="2026-10-25T03:00").time == datetime(2026, 10, 25, 2, 0, tzinfo=UTC)


def test_the_ends_of_the_calendar():
    assert "out of range" in read("Asia/Shanghai", time="0001-01-01").reason
    assert read("UTC", time="9999-12-31T23:59").on == date(9999, 12, 31)


@pytest.mark.parametrize("zone", ["Asia/Shanghai", None])
def test_a_day_of_a_time_that_states_its_zone_is_beyond_the_calendar_of_the_log(zone):
    found = read(zone, time="9999-12-31T23:59+00:00")
    if zone is None:
        assert found.on == date(9999, 12, 31)
    else:
        assert found.code == "V_TIME"
        assert "out of range" in found.reason


def test_the_day_is_that_of_the_zone_of_the_log():
    late = "2026-03-01T23:30+00:00"
    assert read(time=late).on == date(2026, 3, 1)
    assert read("Asia/Shanghai", time=late).on == date(2026, 3, 2)
    assert read("Asia/Shanghai", time=late).time == datetime(2026, 3, 1, 23, 30, tzinfo=UTC)


def test_times_of_every_form_are_one():
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    forms = [
        "2026-03-01T12:00Z", " 2026-03-01 12:00:00+00:00 ", "2026-03-01T20:00+08:00", noon,
        noon.astimezone(ZoneInfo("Asia/Shanghai")), noon.astimezone(timezone(timedelta(hours=-5))),
    ]  # fmt: skip
    assert {read("UTC", time=form).time for form in forms} == {noon}
    assert read("UTC", time="2026-03-01").time == datetime(2026, 3, 1, tzinfo=UTC)


def test_numbers_and_blanks_are_texts():
    event = read(id=17, case=4500012345, activity=" SHIPS ", person=7, role="", department="  ")
    assert (event.id, event.case, event.activity, event.person) == ("17", "4500012345", "ship", "7")
    assert (event.role, event.department) == (None, None)


def test_attributes_stay_as_they_are_given():
    event = read(amount=Decimal("1.00"), note=None, empty="", parts=[1, 2])
    assert dict(event.attributes) == {"amount": Decimal("1.00"), "parts": [1, 2]}


def test_an_event_reads_as_itself():
    event = read(person="7", amount="1.00")
    assert EventReader(KNOWN).read(event) == event


def test_zones():
    assert zone_of(None) is None
    for wrong in ("Mars/Olympus", "", "../etc/passwd", "x\0y"):
        with pytest.raises(ValueError, match="unknown time zone"):
            zone_of(wrong)


values = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.dates(), st.datetimes(),
    st.datetimes(timezones=st.timezones()), st.binary(max_size=4), st.lists(st.integers(), max_size=2),
    st.sampled_from(["ship", "发货", "2026-03-01", "2026-03-01T09:30Z"]),
)  # fmt: skip


@given(
    st.dictionaries(st.sampled_from(["id", "case", "activity", "time", "person", "on", "x"]), values),
    st.sampled_from([None, "UTC", "Asia/Shanghai", "America/Santiago"]),
)
def test_whatever_comes_is_an_event_or_is_refused(given, zone):
    read = EventReader(KNOWN, zone).read(given)
    if isinstance(read, Event):
        assert read.time.tzinfo is UTC
        assert read.id
        assert read.case
    else:
        assert read.reason


@pytest.mark.parametrize(
    ("given", "role"),
    [
        ("finance_manager", "finance_manager"),
        (" 财务部经理 ", "finance_manager"),
        ("Visitor", "Visitor"),
        ("", None),
    ],
)
def test_a_role_goes_by_its_name_whatever_the_log_calls_it(given, role):
    roles = """\
pack: p
version: "1"
---
vocabulary: v
activities:
  ship: {title: {en: Ships, zh: 发货}}
---
organisation: o
roles:
  finance_manager: {title: {en: Finance manager, zh: 财务部经理}}
---
case_control: c
events: {shipped: {activity: ship}}
rules:
  - {id: R, when: 'shipped.role == "finance_manager"', deny: true}
"""
    engine = engine_of(roles)
    event = {"id": "1", "case": "A", "activity": "ship", "role": given, "time": "2026-03-01T09:00+08:00"}
    monitor = engine.monitor(zone="Asia/Shanghai")
    monitor.add(event)
    [taken] = monitor.events
    assert taken.role == role
    found = engine.monitor_log(pl.DataFrame([event]), zone="Asia/Shanghai").findings
    assert [one.rules for one in found] == [one.rules for one in monitor.findings]
    assert any(one.rules for one in found) == (role == "finance_manager")
