"""Files of rows in slices: nothing inferred, nothing dropped, and words for what cannot be read."""

import io
from datetime import date, datetime
from decimal import Decimal

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesctrl import FactsError
from salesctrl.batch import csv_file
from salesctrl.batch.files import table_file, typed_column
from salesctrl.tables.source import is_utf8, open_source


@pytest.fixture
def write(tmp_path):
    def write_(content, name="orders.csv"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_


def rows(file, only=None, size=100_000):
    return [row for part in file.slices(only, size) for row in part.columns.rows()]


def problems(file, only=None, size=100_000):
    return [
        (part.first + row, problem.code, problem.message)
        for part in file.slices(only, size)
        for row, problem in part.problems
    ]


# --- any file -------------------------------------------------------------------------------------------


def test_files_that_are_not_there_or_of_no_kind(tmp_path, write):
    for path, words in [
        (tmp_path / "no.csv", r"no\.csv: cannot be read: no such file or directory"),
        (write("x", "a.txt"), r"a\.txt: expected a name that ends in"),
        (tmp_path, "a folder of Parquet files but there is none in it"),
    ]:
        with pytest.raises(FactsError, match=words):
            table_file(path)


@pytest.mark.parametrize("name", ["a.csv", "a.parquet", "a.xlsx"])
def test_columns_of_one_name_are_refused_only_where_they_are_read(tmp_path, name):
    table = pa.table([["1"], ["2"], ["3"]], names=["a", "a", "b"])
    path = tmp_path / name
    if name == "a.csv":
        path.write_text("a,a,b\n1,2,3\n")
    elif name == "a.parquet":
        pq.write_table(table, path)
    else:
        sheet(path, [["a", "a", "b"], ["1", "2", "3"]])
    file = table_file(path)
    assert file.names == ("a", "a", "b")
    assert rows(file, ["b"]) == [("3",)]
    with pytest.raises(FactsError, match=rf"{name}: more than one column has the name `a`"):
        rows(file)


# --- CSV ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("begin", ["", "\ufeff"])
@pytest.mark.parametrize("size", [1, 2, 100])
def test_cells_of_csv_are_texts(write, newline, begin, size):
    lines = ["order.id, 金额 ,note", "007,1e3,NULL", " 1 ,,NA", "true,2026-01-01,#x", ""]
    file = table_file(write(begin + newline.join(lines)))
    assert file.names == ("order.id", "金额", "note")
    expected = [("007", "1e3", "NULL"), (" 1 ", None, "NA"), ("true", "2026-01-01", "#x")]
    assert rows(file, size=size) == expected
    assert rows(file, ["note", "order.id"], size) == [(a, c) for a, _, c in expected]
    assert [part.first for part in file.slices((), 1)] == [1, 2, 3]
    assert all(part.columns.dtypes == [pl.String] * 3 for part in file.slices())


def test_rows_of_csv_that_cannot_be_read_keep_their_places(write):
    content = b"id,amount\nA,1\nB\n\nC,2,3\n\xd6,4\nE,\xff\nF,5\n"
    file = table_file(write(content))
    assert rows(file) == [("A", "1"), (None, None), (None, None), (None, "4"), ("E", None), ("F", "5")]
    assert problems(file, size=2) == [
        (2, "F_CELLS", "expected 2 cells, as many as columns, but got 1 (line 3)"),
        (3, "F_CELLS", "expected 2 cells, as many as columns, but got 3 (line 5)"),
        (4, "F_ENCODING", "the cell of the column `id` is not UTF-8 (line 6)"),
        (5, "F_ENCODING", "the cell of the column `amount` is not UTF-8 (line 7)"),
    ]
    assert [row for row, _, _ in problems(file, ["amount"])] == [2, 3, 5]


@pytest.mark.parametrize("only", [None, ("id",), ("amount",), ()])
@pytest.mark.parametrize("end", ["\n", ""])
def test_a_row_too_long_does_not_make_up_for_one_too_short(write, only, end):
    for lines in (["1", "1,2,3"], ["1,2,3", "1"], ["1,2", "1", "1,2", "1,2,3"]):
        file = table_file(write("id,amount\n" + "\n".join(lines) + end))
        assert [code for _, code, _ in problems(file, only)] == ["F_CELLS"] * 2


def test_a_line_break_far_in_the_file(write, monkeypatch):
    """What stands before it is read fast, what follows as single rows are; the lines are counted through."""
    monkeypatch.setattr(csv_file, "_CHUNK", 8)
    text = 'id,"amount"\n' + 'A,"1"\n' * 10 + 'B,"1,234\n"\nC\n' + "D,2\n"
    file = table_file(write(text))
    assert rows(file, size=3) == [("A", "1")] * 10 + [("B", "1,234\n"), (None, None), ("D", "2")]
    assert problems(file) == [(12, "F_CELLS", "expected 2 cells, as many as columns, but got 1 (line 14)")]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "a row with the names of the columns but got nothing"),
        ("金额,b\n1,2\n".encode("gb18030"), "the names of the columns are not UTF-8"),
        (b'a\n1\n"2\n3\n', "not CSV from line 3 on: unexpected end of data"),
        (b'a,b\n1,2\n"1"2,3\n', "not CSV from line 3 on"),
    ],
)
def test_csv_that_cannot_be_read(write, content, words):
    with pytest.raises(FactsError, match=rf"^orders\.csv: .*{words}"):
        rows(table_file(write(content)))


