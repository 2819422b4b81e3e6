"""Event logs from tables: each row is an event, or is rejected with a reason."""

import io
import json
import re
from datetime import UTC, date, datetime
from decimal import Decimal

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.documentation import ROOT

from salesctrl import FactsError
from salesctrl.monitor.log_columns import FIELDS, NAMES, XES_NAMES
from salesctrl.monitor.log_files import read_log
from salesctrl.monitor.model import Event
from salesctrl.policy.types import TEXT, list_of, money

SHANGHAI = "Asia/Shanghai"
CSV = """事件编号,单号,步骤,时间,操作人,岗位,部门,金额
e1,SO-1,接单,2026-03-01 09:00,120,sales,华东,"1,234.50"
e2,SO-1,发货,2026/3/2 0:30,,,,
e3,SO-2,接单,2026-03-02T08:00:00+00:00,130,sales,华东,x
"""
ROWS = [
    ("e1", "SO-1", "接单", datetime(2026, 3, 1, 1, tzinfo=UTC), date(2026, 3, 1), "120", "sales", "华东", "1,234.50", 1),
    ("e2", "SO-1", "发货", datetime(2026, 3, 1, 16, 30, tzinfo=UTC), date(2026, 3, 2), None, None, None, None, 2),
    ("e3", "SO-2", "接单", datetime(2026, 3, 2, 8, tzinfo=UTC), date(2026, 3, 2), "130", "sales", "华东", "x", 3),
]  # fmt: skip
COLUMNS = ["id", "case", "activity", "time", "on", "person", "role", "department", "金额", "row"]


