"""`salesctrl evaluate` and `explain` on Parquet, Excel and folders: in, out, and what goes wrong."""

import csv
import io
import json
import resource
import signal
import subprocess
import sys
from decimal import Decimal

import polars as pl
import pytest

HEADER = "order.id,as_of,amount,discount_rate,grade,credit_limit,balance"
ROW = "{id},2026-03-02,{amount},0,A,100.00,0.00"
POLICIES = ("--policies", "policies")


@pytest.fixture
def evaluate(salesctrl, starter):
    """Evaluates a file of orders."""

    def run(file, *options, **more):
        return salesctrl("evaluate", "order.release", file, *POLICIES, *options, **more)

    return run


@pytest.fixture
def orders(starter):
    """The orders of the starter as columns with types."""
    money = pl.Decimal(20, 2)
    return pl.read_csv("facts/orders.csv", infer_schema=False).with_columns(
        pl.col("as_of").str.to_date(),
        *(pl.col(c).str.replace_all(",", "").cast(money) for c in ("order.amount", "credit_limit")),
    )


@pytest.fixture
def files(starter, orders):
    """The same orders in every format."""
    openpyxl = pytest.importorskip("openpyxl")
    (starter / "in").mkdir()
    orders.write_parquet("in/orders.parquet")
    orders.write_csv("in/orders.csv")
    book = openpyxl.Workbook()
    sheet = book.create_sheet("orders")
    for row in [orders.columns, *orders.rows()]:
        sheet.append(row)
    book.save("in/orders.xlsx")
    (starter / "parts" / "day=1").mkdir(parents=True)
    (starter / "parts" / "day=2").mkdir()
    orders[:4].write_parquet("parts/day=1/a.parquet")
    orders[4:].write_parquet("parts/day=2/a.parquet")
    return {
        "csv": ("in/orders.csv",), "parquet": ("in/orders.parquet",), "folder": ("parts",),
        "xlsx": ("in/orders.xlsx", "--sheet", "orders"),
    }  # fmt: skip


@pytest.mark.parametrize("source", ["csv", "parquet", "folder", "xlsx"])
def test_every_table_says_the_same(evaluate, files, source):
    expected = evaluate("facts/orders.csv", "--format", "csv").out
    done = evaluate(*files[source], "--format", "csv")
    assert (done.code, done.out) == (1, expected)
    lines = evaluate("facts/orders.csv", "--format", "jsonl", "--trace").out
    assert evaluate(*files[source], "--format", "jsonl", "--trace").out == lines
    assert evaluate(*files[source]).out == evaluate("facts/orders.csv").out


@pytest.mark.parametrize("source", ["csv", "parquet", "folder", "xlsx"])
def test_explain_says_the_same_of_a_row(salesctrl, files, source):
    for row in ("1", "5", "7"):
        command = ("explain", "order.release", "--row", row, *POLICIES)
        expected, done = salesctrl(*command, "facts/orders.csv"), salesctrl(*command, *files[source])
        assert (done.code, done.out) == (expected.code, expected.out)
        assert ("expected a row 7 but there are 6 rows" in done.err) is (row == "7")


def test_the_formats_of_tables_say_the_same(evaluate, files):
    rows = list(csv.DictReader(io.StringIO(evaluate("facts/orders.csv", "--format", "csv").out)))
    for format_ in ("parquet", "xlsx"):
        done = evaluate("facts/orders.csv", "--format", format_, "--out", "out")
        assert (done.code, done.out) == (1, "")
        assert done.err.splitlines()[-1].startswith("6 rows: ")
        if format_ == "parquet":
            table = pl.read_parquet("out")
            found = table.drop("requirements", "unknown").rows(named=True)
        else:
            table = pl.DataFrame([[]])
            found = _sheet("out")
        assert [list(row) for row in found] == [list(rows[0])] * 6
        for one, other in zip(found, rows, strict=True):
            texts = {name: _text(value) for name, value in one.items()}
            exposure = Decimal(str(one["exposure"]).replace(",", ""))
            assert texts | {"exposure": ""} == other | {"exposure": ""}
            assert exposure == Decimal(other["exposure"])
    assert pl.read_parquet_schema(_written(evaluate, "parquet"))["exposure"] == pl.Decimal(38, 2)


def _written(evaluate, format_):
    assert evaluate("facts/orders.csv", "--format", format_, "--out", "again").code == 1
    return "again"


def _sheet(path):
    import openpyxl

    with open(path, "rb") as file:  # noqa: PTH123
        names, *rows = openpyxl.load_workbook(file).active.iter_rows(values_only=True)
    return [dict(zip(names, row, strict=True)) for row in rows]


