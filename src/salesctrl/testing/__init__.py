"""Examples and tests of policies, run against an engine: what was expected, and what came out.

The examples of rules, the cases of ``tests`` documents and those of ``timeline`` documents are values here;
`salesctrl test` shows them.

>>> from salesctrl.engine import load
>>> results = list(run(load()))
>>> all(result.passed for result in results)
True
"""

from salesctrl.testing.facts import laid_over, raw_value, typed_facts
from salesctrl.testing.model import Mismatch, TestCase, TestResult
from salesctrl.testing.running import cases, run, run_case
from salesctrl.testing.timelines import watched_points

__all__ = [
    "Mismatch",
    "TestCase",
    "TestResult",
    "cases",
    "laid_over",
    "raw_value",
    "run",
    "run_case",
    "typed_facts",
    "watched_points",
]