@pytest.fixture
def write(tmp_path):
    def write_(content, name="log.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_


def frame():
    return pl.read_csv(io.StringIO(CSV), infer_schema=False)


def table(*rows, **more):
    names = ("id", "case", "activity", "time", *more)
    return pl.DataFrame(
        [dict(zip(names, row, strict=True)) for row in rows], schema=dict.fromkeys(names, pl.String)
    )


def said(log):
    return log.rejected.rows()


# --- where it comes from --------------------------------------------------------------------------------


def sources(tmp_path):
    (tmp_path / "log.csv").write_text(CSV, "utf-8")
    (tmp_path / "bom.csv").write_text("\ufeff" + CSV.replace("\n", "\r\n"), "utf-8")
    frame().write_parquet(tmp_path / "log.parquet")
    (tmp_path / "folder").mkdir()
    frame()[:1].write_parquet(tmp_path / "folder" / "1.parquet")
    frame()[1:].write_parquet(tmp_path / "folder" / "2.parquet")
    yield from (tmp_path / name for name in ("log.csv", "bom.csv", "log.parquet", "folder"))
    yield str(tmp_path / "log.csv")
    yield frame()
    yield frame().lazy()
    yield frame().to_arrow()
    yield frame().to_arrow().to_batches()[0]
    yield frame().to_arrow().to_reader()
    yield frame().to_pandas()
    yield frame().to_pandas(use_pyarrow_extension_array=True)
    yield frame().to_pandas().astype(object)
    yield frame().with_columns(pl.col("步骤", "岗位").cast(pl.Categorical))


def test_a_log_is_the_same_wherever_it_comes_from(tmp_path):
    for source in sources(tmp_path):
        log = read_log(source, zone=SHANGHAI)
        assert log.frame.columns == COLUMNS
        assert log.frame.rows() == ROWS, type(source)
        assert log.frame.schema["time"] == pl.Datetime("us", "UTC")
        assert log.rejected.height == log.unread.height == 0
        assert log.columns["case"] == "单号"


def test_excel(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["Case ID", "Activity", "Timestamp", "User", "amount"])
    book.active.append([4711, "pay", datetime.fromisoformat("2026-03-01T09:00:00"), 120, 1.5])
    book.active.append(["4712", "pay", "2026-03-01 09:00", "130", None])
    book.active.append([4713, "pay", 46082.375, None, None])
    book.active.append([4714, "pay", date(2026, 3, 1), None, None])
    other = book.create_sheet("other")
    other.append(["case"])
    book.save(tmp_path / "log.xlsx")
    book.close()
    log = read_log(tmp_path / "log.xlsx", zone=SHANGHAI)
    nine = datetime(2026, 3, 1, 1, tzinfo=UTC)
    assert log.frame.select("case", "time", "person", "amount", "row").rows() == [
        ("4711", nine, "120", 1.5, 1), ("4712", nine, "130", None, 2),
        ("4714", datetime(2026, 2, 28, 16, tzinfo=UTC), None, None, 4),
    ]  # fmt: skip
    assert said(log) == [
        (3, "3", "V_TIME", "expected a time such as `2026-03-01T10:00:00+08:00` but got `46082.375`")
    ]
    with pytest.raises(FactsError, match="no column holds the `activity`"):
        read_log(tmp_path / "log.xlsx", sheet="other")


def test_numbers_as_cases_and_persons():
    log = read_log(
        pd.DataFrame(
            {
                "case": [1001.0, None, 1003.5],
                "activity": [1, 2, 3],
                "time": pd.Timestamp("2026-03-01", tz="UTC"),
            }
        )
    )
    assert log.frame.select("case", "activity").rows() == [("1001", "1"), ("1003.5", "3")]
    assert [code for _, _, code, _ in said(log)] == ["V_NO_CASE"]
    decimal = pl.DataFrame(
        {"case": [Decimal("1001.00")], "activity": [True], "time": ["2026-03-01T00:00:00Z"]}
    )
    assert read_log(decimal).frame.select("case", "activity").rows() == [("1001", "true")]


def test_columns_are_mapped_and_only_those_that_are_wanted_are_read(write):
    path = write("Belegnr,Vorgang,Zeit,Betrag,Notiz\nB-1,Zahlung,2026-03-01T00:00:00Z,5,x\n")
    columns = {"Belegnr": "case", "Vorgang": "activity", "Zeit": "time", "Betrag": "amount"}
    log = read_log(path, columns=columns, attributes={"amount": "integer"})
    assert log.frame.select("case", "activity", "amount").rows() == [("B-1", "Zahlung", 5)]
    assert log.notices[-1] == "not read: `Notiz`"
    with pytest.raises(FactsError, match=r"log\.csv: no column holds the `case` \[F_COLUMN\]"):
        read_log(path)
    failing = pl.LazyFrame({**{name: ["A"] for name in columns}, "bad": [1]}).with_columns(
        pl.col("bad").map_batches(lambda _: 1 / 0, return_dtype=pl.Int64)
    )
    read_log(failing, columns=columns, attributes={"amount": "text"})


def test_events_one_by_one():
    log = read_log(frame(), zone=SHANGHAI)
    events = list(log.events())
    id_, case, activity, time, on, person, role, department, amount, _ = ROWS[0]
    assert events[0] == Event(id_, case, activity, time, on, person, role, department, {"金额": amount})
    assert [event.id for event in events] == ["e1", "e2", "e3"]


# --- what is rejected -----------------------------------------------------------------------------------


def test_reasons():
    log = read_log(
        table(
            ("1", "A", "pay", "2026-03-29 01:00:00"),
            ("2", " ", "pay", "2026-03-29 01:00:00"),
            ("3", "A", None, "soon"),
            ("4", "A", "pay", None),
            ("5", "A", "pay", "soon " + "x" * 100),
            ("6", "A", "pay", "2026-03-29 02:30:00"),
            ("7", "A", "pay", "2026-10-25 02:30:00"),
        ),
        zone="Europe/Berlin",
    )
    assert log.frame["row"].to_list() == [1]
    assert said(log) == [
        (2, "2", "V_NO_CASE", "there is no case"),
        (3, "3", "V_NO_ACTIVITY", "there is no activity"),
        (4, "4", "V_NO_TIME", "there is no time"),
        (5, "5", "V_TIME", f"expected a time such as `2026-03-01T10:00:00+08:00` but got `soon {'x' * 55}…`"),
        (
            6,
            "6",
            "V_SKIPPED",
            "the time `2026-03-29 02:30:00` never was: the clocks were put forward over it",
        ),
        (7, "7", "V_TWICE", "the time `2026-10-25 02:30:00` was twice: the clocks were put back"),
    ]


def test_times_without_a_zone():
    rows = [
        ("1", "A", "pay", "2026-03-01 10:00"),
        ("2", "A", "pay", "2026-03-01T10:00:00Z"),
        ("3", "A", "pay", "2026-03-01"),
    ]
    log = read_log(table(*rows))
    assert said(log) == [
        (1, "1", "V_NO_ZONE", "the time `2026-03-01 10:00` has no zone"),
        (3, "3", "V_NO_ZONE", "the time `2026-03-01` has no zone"),
    ]
    with pytest.raises(
        FactsError,
        match=r'no time in the column `time` has a zone \[F_ZONE\]\n  help: .*zone="Asia/Shanghai"',
    ):
        read_log(table(rows[0], rows[2], ("4", "A", "pay", "soon")))
    assert read_log(table(("4", "A", "pay", "soon"))).rejected.height == 1


def test_ids():
    noon, one = "2026-03-01T12:00:00Z", "2026-03-01T13:00:00Z"
    log = read_log(
        table(
            ("a", "A", "pay", noon),
            ("a", "A", "pay", noon),
            ("a", "A", "pay", one),
            ("b", "A", "pay", "soon"),
            ("b", "A", "pay", noon),
            (None, "A", "pay", noon),
            (None, "A", "pay", noon),
        )
    )
    assert log.frame["id"].to_list() == ["a", "b", "row 6", "row 7"]
    assert [row[:3] for row in said(log)] == [
        (2, "a", "V_DUPLICATE"),
        (3, "a", "V_SAME_ID"),
        (4, "b", "V_TIME"),
    ]
    assert [row[3] for row in said(log)][:2] == [
        "the same as row 1",
        "row 1 is another event with the id `a`",
    ]


def test_without_a_column_of_ids_equal_rows_are_different_events():
    log = read_log(table(("a", "A", "pay", "2026-03-01T12:00:00Z")).drop("id")[[0, 0]])
    assert log.frame["id"].to_list() == ["1", "2"]
    assert log.rejected.height == 0


def test_rows_that_differ_in_an_attribute_are_different():
    rows = [("a", "A", "pay", "2026-03-01T12:00:00Z", amount) for amount in ("1", "2", None, None)]
    log = read_log(table(*rows, amount=None))
    assert [code for _, _, code, _ in said(log)] == ["V_SAME_ID"] * 3
    log = read_log(table(*rows[2:], amount=None))
    assert [code for _, _, code, _ in said(log)] == ["V_DUPLICATE"]


def test_rows_of_a_file_that_cannot_be_read(write):
    head = b"id,case,activity,time\n"
    log = read_log(
        write(head + b"1,A,pay,2026-03-01T12:00:00Z\n2,A,pay\n3,\xd6,pay,2026-03-01T12:00:00Z\n4,A,pay,x,y\n")
    )
    assert log.frame["row"].to_list() == [1]
    assert said(log) == [
        (2, "row 2", "V_CELLS", "expected 4 cells, as many as columns, but got 3 (line 3)"),
        (3, "3", "V_ENCODING", "the cell of the column `case` is not UTF-8 (line 4)"),
        (4, "row 4", "V_CELLS", "expected 4 cells, as many as columns, but got 5 (line 5)"),
    ]


def test_cells_that_are_no_texts():
    class Odd:
        def __str__(self):
            raise RuntimeError

    cases = pl.Series("case", [b"\xff", b"ok", "\ud800", Odd(), "A"], dtype=pl.Object)
    log = read_log(
        pl.DataFrame([cases]).with_columns(activity=pl.lit("pay"), time=pl.lit("2026-03-01T12:00:00Z"))
    )
    assert log.frame["case"].to_list() == ["ok", "A"]
    assert [(row, code) for row, _, code, _ in said(log)] == [
        (1, "V_ENCODING"),
        (3, "V_ENCODING"),
        (4, "V_ENCODING"),
    ]


# --- attributes -----------------------------------------------------------------------------------------


def test_attributes_of_types(write):
    path = write(
        "id,case,activity,time,amount,rate,day,when,paid,count\n"
        'a,A,pay,2026-03-01T12:00:00Z,"1,234.50",5%,2026/3/1,2026-03-01 10:00,是,3\n'
        "b,A,pay,2026-03-01T12:00:00Z,1.505,x,tomorrow,soon,perhaps,3.5\n"
        "c,A,pay,2026-03-01T12:00:00Z,,,,,,\n"
        "d,A,pay,soon,x,x,x,x,x,x\n"
    )
    types = {
        "amount": money("CNY"), "rate": "rate", "day": "date", "when": "instant", "paid": "boolean", "count": "integer",
    }  # fmt: skip
    log = read_log(path, zone=SHANGHAI, attributes=types)
    assert log.frame.select(*types).rows() == [
        (
            Decimal("1234.50"),
            Decimal("0.0500"),
            date(2026, 3, 1),
            datetime(2026, 3, 1, 2, tzinfo=UTC),
            True,
            3,
        ),
        (None,) * 6,
        (None,) * 6,
    ]
    assert log.frame["id"].to_list() == ["a", "b", "c"]
    assert log.unread.select("row", "id", "attribute").rows() == [(2, "b", name) for name in types]
    assert log.unread["reason"].to_list()[0] == "expected at most 2 decimals but got 3 in `1.505`"
    assert log.unread["reason"].to_list()[3] == "expected a time with its zone but got `soon`"


def test_attributes_as_they_are_found():
    more = pl.DataFrame(
        [
            pl.Series("n", [1, None]),
            pl.Series("x", [1.5, 2.0]),
            pl.Series("mixed", [1, "b"], dtype=pl.Object),
            pl.Series("day", [date(2026, 3, 1), None]),
            pl.Series("bytes", [b"\xff", b"ok"]),
        ]
    )
    base = table(*[(id_, "A", "pay", "2026-03-01T12:00:00Z") for id_ in "ab"])
    log = read_log(base.hstack(more))
    names = more.columns
    assert log.frame.select(names).rows() == [
        (1, 1.5, "1", date(2026, 3, 1), None),
        (None, 2.0, "b", None, "ok"),
    ]
    assert log.unread.rows() == [(1, "a", "bytes", "F_ENCODING", "not a text in UTF-8")]
    gaps = read_log(base.to_pandas().assign(x=[1.5, None])).frame
    assert gaps["x"].to_list() == [1.5, None]


def test_types_that_are_none():
    with pytest.raises(FactsError, match="amount: unknown type `monny` for the attribute"):
        read_log(frame(), attributes={"amount": "monny"})
    with pytest.raises(FactsError, match="lines: an attribute cannot be a list"):
        read_log(frame(), attributes={"lines": list_of(TEXT)})
    with pytest.raises(FactsError, match=r"no column holds the attribute `amount`.*\[F_COLUMN\]"):
        read_log(frame(), attributes={"amount": "money"})


# --- files that cannot be read --------------------------------------------------------------------------


def parquet():
    out = io.BytesIO()
    pq.write_table(frame().to_arrow(), out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", b"", "a row with the names of the columns but got nothing"),
        ("a.csv", "单号,步骤,时间\n1,2,3\n".encode("gb18030"), "the names of the columns are not UTF-8"),
        ("a.csv", b'case,activity,time\n1,2,3\n"4\n', "not CSV from line 3 on"),
        ("a.parquet", b"", "not Parquet"),
        ("a.parquet", parquet()[:-20], "not Parquet"),
        ("a.xlsx", b"PK", "not a file of Excel"),
        ("a.txt", b"x", "expected a name that ends in .csv"),
        ("a.xmlocel", b"<log/>", r"expected a name.*\[F_FILE\]\n  help: OCEL in XML is not read"),
    ],
)
def test_files_that_cannot_be_read(write, name, content, words):
    with pytest.raises(FactsError, match=f"^{name}: .*{words}"):
        read_log(write(content, name))


