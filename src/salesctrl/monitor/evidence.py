"""The evidence of a case, from its events: what was approved, handed in, paid and done, and by whom.

Activities say what they are evidence of (`evidence` in a vocabulary). What an event says of it is read like
all evidence, once; what cannot be read is handed on as it is, so that the decision that asks for it says what
is wrong and is not better than ``incomplete``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from salesctrl.compile.cases import Activities, CheckedActivity
from salesctrl.errors import FactProblem
from salesctrl.evidence.given import Action, Approval, Document, DutyDone, Evidence, Payment, read_evidence
from salesctrl.monitor.model import Event

Given = Evidence | Mapping[str, object]
"""Evidence as decisions take it: read, or with items that could not be read."""


def evidence_of(events: Iterable[Event], activities: Activities) -> Given:
    """The evidence that events are, and the duties that were done with them.

    An approval is one of the event's person in the event's role on its day; where either is not known nobody
    can be said to have approved, and there is none. The requester is not known from events.

    Args:
        events: Events of one case, in any order.
        activities: What is done in cases, and what it is evidence of.

    >>> from datetime import UTC, datetime
    >>> from salesctrl.policy.documents import EvidenceSpec, LocalText
    >>> title, spec = LocalText(en="Pays", zh="付款"), EvidenceSpec(payment="amount")
    >>> paying = CheckedActivity("pay", title, None, spec, False)
    >>> noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    >>> paid = Event("1", "SO-1", "pay", noon, noon.date(), attributes={"amount": "300.00"})
    >>> evidence_of([paid], Activities({"pay": paying})).payments
    (Payment(amount=30000, date=739676),)
    """
    found = EvidenceSoFar(activities)
    for event in events:
        found.add(event)
    return found.given


class EvidenceSoFar:
    """Evidence that grows event by event."""

    __slots__ = (
        "_actions",
        "_activities",
        "_approvals",
        "_documents",
        "_duties",
        "_given",
        "_payments",
        "_unread",
    )

    def __init__(self, activities: Activities):
        self._activities = activities
        self._approvals: list[Approval] = []
        self._documents: list[Document] = []
        self._payments: list[Payment] = []
        self._actions: list[Action] = []
        self._duties: dict[DutyDone, None] = {}
        self._unread: list[tuple[str, Mapping[str, object]]] = []
        self._given: Given | None = None

    def add(self, event: Event) -> None:
        """Take what an event is evidence of; one of an activity that is none changes nothing."""
        activity = self._activities.by_name.get(event.activity)
        if activity is None:
            return
        for key, item in _said(event, activity):
            problems: list[FactProblem] = []
            read = read_evidence({key: [item]}, "evidence", problems)
            if read is None:
                self._unread.append((key, item))
            else:
                self._approvals += read.approvals
                self._documents += read.documents
                self._payments += read.payments
                self._actions += read.actions
                self._duties.update(dict.fromkeys(read.duties))
            self._given = None

    @property
    def given(self) -> Given:
        """The evidence up to now."""
        if self._given is None:
            read = Evidence(
                None, tuple(self._approvals), tuple(self._documents), tuple(self._payments),
                tuple(self._actions), tuple(self._duties),
            )  # fmt: skip
            self._given = _with_unread(read, self._unread) if self._unread else read
        return self._given


def _said(event: Event, activity: CheckedActivity) -> list[tuple[str, dict[str, object]]]:
    """What an event is evidence of, each with the list that it belongs to."""
    said: list[tuple[str, dict[str, object]]] = []
    day, spec = event.on, activity.evidence
    if spec is not None:
        if spec.approval and event.person is not None and event.role is not None:
            approval = {"person": event.person, "role": event.role, "date": day}
            said.append(("approvals", {**approval, "form": spec.form, "requirement": spec.requirement}))
        if spec.document is not None:
            said.append(("documents", {"kind": spec.document, "date": day}))
        if spec.payment is not None:
            said.append(("payments", {"amount": event.get(spec.payment), "date": day}))
        if spec.action is not None:
            said.append(("actions", {"name": spec.action, "date": day, "person": event.person}))
    if activity.duty is not None and event.person is not None:
        said.append(("duties", {"duty": activity.duty, "person": event.person}))
    return said


def _with_unread(read: Evidence, unread: Iterable[tuple[str, Mapping[str, object]]]) -> dict[str, object]:
    lists: dict[str, list[object]] = {
        "approvals": [*read.approvals],
        "documents": [*read.documents],
        "payments": [*read.payments],
        "actions": [*read.actions],
        "duties": [*read.duties],
    }
    for key, item in unread:
        lists[key].append(item)
    return dict(lists)
