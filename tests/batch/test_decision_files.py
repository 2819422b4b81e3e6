"""Files of decisions: complete, or not there."""

import io
import json
import resource
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pyarrow.parquet as pq
import pytest

from salesctrl import FactsError
from salesctrl.batch.decision_files import DECISION_FORMATS, decision_file
from salesctrl.batch.files import table_file

DECIDED = pl.DataFrame(
    {
        "row": [1, 2],
        "outcome": pl.Series(["allow", "deny"], dtype=pl.Enum(["allow", "deny"])),
        "fired": pl.Series([[], ["R-1", "R-2"]], dtype=pl.List(pl.String)),
        "owed": [None, Decimal("12345678901234567.10")],
        "rate": [Decimal("0.10"), None],
        "due": [None, date(2026, 3, 1)],
        "note": ['=1+1, "x"\n', None],
        "split": [None, {"a": 1}],
        "needs": [[], [{"id": "N", "by": None}]],
    }
)


@pytest.fixture(params=DECISION_FORMATS)
def format_(request):
    if request.param == "xlsx":
        pytest.importorskip("openpyxl")
    return request.param


def written(path, format_, *frames):
    with decision_file(path, format_) as file:
        for frame in frames:
            file.write(frame)
    return path


def test_csv(tmp_path):
    path = written(tmp_path / "a.csv", "csv", DECIDED[:1], DECIDED[1:])
    assert path.read_text() == (
        "row,outcome,fired,owed,rate,due,note,split,needs\n"
        '1,allow,,,0.10,,"=1+1, ""x""\n",,[]\n'
        '2,deny,R-1 R-2,12345678901234567.10,,2026-03-01,,"{""a"":1}","[{""id"":""N"",""by"":null}]"\n'
    )


def test_json_lines(tmp_path):
    path = written(tmp_path / "a.jsonl", "jsonl", DECIDED[:1], DECIDED[1:])
    first, second = map(json.loads, path.read_text().splitlines())
    assert first == {
        "row": 1, "outcome": "allow", "fired": [], "owed": None, "rate": "0.10", "due": None,
        "note": '=1+1, "x"\n', "split": None, "needs": [],
    }  # fmt: skip
    assert second["owed"] == "12345678901234567.10"
    assert second["needs"] == [{"id": "N", "by": None}]


def test_parquet(tmp_path):
    path = written(tmp_path / "a.parquet", "parquet", DECIDED[:1], DECIDED[1:])
    assert pl.from_arrow(pq.read_table(path)).to_dicts() == DECIDED.to_dicts()


def test_excel(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    more = DECIDED.with_columns(
        at=pl.lit(moment), text=pl.lit("a\x01b"), big=pl.lit(2**60 + 1), n=pl.lit(2**60)
    )
    path = written(tmp_path / "a.xlsx", "xlsx", more[:1], more[1:])
    sheet = openpyxl.load_workbook(path)["decisions"]
    names, first, second = ([cell.value for cell in row] for row in sheet.iter_rows())
    assert names == more.columns
    assert sheet["G2"].data_type == "s"
    assert first[:7] == [1, "allow", None, None, 0.1, None, '=1+1, "x"\n']
    assert second[2:6] == ["R-1 R-2", "12345678901234567.10", None, datetime.fromisoformat("2026-03-01")]
    assert second[9:] == ["2026-03-01T00:00:00+00:00", "a\ufffdb", str(2**60 + 1), 2**60]


def test_no_decisions(tmp_path, format_):
    path = written(tmp_path / f"a.{format_}", format_, DECIDED[:0])
    if format_ == "jsonl":
        assert path.read_bytes() == b""
    else:
        assert table_file(path).names == tuple(DECIDED.columns)
    assert written(tmp_path / "none", format_).exists()


def test_what_takes_the_place_of_an_older_file(tmp_path, format_):
    path = tmp_path / "a"
    path.write_text("old")
    with decision_file(path, format_) as file:
        file.write(DECIDED)
        assert path.read_text() == "old"
    assert path.read_bytes() != b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_nothing_is_left_of_what_was_not_finished(tmp_path, format_, error):
    path = tmp_path / "a"
    path.write_text("old")
    with suppress(error), decision_file(path, format_) as file:
        file.write(DECIDED)
        raise error
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk(tmp_path, format_):
    """A limit to the size of files stands for it."""
    many = pl.DataFrame({"text": [f"{number * 7919 % 100_003:x}" * 9 for number in range(60_000)]})
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(OSError, match="File too large"), decision_file(tmp_path / "a", format_) as file:
            file.write(many)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_open_already(format_):
    file = io.BytesIO()
    written(file, format_, DECIDED)
    assert file.getvalue()


def test_a_sheet_has_an_end(tmp_path, monkeypatch):
    pytest.importorskip("openpyxl")
    monkeypatch.setattr("salesctrl.batch.decision_files._SHEET_ROWS", 2)
    with pytest.raises(FactsError, match="more than the 1 rows"):
        written(tmp_path / "a.xlsx", "xlsx", DECIDED)
    with pytest.raises(FactsError, match="32,767 characters"):
        written(tmp_path / "a.xlsx", "xlsx", pl.DataFrame({"a": ["x" * 40_000]}))
    assert list(tmp_path.iterdir()) == []
