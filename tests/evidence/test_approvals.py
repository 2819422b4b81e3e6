"""Which approvals count, and who could give those that are missing."""

from dataclasses import replace
from itertools import product
from string import Formatter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.evidence.cases import COMPANY, ROLES, STATED, approval, on, organisation

from salesctrl.compile.needs import ApprovalNeed, Within
from salesctrl.evidence.given import Approval, DutyDone, Evidence
from salesctrl.evidence.judgement import is_met, judge
from salesctrl.evidence.reasons import TEXTS, ItemVerdict, Reason, RequirementResult
from salesctrl.policy.organisation import Organisation

AS_OF = on("2026-02-20")


def need(*roles: str, mode="any", **more) -> ApprovalNeed:
    return ApprovalNeed("R-1", "R", "order.release", roles, mode, **more)


def result(
    wanted: ApprovalNeed,
    *approvals: Approval,
    amount: int | None = None,
    company: Organisation = COMPANY,
    as_of: int = AS_OF,
    **evidence,
) -> RequirementResult:
    given = Evidence(approvals=approvals, **{"requester": "wang", **evidence})
    return judge(wanted, given, company, as_of, amount)


def alone(wanted: ApprovalNeed, one: Approval, **more) -> ItemVerdict:
    """The verdict of an approval on its own; what it says agrees with whether the requirement is met."""
    judged = result(wanted, one, **more)
    [verdict] = judged.items
    assert verdict.valid == verdict.counts
    return verdict


def codes(verdict: ItemVerdict) -> list[str]:
    return [reason.code for reason in verdict.reasons]


def why(wanted: ApprovalNeed, one: Approval, lang: str = "en", **more) -> str:
    """The one reason why an approval is not valid, in words."""
    verdict = alone(wanted, one, **more)
    assert not verdict.valid
    [reason] = verdict.reasons
    return reason.text(lang)


class TestHoldingTheRole:
    def test_by_own_role(self):
        judged = result(need("cfo"), approval("qian", "cfo"))
        assert judged.satisfied
        assert judged.missing == ()
        assert judged.items[0].text("en") == "approval by Qian Feng (qian) as CFO on 2026-02-20, valid"
        assert judged.items[0].text("zh") == "钱锋（qian）以财务总监身份于2026-02-20审批，有效"

    @pytest.mark.parametrize("role", ["营销总监", "销售副总", "sales VP"])
    def test_by_an_alias_or_title(self, role):
        assert result(need("vp"), approval("sun", role)).satisfied

    def test_on_the_date_of_the_approval_and_not_of_the_decision(self):
        later = on("2026-03-15")
        assert result(need("manager"), approval("li", "manager", "2026-02-28"), as_of=later).satisfied
        assert not result(need("manager"), approval("li", "manager", "2026-03-01"), as_of=later).satisfied
        assert not result(need("vp"), approval("sun", "vp", "2025-12-31")).satisfied
        assert result(need("vp"), approval("sun", "vp", "2026-01-01")).satisfied

    def test_not_held(self):
        one = approval("sun", "vp", "2025-12-31")
        assert why(need("vp"), one) == "Sun Li (sun) did not hold the role on 2025-12-31"
        assert why(need("vp"), one, "zh") == "孙丽（sun）在2025-12-31不担任该角色"

    def test_a_role_that_is_not_asked_for(self):
        assert why(need("cfo"), approval("zhao", "gm")) == "general manager is not asked for here"
        assert why(need("cfo"), approval("zhao", "gm"), "zh") == "此处不要求总经理审批"

    def test_unknown_person(self):
        assert why(need("cfo"), approval("nobody", "cfo")) == "`nobody` is not a person of the organisation"
        assert why(need("cfo"), approval("nobody", "cfo"), "zh") == "组织中没有人员`nobody`"

    def test_unknown_role(self):
        assert why(need("cfo"), approval("qian", "king")) == "`king` is not a role of the organisation"
        assert why(need("cfo"), approval("qian", "king"), "zh") == "组织中没有`king`这一角色"

    def test_unknown_both(self):
        assert codes(alone(need("cfo"), approval("nobody", "king"))) == ["unknown_role", "unknown_person"]

    def test_where_no_persons_are_listed_the_role_is_taken_at_its_word(self):
        verdict = alone(need("cfo"), approval("anybody", "cfo"), company=STATED)
        assert verdict.valid
        assert codes(verdict) == ["role_stated"]
        assert verdict.reasons[0].text("zh") == "组织未列出人员：角色以所述为准"
        assert not result(need("cfo"), approval("anybody", "king"), company=STATED).satisfied


