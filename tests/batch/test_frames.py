"""Frames in, frames of the same kind out; no value changed on the way."""

import math
import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesctrl import FactsError
from salesctrl.batch.arrow_columns import arrow_column, longest_word
from salesctrl.batch.frames import FrameKind, give, names_of, take

ARRAY: Any = pd.array  # the stubs know fewer kinds of values than there are
TABLE = pa.table({"a": [1, 2], "b": ["x", None]})
BATCH = TABLE.to_batches()[0]
NAIVE = datetime.fromisoformat("2026-01-01T05:00")
DECIDED = pl.DataFrame({"outcome": ["allow", "deny"]})


def objects(*values):
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return pd.DataFrame({"a": pd.Series(column, dtype=object)})


def one(frame):
    """The only column of a frame as it was taken."""
    return take(frame).columns["a"]


# --- kinds ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frame", "kind", "type_"),
    [
        (TABLE.to_pandas(), FrameKind.PANDAS, pd.DataFrame),
        (TABLE.to_pandas(types_mapper=pd.ArrowDtype), FrameKind.PANDAS_ARROW, pd.DataFrame),
        (pl.DataFrame(TABLE), FrameKind.POLARS, pl.DataFrame),
        (pl.DataFrame(TABLE).lazy(), FrameKind.POLARS_LAZY, pl.LazyFrame),
        (TABLE, FrameKind.ARROW_TABLE, pa.Table),
        (BATCH, FrameKind.ARROW_BATCH, pa.RecordBatch),
        (
            pa.RecordBatchReader.from_batches(TABLE.schema, [BATCH]),
            FrameKind.ARROW_READER,
            pa.RecordBatchReader,
        ),
    ],
)
def test_what_comes_in_goes_out_as_the_same_kind(frame, kind, type_):
    assert names_of(frame) == ("a", "b")
    taken = take(frame)
    assert (taken.kind, taken.rows) == (kind, 2)
    assert taken.columns.rows() == [(1, "x"), (2, None)]
    given_back = give(taken, DECIDED)
    assert isinstance(given_back, type_)
    assert take(given_back).columns.equals(DECIDED)
    assert take(given_back).kind is kind or kind is FrameKind.PANDAS_ARROW


@pytest.mark.parametrize(
    "frame",
    [
        TABLE.to_pandas(), pl.DataFrame(TABLE), pl.DataFrame(TABLE).lazy(), TABLE, BATCH,
        TABLE.to_reader(),
    ],
)  # fmt: skip
def test_columns_that_are_not_asked_for_are_left_alone(frame):
    assert take(frame, ["b", "none"]).columns.columns == ["b"]


@pytest.mark.parametrize("frame", [TABLE.to_pandas(), pl.DataFrame(TABLE), pl.DataFrame(TABLE).lazy(), TABLE])
def test_a_frame_of_which_no_column_is_taken_keeps_its_rows(frame):
    taken = take(frame, [])
    assert (taken.rows, taken.columns.width) == (2, 0)
    assert take(give(taken, DECIDED)).rows == 2


@pytest.mark.parametrize("rows", [0, 3])
def test_frames_without_columns_or_rows(rows):
    taken = take(pd.DataFrame(index=range(rows)))
    assert (taken.rows, taken.columns.shape) == (rows, (0, 0))
    assert len(give(taken, pl.DataFrame())) == rows
    empty = take(TABLE[:0])
    assert give(empty, DECIDED[:0]).num_rows == 0
    assert give(take(pa.RecordBatch.from_pylist([], TABLE.schema)), DECIDED[:0]).num_rows == 0


def test_a_lazy_frame_is_collected_once_and_no_further_than_asked():
    seen = []
    spied = pl.col("a").map_batches(lambda s: seen.append(len(s)) or s, return_dtype=pl.Int64)
    frame = pl.LazyFrame({"a": [1, 2], "b": [3, 4]}).with_columns(spied)
    assert take(frame, ["b"]).columns.rows() == [(3,), (4,)]
    assert seen == []
    take(frame)
    assert seen == [2]


def test_a_frame_that_fails_when_it_is_read(tmp_path):
    def batches():
        yield BATCH
        raise OSError("the line is dead")

    with pytest.raises(FactsError, match="the line is dead"):
        take(pa.RecordBatchReader.from_batches(TABLE.schema, batches()))
    with pytest.raises(FactsError, match=r"none\.parquet"):
        take(pl.scan_parquet(tmp_path / "none.parquet"))


