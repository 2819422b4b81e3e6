"""Every cell of a column is read as the evaluator of one transaction reads it alone."""

import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from salesctrl.batch.convert import Cells, read_cells, read_column
from salesctrl.batch.readers import Way, read_at_once
from salesctrl.evaluate.facts import Reading, read_value
from salesctrl.evaluate.layout import Leaf
from salesctrl.numbers import NotExact, to_scaled
from salesctrl.policy.documents import LocalText
from salesctrl.policy.types import BOOLEAN, DATE, DAYS, INSTANT, MONTHS, TEXT, Base, choice, money, number
from salesctrl.policy.vocabulary import Field
from salesctrl.tables.cells import cell_value

MONEY, RATE, COUNT = money("CNY"), number(4, percent=True), number(0)
GRADE = choice(("A", "B", "C", "gold"))
REGION = choice(tuple(f"region {k}" for k in range(12)))


def leaf_of(type_, *, digits=18, length=10, low=None, high=None, default=None):
    first, last = (1, 3_652_059) if type_.base is Base.DATE else (0, 0)
    if type_.is_numeric:
        first, last = 1 - 10**digits, 10**digits - 1
    low, high = first if low is None else low, last if high is None else high
    field = Field("order", "x", type_, LocalText(en="x"), ("x",), low, high, digits, length, default)
    return Leaf("order.x", field, 0)


def alone(leaf, fact, way):
    """What one cell is by itself: its value, its problem, and whether noise was rounded away."""
    default = leaf.field.default
    if fact is None or (way.nan_is_null and isinstance(fact, float) and math.isnan(fact)):
        return default, None, False
    if isinstance(fact, str) and way.cells:
        if not fact.strip():
            return default, None, False
        fact = way.values.get(fact.strip(), fact)
        if isinstance(fact, str):
            fact = cell_value(fact, leaf.field.type, order=way.order, nearest=way.tolerance is not None)
    reading = Reading([], tolerance=way.tolerance)
    value = read_value(leaf, fact, leaf.path, reading)
    return value, reading.problems[0] if reading.problems else None, bool(reading.rounded)


def agree(leaf, column, way, facts=None):
    cells = read_cells(leaf, column, leaf.path, way)
    facts = column.to_list() if facts is None else facts
    expected = [alone(leaf, fact, way) for fact in facts]
    assert len(cells.values) == len(column)
    assert cells.values.to_list() == [value for value, _, _ in expected]
    assert [(one.row, one.problem) for one in cells.problems] == [
        (row, problem) for row, (_, problem, _) in enumerate(expected) if problem is not None
    ]
    assert cells.rounded == tuple(row for row, (_, _, noise) in enumerate(expected) if noise)
    assert cells.values.dtype == canonical(leaf, [value for value, _, _ in expected])


def canonical(leaf, values):
    if leaf.field.type.base is Base.BOOLEAN:
        return pl.Boolean
    if leaf.field.type.base in (Base.TEXT, Base.CHOICE):
        return pl.String
    return pl.Int64 if all(v is None or -(2**63) <= v < 2**63 for v in values) else pl.Int128


# --- fields ---------------------------------------------------------------------------------------


@st.composite
def numeric_leaves(draw):
    scale, digits = draw(
        st.sampled_from([(0, 6), (0, 38), (2, 18), (2, 5), (4, 9), (6, 38), (10, 20), (18, 38)])
    )
    type_ = draw(st.sampled_from([number(scale), money("CNY", scale), number(scale, percent=True)]))
    type_ = draw(st.sampled_from([type_, DAYS, MONTHS])) if scale == 0 else type_
    leaf = leaf_of(type_, digits=digits)
    if draw(st.booleans()):
        edge = min(10 ** draw(st.integers(0, 38)), leaf.field.high)
        low, high = sorted(
            [draw(st.sampled_from([-edge, 0, 1 - edge])), draw(st.sampled_from([edge, edge - 1]))]
        )
        leaf = replace(leaf, field=replace(leaf.field, low=low, high=high))
    if draw(st.integers(0, 3)) == 0:
        leaf = replace(leaf, field=replace(leaf.field, default=draw(st.sampled_from([0, leaf.field.high]))))
    return leaf


