"""Evidence from events: what each activity is evidence of, and what cannot be read."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from tests.monitor.ladder_sets import START, engine_of, event

from salesctrl.errors import FactProblem
from salesctrl.evidence.given import Action, Approval, Document, DutyDone, Evidence, Payment, read_evidence
from salesctrl.monitor.evidence import EvidenceSoFar, evidence_of

ENGINE = engine_of("""
    ladder: any
    begins: begin
    states: {one: {}, two: {}}
    transitions: [{id: A-1, from: one, to: two, on: a}]
    """)
ACTIVITIES = ENGINE.checked.cases.activities
DAY = START.toordinal()


def read(*events) -> Evidence:
    found = evidence_of(events, ACTIVITIES)
    assert isinstance(found, Evidence)
    return found


def test_no_events_are_no_evidence() -> None:
    assert read() == Evidence()
    assert read(event(1, "other", 0, person="7")) == Evidence()


def test_each_kind() -> None:
    assert read(event(1, "hand_in", 1)).documents == (Document("paper", DAY + 1),)
    assert read(event(1, "pay", 1, amount="12.30")).payments == (Payment(1230, DAY + 1),)
    assert read(event(1, "pay", 1, amount=Decimal("12.3"))).payments == (Payment(1230, DAY + 1),)
    assert read(event(1, "call", 1, person="7")).actions == (Action("phone", DAY + 1, "7"),)
    approved = read(event(1, "approve", 1, person="7", role="boss"))
    assert approved.approvals == (Approval("7", "boss", DAY + 1),)
    assert approved.duties == (DutyDone("approving", "7"),)


def test_nobody_approves_without_a_person_and_a_role() -> None:
    assert read(event(1, "approve", 1, person="7")).approvals == ()
    assert read(event(1, "approve", 1, role="boss")) == Evidence()


def test_a_duty_is_done_once_by_each() -> None:
    done = read(*(event(n, "approve", n, person=str(n % 2)) for n in range(4)))
    assert set(done.duties) == {DutyDone("approving", "0"), DutyDone("approving", "1")}
    assert len(done.duties) == 2


def test_persons_are_read_as_all_evidence_is() -> None:
    """One person is not two because of how the name was typed."""
    assert read(event(1, "approve", 1, person=" Ａ7 ", role="boss")).approvals[0].person == "A7"


def test_what_cannot_be_read_is_handed_on() -> None:
    found = evidence_of(
        [
            event(1, "pay", 1, amount="much"),
            event(2, "pay", 2),
            event(3, "pay", 3, amount="5"),
            event(4, "hand_in", 3),
        ],
        ACTIVITIES,
    )
    assert isinstance(found, Mapping)
    assert found["documents"] == [Document("paper", DAY + 3)]
    problems: list[FactProblem] = []
    assert read_evidence(found, "evidence", problems) is None
    assert {problem.path for problem in problems} == {
        "evidence.payments[1].amount",
        "evidence.payments[2].amount",
    }


@given(st.lists(st.sampled_from(["pay", "hand_in", "approve", "call", "other"]), max_size=12))
def test_it_grows_event_by_event(names) -> None:
    events = [event(n, name, n, person="7", role="boss", amount="1.00") for n, name in enumerate(names)]
    so_far = EvidenceSoFar(ACTIVITIES)
    for count, one in enumerate(events, 1):
        so_far.add(one)
        assert so_far.given == evidence_of(events[:count], ACTIVITIES)
    assert so_far.given is so_far.given
