"""Sheets of credit and contracts: a row for each customer."""

from __future__ import annotations

import numpy as np
import polars as pl

from salesctrl.sales_year.columns import (
    PERSONS,
    approvals,
    chosen,
    days,
    documents,
    money,
    no_approvals,
    numbered,
    tagged,
)
from salesctrl.sales_year.company import GRADES, Company
from salesctrl.sales_year.dice import Numbers
from salesctrl.sales_year.planting import Sheet, Violation

_CENT = pl.lit("0.01").cast(pl.Decimal(38, 2))
_CEILING = pl.lit(5_000_000)
_SALES_OF_YEAR = 10_000_000_000


def _borrowers(company: Company) -> Numbers:
    """The customers that have credit."""
    return np.flatnonzero(company.customers.limit > 0)


def _in_january(company: Company, size: int) -> Numbers:
    return company.first + np.arange(size) % 28


def credit_terms(company: Company) -> pl.DataFrame:
    """The terms of every customer: those of the grade, for grade C with the credit report."""
    customers = company.customers
    frame = pl.DataFrame(
        {
            "as_of": days(_in_january(company, customers.size)),
            "customer.id": numbered("C", customers.size, 6),
            "customer.grade": chosen(GRADES, customers.grade),
            "customer.clean_quarters": np.zeros(customers.size, np.int64),
            "grant.limit": money(customers.limit),
            "grant.term": customers.term,
            "grant.reason_recorded": np.zeros(customers.size, bool),
        }
    )
    report = documents("customer_credit_report")
    return frame.with_columns(
        pl.when(pl.col("customer.grade") == "C").then(report).alias("evidence.documents")
    )


CREDIT_TERMS = Sheet(
    "credit.terms",
    "customer.id",
    credit_terms,
    (
        Violation(
            "credit for grade D", "S05", ("CR-15-1",), "a customer of grade D was given a limit",
            {"grant.limit": pl.lit(1000)}, pl.col("customer.grade") == "D",
        ),
        Violation(
            "no credit report", "S05", ("CR-15-1-C",),
            "a customer of grade C was given credit without a report",
            {"evidence.documents": pl.lit(None)}, pl.col("customer.grade") == "C",
        ),
        Violation(
            "terms outside the table", "S05", ("CR-17-3",),
            "a term 30 days above the table's was given without a reason",
            {"grant.term": pl.col("grant.term") + 30}, pl.col("customer.grade").is_in(["A", "B"]),
        ),
    ),
)  # fmt: skip


def credit_grant(company: Company) -> pl.DataFrame:
    """The grants of the year, with what the branch has granted before each, and all approvals."""
    known = _borrowers(company)
    limit, branch = company.customers.limit[known], company.customers.branch[known]
    running = np.cumsum(limit) - limit
    before = running - running[np.searchsorted(branch, branch, "left")]
    seller = company.customers.seller[known]
    frame = pl.DataFrame(
        {
            "as_of": days(_in_january(company, len(known))),
            "grant.id": tagged("CG-", known + 1, 6),
            "grant.limit": money(limit),
            "company.credit_granted": money(before),
            "company.credit_exposure": money(np.zeros(len(known), np.int64)),
            "grant.salesperson": tagged("", 201 + seller, 3),
            "grant.sales_manager": pl.repeat(PERSONS["sales_manager"], len(known), eager=True),
            "grant.sales_vp": pl.repeat(PERSONS["sales_vp"], len(known), eager=True),
        }
    )
    return frame.with_columns(
        approvals("cs_manager", "finance_manager", "sales_manager", "general_manager", form="written").alias(
            "evidence.approvals"
        )
    )


CREDIT_GRANT = Sheet(
    "credit.grant",
    "grant.id",
    credit_grant,
    (
        Violation(
            "grants above the ceiling", "S06", ("CR-17-2",),
            "credit was granted above the ceiling of the company",
            {"company.credit_granted": _CEILING},
        ),
        Violation(
            "exposure above the ceiling", "S06", ("CR-17-2-E",),
            "credit was granted while the exposure was above the ceiling",
            {"company.credit_exposure": _CEILING + _CENT},
        ),
        Violation(
            "grant without the general manager", "S06", ("CR-15-1-A",),
            "credit was granted without the approval of the general manager",
            {"evidence.approvals": approvals(
                "cs_manager", "finance_manager", "sales_manager", form="written"
            )},
        ),
        Violation(
            "grant without an opinion", "S06", ("CR-15-1-P",),
            "credit was granted without the opinion of finance",
            {"evidence.approvals": approvals(
                "cs_manager", "sales_manager", "general_manager", form="written"
            )},
        ),
        Violation(
            "grant that nobody answers for", "S06", ("CR-19-2",),
            "a grant names no sales VP who answers for it",
            {"grant.sales_vp": pl.lit(None, pl.String)},
        ),
    ),
)  # fmt: skip