class TestDelegation:
    def test_in_force_on_the_date(self):
        verdict = alone(need("cfo"), approval("li", "cfo", "2026-02-01"))
        assert verdict.valid
        assert verdict.text("en").endswith("valid; by delegation from Qian Feng (qian)")
        assert verdict.text("zh").endswith("有效；受钱锋（qian）委托")
        assert result(need("cfo"), approval("li", "cfo", "2026-02-20")).satisfied

    @pytest.mark.parametrize("day", ["2026-01-31", "2026-02-21"])
    def test_outside_its_dates(self, day):
        assert codes(alone(need("cfo"), approval("li", "cfo", day), as_of=on("2026-03-01"))) == [
            "role_not_held"
        ]

    def test_not_at_another_control_point(self):
        elsewhere = replace(need("cfo"), control_point="contract.sign")
        one = approval("li", "cfo")
        expected = "the delegation from Qian Feng (qian) does not extend to `contract.sign`"
        assert why(elsewhere, one) == expected
        assert why(elsewhere, one, "zh") == "钱锋（qian）的授权委托不适用于`contract.sign`"

    def test_not_passed_on(self):
        assert codes(alone(need("cfo"), approval("wang", "cfo"), requester="sun")) == ["role_not_held"]

    def test_the_giver_must_hold_the_role_on_that_date(self):
        company = organisation(
            """
            organisation: o
            roles: {cfo: {}}
            persons:
              a: {name: A, roles: [{role: cfo, to: 2026-02-10}]}
              b: {name: B}
            delegations: [{from: a, to: b, role: cfo, effective: {}}]
            """
        )
        assert result(need("cfo"), approval("b", "cfo", "2026-02-10"), company=company).satisfied
        assert not result(need("cfo"), approval("b", "cfo", "2026-02-11"), company=company).satisfied

    def test_its_own_limit(self):
        wanted = need("cfo", has_amount=True, currency="CNY")
        assert result(wanted, approval("li", "cfo"), amount=80000).satisfied
        expected = "800.01 CNY is above the limit of the delegation from Qian Feng (qian), 800.00 CNY"
        assert why(wanted, approval("li", "cfo"), amount=80001) == expected
        assert why(wanted, approval("li", "cfo"), "zh", amount=80001) == (
            "800.01 CNY超过钱锋（qian）授权委托的限额800.00 CNY"
        )
        assert result(wanted, approval("qian", "cfo"), amount=80001).satisfied

    def test_the_limit_of_the_role_binds_the_delegate_too(self):
        company = organisation(
            """
            organisation: o
            roles: {cfo: {}}
            authority: [{role: cfo, amount: 100 CNY}]
            persons: {a: {name: A, roles: cfo}, b: {name: B}}
            delegations: [{from: a, to: b, role: cfo, effective: {}, amount: 500 CNY}]
            """
        )
        wanted = need("cfo", has_amount=True, currency="CNY")
        assert result(wanted, approval("b", "cfo"), amount=10000, company=company).satisfied
        assert codes(alone(wanted, approval("b", "cfo"), amount=10001, company=company)) == ["above_limit"]
        both = codes(alone(wanted, approval("b", "cfo"), amount=50001, company=company))
        assert both == ["above_limit", "above_delegated"]

    def test_another_way_of_holding_the_role_is_found(self):
        company = organisation(
            """
            organisation: o
            roles: {cfo: {}}
            persons: {a: {name: A, roles: cfo}, b: {name: B, roles: cfo}, c: {name: C}}
            delegations:
              - {from: a, to: c, role: cfo, effective: {}}
              - {from: b, to: c, role: cfo, effective: {}}
            """
        )
        verdict = alone(need("cfo"), approval("c", "cfo"), company=company, requester="a")
        assert verdict.valid
        assert dict(verdict.reasons[0].params)["giver.en"] == "B (b)"

    def test_of_several_ways_the_nearest_is_told(self):
        company = organisation(
            """
            organisation: o
            roles: {cfo: {}}
            duties: {take: {}, approve: {}}
            incompatible: [{id: IC-1, duties: [take, approve]}]
            persons: {a: {name: A, roles: cfo}, b: {name: B, roles: cfo}, c: {name: C}}
            delegations:
              - {from: a, to: c, role: cfo, effective: {}}
              - {from: b, to: c, role: cfo, effective: {}}
            """
        )
        duties = (DutyDone("take", "a"), DutyDone("take", "b"))
        wanted = need("cfo", duty="approve")
        verdict = alone(wanted, approval("c", "cfo"), company=company, requester="a", duties=duties)
        assert codes(verdict) == ["giver_incompatible"]
        assert dict(verdict.reasons[0].params)["giver.en"] == "B (b)"


