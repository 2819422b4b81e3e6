"""What is wrong with a policy, where, and what to do: spans, diagnostics, and how they are shown.

A `Diagnostic` is a value. It does not know the catalogue of codes; the catalogue maps codes to
`CodeInfo`. `Diagnostics` collects them, so that everything wrong is reported at once.
"""

from __future__ import annotations

import enum
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import islice

from salesctrl.errors import PolicyError

__all__ = [
    "LINE_BREAK",
    "CodeInfo",
    "Diagnostic",
    "Diagnostics",
    "Severity",
    "Span",
    "quoted",
    "render",
    "suggest",
]

# What ends a line, for the reader and for the rendering alike: their line numbers must agree.
LINE_BREAK = re.compile(r"\r\n?|\n")

_TAB = " " * 4
_WINDOW = 140  # characters of a long source line that are shown
_LEAD = 40  # of these, how many stand before the span


class Severity(enum.StrEnum):
    """How much a diagnostic weighs. Policies with an error are not compiled."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of a file. Lines and columns count from 1; columns count characters, not bytes.

    The end is exclusive: the first two characters of a file are `1:1` to `1:3`.

    >>> print(Span("rules.yaml", 12, 3, 12, 8))
    rules.yaml:12:3
    """

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    def to_dict(self) -> dict[str, object]:
        """The span as plain data, for JSON."""
        return {
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "end_line": self.end_line,
            "end_column": self.end_column,
        }


_NOWHERE = Span("", 0, 0, 0, 0)  # sorts before every place