@pytest.mark.parametrize(
    ("given_", "words"),
    [
        ({"a": [1]}, r"value of type `dict`[^\0]*polars\.DataFrame\(columns\)"),
        ([{"a": 1}], r"value of type `list`[^\0]*polars\.DataFrame\(rows\)"),
        (pl.Series([1]), "to_frame"),
        (pd.Series([1]), "to_frame"),
        (None, "`NoneType`[^\0]*a frame of pandas or Polars"),
        ("orders.csv", "`str`"),
        (np.zeros((2, 2)), "`ndarray`"),
    ],
)
def test_what_is_no_frame_is_refused_with_what_to_do(given_, words):
    with pytest.raises(FactsError, match=words):
        take(given_)


def test_other_frames_that_speak_arrow_are_told_how():
    class Foreign:
        def __arrow_c_stream__(self, requested_schema=None):
            raise AssertionError

    with pytest.raises(FactsError, match=r"pyarrow\.table\(frame\)"):
        take(Foreign())


# --- names ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame([[1, 2, 3, 4, 5]], columns=["a", "b", "a", 7, "7"]),
        pa.table([pa.array([1])] * 5, names=["a", "b", "a", "7", "7"]),
    ],
)
def test_names_given_twice_are_refused_all_at_once(frame):
    with pytest.raises(FactsError) as error:
        names_of(frame)
    assert [problem.path for problem in error.value.problems] == ["a", "7"]


def test_names_that_are_no_texts_become_texts():
    assert names_of(pd.DataFrame([[1, 2]], columns=[0, date(2026, 1, 1)])) == ("0", "2026-01-01")


def test_names_of_several_levels_are_refused():
    frame = pd.DataFrame([[1]], columns=pd.MultiIndex.from_tuples([("order", "amount")]))
    with pytest.raises(FactsError, match="several levels"):
        take(frame)


# --- columns of pandas ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "index",
    [
        pd.MultiIndex.from_tuples([("x", 1), ("y", 2)], names=["one", "two"]),
        pd.Index([7, 7], name="twice"),
        pd.DatetimeIndex(["2026-01-01", "2025-01-01"]),
    ],
)
@pytest.mark.parametrize("mapper", [None, pd.ArrowDtype])
def test_the_index_of_pandas_is_put_back(index, mapper):
    frame = TABLE.to_pandas(types_mapper=mapper).set_index(index)
    given_back = give(take(frame), DECIDED)
    assert given_back.index.equals(index)
    assert given_back.index.names == index.names
    assert given_back["outcome"].tolist() == ["allow", "deny"]


@pytest.mark.parametrize("dtype", ["int8", "int64", "uint64", "float32", "float64", ">f8", ">i4", "float16"])
@pytest.mark.parametrize("step", [1, 2, -1])
def test_numbers_of_numpy(dtype, step):
    values = np.arange(10).astype(dtype)[::step]
    assert one(pd.DataFrame({"a": values})).to_list() == list(values)


def test_numbers_are_not_copied():
    values = np.random.default_rng(1).random(1000)
    taken = one(pd.DataFrame({"a": values}, copy=False))
    assert taken.to_numpy(allow_copy=False).ctypes.data == values.ctypes.data


def test_nan_stays_nan_and_is_known_to_mean_nothing():
    taken = take(pd.DataFrame({"a": [1.5, math.nan]}))
    assert taken.nan_is_null
    assert math.isnan(taken.columns["a"][1])
    assert not take(pl.DataFrame({"a": [math.nan]})).nan_is_null