class TestRequester:
    def test_nobody_approves_their_own_request(self):
        assert (
            why(need("cfo"), approval("qian", "cfo"), requester="qian") == "nobody approves their own request"
        )
        assert why(need("cfo"), approval("qian", "cfo"), "zh", requester="qian") == "申请人不得审批本人的申请"

    def test_nor_as_a_delegate(self):
        assert "self_approval" in codes(alone(need("cfo"), approval("li", "cfo"), requester="li"))

    def test_nor_through_a_delegate(self):
        assert why(need("cfo"), approval("li", "cfo"), requester="qian") == (
            "Li Na (li) acts for Qian Feng (qian), who is the requester: "
            "nobody approves their own request through another"
        )
        assert why(need("cfo"), approval("li", "cfo"), "zh", requester="qian").startswith(
            "李娜（li）代理的钱锋（qian）是申请人"
        )

    def test_nor_where_no_persons_are_listed(self):
        verdict = alone(need("cfo"), approval("x", "cfo"), requester="x", company=STATED)
        assert codes(verdict) == ["self_approval"]

    def test_an_own_role_is_not_spoiled_by_a_delegation_of_the_requester(self):
        company = organisation(
            """
            organisation: o
            roles: {cfo: {}}
            persons: {a: {name: A, roles: cfo}, b: {name: B, roles: cfo}}
            delegations: [{from: a, to: b, role: cfo, effective: {}}]
            """
        )
        assert result(need("cfo"), approval("b", "cfo"), requester="a", company=company).satisfied

    def test_one_who_is_not_stated_is_not_checked_and_that_is_said(self):
        verdict = alone(need("cfo"), approval("qian", "cfo"), requester=None)
        assert verdict.valid
        assert codes(verdict) == ["requester_unstated"]

    def test_one_who_is_not_listed_is_said_too(self):
        verdict = alone(need("cfo"), approval("qian", "cfo"), requester="Qian Feng")
        assert verdict.valid
        assert verdict.reasons[0].text("zh") == "申请人`Qian Feng`不在组织人员之列"


class TestDuties:
    WANTED = need("cfo", duty="approve")

    def test_an_incompatible_duty_names_its_rule(self):
        done = (DutyDone("take", "qian"),)
        assert why(self.WANTED, approval("qian", "cfo"), duties=done) == (
            "Qian Feng (qian) did `take` in this case, incompatible with `approve` (IC-1)"
        )
        assert why(self.WANTED, approval("qian", "cfo"), "zh", duties=done) == (
            "钱锋（qian）在本业务中已履行`take`，与`approve`不相容（IC-1）"
        )

    @pytest.mark.parametrize("duty", ["ship", "approve"])
    def test_other_duties_do_no_harm(self, duty):
        assert result(self.WANTED, approval("qian", "cfo"), duties=(DutyDone(duty, "qian"),)).satisfied

    def test_the_duties_of_others_do_no_harm(self):
        assert result(self.WANTED, approval("qian", "cfo"), duties=(DutyDone("take", "zhao"),)).satisfied

    def test_without_a_duty_of_approving_nothing_is_incompatible(self):
        assert result(need("cfo"), approval("qian", "cfo"), duties=(DutyDone("take", "qian"),)).satisfied

    def test_what_bars_the_giver_bars_the_delegate(self):
        one = approval("li", "cfo")
        assert why(self.WANTED, one, duties=(DutyDone("take", "qian"),)) == (
            "Li Na (li) acts for Qian Feng (qian), who did `take` in this case, "
            "incompatible with `approve` (IC-1)"
        )

    def test_a_duty_that_the_organisation_does_not_know_cannot_be_judged(self):
        # Misspelt, it would otherwise hide an incompatible one.
        one = approval("qian", "cfo")
        assert why(self.WANTED, one, duties=(DutyDone("tkae", "qian"),)) == (
            "Qian Feng (qian) did `tkae` in this case, which is not a duty of the organisation: "
            "it is not known whether it is compatible with `approve`"
        )
        assert result(self.WANTED, one, duties=(DutyDone("tkae", "zhao"),)).satisfied

    def test_where_no_persons_are_listed(self):
        done = (DutyDone("take", "x"),)
        assert codes(alone(self.WANTED, approval("x", "cfo"), duties=done, company=STATED)) == [
            "incompatible_duty"
        ]


