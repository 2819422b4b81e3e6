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
        "A policy set has one pack and one calendar, and every field of a kind, role, duty, person, "
        "document of tests or timeline, and overlay once. Which of two would count depends on the order of "
        "files, so neither does. Several vocabularies and organisations are merged: what they declare is "
        "distinct.",
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
    # --- expressions ---
    (
        "E301",
        "not an expression",
        "The text breaks the grammar of expressions: a bracket or quote that is not closed, an operator "
        "of another language (`&&`, `=`, `AND`), full-width punctuation, a number that is not written in "
        "plain decimals. Nothing is guessed: a condition that is read in another way than it was meant is"
        " worse than none.",
    ),
    (
        "E302",
        "not part of the language",
        "Python's grammar is read, but only a small part of it is the language: no powers, no indexing, "
        "no functions without a name, no `None`. What is left out either has no exact result or hides "
        "what a rule does.",
    ),
    (
        "E303",
        "an unknown name",
        "No kind, parameter, formula or table has this name, or the name of a loop already means "
        "something else. The help names what was probably meant.",
    ),
    (
        "E304",
        "an unknown field",
        "The kind has no field, the table no output, the named numbers no entry of this name. Fields may "
        "be named by their name, their title or an alias.",
    ),
    (
        "E305",
        "the wrong kind of value",
        "A text where a number is expected, a condition that is an amount, a whole list where one value "
        'is. Values are never turned into others silently; write a date as `date("2026-12-31")`, ask '
        "whether something is `in` a list, count or add up its items.",
    ),
    (
        "E306",
        "units that do not go together",
        "CNY and USD, money and money multiplied, days and months, a rate compared with an amount. A bare"
        " number in an expression takes the unit of what stands beside it; a parameter or field does not,"
        " so give it its unit where it is declared.",
    ),
    (
        "E307",
        "an unknown function",
        "The functions are those of the language reference. There is none for the time of day or for "
        "chance, so that a decision can be repeated.",
    ),
    (
        "E308",
        "the wrong arguments",
        "Too many or too few, or one that must be written out, such as a number of decimals, a rounding "
        "mode, a basis of interest or a date, is something else.",
    ),
    (
        "E309",
        "none of the choices",
        "The text is not among the `choices` of the field or parameter, so the comparison would never "
        "hold. Case counts: `a` is not `A`.",
    ),
    (
        "E310",
        "different choices",
        "Two fields with different `choices` are compared, or stand for one another. They can only be "
        "alike by accident: compare each with the texts that are meant.",
    ),
    (
        "E311",
        "no definite number of decimals",
        "A value that is reported, split or added up has no definite number of decimals, as a quotient "
        "has none, or more than its currency has. The rule has to say how it is rounded: `round(x, 2)`, "
        'or with a mode `round(x, 2, "half_even")`. Nothing is rounded silently.',
    ),
    (
        "E312",
        "too many digits",
        "A value could need more than 76 digits, which follows from the digits of the fields it is made "
        "of. Round what lies between, or declare fewer `digits`.",
    ),
    (
        "E313",
        "formulas in a circle",
        "A formula or table needs its own value. The message shows the circle.",
    ),
    (
        "E314",
        "too long or too deep",
        "An expression of more than 4,000 characters, 60 brackets or 80 operations inside one another, or"
        " more than 50 formulas that use one another in a row. Nobody can check such a rule by reading "
        "it: give its parts names under `let`.",
    ),
    # --- the policy set ---
    (
        "E401",
        "an unknown role",
        "No organisation document has a role of this name, alias or title. A requirement that nobody can "
        "meet would stop every transaction.",
    ),
    (
        "E402",
        "an unknown duty",
        "No organisation document has this duty, so it could not be incompatible with any.",
    ),
    (
        "E403",
        "an exception to an unknown rule",
        "`excepts` names no rule, row or table of the policy set. The exception would never count, and "
        "nobody would notice.",
    ),
    (
        "E404",
        "an exception that cannot be",
        "The rule that is excepted belongs to another control point, or exceptions go in a circle, in "
        "which each takes the other away.",
    ),
    (
        "E405",
        "rows that hold together",
        "Two rows of a `unique` table hold for the same values; the message shows such values. Make their"
        " cells exclude one another, or say with `hit` which row counts.",
    ),
    (
        "E406",
        "rows and outputs that do not fit",
        "A row leaves out a value that others give, or a value has no place in the order of `priority`.",
    ),
    (
        "E407",
        "a cell that is no test",
        "Cells are the unary tests of S-FEEL: `-`, a value, `< 5`, `[5..10)`, `A, B`, `not(A)`. They must"
        " fit the input of their column: choices and texts have no order.",
    ),
    (
        "E409",
        "an overlay that does not fit",
        "The overlay names a policy, parameter or rule that the set does not have, or adds one that is "
        "there already. It would change nothing, and nobody would notice.",
    ),
    (
        "E410",
        "a value that is not allowed",
        "The value of a parameter is outside `min` and `max`, not among its `choices`, or not of its "
        "type; an overlay may only set values like that of the policy.",
    ),
    (
        "E411",
        "a literal that cannot be read",
        "Literals are `30 days`, `2 months`, `5%`, `0.35`, `5000 CNY`, `2026-12-31`, `true` and texts. "
        "Numbers have no separators and no exponents.",
    ),
    (
        "E414",
        "one output with two meanings",
        "Rules compute values of different types under one name, two policies of a control point report "
        "the same name, or a formula and a rule do. Whoever reads the decision could not tell which is "
        "meant.",
    ),
    (
        "E415",
        "a brace without its partner",
        "In a sentence `{expression}` is filled in. Write `{{` or `}}` for a brace that is part of the "
        "sentence.",
    ),
    (
        "E417",
        "rows that cannot be collected",
        "`collect: sum` needs numbers, `min` and `max` numbers or dates; a list or count has a value "
        "where no row holds, and so takes no `otherwise`.",
    ),
    (
        "E418",
        "a vocabulary that does not fit",
        "A field has an unknown type, a key that its type does not have, bounds or a default that it "
        "cannot have; two kinds or fields have one name; or a kind contains itself.",
    ),
    (
        "E419",
        "one name with two meanings",
        "Kinds, parameters, formulas and tables share their names, so that a rule reads the same everywhere.",
    ),
    (
        "E420",
        "an unknown person",
        "A delegation names a person whom no organisation document lists.",
    ),
    (
        "E421",
        "a role that reports to itself",
        "Following `reports_to` comes back to where it began, so nobody would be above anybody.",
    ),
    (
        "E422",
        "given twice in the organisation",
        "Two roles or duties have one name, a role has two authority limits for one control point, or an "
        "id stands twice. Which of them counts would depend on their order.",
    ),
    (
        "E425",
        "not an amount",
        "An authority limit or the limit of a delegation is no amount of money.",
    ),
    (
        "E426",
        "an arrangement without effect",
        "Somebody delegates a role to themselves, or the calendar leaves no working day.",
    ),
    (
        "E430",
        "a metric or an obligation that cannot be formed",
        "A metric groups the rows of a kind that is not there, or by what is no single value of them; the "
        "name of its groups is taken; or a name is used that metrics and obligations give to something of "
        "theirs.",
    ),
    (
        "E431",
        "a control over cases, a ladder or a waiver that cannot be formed",
        "An activity, or a field of an event, is not known; a name is taken; no vocabulary lists activities; "
        "a length of time is none; no transition leads to a state; a timeline names what is no control; or a "
        "waiver names no segregation of duties, or is approved by the person for whom it is.",
    ),
    # --- warnings ---
    (
        "W401",
        "an optional fact without a question",
        "The field is `optional`, so it is often absent, and then the condition is unknown and the "
        "outcome at least `incomplete`. Ask `known(x)` first, or say with `coalesce(x, y)` what stands in"
        " for it.",
    ),
    (
        "W402",
        "a comparison that is always the same",
        "The bounds of the field leave only one answer: a slip in a number or unit, or a condition that "
        "can go.",
    ),
    (
        "W403",
        "a code without words",
        "A vocabulary of the set has `terms`, but none for this kind of document, action or form of "
        "approval. Explanations would show the code, and evidence under the code that was meant would "
        "not count if this one is misspelt. Correct it, or give it words.",
    ),
    (
        "W420",
        "an unknown control point",
        "An authority limit or delegation names a control point that no policy has, so it has no effect.",
    ),
    (
        "W421",
        "a delegation that nobody can use",
        "Who delegates does not hold the role in that period, and what is not held cannot be handed on.",
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
