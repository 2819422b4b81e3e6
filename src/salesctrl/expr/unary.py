"""Unary tests: the cells of decision tables and the keys of bands (DMN 1.4, S-FEEL 10.3.1.3).

A cell is read against the input of its column and becomes a condition in the typed tree: ``(5%..10%]``
against ``order.discount_rate`` is ``order.discount_rate > 5% and order.discount_rate <= 10%``.
"""

from __future__ import annotations

import re
from dataclasses import replace

from salesctrl.expr import tree as t
from salesctrl.expr.check import check
from salesctrl.expr.scope import Parameter, Problem, Reported, Scope
from salesctrl.expr.units import UnitProblem, comparable
from salesctrl.policy.literals import BadLiteral, parse_date
from salesctrl.policy.types import BOOLEAN, DATE, ORDERED, TEXT, TEXTUAL, Base

_NOT = re.compile(r"not\s*\((?P<inner>.*)\)", re.DOTALL)
_INTERVAL = re.compile(r"(?P<open>[\[(\]])(?P<low>.+?)\.\.(?P<high>.+?)(?P<close>[\])\[])", re.DOTALL)
_COMPARE = re.compile(r"(?P<op><=|>=|<|>|!=|==|=)\s*(?P<end>.+)", re.DOTALL)
_QUOTED = re.compile(r'"[^"]*"')
_DATE = re.compile(r"\d{4}-\d\d?-\d\d?")


class _Bad(Exception):
    def __init__(self, problem: Problem):
        super().__init__(problem.message)
        self.problem = problem


def cell_test(text: str, x: t.Node, scope: Scope) -> tuple[t.Node | None, list[Problem]]:
    """The condition that a cell puts on its input ``x``; ``None`` when the cell is wrong."""
    reader = _Cell(text, x, scope)
    try:
        return reader.tests(text, 0), reader.warnings
    except _Bad as bad:
        return None, [bad.problem, *reader.warnings]
    except Reported:
        return None, reader.warnings


def band_tests(parameter: Parameter, x: t.Node, scope: Scope) -> tuple[t.Node, ...]:
    """The conditions of a ladder's rungs on ``x``, in the order written.

    Raises :class:`UnitProblem` for a rung that is wrong, and :class:`Reported` where that has been said.
    """
    tests: list[t.Node] = []
    for key, _ in parameter.bands:
        test, problems = cell_test(key, x, scope)
        if test is None:
            first = next((p for p in problems if not p.warning), None)
            if first is None:
                raise Reported
            raise UnitProblem(first.code, f"band `{key}` of `{parameter.name}`: {first.message}", first.help)
        tests.append(test)
    return tuple(tests)


