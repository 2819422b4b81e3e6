"""Text in columns: widths with East Asian characters counted, lines broken where each language allows it."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

JOINED = "\u00a0"
"""A space at which no line is broken; it is printed as a space."""
_GLUE = "\u2060"
"""Between two characters that stay on one line; it is not printed."""
_JOINING = frozenset({JOINED, _GLUE})
_CLOSING = frozenset("，。；：、！？）》”’】…%)]")
_OPENING = frozenset("（《“‘【([")


@lru_cache(maxsize=4096)
def _char_width(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def width(text: str) -> int:
    """How many columns a text takes on a terminal.

    >>> width("order"), width("订单"), width("订单 A")
    (5, 4, 6)
    """
    return sum(map(_char_width, text))


def glued(name: str) -> str:
    """A name at which no line is broken.

    >>> plain(glued("信用额度")), len(glued("信用额度"))
    ('信用额度', 7)
    """
    return _GLUE.join(name) if width(name) > len(name) else name


def plain(text: str) -> str:
    """A text as it is printed, without the marks that keep its parts together."""
    return text.replace(JOINED, " ").replace(_GLUE, "")


def pad(text: str, columns: int) -> str:
    """A text with spaces after it, so many columns wide at least.

    >>> pad("订单", 6) + "|"
    '订单  |'
    """
    return text + " " * (columns - width(text))


def _units(text: str) -> list[str]:
    """The pieces between which a line may be broken; spaces are pieces of their own."""
    units: list[str] = []
    glue = False
    for char in text:
        wide = _char_width(char) == 2
        if char == " ":
            units.append(char)
            glue = False
            continue
        new = not units or units[-1] == " " or (wide and not glue) or _ends_wide(units[-1])
        if units and units[-1] != " " and (char in _CLOSING or char in _JOINING or glue):
            new = False
        if new:
            units.append(char)
        else:
            units[-1] += char
        glue = char in _OPENING or char in _JOINING
    return units


def _ends_wide(unit: str) -> bool:
    return _char_width(unit[-1]) == 2


def wrap(text: str, first: int, rest: int) -> list[str]:
    """A text in lines of at most ``rest`` columns, the first of at most ``first``.

    Chinese may be broken between any two characters, but no line begins with a closing mark or ends with an
    opening one. A piece that is too long for a line is cut.

    >>> wrap("exposure is above the limit", 12, 12)
    ['exposure is', 'above the', 'limit']
    >>> wrap("敞口超过额度，不予放货。", 12, 12)
    ['敞口超过额', '度，不予放', '货。']
    """
    lines: list[str] = []
    line, used = "", 0
    for unit in _units(text):
        room = first if not lines else rest
        size = width(unit)
        if used + size > room and line.strip():
            lines.append(line.rstrip())
            line, used, room = "", 0, rest
            if unit == " ":
                continue
        while size > room:
            cut = _cut(unit, room - used)
            lines.append(line + unit[:cut])
            unit, line, used, room = unit[cut:], "", 0, rest
            size = width(unit)
        line += unit
        used += size
    if line.strip() or not lines:
        lines.append(line.rstrip())
    return [plain(made).rstrip() for made in lines]


def _cut(unit: str, room: int) -> int:
    """How many characters of a piece fit; one at least."""
    used = 0
    for count, char in enumerate(unit):
        used += _char_width(char)
        if used > room:
            return max(count, 1)
    return len(unit)