def credit_refresh(company: Company) -> pl.DataFrame:
    """The assessments at the year end, all reviewed in the year."""
    known = _borrowers(company)
    reviewed = company.first + company.dice.between("assessment reviewed", len(known), 0, 300)
    return pl.DataFrame(
        {
            "as_of": days(np.full(len(known), company.last)),
            "assessment.id": tagged("AS-", known + 1, 6),
            "assessment.reviewed_on": days(reviewed),
            "assessment.change_on": pl.repeat(None, len(known), dtype=pl.Date, eager=True),
        }
    )


CREDIT_REFRESH = Sheet(
    "credit.refresh",
    "assessment.id",
    credit_refresh,
    (
        Violation(
            "assessment out of date", "S02", ("CR-8",), "a customer was not reviewed for more than a year",
            {"assessment.reviewed_on": pl.col("as_of").dt.offset_by("-14mo")},
        ),
        Violation(
            "change without a review", "S02", ("CR-8-C",), "a change at a customer did not lead to a review",
            {"assessment.change_on": pl.col("assessment.reviewed_on").dt.offset_by("20d")},
        ),
    ),
)  # fmt: skip


def rating_review(company: Company) -> pl.DataFrame:
    """The yearly ratings: after the accounts, and within four months."""
    known = _borrowers(company)
    accounts = company.first + company.dice.between("accounts", len(known), 31, 80)
    return pl.DataFrame(
        {
            "as_of": days(np.full(len(known), company.first + 150)),
            "rating_duty.id": tagged("RD-", known + 1, 6),
            "rating_duty.active": np.ones(len(known), bool),
            "rating_duty.balance_date": days(np.full(len(known), company.first - 1)),
            "rating_duty.accounts_on": days(accounts),
            "rating_duty.rated_on": days(accounts + 20),
        }
    )


RATING_REVIEW = Sheet(
    "rating.review",
    "rating_duty.id",
    rating_review,
    (
        Violation(
            "rated late", "S03", ("CR-13-1",), "a customer was rated after the end of April",
            {"rating_duty.rated_on": pl.col("rating_duty.balance_date").dt.offset_by("140d")},
        ),
        Violation(
            "rated before the accounts", "S03", ("CR-13-1-E",),
            "a customer was rated before the accounts were there",
            {"rating_duty.rated_on": pl.col("rating_duty.accounts_on").dt.offset_by("-5d")},
        ),
    ),
)  # fmt: skip


