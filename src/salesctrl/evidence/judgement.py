"""Is a requirement met by the evidence; if not, what is missing and who can give it.

`judge` answers it, and `is_met` its first part. Documents, payments and actions are judged here, approvals
in `salesctrl.evidence.approvals`. Nothing fails open: evidence that is absent, unknown or cannot be checked
does not count, and a requirement whose figure is unknown is not met.
"""

from __future__ import annotations

from typing import assert_never

from salesctrl.compile.needs import ActionNeed, ApprovalNeed, DocumentNeed, Need, PaymentNeed
from salesctrl.evidence.approvals import is_approved, judge_approval
from salesctrl.evidence.given import NOTHING, PAYMENT_DECIMALS, Action, Document, Evidence
from salesctrl.evidence.reasons import (
    MAX_NAMED,
    ItemVerdict,
    Missing,
    Reason,
    RequirementResult,
    amount_text,
    coded,
    dated,
    in_both,
    iso,
    one_of,
    person_called,
    within_called,
)
from salesctrl.numbers import pow10
from salesctrl.policy.organisation import Organisation


def judge(
    need: Need, evidence: Evidence | None, organisation: Organisation, as_of: int, figure: int | None
) -> RequirementResult:
    """Judge the evidence of a case for one requirement.

    The result depends on what the evidence holds, not on the order in which it is given.

    Args:
        need: What a rule asks for.
        evidence: All evidence of the case; None where there is none.
        organisation: Roles, persons, authority.
        as_of: The date of the decision, an ordinal.
        figure: The number that the rule computes for it. Of an approval: the amount to approve, in units of
            ``10**-need.decimals``; of a payment: the sum due, likewise; of an action: the ordinal of the due
            date. None where it is unknown, or where there is none to compute.

    >>> need = DocumentNeed("CR-17-1#2", "CR-17-1", "signed_contract")
    >>> result = judge(need, None, Organisation(), 739676, None)
    >>> result.satisfied, result.missing[0].text("zh")
    (False, '缺少`signed_contract`')
    """
    given = NOTHING if evidence is None else evidence
    match need:
        case ApprovalNeed():
            return judge_approval(need, given, organisation, as_of, figure)
        case DocumentNeed():
            return _judge_document(need, given, as_of)
        case PaymentNeed():
            return _judge_payment(need, given, as_of, figure)
        case ActionNeed():
            return _judge_action(need, given, organisation, as_of, figure)
        case _:
            assert_never(need)


def is_met(
    need: Need, evidence: Evidence | None, organisation: Organisation, as_of: int, figure: int | None
) -> bool:
    """Whether a requirement is met: `judge(...).satisfied`, without saying why, and so much faster.

    >>> is_met(PaymentNeed("P-1", "P"), None, Organisation(), 739676, 0)
    True
    """
    given = NOTHING if evidence is None else evidence
    match need:
        case ApprovalNeed():
            return is_approved(need, given, organisation, as_of, figure)
        case DocumentNeed():
            good = (d.count for d in given.documents if d.kind == need.kind and _is_good(d, need, as_of))
            return sum(good) >= max(need.count, 1)
        case PaymentNeed():
            if figure is None or figure <= 0:
                return figure is not None
            paid = sum(payment.amount for payment in given.payments if payment.date <= as_of)
            return paid * pow10(need.decimals) >= figure * pow10(PAYMENT_DECIMALS)
        case ActionNeed():
            if need.has_due and figure is None:
                return False
            return any(action.name == need.name and action.date <= as_of for action in given.actions)
        case _:
            assert_never(need)


def _is_good(document: Document, need: DocumentNeed, as_of: int) -> bool:
    return not dated(document.date, need.within, as_of)


def _judge_document(need: DocumentNeed, evidence: Evidence, as_of: int) -> RequirementResult:
    """Documents of the kind that are not too old, counted."""
    count, verdicts = 0, []
    for document in sorted((d for d in evidence.documents if d.kind == need.kind), key=_by_day):
        refusals = tuple(dated(document.date, need.within, as_of))
        if not refusals:
            count += document.count
        kind = coded("kind", document.kind, need.called)
        params = (*kind, ("date", iso(document.date)), ("count", str(document.count)))
        label = Reason("document", params)
        verdicts.append(ItemVerdict(document, not refusals, not refusals, label, refusals))
    lacking = max(need.count, 1) - count
    if lacking <= 0:
        return RequirementResult(need, True, tuple(verdicts), ())
    code = "document_missing" if need.count == 1 else "documents_missing"
    details = [Reason(code, (*coded("kind", need.kind, need.called), ("count", str(lacking))))]
    if need.within is not None:
        details.append(Reason("not_older", in_both("within", within_called(need.within))))
    return RequirementResult(need, False, tuple(verdicts), (Missing("document", (), (), tuple(details)),))


