"""Logs in OCEL 2.0: one file in two forms, events in several cases, and files that are none."""

import json
import sqlite3
import warnings
from contextlib import closing
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salesctrl import FactsError
from salesctrl.monitor.log_files import read_log

LOG = {
    "objectTypes": [{"name": name, "attributes": []} for name in ("order", "item", "employee")],
    "eventTypes": [
        {"name": "take order", "attributes": [{"name": "amount", "type": "float"}, {"name": "channel", "type": "string"}]},
        {"name": "ship", "attributes": []},
    ],
    "objects": [
        {"id": "o1", "type": "order"}, {"id": "o2", "type": "order"}, {"id": "i1", "type": "item"},
        {"id": "i2", "type": "item"}, {"id": "p1", "type": "employee"}, {"id": "p2", "type": "employee"},
    ],
    "events": [
        {
            "id": "e1", "type": "take order", "time": "2026-03-01T00:00:00Z",
            "attributes": [{"name": "amount", "value": 1234.5}, {"name": "channel", "value": "web"}],
            "relationships": [
                {"objectId": "o1", "qualifier": "order"}, {"objectId": "p1", "qualifier": "clerk"},
                {"objectId": "i2", "qualifier": "line"}, {"objectId": "i1", "qualifier": "line"},
            ],
        },
        {
            "id": "e2", "type": "ship", "time": "2026-03-02T00:00:00Z",
            "relationships": [
                {"objectId": "o1", "qualifier": "of"}, {"objectId": "o2", "qualifier": "of"}, {"objectId": "o1", "qualifier": "again"},
            ],
        },
        {"id": "e3", "type": "ship", "time": "2026-03-03T00:00:00Z", "relationships": [{"objectId": "i1", "qualifier": ""}]},
        {
            "id": "e4", "type": "ship", "time": "2026-03-04T00:00:00Z",
            "relationships": [{"objectId": o, "qualifier": ""} for o in ("o2", "p1", "p2")],
        },
    ],
}  # fmt: skip


def as_json(tmp_path, log=LOG, name="log.jsonocel"):
    path = tmp_path / name
    path.write_text(json.dumps(log, ensure_ascii=False), "utf-8")
    return path


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def short(number):
    """What a table of attributes is called: any name will do if it is quoted."""
    return f'T" {number}'


def as_sqlite(tmp_path, log=LOG, name="log.sqlite", also=()):
    """As the standard lays it down: a table of attributes for each type of events."""
    path = tmp_path / name
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as database, database:
        run = database.execute
        run("CREATE TABLE event (ocel_id TEXT, ocel_type TEXT)")
        run("CREATE TABLE event_map_type (ocel_type TEXT, ocel_type_map TEXT)")
        run("CREATE TABLE object (ocel_id TEXT, ocel_type TEXT)")
        run("CREATE TABLE object_map_type (ocel_type TEXT, ocel_type_map TEXT)")
        run("CREATE TABLE event_object (ocel_event_id TEXT, ocel_object_id TEXT, ocel_qualifier TEXT)")
        run("CREATE TABLE object_object (ocel_source_id TEXT, ocel_target_id TEXT, ocel_qualifier TEXT)")
        for number, kind in enumerate(log["eventTypes"]):
            run("INSERT INTO event_map_type VALUES (?, ?)", (kind["name"], short(number)))
            columns = "".join(f", {quoted(one['name'])}" for one in kind["attributes"])
            table = quoted("event_" + short(number))
            run(f"CREATE TABLE {table} (ocel_id TEXT, ocel_time TEXT{columns})")
        of_kinds = sorted({thing["type"] for thing in log["objects"]})
        for number, kind in enumerate(of_kinds):
            run("INSERT INTO object_map_type VALUES (?, ?)", (kind, f"O{number}"))
            run(f"CREATE TABLE object_O{number} (ocel_id TEXT, ocel_time TEXT, ocel_changed_field TEXT)")
        for thing in log["objects"]:
            run("INSERT INTO object VALUES (?, ?)", (thing["id"], thing["type"]))
            row = (thing["id"], "1970-01-01 00:00:00")
            run(f"INSERT INTO object_O{of_kinds.index(thing['type'])} VALUES (?, ?, NULL)", row)
        kinds = {kind["name"]: (number, kind) for number, kind in enumerate(log["eventTypes"])}
        for one in log["events"]:
            run("INSERT INTO event VALUES (?, ?)", (one["id"], one["type"]))
            number, kind = kinds[one["type"]]
            values = {given_["name"]: given_["value"] for given_ in one.get("attributes", [])}
            row = [one["id"], one["time"], *(values.get(a["name"]) for a in kind["attributes"])]
            table = quoted("event_" + short(number))
            run(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)
            for link in one.get("relationships", []):
                run(
                    "INSERT INTO event_object VALUES (?, ?, ?)",
                    (one["id"], link["objectId"], link["qualifier"]),
                )
        for statement in also:
            run(statement)
    return path