@given(
    content=st.one_of(
        st.lists(
            st.lists(st.text(alphabet='aé ,"\n\r\0\ufeff5', max_size=4), min_size=2, max_size=3).map(",".join)
        ).map(lambda lines: ("\n".join(["a,b", *lines])).encode()),
        st.lists(
            st.sampled_from(
                [
                    "1,2",
                    "1",
                    "1,2,3",
                    ",",
                    "é,x",
                    "",
                    "1,2\r",
                    '"1",2',
                    '1,"2,5"',
                    '"",""',
                    '1,"a\nb"',
                    '1,"a""b"',
                    '1,a"b',
                    '1,"',
                ]
            ),
            max_size=6,
        ).map(lambda lines: ("\n".join(['"a",b', *lines, ""])).encode()),
        st.binary(max_size=30).map(lambda rest: b"a,b\n" + rest),
    ),
    size=st.integers(1, 3),
    chunk=st.sampled_from([1, 4, 10, 1000]),
    only=st.sampled_from([None, ("a",), ("b",), ()]),
)
def test_csv_is_read_as_single_rows_are(tmp_path_factory, content, size, chunk, only):
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    path.write_bytes(content)
    source = open_source(path, io.BytesIO(), "csv", nearest=False)
    error = None
    expected = []
    places = [0, 1] if only is None else ["ab".index(name) for name in only]
    try:
        for raw in source.rows:
            cells = raw.content and [raw.content[place] for place in places]
            read = [None] * len(places) if cells is None else cells
            expected.append([cell if cell and is_utf8(cell) else None for cell in read])
    except FactsError as wrong:
        error = str(wrong)
    finally:
        source.close()
    found = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_file, "_CHUNK", chunk)
        try:
            for part in table_file(path).slices(only, size):
                assert part.rows <= size
                assert part.first == len(found) + 1
                found += [list(row) for row in part.columns.rows()] if places else [[]] * part.rows
        except FactsError as wrong:
            assert str(wrong) == error
            assert found == expected[: len(found)]
        else:
            assert error is None
            assert found == expected


# --- Parquet --------------------------------------------------------------------------------------------

TABLE = pa.table(
    {"a": [1, 2, 3], "order.amount": [Decimal("1.50"), None, Decimal("3")], "c": ["x", "y", None]}
)


@pytest.mark.parametrize("size", [1, 2, 100])
def test_parquet(tmp_path, size):
    pq.write_table(TABLE, tmp_path / "a.parquet")
    file = table_file(tmp_path / "a.parquet")
    assert file.names == ("a", "order.amount", "c")
    parts = list(file.slices(["c", "order.amount"], size))
    assert [row for part in parts for row in part.columns.rows()] == [
        (Decimal("1.50"), "x"), (None, "y"), (Decimal("3.00"), None),
    ]  # fmt: skip
    assert max(part.rows for part in parts) <= size
    assert sum(part.rows for part in file.slices((), size)) == 3


def test_a_column_and_a_struct_that_sound_alike(tmp_path):
    table = pa.table({"order": [{"amount": 1}], "order.amount": [2]})
    pq.write_table(table, tmp_path / "a.parquet")
    assert rows(table_file(tmp_path / "a.parquet"), ["order.amount"]) == [(2,)]


def test_a_folder_of_parquet_files(tmp_path):
    for name, part in {"year=2026/b.parquet": TABLE[:1], "year=2025/z.parquet": TABLE[1:]}.items():
        (tmp_path / name).parent.mkdir()
        pq.write_table(part, tmp_path / name)
    pq.write_table(TABLE, tmp_path / "_ignored.parquet")
    file = table_file(tmp_path)
    assert file.names == ("a", "order.amount", "c", "year")
    assert rows(file, ["year", "a"]) == [(2, "2025"), (3, "2025"), (1, "2026")]
    assert [part.first for part in file.slices()] == [1, 3]
    pq.write_table(TABLE.rename_columns(["a", "b", "c"]), tmp_path / "year=2026/c.parquet")
    with pytest.raises(FactsError) as error:
        table_file(tmp_path)
    assert (
        "year=2026/c.parquet: there is no column `order.amount` and there is a column `b` more than in "
        f"`{tmp_path.name}/year=2025/z.parquet`" in str(error.value)
    )