class TestAuthority:
    WANTED = need("manager", "vp", "gm", has_amount=True, currency="CNY")

    def test_up_to_the_limit_and_not_above(self):
        assert result(self.WANTED, approval("zhou", "manager"), amount=100000).satisfied
        assert why(self.WANTED, approval("zhou", "manager"), amount=100001) == (
            "1,000.01 CNY is above the authority limit of sales manager, 1,000.00 CNY"
        )
        assert why(self.WANTED, approval("zhou", "manager"), "zh", amount=100001) == (
            "1,000.01 CNY超过销售经理的审批权限1,000.00 CNY"
        )

    def test_the_limit_of_the_control_point(self):
        assert not result(self.WANTED, approval("sun", "vp"), amount=500001).satisfied
        elsewhere = replace(self.WANTED, control_point="contract.sign")
        assert result(elsewhere, approval("sun", "vp"), amount=500001).satisfied

    def test_no_limit_is_no_bound(self):
        assert result(self.WANTED, approval("zhao", "gm"), amount=10**30).satisfied

    def test_the_decimals_of_the_amount(self):
        wanted = replace(self.WANTED, decimals=4)
        assert result(wanted, approval("zhou", "manager"), amount=10_000_000).satisfied
        assert not result(wanted, approval("zhou", "manager"), amount=10_000_001).satisfied

    def test_an_unknown_amount_is_never_within_a_limit(self):
        judged = result(self.WANTED, approval("zhou", "manager"), amount=None)
        assert not judged.satisfied
        assert judged.items[0].reasons[0].text() == (
            "there is an authority limit of 1,000.00 CNY, and the amount is not known"
        )

    def test_an_unknown_amount_is_never_approved(self):
        judged = result(self.WANTED, approval("zhao", "gm"), amount=None)
        assert judged.items[0].valid
        assert not judged.satisfied
        [gap] = judged.missing
        assert gap.what == "figure"
        assert gap.text("en") == (
            "the amount to be approved by sales manager, sales VP or general manager is not known"
        )
        assert gap.text("zh") == "须由销售经理、销售副总、总经理审批的金额未知"

    def test_without_an_amount_limits_say_nothing(self):
        assert result(need("manager"), approval("zhou", "manager"), amount=None).satisfied

    def test_another_currency(self):
        wanted = replace(self.WANTED, currency="USD")
        assert why(wanted, approval("zhou", "manager"), amount=1) == (
            "the authority limit of 1,000.00 CNY says nothing about USD"
        )

    def test_where_no_persons_are_listed(self):
        assert result(self.WANTED, approval("x", "manager"), amount=100000, company=STATED).satisfied
        assert codes(alone(self.WANTED, approval("x", "manager"), amount=100001, company=STATED)) == [
            "above_limit"
        ]


class TestLevel:
    WANTED = need(level="manager", has_amount=True, currency="CNY")

    @pytest.mark.parametrize(
        ("person", "role", "amount", "met"),
        [
            ("zhou", "manager", 1000, True),
            ("sun", "vp", 1000, True),
            ("zhao", "gm", 1000, True),
            ("wang", "seller", 1000, False),
            ("qian", "cfo", 1000, False),
            ("zhou", "manager", 1001, False),
            ("sun", "vp", 5000, True),
            ("sun", "vp", 5001, False),
            ("zhao", "gm", 5001, True),
        ],
    )
    def test_this_role_or_one_above_it_within_authority(self, person, role, amount, met):
        assert (
            result(self.WANTED, approval(person, role), amount=amount * 100, requester="x").satisfied == met
        )

    def test_missing_names_the_roles_whose_authority_is_enough(self):
        assert result(self.WANTED, amount=100000).missing[0].roles == ("manager", "vp", "gm")
        [gap] = result(self.WANTED, amount=100001).missing
        assert gap.roles == ("vp", "gm")
        assert gap.persons == ("sun", "zhao")
        assert (
            gap.text("en")
            == "approval by sales VP or general manager; can be given by Sun Li (sun) or Zhao Min (zhao)"
        )
        assert gap.text("zh") == "缺少销售副总、总经理的审批；可由孙丽（sun）、赵敏（zhao）作出"


class TestForm:
    WANTED = need("cfo", form="written")

    def test_the_form_asked_for(self):
        assert result(self.WANTED, approval("qian", "cfo", form="written")).satisfied

    def test_another_or_none(self):
        assert (
            why(self.WANTED, approval("qian", "cfo", form="oral"))
            == "expected the form `written` but got `oral`"
        )
        assert why(self.WANTED, approval("qian", "cfo")) == "expected the form `written` but got none"
        assert why(self.WANTED, approval("qian", "cfo"), "zh") == "要求形式为`written`，但未注明形式"

    def test_any_form_where_none_is_asked_for(self):
        assert result(need("cfo"), approval("qian", "cfo", form="oral")).satisfied