@pytest.mark.parametrize(
    ("column", "dtype", "values"),
    [
        (ARRAY([1, None], dtype="Int64"), pl.Int64, [1, None]),
        (ARRAY([True, None], dtype="boolean"), pl.Boolean, [True, None]),
        (ARRAY([1.5, None], dtype="Float64"), pl.Float64, [1.5, None]),
        (ARRAY(["x", None], dtype="string[python]"), pl.String, ["x", None]),
        (ARRAY(["x", None], dtype="string[pyarrow]"), pl.String, ["x", None]),
        (ARRAY([Decimal("1.5"), None], dtype=pd.ArrowDtype(pa.decimal128(9, 2))), pl.Decimal(9, 2), [Decimal("1.50"), None]),
        (pd.Categorical(["x", None, "x"]), pl.String, ["x", None, "x"]),
        (pd.Categorical([2, None]), pl.Int64, [2, None]),
        (pd.Categorical([Decimal("0.1"), 2]), pl.Object(), [Decimal("0.1"), 2]),
        (pd.Categorical([date(2026, 1, 1), NAIVE]), pl.Object(), [date(2026, 1, 1), NAIVE]),
        (np.array(["2026-01-01T05:00", "NaT"], dtype="M8[s]"), pl.Datetime("ms"), [NAIVE, None]),
        (np.array([True, False]), pl.Boolean, [True, False]),
        (pd.arrays.SparseArray([0, 0, 7]), pl.Int64, [0, 0, 7]),
        (np.array([1 + 2j]), pl.Object(), [1 + 2j]),
        (pd.period_range("2026-01", periods=1, freq="M"), pl.Object(), [pd.Period("2026-01", "M")]),
        (pd.interval_range(0, 1), pl.Object(), [pd.Interval(0, 1)]),
    ],
)  # fmt: skip
def test_types_of_pandas(column, dtype, values):
    taken = one(pd.DataFrame({"a": column}))
    assert taken.dtype == dtype
    assert taken.to_list() == values


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        (["x", None, math.nan, pd.NA], pl.String),
        ([Decimal("1.50"), None, Decimal("1E+5")], pl.Decimal),
        ([1, 2, None], pl.Int64),
        ([True, None], pl.Boolean),
        ([1.5, math.nan], pl.Float64),
        ([date(2026, 1, 1), pd.NaT], pl.Date),
        ([None, math.nan], pl.Null),
        ([pd.NA], pl.Null),
        ([None, pd.NaT], pl.Null),
        ([], pl.Null),
        ([1, True], pl.Object),
        ([1, 2.5], pl.Object),
        ([1, Decimal("2.5")], pl.Object),
        (["x", 1], pl.Object),
        (["x", b"y"], pl.Object),
        (["\ud800"], pl.Object),
        ([2**70, None], pl.Object),
        ([Decimal("Infinity"), None], pl.Object),
        ([Decimal("1e-30"), Decimal(10) ** 20], pl.Object),
        ([Decimal("1e-60"), Decimal(10) ** 40], pl.Object),
        ([date(2026, 1, 1), NAIVE], pl.Object),
        ([datetime(2026, 1, 1, tzinfo=UTC), NAIVE], pl.Object),
        ([pd.Timestamp("2026-01-01T00:00:00.000000001")], pl.Object),
        ([[1], {"a": 1}, None], pl.Object),
        ([{"a": 1}, {"b": "x"}], pl.Object),
    ],
)
def test_objects_of_pandas(values, dtype):
    """Values of one plain type are a column of it; others stay what they are, none is changed by the rest."""
    taken = one(objects(*values))
    assert taken.dtype == dtype
    assert taken.to_list() == [None if pd.api.types.is_scalar(v) and pd.isna(v) else v for v in values]


@given(
    st.lists(
        st.none() | st.integers() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=3)
        | st.decimals(allow_nan=False) | st.dates() | st.datetimes() | st.binary(max_size=2)
        | st.datetimes(timezones=st.just(timezone(timedelta(hours=8)))) | st.lists(st.integers(), max_size=2),
        max_size=4,
    )
)  # fmt: skip
def test_no_object_of_pandas_is_changed(values):
    taken = one(objects(*values)).to_list()
    assert taken == values
    assert [type(v) for v in taken] == [type(v) for v in values]


# --- columns of Arrow -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "dtype", "values"),
    [
        (pa.array([Decimal("1.5")], pa.decimal256(60, 2)), pl.Decimal(38, 2), [Decimal("1.50")]),
        (pa.array([Decimal(10) ** 50], pa.decimal256(60, 2)), pl.Object(), [Decimal(10) ** 50]),
        (pa.array([Decimal("1E+2")], pa.decimal128(5, -2)), pl.Object(), [Decimal("1E+2")]),
        (pa.array([{"a": Decimal(10) ** 50}], pa.struct([("a", pa.decimal256(60, 2))])), pl.Object(), [{"a": Decimal(10) ** 50}]),
        (pa.array(["x", None]).dictionary_encode(), pl.Categorical(), ["x", None]),
        (pa.array([5, None]).dictionary_encode(), pl.Int64(), [5, None]),
        (pa.chunked_array([["x"], [], ["y"]], pa.large_string()), pl.String(), ["x", "y"]),
        (pa.chunked_array([], pa.string()), pl.String(), []),
        (pa.array([0], pa.timestamp("s", "Asia/Shanghai")), pl.Datetime("ms", "Asia/Shanghai"), None),
        (pa.array([2**62], pa.timestamp("s")).cast(pa.int64()), pl.Int64(), [2**62]),
        (pa.array([1.5], pa.float16()), pl.Float32(), [1.5]),
        (pa.array([[{"a": 1}], None, []]), pl.List(pl.Struct({"a": pl.Int64})), [[{"a": 1}], None, []]),
        (pa.RunEndEncodedArray.from_arrays([2, 3], [1, 2]), pl.Object(), [1, 1, 2]),
        (pa.array([b"x"]), pl.Object(), [b"x"]),
        (pa.nulls(2), pl.Null(), [None, None]),
        (pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())), pl.Object(), [[("a", 1)]]),
    ],
)  # fmt: skip
def test_types_of_arrow(column, dtype, values):
    taken = one(pa.table({"a": column}))
    assert taken.dtype == dtype
    assert values is None or taken.to_list() == values