@pytest.mark.parametrize("keep", [0, 3, 100, -1])
def test_parquet_that_is_cut_short(write, keep):
    whole = io.BytesIO()
    pq.write_table(TABLE, whole)
    with pytest.raises(FactsError, match=r"^a\.parquet: not Parquet: .*\n  help: it may be cut short"):
        table_file(write(whole.getvalue()[:keep], "a.parquet"))


def test_parquet_that_is_damaged_inside(write):
    whole = io.BytesIO()
    pq.write_table(
        pa.table({"a": list(map(str, range(5000)))}), whole, compression="gzip", row_group_size=1000
    )
    content = bytearray(whole.getvalue())
    middle = len(content) // 2
    content[middle : middle + 200] = bytes(200)
    file = table_file(write(bytes(content), "a.parquet"))
    read = []
    with pytest.raises(FactsError, match=r"^a\.parquet: cannot be read from row \d001 on: "):
        read += (part.rows for part in file.slices(rows=1000))


def test_an_empty_parquet_file(tmp_path):
    pq.write_table(TABLE[:0], tmp_path / "a.parquet")
    assert rows(table_file(tmp_path / "a.parquet")) == []


# --- Excel ----------------------------------------------------------------------------------------------


def sheet(path, table, title="Sheet"):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.title = title
    for row in table:
        book.active.append(row)
    book.create_sheet("other").append(["z"])
    book.save(path)
    book.close()


def test_a_sheet_of_excel(tmp_path):
    path = tmp_path / "a.xlsx"
    day = datetime.fromisoformat("2026-03-01")
    sheet(
        path,
        [
            [],
            [" id ", "amount", "day", "paid", "n", None],
            ["007", 1.5, day, True, 3],
            [None] * 5,
            ["8", 5, None, None, 4],
        ],
    )
    file = table_file(path)
    assert file.names == ("id", "amount", "day", "paid", "n")
    [part] = file.slices()
    assert part.columns.rows() == [("007", 1.5, day, True, 3), ("8", 5, None, None, 4)]
    assert part.columns.dtypes == [pl.String, pl.Object, pl.Datetime("us"), pl.Boolean, pl.Int64]
    assert [part.first for part in file.slices(["n"], 1)] == [1, 2]
    assert [part.rows for part in file.slices((), 5)] == [2]
    assert table_file(path, sheet="other").names == ("z",)
    with pytest.raises(
        FactsError, match=r"no sheet `no`\D*\[F_FILE\]\n  help: the sheets are `Sheet`, `other`"
    ):
        table_file(path, sheet="no")


def test_values_beside_the_columns_of_a_sheet(tmp_path):
    sheet(tmp_path / "a.xlsx", [["a"], ["1", None, "stray"], ["2"]])
    file = table_file(tmp_path / "a.xlsx")
    assert rows(file) == [(None,), ("2",)]
    assert problems(file) == [(1, "F_CELLS", "there is a value beside the columns that have names (row 2)")]


@pytest.mark.parametrize("keep", [0, 10, 1000, -30])
def test_a_file_of_excel_that_is_cut_short(tmp_path, keep):
    path = tmp_path / "a.xlsx"
    sheet(path, [["a"], ["1"]])
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(FactsError, match=r"^a\.xlsx: not a file of Excel: "):
        table_file(path)


def test_an_empty_sheet(tmp_path):
    sheet(tmp_path / "a.xlsx", [])
    with pytest.raises(FactsError, match="names of the columns but got nothing"):
        table_file(tmp_path / "a.xlsx")


@given(
    st.lists(
        st.none()
        | st.integers()
        | st.floats(allow_nan=False)
        | st.text(max_size=2)
        | st.booleans()
        | st.dates()
    )
)
def test_no_value_of_a_sheet_is_changed(values):
    found = typed_column("a", values).to_list()
    assert found == values
    assert [type(value) for value in found] == [type(value) for value in values]


def test_values_of_one_type_are_a_column_of_it():
    assert typed_column("a", [date(2026, 1, 1), None]).dtype == pl.Date
    assert typed_column("a", [2**70]).dtype == pl.Object