def _text(value):
    if isinstance(value, list):
        return " ".join(value)
    if hasattr(value, "date"):
        value = value.date()
    return "" if value is None else str(value)


def test_json_to_a_table(evaluate, starter):
    lines = evaluate("facts/orders.csv", "--format", "csv").out
    rows = csv.DictReader(
        (starter / "facts" / "orders.csv")
        .read_text(encoding="utf-8")
        .replace("2026/3/3", "2026-03-03")
        .splitlines()
    )
    texts = [json.dumps({name: value for name, value in row.items() if value}) for row in rows]
    (starter / "in.jsonl").write_text("\n".join(texts), encoding="utf-8")
    assert evaluate("in.jsonl", "--key", "order.id", "--format", "csv").out == lines


def test_csv_from_a_pipe(evaluate, starter):
    content = (starter / "facts" / "orders.csv").read_bytes()
    done = evaluate("-", "--input-format", "csv", "--format", "csv", stdin=content)
    assert done.out == evaluate("facts/orders.csv", "--format", "csv").out


def test_records_of_parquet(evaluate, starter):
    pl.DataFrame({
        "order": [{"id": "A", "amount": 5, "extra": 1}, None],
        "customer": [{"grade": "A", "credit_limit": Decimal("3.00"), "balance": Decimal("0.00")}] * 2,
        "evidence": [{"approvals": [{"role": "cfo", "by": None}], "documents": None}] * 2,
    }).write_parquet("r.parquet")  # fmt: skip
    done = evaluate("r.parquet", "--as-of", "2026-03-02", "--format", "csv")
    first, second = csv.DictReader(io.StringIO(done.out))
    assert (first["order.id"], first["outcome"]) == ("A", "deny")
    assert (second["order.id"], second["outcome"]) == ("", "incomplete")
    assert "not read: `order.extra`" in done.err
    by_row = evaluate("r.parquet", "--as-of", "2026-03-02", "--format", "jsonl").out.splitlines()
    assert [json.loads(line)["outcome"] for line in by_row] == ["deny", "incomplete"]


def test_wrong_rows_keep_their_place_over_slices(evaluate, starter, monkeypatch):
    from salesctrl.batch import csv_file

    monkeypatch.setattr(csv_file, "_CHUNK", 100)
    ids = [f"R{n}" for n in range(1, 61)]
    rows = [ROW.format(id=i, amount="oops" if n % 20 == 3 else "1.00") for n, i in enumerate(ids, 1)]
    (starter / "in.csv").write_text("\n".join([HEADER, *rows]), encoding="utf-8")
    done = evaluate("in.csv", "--format", "parquet", "--out", "out.parquet")
    table = pl.read_parquet("out.parquet")
    assert (done.code, table["row"].to_list(), table["order.id"].to_list()) == (2, [*range(1, 61)], ids)
    assert table.filter(pl.col("problems").list.len() > 0)["row"].to_list() == [3, 23, 43]
    assert [line.split(":")[1] for line in done.err.splitlines() if "oops" in line] == [
        " row 3",
        " row 23",
        " row 43",
    ]


@pytest.mark.parametrize("format_", ["csv", "parquet", "xlsx"])
def test_no_rows_are_a_table_with_the_same_columns(evaluate, starter, format_):
    (starter / "none.csv").write_text(HEADER + "\n", encoding="utf-8")
    done = evaluate("none.csv", "--format", format_, "--out", "out")
    assert (done.code, done.err.splitlines()[-1]) == (0, "no rows")
    if format_ == "parquet":
        evaluate("facts/orders.csv", "--format", "parquet", "--out", "some")
        assert pl.read_parquet_schema("out") == pl.read_parquet_schema("some")
    elif format_ == "csv":
        assert (starter / "out").read_text(encoding="utf-8").startswith("row,order.id,as_of,outcome,")


