"""A YAML document as read: its data, and where in the file every part of it stands.

A *place* is two offsets packed into one integer: where a node starts, above where it ends. A large
file has a hundred thousand of them, and integers cost the garbage collector nothing. Lines and
columns are computed when they are asked for.
"""

from __future__ import annotations

import pickle
import re
from bisect import bisect_right
from dataclasses import dataclass, field, fields
from typing import Any

from salesctrl.diagnostics import LINE_BREAK, Span
from salesctrl.kept import record

__all__ = [
    "PLACE_BITS",
    "Lines",
    "MappingTree",
    "NodePath",
    "SequenceTree",
    "SourceDocument",
    "Tree",
    "end_of",
    "place",
    "start_of",
]

NodePath = tuple[str | int, ...]

PLACE_BITS = 32


def place(start: int, end: int) -> int:
    """The two offsets of a stretch of text as one integer."""
    return start << PLACE_BITS | end


def start_of(at: int) -> int:
    """The offset where a place starts."""
    return at >> PLACE_BITS


def end_of(at: int) -> int:
    """The offset where a place ends, exclusive."""
    return at & ((1 << PLACE_BITS) - 1)


class SequenceTree(list["Tree"]):
    """The places of a list and of its items."""

    __slots__ = ("place",)
    place: int


class MappingTree(dict[str, "Tree"]):
    """The places of a mapping and of its values; `keys_at` holds those of its keys."""

    __slots__ = ("keys_at", "place")
    place: int
    keys_at: dict[str, int]

    def __init__(self) -> None:
        self.keys_at = {}


Tree = int | SequenceTree | MappingTree


def _place_of(tree: Tree) -> int:
    """The place of a value, whatever kind of value it is."""
    return tree if isinstance(tree, int) else tree.place


def _child(tree: Tree, step: str | int) -> Tree | None:
    if isinstance(tree, MappingTree):
        return tree.get(step) if isinstance(step, str) else None
    if isinstance(tree, SequenceTree) and isinstance(step, int) and 0 <= step < len(tree):
        return tree[step]
    return None


def _is_alone(tree: Tree, step: str | int) -> bool:
    """Whether a value stands without the list of which the step is the first item."""
    return step == 0 and not isinstance(tree, SequenceTree)


class Lines:
    """A file's text, and the starts of its lines, found when a span is first asked for."""

    __slots__ = ("_starts", "file", "text")

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text
        self._starts: list[int] = []

    def span(self, start: int, end: int) -> Span:
        """The span of two offsets, the end exclusive."""
        if not self._starts:
            self._starts = [0, *(found.end() for found in LINE_BREAK.finditer(self.text))]
        line = bisect_right(self._starts, start)
        end_line = bisect_right(self._starts, end)
        column = start - self._starts[line - 1] + 1
        return Span(self.file, line, column, end_line, end - self._starts[end_line - 1] + 1)


