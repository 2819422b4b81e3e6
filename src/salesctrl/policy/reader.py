"""The private YAML reader: texts and their places, and nothing that could surprise.

YAML 1.1 reads `no` as false, `1:30` as 90 and `0.10` as a binary float. Here every scalar is its
text, but for a plain `true`, `false`, `null`, `~` and nothing at all. What could mislead a reader of
the file, or exhaust the machine, is refused with a place and a remedy:

==== ===================================================================================
E100 the file cannot be opened
E101 not YAML (quotes, brackets, indentation, tabs; aliases without their anchor)
E102 a key written twice in one mapping
E103 a tag (`!!python/object`, `!anything`)
E104 a merge key (`<<`)
E105 nested more than 40 deep
E106 a file over 8 MiB, or over 1,000,000 values once its aliases are expanded
E107 an alias inside the value that it repeats
E108 a key that is not a text
E109 bytes that are not UTF-8
E110 characters that cannot be seen, or that reorder what is seen
==== ===================================================================================

How it works: libyaml's events (from PyYAML's parser in Python where libyaml is missing) become plain
data and a parallel tree of places in one loop without recursion. That is cheaper than to have
PyYAML compose its nodes, and nothing in it can overflow a stack.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Protocol

import yaml
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner

from salesctrl.diagnostics import Diagnostics, Note, Span, quoted
from salesctrl.policy.source import (
    PLACE_BITS,
    Lines,
    MappingTree,
    NodePath,
    SequenceTree,
    SourceDocument,
    Tree,
    end_of,
    place,
    start_of,
)
from salesctrl.policy.syntax_help import advise

__all__ = [
    "MAX_BYTES",
    "MAX_DEPTH",
    "MAX_NODES",
    "NodePath",
    "SourceDocument",
    "read_file",
    "read_text",
]

MAX_BYTES = 8 * 1024 * 1024
MAX_NODES = 1_000_000
MAX_DEPTH = 40
MAX_REPORTED = 100  # problems of one file; more of them help nobody

_BOM = "\ufeff"
_PLAIN: dict[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}

# Controls, the soft hyphen, zero-width and direction-changing characters, line separators that
# YAML and editors count differently, surrogates, non-characters, and invisible tag characters.
# (The zero-width joiners may stay: scripts and emoji need them.)
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069"
    "\ud800-\udfff\ufeff\ufffe\uffff\U000e0000-\U000e007f]"
)
_DOCUMENT_START = re.compile(r"(?<![^\r\n])---(?=[ \t\r\n]|\Z)")
_PROPERTY = re.compile(r"&[\w-]+|!<[^>\r\n]*>|![^\s,\[\]{}]*")
_GAP = re.compile(r"[ \t\r\n]*(?:#[^\r\n]*[ \t\r\n]*)*")


def read_file(
    path: Path | str, diagnostics: Diagnostics | None = None, *, file: str | None = None
) -> list[SourceDocument]:
    """Read a YAML file. Spans name it `file`, or else as `path` is given, with forward slashes.

    With `diagnostics`, what is wrong is added there, as by `read_text`.

    Raises:
        PolicyError: without `diagnostics`, if anything is wrong; it holds all of it.
    """
    found = Diagnostics() if diagnostics is None else diagnostics
    name = Path(path).as_posix() if file is None else file
    text = _text_of(Path(path), name, found)
    documents = [] if text is None else read_text(text, name, found)
    if diagnostics is None:
        found.raise_if_errors()
    return documents


def read_text(text: str, file: str, diagnostics: Diagnostics) -> list[SourceDocument]:
    r"""Read YAML text: one `SourceDocument` for each document in it. Never raises for what it holds.

    What is wrong is added to `diagnostics`, as errors, which name the text `file`; all of it, as far
    as the text can be made out. A document of which a part is refused is still returned, without that
    part (of two equal keys the first counts), so that later checks can report what else is wrong with
    it; one that cannot be followed at all is left out. Whoever acts on the data asks
    `diagnostics.has_errors` first.

    >>> found = Diagnostics()
    >>> [document] = read_text("limit: 0.10\nholiday: no\nlimit: 0.20\n", "rules.yaml", found)
    >>> document.data
    {'limit': '0.10', 'holiday': 'no'}
    >>> print(found.render())
    error[E102]: the key `limit` is written twice
     --> rules.yaml:3:1
      |
    3 | limit: 0.20
      | ^^^^^
      = help: delete one of the two, or give it its own name
    note: first written here
     --> rules.yaml:1:1
      |
    1 | limit: 0.10
      | -----
    """
    reading = _Reading(file, text.removeprefix(_BOM), diagnostics)
    reading.run()
    return reading.documents


def _text_of(path: Path, file: str, diagnostics: Diagnostics) -> str | None:
    """The text of a file, or None if it has none to give, which is then reported."""
    top = Span(file, 1, 1, 1, 1)
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 4)  # one more than may be there, after a byte order mark
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        diagnostics.error("E100", f"the file cannot be read: {reason}", top, "check its name and its rights")
        return None
    content = content.removeprefix(_BOM.encode())
    if len(content) > MAX_BYTES:
        diagnostics.error("E106", _TOO_LARGE, top, _SPLIT)
        return None
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        before = content[: error.start].decode()
        span = Lines(file, before + " ").span(len(before), len(before) + 1)
        diagnostics.sources[file] = content.decode(errors="replace")
        message = f"expected UTF-8 but got the byte 0x{content[error.start]:02X}"
        diagnostics.error("E109", message, span, _encoding_help(content))
        return None


def _encoding_help(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "it looks like UTF-16: save the file as UTF-8"
    try:
        content.decode("gb18030")
    except UnicodeDecodeError:
        return "save the file as UTF-8"
    return "it may be GBK or GB18030: save the file as UTF-8"


_TOO_LARGE = "the file is larger than 8 MiB"
_SPLIT = "split it into several files"


class _PureParser(Reader, Scanner, Parser):
    """PyYAML's parser in Python, for where libyaml is missing."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)