Note = tuple[str, Span | None]
Sources = str | Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class CodeInfo:
    """An entry of the catalogue of codes: what a code finds, and why it matters."""

    code: str
    title: str
    explanation: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing that is wrong, or worth knowing, about a policy.

    `notes` are further places that explain it, such as where a duplicate stood first.
    Diagnostics sort by file, line, column and code.

    >>> place = Span("rules.yaml", 2, 1, 2, 6)
    >>> print(Diagnostic("E102", Severity.ERROR, "duplicate key `grace`", place, "delete one of the two"))
    error[E102]: duplicate key `grace`
     --> rules.yaml:2:1
      = help: delete one of the two
    """

    code: str
    severity: Severity
    message: str
    span: Span | None = None
    help: str | None = None
    notes: tuple[Note, ...] = ()

    def __lt__(self, other: Diagnostic) -> bool:
        return self.sort_key < other.sort_key

    def __str__(self) -> str:
        return render(self)

    @property
    def sort_key(self) -> tuple[object, ...]:
        """A total order: place and code first, the rest so that no order depends on chance."""
        span = self.span or _NOWHERE
        notes = tuple((text, at or _NOWHERE) for text, at in self.notes)
        place = (span.file, span.line, span.column, self.code, span.end_line, span.end_column)
        return (*place, self.severity, self.message, self.help or "", notes)

    def render(self, source: Sources = None) -> str:
        """The diagnostic as text for a person; see the function `render`."""
        return render(self, source)

    def to_dict(self) -> dict[str, object]:
        """The diagnostic as plain data, for JSON.

        >>> Diagnostic("E109", Severity.ERROR, "not UTF-8").to_dict()["severity"]
        'error'
        """
        return {
            "code": self.code,
            "severity": str(self.severity),
            "message": self.message,
            "span": None if self.span is None else self.span.to_dict(),
            "help": self.help,
            "notes": [
                {"message": text, "span": None if span is None else span.to_dict()}
                for text, span in self.notes
            ],
        }


@dataclass(slots=True)
class Diagnostics:
    """Collects diagnostics, and the texts they speak of, so that all are reported at once.

    >>> found = Diagnostics()
    >>> found.warning("W301", "parameter `grace` is never used", Span("rules.yaml", 4, 3, 4, 8))
    >>> found.has_errors
    False
    >>> [diagnostic.code for diagnostic in found]
    ['W301']
    """

    sources: dict[str, str] = field(default_factory=dict)
    _found: list[Diagnostic] = field(default_factory=list)

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(self.sorted())

    def __len__(self) -> int:
        return len(self.sorted())

    def error(
        self, code: str, message: str, span: Span | None, help: str | None = None, notes: Iterable[Note] = ()
    ) -> None:
        """Add an error."""
        self._found.append(Diagnostic(code, Severity.ERROR, message, span, help, tuple(notes)))

    def warning(
        self, code: str, message: str, span: Span | None, help: str | None = None, notes: Iterable[Note] = ()
    ) -> None:
        """Add a warning."""
        self._found.append(Diagnostic(code, Severity.WARNING, message, span, help, tuple(notes)))

    def info(
        self, code: str, message: str, span: Span | None, help: str | None = None, notes: Iterable[Note] = ()
    ) -> None:
        """Add a piece of information."""
        self._found.append(Diagnostic(code, Severity.INFO, message, span, help, tuple(notes)))

    def extend(self, others: Iterable[Diagnostic]) -> None:
        """Add diagnostics found elsewhere; those of a `Diagnostics` bring their sources with them."""
        self._found.extend(others)
        if isinstance(others, Diagnostics):
            self.sources.update(others.sources)

    @property
    def has_errors(self) -> bool:
        """Whether any of them is an error."""
        return any(diagnostic.severity is Severity.ERROR for diagnostic in self._found)

    def sorted(self) -> tuple[Diagnostic, ...]:
        """All of them, each once, by place and code: the same whatever order they were found in."""
        return tuple(sorted(set(self._found), key=lambda diagnostic: diagnostic.sort_key))

    def render(self) -> str:
        """All of them as text for a person, with a blank line between."""
        return "\n\n".join(render(diagnostic, self.sources) for diagnostic in self.sorted())

    def raise_if_errors(self) -> None:
        """Stop here if anything is wrong.

        Raises:
            PolicyError: holding everything found, warnings included, if any of it is an error.
        """
        if self.has_errors:
            raise PolicyError(self.sorted(), self.sources)


def render(diagnostic: Diagnostic, source: Sources = None) -> str:
    r"""A diagnostic as text for a person: what, where with the source line marked, and help.

    `source` is the text of the file that the span names, or a mapping from file names to texts;
    without it the place is named and the line is not shown. Characters that would not show, or
    would reorder what is shown, appear as `<U+202E>`.

    >>> place = Span("规则.yaml", 2, 5, 2, 7)
    >>> note = ("first written here", Span("规则.yaml", 1, 1, 1, 3))
    >>> found = Diagnostic("E102", Severity.ERROR, "duplicate key `金额`", place, "delete one", (note,))
    >>> print(render(found, "金额: 5\n订单, 金额: 6\n"))
    error[E102]: duplicate key `金额`
     --> 规则.yaml:2:5
      |
    2 | 订单, 金额: 6
      |       ^^^^
      = help: delete one
    note: first written here
     --> 规则.yaml:1:1
      |
    1 | 金额: 5
      | ----
    """
    spans = [span for span in (diagnostic.span, *(span for _, span in diagnostic.notes)) if span is not None]
    gutter = max((len(str(span.line)) for span in spans), default=1)
    lines = [f"{diagnostic.severity}[{diagnostic.code}]: {_shown(diagnostic.message)}"]
    if diagnostic.span is not None:
        lines += _place(diagnostic.span, source, diagnostic.span.file, gutter, "^")
    margin = " " * (gutter + 1)
    for text, span in diagnostic.notes:
        if span is None:
            lines.append(_indented(f"{margin}= note: ", text))
    if diagnostic.help is not None:
        lines.append(_indented(f"{margin}= help: ", diagnostic.help))
    for text, span in diagnostic.notes:
        if span is not None:
            lines.append(f"note: {_shown(text)}")
            lines += _place(span, source, diagnostic.span.file if diagnostic.span else None, gutter, "-")
    return "\n".join(lines)


def _place(span: Span, source: Sources, main_file: str | None, gutter: int, mark: str) -> list[str]:
    """The lines that say where: file and position, then the source line with marks under the span."""
    margin = " " * gutter
    where = [f"{margin}--> {_shown(span.file)}:{span.line}:{span.column}"]
    if isinstance(source, str):
        text = source if span.file == main_file else None
    else:
        text = None if source is None else source.get(span.file)
    line = None if text is None else _line(text, span.line)
    if line is None:
        return where
    shown, marks = _marked(line, span, mark)
    return [*where, f"{margin} |", f"{span.line:>{gutter}} | {shown}".rstrip(), f"{margin} | {marks}"]


def _line(text: str, number: int) -> str | None:
    """The line of that number, without its break, or None if the text is shorter than the span says."""
    text = text.removeprefix("\ufeff")
    start = 0
    if number > 1:
        end_of_previous = next(islice(LINE_BREAK.finditer(text), number - 2, None), None)
        if end_of_previous is None:
            return None
        start = end_of_previous.end()
    stop = LINE_BREAK.search(text, start)
    return text[start : stop.start() if stop else len(text)]


def _marked(line: str, span: Span, mark: str) -> tuple[str, str]:
    """The line as shown, and the line of marks under the span's part of it."""
    end = span.end_column - 1 if span.end_line == span.line else len(line.rstrip())
    start = min(max(span.column - 1, 0), len(line))
    first, before, after = 0, "", ""
    if len(line) > _WINDOW:
        first = max(0, min(start - _LEAD, len(line) - _WINDOW))
        before = "..." if first else ""
        after = "..." if first + _WINDOW < len(line) else ""
        line = line[first : first + _WINDOW]
        start, end = start - first, end - first
    indent = len(before) + sum(_width(character) for character in line[:start])
    length = sum(_width(character) for character in line[start:end])
    return before + _shown(line) + after, " " * indent + mark * max(1, length)


