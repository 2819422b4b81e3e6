"""Tables decided in columns say, cell for cell, what their rows say that are decided one after another."""

import csv
import io
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from tests.loading import engine_of

import salesctrl
from salesctrl.batch import csv_file
from salesctrl.cli.deciding import Deciding
from salesctrl.cli.decision_columns import DecisionColumns
from salesctrl.cli.opening import open_facts
from salesctrl.cli.options import Floats
from salesctrl.cli.slices import Slices
from salesctrl.policy.types import Base
from salesctrl.tables.columns import Columns

EXAMPLES = Path(__file__).parents[2] / "examples"
DAY = date(2026, 3, 2)
POINTS = ("order.release", "receivable.liability", "price.quote", "expense.claim", "expense.request")


def decided(engine, point, path, *, in_columns, brief=False, as_of=DAY, floats=Floats.EXACT, **options):
    """The decisions as columns, and what is said of them."""
    opened = open_facts(engine, point, str(path), as_of, floats, **options)
    deciding = Deciding(engine, point, opened, as_of, floats)
    plans = engine.point(point).plans
    columns = DecisionColumns(deciding.table.keys, plans, lambda p: deciding.described(p), brief=brief)
    try:
        if in_columns:
            assert deciding.file is not None
            parts = list(Slices(deciding, deciding.file, columns))
        else:
            parts = [columns.of_rows([row]) for row in deciding]
    finally:
        opened.close()
    frame = pl.concat([columns.of_rows([]), *parts])
    return frame, deciding.summary(), deciding.wrong, deciding._listed, +deciding.outcomes


def assert_alike(engine, point, path, **options):
    try:
        one, *said_of_one = decided(engine, point, path, in_columns=False, **options)
    except salesctrl.FactsError as error:
        with pytest.raises(salesctrl.FactsError, match=f"^{re.escape(str(error))}$"):
            decided(engine, point, path, in_columns=True, **options)
        return None
    other, *said_of_other = decided(engine, point, path, in_columns=True, **options)
    requirements = [pl.col("requirements").list.sort()] if "requirements" in one.columns else []
    assert_frame_equal(one.with_columns(requirements), other.with_columns(requirements))
    assert said_of_one == said_of_other
    return other


@pytest.fixture(scope="module")
def engine():
    return salesctrl.load()


# --- the examples ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("brief", [True, False])
@pytest.mark.parametrize(
    ("point", "table", "map_", "as_of"),
    [
        ("price.quote", "order_lines/lines.csv", "order_lines/quotes.yaml", None),
        ("receivable.liability", "receivables/ledger.csv", "receivables/closing.yaml", date(2013, 6, 30)),
        ("receivable.liability", "receivables/ledger.csv", "receivables/settlement.yaml", None),
    ],
)
@pytest.mark.parametrize("floats", Floats)
def test_the_tables_of_the_examples(engine, point, table, map_, as_of, floats, brief):
    options = {"as_of": as_of, "map_file": EXAMPLES / map_, "floats": floats, "brief": brief}
    assert assert_alike(engine, point, EXAMPLES / table, **options).height >= 12


# --- cells that hold anything ---------------------------------------------------------------------------

DIRTY = [
    "", " ", "1", "-1", "0", "1.00", "1,234.50", "1,23", "100.005", "5%", "150%", "5 %", "1e3", "1E+2", "nan",
    "5000 CNY", "5000 USD", "30 days", "2 months", "2026-03-02", "2026/3/2", "2.3.2026", "20260302", "0001-01-01",
    "9999-12-31", "2026-02-30", "2026-03-02T08:00+08:00", "2026-03-02T08:00", "true", "FALSE", "yes", "是", "否",
    "A", " A ", "a", "B", "x" * 300, "é", "[]", "[{}]", '[{"a": 1}]', "{}", "[1", "null", "９", "1" * 20, "1" * 60,
    "0.30000000000000004", "+5", "--5", "\t7\t",
]  # fmt: skip
EVIDENCE = [
    '{"approvals": [{"role": "cfo", "by": "Li", "at": "2026-03-01T08:00+08:00"}]}', '{"approvals": 5}',
    '{"documents": [{"kind": "contract"}]}', "{}", "[]", "oops", "", '{"surprise": 1}',
]  # fmt: skip


def good(type_):
    """Texts that are values of a type, more or less."""
    match type_.base:
        case Base.CHOICE:
            return st.sampled_from(type_.choices)
        case Base.BOOLEAN:
            return st.sampled_from(["true", "false"])
        case Base.DATE:
            return st.dates(date(2020, 1, 1), date(2027, 1, 1)).map(str)
        case Base.MONEY | Base.NUMBER | Base.DAYS | Base.MONTHS:
            scale = min(type_.scale or 0, 2)
            return st.integers(0, 10**7).map(lambda n: str(Decimal(n % 10**4 if n % 2 else n).scaleb(-scale)))
        case Base.LIST:
            return st.sampled_from(["[]", "[{}]", "oops"])
    return st.sampled_from(["A-1", "B", "x"])