FORMS = pytest.mark.parametrize("write", [as_json, as_sqlite], ids=["json", "sqlite"])


@FORMS
def test_a_log(tmp_path, write):
    log = read_log(write(tmp_path), case_of="order")
    assert log.frame.columns == [
        "id", "case", "activity", "time", "on", "person", "role", "department", "amount", "channel", "object:item", "row",
    ]  # fmt: skip
    first = datetime(2026, 3, 1, tzinfo=UTC)
    assert log.frame.drop("role", "department").rows() == [
        ("e1", "o1", "take order", first, date(2026, 3, 1), "p1", "1234.5", "web", "i1, i2", 1),
        ("e2#o1", "o1", "ship", first.replace(day=2), date(2026, 3, 2), None, None, None, None, 2),
        ("e2#o2", "o2", "ship", first.replace(day=2), date(2026, 3, 2), None, None, None, None, 2),
    ]
    assert log.rejected.rows() == [
        (3, "e3", "V_NO_CASE", "there is no case"), (4, "e4", "V_PERSONS", "it touches several persons"),
    ]  # fmt: skip


@FORMS
def test_another_type_of_cases(tmp_path, write):
    log = read_log(
        write(tmp_path), case_of="item", columns={"object:order": "order"}, attributes={"order": "text"}
    )
    assert log.frame.select("id", "case", "order").rows() == [
        ("e1#i2", "i2", "o1"),
        ("e1#i1", "i1", "o1"),
        ("e3", "i1", None),
    ]


@FORMS
def test_the_type_of_cases_is_chosen_where_there_are_several(tmp_path, write):
    with pytest.raises(FactsError) as error:
        read_log(write(tmp_path))
    assert str(error.value).partition(": ")[2] == (
        "there are objects of several types: `item` (2 events), `order` (3 events) [F_CASE]\n"
        '  help: say which are the cases: `case_of="order"`'
    )
    with pytest.raises(
        FactsError, match=r"no objects of the type `ordr` \[F_CASE\]\n  help: did you mean `order`\?"
    ):
        read_log(write(tmp_path), case_of="ordr")
    one = {**LOG, "objects": [thing for thing in LOG["objects"] if thing["type"] != "item"]}
    log = read_log(write(tmp_path, one))
    assert log.frame["case"].to_list() == ["o1", "o1", "o2"]
    assert log.notices[0] == "events touch objects that are not there: `i2`, `i1`"
    with pytest.raises(FactsError, match="no objects that could be cases"):
        read_log(write(tmp_path, {**LOG, "objects": []}))


@FORMS
@pytest.mark.parametrize("name", ["employee", "Employees", "org:resource", "人员", "User"])
def test_types_of_objects_that_are_persons(tmp_path, write, name):
    things = [{**thing, "type": name} if thing["type"] == "employee" else thing for thing in LOG["objects"]]
    log = read_log(write(tmp_path, {**LOG, "objects": things}), case_of="order")
    assert log.frame["person"].to_list() == ["p1", None, None]
    assert f"object:{name}" not in log.frame.columns


@FORMS
def test_who_did_it_may_stand_in_an_attribute(tmp_path, write):
    kinds = [
        {"name": "pay", "attributes": [{"name": name} for name in ("resource", "role", "time", "event")]}
    ]
    values = [{"name": name, "value": name[0]} for name in ("resource", "role", "time", "event")]
    event = {"id": "e", "type": "pay", "time": "2026-03-01T00:00:00Z", "attributes": values}
    event["relationships"] = [{"objectId": "o", "qualifier": ""}]
    log = read_log(
        write(tmp_path, {"eventTypes": kinds, "objects": [{"id": "o", "type": "order"}], "events": [event]})
    )
    assert log.frame.select("person", "role", "source:time", "source:event").rows() == [("r", "r", "t", "e")]


