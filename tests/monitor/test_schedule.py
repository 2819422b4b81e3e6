"""Wage deductions over time: the worked example of Art. 19, and laws of every schedule."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.monitor.liability import deductions

import salesctrl
from salesctrl import FactsError, UnknownControlPoint

DUE = date(2024, 1, 15)
SHARES = ("salesperson", "sales_manager", "sales_vp", "company")


@pytest.fixture(scope="module")
def engine():
    return salesctrl.load()


def debts(*rows, **more):
    """Debts as (number, amount), due on 15 January 2024, for which persons answer."""
    columns = {
        "receivable.id": [number for number, _ in rows],
        "receivable.overdue": [amount for _, amount in rows],
        "receivable.due_date": [DUE] * len(rows),
        "receivable.at_fault": [True] * len(rows),
        "receivable.salesperson": ["205"] * len(rows),
        "receivable.sales_manager": ["120"] * len(rows),
        "receivable.sales_vp": ["110"] * len(rows),
    }
    return pl.DataFrame(columns | more)


def paid(*rows):
    """Payments as (number, day, amount)."""
    names = ("receivable.id", "date", "amount")
    return pl.DataFrame({name: [row[i] for row in rows] for i, name in enumerate(names)})


def shown(result):
    return [
        (str(day), what, str(amount))
        for day, what, amount in result.columns.select("date", "what", "amount").rows()
    ]


def test_the_worked_example(engine):
    """200,000.00 due on 15 January: three months, then 20 % in May, and all of it back in September."""
    result = engine.schedule(
        "wage-deductions", debts(("R-1", "200000.00")), until="2024-12-31",
        payments=paid(("R-1", "2024-09-12", "200000.00")),
    )  # fmt: skip
    assert shown(result) == [
        ("2024-02-29", "CR-19-3-1", "1000.00"),
        ("2024-03-31", "CR-19-3-1", "1000.00"),
        ("2024-04-30", "CR-19-3-1", "1000.00"),
        ("2024-05-31", "CR-19-3-2", "40000.00"),
        ("2024-09-30", "CR-19-3-3", "-43000.00"),
    ]
    assert result.columns["number"].to_list() == [1, 2, 3, 1, 1]
    assert [str(one) for one in result.columns["running"]] == [
        "1000.00", "2000.00", "3000.00", "43000.00", "0.00",
    ]  # fmt: skip
    refund = result.lines[-1]
    assert [str(refund.shares[who]) for who in SHARES[:3]] == ["-21500.00", "-12900.00", "-8600.00"]


def test_a_cent_that_is_open_keeps_the_refund_back(engine):
    result = engine.schedule(
        "wage-deductions", debts(("R-1", "200000.00")), until="2024-12-31",
        payments=paid(("R-1", "2024-09-12", "199999.99")),
    )  # fmt: skip
    assert [what for _, what, _ in shown(result)][-1] == "CR-19-3-2"


def test_odd_cents_go_by_largest_remainder(engine):
    result = engine.schedule("wage-deductions", debts(("R-1", "66666.66")), until="2024-02-29")
    assert [str(result.lines[0].shares[who]) for who in SHARES] == ["166.66", "100.00", "66.67", "0.00"]


def test_the_company_bears_the_share_of_an_empty_post(engine):
    frame = debts(("R-1", "200000.00"), **{"receivable.sales_manager": [None]})
    result = engine.schedule("wage-deductions", frame, until="2024-02-29")
    assert [str(result.lines[0].shares[who]) for who in SHARES] == ["500.00", "0.00", "200.00", "300.00"]


def test_other_readings_are_followed(engine):
    """No finding needed, and the monthly deduction goes on beside the 20 %: two lines on one day."""
    stricter = engine.with_overlays(["liability-stricter"])
    frame = debts(("R-1", "200000.00"), **{"receivable.at_fault": [False]})
    result = stricter.schedule("wage-deductions", frame, until="2024-06-30")
    assert shown(result)[3:] == [
        ("2024-05-31", "CR-19-3-1", "1000.00"),
        ("2024-05-31", "CR-19-3-2", "40000.00"),
        ("2024-06-30", "CR-19-3-1", "1000.00"),
    ]
    assert not len(engine.schedule("wage-deductions", frame, until="2024-06-30"))


def test_earlier_deductions_count(engine):
    """What was charged before the schedule begins is not charged again."""
    before = [{"charged_on": "2024-02-29", "basis": "monthly", "salesperson": "500.00"}]
    frame = debts(("R-1", "200000.00")).with_columns(
        pl.Series("receivable.deductions", [before], dtype=pl.Object)
    )
    result = engine.schedule("wage-deductions", frame, until="2024-03-31")
    assert shown(result) == [("2024-03-31", "CR-19-3-1", "1000.00")]


def test_a_finding_of_fault_counts_from_its_day(engine):
    frame = debts(("R-1", "200000.00"), **{"receivable.at_fault": [False]})
    found = pl.DataFrame({"receivable.id": ["R-1"], "date": ["2024-03-10"], "receivable.at_fault": [True]})
    result = engine.schedule("wage-deductions", frame, until="2024-03-31", changes=found)
    assert shown(result) == [("2024-03-31", "CR-19-3-1", "1000.00")]


# --- wages ------------------------------------------------------------------------------------------------


def wages(engine, result, wage="8000.00"):
    persons = result.by_person().with_columns(wage=pl.lit(wage), minimum_wage=pl.lit("2690.00"))
    return engine.schedule("wages", persons)


def test_a_month_takes_a_fifth_of_the_wage_and_the_rest_is_carried(engine):
    result = engine.schedule("wage-deductions", debts(("R-1", "200000.00")), until="2026-01-31")
    lines = [line for line in wages(engine, result).lines if line.first == 2 * 24]
    assert [str(line.amount) for line in lines[:5]] == ["500.00", "500.00", "500.00", "1600.00", "1600.00"]
    assert str(lines[-1].running) == "21500.00"
    assert str(lines[-1].amount) == "800.00"  # 20,000.00 are 12 months and a half


def test_nobody_gets_back_what_was_not_deducted(engine):
    result = engine.schedule(
        "wage-deductions", debts(("R-1", "200000.00")), until="2024-12-31",
        payments=paid(("R-1", "2024-09-12", "200000.00")),
    )  # fmt: skip
    done = wages(engine, result)
    assert all(total == 0 for total in done.totals("person")["amount"])
    assert all(line.running >= 0 for line in done.lines)


# --- laws -------------------------------------------------------------------------------------------------

_DAYS = st.dates(date(2023, 1, 1), date(2024, 6, 30))
_DEBT = st.tuples(
    st.decimals("0.01", "3000000.00", places=2),
    _DAYS,
    st.lists(st.tuples(st.integers(0, 400), st.integers(1, 10)), max_size=3),
    st.booleans(),
    st.sampled_from([None, "110", "120"]),
)


def laid_out(made):
    """Debts and payments; the last payment takes what is left where a debt is paid in full."""
    rows, payments = [], []
    for number, (amount, due, parts, in_full, vp) in enumerate(made):
        rows.append((f"R-{number}", amount, due, vp))
        left, whole = amount, max(sum(weight for _, weight in parts), 1)
        for place, (after, weight) in enumerate(sorted(parts)):
            last = place == len(parts) - 1 and in_full
            part = left if last else (amount * weight / (whole + 1)).quantize(Decimal("0.01"))
            payments.append((f"R-{number}", due + timedelta(after), min(part, left)))
            left -= min(part, left)
    return rows, payments


def asked(engine, rows, payments, until):
    frame = pl.DataFrame(
        {
            "receivable.id": [row[0] for row in rows],
            "receivable.overdue": [str(row[1]) for row in rows],
            "receivable.due_date": [row[2] for row in rows],
            "receivable.at_fault": True,
            "receivable.salesperson": "205",
            "receivable.sales_manager": "120",
            "receivable.sales_vp": pl.Series([row[3] for row in rows], dtype=pl.String),
        }
    )
    given = paid(*((number, day, str(amount)) for number, day, amount in payments)) if payments else None
    return engine.schedule("wage-deductions", frame, until=until, payments=given)


@settings(max_examples=20)
@given(made=st.lists(_DEBT, min_size=1, max_size=6), until=st.dates(date(2023, 6, 1), date(2025, 12, 31)))
def test_schedules_are_those_by_hand(engine, made, until):
    rows, payments = laid_out(made)
    result = asked(engine, rows, payments, until)
    assert not result.problems
    for place, (number, amount, due, vp) in enumerate(rows):
        own = [(day, part) for key, day, part in payments if key == number]
        lines = [line for line in result.lines if line.first == place]
        assert [(line.day, line.what, line.amount) for line in lines if vp or line.what != "CR-19-3-3"] == [
            (day, what, total)
            for day, what, total, *_ in deductions(amount, due, own, until)
            if vp or what != "CR-19-3-3"
        ]
        check_laws(lines, whole=vp is not None)


def check_laws(lines, *, whole):
    """Shares add up to their amount; a refund is what persons bore, the last line, and leaves nothing."""
    running = Fraction(0)
    for line in lines:
        assert sum(line.shares.values()) == line.amount
        running += Fraction(line.amount)
        assert Fraction(line.running) == running
    back = [place for place, line in enumerate(lines) if line.what == "CR-19-3-3"]
    assert back in ([], [len(lines) - 1])
    if back:
        for who in SHARES[:3]:
            assert sum(line.shares[who] for line in lines) == 0
        assert (lines[-1].running == 0) or not whole


@settings(max_examples=6)
@given(made=st.lists(_DEBT, min_size=2, max_size=5), order=st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(engine, made, order):
    rows, payments = laid_out(made)
    until = date(2025, 6, 30)
    before = asked(engine, rows, payments, until).columns
    order.shuffle(rows)
    order.shuffle(payments)
    after = asked(engine, rows, payments, until).columns
    assert after.sort("receivable.id", "date", "what").equals(before.sort("receivable.id", "date", "what"))


@settings(max_examples=6)
@given(made=st.lists(_DEBT, min_size=1, max_size=4), until=st.dates(date(2023, 6, 1), date(2025, 6, 30)))
def test_a_longer_schedule_begins_like_a_shorter_one(engine, made, until):
    rows, payments = laid_out(made)
    short = asked(engine, rows, payments, until).columns
    long = asked(engine, rows, payments, until + timedelta(200)).columns
    assert long.filter(pl.col("date") <= until).equals(short)


@settings(max_examples=5)
@given(made=st.lists(_DEBT, min_size=1, max_size=5), wage=st.integers(0, 40000))
def test_wages_are_never_charged_beyond_the_limit_nor_paid_back_too_much(engine, made, wage):
    rows, payments = laid_out(made)
    result = asked(engine, rows, payments, date(2026, 6, 30))
    if not len(result):
        return
    done = wages(engine, result, f"{wage}.00")
    limit = max(min(wage * Decimal("0.20"), Decimal(wage) - 2690), Decimal(0))
    assert all(line.amount <= limit for line in done.lines)
    assert all(line.running >= 0 for line in done.lines)


# --- frames -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "of"),
    [
        (pl.DataFrame, lambda frame: frame),
        (pl.LazyFrame, lambda frame: frame.lazy()),
        (pd.DataFrame, lambda frame: frame.to_pandas()),
        (pa.Table, lambda frame: frame.to_arrow()),
    ],
)
def test_a_frame_comes_back_as_the_kind_that_went_in(engine, kind, of):
    frame = debts(("R-1", "200000.00"), ("R-2", "100.00"))
    payments = of(paid(("R-1", date(2024, 9, 12), "200000.00")))
    result = engine.schedule("wage-deductions", of(frame), until="2024-12-31", payments=payments)
    assert isinstance(result.frame, kind)
    assert isinstance(result.totals(), kind)
    assert isinstance(result.by_person(), kind)
    assert len(result) == 9


def test_totals_by_anything_that_lines_have(engine):
    result = engine.schedule(
        "wage-deductions", debts(("R-1", "200000.00"), ("R-2", "100.00")), until="2024-03-31"
    )
    assert result.totals("receivable.id")["amount"].to_list() == [Decimal("2000.00"), Decimal("1.00")]
    assert result.totals(["date", "what"])["lines"].to_list() == [2, 2]
    with pytest.raises(FactsError, match="no such column"):
        result.totals("amount")


def test_columns_are_found_by_title_and_by_what_is_said(engine):
    frame = pl.DataFrame(
        {"Rechnung": ["R-1"], "Betrag": ["200000.00"], "到期日": ["2024-01-15"], "认定故意或重大过失": [True]}
    )
    result = engine.schedule(
        "wage-deductions", frame, until="2024-02-29", key="Rechnung", columns={"Betrag": "receivable.overdue"},
        payments=pl.DataFrame({"Rechnung": ["R-1"], "date": ["2024-02-01"], "amount": ["100000.00"]}),
    )  # fmt: skip
    assert result.columns.select("Rechnung", "amount").rows() == [("R-1", Decimal("500.00"))]


def test_no_rows_make_no_lines(engine):
    result = engine.schedule("wage-deductions", debts(("R-1", "1.00")).clear(), until="2024-12-31")
    assert (len(result), result.columns.height, result.totals().height, result.by_person().height) == (0,) * 4


# --- what is wrong ----------------------------------------------------------------------------------------


def test_what_is_wrong_with_one_debt_is_said_and_touches_no_other(engine):
    frame = debts(
        ("R-1", "ten"), ("R-2", None), ("R-3", "100.00"), ("R-4", "100.00"), ("R-5", "200000.00"),
        **{"receivable.due_date": ["2024-01-15", "2024-01-15", None, "2024-01-15", "2024-01-15"]},
    )  # fmt: skip
    payments = paid(("R-4", "2024-02-01", "100.01"))
    result = engine.schedule("wage-deductions", frame, until="2024-02-29", payments=payments)
    said = {line.first: line.problem for line in result.problems}
    assert sorted(said) == [0, 1, 2, 3]
    assert "`ten`" in said[0]
    assert said[1] == "unknown: receivable.overdue"
    assert said[2] == "receivable.due_date: expected a value but got nothing"
    assert said[3] == "the payments are 0.01 more than the balance"
    assert [line.first for line in result.lines if line.what] == [4]
    assert all(line.outcome.value == "incomplete" for line in result.problems)
    assert result.totals()["amount"].to_list() == [Decimal("1000.00")]


def test_after_an_incomplete_decision_nothing_follows(engine):
    unknown = pl.DataFrame({"receivable.id": ["R-1"], "date": ["2024-03-10"], "receivable.overdue": ["?"]})
    result = engine.schedule(
        "wage-deductions", debts(("R-1", "200000.00")), until="2024-12-31", changes=unknown
    )
    assert [(line.what, str(line.day)) for line in result.lines] == [
        ("CR-19-3-1", "2024-02-29"),
        (None, "2024-03-31"),
    ]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"until": None}, "expected the last date"),
        ({"payments": paid(("R-9", "2024-01-31", "1.00"))}, "belong to no row: `R-9`"),
        ({"payments": paid((None, "2024-01-31", "1.00"))}, "belong to no row"),
        ({"payments": paid(("R-1", "2024-02-30", "1.00"), ("R-1", None, "x"))}, "payments, row 2, date"),
        ({"payments": paid(("R-1", "2024-01-31", "-1.00"))}, "payments, row 1, amount"),
        ({"payments": paid(("R-1", "2024-01-31", "1.00")).drop("amount")}, "no column `amount`"),
        ({"payments": paid(("R-1", "2024-01-31", "1.00")).drop("date")}, "no column `date`"),
        ({"changes": paid(("R-1", "2024-01-31", "1.00"))}, "a fact that is not known"),
        ({"key": "nummer"}, "no column `nummer`"),
        ({"frame": debts(("R-1", "1.00"), ("R-1", "2.00"))}, "several rows have the key `R-1`"),
        ({"frame": debts(("R-1", "1.00")).drop("receivable.due_date")}, "no column holds the first date"),
    ],
)
def test_what_is_wrong_with_frames_is_raised(engine, more, said):
    given = {"frame": debts(("R-1", "200000.00")), "until": "2024-12-31"} | more
    with pytest.raises(FactsError, match=said):
        engine.schedule("wage-deductions", **given)


def test_an_unknown_schedule_is_said(engine):
    with pytest.raises(UnknownControlPoint, match="did you mean `wage-deductions`"):
        engine.schedule("wage-deduction", debts(), until="2024-12-31")
    assert engine.schedules == ("wage-deductions", "wages")