def leaves():
    others = [
        leaf_of(DATE), leaf_of(DATE, low=738_000, high=740_000, default=738_001), leaf_of(INSTANT),
        leaf_of(INSTANT, default=7), leaf_of(BOOLEAN), leaf_of(BOOLEAN, default=False), leaf_of(TEXT),
        leaf_of(TEXT, length=3, default=""), leaf_of(GRADE), leaf_of(GRADE, default="B"), leaf_of(REGION),
    ]  # fmt: skip
    return numeric_leaves() | st.sampled_from(others)


def ways():
    return st.builds(
        Way,
        tolerance=st.sampled_from([None, None, Decimal("1e-9"), Decimal(0), Decimal("0.004")]),
        nan_is_null=st.booleans(),
        order=st.sampled_from(["year/month/day", "month/day/year"]),
        values=st.sampled_from([{}, {}, {"Yes": False, "A": "B", "N/A": "0", "12": "13", "1,000": "7"}]),
        cells=st.booleans(),
    )


# --- cells ----------------------------------------------------------------------------------------

NEAR_POWERS = st.builds(
    lambda power, shift, sign: sign * (10**power + shift),
    st.integers(0, 40),
    st.integers(-2, 2),
    st.sampled_from([1, -1]),
)


def within(low, high):
    return (
        st.integers(low, high) | NEAR_POWERS.filter(lambda n: low <= n <= high) | st.sampled_from([low, high])
    )


@st.composite
def decimal_texts(draw):
    digits = str(abs(draw(NEAR_POWERS | st.integers(0, 10**6))))
    point = draw(st.integers(0, len(digits)))
    whole, part = digits[:point], digits[point:] + "0" * draw(st.sampled_from([0, 0, 1, 3]))
    whole = draw(st.sampled_from(["", "", "0", "00"])) + whole
    if draw(st.integers(0, 3)) == 0 and whole.isdigit():
        whole = f"{int(whole):,}"
    text = (
        draw(st.sampled_from(["", "", "-", "+", "+-"]))
        + whole
        + (f".{part}" if part else draw(st.sampled_from(["", "", "."])))
    )
    return draw(
        st.sampled_from(
            ["{}"] * 6 + [" {}", "{}  ", "\t{}", "{}%", "{} CNY", "{} days", "{}e2", "{}_0", "\u3000{}"]
        )
    ).format(text)


@st.composite
def floats(draw):
    n, scale = draw(within(-(10**17), 10**17)), draw(st.sampled_from([0, 1, 2, 4, 6]))
    near = n / 10**scale
    noise = draw(st.sampled_from([0, 0, 1, -1, 3]))
    for _ in range(abs(noise)):
        near = math.nextafter(near, math.inf if noise > 0 else -math.inf)
    return draw(st.sampled_from([near, near, near, draw(st.floats())]))


WORDS = st.sampled_from(
    ["A", "B", " A ", "gold", "Gold", "glod", "region 3", "Yes", "N/A", "true", "TRUE", "false ", "是", "否", "1", "0", "no", "", " ", "\t",
     "\u3000", "\x1f", "\x85", "\x1c a", "\xa0", "客户", "客户一二三四五六七八九十", "éa", "abcdefghijk", "αβγ", " N/A", "12", " 1,000 "]
)  # fmt: skip
DATES = st.dates() | st.dates(date(2021, 7, 1), date(2027, 1, 1)) | st.sampled_from([date.min, date.max])
DATE_TEXTS = st.builds(
    lambda day, form: form.format(d=day),
    DATES,
    st.sampled_from(["{d:%Y-%m-%d}", "{d:%Y/%m/%d}", "{d.year}-{d.month}-{d.day}", "{d.year:04}/{d.month}/{d.day}", "{d.month}/{d.day}/{d.year:04}",
                     "{d:%Y%m%d}", " {d} ", "{d}T00:00", "{d}T08:00+08:00", "{d}T08:00Z", "{d}x", "{d:%Y-%m}-32"]),
)  # fmt: skip
TEXTS = decimal_texts() | WORDS | DATE_TEXTS | st.text(max_size=12)
ZONES = ["UTC", "Asia/Shanghai", "America/New_York"]


