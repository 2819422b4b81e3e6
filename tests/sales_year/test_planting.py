"""Violations go where they fit, one to a row, and leave the other rows alone."""

import polars as pl
from polars.testing import assert_frame_equal

from salesctrl.sales_year.company import found
from salesctrl.sales_year.dice import Dice
from salesctrl.sales_year.planting import Sheet, Violation, plant

_COMPANY = found(Dice(1), 2026, 20, 100, 20)
_CLEAN = pl.DataFrame(
    {"as_of": range(1000), "thing.id": [f"T{n}" for n in range(1000)], "thing.size": [1] * 1000, "_odd": [False, True] * 500}
)  # fmt: skip
_DOUBLED = Violation("doubled", "S01", ("A-1", "A-2"), "it was doubled", {"thing.size": pl.col("thing.size") * 2}, pl.col("_odd"))  # fmt: skip
_LOST = Violation("lost", "S01", ("A-3",), "it was lost", {"thing.size": pl.lit(None)})
_IN_BOOKS = Violation("first", "S02", ("A-4",), "the first ones are so", where=pl.col("as_of") < 3)


def _sheet(*violations):
    return Sheet("thing.check", "thing.id", lambda _: _CLEAN, violations)


def test_rows_are_changed_as_listed_and_no_others():
    frame, planted = plant(_sheet(_DOUBLED, _LOST), _COMPANY, 40)
    assert frame.columns == ["as_of", "thing.id", "thing.size"]
    doubled = planted.filter(kind="doubled")
    lost = planted.filter(kind="lost")
    assert doubled.group_by("rule").len().sort("rule").rows() == [("A-1", 10), ("A-2", 10)]
    assert lost.height == 19  # of the rows that are left
    assert all(row % 2 for row in doubled["row"])
    assert not set(doubled["row"]) & set(lost["row"])
    assert frame["thing.size"].eq_missing(2).arg_true().to_list() == sorted(set(doubled["row"]))
    assert frame["thing.size"].is_null().arg_true().to_list() == lost["row"].to_list()
    assert frame["thing.id"].gather(planted["row"]).to_list() == planted["record"].to_list()


def test_every_kind_is_planted_once_at_least():
    _, planted = plant(_sheet(_DOUBLED, _LOST), _COMPANY, 1)
    assert sorted(planted["kind"]) == ["doubled", "doubled", "lost"]
    assert planted["row"].n_unique() == 2


def test_what_lies_in_the_books_is_listed_and_kept_as_it_is():
    frame, planted = plant(_sheet(_IN_BOOKS, _LOST), _COMPANY, 500)
    assert planted.filter(kind="first")["row"].to_list() == [0, 1, 2]
    assert frame["thing.size"][:3].to_list() == [1, 1, 1]


def test_with_nothing_to_plant_the_frame_is_clean():
    frame, planted = plant(_sheet(_DOUBLED, _LOST), _COMPANY, 0)
    assert planted.is_empty()
    assert_frame_equal(frame, _CLEAN.drop("_odd"))


def test_a_kind_that_fits_nowhere_is_left_out():
    nowhere = Violation(
        "nowhere", "S01", ("A-5",), "it is nowhere", {"thing.size": pl.lit(9)}, pl.lit(value=False)
    )
    frame, planted = plant(_sheet(nowhere), _COMPANY, 500)
    assert planted.is_empty()
    assert frame.height == _CLEAN.height
