"""The catalogue of diagnostics: for every code what it finds, why that matters, and what to do.

`E1` is the reading of YAML, `E2` the shape of documents, `E3` expressions, `E4` meaning across a policy set;
`W` are warnings. `python -m salesctrl.diagnostics_codes` prints `docs/diagnostics.md`.

To add a code, append a row to its group in `_TABLE`, put a file that shows the mistake into
`tests/corpus/bad`, and run `python tests/corpus/update.py`.
"""

from __future__ import annotations

import sys
from typing import Final

from salesctrl.diagnostics import CodeInfo

_TABLE: Final = (
    # --- the reading of YAML ---
    (
        "E100",
        "a file or folder cannot be read",
        "The path does not exist, is no regular file, or may not be read. Rules in it would silently not "
        "be applied, so nothing is decided until it can be read or is taken away.",
    ),
    (
        "E101",
        "not YAML",
        "The file breaks the grammar of YAML: a quote or bracket that is not closed, a wrong indentation,"
        " a tab. The mark is where reading stopped; the cause often stands on the line before. A text "
        "with `: ` or ` #` in it needs quotes.",
    ),
    (
        "E102",
        "a key twice in one mapping",
        "Most readers of YAML keep the last of two equal keys and say nothing, so that a rule disappears."
        " Delete one, or give it the name that was meant.",
    ),
    (
        "E103",
        "a tag",
        "Tags such as `!!python/object` or `!env` make readers of YAML build something else than what is "
        "written, or run code. Policies hold texts, lists and mappings only: write the value without a "
        "tag.",
    ),
    (
        "E104",
        "a merge key",
        "`<<` takes keys over from elsewhere, so that a reader cannot see what holds where. Repeat the "
        "keys; to set values for one company, write an overlay.",
    ),
    (
        "E105",
        "nested too deep",
        "More than 40 levels of lists and mappings. No document of the language needs a quarter of that: "
        "a bracket is missing, or the file is not a policy.",
    ),
    (
        "E106",
        "too large",
        "A file of more than 8 MiB, or of more than 1,000,000 values once its aliases are written out. A "
        "few lines of aliases can stand for billions of values. Split the file, or write the values "
        "themselves.",
    ),
    (
        "E107",
        "an alias inside what it names",
        "The value would contain itself without end. Write the value in place of the alias.",
    ),
    (
        "E108",
        "a key that is no text",
        "A key is a list, a mapping, or empty. Keys are names: write a text.",
    ),
    (
        "E109",
        "not UTF-8",
        "The file holds bytes that are no UTF-8, as Chinese text saved as GBK does. Save it as UTF-8.",
    ),
    (
        "E110",
        "a character that deceives",
        "Control characters, invisible characters and those that reorder text make a rule look other than"
        " it is read. Delete the character; if it was meant to be shown, describe it in words.",
    ),
    # --- the shape of documents ---
    (
        "E201",
        "an unknown key",
        "A key that the language does not have at this place, mostly a misspelt one. It is refused "
        "because a misspelt `when` would otherwise be a rule without a condition. The help names the key "
        "that was probably meant, or those that there are. A document key further down means that `---` "
        "is missing.",
    ),
    (
        "E202",
        "a missing key",
        "Something that this part cannot do without. The mark is the key of the part, or its first key.",
    ),
    (
        "E203",
        "no document of the language",
        "The first key of a document says what it is: `pack`, `vocabulary`, `organisation`, `policy`, "
        "`tests` or `overlay`. `ladder` is reserved for the case monitor.",
    ),
    (
        "E204",
        "the wrong shape",
        "A list stands where a mapping is expected, a mapping where a text is, or nothing where there "
        "must be a value. A key with nothing after it is never taken as left out: a condition that got "
        "lost must not become a rule that always holds.",
    ),
    (
        "E205",
        "a value that cannot be",
        "A date that the calendar does not have or that is not written `YYYY-MM-DD`, a word that is none "
        "of those allowed, a number that is no whole number, a text without content. `true` and `false` "
        "are written in small letters and without quotes; `yes` and `no` are texts.",
    ),
    (
        "E206",
        "dates in the wrong order",
        "A period ends before it begins, or the dated values of a parameter are not in the order of time."
        " Both ends of a period belong to it: one of a single day has the same date twice.",
    ),
    (
        "E207",
        "keys that do not go together",
        "Keys that contradict one another, need one another, or leave a rule without any effect: `deny` "
        "with `allow`, `requires` without `excepts`, an exception with an outcome of its own, a row of a "
        "table with too few cells, a parameter with two kinds of value.",
    ),
    (
        "E208",
        "declared twice",
        "A policy set has one pack and one calendar, and every kind, role, duty, person, document of "
        "tests and overlay once. Which of two would count depends on the order of files, so neither does."
        " Several vocabularies and organisations are merged where what they declare is distinct.",
    ),
    (
        "E209",
        "a rule id twice",
        "Exceptions, overlays, findings and approvals name a rule by its id, which must be the only one "
        "in the policy set; so must the names of tables whose rows are rules. Versions of one policy may "
        "keep their ids.",
    ),
    (
        "E210",
        "not a name",
        "What expressions speak of (kinds, fields, parameters, formulas, outputs) is named with letters, "
        "digits and `_`, Chinese included, and not like a function or a word of the language. Ids of "
        "roles, rules and policies may also hold `-`, `.` and `#`. Full-width letters look like others "
        "and are refused.",
    ),
    (
        "E211",
        "versions of a policy overlap",
        "Documents of the same `policy` are versions of it, of which one is in force on a day. End the "
        "earlier one on the day before the later begins; if both are meant to hold, they are two policies"
        " with two names.",
    ),
    (
        "E212",
        "nothing to load",
        "There is no document in the file or folder. A set without policies would decide nothing, and it "
        "is more likely that the path is wrong.",
    ),
)

#: Every code with what it finds and why it matters.
CODES: Final[dict[str, CodeInfo]] = {code: CodeInfo(code, title, text) for code, title, text in _TABLE}

_GROUPS: Final = (
    ("E1", "Reading YAML"),
    ("E2", "The shape of documents"),
    ("E3", "Expressions"),
    ("E4", "The policy set as a whole"),
    ("W", "Warnings"),
)
_HEAD: Final = """\
# Diagnostics

What `salesctrl check` finds in policies, by code. An error (`E`) stops a policy set from being loaded; a \
warning (`W`) does not. All of them are reported at once, each with its place. A file in `tests/corpus/bad` \
shows each.
"""


def page() -> str:
    """The text of `docs/diagnostics.md`.

    >>> page().splitlines()[0]
    '# Diagnostics'
    """
    parts = [_HEAD]
    for prefix, title in _GROUPS:
        codes = [info for code, info in sorted(CODES.items()) if code.startswith(prefix)]
        if codes:
            parts.append(f"## {title}\n")
            parts += [f"### {info.code}: {info.title}\n\n{info.explanation}\n" for info in codes]
    return "\n".join(parts)


if __name__ == "__main__":
    sys.stdout.write(page())