class _Cell:
    def __init__(self, text: str, x: t.Node, scope: Scope):
        self.text, self.x, self.scope = text, x, scope
        self.warnings: list[Problem] = []

    def bad(self, message: str, start: int, end: int, *, code: str = "E407", help: str | None = None) -> _Bad:
        return _Bad(Problem(code, message, (start, end), help))

    def tests(self, text: str, at: int) -> t.Node:
        """A cell: ``-``, ``not(…)``, or tests separated by commas."""
        stripped = text.strip()
        at += len(text) - len(text.lstrip())
        if stripped == "-":
            return t.Literal(BOOLEAN, (at, at + 1), True)
        if not stripped and self.text.strip():
            raise self.bad("expected a test inside the brackets", at, at + 1)
        if not stripped:
            raise self.bad(
                "expected a test but got an empty cell", 0, len(self.text), help="write `-` for anything"
            )
        negated = _NOT.fullmatch(stripped)
        if negated:
            inner = self.tests(negated["inner"], at + negated.start("inner"))
            return t.Not(BOOLEAN, (at, at + len(stripped)), inner)
        parts = [self.test(part, at + start) for start, part in _split(stripped)]
        if len(parts) == 1:
            return parts[0]
        return t.Logic(BOOLEAN, (at, at + len(stripped)), "or", tuple(parts))

    def test(self, text: str, at: int) -> t.Node:
        stripped = text.strip()
        at += len(text) - len(text.lstrip())
        span = (at, at + len(stripped))
        if not stripped:
            raise self.bad("expected a test between the commas", at, at + 1)
        interval = _INTERVAL.fullmatch(stripped)
        if interval:
            return self.interval(interval, at, span)
        compared = _COMPARE.fullmatch(stripped)
        if compared:
            op: t.CompareOp = "==" if compared["op"] == "=" else compared["op"]  # type: ignore[assignment]
            return self.compare(op, self.end(compared["end"], at + compared.start("end")), span)
        return self.compare("==", self.end(stripped, at), span)

    def interval(self, found: re.Match[str], at: int, span: t.Span) -> t.Node:
        if self.x.type.base not in ORDERED:
            raise self.bad(f"an interval needs numbers or dates, but the input is {self.x.type.unit}", *span)
        low = self.end(found["low"], at + found.start("low"))
        high = self.end(found["high"], at + found.start("high"))
        if isinstance(low, t.Literal) and isinstance(high, t.Literal):
            a, b = low.type.scale or 0, high.type.scale or 0
            if int(low.value) * 10**b > int(high.value) * 10**a:
                raise self.bad("the interval ends before it begins", *span)
        from_op: t.CompareOp = ">=" if found["open"] == "[" else ">"
        to_op: t.CompareOp = "<=" if found["close"] == "]" else "<"
        parts = (self.compare(from_op, low, span), self.compare(to_op, high, span))
        return t.Logic(BOOLEAN, span, "and", parts)

    def compare(self, op: t.CompareOp, end: t.Node, span: t.Span) -> t.Node:
        try:
            left, right = comparable(op, self.x, end)
        except UnitProblem as problem:
            code = problem.code if problem.code != "E305" else "E407"
            help = problem.help
            if self.x.type.base is Base.DATE:
                help = "write a date as `2026-12-31`"
            raise self.bad(
                f"cannot compare the input with `{self.text[slice(*end.span)]}`: {problem}",
                *span,
                code=code,
                help=help,
            ) from problem
        return t.Compare(BOOLEAN, span, op, left, right)

    def end(self, text: str, at: int) -> t.Node:
        """An end of an interval, or a value: literal, or an expression where the input has an order."""
        at += len(text) - len(text.lstrip())
        text = text.strip()
        span = (at, at + len(text))
        base = self.x.type.base
        if base in TEXTUAL:
            plain = text[1:-1] if _QUOTED.fullmatch(text) else text
            return t.Literal(TEXT, span, plain)
        if base is Base.BOOLEAN:
            if text not in ("true", "false"):
                raise self.bad(f"expected `true` or `false` but got `{text}`", *span)
            return t.Literal(BOOLEAN, span, text == "true")
        if base is Base.DATE and _DATE.fullmatch(text):
            try:
                return t.Literal(DATE, span, parse_date(text).value)
            except BadLiteral as error:
                raise self.bad(str(error), *span) from error
        node, problems = check(text, self.scope)
        for p in problems:
            placed = Problem(p.code, p.message, (p.span[0] + at, p.span[1] + at), p.help, p.warning)
            if node is None and not p.warning:
                raise _Bad(placed)
            self.warnings.append(placed)
        if node is None:
            raise Reported
        return _moved(node, at)


def _moved(node: t.Node, at: int) -> t.Node:
    """The node with its place counted from the beginning of the cell."""
    return replace(node, span=(node.span[0] + at, node.span[1] + at))


def _split(text: str) -> list[tuple[int, str]]:
    """The parts between commas that stand outside quotes and brackets, with where each begins."""
    parts: list[tuple[int, str]] = []
    depth, quoted, start = 0, False, 0
    for i, c in enumerate(text):
        if c == '"':
            quoted = not quoted
        elif quoted:
            continue
        elif c in "([":
            depth += 1
        elif c in ")]":
            depth -= 1
        elif c == "," and depth <= 0:
            parts.append((start, text[start:i]))
            start = i + 1
    parts.append((start, text[start:]))
    return parts
