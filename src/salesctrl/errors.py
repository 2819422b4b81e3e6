"""The exceptions of salesctrl.

Every exception that the library raises on purpose is one of these::

    SalesctrlError
    ├── PolicyError           the policies are wrong: `.diagnostics` says where and what to do
    ├── FactsError            the facts are wrong: `.problems` says which fields and why
    ├── UnknownControlPoint   no policy names this control point
    ├── MissingExtra          an optional package is not installed (also an ImportError)
    └── InternalError         a defect of salesctrl itself

All of them can be pickled, so that they reach the caller of a worker process unchanged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from salesctrl.diagnostics import Diagnostic

__all__ = [
    "FactProblem",
    "FactsError",
    "InternalError",
    "MissingExtra",
    "PolicyError",
    "SalesctrlError",
    "UnknownControlPoint",
]


class SalesctrlError(Exception):
    """Base of every exception that the library raises on purpose."""


class PolicyError(SalesctrlError):
    """The policies are wrong; nothing was compiled.

    `str()` renders every diagnostic. `sources` maps file names to their text; where a text is
    there, the rendering shows the line that is meant.

    >>> from salesctrl.diagnostics import Diagnostic, Severity, Span
    >>> place = Span("rules.yaml", 1, 1, 1, 6)
    >>> error = PolicyError([Diagnostic("E102", Severity.ERROR, "duplicate key `grace`", place)])
    >>> error.diagnostics[0].code
    'E102'
    >>> print(error)
    error[E102]: duplicate key `grace`
     --> rules.yaml:1:1
    """

    diagnostics: tuple[Diagnostic, ...]
    sources: Mapping[str, str]

    def __init__(self, diagnostics: Sequence[Diagnostic], sources: Mapping[str, str] | None = None) -> None:
        self.diagnostics = tuple(diagnostics)
        texts = dict(sources or {})
        self.sources = MappingProxyType(texts)
        super().__init__(self.diagnostics, texts)

    def __str__(self) -> str:
        return "\n\n".join(diagnostic.render(self.sources) for diagnostic in self.diagnostics)

    def __reduce__(self) -> tuple[type[PolicyError], tuple[object, ...]]:
        return type(self), self.args


@dataclass(frozen=True, slots=True)
class FactProblem:
    """What is wrong with one fact.

    `path` is the field, as in `order.lines[2].quantity`; an empty path means the facts as a whole.

    >>> print(FactProblem("order.amount", "F102", "expected a number but got `ten`", "write digits"))
    order.amount: expected a number but got `ten` [F102]
      help: write digits
    """

    path: str
    code: str
    message: str
    help: str | None = None

    @classmethod
    def unreadable(cls, path: str, error: Exception) -> Self:
        """An object of the caller's failed when it was asked for a value; even its message may fail.

        >>> print(FactProblem.unreadable("order.amount", TimeoutError("no answer")))
        order.amount: reading it failed with `TimeoutError`: no answer [F_READ]
        """
        try:
            words = f": {error}"
        except Exception:
            words = ""
        return cls(path, "F_READ", f"reading it failed with `{type(error).__name__}`{words}")

    def __str__(self) -> str:
        line = f"{self.path or 'the facts'}: {self.message} [{self.code}]"
        return line if self.help is None else f"{line}\n  help: {self.help}"


class FactsError(SalesctrlError):
    """The facts are wrong; nothing was decided. `str()` lists every problem with its field.

    >>> print(FactsError([FactProblem("order.amount", "F102", "expected a number but got `ten`")]))
    order.amount: expected a number but got `ten` [F102]
    """

    problems: tuple[FactProblem, ...]

    def __init__(self, problems: Sequence[FactProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class UnknownControlPoint(SalesctrlError):
    """No policy of the set names the control point, or the metric, that was asked for.

    It is not a KeyError: one that is caught by accident would look like a missing fact.

    >>> print(UnknownControlPoint("order.relase", ["order.release"], suggestion="order.release"))
    unknown control point `order.relase`; did you mean `order.release`?
    """

    name: str
    known: tuple[str, ...]
    suggestion: str | None
    noun: str

    def __init__(
        self,
        name: str,
        known: Sequence[str] = (),
        suggestion: str | None = None,
        noun: str = "control point",
    ) -> None:
        self.name = name
        self.known = tuple(known)
        self.suggestion = suggestion
        self.noun = noun
        super().__init__(name, self.known, suggestion, noun)

    def __str__(self) -> str:
        if self.suggestion is not None:
            remedy = f"did you mean `{self.suggestion}`?"
        elif self.known:
            remedy = "the policies name " + ", ".join(f"`{name}`" for name in self.known)
        else:
            remedy = "the policies name none"
        return f"unknown {self.noun} `{self.name}`; {remedy}"


class MissingExtra(SalesctrlError, ImportError):
    """A feature needs an optional package that is not installed.

    >>> print(MissingExtra("proof", "proving that a rule can never fire"))
    proving that a rule can never fire needs an optional package: run `pip install "salesctrl[proof]"`
    """

    extra: str
    feature: str

    def __init__(self, extra: str, feature: str) -> None:
        self.extra = extra
        self.feature = feature
        super().__init__(extra, feature)

    def __str__(self) -> str:
        return f'{self.feature} needs an optional package: run `pip install "salesctrl[{self.extra}]"`'

    def __reduce__(self) -> tuple[type[MissingExtra], tuple[str, str]]:
        return type(self), (self.extra, self.feature)


class InternalError(SalesctrlError):
    """Something that salesctrl holds to be impossible has happened: a defect of salesctrl itself.

    >>> print(InternalError("slot 3 was read before it was written"))
    slot 3 was read before it was written; this is a defect of salesctrl and not of your policies or facts:
    please report it, with a policy and facts that show it
    """

    def __str__(self) -> str:
        return (
            f"{super().__str__()}; this is a defect of salesctrl and not of your policies or facts: "
            "please report it, with a policy and facts that show it"
        )