def test_a_file_that_is_not_there(tmp_path):
    for name in ("a.csv", "a.xes", "a.sqlite", "a.json"):
        with pytest.raises(FactsError, match=f"{name}: cannot be read: no such file"):
            read_log(tmp_path / name)
    with pytest.raises(FactsError, match="expected a frame but got a value of type `list`"):
        read_log([1])
    with pytest.raises(FactsError, match="F_ZONE"):
        read_log(tmp_path / "a.csv", zone="Mars")


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx", "a.xes", "a.xes.gz", "a.json", "a.sqlite"])
def test_a_folder_of_such_a_name(tmp_path, name):
    (tmp_path / name).mkdir()
    with pytest.raises(FactsError, match=f"^{name}: "):
        read_log(tmp_path / name)


def test_a_log_without_rows(write):
    log = read_log(write("case,activity,time,amount\n"), attributes={"amount": "money"})
    assert log.frame.height == log.rejected.height == 0
    assert log.frame.schema["time"] == pl.Datetime("us", "UTC")
    assert repr(log) == "EventLog(0 events in 0 cases, 0 rejected)"
    assert list(log.events()) == []


def test_files_of_one_folder_with_columns_of_several_types(tmp_path):
    base = table(("1", "A", "pay", "2026-03-01T12:00:00Z")).drop("id")
    for number, value in enumerate(
        [pl.Series("n", [1]), pl.Series("n", ["x"]), pl.Series("n", [None], dtype=pl.Int64)]
    ):
        base.hstack([value]).write_parquet(tmp_path / f"{number}.parquet")
    assert read_log(tmp_path).frame["n"].to_list() == ["1", "x", None]
    huge = pa.array([Decimal("1e45")], pa.decimal256(50, 2))
    pq.write_table(base.to_arrow().append_column("n", huge), tmp_path / "3.parquet")
    assert read_log(tmp_path).frame["n"].to_list()[:3] == ["1", "x", None]


