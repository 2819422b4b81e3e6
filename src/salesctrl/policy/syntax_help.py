"""What a YAML syntax error means for the author of a policy, and what to do about it.

libyaml says `did not find expected key` and points to where it gave up. Most of these errors in
policies are one of a dozen slips: a text that needed quotes, a tab, an indentation, a bracket.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Advice", "advise"]

_QUOTE = 'put the whole text in quotes, as in "{starts}..."'
_INDENT = "check the indentation: what belongs together starts in the same column"


@dataclass(frozen=True, slots=True)
class Advice:
    """How an error is reported; `at_context` says to point to where the broken part starts."""

    code: str
    message: str
    help: str
    at_context: bool = False


# Each is searched for in "CONTEXT | PROBLEM | after CHARACTER | at CHARACTER", the first that is
# found counts. Where libyaml and PyYAML's parser in Python put it differently, both are here.
_SLIPS: tuple[tuple[str, Advice], ...] = (
    (
        r"(cannot start any token|tab character).*\| at \t",
        Advice("E101", "a tab indents this line", "indent with spaces: YAML does not allow tabs there"),
    ),
    (
        r"cannot start any token",
        Advice("E101", "a text cannot start with `{character}`", _QUOTE.format(starts="{character}")),
    ),
    (
        r"(scanning|parsing) a tag|undefined tag handle",
        Advice("E103", "tags are not allowed", 'put a text that starts with `!` in quotes, as in "!..."'),
    ),
    (
        r"scanning an alias",
        Advice("E101", "expected a name after `*`", _QUOTE.format(starts="*"), at_context=True),
    ),
    (
        r"scanning an anchor",
        Advice("E101", "expected a name after `&`", _QUOTE.format(starts="&"), at_context=True),
    ),
    (
        r"scanning a block scalar",
        Advice(
            "E101",
            "expected a line break after `>` or `|`",
            'a text that starts with `>` or `|` must be in quotes, as in "> 5"',
            at_context=True,
        ),
    ),
    (
        r"scanning a quoted scalar.*(end of stream|document)",
        Advice("E101", "the quote is never closed", "close it with the quote that it opens with", True),
    ),
    (
        r"unknown escape|escape code|escape sequence",
        Advice(
            "E101",
            "unknown escape after `\\`",
            "write \\\\ for a backslash in double quotes, or use single quotes",
        ),
    ),
    (
        r"node content.*\| at $",
        Advice(
            "E101", "expected a value but the document ends", "close what is still open: `[`, `{` or a quote"
        ),
    ),
    (
        r"flow sequence",
        Advice(
            "E101",
            "expected `,` or `]` in this list",
            'close the list with `]`, or put a text that starts with `[` in quotes, as in "[0..5)"',
            at_context=True,
        ),
    ),
    (
        r"flow mapping",
        Advice(
            "E101",
            "expected `,` or `}` in this mapping",
            'close the mapping with `}`, or put a text that starts with `{` in quotes, as in "{days} late"',
            at_context=True,
        ),
    ),
    (
        r"block (mapping|collection).*\| after [\"']",
        Advice(
            "E101",
            "the text goes on after its closing quote",
            "put the whole text in quotes of the other kind, or write it after `|` on lines of its own",
        ),
    ),
    (
        r"block (mapping|collection).*\| after [\]}]",
        Advice(
            "E101",
            "the text goes on after its closing bracket",
            'put a text that starts with `{` or `[` in quotes, as in "{days} late"',
        ),
    ),
    (
        r"mapping values are not allowed",
        Advice(
            "E101",
            "`:` is not expected here",
            "put a text that holds `: ` in quotes; else check the indentation of this line and the one above",
        ),
    ),
    (
        r"sequence entries are not allowed",
        Advice("E101", "a list item is not expected here", "start the list on a line of its own"),
    ),
    (r"could not find expected ':'", Advice("E101", "expected `:` after the key", "write `key: value`")),
    (r"block mapping", Advice("E101", "expected a key, as in `key: value`", _INDENT)),
    (r"block (collection|sequence)", Advice("E101", "expected a list item, as in `- value`", _INDENT)),
    (r"<document start>", Advice("E101", "expected the document to end here, or `---`", _INDENT)),
    (
        r"node content",
        Advice("E101", "expected a value", _QUOTE.format(starts="{character}")),
    ),
)

_ANY = Advice("E101", "{problem}", "check the indentation and the quotes of this line and of the one above")


def advise(problem: str, context: str, after: str, at: str) -> Advice:
    """The advice for an error that the YAML parser reports.

    `after` is the last character that is not a space before the error on its line, `at` the
    character that it points to, which is empty where the document ends.

    >>> advise("found character that cannot start any token", "while scanning", "", "@").message
    'a text cannot start with `@`'
    """
    subject = f"{context} | {problem} | after {after} | at {at}"
    advice = next((advice for pattern, advice in _SLIPS if re.search(pattern, subject, re.DOTALL)), _ANY)
    values = {"{problem}": problem, "{character}": at}

    def filled(text: str) -> str:
        for name, value in values.items():
            text = text.replace(name, value)
        return text

    return Advice(advice.code, filled(advice.message), filled(advice.help), advice.at_context)
