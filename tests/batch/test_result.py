"""What a decided table says: the frame, single rows, the summary, the exceptions, samples."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from tests.batch.frames import AS_OF, KINDS, assert_decided, objects, rows_of
from tests.loading import WORDS, engine_of, policy_text

from salesctrl.batch.frames import take
from salesctrl.outcome import Outcome

# --- values ---------------------------------------------------------------------------------------------

EVERY_TYPE = policy_text("""
    let:
      due: order.due
      seen: order.placed
      grade: customer.grade
      term: order.term
      waiting: order.waiting
      urgent: order.urgent
      memo: order.memo
      ratio: order.ratio
      pieces: order.pieces
      rebates: steps.rebate
      days: steps.on
      words: steps.word
      much: steps.much
    outputs: [due, seen, grade, term, waiting, urgent, memo, ratio, pieces, rebates, days, words, much]
    parameters: {shares: {a: 5, b: 3, c: 2}}
    tables:
      steps:
        inputs: [order.pieces]
        hit: collect
        collect: list
        rows:
          - {match: ["> 1"], give: {rebate: 1.50, on: 2026-01-01, word: more, much: true}}
          - {match: ["> 5"], give: {rebate: 5.25, on: 2026-01-02, word: most, much: false}}
    rules:
      - {id: FEE, when: order.amount > 0, compute: {fee: "round(order.amount * 1%, 2)", split: "allocate(order.amount, shares)"}}
""")
FULL: dict[str, Any] = {
    "order.memo": "x", "order.amount": Decimal("10.01"), "order.pieces": 7, "order.due": date(2026, 1, 2),
    "order.placed": datetime(2026, 1, 15, 10, tzinfo=UTC), "order.term": 3, "order.waiting": 30,
    "order.urgent": True, "order.ratio": Decimal("-0.000001"), "customer.grade": "A",
}  # fmt: skip


def test_values_of_every_type():
    rows = [FULL, {**FULL, "order.pieces": 0, "order.amount": Decimal("-5.55")}, {**FULL, "order.pieces": 2}]
    rows += [{path: value for path, value in FULL.items() if path != absent} for absent in FULL]
    result = assert_decided(engine_of(EVERY_TYPE), rows)
    types = {
        name: result.columns[name].dtype
        for name in ("due", "seen", "grade", "fee", "rebates", "days", "much")
    }
    assert types == {
        "due": pl.Date, "seen": pl.Datetime("us", "UTC"), "grade": pl.String, "fee": pl.Decimal(38, 2),
        "rebates": pl.List(pl.Decimal(38, 2)), "days": pl.List(pl.Date), "much": pl.List(pl.Boolean),
    }  # fmt: skip
    assert result.row_by_row == 0
    assert result.columns["split.a"].to_list()[0] == Decimal("5.01")


@pytest.mark.parametrize("kind", KINDS)
def test_values_of_every_type_in_every_kind_of_frame(kind):
    engine = engine_of(EVERY_TYPE)
    columns = objects([FULL, {**FULL, "order.pieces": None, "order.due": None, "order.urgent": None}])
    typed = {name: pl.Series(name, series.to_list()) for name, series in columns.items()}
    expected = engine.evaluate_frame("point", pl.DataFrame(typed), as_of=AS_OF).columns.to_dicts()
    found = rows_of(engine.evaluate_frame("point", KINDS[kind](typed), as_of=AS_OF).frame)
    plain = [{name: list(v) if isinstance(v, np.ndarray) else v for name, v in row.items()} for row in found]
    assert plain == expected


def test_a_value_called_like_a_column_of_every_decision():
    engine = engine_of(
        policy_text("""
        let: {outcome: order.memo, row: order.pieces}
        outputs: [outcome, row]
        rules: [{id: R, when: order.urgent, deny: true}]
    """)
    )
    frame = pl.DataFrame({"order.memo": ["x"], "order.pieces": [3], "order.urgent": [True]})
    row = engine.evaluate_frame("point", frame, as_of=AS_OF).columns.to_dicts()[0]
    assert (row["outcome"], row["outcome (value)"], row["row (value)"]) == ("deny", "x", 3)


# --- keys -----------------------------------------------------------------------------------------------

KEYED = policy_text("""
    subject: order.memo
    rules: [{id: R, title: Too much, when: order.amount > 10, deny: true}]
