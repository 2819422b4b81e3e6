"""From the text of an expression to Python's own syntax tree, without Python's reading of literals.

Numbers are taken from the text itself (``ast`` would make ``0.10`` a binary float), and so are literals with
a unit (``5%``, ``30 days``, ``5000 CNY``), which Python does not know: before parsing, each is replaced by a
placeholder name of the same length, so that every position stays what it was.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from salesctrl.policy.literals import NUMBER_PATTERN, BadLiteral, Constant, parse_number

MAX_LENGTH = 4000
MAX_NESTING = 60
_MARK = "\u16a0"
"""A letter that may not occur in expressions; runs of it are the placeholders."""

_TOKEN = re.compile(
    r"""(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<quote>["'])
      | (?P<name>[^\W\d]\w*)
      | (?P<number>\d[\w.]*)(?P<unit>\s*%|\s+(?!(?:if|else|and|or|not|in|for|is)\b)[^\W\d]\w*)?
      | (?P<open>[(\[{])
      | (?P<close>[)\]}])
      | (?P<comment>\#)""",
    re.VERBOSE | re.DOTALL,
)
_NUMBER = re.compile(NUMBER_PATTERN)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_CHINESE_UNITS = {"天": "days", "日": "days", "个月": "months", "月": "months", "元": "CNY"}
_CHINESE_WORDS = {"且": "and", "并且": "and", "和": "and", "或": "or", "或者": "or"}
_OTHERS: tuple[tuple[re.Pattern[str], str | None], ...] = tuple(
    (re.compile(pattern), advice)
    for pattern, advice in (
        (r"\b(AND|OR|NOT|IN|IF|ELSE)\b", None),
        (r"\bif\s*\(", "`x if condition else y`"),
        ("&&", "`and`"),
        (r"\|\|", "`or`"),
        ("<>", "`!=`"),
        ("=<", "`<=`"),
        ("=>", "`>=`"),
        ("!(?!=)", "`not`"),
        ("(?<![=<>!])=(?!=)", "`==` to compare"),
        ("[，（）：；“”‘’【】。、＋－×÷＜＞＝％\u3000]", "it in its ASCII form"),
    )
)
"""What other languages write, and what to write here (``None``: the same in lower case)."""
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff" + _MARK + "]")


class SyntaxProblem(Exception):
    """The text is no expression; ``start`` and ``end`` are places in it, ``help`` what to do."""

    def __init__(self, message: str, start: int, end: int, *, code: str = "E301", help: str | None = None):
        super().__init__(message)
        self.message = message
        self.start = start
        self.end = end
        self.code = code
        self.help = help


@dataclass(frozen=True, slots=True)
class Parsed:
    """An expression's text, its Python tree, and the literals by where they begin."""

    text: str
    tree: ast.expr
    literals: dict[int, Constant]
    _offsets: tuple[int, ...] | None

    def span(self, node: ast.expr) -> tuple[int, int]:
        """Where a node stands in the text, in characters."""
        start, end = node.col_offset, node.end_col_offset or node.col_offset
        if self._offsets is not None:
            start, end = self._offsets[start], self._offsets[end]
        return max(start - 1, 0), min(end - 1, len(self.text))

    def source(self, node: ast.expr) -> str:
        """The text of a node as the user wrote it."""
        start, end = self.span(node)
        return self.text[start:end]


def parse(text: str) -> Parsed:
    """Read an expression.

    Raises :class:`SyntaxProblem` for what is no expression, and for one that is too long or too deep.

    >>> parsed = parse("order.amount * 5%")
    >>> sorted(parsed.literals), parsed.literals[15].value
    ([15], 5)
    """
    if len(text) > MAX_LENGTH:
        raise SyntaxProblem(
            f"expression of {len(text)} characters, at most {MAX_LENGTH} are allowed",
            0, len(text), code="E314", help="name its parts under `let`",
        )  # fmt: skip
    strange = _UNPRINTABLE.search(text)
    if strange:
        raise SyntaxProblem(
            f"unexpected character U+{ord(strange[0]):04X}", *strange.span(), help="delete it"
        )
    plain = text.replace("\n", " ").replace("\r", " ").replace("\t", " ")
    if not plain.strip():
        raise SyntaxProblem("expected an expression but got an empty text", 0, len(text))
    masked, literals = _mask(plain)
    try:
        tree = ast.parse("(" + masked + ")", mode="eval").body
    except SyntaxError as error:
        help, at = _advice(text) or (None, min(max((error.offset or 1) - 2, 0), len(text)))
        raise SyntaxProblem(
            f"cannot read `{_excerpt(text, at)}` as an expression", at, min(at + 1, len(text)), help=help
        ) from error
    except (RecursionError, MemoryError, ValueError) as error:
        raise SyntaxProblem(
            "expression is nested too deeply", 0, len(text), code="E314", help="name its parts under `let`"
        ) from error
    offsets = None if masked.isascii() else _byte_offsets("(" + masked + ")")
    return Parsed(text, tree, literals, offsets)


def _mask(text: str) -> tuple[str, dict[int, Constant]]:
    """The text with every numeric literal replaced by a placeholder of its length, and the literals."""
    parts: list[str] = []
    literals: dict[int, Constant] = {}
    position = depth = 0
    text_end: int | None = None
    for found in _TOKEN.finditer(text):
        kind = found.lastgroup
        if found["open"]:
            depth += 1
            if depth > MAX_NESTING:
                raise SyntaxProblem(
                    f"more than {MAX_NESTING} brackets inside one another",
                    found.start(), found.end(), code="E314", help="name the parts of it under `let`",
                )  # fmt: skip
        elif found["close"]:
            depth -= 1
            if depth < 0:
                raise SyntaxProblem(f"`{found['close']}` closes nothing", found.start(), found.end())
        elif kind == "comment":
            raise SyntaxProblem("unexpected `#`", found.start(), found.end())
        elif kind == "quote":
            raise SyntaxProblem(
                "a quoted text is not closed", found.start(), len(text), help="end it with a quote"
            )
        elif kind == "string":
            _check_string(text, found, text_end)
            text_end = found.end()
        elif found["number"]:
            start, end = found.span()
            if not _NUMBER.fullmatch(found["number"]):
                raise SyntaxProblem(
                    f"expected a number such as `12.50` but got `{found['number']}`",
                    start, found.end("number"), help=_number_advice(found["number"]),
                )  # fmt: skip
            if text[:start].rstrip().endswith("."):
                raise SyntaxProblem(
                    f"expected a name after the point but got `{found['number']}`", start, end
                )
            try:
                literals[start] = parse_number(found["number"], (found["unit"] or "").strip() or None)
            except BadLiteral as error:
                word = _CHINESE_WORDS.get((found["unit"] or "").strip())
                help = f"write `{word}`" if word else None
                raise SyntaxProblem(str(error), start, end, help=help) from error
            parts += (text[position:start], _MARK * (end - start))
            position = end
    if depth:
        raise SyntaxProblem("a bracket is not closed", len(text) - 1, len(text))
    parts.append(text[position:])
    return "".join(parts), literals


def _check_string(text: str, found: re.Match[str], previous_end: int | None) -> None:
    """Refuse what Python would make something else of than what is written."""
    if previous_end is not None and not text[previous_end : found.start()].strip():
        raise SyntaxProblem(
            "two texts stand beside one another",
            *found.span(),
            help="put a comma or an operator between them",
        )
    for escape in _ESCAPE.finditer(found[0]):
        if escape[1] not in "\\\"'":
            at = found.start() + escape.start()
            raise SyntaxProblem(
                f"unknown escape `{escape[0]}`", at, at + 2, help="write `\\\\` for a backslash in a text"
            )


def _byte_offsets(text: str) -> tuple[int, ...]:
    """For each byte of the UTF-8 form the character it belongs to."""
    offsets: list[int] = []
    for position, character in enumerate(text):
        offsets.extend([position] * len(character.encode()))
    offsets.append(len(text))
    return tuple(offsets)


def _excerpt(text: str, at: int) -> str:
    part = text[at : at + 20].split("\n")[0].strip()
    return part or text.strip()[-20:]


def _number_advice(token: str) -> str | None:
    if "_" in token:
        return f"leave out the `_`: `{token.replace('_', '')}`"
    chinese = re.fullmatch(rf"({NUMBER_PATTERN})(天|日|个月|月|元)", token)
    if chinese:
        return f"write `{chinese[1]} {_CHINESE_UNITS[chinese[2]]}`"
    unit = re.fullmatch(rf"({NUMBER_PATTERN})([A-Za-z]+)", token)
    if unit and unit[2] not in ("e", "E"):
        return f"put a space before the unit: `{unit[1]} {unit[2]}`"
    return "write numbers in plain decimal notation"


def _advice(text: str) -> tuple[str, int] | None:
    """What people mean who write another language's operators, and where they do."""
    for pattern, advice in _OTHERS:
        found = pattern.search(text)
        if found:
            word = found[0].lower() if advice is None else advice
            return f"write {word}" if advice else f"write `{word}`", found.start()
    return None