@st.composite
def datetimes(draw):
    day = datetime.combine(draw(DATES), datetime.min.time())
    within_day = draw(st.sampled_from([0, 0, 1, 999, 86_399_999_999, draw(st.integers(0, 86_399_999_999))]))
    return day + timedelta(microseconds=within_day)


def cells(values):
    return st.lists(st.none() | values, max_size=12)


@st.composite
def columns(draw):
    """A column of one of the kinds there are."""
    kind = draw(
        st.sampled_from(
            [
                "int",
                "decimal",
                "float",
                "float32",
                "text",
                "date",
                "datetime",
                "zoned",
                "boolean",
                "category",
                "other",
            ]
        )
    )
    match kind:
        case "int":
            dtype = draw(
                st.sampled_from(
                    [
                        pl.Int8,
                        pl.Int16,
                        pl.Int32,
                        pl.Int64,
                        pl.Int128,
                        pl.UInt8,
                        pl.UInt16,
                        pl.UInt32,
                        pl.UInt64,
                    ]
                )
            )
            low, high = (int(pl.select(bound).item()) for bound in (dtype.min(), dtype.max()))
            return pl.Series(draw(cells(within(low, high))), dtype=dtype)
        case "decimal":
            scale = draw(st.integers(0, 12))
            digits = draw(st.sampled_from([scale + 1, 20, 38]))
            numbers = draw(cells(within(1 - 10**digits, 10**digits - 1)))
            zeros = draw(st.sampled_from([1, 1, 100, 10**9]))
            numbers = [n if n is None else n - int(math.copysign(abs(n) % zeros, n)) for n in numbers]
            return pl.Series(
                [n if n is None else Decimal(n).scaleb(-scale) for n in numbers],
                dtype=pl.Decimal(digits, scale),
            )
        case "float":
            return pl.Series(draw(cells(floats())), dtype=pl.Float64)
        case "float32":
            return pl.Series(
                draw(cells(st.floats(width=32) | st.integers(-1000, 1000).map(lambda n: n / 4))),
                dtype=pl.Float32,
            )
        case "text":
            return pl.Series(draw(cells(TEXTS)), dtype=pl.String)
        case "date":
            return pl.Series(draw(cells(DATES)), dtype=pl.Date)
        case "datetime" | "zoned":
            unit = draw(st.sampled_from(["ms", "us"]))
            column = pl.Series(draw(cells(datetimes())), dtype=pl.Datetime("us")).cast(pl.Datetime(unit))
            if kind == "datetime":
                return column
            column = column.clip(date(2, 1, 1), date(9998, 1, 1))
            return column.dt.replace_time_zone("UTC").dt.convert_time_zone(draw(st.sampled_from(ZONES)))
        case "boolean":
            return pl.Series(draw(cells(st.booleans())), dtype=pl.Boolean)
        case "category":
            return pl.Series(draw(cells(WORDS)), dtype=pl.String).cast(pl.Categorical)
        case _:
            return draw(
                st.sampled_from(
                    [pl.Series([None, None]), pl.Series([[1], None]), pl.Series([{"a": 1}, None]), pl.Series([b"1", None]),
                     pl.Series([timedelta(1), None]), pl.Series(["A", None], dtype=pl.Enum(["A", "D"]))]
                )
            )  # fmt: skip


@settings(max_examples=250, deadline=None)
@given(leaves(), columns(), ways())
def test_every_cell_is_read_as_it_is_alone(leaf, column, way):
    agree(leaf, column, way)


@settings(max_examples=150, deadline=None)
@given(numeric_leaves(), cells(decimal_texts()), ways())
def test_texts_of_numbers_are_read_as_they_are_alone(leaf, texts, way):
    agree(leaf, pl.Series(texts, dtype=pl.String), way)


@settings(max_examples=150, deadline=None)
@given(numeric_leaves(), cells(floats()), ways())
@example(leaf_of(MONEY), [0.1 + 0.2, -0.0, math.inf, math.nan, 1e22, 5e-324, 1e308, 9999999999999.99], Way())
@example(leaf_of(MONEY), [0.1 + 0.2, 0.3, 1e-12, -1e-12, 0.301, None], Way(tolerance=Decimal("1e-9")))
def test_floats_are_read_as_they_are_alone(leaf, numbers, way):
    agree(leaf, pl.Series(numbers, dtype=pl.Float64), way)