# --- what is refused ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("in/orders.csv", "--format", "parquet"), "pass `--out FILE`"),
        (("in/orders.csv", "--format", "xlsx"), "pass `--out FILE`"),
        (("in/orders.csv", "--sheet", "orders"), "`--sheet` is for files of Excel"),
        (("in/orders.xlsx", "--sheet", "order"), "there is no sheet `order`"),
        (("-", "--input-format", "parquet"), "cannot be read from a pipe"),
        (("in/orders.csv", "--input-format", "parquet"), "not Parquet"),
        (("in/orders.csv", "--input-format", "xlsx"), "not a file of Excel"),
        (("policies",), "expected a folder of Parquet files"),
        (("parts", "--format", "csv", "--out", "parts/d.csv"), "expected a file outside `parts`"),
        (("parts", "--format", "csv", "--out", "link.csv"), "expected a file outside `parts`"),
        (("in/orders.parquet", "--format", "parquet", "--out", "in/orders.parquet"), "another file than the input"),
        (("twice.parquet", "--format", "csv", "--out", "out"), "both hold `order.amount`"),
    ],
)  # fmt: skip
def test_what_is_refused_leaves_nothing(evaluate, starter, files, orders, options, words):
    (starter / "link.csv").symlink_to("parts/day=1/a.parquet")
    orders.with_columns(amount="order.amount").write_parquet("twice.parquet")
    before = sorted(starter.rglob("*"))
    done = evaluate(*options)
    assert (done.code, done.out) == (2, "")
    assert words in " ".join(done.err.replace("│", " ").split())
    assert sorted(starter.rglob("*")) == before


def test_excel_without_its_extra(evaluate, files, monkeypatch):
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    for options in (files["xlsx"], ("in/orders.csv", "--format", "xlsx", "--out", "out.xlsx")):
        done = evaluate(*options)
        assert done.code == 2
        assert "salesctrl[report]" in done.err


@pytest.mark.parametrize("format_", ["csv", "parquet", "xlsx"])
def test_a_file_damaged_at_its_end_leaves_nothing(evaluate, starter, format_):
    rows = "\n".join(ROW.format(id=i, amount="1.00") for i in range(100))
    (starter / "in.csv").write_text(f'{HEADER}\n{rows}\n"unclosed', encoding="utf-8")
    (starter / "out").write_text("before", encoding="utf-8")
    done = evaluate("in.csv", "--format", format_, "--out", "out")
    assert done.code == 2
    assert "not CSV from line 102 on" in done.err
    assert (starter / "out").read_text(encoding="utf-8") == "before"
    assert [path.name for path in starter.iterdir() if path.name.startswith(".")] == []


@pytest.fixture
def many(starter):
    rows = "".join(ROW.format(id=f"A{i}", amount="1.00") + "\n" for i in range(60_000))
    (starter / "many.csv").write_text(f"{HEADER}\n{rows}", encoding="utf-8")
    return [sys.executable, "-m", "salesctrl.cli", "evaluate", "order.release", "many.csv", *POLICIES]


@pytest.mark.skipif(sys.platform != "linux", reason="limits the size of files")
@pytest.mark.parametrize("format_", ["csv", "parquet", "xlsx"])
def test_a_full_disk_leaves_nothing(starter, many, format_):
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    command = [*many, "--format", format_, "--out", "out"]
    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=limit, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "file too large" in done.stderr
    assert "defect" not in done.stderr
    assert [p.name for p in starter.iterdir() if "out" in p.name] == []


@pytest.mark.skipif(sys.platform == "win32", reason="pipes that end are told by a signal")
def test_a_reader_that_goes_away_is_2_without_a_word(starter, many):
    with subprocess.Popen(
        [*many, "--format", "csv"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.readline()
        running.stdout.close()
        assert running.wait(60) == 2
        assert running.stderr.read() == b""


def test_an_interrupt_leaves_nothing(evaluate, files, starter, monkeypatch):
    from salesctrl.cli.slices import Slices

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Slices, "_decide", interrupt)
    before = sorted(starter.rglob("*"))
    done = evaluate("in/orders.parquet", "--format", "parquet", "--out", "out.parquet")
    assert (done.code, done.err) == (2, "error: interrupted\n")
    assert sorted(starter.rglob("*")) == before


# --- memory ---------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak of memory from /proc")
@pytest.mark.slow
@pytest.mark.parametrize("format_", ["csv", "parquet"])
def test_memory_does_not_grow_with_the_rows(starter, format_):
    def peak(count):
        table = pl.select(id=pl.int_range(count).cast(pl.String)).with_columns(
            amount=pl.lit("1.00"), discount_rate=pl.lit(0), grade=pl.lit("A"),
            credit_limit=pl.lit("50.00"), balance=pl.lit(0), note=pl.lit("x" * 80),
        )  # fmt: skip
        getattr(table, f"write_{format_}")(f"many.{format_}")
        code = (
            "from salesctrl.cli import main\n"
            f"main(['evaluate', 'order.release', 'many.{format_}', '-p', 'policies', '--format', '{format_}', "
            "'--as-of', '2026-03-02', '--out', 'out'])\n"
            "print(next(l.split()[1] for l in open('/proc/self/status') if l.startswith('VmHWM')))"
        )
        return int(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)

    assert peak(3_000_000) - peak(1_000_000) < 60_000  # kilobytes; the rows would be four times as many
