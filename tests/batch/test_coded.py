"""Texts as codes: when a column of few words is decided by its numbers, and that it is decided all the same."""

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from tests.batch.frames import AS_OF
from tests.loading import engine_of, policy_text

from salesctrl.batch.coded import Equalities, read_coded
from salesctrl.batch.convert import read_column
from salesctrl.batch.given import Given
from salesctrl.batch.readers import Way
from salesctrl.evaluate.layout import all_leaves

POLICY = """\
subject: order.memo
outputs: [shown]
let:
  shown: order.note
rules:
  - {id: STOP, when: order.memo == "stop" or order.memo == "halt", deny: true}
  - {id: SAME, when: order.memo == customer.region, deny: true}
  - {id: GRADE, when: 'customer.grade in ["B", "C"]', flag: true}
  - {id: NOTE, when: order.note == "x", flag: true}
"""
FRAME = pl.DataFrame(
    {
        "order.memo": ["stop", "north", None, "go"],
        "customer.region": ["south", "north", "south", None],
        "customer.grade": ["A", "C", None, "A"],
        "order.note": ["x", "y", None, "x"],
    }
)
MORE = {"order.memo": ["wait"], "customer.grade": ["B"]}
"""Words that are in no row."""
SHOWN = ["outcome", "fired", "unknown", "shown"]


@pytest.fixture(scope="module")
def engine():
    return engine_of(policy_text(POLICY))


def coded(*words: str | None, among: tuple[str, ...]) -> pl.Series:
    return pl.Series(list(words), dtype=pl.Enum(among))


def leaf_of(engine, path):
    point = engine.point("point")
    return next(leaf for leaf in all_leaves(point.at(AS_OF.toordinal()).root) if leaf.path == path)


def categories() -> pd.DataFrame:
    """Each column with its words in another order, and with a word that is in no row."""
    made = {}
    for number, series in enumerate(FRAME):
        words = sorted({*series.drop_nulls(), *MORE.get(series.name, [])}, reverse=number % 2 == 0)
        made[series.name] = pd.Categorical(series.to_list(), categories=words)
    return pd.DataFrame(made)


FORMS = {
    "categories of pandas": categories,
    "Enum of Polars": lambda: pl.from_pandas(categories()).with_columns(
        pl.col(name).cast(pl.String).cast(pl.Enum(categories()[name].cat.categories.to_list()))
        for name in FRAME.columns
    ),
    "dictionaries of Arrow": lambda: pa.Table.from_pandas(categories()),
}


@pytest.mark.parametrize("form", FORMS)
def test_few_words_are_decided_as_texts_are(engine, form):
    plain = engine.evaluate_frame("point", FRAME, as_of=AS_OF)
    result = engine.evaluate_frame("point", FORMS[form](), as_of=AS_OF)
    assert result.columns.select(SHOWN).equals(plain.columns.select(SHOWN))
    assert plain.columns["fired"].to_list() == [["STOP", "NOTE"], ["SAME", "GRADE"], [], ["NOTE"]]
    for row in range(4):
        assert result.explain(row).to_json(trace=True) == plain.explain(row).to_json(trace=True)


def test_codes_stay_where_only_equality_is_asked_for(engine):
    point = engine.point("point").at(AS_OF.toordinal())
    slots = point.plan.inputs.slots
    words = ("go", "stop")
    given = {
        slots["order.memo"]: coded("go", "stop", among=words),
        slots["customer.region"]: coded("north", None, among=("south", "north")),
        slots["customer.grade"]: coded("A", "C", among=("C", "A")),
        slots["order.note"]: coded("x", "y", among=("x", "y")),
    }
    plain = Equalities(point.plan).plain(Given(2, given)).facts
    memo, name = plain[slots["order.memo"]], plain[slots["customer.region"]]
    assert memo.dtype == name.dtype == pl.Enum(["go", "stop", "south", "north", "halt"])
    assert (memo.to_list(), name.to_list()) == (["go", "stop"], ["north", None])
    assert plain[slots["customer.grade"]].dtype == pl.Enum(["C", "A", "B"])
    assert plain[slots["order.note"]].dtype == pl.String  # it is given back


def test_what_is_compared_with_texts_becomes_texts(engine):
    point = engine.point("point").at(AS_OF.toordinal())
    slots = point.plan.inputs.slots
    given = {slots["order.memo"]: coded("go", among=("go",)), slots["customer.region"]: pl.Series(["north"])}
    plain = Equalities(point.plan).plain(Given(1, given)).facts
    assert plain[slots["order.memo"]].dtype == pl.String


@pytest.mark.parametrize(
    ("path", "column"),
    [
        ("customer.grade", coded("A", among=("A", "Z"))),  # no grade, though in no row
        ("customer.grade", coded("A", among=("A", " B"))),  # read only without the space
        ("order.memo", coded("x", among=("x", "  "))),  # a blank cell is nothing
        ("order.memo", coded("x", among=("x", "y" * 2000))),
        ("order.paid", coded("1", among=("1",))),
    ],
)
def test_words_that_are_not_facts_as_they_stand_are_read_as_texts(engine, path, column):
    more = "rules:\n  - {id: PAID, when: order.paid > 10.00, flag: true}\n"
    engine = engine_of(policy_text(POLICY.replace("rules:\n", more, 1)))
    leaf = leaf_of(engine, path)
    assert read_coded(leaf, column, Way()) is None
    assert read_column(leaf, column).values.equals(read_column(leaf, column.cast(pl.String)).values)


def test_texts_that_mean_other_texts_are_read_as_texts(engine):
    column = coded("x", among=("x",))
    assert read_coded(leaf_of(engine, "order.memo"), column, Way(values={"x": "y"})) is None
