"""Which column of a table holds which fact: the names of all columns settled at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from salesctrl.diagnostics import suggest
from salesctrl.errors import FactProblem
from salesctrl.tables.chosen import Chosen, Target, listed
from salesctrl.tables.columns import EVIDENCE, Columns


@dataclass(frozen=True, slots=True)
class Notice:
    """What a person should know of the columns of a table; ``grave`` if it may be a mistake."""

    text: str
    grave: bool = False


@dataclass(frozen=True, slots=True)
class Slip:
    """A column that holds no fact, and whose name is like that of a fact that no column holds.

    ``is_close`` says that it is so like it that hardly anything else can be meant.
    """

    column: str
    fact: str
    is_close: bool


@dataclass(frozen=True, slots=True)
class Settled:
    """Which cells of a row hold which facts.

    ``placed`` are places of columns with the fact in them; ``column_of`` the name of the column of each fact.
    ``problems`` are two columns for one fact, and columns of which the name could be several facts: their
    ``path`` is left to whoever knows the name of the table.
    """

    placed: tuple[tuple[int, Target], ...]
    column_of: Mapping[str, str]
    problems: tuple[FactProblem, ...]


class AmbiguousName(ValueError):
    """The name of a column could be that of several facts."""


def by_name(chosen: Chosen, name: str) -> tuple[Target, ...]:
    """The fact that a column holds by its name alone, if any; one that is a constant it does not hold.

    Raises:
        AmbiguousName: It could be several; the message says which.
    """
    paths = tuple(path for path in chosen.columns.find(name).paths if path not in chosen.constants)
    if len(paths) > 1:
        raise AmbiguousName(f"the column `{name}` could be {listed(paths)}")
    return tuple(Target(path, chosen.columns.type_of(path)) for path in paths)


AMBIGUOUS_HELP = "name it by the whole path, or pass `--map`"


def settle(names: Sequence[str], chosen: Chosen, *, ambiguous_help: str = AMBIGUOUS_HELP) -> Settled:
    """Find the facts of all columns: what the map says goes before what names say."""
    placed: list[tuple[int, Target]] = []
    column_of: dict[str, str] = {}
    problems: list[FactProblem] = []
    for mapped in (True, False):
        for place, name in enumerate(names):
            targets = chosen.targets(name)
            if (targets is not None) is not mapped:
                continue
            try:
                targets = by_name(chosen, name) if targets is None else targets
            except AmbiguousName as error:
                problems.append(FactProblem("", "F_COLUMN", str(error), ambiguous_help))
                continue
            for target in targets:
                other = column_of.get(target.path)
                if other is None:
                    column_of[target.path] = name
                    placed.append((place, target))
                elif mapped or chosen.targets(other) is None:
                    problems.append(_both(other, name, f"`{target.path}`"))
    whole = column_of.get(EVIDENCE)
    part = next((name for path, name in column_of.items() if path.startswith(f"{EVIDENCE}.")), None)
    if whole is not None and part is not None:
        problems.append(_both(whole, part, "evidence"))
    return Settled(tuple(placed), column_of, tuple(problems))


def _both(one: str, other: str, what: str) -> FactProblem:
    message = f"the columns `{one}` and `{other}` both hold {what}"
    return FactProblem("", "F_COLUMN", message, "rename or remove one of them")


def unused(names: Sequence[str], chosen: Chosen, settled: Settled) -> list[str]:
    """The columns that hold no fact and are not in the map; a nameless one by its number."""
    used = {place for place, _ in settled.placed}
    return [
        name or f"column {place + 1}"
        for place, name in enumerate(names)
        if place not in used and chosen.targets(name) is None
    ]


def slips(unread: Collection[str], chosen: Chosen, given: Collection[str]) -> list[Slip]:
    """Which of the columns that are not read may be meant for facts that are absent.

    A name that the vocabulary knows is none, and none is where a map says which columns are meant.
    """
    if chosen.is_map:
        return []
    columns = chosen.columns
    absent = [path for path in columns.wanted if path not in given]
    done: list[Slip] = []
    for name in unread:
        if columns.find(name).known:
            continue
        close = columns.like(name, absent, closely=True)
        near = close or columns.like(name, absent)
        if near is not None:
            done.append(Slip(name, near, close is not None))
    return done


def absent_notices(columns: Columns, given: Collection[str]) -> list[Notice]:
    """Say which facts have no column, and what that means for the decisions."""
    done: list[Notice] = []
    absent = [wanted for path, wanted in columns.wanted.items() if path not in given]
    harmless = {w.path for w in absent if w.optional} | set(columns.subject)
    unknown = [w.path for w in absent if not w.has_default and w.path not in harmless]
    if unknown:
        done.append(Notice(f"no column for {listed(unknown)}: unknown in every row", grave=True))
    defaults = [w.path for w in absent if w.has_default]
    if defaults:
        done.append(Notice(f"no column for {listed(defaults)}: the default counts in every row"))
    optional = [w.path for w in absent if not w.has_default and w.path in harmless]
    if optional:
        done.append(Notice(f"no column for {listed(optional)}, which may be absent"))
    return done


def unread_notices(unread: Collection[str], found: Sequence[Slip]) -> list[Notice]:
    """Say which columns hold no fact; one that may be a slip by itself."""
    slipped = {slip.column for slip in found}
    done = [
        Notice(f"the column `{slip.column}` is not read; did you mean `{slip.fact}`?", grave=True)
        for slip in found
    ]
    plain = [name for name in unread if name not in slipped]
    if plain:
        done.append(Notice(f"not read: {listed(plain)}"))
    return done


def key_columns(
    names: Sequence[str], columns: Columns, column_of: Mapping[str, str], keys: Sequence[str]
) -> tuple[str, ...]:
    """The columns that say which transaction a row is: those asked for, of the subject, or of ids.

    Raises:
        UnknownKey: There is no such column.
    """
    if not keys:
        keys = [column_of[path] for path in columns.subject if path in column_of]
    if not keys:
        keys = [name for name in dict.fromkeys(names) if columns.is_key(name)]
    for key in keys:
        if key not in names:
            raise UnknownKey(key, names)
    return tuple(keys)


class UnknownKey(ValueError):
    """There is no such column to name rows by."""

    def __init__(self, key: str, names: Sequence[str]):
        near = suggest(key, names)
        super().__init__(f"there is no column `{key}` to name rows by")
        self.help = f"did you mean `{near}`?" if near else f"the columns are {listed(names)}"
