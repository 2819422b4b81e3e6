"""Evidence as callers give it: what is taken, in all shapes, and what is refused, with its path."""

from collections import namedtuple
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from salesctrl.errors import FactProblem
from salesctrl.evidence.given import (
    MAX_ITEMS,
    Action,
    Approval,
    Document,
    DutyDone,
    Evidence,
    Payment,
    read_evidence,
)

DAY = date(2026, 2, 27)
ON = DAY.toordinal()


def read(value: object) -> Evidence:
    problems: list[FactProblem] = []
    evidence = read_evidence(value, "evidence", problems)
    assert not problems, problems
    assert evidence is not None
    return evidence


def refused(value: object) -> list[tuple[str, str]]:
    """Path and code of everything refused."""
    problems: list[FactProblem] = []
    assert read_evidence(value, "evidence", problems) is None
    return [(problem.path, problem.code) for problem in problems]


def refusal(value: object) -> FactProblem:
    problems: list[FactProblem] = []
    read_evidence(value, "evidence", problems)
    [problem] = problems
    return problem


WHOLE = {
    "requester": "205",
    "approvals": [
        {"person": "120", "role": "cfo", "date": "2026-02-27", "form": "written", "requirement": "CR-1"}
    ],
    "documents": [{"kind": "signed_contract", "date": DAY, "count": 2}, {"kind": "invoice", "date": DAY}],
    "payments": [{"amount": "300.00", "date": DAY}],
    "actions": [{"name": "credit_call", "date": DAY, "person": "120"}, {"name": "visit", "date": DAY}],
    "duties": [{"duty": "take_order", "person": "205"}],
}
READ = Evidence(
    "205",
    (Approval("120", "cfo", ON, "written", "CR-1"),),
    (Document("signed_contract", ON, 2), Document("invoice", ON)),
    (Payment(30000, ON),),
    (Action("credit_call", ON, "120"), Action("visit", ON)),
    (DutyDone("take_order", "205"),),
)


class Paid(BaseModel):
    amount: Decimal
    date: date
    bank: str = "ICBC"


@dataclass
class Approved:
    person: str
    role: str
    date: date


class TestShapes:
    def test_mappings(self):
        assert read(WHOLE) == READ

    def test_absent_is_none(self):
        problems: list[FactProblem] = []
        for absent in (None, float("nan"), ""):
            assert read_evidence(absent, "evidence", problems) is None
        assert problems == []

    def test_empty_is_no_evidence_in_particular(self):
        assert read({}) == Evidence()
        assert read({"approvals": [], "payments": None, "requester": None}) == Evidence()

    def test_evidence_is_taken_as_it_is(self):
        assert read(READ) is READ
        assert read({"payments": list(READ.payments)}).payments == READ.payments

    def test_objects_dataclasses_models_named_tuples(self):
        counted = namedtuple("counted", "kind date")
        given = SimpleNamespace(
            requester=205,
            approvals=(Approved("120", "cfo", DAY),),
            payments=[Paid(amount=Decimal("300"), date=DAY)],
            documents=[counted("invoice", DAY)],
            unrelated=object(),
        )
        assert read(given) == Evidence(
            "205",
            approvals=(Approval("120", "cfo", ON),),
            payments=(Payment(30000, ON),),
            documents=(Document("invoice", ON),),
        )

    def test_what_tables_hold(self):
        frame = pd.DataFrame({"amount": [300.0], "date": pd.to_datetime(["2026-02-27"])})
        rows = np.array(frame.to_dict("records"), dtype=object)
        assert read({"payments": rows}).payments == (Payment(30000, ON),)
        approval = {"person": np.int64(120), "role": "cfo", "date": pd.Timestamp(DAY), "form": pd.NA}
        assert read({"approvals": [approval]}).approvals == (Approval("120", "cfo", ON),)
        assert refused({"payments": [{"amount": np.float64("nan"), "date": pd.NaT}]}) == [
            ("evidence.payments[0].amount", "F_MISSING"),
            ("evidence.payments[0].date", "F_MISSING"),
        ]

    def test_it_can_be_given_back(self):
        assert read(READ.to_dict()) == READ

    def test_one_person_is_written_in_one_way(self):
        evidence = read({"requester": " １２０ ", "duties": [{"duty": "a\u3000", "person": 120}]})
        assert evidence.requester == evidence.duties[0].person == "120"
        assert evidence.duties[0].duty == "a"


class TestAmounts:
    @pytest.mark.parametrize(
        "amount", [Decimal("300"), Decimal("300.000"), 300, "300.0", 300.0, np.float64(300)]
    )
    def test_exact_ones_are_taken(self, amount):
        assert read({"payments": [{"amount": amount, "date": DAY}]}).payments[0].amount == 30000

    @pytest.mark.parametrize(
        ("amount", "code"),
        [
            (0.1 + 0.2, "F_FLOAT_NOISE"),
            ("1.005", "F_DECIMALS"),
            (Decimal("NaN"), "F_NOT_FINITE"),
            ("3,00", "F_FORMAT"),
            (True, "F_TYPE"),
            ([], "F_TYPE"),
            (10**17, "F_DIGITS"),
        ],
    )
    def test_others_are_refused(self, amount, code):
        given = {"payments": [{"amount": 1, "date": DAY}, {"amount": amount, "date": DAY}]}
        assert refused(given) == [("evidence.payments[1].amount", code)]

    @given(st.decimals(-(10**12), 10**12, places=2))
    def test_every_amount_of_two_decimals_is_kept(self, amount):
        [payment] = read({"payments": [{"amount": amount, "date": DAY}]}).payments
        assert Decimal(payment.amount).scaleb(-2) == amount
        assert Decimal(str(payment.to_dict()["amount"])) == amount

    @pytest.mark.parametrize(("count", "code"), [(0, "F_RANGE"), (-1, "F_RANGE"), ("1.5", "F_DECIMALS")])
    def test_counts(self, count, code):
        given = {"documents": [{"kind": "invoice", "date": DAY, "count": count}]}
        assert refused(given) == [("evidence.documents[0].count", code)]


