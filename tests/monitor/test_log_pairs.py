"""Who did both duties of a pair: what is found in columns is what looking at every two events finds."""

from itertools import product

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from salesctrl.monitor.log_pairs import proofs

DUTY_OF = {"take": "order", "take again": "order", "sign": "contract", "ship": "shipping", "pay": "payment"}
PAIRS = pl.DataFrame(
    {
        "pair": ["1", "2", "3"],
        "first": ["order", "shipping", "payment"],
        "second": ["contract", "order", "contract"],
    }
)
_ROWS = st.tuples(
    st.sampled_from(["A", "B", "B "]),
    st.sampled_from([*DUTY_OF, "look"]),
    st.sampled_from(["7", "8", None]),
    st.integers(0, 3),
)


def _by_looking(events: pl.DataFrame) -> set[tuple[str, ...]]:
    """The earliest event of each duty, of all who did both, by looking at every two events."""
    rows = sorted(events.rows(named=True), key=lambda row: (row["time"], row["id"]))
    found: dict[tuple[str, str, str], tuple[str, ...]] = {}
    for pair, first, second in PAIRS.rows():
        for one, other in product(rows, rows):
            if one["person"] is None or (one["case"], one["person"]) != (other["case"], other["person"]):
                continue
            if DUTY_OF.get(one["activity"]) == first and DUTY_OF.get(other["activity"]) == second:
                key = (pair, one["case"], one["person"])
                found.setdefault(key, (*key, one["id"], other["id"]))
    return set(found.values())


@given(st.lists(_ROWS, max_size=30))
def test_proofs_are_what_looking_at_every_two_events_finds(
    rows: list[tuple[str, str, str | None, int]],
) -> None:
    schema = {"case": pl.String, "activity": pl.String, "person": pl.String, "time": pl.Int64}
    ids = pl.int_range(pl.len()).cast(pl.String).str.zfill(3).alias("id")
    events = pl.DataFrame(rows, schema=schema, orient="row").with_columns(ids)
    found = proofs(events, DUTY_OF, PAIRS).select("pair", "case", "person", "first.id", "second.id")
    assert set(found.rows()) == _by_looking(events)
    assert found.height == len(set(found.rows()))


def test_more_duties_than_a_word_has_bits() -> None:
    duty_of = {f"a{i}": f"d{i}" for i in range(300)}
    pairs = pl.DataFrame({"pair": ["far"], "first": ["d1"], "second": ["d299"]})
    events = pl.DataFrame(
        {
            "id": ["1", "2", "3"],
            "case": "A",
            "activity": ["a1", "a299", "a7"],
            "person": ["7", "7", "8"],
            "time": [1, 2, 3],
        }
    )
    assert proofs(events, duty_of, pairs).select("first.id", "second.id").rows() == [("1", "2")]


def test_two_duties_of_one_person_that_are_no_pair() -> None:
    events = pl.DataFrame(
        {"id": ["1", "2"], "case": "A", "activity": ["take", "pay"], "person": "7", "time": [1, 2]}
    )
    assert proofs(events, DUTY_OF, PAIRS).is_empty()
