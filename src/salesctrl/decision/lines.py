"""Lines of an account: what is said, what stands beside it, what is said below it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that is said.

    ``label`` stands before it (the id of a rule), ``note`` after it (its source), ``aside`` at the right edge
    (what the rule adds, by how much a limit is passed). ``kind`` says what it is, for those who colour it:
    ``rule``, ``formula``, ``condition``, ``because``, ``ask``, ``given``, ``missing``, ``problem``, ``note``,
    ``quiet``, ``remedy``. ``tone`` is ``good``, ``bad`` or nothing.
    """

    text: str
    label: str = ""
    aside: str = ""
    note: str = ""
    kind: str = ""
    tone: str = ""
    lines: tuple[Line, ...] = ()