class TestDates:
    @pytest.mark.parametrize(
        "day", [DAY, "2026-02-27", datetime.combine(DAY, time.min), pd.Timestamp("2026-02-27")]
    )
    def test_days_are_taken(self, day):
        assert read({"payments": [{"amount": 1, "date": day}]}).payments[0].date == ON

    @pytest.mark.parametrize(
        ("day", "code"),
        [
            ("27.02.2026", "F_FORMAT"),
            ("2026-02-30", "F_FORMAT"),
            ("20260227", "F_FORMAT"),
            ("２026-02-27", "F_FORMAT"),
            (46080, "F_TYPE"),
            (datetime.combine(DAY, time(12)), "F_TYPE"),
            (datetime.combine(DAY, time.min, UTC), "F_TYPE"),
        ],
    )
    def test_others_are_refused(self, day, code):
        assert refused({"payments": [{"amount": 1, "date": day}]}) == [("evidence.payments[0].date", code)]


class TestRefused:
    @pytest.mark.parametrize("value", ["yes", 5, 1.5, True, [], (), {1}, b"x", DAY, range(3), object()])
    def test_what_is_no_evidence(self, value):
        assert refused(value) == [("evidence", "F_TYPE")]

    @pytest.mark.parametrize("item", ["Li Na", 5, None, [], ["120", "cfo", DAY], range(3)])
    def test_what_is_no_item(self, item):
        assert refused({"approvals": [item]}) == [("evidence.approvals[0]", "F_TYPE")]

    @pytest.mark.parametrize("items", ["cfo", {"person": "120"}, 5, {1}])
    def test_what_is_no_list(self, items):
        assert refused({"approvals": items}) == [("evidence.approvals", "F_TYPE")]

    def test_everything_is_reported_at_once(self):
        given = {
            "requester": ["205"],
            "approval": [],
            "approvals": [{"person": "1", "role": "cfo"}, {}],
            "duties": [{"duty": 7, "person": "1"}],
        }
        assert refused(given) == [
            ("evidence", "F_UNKNOWN"),
            ("evidence.requester", "F_TYPE"),
            ("evidence.approvals[0].date", "F_MISSING"),
            ("evidence.approvals[1].person", "F_MISSING"),
            ("evidence.approvals[1].role", "F_MISSING"),
            ("evidence.approvals[1].date", "F_MISSING"),
            ("evidence.duties[0].duty", "F_TYPE"),
        ]

    def test_a_key_that_means_nothing_is_refused(self):
        # Left out in silence, `requirment` would let the approval count for every requirement.
        given = {"approvals": [{"person": "1", "role": "cfo", "date": DAY, "requirment": "CR-1"}]}
        problem = refusal(given)
        assert (problem.path, problem.code) == ("evidence.approvals[0]", "F_UNKNOWN")
        assert problem.message == "unknown key `requirment`"
        assert problem.help == "did you mean `requirement`?"

    def test_what_is_said(self):
        assert refusal({"payments": [{"amount": 1}]}).message == "expected a date but got nothing"
        assert refusal({"approvals": "cfo"}).message == "expected a list but got `cfo`"
        assert refusal([1]).message == (
            "expected evidence with `requester`, `approvals`, `documents`, `payments`, `actions`, `duties` "
            "but got a list"
        )

    @pytest.mark.parametrize("text", ["12\u200b0", "120\u202e", "a\nb", "\x00"])
    def test_characters_that_do_not_show(self, text):
        assert refused({"requester": text}) == [("evidence.requester", "F_FORMAT")]

    def test_a_person_is_no_float(self):
        assert refused({"requester": 120.0}) == [("evidence.requester", "F_TYPE")]

    def test_lengths(self):
        assert refused({"requester": "x" * 1001}) == [("evidence.requester", "F_LENGTH")]
        many = [{"amount": 1, "date": DAY}] * (MAX_ITEMS + 1)
        assert refused({"payments": many}) == [("evidence.payments", "F_LENGTH")]


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.dates()
    | st.binary(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*WHOLE, "person", "role", "date", "amount", "kind", "name", "duty", "count"])
            | st.text(max_size=3)
            | st.integers(),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(ANYTHING)
def test_anything_is_either_evidence_or_reported(value):
    problems: list[FactProblem] = []
    evidence = read_evidence(value, "evidence", problems)
    assert evidence is None or not problems
    assert isinstance(evidence, Evidence | None)
    for problem in problems:
        assert problem.path.startswith("evidence")
        assert problem.message