def test_a_record_with_a_text_that_is_no_utf8_names_its_column():
    texts = pa.Array.from_buffers(pa.string(), 1, pa.array([b"\xff"], pa.binary()).buffers())
    with pytest.raises(FactsError) as error:
        take(pa.table({"order": pa.StructArray.from_arrays([texts], ["memo"])}))
    assert [(problem.path, problem.code) for problem in error.value.problems] == [("order", "F_READ")]


# --- giving back ----------------------------------------------------------------------------------------


def test_pandas_gets_exact_columns():
    decided = pl.DataFrame(
        {
            "outcome": pl.Series(["allow", "deny"], dtype=pl.Enum(["allow", "deny"])),
            "fired": [["R-1"], []],
            "days": [2**60 + 1, None],
            "held": [True, None],
            "owed": [Decimal("12345678901234567890.10"), None],
            "due": [date(9999, 12, 31), None],
            "count": [1, 2],
        }
    )
    given_back = give(take(pd.DataFrame({"a": [1, 2]})), decided)
    assert given_back["days"].tolist() == [2**60 + 1, pd.NA]
    assert given_back["held"].tolist() == [True, pd.NA]
    assert given_back["count"].dtype == np.int64
    assert given_back["outcome"].dtype == "category"
    assert given_back["fired"].tolist() == [["R-1"], []]
    assert given_back["owed"][0] == Decimal("12345678901234567890.10")
    assert given_back["due"][0] == date(9999, 12, 31)
    arrow = give(take(pd.DataFrame({"a": ARRAY([1, 2], dtype="int64[pyarrow]")})), decided)
    assert all(isinstance(dtype, pd.ArrowDtype) for dtype in arrow.dtypes)
    assert arrow["owed"][0] == Decimal("12345678901234567890.10")


@pytest.mark.parametrize("type_", [pa.string(), pa.large_string()])
def test_parts_of_columns_are_looked_at_by_themselves(type_):
    """An array that is a part of another has all of its bytes, bad ones too."""
    texts = [b"a", b"\xff", "收".encode(), b"", b"b"]
    offsets = np.cumsum([0, *map(len, texts)]).astype(np.int32 if type_ == pa.string() else np.int64)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(b"".join(texts))]
    whole = pa.Array.from_buffers(type_, len(texts), buffers)
    assert arrow_column("a", whole).to_list() == ["a", b"\xff", "收", "", "b"]
    for first, last, values in [(0, 1, ["a"]), (2, 5, ["收", "", "b"]), (3, 4, [""]), (3, 3, [])]:
        part = arrow_column("a", whole[first:last])
        assert part.to_list() == values
        assert part.dtype == (pl.String if values else part.dtype)


WORDS = st.text(st.sampled_from("ab .~\x7f\t\u4e2d"), max_size=4)


@given(st.lists(st.none() | WORDS, max_size=6), st.sampled_from([pa.string(), pa.large_string()]), st.data())
def test_the_longest_of_texts_that_stand_for_themselves(texts, type_, data):
    first = data.draw(st.integers(0, len(texts)))
    found = longest_word(pa.array(texts, type_)[first:])
    own = texts[first:]
    stand = own and all(t is not None and t.isascii() and "\x7f" not in t and t[:1] > " " for t in own)
    assert found == (max(map(len, own)) if stand else None)


def test_the_longest_is_not_told_of_what_is_no_text():
    assert longest_word(pa.array([1, 2])) is None
    assert longest_word(pa.chunked_array([["a"], ["b"]])) is None
    torn = pa.Array.from_buffers(
        pa.string(), 2, [None, pa.py_buffer(b"\0\0\0\0\5\0\0\0\1\0\0\0"), pa.py_buffer(b"abc")]
    )
    assert longest_word(torn) is None


FORKED = """
import os, sys
from salesctrl.batch.frames import MANY_ROWS, on_threads

def lengths():
    return on_threads(len, ["a", "bc", "def"], rows=MANY_ROWS)

assert lengths() == [1, 2, 3]
child = os.fork()
if child == 0:
    os._exit(0 if lengths() == [1, 2, 3] else 1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_has_threads_of_its_own():
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORKED], timeout=60, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