class TestDates:
    def test_not_after_the_date_of_the_decision(self):
        assert (
            why(need("cfo"), approval("qian", "cfo", "2026-02-21"))
            == "dated 2026-02-21, which is after 2026-02-20"
        )
        assert (
            why(need("cfo"), approval("qian", "cfo", "2026-02-21"), "zh")
            == "日期为2026-02-21，晚于2026-02-20"
        )

    @pytest.mark.parametrize(
        ("within", "day", "as_of", "met"),
        [
            (Within(30, "days"), "2026-01-21", "2026-02-20", True),
            (Within(30, "days"), "2026-01-20", "2026-02-20", False),
            (Within(0, "days"), "2026-02-20", "2026-02-20", True),
            (Within(0, "days"), "2026-02-19", "2026-02-20", False),
            (Within(1, "months"), "2026-01-20", "2026-02-20", True),
            (Within(1, "months"), "2026-01-19", "2026-02-20", False),
            (Within(1, "months"), "2026-01-31", "2026-02-28", True),
            (Within(1, "months"), "2026-01-31", "2026-03-01", False),
            (Within(12, "months"), "2024-02-29", "2025-02-28", True),
            (Within(12, "months"), "2024-02-29", "2025-03-01", False),
            (Within(10**30, "days"), "2024-02-29", "2026-02-28", True),
            (Within(10**9, "months"), "2024-02-29", "2026-02-28", True),
        ],
    )
    def test_not_too_old_to_the_day(self, within, day, as_of, met):
        wanted = need("cfo", within=within)
        assert result(wanted, approval("qian", "cfo", day), as_of=on(as_of)).satisfied == met

    def test_what_is_said_of_one_that_is_too_old(self):
        wanted = need("cfo", within=Within(30, "days"))
        one = approval("qian", "cfo", "2026-01-01")
        assert why(wanted, one) == "it was good until 2026-01-31, and it is 2026-02-20"
        assert why(wanted, one, "zh") == "有效期至2026-01-31，截至2026-02-20已过期"


class TestRequirement:
    def test_one_for_another_requirement_is_passed_over(self):
        judged = result(need("cfo"), approval("qian", "cfo", requirement="R-2"))
        assert not judged.satisfied
        assert judged.items == ()

    def test_one_for_this_requirement_counts(self):
        assert result(need("cfo"), approval("qian", "cfo", requirement="R-1")).satisfied


class TestAny:
    def test_one_is_enough(self):
        judged = result(need("cfo", "gm"), approval("zhao", "gm"), approval("qian", "cfo", "2026-02-01"))
        assert judged.satisfied
        assert [(v.counts, codes(v)) for v in judged.items] == [(True, []), (False, ["not_needed"])]

    def test_so_many_different_persons(self):
        wanted = need("cfo", "manager", at_least=2)
        twice = [approval("zhou", "cfo"), approval("zhou", "manager")]
        judged = result(wanted, *twice)
        assert not judged.satisfied
        assert judged.items[1].reasons[0].text() == "Zhou Yu (zhou) counts once, as CFO"
        assert judged.items[1].reasons[0].text("zh") == "周瑜（zhou）只计一次，已计为财务总监"
        assert result(wanted, *twice, approval("li", "manager")).satisfied
        assert judged.missing[0].persons == ("qian", "li")

    def test_how_many_are_missing(self):
        [gap] = result(need("cfo", "gm", at_least=3)).missing
        assert gap.text("en") == (
            "3 more approvals by different persons, each by CFO or general manager; "
            "can be given by Qian Feng (qian), Zhou Yu (zhou), Li Na (li) or Zhao Min (zhao)"
        )
        assert gap.text("zh") == (
            "还缺少3名不同人员的审批，须为财务总监、总经理；可由钱锋（qian）、周瑜（zhou）、李娜（li）、赵敏（zhao）作出"
        )


class TestAll:
    WANTED = need("cfo", "manager", mode="all")

    def test_every_role_by_another_person(self):
        assert result(self.WANTED, approval("qian", "cfo"), approval("li", "manager")).satisfied
        assert not result(self.WANTED, approval("zhou", "cfo"), approval("zhou", "manager")).satisfied

    @pytest.mark.parametrize("other", [("qian", "cfo"), ("li", "manager")])
    def test_one_with_both_roles_does_not_block_the_other(self, other):
        both = [approval("zhou", "cfo"), approval("zhou", "manager")]
        assert result(self.WANTED, *both, approval(*other)).satisfied

    def test_who_can_give_what_is_missing_beside_one_with_both_roles(self):
        # Zhou counts for one of the two, and somebody else is needed for either.
        [gap] = result(self.WANTED, approval("zhou", "cfo"), approval("zhou", "manager")).missing
        assert set(gap.roles) == {"cfo", "manager"}
        assert set(gap.persons) == {"qian", "li"}

    def test_one_gap_for_every_role(self):
        first, second = result(self.WANTED).missing
        assert (first.roles, second.roles) == (("cfo",), ("manager",))
        assert first.persons == ("qian", "zhou", "li")
        assert second.persons == ("li", "zhou")

    def test_the_same_role_twice_means_two_persons(self):
        wanted = need("cfo", "cfo", mode="all")
        assert not result(wanted, approval("qian", "cfo"), approval("qian", "cfo", "2026-02-19")).satisfied
        assert result(wanted, approval("qian", "cfo"), approval("zhou", "cfo")).satisfied

    def test_no_roles_are_never_approved(self):
        assert not result(need(mode="all"), approval("qian", "cfo")).satisfied
        assert not result(need(mode="order"), approval("qian", "cfo")).satisfied