""")


@pytest.mark.parametrize("name", ["outcome", "rule", "row", "fired", "state", "problems", "title"])
def test_a_key_called_like_a_column_of_the_result(name):
    frame = pl.DataFrame({name: ["a", "b"], "order.amount": [5, 50]})
    result = engine_of(KEYED).evaluate_frame("point", frame, as_of=AS_OF, key=name)
    shown = name if name in ("rule", "state", "title") else f"{name} (key)"
    assert result.columns[shown].to_list() == ["a", "b"]
    assert result.columns["outcome"].to_list() == ["allow", "deny"]
    [row] = result.exceptions().to_dicts()
    assert (row["rule"], row[f"{name} (key)"]) == ("R", "b")


@pytest.mark.parametrize("kind", ["pandas", "Polars"])
def test_keys_of_mixed_types_come_back_as_they_were(kind):
    keys = ["a", 7, Decimal("1.50"), None, b"\xff"]
    columns = {"number": pl.Series(keys, dtype=pl.Object), "order.amount": pl.Series([5, 50, 5, 5, 50])}
    result = engine_of(KEYED).evaluate_frame("point", KINDS[kind](columns), as_of=AS_OF, key="number")
    found = result.frame["number"].tolist() if kind == "pandas" else result.frame["number"].to_list()
    assert found == keys
    assert [type(key) for key in found] == [type(key) for key in keys]
    assert len(result.exceptions()) == 2


@pytest.mark.parametrize(
    ("keys", "back"),
    [
        (pa.array([Decimal(10) ** 50, None], pa.decimal256(60, 2)), [Decimal(10) ** 50, None]),
        (pa.array([b"\xff", b"a"]), [b"\xff", b"a"]),
        (pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int64())), None),
    ],
)
def test_keys_that_polars_does_not_hold_come_back_to_arrow(keys, back):
    frame = pa.table({"number": keys, "order.amount": [5, 50]})
    result = engine_of(KEYED).evaluate_frame("point", frame, as_of=AS_OF, key="number")
    assert result.frame.column_names[0] == "number"
    assert back is None or result.frame["number"].to_pylist() == back
    assert result.frame["outcome"].to_pylist() == ["allow", "deny"]


def test_the_index_of_pandas_is_that_of_the_rows():
    index = pd.Index(["a", "a", "b"], name="order")
    frame = pd.DataFrame({"order.amount": [5.0, 50.0, np.nan]}, index=index)
    result = engine_of(KEYED).evaluate_frame("point", frame, as_of=AS_OF)
    assert result.frame.index.equals(index)
    assert result.frame["outcome"].tolist() == ["allow", "deny", "incomplete"]
    assert result.exceptions().index.tolist() == [0, 1]
    assert result.exceptions()["row"].tolist() == [1, 2]


# --- questions ------------------------------------------------------------------------------------------

ASKED = (
    policy_text(
        """
    title: {en: The policy, zh: 政策}
    subject: order.memo
    source: {document: {en: Rules, zh: 制度}, article: {en: Art. 1, zh: 第1条}}
    let: {left: order.amount - order.cost_in_cny}
    outputs: [left]
    rules:
      - {id: D, title: {en: Too much, zh: 金额过大}, when: order.amount > 100, deny: true}
      - {id: F, title: {en: Urgent, zh: 加急}, when: order.urgent, flag: true, source: {document: Memo}}
      - {id: R, title: {en: Grade C, zh: 等级C}, when: customer.grade == "C", review: {approval: cfo}}
      - {id: X, title: {en: Fast, zh: 快}, excepts: D, when: order.waiting < 5}
      - {id: C, title: {en: Fee, zh: 费用}, when: order.pieces > 1, compute: {fee: "round(order.amount * 1%, 2)"}}
    """.replace("order.cost_in_cny", "order.paid"),
        WORDS,
    )
    + """\
