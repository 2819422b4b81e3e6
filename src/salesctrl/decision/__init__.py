"""Decisions: the outcome, the values, what is required, and the trace that explains it."""

from salesctrl.decision.model import Decision, Finding
from salesctrl.decision.trace import Node, RuleTrace, Status, Trace

__all__ = ["Decision", "Finding", "Node", "RuleTrace", "Status", "Trace"]
