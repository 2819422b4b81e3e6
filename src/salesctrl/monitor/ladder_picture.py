"""Pictures of ladders: as SVG that needs nothing else, and as Mermaid.

The states stand below one another in the order written. A transition to the next state is an arrow between
the two; all others run beside the states, forward ones on the right, those back up on the left: from each of
their states to a line of their own, and on it to the state they lead to, where their words are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from unicodedata import east_asian_width

from salesctrl.compile.cases import CheckedLadder, Transition
from salesctrl.compile.plan import CheckedSet
from salesctrl.monitor.ladder_labels import Label, Labels, Lang
from salesctrl.monitor.ladder_stage import Stage

_WIDE, _NARROW = 1.0, 0.56
_FONT = 13
_SMALL = 11
_LINE = 17
_LEAST_BOX = 190
_MOST_LABEL = 300
_TAP = 16
"""Height of a place at a box where a line leaves it; one that comes in has words, and is higher."""
_LANE = 16
_MARGIN = 20

_STYLE = (
    "text{font-family:system-ui,-apple-system,'Segoe UI','Noto Sans','PingFang SC','Microsoft YaHei',"
    "'Noto Sans CJK SC',sans-serif;font-size:13px;fill:#1f2328}"
    ".small{font-size:11px;fill:#59636e}.head{font-size:16px;font-weight:600}"
    ".box{fill:#f6f8fa;stroke:#8c959f}.been{fill:#ddf4ff;stroke:#0969da}"
    ".now{fill:#0969da;stroke:#0550ae;stroke-width:2}.now-text{fill:#fff;font-weight:600}"
    ".now-small{font-size:11px;fill:#ddf4ff}.late{font-size:11px;fill:#b42318;font-weight:600}"
    ".now-late{font-size:11px;fill:#ffd8d3;font-weight:600}"
    ".way{fill:none;stroke:#8c959f;stroke-width:1.4}.gone{fill:none;stroke:#0969da;stroke-width:2.4}"
    ".held{fill:none;stroke:#b42318;stroke-width:1.8;stroke-dasharray:6 4}"
    ".under{fill:none;stroke:#fff;stroke-width:3}"
    ".halo{paint-order:stroke;stroke:#fff;stroke-width:4px;stroke-linejoin:round}"
)
_COLOURS = {"under": "#fff", "way": "#8c959f", "gone": "#0969da", "held": "#b42318"}


def ladder_svg(
    ladder: CheckedLadder, stage: Stage | None = None, lang: Lang = "en", *, checked: CheckedSet | None = None
) -> str:
    """A ladder as SVG.

    Args:
        ladder: The version of a ladder to draw.
        stage: Where a case stands on it: that state is marked, and so is the way there; a transition that is
            blocked now is dashed.
        lang: The language of the words.
        checked: The policy set, for the titles of activities, roles and documents, and for what transitions
            ask for; without it activities and roles are shown by their names.
    """
    return "\n".join(_Drawing(ladder, stage, lang, checked).lines()) + "\n"


def ladder_mermaid(
    ladder: CheckedLadder, stage: Stage | None = None, lang: Lang = "en", *, checked: CheckedSet | None = None
) -> str:
    """A ladder as a state diagram of Mermaid; the arguments are those of `ladder_svg`."""
    labels = Labels(ladder, lang, checked)
    names = {name: f"s{number}" for number, name in enumerate(ladder.states, 1)}
    lines = ["stateDiagram-v2"]
    lines += [f'    state "{_plain(labels.state(name))}" as {short}' for name, short in names.items()]
    lines.append(f"    [*] --> {names[ladder.first]} : {_plain(labels.begins())}")
    for step in ladder.transitions:
        head = _plain(labels.transition(step).head)
        lines += [f"    {names[source]} --> {names[step.target]} : {head}" for source in step.sources]
    lines += [f"    {names[name]} --> [*]" for name, state in ladder.states.items() if state.final]
    if stage is not None and stage.state in names:
        lines.append("    classDef now fill:#0969da,color:#fff,stroke:#0550ae")
        lines.append(f"    class {names[stage.state]} now")
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    """A text without what Mermaid takes for its own."""
    codes = {"#": "#35;", '"': "#quot;", ";": "#59;", ":": "#58;", "<": "#lt;", ">": "#gt;", "\n": " "}
    return "".join(codes.get(letter, letter) for letter in text)


# --- measures -------------------------------------------------------------------------------------------


def _width(text: str, size: int = _FONT) -> int:
    """About how wide a text is, in pixels."""
    ems = sum(_WIDE if east_asian_width(letter) in "WF" else _NARROW for letter in text)
    return round(ems * size)


def _wrapped(text: str, most: int, size: int) -> list[str]:
    """A text in lines of this width; a Chinese one may break anywhere, another between words."""
    lines, line = [], ""
    for piece in re.findall(r"[^\s\u2e80-\u9fff\uff00-\uffef]+\s*|.", text):
        if line and _width(line + piece.rstrip(), size) > most:
            lines.append(line.rstrip())
            line = ""
        line += piece
    return [*lines, line.rstrip()] if line.strip() else lines


@dataclass(slots=True)
class _Box:
    """A state: its lines, its place, and where ways come in and go out, on either side."""

    name: str
    title: str
    small: list[tuple[str, bool]]
    row: int
    y: int = 0
    height: int = 0
    ports: dict[tuple[int, str], int] | None = None


@dataclass(slots=True)
class _Way:
    """A transition as it is drawn: on one side (1 right, -1 left), or straight (0)."""

    step: Transition
    label: Label
    side: int
    rows: tuple[int, ...]
    target: int
    style: str
    lane: int = 0

    @property
    def head(self) -> str:
        """The first line of its words."""
        return _wrapped(self.label.head, _MOST_LABEL, _FONT)[0]

    @property
    def below(self) -> list[str]:
        """The smaller lines: what the first has no room for, and what it asks for."""
        rest = " ".join(_wrapped(self.label.head, _MOST_LABEL, _FONT)[1:])
        return [*_wrapped(rest, _MOST_LABEL, _SMALL), *_wrapped(self.label.below, _MOST_LABEL, _SMALL)]

    @property
    def span(self) -> tuple[int, int]:
        """The first and the last row that it touches."""
        return min(*self.rows, self.target), max(*self.rows, self.target)


class _Drawing:
    """Lays a ladder out, and writes it."""

    def __init__(self, ladder: CheckedLadder, stage: Stage | None, lang: Lang, checked: CheckedSet | None):
        self._ladder, self._stage, self._lang = ladder, stage, lang
        self._labels = Labels(ladder, lang, checked)
        self._rows = {name: row for row, name in enumerate(ladder.states)}
        self._boxes = [self._box(name) for name in ladder.states]
        steps = () if stage is None else stage.steps
        self._gone = {(step.transition, step.from_) for step in steps if step.has_moved}
        self._ways = [self._way(step) for step in ladder.transitions]
        self._straight: dict[int, list[_Way]] = {}
        for way in self._ways:
            if way.side == 0:
                self._straight.setdefault(way.target, []).append(way)
        self._lanes = {side: self._assign(side) for side in (1, -1)}
        widest = max(_width(box.title) for box in self._boxes)
        widest = max([widest, *(_width(text, _SMALL) for box in self._boxes for text, _ in box.small)])
        self._box_width = max(_LEAST_BOX, widest + 36)
        self._label_width = {side: self._widest(side) for side in (1, -1)}
        self._left = _MARGIN + self._beside(-1)
        self._place()

    # -- what there is -------------------------------------------------------------------------------

    def _box(self, name: str) -> _Box:
        small = [(text, False) for text in self._labels.due(name)]
        if self._stage is not None and self._stage.state == name:
            late = [due.is_overdue for due in self._stage.due]
            said = "，已逾期" if self._lang == "zh" else ", overdue"
            small = [(text + said * is_late, is_late) for (text, _), is_late in zip(small, late, strict=True)]
            since = f"自{self._stage.entered}起" if self._lang == "zh" else f"since {self._stage.entered}"
            small.insert(0, (since, False))
        return _Box(name, self._labels.state(name), small, self._rows[name])

    def _way(self, step: Transition) -> _Way:
        rows = tuple(sorted({self._rows[source] for source in step.sources}))
        target = self._rows[step.target]
        if rows == (target - 1,):
            side = 0
        else:
            side = -1 if min(rows) >= target else 1
        return _Way(step, self._labels.transition(step), side, rows, target, self._style(step))

    def _style(self, step: Transition) -> str:
        if self._stage is None:
            return "way"
        if any(one.transition == step.id and one.has_moved for one in self._stage.steps):
            return "gone"
        last = [one for one in self._stage.steps if one.kind != "out_of_order"][-1:]
        is_held = any(one.transition == step.id and one.kind == "blocked" for one in last)
        return "held" if is_held else "way"

    def _assign(self, side: int) -> int:
        """Give the ways of a side lanes, short ones near the boxes; the number of lanes."""
        taken: list[list[tuple[int, int]]] = []
        ways = [way for way in self._ways if way.side == side]
        for way in sorted(ways, key=lambda w: w.span[1] - w.span[0]):
            first, last = way.span
            free = [all(last < a or first > b for a, b in spans) for spans in taken]
            way.lane = free.index(True) if True in free else len(taken)
            taken[way.lane : way.lane + 1] = [[*(taken[way.lane] if True in free else ()), (first, last)]]
        return len(taken)

    def _widest(self, side: int) -> int:
        """The width of the words beside the boxes; those between two boxes may reach as far on the right."""
        widths = [0]
        for way in self._ways:
            if way.side == side:
                widths.append(self._words_width(way))
            elif way.side == 0 and side == 1:
                widths.append(self._words_width(way) - self._box_width // 2)
        return max(widths)

    def _words_width(self, way: _Way) -> int:
        below = [_width(line, _SMALL) for line in way.below]
        return max(_width(way.head), *below, 0)

    def _beside(self, side: int) -> int:
        """The room that the ways of a side take."""
        lanes = self._lanes[side]
        return self._label_width[side] + 24 + lanes * _LANE if lanes else 0

    # -- places ------------------------------------------------------------------------------------------

    def _place(self) -> None:
        y = _MARGIN + 36 + 44
        for box in self._boxes:
            above = self._straight.get(box.row, [])
            if box.row:
                lines = sum(1 + len(way.below) for way in above)
                y += max(34, lines * (_LINE - 1) + 22)
            box.y = y
            text = 22 + _LINE * len(box.small)
            sides = [self._ports(box, side) for side in (1, -1)]
            box.height = max(text + 18, *sides)
            y += box.height
        self._bottom = y

    def _ports(self, box: _Box, side: int) -> int:
        """Set where ways of a side meet a box: what comes in above what goes out; the height they need."""
        places = box.ports = box.ports or {}
        y = 8
        for way in self._ways:
            if way.side == side and way.target == box.row:
                y += _LINE
                places[side, f"in {way.step.id}"] = y
                y += 6 + (_LINE - 3) * len(way.below)
        for way in self._ways:
            if way.side == side and box.row in way.rows:
                y += _TAP
                places[side, f"out {way.step.id}"] = y
        return y + 12 if y > 8 else 0

    def _port(self, row: int, side: int, name: str) -> int:
        box = self._boxes[row]
        assert box.ports is not None
        return box.y + box.ports[side, name]

    # -- writing -------------------------------------------------------------------------------------------

    def lines(self) -> Iterator[str]:
        """The lines of the SVG."""
        title = self._labels.title()
        width = self._left + self._box_width + self._beside(1) + _MARGIN
        for way in self._ways:
            if way.side == 0:
                reach = self._box_width // 2 + 14 + self._words_width(way)
                width = max(width, self._left + reach + _MARGIN)
        under = self._under()
        width = max(width, _MARGIN * 2 + _width(title, 16), _MARGIN * 2 + _width(under, _SMALL))
        height = self._bottom + _MARGIN
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
            f'height="{height}" role="img" aria-label="{escape(title)}" lang="{self._lang}">'
        )
        yield f"<style>{_STYLE}</style>"
        yield "<defs>"
        for style, colour in _COLOURS.items():
            yield (
                f'<marker id="to-{style}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="11" '
                'markerHeight="11" markerUnits="userSpaceOnUse" orient="auto">'
                f'<path d="M0 0L10 5L0 10z" fill="{colour}"/></marker>'
            )
        yield "</defs>"
        yield f'<rect width="{width}" height="{height}" fill="#fff"/>'
        yield _text(_MARGIN, _MARGIN + 14, title, "head")
        if under:
            yield _text(_MARGIN, _MARGIN + 32, under, "small")
        yield from self._beginning()
        for way in sorted(self._ways, key=lambda one: one.style != "way"):
            if way.side:
                yield from self._beside_way(way)
        for row, ways in self._straight.items():
            yield from self._straight_ways(row, ways)
        for box in self._boxes:
            yield from self._drawn(box)
        for way in self._ways:
            if way.side:
                yield from self._beside_words(way)
        yield "</svg>"

    def _under(self) -> str:
        stage = self._stage
        if stage is None:
            return ""
        case = "/".join(stage.group)
        return f"{case}，截至{stage.as_of}" if self._lang == "zh" else f"{case}, as of {stage.as_of}"

    def _beginning(self) -> Iterator[str]:
        x, y = self._left + self._box_width // 2, self._boxes[0].y
        style = "gone" if self._stage is not None and self._stage.state is not None else "way"
        yield f'<circle cx="{x}" cy="{y - 38}" r="5" fill="{_COLOURS[style]}"/>'
        yield _line(f"M{x} {y - 34}V{y - 1}", style)
        yield _text(x + 14, y - 26, self._labels.begins(), "")

    def _straight_ways(self, row: int, ways: Sequence[_Way]) -> Iterator[str]:
        """The arrow between two boxes, with the words of all transitions that it is."""
        above, box = self._boxes[row - 1], self._boxes[row]
        styles = {way.style for way in ways}
        style = next(style for style in ("gone", "held", "way") if style in styles)
        x = self._left + self._box_width // 2
        yield _line(f"M{x} {above.y + above.height}V{box.y - 1}", style)
        y = above.y + above.height + _LINE
        for way in ways:
            yield _text(x + 14, y, way.head, "")
            for line in way.below:
                y += _LINE - 2
                yield _text(x + 14, y, line, "small")
            y += _LINE

    def _beside_way(self, way: _Way) -> Iterator[str]:
        """A line from the farthest states to the one it leads to, and shorter ones that run into it."""
        starts = {row: self._port(row, way.side, f"out {way.step.id}") for row in way.rows}
        end = self._port(way.target, way.side, f"in {way.step.id}")
        above, below = [y for y in starts.values() if y < end], [y for y in starts.values() if y > end]
        outer = {*([min(above)] if above else ()), *([max(below)] if below else ())}
        for y in starts.values():
            yield self._path(way, y, end if y in outer else None, "way")
        for row, y in starts.items():
            name = self._boxes[row].name
            if (way.step.id, name) in self._gone:
                yield self._path(way, y, end, "gone")
            elif way.style == "held" and self._stage is not None and name == self._stage.state:
                yield self._path(way, y, end, "under")
                yield self._path(way, y, end, "held")

    def _path(self, way: _Way, start: int, end: int | None, style: str) -> str:
        """The line from a height to another; without one, only to the line of the way, with a dot there."""
        edge = self._left + (self._box_width if way.side > 0 else 0)
        lane = edge + way.side * (self._label_width[way.side] + 30 + way.lane * _LANE)
        if end is None:
            dot = f'<circle cx="{lane}" cy="{start}" r="3" fill="{_COLOURS[style]}"/>'
            return f'<path class="{style}" d="M{edge} {start}H{lane}"/>{dot}'
        turn, near = 6 if start < end else -6, lane - way.side * 6
        return _line(
            f"M{edge} {start}H{near}Q{lane} {start} {lane} {start + turn}V{end - turn}"
            f"Q{lane} {end} {near} {end}H{edge + way.side}",
            style,
        )

    def _beside_words(self, way: _Way) -> Iterator[str]:
        edge = self._left + (self._box_width if way.side > 0 else 0)
        y = self._port(way.target, way.side, f"in {way.step.id}")
        x, anchor = edge + way.side * 14, "start" if way.side > 0 else "end"
        yield _text(x, y - 5, way.head, "halo", anchor)
        for number, line in enumerate(way.below, 1):
            yield _text(x, y + number * (_LINE - 3) - 1, line, "small halo", anchor)

    def _drawn(self, box: _Box) -> Iterator[str]:
        stage = self._stage
        is_now = stage is not None and stage.state == box.name
        been = stage is not None and any(box.name in (s.to, s.from_) for s in stage.steps if s.has_moved)
        style = "now" if is_now else "been" if been else "box"
        x, width = self._left, self._box_width
        yield _rect(x, box.y, width, box.height, style)
        if self._ladder.states[box.name].final:
            yield _rect(x + 4, box.y + 4, width - 8, box.height - 8, style)
        middle = x + width // 2
        y = box.y + (box.height - _LINE * len(box.small)) // 2 + 5
        yield _text(middle, y, box.title, "now-text" if is_now else "", "middle")
        for text, is_late in box.small:
            y += _LINE
            style = ("now-late" if is_now else "late") if is_late else ("now-small" if is_now else "small")
            yield _text(middle, y, text, style, "middle")


def _text(x: int, y: int, words: str, style: str, anchor: str = "start") -> str:
    at = f' text-anchor="{anchor}"' if anchor != "start" else ""
    of = f' class="{style}"' if style else ""
    return f'<text x="{x}" y="{y}"{of}{at}>{escape(words)}</text>'


def _line(path: str, style: str) -> str:
    return f'<path class="{style}" d="{path}" marker-end="url(#to-{style})"/>'


def _rect(x: int, y: int, width: int, height: int, style: str) -> str:
    return f'<rect class="{style}" x="{x}" y="{y}" width="{width}" height="{height}" rx="8"/>'