---
organisation: o
roles: {cfo: {title: CFO}}
"""
)
QUIET = {
    "order.memo": "1", "order.amount": "50.00", "order.urgent": False, "customer.grade": "A",
    "order.waiting": 10, "order.pieces": 0, "evidence": None,
}  # fmt: skip
APPROVED = {"approvals": [{"person": "p", "role": "cfo", "date": "2026-02-01"}]}
QUESTIONS: list[dict[str, Any]] = [
    QUIET,
    {**QUIET, "order.memo": "2", "order.amount": "101.00", "order.urgent": True},
    {**QUIET, "order.memo": "3", "customer.grade": "C"},
    {**QUIET, "order.memo": "4", "customer.grade": "C", "evidence": APPROVED},
    {**QUIET, "order.memo": "5", "order.amount": "101.00", "order.waiting": 4},
    {**QUIET, "order.memo": "6", "order.amount": None},
    {**QUIET, "order.memo": "7", "order.pieces": None},
    {**QUIET, "order.memo": "8", "order.amount": "101.00", "order.waiting": None},
]
WRONG = {**QUIET, "order.memo": "9", "order.amount": "ten"}


@pytest.fixture(scope="module")
def asked():
    return engine_of(ASKED)


def test_each_row_is_explained_as_it_is_alone(asked):
    result = assert_decided(asked, QUESTIONS)
    assert [str(o) for o in result.columns["outcome"]] == [
        "allow", "deny", "review", "allow", "allow", "incomplete", "incomplete", "incomplete",
    ]  # fmt: skip
    assert result.explain(-1).subject["order.memo"] == "8"
    for row in (8, -9):
        with pytest.raises(IndexError, match=r"expected a row from 0 to 7 but got"):
            result.explain(row)


@pytest.mark.parametrize("kind", KINDS)
def test_the_summary_counts_rows(asked, kind):
    columns = objects(QUESTIONS)
    columns["evidence"] = pl.Series(
        "evidence",
        [
            None,
            None,
            None,
            '{"approvals": [{"person": "p", "role": "cfo", "date": "2026-02-01"}]}',
            None,
            None,
            None,
            None,
        ],
    )
    typed = {n: pl.Series(n, s.to_list()) if n != "evidence" else s for n, s in columns.items()}
    result = asked.evaluate_frame("point", KINDS[kind](typed), as_of=AS_OF)
    rows = rows_of(result.summary())
    counted = {row["name"]: row["rows"] for row in rows if row["kind"] == "outcome"}
    assert counted == {"deny": 1, "incomplete": 3, "review": 1, "flag": 0, "allow": 3}
    assert list(counted) == ["deny", "incomplete", "review", "flag", "allow"]
    rules = {
        row["name"]: (row["rows"], row["pending"], row["unknown"]) for row in rows if row["kind"] == "rule"
    }
    assert rules == {"D": (1, 0, 2), "F": (1, 0, 0), "R": (2, 1, 0), "X": (1, 0, 1), "C": (0, 0, 1)}
    [d] = [row for row in rows_of(result.summary("zh")) if row["name"] == "D"]
    assert (d["title"], d["clause"], d["outcome"]) == ("金额过大", "制度 第1条", "deny")
    assert [row["clause"] for row in rows if row["name"] == "F"] == ["Memo"]


def test_the_exceptions_are_every_reason_why_a_row_is_not_plainly_allowed(asked):
    result = asked.evaluate_frame("point", pl.DataFrame(objects([*QUESTIONS, WRONG])), as_of=AS_OF)
    rows = result.exceptions().to_dicts()
    assert [(row["rule"], row["state"], row["order.memo"], row["outcome"]) for row in rows] == [
        ("C", "unknown", "7", None),
        ("D", "fired", "2", "deny"),
        ("D", "unknown", "6", "deny"),
        ("D", "unknown", "8", "deny"),
        ("D", "unknown", "9", "deny"),
        ("F", "fired", "2", "flag"),
        ("R", "pending", "3", "review"),
        ("X", "unknown", "8", None),
        (None, "refused", "9", "incomplete"),
    ]
    worse = [i for i, row in enumerate(result.columns.to_dicts()) if row["outcome"] != "allow"]
    assert sorted({row["row"] for row in rows}) == worse
    assert [row["clause"] for row in rows if row["rule"] == "F"] == ["Memo"]
    assert {row["clause"] for row in result.exceptions("zh").to_dicts() if row["rule"] == "D"} == {
        "制度 第1条"
    }


def test_a_value_that_is_unknown_is_an_exception_without_a_rule():
    engine = engine_of(
        policy_text("""
        let: {left: order.amount}
        outputs: [left]
        rules: [{id: D, when: order.urgent, deny: true}]
    """)
    )
    result = assert_decided(
        engine, [{"order.urgent": False}, {"order.urgent": False, "order.amount": "1.00"}]
    )
    assert [tuple(row) for row in result.exceptions().rows()] == [
        (None, None, None, "incomplete", "unknown", 0)
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_samples_are_spread_over_the_table_and_always_the_same(asked, kind):
    columns = {
        "order.memo": pl.Series([str(i) for i in range(100)]),
        "order.amount": pl.Series([150 if i % 2 else 50 for i in range(100)]),
        "order.waiting": pl.Series([10] * 100),
    }
    result = asked.evaluate_frame("point", KINDS[kind](columns), as_of=AS_OF)
    assert [row["row"] for row in rows_of(result.sample("D"))] == [1, 21, 41, 61, 81]
    assert [row["row"] for row in rows_of(result.sample("D", 3))] == [1, 33, 67]
    assert [row["order.memo"] for row in rows_of(result.sample("D", 2))] == ["1", "51"]
    assert len(rows_of(result.sample("D", 1000))) == 50
    assert rows_of(result.sample("D", 0)) == []
    assert rows_of(result.sample("F")) == []
    with pytest.raises(KeyError, match="unknown rule `d`"):
        result.sample("d")


def test_what_a_result_says_of_itself(asked):
    result = asked.evaluate_frame("point", pl.DataFrame(objects([*QUESTIONS, WRONG])), as_of=AS_OF)
    assert repr(result) == "BatchResult(point: 9 rows; 1 deny, 4 incomplete, 1 review, 3 allow)"
    assert len(result) == 9
    assert result.control_point == "point"
    assert result.outcomes[Outcome.DENY] == 1
    assert result.rule_title("D", "zh") == "金额过大"
    assert [(p.row, p.problem.path, p.problem.code) for p in result.row_problems] == [
        (8, "order.amount", "F_FORMAT")
    ]
    assert result.columns["problems"].to_list()[8] == [
        "order.amount: expected a number such as `1234.50` but got `ten`"
    ]
    nothing = asked.evaluate_frame("point", pl.DataFrame(), as_of=AS_OF)
    assert repr(nothing) == "BatchResult(point: 0 rows; none)"


def test_problems_name_the_column_of_the_table(asked):
    frame = pl.DataFrame({"Betrag": ["1.00", "ten"]})
    result = asked.evaluate_frame("point", frame, as_of=AS_OF, columns={"Betrag": "order.amount"})
    [problem] = result.columns["problems"].to_list()[1]
    assert problem.startswith("`Betrag` (order.amount): expected a number")


# --- versions -------------------------------------------------------------------------------------------

VERSIONS = (
    WORDS
    + """\