@FORMS
def test_values_of_types(tmp_path, write):
    kinds = [{"name": "pay", "attributes": [{"name": name} for name in "abc"]}]
    rows = [(1, "x", 2), (2, 5, 0.1), (None, None, 10**12)]
    events = [
        {"id": str(i), "type": "pay", "time": "2026-03-01T00:00:00Z", "relationships": [{"objectId": "o", "qualifier": ""}],
         "attributes": [{"name": name, "value": value} for name, value in zip("abc", row, strict=True)]}
        for i, row in enumerate(rows)
    ]  # fmt: skip
    log = read_log(
        write(tmp_path, {"eventTypes": kinds, "objects": [{"id": "o", "type": "order"}], "events": events})
    )
    assert log.frame.select("a", "b", "c").rows() == [
        (1, "x", "2"),
        (2, "5", "0.1"),
        (None, None, "1000000000000"),
    ]


@FORMS
def test_events_of_one_id(tmp_path, write):
    log = {
        **LOG,
        "events": [LOG["events"][0], {**LOG["events"][0], "time": "2026-03-05T00:00:00Z"}, LOG["events"][0]],
    }
    found = read_log(write(tmp_path, log), case_of="order")
    assert found.frame["id"].to_list() == ["e1"]
    assert [row[:3] for row in found.rejected.rows()] == [(2, "e1", "V_SAME_ID"), (3, "e1", "V_DUPLICATE")]


# --- JSON -----------------------------------------------------------------------------------------------


def test_numbers_of_json_are_exact(tmp_path):
    path = as_json(tmp_path)
    path.write_text(path.read_text("utf-8").replace("1234.5", "0.10000000000000000001"), "utf-8")
    assert read_log(path, case_of="order").frame["amount"][0] == "0.10000000000000000001"


def test_events_of_json_that_are_none(tmp_path):
    good = LOG["events"][0]
    events = [
        7, {**good, "id": None}, {**good, "id": "x", "type": None}, {**good, "id": "y", "time": 5}, {**good, "id": "a", "attributes": {}},
        {**good, "id": "b", "relationships": "o1"}, {**good, "id": "c", "relationships": [{"objectId": "o1"}, {}]},
        {"id": "d", "type": "ship"},
    ]  # fmt: skip
    log = read_log(as_json(tmp_path, {**LOG, "events": events}), case_of="order")
    assert log.frame["id"].to_list() == ["row 2"]
    assert [(row, code) for row, _, code, _ in log.rejected.rows()] == [
        (1, "V_CELLS"), (3, "V_NO_ACTIVITY"), (4, "V_TIME"), (5, "V_CELLS"), (6, "V_CELLS"), (7, "V_CELLS"), (8, "V_NO_CASE"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (b'{"events": [', "not JSON"),
        (b"[1]", "expected a log in OCEL 2.0"),
        (b'{"ocel:events": {}, "ocel:objects": {}}', r"expected a log.*\n  help: it is OCEL 1.0"),
        ('{"events": "é"}'.encode("latin-1"), "not UTF-8"),
        (b'{"events": [], "objects": [{"id": "o"}]}', r"objects\[0\]: expected an object with texts"),
        (
            b'{"events": [], "objects": [{"id": "o", "type": "a"}, {"id": "o", "type": "b"}]}',
            "`o` is there with two types",
        ),
        (b'{"events": [], "events": []}', "`events` is given twice"),
        (b'{"events": [NaN]}', "NaN"),
        (b'{"events": ' + b"[" * 100_000, "log.json"),
    ],
)
def test_json_that_cannot_be_read(tmp_path, content, words):
    path = tmp_path / "log.json"
    path.write_bytes(content)
    with pytest.raises(FactsError, match=rf"^log\.json: .*{words}" if words != "log.json" else words):
        read_log(path)


# --- SQLite ---------------------------------------------------------------------------------------------


def test_a_database_is_only_read(tmp_path):
    path = as_sqlite(tmp_path, name="a ?#%20.sqlite")
    before = path.read_bytes()
    path.chmod(0o400)
    assert read_log(path, case_of="order").frame.height == 3
    assert path.read_bytes() == before
    assert [other.name for other in tmp_path.iterdir()] == [path.name]


def test_events_that_stand_in_one_table_only(tmp_path):
    also = [
        "INSERT INTO event VALUES ('lone', 'ship')",
        "INSERT INTO event_object VALUES ('lone', 'o1', '')",
        "INSERT INTO event_object VALUES ('other', 'o1', '')",
        f"INSERT INTO {quoted('event_' + short(1))} VALUES ('other', '2026-03-09T00:00:00Z')",
    ]
    log = read_log(as_sqlite(tmp_path, also=also), case_of="order")
    assert log.rejected.rows()[-1][:3] == (5, "lone", "V_NO_TIME")
    assert log.frame.select("id", "case", "activity", "row").rows()[-1] == ("other", "o1", "ship", 6)