@st.composite
def tables(draw, engine):
    """A control point, the names of some columns, and rows of texts for them."""
    point = draw(st.sampled_from(POINTS))
    columns = Columns(engine.point(point).plans, engine.checked.vocabulary)
    wanted = draw(st.lists(st.sampled_from(list(columns.wanted)), unique=True, min_size=1))
    if draw(st.booleans()):
        wanted = list(columns.wanted)
    dirt = st.sampled_from(DIRTY) | st.text(max_size=5)
    cells = {
        path: st.one_of(*[good(columns.wanted[path].type)] * 4, dirt) if columns.wanted[path].type.base
        is not Base.TEXT else good(columns.wanted[path].type) | dirt
        for path in wanted
    }  # fmt: skip
    if draw(st.booleans()):
        cells["as_of"] = st.sampled_from(["2026-03-02", "2025-01-01", "2024/7/1", "", "soon", "1-1-1"])
    if draw(st.booleans()):
        cells["evidence"] = st.sampled_from(EVIDENCE)
    cells["note"] = dirt
    rows = draw(st.lists(st.tuples(*cells.values()), max_size=6))
    return point, list(cells), rows


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("dirty")


MANY = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
AS_OF = st.sampled_from([None, DAY])


def options_for(names, as_of, floats, brief):
    return {"as_of": as_of if "as_of" in names else DAY, "floats": floats, "brief": brief, "keys": ["note"]}


@pytest.mark.parametrize("size", [2, 100_000])
@MANY
@given(data=st.data(), as_of=AS_OF, floats=st.sampled_from(Floats), brief=st.booleans())
def test_any_csv(engine, folder, data, as_of, floats, brief, size):
    point, names, rows = data.draw(tables(engine))
    text = io.StringIO()
    csv.writer(text).writerows([names, *rows])
    content = text.getvalue().encode("utf-8", "surrogatepass")
    for _ in range(data.draw(st.integers(0, 2))):
        place = data.draw(st.integers(content.index(b"\n") + 1, len(content)))
        content = content[:place] + data.draw(st.sampled_from([b"\xff", b",", b"\xe4"])) + content[place:]
    path = folder / "a.csv"
    path.write_bytes(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_file, "_CHUNK", 40)
        patch.setattr(csv_file.CsvFile.slices, "__defaults__", (None, size, None))
        assert_alike(engine, point, path, **options_for(names, as_of, floats, brief))


VALUES = {
    "number": st.integers(-(10**6), 10**12) | st.none(),
    "double": st.floats(-1e9, 1e9) | st.integers(0, 10**8).map(lambda n: n / 100) | st.none()
    | st.sampled_from([float("nan"), float("inf")]),
    "decimal": st.decimals(-(10**6), 10**6, places=4) | st.none(),
    "date": st.dates(date(1990, 1, 1), date(2030, 1, 1)) | st.none(),
    "time": st.datetimes() | st.none(),
    "boolean": st.booleans() | st.none(),
}  # fmt: skip


@MANY
@given(data=st.data(), as_of=AS_OF, floats=st.sampled_from(Floats), brief=st.booleans())
def test_any_parquet(engine, folder, data, as_of, floats, brief):
    point, names, rows = data.draw(tables(engine))
    columns = {}
    for i, name in enumerate(names):
        kind = data.draw(st.sampled_from(["text", "text", *VALUES]))
        cells = [row[i].encode("utf-8", "replace").decode() or None for row in rows]
        if kind != "text":
            cells = data.draw(st.lists(VALUES[kind], min_size=len(rows), max_size=len(rows)))
        dtype = {"text": pl.String, "decimal": pl.Decimal(20, 4), "double": pl.Float64, "number": pl.Int64}
        columns[name] = pl.Series(cells, dtype=dtype.get(kind), strict=True)
    path = folder / "a.parquet"
    pl.DataFrame(columns).write_parquet(path)
    assert_alike(engine, point, path, **options_for(names, as_of, floats, brief))