def grade_raise(company: Company) -> pl.DataFrame:
    """Grades that were raised again, each after a new rating."""
    size = max(4, company.customers.size // 20)
    lowered = company.first + company.dice.between("grade lowered", size, 0, 200)
    return pl.DataFrame(
        {
            "as_of": days(lowered + 60),
            "grade_rise.id": numbered("GR-", size, 5),
            "grade_rise.lowered_on": days(lowered),
            "grade_rise.rated_on": days(lowered + 50),
        }
    )


GRADE_RAISE = Sheet(
    "grade.raise",
    "grade_rise.id",
    grade_raise,
    (
        Violation(
            "grade raised without a rating", "S04", ("CR-14-0-R",), "a grade was raised without a new rating",
            {"grade_rise.rated_on": pl.lit(None, pl.Date)},
        ),
    ),
)  # fmt: skip


def contract_sign(company: Company) -> pl.DataFrame:
    """The contracts of the year with customers on credit, inside their grants."""
    known = _borrowers(company)
    customers = company.customers
    return pl.DataFrame(
        {
            "as_of": days(_signed_on(company, len(known))),
            "contract.id": tagged("CT-", known + 1, 6),
            "contract.amount": money(customers.limit[known] // 2),
            "contract.term": customers.term[known],
            "customer.credit_limit": money(customers.limit[known]),
            "customer.credit_term": customers.term[known],
            "customer.receivable": money(np.zeros(len(known), np.int64)),
            "customer.released_uninvoiced": money(np.zeros(len(known), np.int64)),
        }
    )


def _signed_on(company: Company, size: int) -> Numbers:
    """The days on which the contracts are signed: in the last days before the year."""
    return company.first - 15 + np.arange(size) % 14


CONTRACT_SIGN = Sheet(
    "contract.sign",
    "contract.id",
    contract_sign,
    (
        Violation(
            "contract term too long", "S06", ("CR-18-1",), "a contract gives 30 days more than the grant",
            {"contract.term": pl.col("contract.term") + 30},
        ),
        Violation(
            "contract above the limit", "S06", ("CR-18-1-L",),
            "a contract goes a cent above the credit limit",
            {"contract.amount": pl.col("customer.credit_limit") + _CENT},
        ),
    ),
)  # fmt: skip


def contract_review(company: Company) -> pl.DataFrame:
    """The reviews of the contracts, before they are signed."""
    known = _borrowers(company)
    signed = _signed_on(company, len(known))
    frame = pl.DataFrame(
        {
            "as_of": days(signed),
            "contract.id": tagged("CT-", known + 1, 6),
            "contract.amount": money(company.customers.limit[known] // 2),
            "contract.sales_of_year": money(np.full(len(known), _SALES_OF_YEAR)),
            "contract.legal_review_on": days(signed - 3),
            "contract.risk_record_on": days(signed - 2),
            "contract.signed_on": days(signed),
            "evidence.requester": tagged("", 201 + company.customers.seller[known], 3),
        }
    )
    return frame.with_columns(approvals("legal_counsel", "sales_manager").alias("evidence.approvals"))


CONTRACT_REVIEW = Sheet(
    "contract.review",
    "contract.id",
    contract_review,
    (
        Violation(
            "signed before the review", "S20", ("CT-5",),
            "a contract was signed four days before its legal review",
            {"contract.legal_review_on": pl.col("contract.signed_on").dt.offset_by("4d")},
        ),
        Violation(
            "contract without legal counsel", "S20", ("CT-5-A",),
            "the legal counsel did not approve a contract",
            {"evidence.approvals": approvals("sales_manager")},
        ),
        Violation(
            "contract that nobody approved", "S20", ("CN-1-N", "CT-5-A"), "nobody approved a contract",
            {"evidence.approvals": no_approvals()},
        ),
        Violation(
            "contract approved by the requester", "S20", ("CN-1-N", "CT-5-A"),
            "the sales manager asked for a contract and approved it",
            {"evidence.requester": pl.lit(PERSONS["sales_manager"])},
        ),
    ),
)  # fmt: skip


def contract_authorize(company: Company) -> pl.DataFrame:
    """The signatures: the approved text, by somebody who may sign such an amount."""
    known = _borrowers(company)
    text = tagged("text-", known + 1, 6)
    return pl.DataFrame(
        {
            "as_of": days(_signed_on(company, len(known))),
            "contract.id": tagged("CT-", known + 1, 6),
            "contract.amount": money(company.customers.limit[known] // 2),
            "contract.approved_text": text,
            "contract.signed_text": text,
            "contract.signing_authority": money(np.full(len(known), 50_000_000)),
        }
    )


CONTRACT_AUTHORIZE = Sheet(
    "contract.authorize",
    "contract.id",
    contract_authorize,
    (
        Violation(
            "another text signed", "S20", ("CN-2",), "another text was signed than was approved",
            {"contract.signed_text": pl.lit("changed by hand")},
        ),
        Violation(
            "signed beyond authority", "S20", ("CN-2-S",),
            "a contract was signed beyond the signer's authority",
            {"contract.signing_authority": pl.col("contract.amount") - _CENT},
        ),
    ),
)  # fmt: skip


SHEETS = (
    CREDIT_TERMS, CREDIT_GRANT, CREDIT_REFRESH, RATING_REVIEW, GRADE_RAISE,
    CONTRACT_SIGN, CONTRACT_REVIEW, CONTRACT_AUTHORIZE,
)  # fmt: skip
