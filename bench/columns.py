"""The reference orders as columns of numpy: typical ones by the million, or given records.

Numbers are scaled to whole units (cents, ten-thousandths) and texts are places in their lists
of words: the form in which hand-written code over numpy is fastest. The other forms, which
engines are fed, are made from it: `decimals` (Arrow), `floats` (plain columns), and what the
adapters build from these.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reference.orders import CENTS, WHOLE, Record, as_scaled
from reference.rules import COUNTS, DECIMALS, FLAGS, MONEY, RATES

if TYPE_CHECKING:
    import pyarrow

Columns = dict[str, NDArray[Any]]

SEED = 20240601
#: Orders are made in slices of this size, each from a seed of its own, so that a long table
#: begins like a short one and need never be whole in memory.
SLICE = 1_000_000

WORDS: Mapping[str, tuple[str, ...]] = {
    "customer_grade": ("A", "B", "C", "D"),
    "requester_role": ("sales_rep", "sales_manager", "vp_sales", "gm"),
    "approver_role": ("sales_rep", "sales_manager", "vp_sales", "gm"),
}
DIGITS = dict.fromkeys(MONEY, 18) | dict.fromkeys(RATES, 5)


def typical(count: int) -> Columns:
    """So many typical orders, always the same."""
    parts = list(slices(count))
    if len(parts) == 1:
        return parts[0]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def slices(count: int) -> Iterator[Columns]:
    """The typical orders in slices of at most `SLICE`."""
    for number, first in enumerate(range(0, count, SLICE)):
        yield _slice(number, min(SLICE, count - first))


def _slice(number: int, count: int) -> Columns:
    """What `reference.orders` does for one typical order, for a slice of them at once.

    The whole slice is drawn, whatever part of it is wanted: a table begins like a longer one.
    """
    rng = np.random.default_rng([SEED, number])

    def whole(low: Any, high: Any) -> NDArray[np.int64]:
        return rng.integers(low, high, SLICE, endpoint=True, dtype=np.int64)

    def chance(percent: int) -> NDArray[np.bool_]:
        return whole(0, 99) < percent

    def choice(values: Sequence[int], percent: Sequence[int] | None = None) -> NDArray[np.int64]:
        if percent is None:
            return np.array(values)[whole(0, len(values) - 1)]
        return np.array(values)[np.searchsorted(np.cumsum(percent), whole(0, 99), side="right")]

    list_price = whole(10 * CENTS, 5_000 * CENTS)
    limit = choice((100_000, 200_000, 500_000, 1_000_000, 2_000_000)) * CENTS
    late = choice(range(4), (75, 17, 6, 2))
    dear = choice(range(4), (78, 14, 6, 2))
    discount = whole(np.array((0, 501, 1_001, 2_001))[dear], np.array((500, 1_000, 2_000, 4_000))[dear])
    lowest = (list_price * (WHOLE - discount) + WHOLE // 2) // WHOLE
    cheap = np.maximum(lowest - whole(1, 500), 0)
    made: Columns = {
        "customer_grade": choice(range(4), (40, 35, 18, 7)).astype(np.int8),
        "amount": np.minimum(rng.lognormal(15.0, 1.0, SLICE).astype(np.int64), 900_000 * CENTS),
        "credit_limit": limit,
        "outstanding": whole(0, limit * 9 // 10 - 1),
        "overdue_days": whole(np.array((0, 1, 31, 121))[late], np.array((0, 30, 120, 400))[late]).astype(
            np.int32
        ),
        "discount_rate": discount,
        "list_price": list_price,
        "unit_price": np.where(chance(3), cheap, lowest + choice((0, 0, 1, 250))),
        "prepaid_ratio": 10 * whole(0, 1_000),
        "contract_signed": ~chance(3),
        "requester_role": chance(6).astype(np.int8),
        "approver_role": choice((1, 2, 3)).astype(np.int8),
        "has_cfo_approval": chance(10),
    }
    return {name: values[:count].copy() for name, values in made.items()}


def of_records(records: Sequence[Record]) -> Columns:
    """The columns of given records, each number at its declared decimals."""
    rows = [as_scaled(record) for record in records]
    columns: Columns = {name: np.array([row[name] for row in rows], dtype=np.int64) for name in DECIMALS}
    columns |= {name: np.array([row[name] for row in rows], dtype=np.int32) for name in COUNTS}
    columns |= {name: np.array([row[name] for row in rows], dtype=np.bool_) for name in FLAGS}
    for name, words in WORDS.items():
        columns[name] = np.array([words.index(row[name]) for row in rows], dtype=np.int8)
    return columns


def height(columns: Columns) -> int:
    return len(columns["amount"])


# --- the forms that engines are fed -------------------------------------------------------------


def floats(columns: Columns) -> Columns:
    """Numbers with decimals as binary floats, each the nearest one; the others as they are.

    The quotient of two whole numbers below 2**53 is rounded once, so that it is the float
    that the decimal text would be read as.
    """
    scaled = {name: columns[name] / float(10**decimals) for name, decimals in DECIMALS.items()}
    return columns | scaled


def texts(columns: Columns) -> dict[str, NDArray[Any]]:
    """The text columns as Python's strings, with a number for each order."""
    words = {
        name: np.array(known, dtype=object)[columns[name].astype(np.int64)] for name, known in WORDS.items()
    }
    names = np.array([f"T{place:07}" for place in range(height(columns))], dtype=object)
    return {"order_id": names} | words


def arrow(columns: Columns, first: int = 0) -> "pyarrow.Table":
    """An Arrow table: decimals, strings, booleans, and a number for each order, counted from `first`."""
    import pyarrow as pa
    import pyarrow.compute as pc

    places = pa.array(np.arange(first, first + height(columns))).cast(pa.string())
    arrays = {"order_id": pc.binary_join_element_wise("T", pc.utf8_lpad(places, 7, padding="0"), "")}
    for name, values in columns.items():
        if name in WORDS:
            arrays[name] = pa.array(WORDS[name]).take(pa.array(values))
        elif name in DECIMALS:
            arrays[name] = _decimal128(values, pa.decimal128(DIGITS[name], DECIMALS[name]))
        else:
            arrays[name] = pa.array(values)
    return pa.table(arrays)


def _decimal128(scaled: NDArray[np.int64], dtype: "pyarrow.DataType") -> "pyarrow.Array":
    """Whole units as decimals, without a number in between: Arrow keeps them as 128-bit integers."""
    import pyarrow as pa

    words = np.empty((len(scaled), 2), dtype=np.int64)
    words[:, 0] = scaled
    words[:, 1] = scaled >> 63
    return pa.Array.from_buffers(dtype, len(scaled), [None, pa.py_buffer(words)])