@settings(MANY, max_examples=10)
@given(data=st.data(), as_of=AS_OF, floats=st.sampled_from(Floats))
def test_any_sheet(engine, folder, data, as_of, floats):
    openpyxl = pytest.importorskip("openpyxl")
    point, names, rows = data.draw(tables(engine))
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(names)
    plain = st.one_of(*(VALUES[kind] for kind in ("number", "date", "boolean"))) | st.floats(-1e9, 1e9)
    for number, row in enumerate(rows, 2):
        for column, text in enumerate(row, 1):
            cell = sheet.cell(number, column)
            try:
                cell.value = text if data.draw(st.booleans()) else data.draw(plain)
            except openpyxl.utils.exceptions.IllegalCharacterError:
                continue
            if isinstance(cell.value, str):
                cell.data_type = "s"
    path = folder / "a.xlsx"
    book.save(path)
    assert_alike(engine, point, path, **options_for(names, as_of, floats, False))


# --- versions -------------------------------------------------------------------------------------------

VERSIONS = """
vocabulary: small
currency: CNY
kinds:
  customer: {fields: {balance: money, grade: {type: choice, choices: [A, B]}}}
  order: {fields: {id: text, amount: money, weight: {type: decimal, decimals: 3}, missing: money}}
---
policy: p
control_point: order.release
effective: {from: 2025-01-01, to: 2025-12-31}
let: {owed: order.amount + customer.balance}
outputs: [owed]
rules:
  - {id: R-1, when: order.amount > 100, deny: true}
  - {id: R-0, when: known(order.amount), compute: {row: order.missing}}
---
policy: p
control_point: order.release
effective: {from: 2026-01-01}
let: {owed: order.weight * 2}
outputs: [owed]
rules:
  - {id: R-2, when: "customer.grade == 'B' and order.amount > 50", flag: true}
"""


@settings(MANY, max_examples=15)
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(["2024-05-05", "2025-05-05", "2026-05-05", "soon", ""]),
            *[st.sampled_from(["", "1.5", "60", "120", "oops", "1.2345"])] * 4,
            st.sampled_from(["A", "B", "C", ""]),
        ),
        max_size=12,
    )
)
def test_rows_of_several_versions(folder, rows):
    engine = engine_of(VERSIONS)
    names = "as_of,customer.balance,amount,weight,missing,grade"
    (folder / "v.csv").write_text("\n".join([names, *map(",".join, rows), ""]), encoding="utf-8")
    for brief in (True, False):
        frame = assert_alike(engine, "order.release", folder / "v.csv", as_of=None, brief=brief)
        assert frame.columns[-2:] == ["owed", "row (value)"]
        assert frame["owed"].dtype == pl.Decimal(38, 3)
    frame, *_ = decided(
        engine, "order.release", folder / "v.csv", in_columns=True, as_of=None, keys=["as_of"]
    )
    assert frame["as_of (key)"].fill_null("").to_list() == [row[0] for row in rows]


def test_which_facts_are_missing(folder):
    engine = engine_of(VERSIONS)
    text = "as_of,amount,balance,weight,grade\n2025-01-01,1,,,\n2026-01-01,60,,,\n2026-01-01,1,,1,\n"
    (folder / "m.csv").write_text(text, encoding="utf-8")
    frame = assert_alike(engine, "order.release", folder / "m.csv", as_of=None)
    assert frame["missing"].to_list() == [
        ["customer.balance", "order.missing"], ["order.weight", "customer.grade"], [],
    ]  # fmt: skip
    assert frame["unknown"].to_list() == [["R-0"], ["R-2"], []]


def test_constants_of_a_map(folder):
    engine = engine_of(VERSIONS)
    (folder / "c.csv").write_text("x\n1\n70\nten\n", encoding="utf-8")
    (folder / "map.yaml").write_text(
        "columns: {x: order.amount}\n"
        'constants: {as_of: 2026-02-02, customer.grade: B, order.weight: "1,000.5", order.id: " "}\n',
        encoding="utf-8",
    )
    frame = assert_alike(engine, "order.release", folder / "c.csv", as_of=None, map_file=folder / "map.yaml")
    assert frame["outcome"].to_list() == ["allow", "flag", "incomplete"]
    assert frame["owed"].to_list() == [Decimal("2001.000")] * 3
    (folder / "map.yaml").write_text("constants: {as_of: soon, order.id: 5}\n", encoding="utf-8")
    frame = assert_alike(engine, "order.release", folder / "c.csv", as_of=None, map_file=folder / "map.yaml")
    assert frame["as_of"].to_list() == [None] * 3


def test_a_table_in_which_nothing_is_read(folder):
    (folder / "n.csv").write_text("a,a\n1,2\n\n3,4\n", encoding="utf-8")
    frame = assert_alike(engine_of(VERSIONS), "order.release", folder / "n.csv")
    assert frame["row"].to_list() == [1, 2]
    assert frame["missing"].to_list() == [["order.weight", "customer.grade", "order.amount"]] * 2