# --- laws -----------------------------------------------------------------------------------------------

CELLS = st.none() | st.sampled_from(["", " ", "A", "B", "é", "x,y", '"', "a\nb", "\u3000", "NULL"])
TIMES = st.none() | st.sampled_from(
    [
        "2026-03-01",
        "2026-03-01 10:00",
        "2026-03-01T10:00:00Z",
        "2026-03-29 02:30:00",
        "soon",
        "",
        "2026/3/1 1:05",
    ]
)
LOGS = st.lists(st.tuples(CELLS, CELLS, CELLS, TIMES, CELLS), max_size=8)


def is_partition(log, count):
    rows = [*log.frame["row"], *log.rejected["row"]]
    assert sorted(rows) == list(range(1, count + 1))
    assert log.frame["row"].is_sorted()
    assert log.rejected["row"].is_sorted()
    assert log.frame.select("id", "case", "activity", "time", "on").null_count().sum_horizontal().item() == 0
    assert log.frame["id"].is_unique().all()
    assert log.rejected.null_count().sum_horizontal().item() == 0


@given(rows=LOGS, ids=st.booleans(), kind=st.sampled_from(["csv", "parquet", "pandas", "objects"]))
def test_every_row_is_an_event_or_is_rejected(tmp_path_factory, rows, ids, kind):
    names = ["id", "case", "activity", "time", "note"]
    given_ = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    given_ = given_ if ids else given_.drop("id")
    folder = tmp_path_factory.mktemp("log")
    if kind == "csv":
        given_.write_csv(folder / "a.csv")
        source = folder / "a.csv"
    elif kind == "parquet":
        given_.write_parquet(folder / "a.parquet")
        source = folder / "a.parquet"
    else:
        source = given_.to_pandas() if kind == "pandas" else given_.to_pandas().astype(object)
    log = read_log(source, zone="Europe/Berlin")
    is_partition(log, len(rows))
    plain = read_log(given_, zone="Europe/Berlin")
    if kind != "csv":  # which cannot tell an empty text from none
        assert log.frame.equals(plain.frame)
    assert log.rejected.select("row", "code").equals(plain.rejected.select("row", "code"))