@dataclass(frozen=True, slots=True, eq=False)
class SourceDocument:
    r"""One YAML document: its data, and where every part of it stands.

    `data` is made of dict (in the order written), list, str, bool and None. It is to be read, not
    changed: a part that is written once and repeated by aliases is one object.

    >>> from salesctrl.diagnostics import Diagnostics
    >>> from salesctrl.policy.reader import read_text
    >>> [document] = read_text("grace: 030 days\nshares: [5, 3]\n", "rules.yaml", Diagnostics())
    >>> document.data
    {'grace': '030 days', 'shares': ['5', '3']}
    >>> print(document.span(("shares", 1)))
    rules.yaml:2:13
    """

    data: object
    tree: Tree | bytes = field(repr=False)
    """Where each part of it stands; or that as `pickle` has it, until somebody asks."""
    lines: Lines = field(repr=False)

    @property
    def root(self) -> Tree:
        """Where the whole of it stands, and in that each of its parts."""
        tree = self.tree  # read once: another thread may put the places here meanwhile
        if isinstance(tree, bytes):
            tree = pickle.loads(tree)  # noqa: S301 - of `__reduce__`
            object.__setattr__(self, "tree", tree)
        return tree

    def __reduce__(self) -> tuple[object, ...]:
        """With the places as bytes: of most documents that are loaded nobody asks for any."""
        places = self.tree if isinstance(self.tree, bytes) else pickle.dumps(self.tree, protocol=5)
        values = [places if one.name == "tree" else getattr(self, one.name) for one in fields(self)]
        return record, (type(self), *values)

    @property
    def file(self) -> str:
        """The name of the file, as spans give it."""
        return self.lines.file

    @property
    def text(self) -> str:
        """The text of the whole file, without a byte order mark."""
        return self.lines.text

    def span(self, path: NodePath, *, key: bool = False) -> Span:
        """Where the value at `path` stands, or with `key` the key that it stands under.

        For a path that does not exist it is the nearest ancestor that does; for an item of a list,
        which has no key, it is the item. What stands without a list is the first item of one. What an
        alias repeats stands where its anchor is.
        """
        tree = self.root
        for depth, step in enumerate(path, 1):
            below = _child(tree, step)
            if below is None:
                if _is_alone(tree, step):
                    continue
                break
            if key and depth == len(path) and isinstance(tree, MappingTree):
                return self._span(tree.keys_at[str(step)])
            tree = below
        return self._span(_place_of(tree))

    def expression_span(self, path: NodePath, start: int, end: int) -> Span:
        r"""Where the characters `start` to `end` (exclusive) of the text at `path` stand in the file.

        Offsets count characters of the value as read, whatever its style in the file: plain, quoted,
        literal or folded, on one line or many. Where there is no text at `path`, it is the span of
        `path`.

        >>> from salesctrl.diagnostics import Diagnostics
        >>> from salesctrl.policy.reader import read_text
        >>> [document] = read_text("when: >-\n  amount\n  > limit\n", "rules.yaml", Diagnostics())
        >>> document.data["when"][9:14]
        'limit'
        >>> print(document.expression_span(("when",), 9, 14))
        rules.yaml:3:5
        """
        value, at = self._text_at(path)
        # Folding and indentation change white space and nothing else, so the n-th other character
        # of the value is the n-th other character written.
        written = _written(self.text[start_of(at) : end_of(at)])
        if not written or len(written) != _solid(value):
            return self.span(path)
        start = max(start, 0)
        before = _solid(value[:start])
        until = _solid(value[: max(end, 0)])
        offset = start_of(at)
        if until > before:
            return self.lines.span(offset + written[before][0], offset + written[until - 1][1])
        if before == 0 or (before < len(written) and value[start] not in _SPACE):
            point = offset + written[before][0]
        else:
            point = offset + written[before - 1][1]
        return self.lines.span(point, point)

    def _text_at(self, path: NodePath) -> tuple[str, int]:
        """The text at a path and its place; an empty text if there is none."""
        value: Any = self.data
        tree = self.root
        for step in path:
            below = _child(tree, step)
            if below is None and _is_alone(tree, step):
                continue
            if below is None:
                return "", 0
            tree, value = below, value[step]
        return (value, tree) if isinstance(value, str) and isinstance(tree, int) else ("", 0)

    def _span(self, at: int) -> Span:
        start, end = start_of(at), end_of(at)
        # Block scalars, and blocks that end with one, take the line breaks after them with them.
        return self.lines.span(start, start + len(self.text[start:end].rstrip()))


_SPACE = " \t\r\n"
_CHARACTER = re.compile(r"[^ \t\r\n]")
_SINGLE_QUOTED_CHARACTER = re.compile(r"''|[^ \t\r\n]")
_DOUBLE_QUOTED_CHARACTER = re.compile(r"\\(?:x(?P<x>.{2})|u(?P<u>.{4})|U(?P<U>.{8})|\r\n|[\s\S])|[^ \t\r\n]")
_ESCAPED_SPACE = frozenset({r"\ ", "\\\t", r"\t", r"\n", r"\r", "\\\n", "\\\r", "\\\r\n"})


def _solid(value: str) -> int:
    """How many characters of a value are not white space, as folding understands it."""
    return len(value) - sum(value.count(space) for space in _SPACE)


def _written(raw: str) -> list[tuple[int, int]]:
    """The offsets of each character that is not white space, in a scalar as it is written."""
    style = raw[:1]
    if style == '"':
        quoted = _DOUBLE_QUOTED_CHARACTER.finditer(raw, 1, len(raw) - 1)
        return [found.span() for found in quoted if not _is_escaped_space(found)]
    if style == "'":
        return [found.span() for found in _SINGLE_QUOTED_CHARACTER.finditer(raw, 1, len(raw) - 1)]
    start = 0
    if style == "|" or style == ">":
        header = LINE_BREAK.search(raw)
        start = header.end() if header else len(raw)
    return [found.span() for found in _CHARACTER.finditer(raw, start)]


def _is_escaped_space(found: re.Match[str]) -> bool:
    code = found["x"] or found["u"] or found["U"]
    return chr(int(code, 16)) in _SPACE if code else found[0] in _ESCAPED_SPACE