---
policy: p
control_point: point
subject: order.memo
effective: {from: 2025-01-01, to: 2025-12-31}
rules:
  - {id: OLD, when: order.amount > 10, flag: true}
  - {id: BOTH, title: First, when: order.urgent, flag: true}
  - {id: FEE, when: known(order.amount), compute: {fee: "round(order.amount * 1%, 2)", old: "order.pieces"}}
---
policy: p
control_point: point
subject: order.memo
effective: {from: 2026-01-01, to: 2026-12-31}
parameters: {most: {values: [{from: 2026-01-01, value: 20 CNY}, {from: 2026-07-01, value: 30 CNY}]}}
rules:
  - {id: NEW, when: order.amount > most, deny: true}
  - {id: BOTH, title: Second, when: order.urgent, deny: true}
  - {id: FEE, when: known(order.amount), compute: {fee: "round(order.amount * 1%, 4)", new: order.discount}}
"""
)
DAYS = ["2024-12-31", "2025-01-01", "2025-12-31", "2026-01-01", "2026-06-30", "2026-07-01", "2027-01-01"]


def test_each_row_is_decided_by_the_rules_in_force_on_its_date():
    engine = engine_of(VERSIONS)
    fact = {"order.amount": "25.25", "order.urgent": False, "order.pieces": 3, "order.discount": "0.0001"}
    rows = [{**fact, "order.memo": day, "as_of": day} for day in DAYS for _ in range(2)]
    rows += [{**row, "order.amount": "15.00", "order.urgent": True} for row in reversed(rows)]
    result = assert_decided(engine, rows, as_of=None)
    assert [str(o) for o in result.columns["outcome"]][:14:2] == [
        "incomplete", "flag", "flag", "deny", "deny", "allow", "incomplete",
    ]  # fmt: skip
    assert result.columns["fee"].dtype == pl.Decimal(38, 4)
    assert result.columns["old"].to_list()[:8:2] == [None, 3, 3, None]
    titles = {row["name"]: row["title"] for row in result.summary().to_dicts()}
    assert titles["BOTH"] == "Second"


def test_a_fact_that_the_version_of_a_row_does_not_read_may_be_wrong():
    engine = engine_of(VERSIONS)
    frame = pl.DataFrame({
        "as_of": ["2025-05-01", "2026-05-01", "2025-05-01", "2024-05-01", None],
        "order.amount": ["1.00"] * 5, "order.urgent": [False] * 5,
        "order.pieces": ["x", "x", "3", "x", "x"], "order.discount": ["0.01", "y", "y", "y", "y"],
    })  # fmt: skip
    result = engine.evaluate_frame("point", frame)
    assert result.columns["outcome"].to_list() == [
        "incomplete",
        "incomplete",
        "allow",
        "incomplete",
        "incomplete",
    ]
    found = [[text.split(":")[0] for text in texts] for texts in result.columns["problems"]]
    assert [sorted(paths) for paths in found[:3]] == [["order.pieces"], ["order.discount"], []]
    assert found[3] == []
    assert "as_of" in found[4]


def test_a_table_before_any_policy():
    engine = engine_of(VERSIONS)
    rows = [{"order.amount": "1.00", "as_of": "2020-01-01"}] * 3
    result = assert_decided(engine, rows, as_of=None)
    assert result.columns["outcome"].to_list() == ["incomplete"] * 3
    assert len(result.summary()) == 5
    assert [row["state"] for row in result.exceptions().to_dicts()] == ["unknown"] * 3


# --- many rules -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [8, 9, 16, 17, 32, 33, 64, 65, 130])
def test_more_rules_than_a_word_has_bits(count):
    effects = ("deny: true", "flag: true", "review: {approval: cfo}")
    rules = "".join(
        f"      - {{id: R-{i}, when: order.pieces >= {i} and (order.urgent or order.waiting > {i}), {effects[i % 3]}}}\n"
        for i in range(count)
    )
    engine = engine_of(
        policy_text(f"    subject: order.memo\n    rules:\n{rules}")
        + "---\norganisation: o\nroles: {cfo: {}}\n"
    )
    rows = [
        {"order.pieces": pieces, "order.urgent": urgent, "order.waiting": waiting, "evidence": evidence}
        for pieces in (0, count // 2, count)
        for urgent in (True, False, None)
        for waiting in (0, count, None)
        for evidence in (None, APPROVED)
    ]
    result = assert_decided(engine, rows)
    counts = result.rule_counts()
    fired = result.columns["fired"].explode().value_counts()
    assert {rule: one["fired"] for rule, one in counts.items() if one["fired"]} == dict(
        fired.drop_nulls().iter_rows()
    )


def test_a_lazy_frame_stays_lazy_until_it_is_asked(asked):
    frame = pl.DataFrame(objects([QUIET])).lazy()
    result = asked.evaluate_frame("point", frame, as_of=AS_OF)
    assert isinstance(result.frame, pl.LazyFrame)
    assert take(result.frame).rows == 1