@given(lines=st.lists(st.sampled_from([
    "1,A,pay,2026-03-01T10:00:00Z", "2,A,pay", ",,,", "1,A,pay,2026-03-01T10:00:00Z,5", '"2","A","p\nay",2026-03-01T10:00:00Z',
    "3,\udcd6,pay,2026-03-01T10:00:00Z", "3,A,pay,soon",
])))  # fmt: skip
def test_lines_of_csv_of_all_kinds(tmp_path_factory, lines):
    path = tmp_path_factory.mktemp("log") / "a.csv"
    path.write_bytes("\n".join(["id,case,activity,time", *lines]).encode(errors="surrogateescape"))
    is_partition(read_log(path), len(lines))


@given(
    st.lists(
        st.tuples(
            *[
                st.none()
                | st.integers(0, 2)
                | st.floats()
                | st.booleans()
                | st.dates()
                | st.text(max_size=1)
                | st.binary(max_size=1)
            ]
            * 4
        ),
        max_size=5,
    )
)
def test_objects_of_all_kinds(rows):
    """In columns of objects, and in what pandas makes of them."""
    names = ["id", "case", "activity", "time"]
    columns = [pl.Series(name, [row[i] for row in rows], dtype=pl.Object) for i, name in enumerate(names)]
    is_partition(read_log(pl.DataFrame(columns), zone=SHANGHAI), len(rows))
    made = pd.DataFrame(rows, columns=names) if rows else pd.DataFrame(columns=names)
    is_partition(read_log(made, zone=SHANGHAI), len(rows))


