"""The matrix as a picture in SVG: no script, no font of its own, the same bytes on any machine."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from html import escape

from salesctrl.batch.summary import Language
from salesctrl.monitor.segregation.matrix import Cell, Matrix
from salesctrl.monitor.segregation.words import say

CELL, MARGIN, TOP, GAP = 30, 18, 70, 10
MOST_ROWS = 40
"""So many persons are shown, those with most conflicts first."""

_STYLE = (
    "text{font:13px system-ui,-apple-system,'Segoe UI','Noto Sans','PingFang SC','Microsoft YaHei',"
    "'Noto Sans CJK SC',sans-serif;fill:#1f2937}.t{font-size:16px;font-weight:600}.s{fill:#4b5563}"
    ".n{font-weight:700;text-anchor:middle}.r{text-anchor:end}"
    ".ok{fill:#fff;stroke:#e3e8ee}.no{fill:#d6e0ec;stroke:#b4c3d4}.bad{fill:#b3261e;stroke:#8c1d18}"
    ".may{fill:#f2c14e;stroke:#b98a12}.ask{fill:#cdb7e3;stroke:#8e6bb5}.w{fill:#fff}"
)
_LEGEND = {
    "bad": "key_conflict", "both": "key_both", "may": "key_waived", "ask": "key_unjudged", "no": "key_stated",
    "ok": "key_compatible",
}  # fmt: skip
_CORNER = '<path class="may" d="M{x} {y}h9.5v9.5z"/>'
"""Says that others are waived besides."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of the picture: its elements, and where they end."""

    elements: tuple[str, ...]
    right: int
    bottom: int


def to_svg(matrix: Matrix, as_of: date, lang: Language, rejected: int = 0) -> str:
    """Draw a matrix; ``rejected`` are the rows that were not used for it.

    One of duties or roles is a triangle: names stand on its steps, above their columns, and before their
    rows. One of persons has the names of statements over it.
    """
    title = say("title", lang, date=as_of)
    counts = {
        "conflicts": sum(cell.conflicts for cell in matrix.cells.values()),
        "waived": sum(cell.waived for cell in matrix.cells.values()),
        "rejected": rejected,
    }
    lines = (title, f"{say(matrix.kind, lang)} · {counted(counts, lang)}")
    head = (
        f'<text class="t" x="{MARGIN}" y="30">{_text(lines[0])}</text>',
        f'<text class="s" x="{MARGIN}" y="51">{_text(lines[1])}</text>',
    )
    body = _triangle(matrix, lang) if matrix.square else _table(matrix, lang)
    most = max(body.right, _width(lines[1]) + MARGIN, 480)
    legend = _legend(matrix, body.bottom + 22, most, lang)
    width = max(body.right, legend.right, *(_width(line) + MARGIN for line in lines)) + MARGIN
    height = legend.bottom + MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" lang="{"zh-CN" if lang == "zh" else "en"}">'
        f"<title>{_text(title)}</title><style>{_STYLE}</style>"
        f'<rect x=".5" y=".5" width="{width - 1}" height="{height - 1}" rx="6" fill="#fff" stroke="#d0d7de"/>'
        f"{''.join((*head, *body.elements, *legend.elements))}</svg>\n"
    )


def counted(counts: Mapping[str, int], lang: Language) -> str:
    """How many findings there are of each sort; what there is none of is left out, but for conflicts."""
    said = [say(key, lang, count=f"{n:,}") for key, n in counts.items() if n or key == "conflicts"]
    return ("，" if lang == "zh" else ", ").join(said)


def _triangle(matrix: Matrix, lang: Language) -> _Part:
    names = [_short(matrix.titles[name]) for name in matrix.rows]
    if not names:
        return _empty(lang)
    diagonal = matrix.has_diagonal
    left = MARGIN + max(map(_width, names)) + GAP
    done: list[str] = []
    right = left
    top = TOP + (CELL if diagonal else 0)  # the name above the first column needs a place
    for row, name in enumerate(names):
        y = top + row * CELL
        across = range(row + 1 if diagonal else row)
        if len(across):
            done.append(_name(left - GAP, y, name, "r"))
        done += [
            _cell(matrix, row, column, left + column * CELL, y, names[row], names[column], lang)
            for column in across
        ]
        if diagonal or row < len(names) - 1:
            x = left + row * CELL
            done.append(_name(x + 4, y - CELL if diagonal else y, name, ""))
            right = max(right, x + 4 + _width(name))
    return _Part(tuple(done), right, top + len(names) * CELL)


