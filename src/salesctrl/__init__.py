"""Rules-driven internal control of sales: policies in YAML, exact decisions, a trace for each.

>>> import salesctrl
>>> engine = salesctrl.load()
>>> engine.evaluate("order.release", {}, as_of="2026-03-01").outcome
<Outcome.INCOMPLETE: 'incomplete'>

Every public name is imported when it is first used, so ``import salesctrl`` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from salesctrl.decision import Decision, Finding, Node, RuleTrace, Status, Trace
    from salesctrl.diagnostics import Diagnostic, Severity, Span
    from salesctrl.engine import Engine, load
    from salesctrl.errors import (
        FactProblem,
        FactsError,
        InternalError,
        MissingExtra,
        PolicyError,
        SalesctrlError,
        UnknownControlPoint,
    )
    from salesctrl.outcome import Outcome

__version__ = "0.1.0"
_HOMES = {
    "salesctrl.decision": ("Decision", "Finding", "Node", "RuleTrace", "Status", "Trace"),
    "salesctrl.diagnostics": ("Diagnostic", "Severity", "Span"),
    "salesctrl.engine": ("Engine", "load"),
    "salesctrl.errors": (
        "FactProblem", "FactsError", "InternalError", "MissingExtra", "PolicyError", "SalesctrlError",
        "UnknownControlPoint",
    ),
    "salesctrl.outcome": ("Outcome",),
}  # fmt: skip
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "Decision",
    "Diagnostic",
    "Engine",
    "FactProblem",
    "FactsError",
    "Finding",
    "InternalError",
    "MissingExtra",
    "Node",
    "Outcome",
    "PolicyError",
    "RuleTrace",
    "SalesctrlError",
    "Severity",
    "Span",
    "Status",
    "Trace",
    "UnknownControlPoint",
    "__version__",
    "load",
]


def __getattr__(name: str) -> object:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module `salesctrl` has no attribute `{name}`")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
