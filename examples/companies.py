"""Run the tests of the invented companies, and show what their overlays change.

    python examples/companies.py                  # both
    python examples/companies.py trading_firm

Each folder holds an organisation, an overlay and tests. A case under the overlay is decided twice, with the
overlay and as the policies are shipped; where that makes a difference a line says which. The tests of the
shipped policies are left out: they speak of a company that lists no persons.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import salesctrl
from salesctrl.policy.loader import default_policies
from salesctrl.testing import TestCase, TestResult, cases, run_case

HERE = Path(__file__).resolve().parent
COMPANIES = {"trading_firm": ("qinghe", "QH-"), "property_developer": ("yaohe", "YH-")}
"""The folders; of each the name of its overlay, which its tests begin with, and what its rules begin with."""


def outcome(result: TestResult) -> str:
    """What came of a case in a few words: the outcome and the rules that fired."""
    return "no decision" if result.outcome is None else " ".join((result.outcome.value, *result.fired))


def run_company(folder: str) -> list[TestResult]:
    """Run the tests of one company, printing as it goes."""
    shipped = salesctrl.load([default_policies(), HERE / folder])
    name, rules = COMPANIES[folder]
    company = shipped.with_overlays([name])
    results = []
    for case in cases(company):
        if not case.suite.startswith((f"{name}-", rules)):
            continue
        alone = replace(case, overlays=())
        differs = case.overlays == (name,) or case.kind == "example"
        result = run_case(company if differs else shipped, alone)
        show(case, result)
        if differs:
            with_overlay, without = outcome(result), outcome(run_case(shipped, alone))
            if with_overlay != without:
                print(f"    {name}: {with_overlay}; as shipped: {without}")
        results.append(result)
    print(f"{folder}: {sum(result.passed for result in results)} of {len(results)} passed")
    return results


def show(case: TestCase, result: TestResult) -> None:
    """One line for a case, and one for each expectation that does not hold."""
    print("passed" if result.passed else "FAILED", case.id, case.name.get("en"))
    for mismatch in result.mismatches:
        print(f"    {mismatch.what}: expected {mismatch.expected}, got {mismatch.got}")
    for problem in result.problems:
        print(f"    {problem}")


def main(folders: list[str]) -> int:
    results = [result for folder in folders or COMPANIES for result in run_company(folder)]
    return int(not results or not all(result.passed for result in results))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
