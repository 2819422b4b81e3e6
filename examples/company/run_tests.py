"""Run the tests of this company, and the examples in its overlay.

Those of the shipped policies are left out: they speak of a company that lists no persons.

    python examples/company/run_tests.py
"""

from __future__ import annotations

import sys
from pathlib import Path

import salesctrl
from salesctrl.policy.loader import default_policies
from salesctrl.testing import run

HERE = Path(__file__).resolve().parent


def main() -> int:
    paths = [default_policies(), HERE]
    cases = run(salesctrl.load(paths))  # each lays the overlays over the policies that it names
    examples = run(salesctrl.load(paths, overlays=["qinghe"]))
    results = [result for result in cases if result.case.suite.startswith("qinghe")]
    results += [result for result in examples if result.case.suite.startswith("QH-")]
    for result in results:
        print("passed" if result.passed else "FAILED", result.case.id, result.case.name.get("en"))
        for mismatch in result.mismatches:
            print(f"    {mismatch.what}: expected {mismatch.expected}, got {mismatch.got}")
    print(f"{sum(result.passed for result in results)} of {len(results)} passed")
    return int(not results or not all(result.passed for result in results))


if __name__ == "__main__":
    sys.exit(main())
