"""Money in the policies adds up to the cent: deductions from wages, refunds, claims, limits of a month."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.policies.pack import engine, overlaid

from salesctrl.engine import load

CENT = Decimal("0.01")
DUE = date(2024, 1, 15)
POSTS = ("salesperson", "sales_manager", "sales_vp")
READINGS = ((), ("liability-stricter",), ("liability-milder",), ("liability-stricter", "liability-milder"))

amounts = st.integers(0, 10**10).map(lambda cents: Decimal(cents) * CENT)
parts = st.integers(0, 10**7).map(lambda cents: Decimal(cents) * CENT)
deductions = st.lists(
    st.fixed_dictionaries(
        {
            "charged_on": st.integers(30, 400).map(lambda days: DUE + timedelta(days)),
            "basis": st.sampled_from(["monthly", "doubtful"]),
            **dict.fromkeys(POSTS, parts),
        }
    ),
    max_size=4,
)
persons = st.fixed_dictionaries({}, optional={post: st.sampled_from(["a", "b", "c"]) for post in POSTS})


def values(names, control_point, facts, as_of):
    return overlaid(*names).evaluate(control_point, facts, as_of=as_of).values


@settings(max_examples=60)
@given(st.sampled_from(READINGS), amounts, st.integers(0, 200), st.booleans(), persons, deductions)
def test_what_is_deducted_is_borne_by_someone(names, overdue, days, at_fault, persons, before):
    receivable = {"overdue": overdue, "due_date": DUE, "at_fault": at_fault, "deductions": before, **persons}
    found = values(names, "receivable.liability", {"receivable": receivable}, DUE + timedelta(days))
    borne = [found[f"from_{post}"] for post in POSTS]
    assert sum(borne) + found["borne_by_company"] == found["deduction"]
    assert sum(found["split"].values()) == found["deduction"]
    assert min(*borne, found["borne_by_company"]) >= 0
    assert found["deduction"] == (found.get("monthly_deduction") or 0) + (
        found.get("doubtful_deduction") or 0
    )
    if persons:
        assert all(found[f"from_{post}"] == 0 for post in POSTS if post not in persons)
    if "liability-stricter" in names:
        assert found["borne_by_company"] == 0


@settings(max_examples=40)
@given(st.sampled_from(READINGS), amounts, st.integers(0, 200), persons)
def test_each_bears_a_share_within_a_cent_of_five_three_two(names, overdue, days, persons):
    receivable = {"overdue": overdue, "due_date": DUE, "at_fault": True, **persons}
    found = values(names, "receivable.liability", {"receivable": receivable}, DUE + timedelta(days))
    filled = [post for post in POSTS if not persons or post in persons]
    shares = dict(zip(POSTS, (5, 3, 2), strict=True))
    whole = sum(shares[post] for post in (filled if "liability-stricter" in names else POSTS))
    for post in filled:
        exactly = found["deduction"] * shares[post] / whole
        assert abs(found[f"from_{post}"] - exactly) <= CENT


@settings(max_examples=40)
@given(st.sampled_from(READINGS), deductions)
def test_what_is_refunded_was_deducted(names, before):
    receivable = {"overdue": Decimal("0.00"), "due_date": DUE, "at_fault": True, "deductions": before}
    found = values(names, "receivable.liability", {"receivable": receivable}, date(2025, 6, 30))
    doubtful = [past for past in before if past["basis"] == "doubtful"]
    if not doubtful:
        assert found.get("refund") is None
        return
    counted = doubtful if "liability-stricter" in names else before
    for post in POSTS:
        assert found[f"refund_to_{post}"] == sum(past[post] for past in counted)
    assert found["refund"] == sum(found[f"refund_to_{post}"] for post in POSTS)


@settings(max_examples=60)
@given(st.sampled_from(READINGS), amounts, amounts, amounts, st.none() | amounts)
def test_a_month_takes_at_most_the_limit_and_loses_nothing(names, wage, charged, carried, minimum):
    payroll = {"wage": wage, "charged": charged, "carried": carried, "minimum_wage": minimum}
    found = values(names, "payroll.deduction", {"payroll": payroll}, date(2024, 5, 31))
    now, left = found["deducted_now"], found["left_over"]
    assert now + left == charged + carried
    assert 0 <= now <= wage / 5
    assert now == 0 or wage - now >= (minimum or 0)
    assert found["carried_forward"] == (0 if "liability-milder" in names else left)
    if left:
        assert now + CENT > min(wage / 5, max(wage - (minimum or 0), 0)), "no less than the limits allow"


@settings(max_examples=40)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "sort": st.sampled_from(["phone", "bank_fee", "city_transport", "travel", "other"]),
                "amount": parts,
                "spent_on": st.just(date(2025, 3, 5)),
            },
            optional={"reference": st.just("visit V-1")},
        ),
        max_size=6,
    )
)
def test_what_is_claimed_is_paid_or_refused(lines):
    claim = {"claimant": "salesperson", "lines": lines}
    found = values((), "expense.claim", {"claim": claim}, date(2025, 3, 31))
    refused = (found.get("refused_unrelated") or 0) + (found.get("refused_above_standard") or 0)
    assert found["payable"] + refused == found["claimed"] == sum(line["amount"] for line in lines)
    assert found["payable"] >= 0


def test_a_company_sets_the_minimum_wage_and_is_no_longer_asked_for_it(tmp_path):
    overlay = tmp_path / "company.yaml"
    overlay.write_text(
        "overlay: company\nparameters: {wage-protection: {minimum_wage: 2690 CNY}}\n", encoding="utf-8"
    )
    facts = {"payroll": {"wage": "3000.00", "charged": "20000.00"}}
    before = engine().evaluate("payroll.deduction", facts, as_of="2024-05-31")
    after = load(overlays=[overlay]).evaluate("payroll.deduction", facts, as_of="2024-05-31")
    assert (before.values["deducted_now"], before.fired) == (Decimal("600.00"), ("A052-1", "A052-2"))
    assert (after.values["deducted_now"], after.fired) == (Decimal("310.00"), ("A052-1",))


@pytest.mark.parametrize(
    ("shares", "split"),
    [
        ("{salesperson: 5, sales_manager: 3, sales_vp: 2}", ("50.00", "30.00", "20.00")),
        ("{salesperson: 2, sales_manager: 3, sales_vp: 5}", ("20.00", "30.00", "50.00")),
        ("{salesperson: 1, sales_manager: 1, sales_vp: 1}", ("33.34", "33.33", "33.33")),
    ],
)
def test_a_company_sets_other_shares(tmp_path, shares, split):
    overlay = tmp_path / "company.yaml"
    overlay.write_text(
        f"overlay: company\nparameters: {{collection-liability: {{shares: {shares}}}}}\n", encoding="utf-8"
    )
    receivable = {"overdue": "20000.00", "due_date": "2024-01-15", "at_fault": True}
    decision = load(overlays=[overlay]).evaluate(
        "receivable.liability", {"receivable": receivable}, as_of="2024-02-29"
    )
    assert tuple(str(decision.values[f"from_{post}"]) for post in POSTS) == split
