"""The process in which durable-rules runs: nothing that it does to its memory reaches the monitor.

It reads a line of JSON and answers it with one. The first says which patterns there are, and is answered
by ``{"ready": true}`` or by what is missing. Every other is a list of orders, answered by a list with the
matches of each `FACT`, or with the error in place of them.

What durable-rules gets is as plain as can be, for it is neither exact nor safe with anything else: facts of
one shape, whole numbers that are small, texts of ASCII, joins that only ask for equality.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Any

BEGIN, FACT, AGAIN, END = range(4)
"""What is ordered: a group is live from now on; an event; one that was there before; no longer live."""

MOST_RULES = 60
MOST_ROLES = 60  # of one activity in a rule set: durable-rules fails at 64 conditions that an event meets
MOST_VARIABLES = 5
MOST_FIELDS = 50
MOST_FLAGS = 100

Order = Sequence[Any]
Found = list[tuple[int, list[list[int]]]]
"""The matches that a fact completes: the number of a pattern, and for each match the numbers of the facts."""

Rule = tuple[int, Sequence[Sequence[int]], bool]
"""The number of a pattern, for each variable the codes of its activities, whether only the first counts."""


class EngineError(Exception):
    """durable-rules refused a fact, or an action failed."""


class Engine:
    """The rule sets of all layouts, in one host. A group is a session of the rule sets of its layout.

    The names of facts: ``a`` is the activity, ``c0`` and on whether it is one of those that a variable wants
    (a rule with ``$or`` and joins would have to be split), ``f0`` and on the fields that are the same, ``_``
    is 1 in all of them.

    ``most`` are the matches that a fact may complete of one pattern: one more is told, and no further.
    """

    def __init__(self, layouts: Sequence[Any], most: int):
        from durable.engine import Host, MessageNotHandledException

        class QuietHost(Host):  # type: ignore[misc]
            """A host without the two threads that serve timers, which race with the rest."""

            def _run(self) -> None:
                pass

        self._unhandled: type[Exception] = MessageNotHandledException
        self._host = QuietHost()
        self._most = most
        self._hits: dict[int, list[list[int]]] = {}
        self._names: dict[tuple[int, int], list[tuple[str, dict[str, int]]]] = {}
        self._sets: list[list[str]] = []
        for place, layout in enumerate(layouts):
            names = []
            for part, rules in enumerate(_parts(layout["rules"])):
                name = f"r{place}p{part}"
                names.append(name)
                self._define(place, name, rules, layout["same"])
            self._sets.append(names)

    def _define(self, place: int, name: str, rules: Sequence[Rule], same: int) -> None:
        flags = {codes: f"c{at}" for at, codes in enumerate(_flags(rules))}
        # `set_rulesets` changes what it is given: it is made anew here and used for nothing else.
        defined: dict[str, Any] = {"init": {"all": [{"m": {"init": 1}}], "run": _nothing}}
        for number, variables, first in rules:
            conditions = [
                {f"v{at}": _condition(at, codes, flags, same)} for at, codes in enumerate(variables)
            ]
            defined[f"p{number}"] = {"all": conditions, "run": self._action(number, len(variables), first)}
        self._host.set_rulesets({name: defined})
        for code in {code for _, variables, _ in rules for codes in variables for code in codes}:
            fixed = {"_": 1, "a": code}
            fixed.update((flag, int(code in codes)) for codes, flag in flags.items())
            self._names.setdefault((place, code), []).append((name, fixed))

    def _action(self, number: int, count: int, first: bool) -> Callable[[Any], None]:
        """What is done when a rule fires: nothing but to write it down."""
        names = [f"v{at}" for at in range(count)]
        hits, most = self._hits, self._most

        def run(c: Any) -> None:
            facts = [int(c._m[name]["id"]) for name in names]
            known = hits.get(number)
            if known is None:
                hits[number] = [facts]
            elif first:
                known[0] = min(known[0], facts)
            elif len(known) <= most:
                known.append(facts)

        return run

    def begin(self, place: int, sid: str) -> None:
        """Begin a session. Deleting one in which no action ever ran crashes, so that one runs first."""
        for name in self._sets[place]:
            self._host.post(name, {"sid": sid, "id": "init", "init": 1})

    def fact(self, place: int, sid: str, number: int, code: int, texts: Sequence[str]) -> Found:
        """Assert an event, and tell the matches that it completes.

        Raises:
            EngineError: durable-rules says that something went wrong; the session is not to be trusted.
        """
        self._hits.clear()
        for name, fixed in self._names.get((place, code), ()):
            fact: dict[str, Any] = {"sid": sid, "id": str(number), **fixed}
            for at, text in enumerate(texts):
                fact[f"f{at}"] = text
            try:
                state = self._host.assert_fact(name, fact)
            except self._unhandled:
                continue
            except Exception as error:
                raise EngineError(getattr(error, "message", None) or repr(error)) from error
            if state is not None and "exception" in state:  # where exceptions of actions are hidden
                raise EngineError(state["exception"])
        return list(self._hits.items())

    def end(self, place: int, sid: str) -> None:
        """End a session."""
        for name in self._sets[place]:
            self._host.delete_state(name, sid)


def _nothing(c: Any) -> None:
    """What is done when a session begins."""


def _condition(
    place: int, codes: Sequence[int], flags: dict[tuple[int, ...], str], same: int
) -> dict[str, Any]:
    """What a variable asks of an event, and of the variable before it.

    Without the last join, which is always true, other joins read memory that was never written.
    """
    wanted = {"a": codes[0]} if len(codes) == 1 else {flags[tuple(codes)]: 1}
    if place == 0:
        return wanted
    before = f"v{place - 1}"
    joins = [{name: {before: name}} for name in [*(f"f{at}" for at in range(same)), "_"]]
    return {"$and": [wanted, *joins]}


def _flags(rules: Sequence[Rule]) -> list[tuple[int, ...]]:
    """The choices of several activities that variables want."""
    return sorted({tuple(codes) for _, variables, _ in rules for codes in variables if len(codes) > 1})


def _parts(rules: Sequence[Rule]) -> list[list[Rule]]:
    """Rule sets that durable-rules has room for.

    >>> [len(part) for part in _parts([(number, [[0], [1]], False) for number in range(100)])]
    [60, 40]
    >>> [len(part) for part in _parts([(number, [[0], [0], [0]], False) for number in range(30)])]
    [20, 10]
    """
    parts: list[list[Rule]] = [[]]
    for rule in rules:
        if not _fits([*parts[-1], rule]):
            parts.append([])
        parts[-1].append(rule)
    return parts if rules else []


def _fits(rules: Sequence[Rule]) -> bool:
    roles: dict[int, int] = {}
    for _, variables, _ in rules:
        for codes in variables:
            for code in codes:
                roles[code] = roles.get(code, 0) + 1
    return (
        len(rules) <= MOST_RULES
        and max(roles.values(), default=0) <= MOST_ROLES
        and len(_flags(rules)) <= MOST_FLAGS
    )


def obey(engine: Engine, orders: Sequence[Order]) -> list[Found | str]:
    """Carry out orders. After an error the rest of the group's facts are not asserted either."""
    answers: list[Found | str] = []
    broken: dict[tuple[int, str], str] = {}
    for what, place, sid, *fact in orders:
        session = place, sid
        if what == BEGIN:
            broken.pop(session, None)
            engine.begin(place, sid)
        elif what == END:
            engine.end(place, sid)
        else:
            answer: Found | str
            try:
                answer = broken.get(session) or engine.fact(place, sid, *fact)
            except EngineError as error:
                answer = broken[session] = f"durable-rules: {error}"
            if what == FACT:
                answers.append(answer)
    return answers


def main() -> None:
    """Serve the process that started this one, until it closes its end."""
    warnings.simplefilter("ignore")  # durable-rules calls what Python 3.12 deprecates
    # Nothing that is printed by others may come between the answers.
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="ascii")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    lines = sys.stdin

    def answer(value: object) -> None:
        out.write(json.dumps(value, separators=(",", ":")) + "\n")
        out.flush()

    try:
        engine = Engine(**json.loads(lines.readline()))
    except ImportError as error:
        answer({"missing": str(error)})
        return
    answer({"ready": True})
    for line in lines:
        answer(obey(engine, json.loads(line)))


if __name__ == "__main__":
    main()