class _EventSource(Protocol):
    def get_event(self) -> Any: ...


_new_parser: Callable[[str], _EventSource]
try:
    from yaml._yaml import CParser
except ImportError:
    _new_parser = _PureParser
else:
    _new_parser = CParser


class _State(Enum):
    """What comes next in the collection at hand. A text instead: the value of that key."""

    ITEM = "an item of a list"
    KEY = "a key of a mapping"
    DROPPED = "the value of a key that was refused"


class _Unreadable(Exception):
    """The document at hand cannot be followed further; `offset` is how far the file was read."""

    def __init__(self, offset: int) -> None:
        self.offset = offset


class _Exhausted(Exception):
    """The file holds too much to be read on."""


@dataclass(slots=True)
class _Anchor:
    """A value that aliases may repeat; `size` counts its nodes, and is 0 until it is complete."""

    at: int
    data: object = None
    tree: Tree = 0
    size: int = 0
    height: int = 0


class _Reading:
    """The reading of one file."""

    def __init__(self, file: str, text: str, diagnostics: Diagnostics) -> None:
        self.lines = Lines(file, text)
        self.diagnostics = diagnostics
        diagnostics.sources[file] = text
        self.documents: list[SourceDocument] = []
        self.reported = 0
        self.nodes = 0  # of the file, with aliases expanded
        self.part = ""  # the text that the parser is given
        self.base = 0  # where in the file it starts
        self.anchors: dict[str, _Anchor] = {}  # of the document at hand
        self.broken = False  # whether its data cannot be told

    def run(self) -> None:
        """Read all documents; after one that cannot be followed, go on at the next `---`."""
        text = self.lines.text
        if len(text) > MAX_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
            self.error("E106", _TOO_LARGE, 0, _SPLIT)
            return
        text = self.without_forbidden(text)
        while self.reported < MAX_REPORTED:
            self.part = text[self.base :]
            try:
                self.read_part()
                return
            except _Unreadable as stopped:
                following = _DOCUMENT_START.search(text, max(stopped.offset, self.base + 1))
            except _Exhausted:
                return
            if following is None:
                return
            self.base = following.start()

    def error(self, code: str, message: str, at: int, help_: str, notes: Iterable[Note] = ()) -> None:
        """Report an error at a place of the file."""
        self.reported += 1
        if self.reported > MAX_REPORTED:
            return
        if self.reported == MAX_REPORTED:
            notes = (*notes, ("what else is wrong with this file is not reported", None))
        self.diagnostics.error(code, message, self.span(at), help_, notes)

    def without_forbidden(self, text: str) -> str:
        """Report characters that may not be there, and give the text with a space for each."""
        if _FORBIDDEN.search(text) is None:
            return text
        for found in _FORBIDDEN.finditer(text):
            if self.reported >= MAX_REPORTED:
                break
            message = f"the character {_character_name(found[0])} is not allowed"
            self.error(
                "E110", message, place(*found.span()), "delete it: it makes a text look other than it is"
            )
        return _FORBIDDEN.sub(" ", text)

    def read_part(self) -> None:
        """Read the documents of `part`."""
        try:
            self.build(_new_parser(self.part).get_event)
        except yaml.MarkedYAMLError as error:
            raise _Unreadable(self.syntax_error(error)) from None
        except (yaml.YAMLError, ValueError, OverflowError) as error:
            # PyYAML's parser in Python takes "\\UFFFFFFFF" for a character until it makes one of it.
            self.error("E101", f"not YAML: {error}", place(self.base, self.base), "check the escapes")
            raise _Unreadable(self.base) from None

    def build(self, next_event: Callable[[], Any]) -> None:
        """Turn events into data and places, document by document.

        One loop with its own stack: what it reads may be hostile, and most of the time of reading goes
        here. `data` and `tree` are the collection at hand; a document's root is the item of a list.
        """
        base = self.base
        shift = place(base, base)
        stack: list[tuple[Any, Any, str | _State, int, int, str | None]] = []
        data: Any = []
        tree: Any = SequenceTree()
        state: str | _State = _State.ITEM
        height = 0  # of the highest collection inside the one at hand
        ended = 0  # where the content read so far ends
        child: Any
        child_tree: Any
        while True:
            event = next_event()
            kind = type(event)
            if kind is ScalarEvent:
                child, style = event.value, event.style
                ended = event.end_mark.index
                child_tree = (event.start_mark.index << PLACE_BITS | ended) + shift
                if event.tag is not None or event.anchor is not None:
                    child_tree = self.properties(event)
                if style == '"':
                    self.check_escapes(child, child_tree)
                elif not style and state is not _State.KEY and child in _PLAIN:
                    child = _PLAIN[child]
                if event.anchor is not None:
                    # Where a plain `true` is a key it is text, but not where an alias repeats it as a value.
                    value = child if style else _PLAIN.get(child, child)
                    self.complete(event.anchor, value, child_tree, 1, 0)
                self.nodes += 1
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                child, child_tree = ({}, MappingTree()) if kind is MappingStartEvent else ([], SequenceTree())
                child_tree.place = (event.start_mark.index << PLACE_BITS | event.end_mark.index) + shift
                if event.tag is not None or event.anchor is not None:
                    child_tree.place = self.properties(event)
                if len(stack) >= MAX_DEPTH:
                    self.too_deep(child_tree.place)
                    raise _Unreadable(start_of(child_tree.place))
                nodes_before = self.nodes
                self.nodes += 1
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                if event.end_mark.index > event.start_mark.index:
                    ended = event.end_mark.index  # a bracket; a block ends where its last part does
                tree.place = place(start_of(tree.place), base + ended)
                done, done_tree, done_height = data, tree, height + 1
                data, tree, state, height, nodes_before, anchor = stack.pop()
                height = max(height, done_height)
                if anchor is not None:
                    self.complete(anchor, done, done_tree, self.nodes - nodes_before, done_height)
                continue
            elif kind is AliasEvent:
                ended = event.end_mark.index
                known = self.alias(event, len(stack))
                child, child_tree = known.data, known.tree
                height = max(height, known.height)
            else:
                if kind is DocumentStartEvent:
                    data, tree, self.anchors, self.broken = [], SequenceTree(), {}, False
                elif kind is DocumentEndEvent and not self.broken:
                    self.documents.append(SourceDocument(data[0], tree[0], self.lines))
                elif kind is StreamEndEvent:
                    return
                continue

            if self.nodes > MAX_NODES:
                self.too_many(event)
            if state is _State.ITEM:
                data.append(child)
                tree.append(child_tree)
            elif state is _State.KEY:
                if kind is ScalarEvent and child not in tree.keys_at and child not in _ODD_KEYS:
                    tree.keys_at[child] = child_tree
                    state = child
                else:
                    state = self.odd_key(event, child, tree)
            else:
                if state is not _State.DROPPED:
                    data[state] = child
                    tree[state] = child_tree
                state = _State.KEY

            if kind is MappingStartEvent:
                stack.append((data, tree, state, height, nodes_before, event.anchor))
                data, tree, state, height = child, child_tree, _State.KEY, 0
            elif kind is SequenceStartEvent:
                stack.append((data, tree, state, height, nodes_before, event.anchor))
                data, tree, state, height = child, child_tree, _State.ITEM, 0

    def odd_key(self, event: Any, child: object, tree: MappingTree) -> str | _State:
        """Take or refuse a key that is not simply a new text."""
        at = self.at(event)
        if not isinstance(child, str):
            kinds = {MappingStartEvent: "a mapping", SequenceStartEvent: "a list"}
            got = kinds.get(type(event), "an alias of something else")
            message = f"expected a text as the key but got {got}"
            self.error("E108", message, at, "put a text that starts with `{` or `[` in quotes")
            return _State.DROPPED
        plain = isinstance(event, ScalarEvent) and not event.style
        if plain and child == "":
            self.error("E108", "expected a key before the `:` but got nothing", at, "write `key: value`")
            return _State.DROPPED
        if plain and child == "<<":
            help_ = "repeat the keys here, or put values that differ by company in an overlay"
            self.error("E104", "the merge key `<<` is not allowed", at, help_)
            return _State.DROPPED
        if child in tree.keys_at:
            first = tree.keys_at[child]
            note = ("first written here", self.span(first))
            help_ = "delete one of the two, or give it its own name"
            self.error("E102", f"the key {quoted(child)} is written twice", at, help_, (note,))
            return _State.DROPPED
        tree.keys_at[child] = at
        return child

    def properties(self, event: Any) -> int:
        """The place of a node without its tag, which is refused, and its anchor, which is noted."""
        whole = self.at(event)
        offset, end = event.start_mark.index, event.end_mark.index
        while offset < end and (found := _PROPERTY.match(self.part, offset)):
            if found[0].startswith("!"):
                at = place(self.base + found.start(), self.base + found.end())
                help_ = "delete it; put a text that starts with `!` in quotes"
                self.error("E103", f"the tag {quoted(found[0])} is not allowed", at, help_)
            gap = _GAP.match(self.part, found.end())
            offset = found.end() if gap is None else gap.end()
        if event.anchor is not None:
            known = self.anchors.get(event.anchor)
            if known is not None:
                self.broken = True
                note = ("first written here", self.span(known.at))
                message = f"the anchor `&{event.anchor}` is written twice"
                self.error("E101", message, whole, "give each anchor of a document its own name", (note,))
            self.anchors[event.anchor] = _Anchor(whole)
        return place(self.base + min(offset, end), end_of(whole))

    def complete(self, anchor: str, data: object, tree: Tree, size: int, height: int) -> None:
        """Note what an anchor names, once that has been read."""
        self.anchors[anchor] = _Anchor(self.anchors[anchor].at, data, tree, size, height)

    def alias(self, event: Any, depth: int) -> _Anchor:
        """What an alias repeats, counted as if it were written out; nothing if that is refused."""
        at = self.at(event)
        nothing = _Anchor(at, tree=at)
        known = self.anchors.get(event.anchor)
        if known is None:
            self.broken = True
            message = f"the alias `*{event.anchor}` has no anchor `&{event.anchor}` before it"
            self.error("E101", message, at, "put a text that starts with `*` in quotes")
            return nothing
        if known.size == 0:
            self.broken = True
            note = ("it is this value", self.span(known.at))
            message = f"the alias `*{event.anchor}` stands inside the value that it repeats"
            self.error("E107", message, at, "write out what is meant", (note,))
            return nothing
        self.nodes += known.size
        if depth + known.height > MAX_DEPTH:
            self.broken = True
            self.too_deep(at)
            return nothing
        return known

    def check_escapes(self, value: str, at: int) -> None:
        """Refuse characters that the text may not hold when escapes bring them in."""
        found = _FORBIDDEN.search(value)
        if found is not None:
            message = f"an escape gives the character {_character_name(found[0])}, which is not allowed"
            self.error("E110", message, at, "delete it: it makes a text look other than it is")

    def too_deep(self, at: int) -> None:
        self.error("E105", f"nested more than {MAX_DEPTH} deep", at, "nest less deeply")

    def too_many(self, event: Any) -> None:
        message = f"more than {MAX_NODES:,} values once aliases are written out"
        self.error("E106", message, self.at(event), _SPLIT)
        raise _Exhausted

    def syntax_error(self, error: yaml.MarkedYAMLError) -> int:
        """Report what the parser says, in the words of the field; gives the offset where it stopped."""
        part = self.part
        length = len(part.rstrip())
        mark = error.problem_mark or error.context_mark
        reached: int = mark.index if mark else 0
        stopped = min(reached, length)
        line_start = max(part.rfind("\n", 0, stopped), part.rfind("\r", 0, stopped)) + 1
        before = part[line_start:stopped].rstrip()
        at_end = _DOCUMENT_START.match(part, stopped) is not None
        advice = advise(
            error.problem or "",
            error.context or "",
            before[-1:],
            "" if at_end else part[stopped : stopped + 1],
        )
        start = min(error.context_mark.index, length) if advice.at_context and error.context_mark else stopped
        notes: list[Note] = []
        if start < line_start:
            notes.append(("read as far as here", self.span(self.character(stopped))))
        self.error(advice.code, advice.message, self.character(start), advice.help, notes)
        return self.base + reached

    def at(self, event: Any) -> int:
        """The place of an event in the file."""
        return place(self.base + event.start_mark.index, self.base + event.end_mark.index)

    def character(self, offset: int) -> int:
        """The place of one character of the part; of none at the end of a line."""
        ends_line = self.part[offset : offset + 1] in {"", "\r", "\n"}
        return place(self.base + offset, self.base + offset + (not ends_line))

    def span(self, at: int) -> Span:
        """The span of a place."""
        return self.lines.span(start_of(at), end_of(at))


_ODD_KEYS = frozenset({"", "<<"})


def _character_name(character: str) -> str:
    """How a character is called, for one that cannot be shown."""
    name = unicodedata.name(character, "").lower()
    return f"U+{ord(character):04X}" + (f" ({name})" if name else "")
