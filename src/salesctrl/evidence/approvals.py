"""Which approvals count for a requirement, whether they are enough, and who could give what is missing.

An approval counts when, on its own date, the person acted in the role (their own, or delegated to them by one
who held it), within the authority of the role and of the delegation, and when it is not after the date of the
decision, not too old, in the form asked for, not by the requester, and not by somebody who did an
incompatible duty in the case. What bars the one who delegates bars the delegate too: nobody does through
another what they may not do themselves. One person counts once, for one role.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from salesctrl.compile.needs import ApprovalNeed
from salesctrl.evidence.given import Approval, Evidence
from salesctrl.evidence.matching import alternatives, match, match_in_order
from salesctrl.evidence.reasons import (
    MAX_NAMED,
    Called,
    ItemVerdict,
    Missing,
    Params,
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
from salesctrl.policy.organisation import Holding, Limit, Organisation, normal


def judge_approval(
    need: ApprovalNeed, evidence: Evidence, organisation: Organisation, as_of: int, figure: int | None
) -> RequirementResult:
    """Judge all approvals of a case for one requirement.

    Args:
        need: What the rule asks for.
        evidence: What was given; items for another requirement are passed over.
        organisation: Who may approve what.
        as_of: The date of the decision.
        figure: The amount that is approved, in units of ``10**-need.decimals``; None where it is unknown.
            Without ``need.has_amount`` it is not looked at.
    """
    return _Case(need, evidence, organisation, as_of, figure).result()


def is_approved(
    need: ApprovalNeed, evidence: Evidence, organisation: Organisation, as_of: int, figure: int | None
) -> bool:
    """Whether the approvals are enough, as `judge_approval` says, without saying why."""
    if not evidence.approvals or (need.has_amount and figure is None):
        return False
    case = _Case(need, evidence, organisation, as_of, figure)
    return case.is_filled(case.fill(case.offers(case.weighed())))


class _Offer(NamedTuple):
    """A valid approval, reduced to what matters for filling slots. Offers sort by date."""

    date: int
    person: str
    role: str


@dataclass(frozen=True, slots=True)
class _Weighed:
    """An approval on its own: in which role, and why it is not valid, or what else is to be known."""

    approval: Approval
    role: str
    refusals: tuple[Reason, ...]
    notes: tuple[Reason, ...]


class _Case:
    """One requirement and all approvals for it.

    A slot is one approval that is asked for; `slots` holds the roles that can fill each.
    """

    def __init__(
        self,
        need: ApprovalNeed,
        evidence: Evidence,
        organisation: Organisation,
        as_of: int,
        figure: int | None,
    ):
        self.need, self.evidence, self.organisation = need, evidence, organisation
        self.as_of, self.figure = as_of, figure
        if need.level is not None:
            roles = organisation.above(organisation.role(need.level) or need.level)
        else:
            roles = tuple(organisation.role(role) or role for role in need.roles)
        self.asked = tuple(dict.fromkeys(roles))
        self.slots = (
            (self.asked,) * max(need.at_least, 1) if need.mode == "any" else tuple((r,) for r in roles)
        )
        self.duty = None if need.duty is None else organisation.duty(need.duty) or need.duty
        self.duties_done: dict[str, dict[str, None]] = {}
        for done in evidence.duties:
            self.duties_done.setdefault(normal(done.person), {})[done.duty] = None
        self.requester = None if evidence.requester is None else normal(evidence.requester)

    def result(self) -> RequirementResult:
        weighed = self.weighed()
        offers = self.offers(weighed)
        filled = self.fill(offers)
        unknown = self.need.has_amount and self.figure is None
        satisfied = self.is_filled(filled) and not unknown
        if satisfied:
            missing: tuple[Missing, ...] = ()
        elif unknown:
            details = (Reason("unknown_amount", self.roles_param(self.asked)),)
            missing = (Missing("figure", self.asked, (), details),)
        else:
            missing = tuple(self.missing(offers, filled))
        return RequirementResult(self.need, satisfied, self.verdicts(weighed, filled), missing)

    def weighed(self) -> list[_Weighed]:
        """All approvals that are not for another requirement, each on its own, by date."""
        meant = [a for a in self.evidence.approvals if a.requirement in (None, self.need.id)]
        return [self.weigh(approval) for approval in sorted(meant, key=_by_date)]

    def offers(self, weighed: Iterable[_Weighed]) -> list[_Offer]:
        """The valid ones."""
        return sorted(
            _Offer(w.approval.date, normal(w.approval.person), w.role) for w in weighed if not w.refusals
        )

    def is_filled(self, filled: Sequence[_Offer | None]) -> bool:
        """Whether there is a slot, and none is empty."""
        return bool(filled) and None not in filled

    # --- one approval --------------------------------------------------------------------------------

    def weigh(self, approval: Approval) -> _Weighed:
        """Whether one approval is valid on its own."""
        organisation = self.organisation
        person, role = normal(approval.person), organisation.role(approval.role)
        known = organisation.knows(person) or not organisation.lists_persons
        refusals: list[Reason] = []
        notes: list[Reason] = []
        if role is None:
            refusals.append(Reason("unknown_role", (("role", approval.role),)))
        elif role not in self.asked:
            refusals.append(Reason("other_role", self.role_param("role", role)))
        if not known:
            refusals.append(Reason("unknown_person", (("person", person),)))
        refusals += dated(approval.date, self.need.within, self.as_of)
        refusals += self.form_refusals(approval.form)
        if person == self.requester:
            refusals.append(Reason("self_approval"))
        refusals += self.duty_refusals(person, "incompatible_duty", self.person_param("person", person))
        if role in self.asked and known:
            barred, noted = self.standing(person, role, approval.date)
            refusals += barred
            notes += noted
        if self.requester is None:
            notes.append(Reason("requester_unstated"))
        elif organisation.lists_persons and not organisation.knows(self.requester):
            notes.append(Reason("requester_unlisted", (("requester", self.requester),)))
        return _Weighed(approval, role or approval.role, tuple(refusals), () if refusals else tuple(notes))

    def form_refusals(self, form: str | None) -> list[Reason]:
        expected = self.need.form
        if expected is None or form == expected:
            return []
        asked = coded("expected", expected, self.need.form_called)
        if form is None:
            return [Reason("no_form", asked)]
        return [Reason("wrong_form", (*asked, ("form", form)))]

    def duty_refusals(self, person: str, code: str, params: Params) -> list[Reason]:
        """What the person did in this case that excludes the duty that approving is."""
        if self.duty is None:
            return []
        duty = ("duty", self.duty)
        refusals: list[Reason] = []
        for text in sorted(self.duties_done.get(person, ())):
            done = self.organisation.duty(text)
            if done is None:
                # A misspelt duty must not make an incompatible one disappear.
                refusals.append(
                    Reason("unknown_duty", (*self.person_param("person", person), ("done", text), duty))
                )
                continue
            for conflict in self.organisation.conflicts(self.duty):
                if conflict.duty == done:
                    refusals.append(Reason(code, (*params, ("done", done), duty, ("id", conflict.id))))
        return refusals

    def standing(self, person: str, role: str, on: int) -> tuple[list[Reason], list[Reason]]:
        """Whether the person acted in the role on the date, with enough authority: refusals and notes."""
        if not self.organisation.lists_persons:
            return self.limit_refusals(role, None), [Reason("role_stated")]
        best: list[Reason] | None = None
        for holding in self.organisation.holdings(person, role, on):
            refusals = self.holding_refusals(holding)
            if not refusals:
                giver = holding.from_person
                return [], [] if giver is None else [Reason("delegated", self.person_param("giver", giver))]
            if best is None or len(refusals) < len(best):
                best = refusals
        if best is None:
            params = (*self.person_param("person", person), ("date", iso(on)))
            return [Reason("role_not_held", params)], []
        return best, []

    def holding_refusals(self, holding: Holding) -> list[Reason]:
        """Why acting in a role, in this way, does not do here."""
        giver = holding.from_person
        if giver is None:
            return self.limit_refusals(holding.role, None)
        named = self.person_param("giver", giver)
        if not holding.reaches(self.need.control_point):
            return [Reason("delegated_elsewhere", (*named, ("control_point", self.need.control_point)))]
        both = (*self.person_param("person", holding.person), *named)
        refusals = [Reason("requester_delegated", both)] if giver == self.requester else []
        refusals += self.duty_refusals(giver, "giver_incompatible", both)
        return refusals + self.limit_refusals(holding.role, holding)

    def limit_refusals(self, role: str, holding: Holding | None) -> list[Reason]:
        """Whether the amount is above the authority of the role, or above what was delegated."""
        if not self.need.has_amount:
            return []
        of_role = self.organisation.limit(role, self.need.control_point)
        refusals = self.above(of_role, "above_limit", self.role_param("role", role))
        if holding is not None and holding.from_person is not None:
            giver = self.person_param("giver", holding.from_person)
            refusals += self.above(holding.amount_limit, "above_delegated", giver)
        return list(dict.fromkeys(refusals))

    def above(self, limit: Limit | None, code: str, params: Params) -> list[Reason]:
        if limit is None:
            return []
        currency, decimals = self.need.currency, self.need.decimals
        shown = ("limit", amount_text(limit.amount, limit.decimals, limit.currency or currency))
        if self.figure is None:
            return [Reason("amount_unknown", (shown,))]
        if limit.currency is not None and currency is not None and limit.currency != currency:
            return [Reason("other_currency", (shown, ("currency", currency)))]
        if limit.allows(self.figure, decimals):
            return []
        return [Reason(code, (*params, ("amount", amount_text(self.figure, decimals, currency)), shown))]

    # --- all approvals together ----------------------------------------------------------------------

    def fill(self, offers: Sequence[_Offer]) -> tuple[_Offer | None, ...]:
        """Which offer fills each slot, so that the most are filled."""
        filled: list[_Offer | None] = [None] * len(self.slots)
        if self.need.mode == "any":
            first_of: dict[str, _Offer] = {}
            for offer in offers:
                first_of.setdefault(offer.person, offer)
            for slot, offer in zip(range(len(filled)), first_of.values(), strict=False):
                filled[slot] = offer
        elif self.need.mode == "all":
            for slot, person in enumerate(match(self.persons_by_slot(offers))):
                of_slot = (o for o in offers if o.role in self.slots[slot] and o.person == person)
                filled[slot] = next(of_slot, None)
        else:
            dates = [[(o.date, o.person) for o in offers if o.role in roles] for roles in self.slots]
            for slot, (date, person) in enumerate(match_in_order(dates)):
                filled[slot] = _Offer(date, person, self.slots[slot][0])
        return tuple(filled)

    def persons_by_slot(self, offers: Sequence[_Offer]) -> list[list[str]]:
        return [list(dict.fromkeys(o.person for o in offers if o.role in roles)) for roles in self.slots]

    def verdicts(
        self, weighed: Iterable[_Weighed], filled: Sequence[_Offer | None]
    ) -> tuple[ItemVerdict, ...]:
        """What each approval is worth beside the others."""
        left = {offer for offer in filled if offer is not None}
        verdicts: list[ItemVerdict] = []
        for w in weighed:
            approval = w.approval
            offer = _Offer(approval.date, normal(approval.person), w.role)
            params = (
                *self.person_param("person", offer.person),
                *self.role_param("role", offer.role),
                ("date", iso(approval.date)),
            )
            label = Reason("approval", params)
            if w.refusals:
                verdicts.append(ItemVerdict(approval, False, False, label, w.refusals))
            elif offer in left:
                left.discard(offer)
                verdicts.append(ItemVerdict(approval, True, True, label, w.notes))
            else:
                why = self.why_not_counted(offer, filled)
                valid = why.code != "out_of_order"
                verdicts.append(ItemVerdict(approval, valid, False, label, (why, *w.notes)))
        return tuple(verdicts)

    def why_not_counted(self, offer: _Offer, filled: Sequence[_Offer | None]) -> Reason:
        """Why a valid approval does not count beside the others."""
        for other in filled:
            if other is not None and other.person == offer.person:
                named = self.person_param("person", offer.person)
                return Reason("counted_once", (*named, *self.role_param("role", other.role)))
        given = [other for other in filled if other is not None]
        later = [roles for roles in self.slots[len(given) :] if offer.role in roles]
        if self.need.mode != "order" or not later:
            return Reason("not_needed")
        if given and offer.date < given[-1].date:
            before = self.role_param("before", given[-1].role)
            return Reason("out_of_order", (*before, ("date", iso(given[-1].date))))
        return Reason("awaits", self.role_param("role", self.slots[len(given)][0]))

    # --- what is missing -----------------------------------------------------------------------------

    def missing(self, offers: Sequence[_Offer], filled: Sequence[_Offer | None]) -> Iterable[Missing]:
        """One gap for each slot that is empty; one for all of them where any role will do."""
        empty = [slot for slot, offer in enumerate(filled) if offer is None]
        taken = {offer.person for offer in filled if offer is not None}

        def helps(offer: _Offer) -> bool:
            """Whether one approval more fills one slot more; one who fills a slot must be replaced there."""
            if is_new(offer):
                return True
            return self.fill(sorted([*offers, offer])).count(None) < len(empty)

        def is_new(offer: _Offer) -> bool:
            return offer.person not in taken

        if self.need.mode == "any":
            yield self.gap(self.asked, is_new, len(empty))
        elif self.need.mode == "all":
            by_slot = self.persons_by_slot(offers)
            persons = [None if offer is None else offer.person for offer in filled]
            for slot in empty:
                reached = alternatives(by_slot, persons, slot)
                roles = tuple(dict.fromkeys(role for other in reached for role in self.slots[other]))
                yield self.gap(roles, helps)
        else:
            for slot in empty:
                before = () if slot == 0 else self.slots[slot - 1]
                yield self.gap(self.slots[slot], helps if slot == empty[0] else is_new, after=before)

    def gap(
        self,
        roles: tuple[str, ...],
        helps: Callable[[_Offer], bool],
        count: int = 1,
        after: tuple[str, ...] = (),
    ) -> Missing:
        """What is said of approvals that are missing."""
        able = tuple(role for role in roles if not self.above_role(role))
        if not able:
            amount = amount_text(self.figure or 0, self.need.decimals, self.need.currency)
            params = (("amount", amount), *self.roles_param(roles))
            return Missing("authority", roles, (), (Reason("no_authority", params),))
        named = self.roles_param(able)
        if count == 1:
            details = [Reason("approval_missing", named)]
        else:
            details = [Reason("approvals_missing", (*named, ("count", str(count))))]
        if self.need.form is not None:
            details.append(Reason("in_form", coded("form", self.need.form, self.need.form_called)))
        if self.need.within is not None:
            details.append(Reason("not_older", in_both("within", within_called(self.need.within))))
        if after:
            details.append(Reason("after_role", self.role_param("role", after[0])))
        persons = self.candidates(able, helps)
        if persons:
            called = one_of([self.called(person) for person in persons], most=MAX_NAMED)
            details.append(Reason("given_by", in_both("persons", called)))
        elif self.organisation.lists_persons:
            details.append(Reason("given_by_nobody"))
        return Missing("approval", able, persons, tuple(details))

    def above_role(self, role: str) -> bool:
        """Whether the amount is above the authority of a role, whoever acts in it."""
        return bool(self.limit_refusals(role, None))

    def candidates(self, roles: Iterable[str], helps: Callable[[_Offer], bool]) -> tuple[str, ...]:
        """The persons whose approval in one of the roles would count if they gave it on `as_of`."""
        found: dict[str, None] = {}
        for role in roles:
            for person in self.organisation.persons_of(role, self.as_of):
                if person in found or not helps(_Offer(self.as_of, person, role)):
                    continue
                imagined = Approval(person, role, self.as_of, self.need.form, self.need.id)
                if not self.weigh(imagined).refusals:
                    found[person] = None
        return tuple(found)

    # --- names ---------------------------------------------------------------------------------------

    def roles_param(self, roles: Iterable[str]) -> Params:
        return in_both("roles", one_of([self.organisation.title(role) for role in roles]))

    def role_param(self, name: str, role: str) -> Params:
        return in_both(name, self.organisation.title(role))

    def person_param(self, name: str, person: str) -> Params:
        return in_both(name, self.called(person))

    def called(self, person: str) -> Called:
        return person_called(person, self.organisation.person_name(person))


def _by_date(approval: Approval) -> tuple[int, str, str, str, str]:
    return (
        approval.date,
        approval.person,
        approval.role,
        approval.form or "",
        approval.requirement or "",
    )