class TestOrder:
    WANTED = need("manager", "cfo", "gm", mode="order")

    def test_in_order_and_on_one_day(self):
        approvals = [
            approval("li", "manager", "2026-02-10"),
            approval("qian", "cfo", "2026-02-12"),
            approval("zhao", "gm", "2026-02-12"),
        ]
        assert result(self.WANTED, *approvals).satisfied
        assert result(self.WANTED, *approvals[::-1]).satisfied

    def test_out_of_order(self):
        judged = result(
            self.WANTED,
            approval("li", "manager", "2026-02-10"),
            approval("qian", "cfo", "2026-02-09"),
            approval("zhao", "gm", "2026-02-15"),
        )
        assert not judged.satisfied
        by_person = {v.item.person: v for v in judged.items if isinstance(v.item, Approval)}
        assert by_person["li"].counts
        assert not by_person["qian"].valid
        assert by_person["qian"].reasons[0].text() == (
            "given before the approval by sales manager of 2026-02-10, which has to come first"
        )
        assert by_person["qian"].reasons[0].text("zh") == "早于销售经理于2026-02-10的审批，而后者应在先"
        assert by_person["zhao"].valid
        assert codes(by_person["zhao"]) == ["awaits"]
        assert [gap.roles for gap in judged.missing] == [("cfo",), ("gm",)]
        assert judged.missing[0].text() == (
            "approval by CFO; not before the approval by sales manager; "
            "can be given by Qian Feng (qian) or Zhou Yu (zhou)"
        )

    def test_a_second_approval_in_order_repairs_it(self):
        assert result(
            need("manager", "cfo", mode="order"),
            approval("li", "manager", "2026-02-10"),
            approval("qian", "cfo", "2026-02-09"),
            approval("qian", "cfo", "2026-02-11"),
        ).satisfied

    def test_different_persons(self):
        assert not result(
            need("manager", "cfo", mode="order"), approval("zhou", "manager"), approval("zhou", "cfo")
        ).satisfied

    def test_one_with_two_roles_does_not_block(self):
        assert result(
            need("manager", "cfo", mode="order"),
            approval("zhou", "manager", "2026-02-01"),
            approval("li", "manager", "2026-02-02"),
            approval("zhou", "cfo", "2026-02-03"),
        ).satisfied


class TestMissing:
    def test_what_is_asked_of_it_is_said(self):
        [gap] = result(need("cfo", form="written", within=Within(30, "days"))).missing
        assert gap.text("en") == (
            "approval by CFO; in the form `written`; not older than 30 days; "
            "can be given by Qian Feng (qian), Zhou Yu (zhou) or Li Na (li)"
        )
        assert (
            gap.text("zh") == "缺少财务总监的审批；形式为`written`；有效期30天；"
            "可由钱锋（qian）、周瑜（zhou）、李娜（li）作出"
        )

    def test_those_who_may_not_are_left_out(self):
        wanted = need("cfo", "manager", "vp", duty="approve", has_amount=True, currency="CNY")
        done = (DutyDone("take", "qian"),)

        def able(amount: int) -> tuple[str, ...]:
            judged = result(wanted, amount=amount, requester="zhou", duties=done)
            return judged.missing[0].persons

        # Zhou asks, Qian took the order and so bars Li, who acts for Qian; Li is a sales manager too.
        assert able(80000) == ("li", "sun")
        assert able(100001) == ("sun",)
        assert able(500001) == ()

    def test_nobody_can(self):
        [gap] = result(need("seller")).missing
        assert gap.text("en") == "approval by salesperson; the organisation lists nobody who can give it"
        assert gap.text("zh") == "缺少销售员的审批；组织中目前无人可以作出"

    def test_no_role_has_the_authority(self):
        [gap] = result(need("manager", "vp", has_amount=True, currency="CNY"), amount=500001).missing
        assert gap.what == "authority"
        assert gap.text("en") == (
            "5,000.01 CNY is above the authority of every role that is asked for: sales manager or sales VP"
        )
        assert gap.text("zh") == "5,000.01 CNY超过所要求的各角色的审批权限：销售经理、销售副总"

    def test_where_no_persons_are_listed_roles_are_named(self):
        [gap] = result(need("cfo"), company=STATED).missing
        assert (gap.roles, gap.persons) == (("cfo",), ())
        assert gap.text("en") == "approval by CFO"

    def test_a_crowd_is_counted(self):
        crowd = ", ".join(f"p{n}: {{name: P{n}, roles: seller}}" for n in range(9))
        company = organisation(ROLES + f"persons: {{{crowd}}}")
        [gap] = result(need("seller"), company=company).missing
        assert len(gap.persons) == 9
        assert gap.text("en").endswith("P3 (p3), P4 (p4) or 4 more")
        assert gap.text("zh").endswith("P4（p4）等9人作出")

    def test_one_who_counts_already_is_named_where_another_can_take_over(self):
        # Zhou counts as CFO; Qian approved as CFO too, so Zhou is free to approve as a sales manager.
        wanted = need("cfo", "manager", mode="all")
        approvals = [approval("zhou", "cfo", "2026-02-01"), approval("qian", "cfo", "2026-02-02")]
        assert result(wanted, *approvals).missing[0].persons == ("li", "zhou")
        assert result(wanted, approvals[0]).missing[0].persons == ("li",)

    def test_many_approvals_take_no_time(self):
        crowd = ", ".join(f"p{n}: {{name: P{n}, roles: [seller, cfo]}}" for n in range(500))
        company = organisation(ROLES + f"persons: {{{crowd}}}")
        approvals = [approval(f"p{n}", "seller") for n in range(500)]
        for mode in ("all", "order"):
            [gap] = result(need("seller", "cfo", mode=mode), *approvals, company=company).missing
            assert len(gap.persons) == 500

    def test_without_any_evidence(self):
        judged = judge(need("cfo"), None, COMPANY, AS_OF, None)
        assert not judged.satisfied
        assert judged.missing[0].persons == ("qian", "zhou", "li")


