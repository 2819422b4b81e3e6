"""Texts as codes: when a column of few words is decided by its numbers, and that it is decided all the same."""

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from tests.batch.frames import AS_OF
from tests.loading import engine_of, policy_text

from salesctrl.batch import codes
from salesctrl.batch.asked import asked_by
from salesctrl.batch.coded import Equalities, are_facts
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


WORDS = ("go", "stop", "halt", "north", "A", "B", "C", "x", "y")


def plain(engine, **given: pl.Series):
    point = engine.point("point").at(AS_OF.toordinal())
    slots = point.plan.inputs.slots
    places = {name: slots[name.replace("_", ".")] for name in given}
    rows = len(next(iter(given.values())))
    facts = Equalities(point.plan).plain(Given(rows, {places[n]: given[n] for n in given})).facts
    return {name: facts[place] for name, place in places.items()}


def test_codes_stay_where_only_equality_is_asked_for(engine):
    found = plain(
        engine,
        order_memo=coded("go", "stop", among=WORDS),
        customer_region=coded("north", None, among=WORDS),
        customer_grade=coded("A", "C", among=WORDS),
        order_note=coded("x", "y", among=WORDS),
    )
    types = {name: series.dtype for name, series in found.items()}
    assert types == {name: pl.Enum(WORDS) for name in types} | {"order_note": pl.String}  # it is given back
    assert found["order_note"].to_list() == ["x", "y"]


@pytest.mark.parametrize(
    "region",
    [pl.Series(["north"]), coded("north", among=("north", "go", "stop", "halt"))],
    ids=["texts", "other codes"],
)
def test_what_is_compared_with_other_texts_becomes_texts(engine, region):
    found = plain(engine, order_memo=coded("go", among=WORDS), customer_region=region)
    assert [series.dtype for series in found.values()] == [pl.String, pl.String]
    assert [series.to_list() for series in found.values()] == [["go"], ["north"]]


def test_codes_without_a_word_that_is_asked_for_become_texts(engine):
    found = plain(engine, customer_grade=coded("A", None, among=("A", "B")))
    assert found["customer_grade"].dtype == pl.String
    assert found["customer_grade"].to_list() == ["A", None]


def test_the_words_that_a_plan_compares_with(engine):
    assert set(asked_by(engine.point("point").at(AS_OF.toordinal()).plan).texts) == {
        "stop",
        "halt",
        "B",
        "C",
        "x",
    }


def test_more_words_than_few_are_read_as_texts(engine, monkeypatch):
    monkeypatch.setattr(codes, "MOST_WORDS", 9)  # five are compared with, and memo has three
    result = engine.evaluate_frame("point", categories(), as_of=AS_OF)
    assert list(result._reading._codes) == ["order.memo"]
    assert result.columns["fired"].to_list() == [["STOP", "NOTE"], ["SAME", "GRADE"], [], ["NOTE"]]


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
    assert not are_facts(leaf, column.dtype.categories, Way())
    assert read_column(leaf, column).values.equals(read_column(leaf, column.cast(pl.String)).values)


def test_texts_that_mean_other_texts_are_read_as_texts(engine):
    assert not are_facts(leaf_of(engine, "order.memo"), pl.Series(["x"]), Way(values={"x": "y"}))