OBJECTS = st.one_of(
    st.booleans(), st.integers(), st.decimals(allow_nan=True), st.floats(), TEXTS, DATES, datetimes(), datetimes().map(lambda t: t.replace(tzinfo=UTC)),
    st.builds(np.int64, st.integers(-(10**6), 10**6)), st.builds(np.float64, st.floats()), st.builds(lambda n: [n], st.integers()),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(leaves(), cells(OBJECTS), ways().map(lambda way: replace(way, nan_is_null=False)))
def test_objects_are_read_as_they_are_alone(leaf, facts, way):
    agree(leaf, pl.Series(facts, dtype=pl.Object), way, facts)


@pytest.mark.parametrize("scale", [0, 2, 4, 6])
def test_no_float_is_taken_that_the_rule_refuses(scale):
    """Many numbers beside each other, and a double or two off them; Polars' own division fails here."""
    numbers = np.random.default_rng(scale).integers(-(10**9), 10**9, 3000) / 10**scale
    floats = np.concatenate([numbers, np.nextafter(numbers, np.inf), np.nextafter(numbers, -np.inf)])
    taken = read_at_once(leaf_of(number(scale)), pl.Series(floats), Way())
    for x, n in zip(floats.tolist(), taken.values.to_list(), strict=True):
        try:
            assert n == to_scaled(x, scale, 18)
        except NotExact:
            assert n is None


@pytest.mark.parametrize(
    ("type_", "column"),
    [
        (MONEY, pl.Series([1, 2], dtype=pl.UInt8)),
        (MONEY, pl.Series([1, None], dtype=pl.Int64)),
        (MONEY, pl.Series([Decimal("1.500"), Decimal("-2.5")])),
        (MONEY, pl.Series([0.1, 1234.56, -0.0])),
        (MONEY, pl.Series(["12.5", "-3", "1,234.50", " 7 ", ".5", "1.500"])),
        (COUNT, pl.Series([3.0, -4.0], dtype=pl.Float32)),
        (DATE, pl.Series([date(2024, 1, 1)])),
        (DATE, pl.Series([date(2024, 1, 1)]).cast(pl.Datetime)),
        (INSTANT, pl.Series([datetime(2024, 1, 1, tzinfo=UTC)])),
        (BOOLEAN, pl.Series([True, None])),
        (GRADE, pl.Series(["A", "gold"])),
        (GRADE, pl.Series(["A", "gold"], dtype=pl.Categorical)),
        (REGION, pl.Series(["region 3"])),
        (TEXT, pl.Series(["A-1", "客户", "é", "x" * 10])),
    ],
)
def test_what_is_common_is_read_at_once(type_, column):
    taken = read_at_once(leaf_of(type_), column, Way())
    assert taken is not None
    assert taken.left is None


def codes(cells: Cells) -> list[tuple[int, str]]:
    return [(one.row, one.problem.code) for one in cells.problems]


def test_parts_of_a_microsecond_are_refused_and_not_cut_off():
    column = pl.Series([1_000, 1_001, -1], dtype=pl.Int64).cast(pl.Datetime("ns", "Asia/Shanghai"))
    cells = read_column(leaf_of(INSTANT), column)
    assert cells.values.to_list() == [1, None, None]
    assert codes(cells) == [(1, "F_FORMAT"), (2, "F_FORMAT")]
    days = pl.Series([86_400 * 10**9, 86_400 * 10**9 + 1], dtype=pl.Int64).cast(pl.Datetime("ns"))
    cells = read_column(leaf_of(DATE), days)
    assert cells.values.to_list() == [719_164, None]
    assert codes(cells) == [(1, "F_FORMAT")]


@pytest.mark.parametrize(
    "dtype", [pl.Datetime("ms", "Asia/Shanghai"), pl.Datetime("us", "UTC"), pl.Datetime("ms")]
)
@pytest.mark.parametrize("type_", [DATE, INSTANT])
def test_times_outside_the_calendar_are_refused(type_, dtype):
    column = pl.Series([2**62, -(2**62), 0], dtype=pl.Int64).cast(dtype)
    cells = read_column(leaf_of(type_), column)
    assert codes(cells)[:2] == [(0, "F_READ"), (1, "F_READ")]


def test_days_outside_the_calendar_are_refused():
    cells = read_column(
        leaf_of(DATE), pl.Series([-719_163, -719_162, 2_932_897], dtype=pl.Int32).cast(pl.Date)
    )
    assert cells.values.to_list() == [None, 1, None]
    assert codes(cells) == [(0, "F_READ"), (2, "F_READ")]


def test_what_pandas_writes_for_nothing_is_unknown():
    pd = pytest.importorskip("pandas")
    column = pl.Series([math.nan, pd.NA, pd.NaT, Decimal("NaN"), np.float64("nan"), "1.5"], dtype=pl.Object)
    read = read_column(leaf_of(MONEY), column, nan_is_null=True)
    assert (read.values.to_list(), read.problems) == ([None] * 5 + [150], ())
    assert [row for row, _ in codes(read_column(leaf_of(MONEY), column))] == [0, 1, 2, 3, 4]


def test_refused_cells_do_not_take_the_default():
    cells = read_column(leaf_of(MONEY, default=7), pl.Series(["", None, "x", "1"]))
    assert cells.values.to_list() == [7, 7, None, 100]
    assert codes(cells) == [(2, "F_FORMAT")]


def test_equal_cells_share_one_problem():
    cells = read_column(leaf_of(MONEY), pl.Series(["x", "1", "x"]))
    first, second = cells.problems
    assert (first.row, second.row) == (0, 2)
    assert first.problem is second.problem


def test_a_map_says_what_texts_mean():
    words = {"-": "0", "1": "2", "n/a": "nothing"}
    cells = read_column(leaf_of(MONEY), pl.Series(["-", "1", " 1 ", "3", "n/a"]), values=words)
    assert cells.values.to_list() == [0, 200, 200, 300, None]
    assert codes(cells) == [(4, "F_FORMAT")]
    yes = read_column(leaf_of(BOOLEAN), pl.Series(["Yes", "No"]), values={"Yes": False})
    assert yes.values.to_list() == [False, False]


def test_only_numbers_that_need_it_are_wide():
    wide = leaf_of(number(2), digits=38)
    assert read_column(wide, pl.Series([10**10])).values.dtype == pl.Int64
    assert read_column(wide, pl.Series([10**17])).values.dtype == pl.Int128
    assert read_column(wide, pl.Series(["9" * 20])).values.to_list() == [int("9" * 20) * 100]


def test_a_column_of_nothing_takes_no_time():
    column = pl.Series([None, None], dtype=pl.Decimal(38, 9))
    assert read_column(leaf_of(MONEY), column).values.to_list() == [None, None]
    assert read_column(leaf_of(MONEY), pl.Series([None, Decimal("0.123456789")])).values.to_list() == [
        None,
        None,
    ]


@pytest.mark.parametrize("scale", [0, 2, 6])
def test_noise_is_rounded_away_up_to_the_tolerance_and_no_further(scale):
    """Floats a little less and a little more than the tolerance from a number, and just at it."""
    tolerance = min(Decimal("1e-9"), Decimal(1).scaleb(-scale - 3))
    numbers = np.random.default_rng(scale).integers(-(10**6), 10**6, 600) / 10**scale
    numbers[:20] = 0
    off = np.random.default_rng(scale).choice([0.5, 0.99, 1, 1.01, 1.5, 3], 600) * float(tolerance)
    floats = np.concatenate([numbers + off, numbers - off])
    way = Way(tolerance=Decimal("1e-9"))
    agree(leaf_of(number(scale)), pl.Series(floats), way)
    taken = read_at_once(leaf_of(number(scale)), pl.Series(floats), way)
    assert len(taken.rounded) > len(floats) // 10
    assert taken.left.sum() > len(floats) // 10


def test_the_name_of_a_column_may_be_any_text():
    """A null character too, which Arrow has no room for."""
    grade = Field("customer", "grade", choice(("A", "B")), LocalText(en="…"), ("grade",))
    cells = read_column(Leaf("customer.grade", grade, 0), pl.Series("a\0b", ["A", "B"]))
    assert cells.values.to_list() == ["A", "B"]
