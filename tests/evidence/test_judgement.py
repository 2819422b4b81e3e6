"""Documents, payments and actions: what counts, and what is said to be missing."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.evidence.cases import COMPANY, STATED, on

from salesctrl.compile.needs import ActionNeed, ApprovalNeed, DocumentNeed, PaymentNeed, Within
from salesctrl.evidence.given import Action, Document, Evidence, Payment
from salesctrl.evidence.judgement import is_met, judge
from salesctrl.evidence.reasons import RequirementResult

AS_OF = on("2026-02-20")


def said(judged: RequirementResult, lang: str = "en") -> str:
    [gap] = judged.missing
    return gap.text(lang)


class TestDocuments:
    NEED = DocumentNeed("R-1", "R", "contract", Within(12, "months"), 2)

    def judged(self, *documents: Document, need: DocumentNeed = NEED) -> RequirementResult:
        return judge(need, Evidence(documents=documents), COMPANY, AS_OF, None)

    def test_counts_add_up(self):
        assert self.judged(Document("contract", AS_OF, 2)).satisfied
        assert self.judged(Document("contract", AS_OF), Document("contract", AS_OF - 5)).satisfied
        assert not self.judged(Document("contract", AS_OF)).satisfied

    def test_another_kind_is_passed_over(self):
        judged = self.judged(Document("invoice", AS_OF, 9))
        assert not judged.satisfied
        assert judged.items == ()

    @pytest.mark.parametrize(
        ("day", "met"), [("2025-02-20", True), ("2025-02-19", False), ("2026-02-21", False)]
    )
    def test_age_to_the_day(self, day, met):
        judged = self.judged(Document("contract", on(day), 2))
        assert judged.satisfied == met
        assert judged.items[0].valid == judged.items[0].counts == met

    def test_every_one_must_be_new_enough(self):
        old, new = Document("contract", on("2024-01-01")), Document("contract", AS_OF)
        judged = self.judged(new, old)
        assert not judged.satisfied
        assert [v.item for v in judged.items] == [old, new]
        assert judged.items[0].text("en") == (
            "`contract` of 2024-01-01, 1, not valid; it was good until 2025-01-01, and it is 2026-02-20"
        )
        assert judged.items[1].text("zh") == "2026-02-20的`contract`，1份，有效"

    def test_what_is_missing(self):
        assert said(self.judged()) == "2 more of `contract`; not older than 12 months"
        assert said(self.judged(Document("contract", AS_OF)), "zh") == "还缺少1份`contract`；有效期12个月"
        assert said(self.judged(need=DocumentNeed("R-1", "R", "contract"))) == "`contract`"
        assert said(self.judged(need=DocumentNeed("R-1", "R", "contract")), "zh") == "缺少`contract`"

    def test_no_evidence(self):
        assert not judge(self.NEED, None, COMPANY, AS_OF, None).satisfied


class TestPayments:
    NEED = PaymentNeed("R-1", "R", "CNY")

    def judged(self, due: int | None, *paid: Payment, need: PaymentNeed = NEED) -> RequirementResult:
        return judge(need, Evidence(payments=paid), COMPANY, AS_OF, due)

    def test_payments_add_up_to_the_cent(self):
        paid = (Payment(10000, AS_OF - 9), Payment(20000, AS_OF))
        assert self.judged(30000, *paid).satisfied
        assert not self.judged(30001, *paid).satisfied

    def test_one_after_the_date_of_the_decision_does_not_count(self):
        judged = self.judged(30000, Payment(30000, AS_OF + 1))
        assert not judged.satisfied
        assert judged.items[0].text("en") == (
            "payment of 300.00 CNY on 2026-02-21, not valid; dated 2026-02-21, which is after 2026-02-20"
        )

    def test_what_was_paid_back_does_not_count(self):
        assert not self.judged(30000, Payment(30000, AS_OF - 1), Payment(-1, AS_OF)).satisfied

    @pytest.mark.parametrize("due", [0, -1])
    def test_nothing_due_is_paid(self, due):
        assert self.judged(due).satisfied
        assert judge(self.NEED, None, COMPANY, AS_OF, due).satisfied
        assert self.judged(due, Payment(-100, AS_OF)).satisfied

    def test_a_sum_that_is_not_known_is_never_paid(self):
        judged = self.judged(None, Payment(10**12, AS_OF))
        assert not judged.satisfied
        assert said(judged) == "the sum to be paid is not known"
        assert said(judged, "zh") == "应付金额未知"

    def test_what_is_missing(self):
        judged = self.judged(150000, Payment(30000, AS_OF))
        assert said(judged) == "payment of 1,200.00 CNY: 300.00 CNY of 1,500.00 CNY has come in by 2026-02-20"
        assert said(judged, "zh") == ("还需付款1,200.00 CNY：截至2026-02-20已收300.00 CNY，应收1,500.00 CNY")

    @pytest.mark.parametrize(
        ("decimals", "due", "met"), [(0, 300, True), (0, 301, False), (4, 3000000, True), (4, 3000001, False)]
    )
    def test_the_decimals_of_the_sum(self, decimals, due, met):
        assert (
            self.judged(due, Payment(30000, AS_OF), need=replace(self.NEED, decimals=decimals)).satisfied
            == met
        )


class TestActions:
    NEED = ActionNeed("R-1", "R", "credit_call", "manager", has_due=True)
    DUE = AS_OF - 1

    def judged(self, *done: Action, due: int | None = DUE, need: ActionNeed = NEED) -> RequirementResult:
        return judge(need, Evidence(actions=done), COMPANY, AS_OF, due)

    def test_done_in_time(self):
        judged = self.judged(Action("credit_call", self.DUE, "li"))
        assert judged.satisfied
        assert judged.items[0].text("en") == "`credit_call` done by Li Na (li) on 2026-02-19, valid"
        assert judged.items[0].text("zh") == "李娜（li）于2026-02-19完成`credit_call`，有效"

    def test_done_late_is_done_and_said_to_be_late(self):
        judged = self.judged(Action("credit_call", AS_OF))
        assert judged.satisfied
        assert judged.items[0].text("en") == (
            "`credit_call` done on 2026-02-20, valid; done on 2026-02-20, after the due date 2026-02-19"
        )
        assert judged.items[0].reasons[0].text("zh") == "于2026-02-20完成，晚于期限2026-02-19"

    def test_done_after_the_date_of_the_decision_is_not_done(self):
        judged = self.judged(Action("credit_call", AS_OF + 1))
        assert not judged.satisfied
        assert [reason.code for reason in judged.items[0].reasons] == ["after_as_of"]

    def test_another_action_is_passed_over(self):
        judged = self.judged(Action("visit", AS_OF))
        assert not judged.satisfied
        assert judged.items == ()

    def test_a_due_date_that_is_not_known_is_never_met(self):
        judged = self.judged(Action("credit_call", AS_OF), due=None)
        assert not judged.satisfied
        assert said(judged) == "the due date of `credit_call` is not known"
        assert said(judged, "zh") == "`credit_call`的期限未知"

    def test_without_a_due_date(self):
        need = replace(self.NEED, has_due=False, owner=None)
        assert self.judged(Action("credit_call", AS_OF), due=None, need=need).satisfied
        assert said(self.judged(due=None, need=need)) == "`credit_call`"
        assert said(self.judged(due=None, need=need), "zh") == "待完成`credit_call`"

    def test_what_is_missing(self):
        judged = self.judged(due=AS_OF)
        assert judged.missing[0].roles == ("manager",)
        assert judged.missing[0].persons == ("li", "zhou")
        assert said(judged) == (
            "`credit_call`; to be done by sales manager; due on 2026-02-20; "
            "can be done by Li Na (li) or Zhou Yu (zhou)"
        )
        assert said(judged, "zh") == (
            "待完成`credit_call`；责任人：销售经理；期限2026-02-20；可由李娜（li）、周瑜（zhou）完成"
        )

    def test_what_is_overdue(self):
        assert "due on 2026-02-19, which has passed" in said(self.judged())
        assert "期限2026-02-19，已逾期" in said(self.judged(), "zh")

    def test_where_no_persons_are_listed(self):
        judged = judge(self.NEED, None, STATED, AS_OF, AS_OF)
        assert judged.missing[0].persons == ()
        assert said(judged) == "`credit_call`; to be done by sales manager; due on 2026-02-20"


def test_as_plain_data():
    need = PaymentNeed("R-1", "R", "CNY")
    data = judge(need, Evidence(payments=(Payment(100, AS_OF),)), COMPANY, AS_OF, 300).to_dict()
    assert data["what"] == "payment"
    assert data["missing"] == [
        {
            "what": "payment",
            "roles": [],
            "persons": [],
            "details": [
                {
                    "code": "payment_missing",
                    "params": {
                        "open": "2.00 CNY",
                        "paid": "1.00 CNY",
                        "due": "3.00 CNY",
                        "as_of": "2026-02-20",
                    },
                    "text": {
                        "en": "payment of 2.00 CNY: 1.00 CNY of 3.00 CNY has come in by 2026-02-20",
                        "zh": "还需付款2.00 CNY：截至2026-02-20已收1.00 CNY，应收3.00 CNY",
                    },
                }
            ],
            "text": {
                "en": "payment of 2.00 CNY: 1.00 CNY of 3.00 CNY has come in by 2026-02-20",
                "zh": "还需付款2.00 CNY：截至2026-02-20已收1.00 CNY，应收3.00 CNY",
            },
        }
    ]


# --- laws ------------------------------------------------------------------------------------------

DAYS = st.integers(AS_OF - 40, AS_OF + 2)
EVIDENCE = st.builds(
    Evidence,
    documents=st.lists(
        st.builds(Document, st.sampled_from(["a", "b"]), DAYS, st.integers(1, 3)), max_size=4
    ).map(tuple),
    payments=st.lists(st.builds(Payment, st.integers(-500, 2000), DAYS), max_size=4).map(tuple),
    actions=st.lists(
        st.builds(Action, st.sampled_from(["a", "b"]), DAYS, st.sampled_from([None, "li"])), max_size=4
    ).map(tuple),
)
CASES = st.one_of(
    st.tuples(
        st.builds(
            DocumentNeed,
            st.just("R-1"),
            st.just("R"),
            st.just("a"),
            st.sampled_from([None, Within(30, "days"), Within(1, "months")]),
            st.integers(1, 4),
        ),
        st.none(),
    ),
    st.tuples(st.builds(PaymentNeed, st.just("R-1"), st.just("R")), st.none() | st.integers(-10, 3000)),
    st.tuples(
        st.builds(ActionNeed, st.just("R-1"), st.just("R"), st.just("a"), st.just("manager"), st.booleans()),
        st.none() | DAYS,
    ),
)


@given(CASES, EVIDENCE, st.randoms())
def test_the_order_of_evidence_does_not_matter(case, evidence, random):
    need, figure = case
    documents, payments, actions = list(evidence.documents), list(evidence.payments), list(evidence.actions)
    for items in (documents, payments, actions):
        random.shuffle(items)
    shuffled = Evidence(documents=tuple(documents), payments=tuple(payments), actions=tuple(actions))
    assert judge(need, shuffled, COMPANY, AS_OF, figure) == judge(need, evidence, COMPANY, AS_OF, figure)


@given(CASES, st.none() | EVIDENCE)
def test_the_short_answer_is_the_long_one(case, evidence):
    need, figure = case
    judged = judge(need, evidence, COMPANY, AS_OF, figure)
    assert is_met(need, evidence, COMPANY, AS_OF, figure) == judged.satisfied


@given(CASES, EVIDENCE, EVIDENCE)
def test_more_evidence_never_makes_it_worse(case, evidence, more):
    need, figure = case
    received = tuple(payment for payment in more.payments if payment.amount >= 0)
    both = Evidence(
        documents=evidence.documents + more.documents,
        payments=evidence.payments + received,
        actions=evidence.actions + more.actions,
    )
    if judge(need, evidence, COMPANY, AS_OF, figure).satisfied:
        assert judge(need, both, COMPANY, AS_OF, figure).satisfied


@given(CASES, EVIDENCE)
def test_satisfied_exactly_when_nothing_is_missing(case, evidence):
    need, figure = case
    judged = judge(need, evidence, COMPANY, AS_OF, figure)
    assert judged.satisfied == (not judged.missing)
    assert all(gap.text(lang) for gap in judged.missing for lang in ("en", "zh"))


@given(
    st.lists(st.tuples(st.decimals(-1000, 1000, places=2), DAYS), max_size=5),
    st.decimals(-100, 3000, places=2),
)
def test_payments_against_decimal_sums(paid, due):
    evidence = Evidence(payments=tuple(Payment(int(amount * 100), day) for amount, day in paid))
    judged = judge(PaymentNeed("R-1", "R"), evidence, COMPANY, AS_OF, int(due * 100))
    assert judged.satisfied == (due <= 0 or sum(amount for amount, day in paid if day <= AS_OF) >= due)


@pytest.mark.parametrize(
    "need",
    [
        ApprovalNeed("R-1", "R", "order.release", ("cfo",), "any", has_amount=True),
        PaymentNeed("R-1", "R"),
        ActionNeed("R-1", "R", "a", has_due=True),
    ],
)
def test_what_is_unknown_is_never_met(need):
    everything = Evidence(payments=(Payment(10**9, AS_OF),), actions=(Action("a", AS_OF),))
    judged = judge(need, everything, COMPANY, AS_OF, None)
    assert not judged.satisfied
    assert judged.missing[0].what == "figure"


def test_dates_at_the_end_of_the_calendar():
    last = date.max.toordinal()
    need = DocumentNeed("R-1", "R", "a", Within(1, "months"))
    assert judge(need, Evidence(documents=(Document("a", last),)), COMPANY, last, None).satisfied