def _table(matrix: Matrix, lang: Language) -> _Part:
    rows = matrix.rows[:MOST_ROWS]
    columns = [column for column in range(len(matrix.columns)) if any(c == column for _, c in matrix.cells)]
    if not rows:
        return _empty(lang)
    names = [_short(matrix.titles[name]) for name in rows]
    heads = [_short(matrix.titles[matrix.columns[column]]) for column in columns]
    left = MARGIN + max(map(_width, names)) + GAP
    rise = round(max(map(_width, heads)) * 0.71) + 16  # names of columns go up at 45 degrees
    top = TOP + rise
    done = [
        f'<text transform="translate({left + i * CELL + 17} {top - 8}) rotate(-45)">{_text(head)}</text>'
        for i, head in enumerate(heads)
    ]
    for row, name in enumerate(names):
        y = top + row * CELL
        done.append(_name(left - GAP, y, name, "r"))
        done += [
            _cell(matrix, row, column, left + i * CELL, y, name, heads[i], lang)
            for i, column in enumerate(columns)
        ]
    bottom = top + len(rows) * CELL
    if len(matrix.rows) > len(rows):
        bottom += CELL
        more = say("more", lang, count=f"{len(matrix.rows) - len(rows):,}")
        done.append(_name(left - GAP, bottom - CELL, more, "r s"))
    right = max(left + i * CELL + 17 + round(_width(head) * 0.71) + 10 for i, head in enumerate(heads))
    return _Part(tuple(done), max(right, left + len(columns) * CELL), bottom)


def _empty(lang: Language) -> _Part:
    text = say("nothing", lang)
    return _Part((_name(MARGIN, TOP, text, "s"),), MARGIN + _width(text), TOP + CELL)


def _name(x: int, y: int, text: str, look: str) -> str:
    classes = f' class="{look}"' if look else ""
    return f'<text{classes} x="{x}" y="{y + 20}">{_text(text)}</text>'


def _cell(
    matrix: Matrix, row: int, column: int, x: int, y: int, row_name: str, column_name: str, lang: Language
) -> str:
    cell = matrix.cells.get((row, column))
    look = "ok" if cell is None else _look(cell)
    inside = ""
    if cell is not None and look != "no":
        number = cell.conflicts or cell.waived or "?"
        if look == "both":
            inside = _CORNER.format(x=x + 18, y=y + 2.5)
        white = " w" if cell.conflicts else ""
        inside += f'<text class="n{white}" x="{x + 15}" y="{y + 20}">{_number(number)}</text>'
    said = f"{row_name} × {column_name}"
    if cell is not None:
        said += f": {', '.join(cell.statements)}; {_states(cell, lang)}"
    fill = "bad" if look == "both" else look
    box = f'<rect class="{fill}" x="{x + 1.5}" y="{y + 1.5}" width="27" height="27" rx="3"/>'
    return f"<g><title>{_text(said)}</title>{box}{inside}</g>"


def _look(cell: Cell) -> str:
    if cell.conflicts:
        return "both" if cell.waived else "bad"
    if cell.states["unjudged"]:
        return "ask"
    return "may" if cell.waived else "no"


def _states(cell: Cell, lang: Language) -> str:
    counts = {"conflicts": cell.conflicts, "waived": cell.waived, "unjudged": cell.states["unjudged"]}
    return counted(counts, lang)


def _number(number: int | str) -> str:
    """A number that fits into a cell."""
    return str(number) if isinstance(number, str) or number < 1000 else f"{number // 1000}k"


def _legend(matrix: Matrix, y: int, most: int, lang: Language) -> _Part:
    """What the colours that occur mean, in as many lines as it needs."""
    looks = {_look(cell) for cell in matrix.cells.values()}
    squares = len(matrix.rows) * (len(matrix.rows) - 1) // 2 if matrix.square else 0
    looks |= {"ok"} if not matrix.square or len(matrix.cells) < squares else set()
    done: list[str] = []
    x = right = MARGIN
    for look, key in _LEGEND.items():
        if look not in looks:
            continue
        text = say("key_none" if look == "ok" and not matrix.square else key, lang)
        wide = 25 + _width(text) + 20
        if x > MARGIN and x + wide - 20 > most:
            x, y = MARGIN, y + 26
        fill = "bad" if look == "both" else look
        corner = _CORNER.format(x=x + 7.5, y=y + 1) if look == "both" else ""
        done.append(f'<rect class="{fill}" x="{x}.5" y="{y}.5" width="17" height="17" rx="3"/>{corner}')
        done.append(f'<text class="s" x="{x + 25}" y="{y + 14}">{_text(text)}</text>')
        right = max(right, x + wide - 20)
        x += wide
    return _Part(tuple(done), right, y + 18)


def _width(text: str) -> int:
    """About how wide a text is, in pixels: Chinese characters are as wide as they are high."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return round(13 * wide + 7.2 * (len(text) - wide))


def _short(text: str, most: int = 44) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _text(text: str) -> str:
    """A text that XML may hold."""
    return escape("".join(c if c.isprintable() else " " for c in text))