def _judge_payment(need: PaymentNeed, evidence: Evidence, as_of: int, due: int | None) -> RequirementResult:
    """All that came in by the date of the decision, against the sum due."""
    paid, verdicts = 0, []
    for payment in sorted(evidence.payments, key=lambda p: (p.date, p.amount)):
        refusals = tuple(dated(payment.date, None, as_of))
        if not refusals:
            paid += payment.amount
        shown = amount_text(payment.amount, PAYMENT_DECIMALS, need.currency)
        label = Reason("payment", (("amount", shown), ("date", iso(payment.date))))
        verdicts.append(ItemVerdict(payment, not refusals, not refusals, label, refusals))
    if due is None:
        missing = Missing("figure", (), (), (Reason("unknown_payment"),))
        return RequirementResult(need, False, tuple(verdicts), (missing,))
    decimals = max(need.decimals, PAYMENT_DECIMALS)
    sum_due = due * pow10(decimals - need.decimals)
    sum_paid = paid * pow10(decimals - PAYMENT_DECIMALS)
    if due <= 0 or sum_paid >= sum_due:
        return RequirementResult(need, True, tuple(verdicts), ())
    params = (
        ("open", amount_text(sum_due - sum_paid, decimals, need.currency)),
        ("paid", amount_text(sum_paid, decimals, need.currency)),
        ("due", amount_text(sum_due, decimals, need.currency)),
        ("as_of", iso(as_of)),
    )
    missing = Missing("payment", (), (), (Reason("payment_missing", params),))
    return RequirementResult(need, False, tuple(verdicts), (missing,))


def _judge_action(
    need: ActionNeed, evidence: Evidence, organisation: Organisation, as_of: int, due: int | None
) -> RequirementResult:
    """Whether it was done; one done late is done, and said to be late."""
    done, verdicts = False, []
    for action in sorted((a for a in evidence.actions if a.name == need.name), key=_by_day_and_person):
        reasons = tuple(dated(action.date, None, as_of))
        valid = not reasons
        if valid:
            done = True
            if need.has_due and due is not None and action.date > due:
                reasons = (Reason("late", (("date", iso(action.date)), ("due", iso(due)))),)
        verdicts.append(ItemVerdict(action, valid, valid, _action_label(need, action, organisation), reasons))
    if need.has_due and due is None:
        missing = Missing("figure", (), (), (Reason("unknown_due", coded("name", need.name, need.called)),))
        return RequirementResult(need, False, tuple(verdicts), (missing,))
    if done:
        return RequirementResult(need, True, tuple(verdicts), ())
    return RequirementResult(need, False, tuple(verdicts), (_open_action(need, organisation, as_of, due),))


def _open_action(need: ActionNeed, organisation: Organisation, as_of: int, due: int | None) -> Missing:
    details = [Reason("action_missing", coded("name", need.name, need.called))]
    roles: tuple[str, ...] = ()
    persons: tuple[str, ...] = ()
    if need.owner is not None:
        role = organisation.role(need.owner) or need.owner
        roles, persons = (role,), organisation.persons_of(role, as_of)
        details.append(Reason("owned_by", in_both("owner", organisation.title(role))))
    if need.has_due and due is not None:
        details.append(Reason("overdue" if due < as_of else "due", (("due", iso(due)),)))
    if persons:
        names = [person_called(person, organisation.person_name(person)) for person in persons]
        details.append(Reason("done_by", in_both("persons", one_of(names, most=MAX_NAMED))))
    return Missing("action", roles, persons, tuple(details))


def _action_label(need: ActionNeed, action: Action, organisation: Organisation) -> Reason:
    params = (*coded("name", action.name, need.called), ("date", iso(action.date)))
    if action.person is None:
        return Reason("action", params)
    called = person_called(action.person, organisation.person_name(action.person))
    return Reason("action_by", (*params, *in_both("person", called)))


def _by_day(document: Document) -> tuple[int, int]:
    return (document.date, document.count)


def _by_day_and_person(action: Action) -> tuple[int, str]:
    return (action.date, action.person or "")