@pytest.mark.parametrize(
    ("also", "words"),
    [
        (
            ["DROP TABLE event_object", "DROP TABLE object"],
            "not OCEL 2.0: there is no table `event_object`, no table `object`",
        ),
        (["ALTER TABLE event RENAME ocel_type TO type"], "there is no column `ocel_type` in `event`"),
        (["INSERT INTO event_map_type VALUES ('x', 'X')"], "there is no table `event_X`"),
        (
            ["CREATE TABLE event_X (ocel_id TEXT)", "INSERT INTO event_map_type VALUES ('x', 'X')"],
            "no column `ocel_time` in `event_X`",
        ),
        (["INSERT INTO event VALUES (CAST(X'ff' AS TEXT), 'ship')"], r"a text is not UTF-8.*\[F_ENCODING\]"),
    ],
)
def test_databases_of_something_else(tmp_path, also, words):
    with pytest.raises(FactsError, match=rf"^log\.sqlite: .*{words}"):
        read_log(as_sqlite(tmp_path, also=also), case_of="order")


@pytest.mark.parametrize("keep", [0, 10, 5000, -4096, -1])
def test_databases_that_are_cut_short(tmp_path, keep):
    path = as_sqlite(tmp_path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(FactsError, match=r"^log\.sqlite: not "):
        read_log(path, case_of="order")


def test_a_database_that_is_damaged_inside(tmp_path):
    path = as_sqlite(tmp_path)
    content = bytearray(path.read_bytes())
    content[4096 * 2 : 4096 * 2 + 200] = b"\xff" * 200
    path.write_bytes(content)
    with pytest.raises(FactsError, match=r"^log\.sqlite: not "):
        read_log(path, case_of="order")


# --- laws -----------------------------------------------------------------------------------------------

IDS = st.sampled_from(["e", "f", "g", "é"])
EVENTS = st.lists(
    st.fixed_dictionaries(
        {
            "id": IDS, "type": st.sampled_from(["ship", "take order"]),
            "time": st.sampled_from(["2026-03-01T00:00:00Z", "2026-03-01 10:00:00", "soon", None]),
            "relationships": st.lists(
                st.sampled_from(["o1", "o2", "i1", "p1", "p2", "gone"]).map(lambda thing: {"objectId": thing, "qualifier": "q"}), max_size=4
            ),
        }
    ),
    max_size=6,
)  # fmt: skip


@settings(max_examples=60)
@given(events=EVENTS)
def test_both_forms_say_the_same_and_lose_nothing(tmp_path_factory, events):
    folder = tmp_path_factory.mktemp("ocel")
    distinct = {event["id"]: event for event in events}
    log = read_log(as_json(folder, {**LOG, "events": events}), case_of="order", zone="UTC")
    assert {*log.frame["row"], *log.rejected["row"]} == set(range(1, len(events) + 1))
    assert log.frame["id"].is_unique().all()
    for event in log.frame.rows(named=True):
        assert {"objectId": event["case"], "qualifier": "q"} in events[event["row"] - 1]["relationships"]
    once = list(distinct.values())
    logs = [
        read_log(write(folder, {**LOG, "events": once}), case_of="order", zone="UTC")
        for write in (as_json, as_sqlite)
    ]
    shared = ["id", "case", "activity", "time", "on", "person", "row"]
    assert logs[0].frame.select(shared).rows() == logs[1].frame.select(shared).rows()
    assert logs[0].rejected.rows() == logs[1].rejected.rows()


@FORMS
def test_it_is_read_as_pm4py_reads_it(tmp_path, write):
    pm4py = pytest.importorskip("pm4py", reason="compares with pm4py, which is not installed")
    log = {**LOG, "events": LOG["events"][:3]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = pm4py.read_ocel2(str(write(tmp_path, log)))
        flat = pm4py.ocel_flattening(theirs, "order")
        from_frame = read_log(flat, zone="UTC").frame
    ours = read_log(write(tmp_path, log), case_of="order").frame
    shared = ["case", "activity", "time"]
    assert ours.select(shared).sort(shared).rows() == from_frame.select(shared).sort(shared).rows()
