"""`salesctrl explain`: one row of a file decided, and put into words."""

from __future__ import annotations

from typing import Annotated

import typer

from salesctrl.cli import console
from salesctrl.cli.console import counted
from salesctrl.cli.deciding import Decided, Deciding
from salesctrl.cli.opening import open_facts
from salesctrl.cli.options import (
    AsOf,
    ControlPoint,
    FactsFile,
    Floats,
    FloatsOption,
    Input,
    Lang,
    LangOption,
    MapFile,
    Overlays,
    Policies,
    Sheet,
    Verbosity,
    language,
    load_policies,
)
from salesctrl.errors import FactProblem, FactsError


def explain(
    control_point: ControlPoint,
    file: FactsFile,
    row: Annotated[int, typer.Option("--row", metavar="N", min=1, help="Which row; the first is 1.")] = 1,
    policies: Policies = None,
    overlay: Overlays = None,
    as_of: AsOf = None,
    map_file: MapFile = None,
    input_format: Input = None,
    sheet: Sheet = None,
    floats: FloatsOption = Floats.EXACT,
    lang: LangOption = Lang.EN,
    verbosity: Annotated[
        Verbosity, typer.Option("--verbosity", help="How much to say of rules that did not fire.")
    ] = Verbosity.NORMAL,
) -> int:
    """Explain the decision on one row of FILE: which rules fired and why, what is missing, what would do.

    Exit code 0 whatever the outcome; 2 if facts of the row are wrong.
    """
    engine = load_policies(policies, overlay)
    opened = open_facts(
        engine, control_point, file, as_of, floats, input_format=input_format, sheet=sheet, map_file=map_file
    )
    deciding = Deciding(engine, control_point, opened, as_of, floats)
    try:
        decided = _find(deciding, row)
    finally:
        opened.close()
    if decided.decision is not None:
        console.line(decided.decision.explain(language(lang), verbosity.value))
    for problem in decided.problems:
        console.error(f"row {row}: {deciding.described(problem)}")
    return 2 if decided.problems else 0


def _find(deciding: Deciding, row: int) -> Decided:
    """The decision on a row; raises :class:`FactsError` where there are not so many."""
    facts, number = deciding.table.find(row)
    if facts is not None:
        return deciding.decide(facts)
    message = f"expected a row {row} but there {'is' if number == 1 else 'are'} {counted(number, 'row')}"
    raise FactsError([FactProblem(deciding.table.name, "F_ROW", message)])
