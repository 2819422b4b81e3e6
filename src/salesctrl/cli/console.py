"""What is written: results to the standard output, everything else to the standard error.

On a terminal there is colour, and the width is the terminal's. Elsewhere the same input gives the same bytes:
no colour, no width, lines end with a line feed, UTF-8.
"""

from __future__ import annotations

import io
import sys
from typing import TextIO

from rich.console import Console, RenderableType
from rich.text import Text

_WIDE = 100_000
"""A width that nothing reaches: off a terminal no line is broken."""

OUTCOME_STYLES = {
    "deny": "bold red",
    "incomplete": "magenta",
    "review": "yellow",
    "flag": "cyan",
    "allow": "green",
}


def prepare_streams() -> None:
    """UTF-8 and plain line feeds, whatever the locale says."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")


def is_terminal(stream: TextIO) -> bool:
    """Whether a person sees what is written there."""
    return stream.isatty()


def show(renderable: RenderableType) -> None:
    """Write something of Rich's to the standard output."""
    if is_terminal(sys.stdout):
        _console(sys.stdout).print(renderable)
    else:
        sys.stdout.write(plain(renderable))


def plain(renderable: RenderableType) -> str:
    """Something of Rich's as text, without colour and without space at the ends of lines."""
    text = io.StringIO()
    Console(file=text, width=_WIDE, color_system=None, force_terminal=False, markup=False, emoji=False,
            highlight=False, legacy_windows=False).print(renderable)  # fmt: skip
    return "".join(f"{line.rstrip()}\n" for line in text.getvalue().splitlines())


def _console(file: TextIO) -> Console:
    return Console(file=file, markup=False, emoji=False, highlight=False, soft_wrap=False)


def line(text: str, style: str = "") -> None:
    """Write one line, or several, to the standard output."""
    _write(sys.stdout, Text(text, style))


def error(text: str) -> None:
    """Say on the standard error what is wrong."""
    head = "" if text.startswith(("error", "warning")) else "error: "
    _write(sys.stderr, _styled(head + text))


def warning(text: str) -> None:
    """Say on the standard error what a person should know."""
    _write(sys.stderr, _styled("warning: " + text))


def note(text: str) -> None:
    """Say something in passing on the standard error."""
    _write(sys.stderr, _styled("note: " + text))


def summary(text: str) -> None:
    """Sum up on the standard error, where the standard output is for programs."""
    _write(sys.stderr, Text(text))


def _styled(text: str) -> Text:
    """The word that says how grave it is in colour, wherever a line begins with it."""
    done = Text(text)
    done.highlight_regex(r"(?m)^error(\[\w+\])?(?=:)", "bold red")
    done.highlight_regex(r"(?m)^warning(\[\w+\])?(?=:)", "bold yellow")
    done.highlight_regex(r"(?m)^note(?=:)", "bold cyan")
    done.highlight_regex(r"(?m)^ *(-->|\||= help:|= note:|\d+ \|)", "blue")
    return done


def diagnostics(text: str) -> None:
    """Write rendered diagnostics to the standard output; no line is broken, marks stay under their text."""
    _write(sys.stdout, _styled(text))


def _write(stream: TextIO, text: Text) -> None:
    if is_terminal(stream):
        _console(stream).print(text, soft_wrap=True)
    else:
        stream.write(text.plain + "\n")


def counted(number: int, noun: str) -> str:
    """A number with its noun.

    >>> counted(1, "row"), counted(2466, "row"), counted(2, "policy")
    ('1 row', '2,466 rows', '2 policies')
    """
    if number != 1:
        noun = noun[:-1] + "ies" if noun.endswith("y") else noun + "s"
    return f"{number:,} {noun}"