def test_as_plain_data():
    data = result(need("cfo"), approval("nobody", "cfo")).to_dict()
    assert data["id"] == "R-1"
    assert data["what"] == "approval"
    assert data["satisfied"] is False
    assert data["items"] == [
        {
            "item": {
                "person": "nobody",
                "role": "cfo",
                "date": "2026-02-20",
                "form": None,
                "requirement": None,
            },
            "valid": False,
            "counts": False,
            "reasons": [
                {
                    "code": "unknown_person",
                    "params": {"person": "nobody"},
                    "text": {
                        "en": "`nobody` is not a person of the organisation",
                        "zh": "组织中没有人员`nobody`",
                    },
                }
            ],
            "text": {
                "en": "approval by nobody as CFO on 2026-02-20, not valid; "
                "`nobody` is not a person of the organisation",
                "zh": "nobody以财务总监身份于2026-02-20审批，无效；组织中没有人员`nobody`",
            },
        }
    ]
    assert isinstance(data["missing"], list)


@pytest.mark.parametrize("code", sorted(TEXTS))
def test_both_languages_say_the_same_things(code):
    english, chinese = ({f[1] for f in Formatter().parse(text) if f[1]} for text in TEXTS[code])
    assert english == chinese
    assert not TEXTS[code][0].endswith(".")
    assert not TEXTS[code][1].endswith("。")


def test_braces_in_what_users_write_do_no_harm():
    reason = Reason("unknown_person", (("person", "{date.__class__}"),))
    assert reason.text() == "`{date.__class__}` is not a person of the organisation"


# --- laws ------------------------------------------------------------------------------------------

PEOPLE = ["zhao", "qian", "sun", "li", "zhou", "wang", "nobody"]
ROLE_NAMES = ["gm", "cfo", "vp", "manager", "seller"]
APPROVALS = st.builds(
    Approval,
    st.sampled_from(PEOPLE),
    st.sampled_from([*ROLE_NAMES, "营销总监", "king"]),
    st.integers(AS_OF - 12, AS_OF + 1),
    st.sampled_from([None, "written"]),
    st.sampled_from([None, None, "R-1", "R-2"]),
)
NEEDS = st.one_of(
    st.builds(
        lambda roles, mode, at_least, **more: need(*roles, mode=mode, at_least=at_least, **more),
        roles=st.lists(st.sampled_from(ROLE_NAMES), min_size=1, max_size=3),
        mode=st.sampled_from(["any", "all", "order"]),
        at_least=st.integers(1, 3),
        form=st.sampled_from([None, "written"]),
        within=st.sampled_from([None, Within(10, "days")]),
        has_amount=st.booleans(),
        duty=st.sampled_from([None, "approve"]),
        currency=st.just("CNY"),
    ),
    st.builds(
        lambda level, has_amount: need(level=level, has_amount=has_amount, currency="CNY"),
        st.sampled_from(ROLE_NAMES),
        st.booleans(),
    ),
)
AMOUNTS = st.sampled_from([0, 80000, 80001, 100001, 500001])
EVIDENCE = st.builds(
    Evidence,
    st.sampled_from([None, *PEOPLE]),
    st.lists(APPROVALS, max_size=6).map(tuple),
    duties=st.lists(
        st.builds(DutyDone, st.sampled_from(["take", "ship"]), st.sampled_from(PEOPLE)), max_size=2
    ).map(tuple),
)
COMPANIES = st.sampled_from([COMPANY, STATED])


@given(NEEDS, EVIDENCE, AMOUNTS, COMPANIES, st.randoms())
def test_the_order_of_evidence_does_not_matter(wanted, evidence, amount, company, random):
    approvals, duties = list(evidence.approvals), list(evidence.duties)
    random.shuffle(approvals)
    random.shuffle(duties)
    shuffled = replace(evidence, approvals=tuple(approvals), duties=tuple(duties))
    assert judge(wanted, shuffled, company, AS_OF, amount) == judge(wanted, evidence, company, AS_OF, amount)