def _display(character: str) -> str:
    """How one character is shown: itself, unless it would not be seen or would mislead."""
    if character == "\t":
        return _TAB
    if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}:
        return f"<U+{ord(character):04X}>"
    return character


def _width(character: str) -> int:
    """How many columns of a terminal a character takes, as shown."""
    if " " <= character <= "~":
        return 1
    shown = _display(character)
    if shown != character:
        return len(shown)
    if unicodedata.category(character) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def _shown(text: str) -> str:
    """A text with every character visible; line breaks stay."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(character if character == "\n" else _display(character) for character in text)


def _indented(head: str, text: str) -> str:
    """A text after its head, its further lines aligned with the first."""
    return head + _shown(text).replace("\n", "\n" + " " * len(head))


def quoted(text: str, limit: int = 60) -> str:
    r"""The user's own text as messages show it: on one line, in backticks, cut if very long.

    >>> quoted("order.amount >\n  5")
    '`order.amount >\\n  5`'
    >>> quoted("12345678", limit=5)
    '`12345...`'
    """
    cut = text if len(text) <= limit else text[:limit] + "..."
    return "`" + cut.replace("\r", r"\r").replace("\n", r"\n").replace("\t", r"\t") + "`"


_LONGEST_NAME = 200  # likeness of names longer than this is not worth its time
_LIKE_ENOUGH = 0.6


def suggest(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate that was probably meant by `name`, or None if none is like it.

    Case, full-width letters and the difference between `-`, `_` and a space do not count. In dotted
    names every part must be alike, and a missing or superfluous kind is forgiven.

    >>> suggest("customer.grad", ["customer.grade", "customer.id", "order.amount"])
    'customer.grade'
    >>> suggest("grade", ["customer.grade", "order.amount"])
    'customer.grade'
    >>> suggest("订单全额", ["订单金额", "客户等级"])
    '订单金额'
    >>> suggest("customer.colour", ["customer.grade"]) is None
    True
    """
    if len(name) > _LONGEST_NAME:
        return None
    wanted = _folded(name)
    best, best_score = None, 0.0
    for candidate in sorted(set(candidates)):
        score = _likeness(wanted, _folded(candidate))
        if score > best_score:
            best, best_score = candidate, score
    return best


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold().replace("-", "_").replace(" ", "_")


def _likeness(name: str, candidate: str) -> float:
    """0 for unlike, up to 1 for the same but for case and the like."""
    if name == candidate:
        return 1.0
    parts, others = name.split("."), candidate.split(".")
    if len(parts) == len(others):
        return min(_ratio(part, other) for part, other in zip(parts, others, strict=True))
    if parts[-1] == others[-1]:
        return 0.9
    return _ratio(name, candidate)


def _ratio(name: str, candidate: str) -> float:
    """Difflib's ratio, or 0 if it is below what makes two names alike."""
    if name == candidate:
        return 1.0
    if name.isascii() and candidate.isascii():
        if min(len(name), len(candidate)) < 3:
            return 0.0  # of two letters, one in common says nothing
        least = _LIKE_ENOUGH
    else:
        least = 0.5  # a Chinese character says as much as a syllable: one of two may differ
    shorter, longer = sorted((len(name), len(candidate)))
    if 2 * shorter < least * (shorter + longer):
        return 0.0  # no ratio of texts of these lengths can be enough
    matcher = SequenceMatcher(None, candidate, name, autojunk=False)
    if matcher.quick_ratio() < least:
        return 0.0
    ratio = matcher.ratio()
    return ratio if ratio >= least else 0.0
