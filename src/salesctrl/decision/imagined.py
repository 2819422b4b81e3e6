"""Evidence as if what is missing had been given: with it a remedy is put to the test."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from salesctrl.compile.needs import ActionNeed, ApprovalNeed, DocumentNeed, PaymentNeed
from salesctrl.decision.model import Decision
from salesctrl.evidence.given import NOTHING, PAYMENT_DECIMALS, Action, Approval, Document, Evidence, Payment
from salesctrl.evidence.reasons import RequirementResult
from salesctrl.numbers import pow10


def completed(
    decision: Decision, results: Sequence[RequirementResult], evidence: Evidence | None
) -> Evidence:
    """The evidence, and all that some requirements of a decision still lack, given on its date."""
    given = evidence if evidence is not None else NOTHING
    day = decision.as_of.toordinal()
    for result in results:
        match result.need:
            case ApprovalNeed():
                given = replace(given, approvals=(*given.approvals, *_approvals(result, result.need, day)))
            case DocumentNeed():
                document = Document(result.need.kind, day, result.need.count)
                given = replace(given, documents=(*given.documents, document))
            case PaymentNeed():
                payment = Payment(_due(decision, result.need), day)
                given = replace(given, payments=(*given.payments, payment))
            case ActionNeed():
                given = replace(given, actions=(*given.actions, Action(result.need.name, day)))
    return given


def _approvals(result: RequirementResult, need: ApprovalNeed, day: int) -> Iterator[Approval]:
    """Approvals by those who can give them; by persons without a name where nobody is listed."""
    for number, gap in enumerate(result.missing):
        count = int(next((dict(d.params).get("count", "1") for d in gap.details), "1"))
        nameless = [f"{need.id}/{number}/{k}" for k in range(count)]
        for person in gap.persons or nameless:
            for role in gap.roles:
                yield Approval(person, role, day, need.form, need.id)


def _due(decision: Decision, need: PaymentNeed) -> int:
    """The sum due, in units of a payment, rounded up."""
    worked = decision._kept[0].working(decision).rule(need.rule)
    figures = dict(worked.figures) if worked is not None else {}
    raw = figures[need.id].raw if need.id in figures else None
    if not isinstance(raw, int) or raw <= 0:
        return 0
    scale = figures[need.id].type.scale or 0
    return -(-raw * pow10(PAYMENT_DECIMALS) // pow10(scale))