@given(NEEDS, st.none() | EVIDENCE, st.none() | AMOUNTS, COMPANIES)
def test_the_short_answer_is_the_long_one(wanted, evidence, amount, company):
    judged = judge(wanted, evidence, company, AS_OF, amount)
    assert is_met(wanted, evidence, company, AS_OF, amount) == judged.satisfied


@given(NEEDS, EVIDENCE, APPROVALS, AMOUNTS, COMPANIES)
def test_one_approval_more_never_makes_it_worse(wanted, evidence, another, amount, company):
    before = judge(wanted, evidence, company, AS_OF, amount)
    more = replace(evidence, approvals=(*evidence.approvals, another))
    after = judge(wanted, more, company, AS_OF, amount)
    assert after.satisfied or not before.satisfied
    assert sum(gap.what == "approval" for gap in after.missing) <= len(before.missing)


@given(NEEDS, EVIDENCE, AMOUNTS, COMPANIES)
def test_fewer_obstacles_never_make_it_worse(wanted, evidence, amount, company):
    if not judge(wanted, evidence, company, AS_OF, amount).satisfied:
        return
    assert judge(wanted, replace(evidence, requester=None), company, AS_OF, amount).satisfied
    assert judge(wanted, replace(evidence, duties=()), company, AS_OF, amount).satisfied
    assert judge(replace(wanted, within=None, form=None), evidence, company, AS_OF, amount).satisfied
    assert judge(replace(wanted, has_amount=False), evidence, company, AS_OF, None).satisfied


@given(NEEDS, EVIDENCE, AMOUNTS, COMPANIES)
def test_what_counts_alone_is_enough(wanted, evidence, amount, company):
    judged = judge(wanted, evidence, company, AS_OF, amount)
    counted = tuple(v.item for v in judged.items if v.counts)
    again = judge(wanted, replace(evidence, approvals=counted), company, AS_OF, amount)
    assert again.satisfied == judged.satisfied
    assert all(v.counts for v in again.items)
    assert len({a.person for a in counted if isinstance(a, Approval)}) == len(counted)


@given(NEEDS, EVIDENCE, AMOUNTS, COMPANIES)
def test_satisfied_exactly_when_nothing_is_missing(wanted, evidence, amount, company):
    judged = judge(wanted, evidence, company, AS_OF, amount)
    assert judged.satisfied == (not judged.missing)
    for gap in judged.missing:
        assert gap.text("en")
        assert gap.text("zh")


@given(NEEDS, EVIDENCE, AMOUNTS)
@settings(max_examples=60, deadline=None)
def test_exactly_those_named_first_bring_it_nearer(wanted, evidence, amount):
    """An approval given today helps just when the person and the role are named among what is missing."""

    def open_slots(evidence: Evidence) -> int:
        judged = judge(wanted, evidence, COMPANY, AS_OF, amount)
        slots = wanted.at_least if wanted.mode == "any" else len(wanted.roles)
        return slots - sum(verdict.counts for verdict in judged.items)

    judged = judge(wanted, evidence, COMPANY, AS_OF, amount)
    if judged.satisfied:
        return
    # Of approvals in order only the first that is missing can be given next.
    gaps = judged.missing[:1] if wanted.mode == "order" else judged.missing
    named = {person for gap in gaps for person in gap.persons}
    helpful = set()
    for person, role in product(PEOPLE, ROLE_NAMES):
        one = Approval(person, role, AS_OF, wanted.form, wanted.id)
        if open_slots(replace(evidence, approvals=(*evidence.approvals, one))) < open_slots(evidence):
            helpful.add(person)
            assert any(role in gap.roles for gap in gaps)
    assert named == helpful


@given(NEEDS, EVIDENCE, AMOUNTS)
def test_enough_is_found_where_any_choice_is_enough(wanted, evidence, amount):
    """Against trying every choice of valid approvals for the slots."""
    if not wanted.roles or wanted.mode == "any":
        return
    valid = [
        a
        for a in evidence.approvals
        if any(
            v.valid
            for v in judge(
                replace(wanted, mode="any", at_least=1),
                replace(evidence, approvals=(a,)),
                COMPANY,
                AS_OF,
                amount,
            ).items
        )
    ]
    slots = [[a for a in valid if COMPANY.role(a.role) == role] for role in wanted.roles]
    enough = any(
        len({a.person for a in choice}) == len(choice)
        and (wanted.mode == "all" or [a.date for a in choice] == sorted(a.date for a in choice))
        for choice in product(*slots)
    )
    assert judge(wanted, evidence, COMPANY, AS_OF, amount).satisfied == enough