def test_types_of_arrow_of_all_kinds():
    values = {
        "null": pa.nulls(1), "int": pa.array([1]), "list": pa.array([[1]]), "struct": pa.array([{"a": 1}]),
        "time": pa.array([datetime(2026, 3, 1, tzinfo=UTC)], pa.timestamp("s", "UTC")),
        "decimal": pa.array([Decimal("1.50")], pa.decimal256(50, 2)), "dictionary": pa.array(["a"]).dictionary_encode(),
        "large": pa.array(["a"], pa.large_string()), "duration": pa.array([5], pa.duration("s")),
    }  # fmt: skip
    for name, column in values.items():
        for field in ("case", "activity", "time", "note"):
            whole = {
                "case": pa.array(["A"]),
                "activity": pa.array(["pay"]),
                "time": pa.array(["2026-03-01T00:00:00Z"]),
            }
            log = read_log(pa.table({**whole, field: column}))
            assert log.frame.height + log.rejected.height == 1, (name, field)


def test_what_is_written_is_json_too():
    log = read_log(pl.DataFrame({"case": [{"a": 1}], "activity": [["x"]], "time": ["2026-03-01T00:00:00Z"]}))
    assert [json.loads(log.frame[name][0]) for name in ("case", "activity")] == [{"a": 1}, ["x"]]


# --- the guide ------------------------------------------------------------------------------------------

GUIDE = (ROOT / "docs" / "guide" / "event-logs.md").read_text("utf-8")


def test_the_guide_knows_the_names_of_the_fields():
    rows = re.findall(r"^\| `(\w+)` \| `([\w:]+)` \| (.+) \|$", GUIDE, re.MULTILINE)
    assert {field for field, _, _ in rows} == set(FIELDS)
    for field, in_xes, others in rows:
        assert (in_xes,) == XES_NAMES[field]
        assert set(re.findall(r"`([^`]+)`", others)) <= set(NAMES[field])


def test_the_guide_has_every_reason_to_reject_a_row():
    files = (ROOT / "src" / "salesctrl" / "monitor").glob("log_*.py")
    written = {code for file in files for code in re.findall(r'"(V_[A-Z_]+)"', file.read_text("utf-8"))}
    from_files = {"V_CELLS", "V_ENCODING"}  # as the readers of tables say `F_CELLS` and `F_ENCODING`
    assert set(re.findall(r"^\| `(V_\w+)` \|", GUIDE, re.MULTILINE)) == written | from_files
