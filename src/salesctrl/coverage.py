"""Which controls of a catalogue the policies carry, and which a case shows.

A catalogue lists the controls that a company must have: of each its id, the system that it belongs to, and
whether figures come into it. A rule or table *carries* a control if that is its id or one of its `covers`.
One that is switched off, or that can never apply with the parameters as they are, decides nothing and does
not count. A case *shows* a control if it passes, and covers it or makes a rule fire that carries it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from salesctrl.compile.checked import CheckedPolicy
from salesctrl.compile.derived import derived
from salesctrl.compile.plan import Plan
from salesctrl.diagnostics import Diagnostics
from salesctrl.engine import Engine
from salesctrl.errors import FactProblem, FactsError
from salesctrl.expr import tree as t
from salesctrl.policy.documents import LocalText, PolicyDocument
from salesctrl.policy.loader import PolicySet
from salesctrl.testing import TestResult

CATALOGUE = "catalogue.csv"
"""The name of the catalogue of a policy set, beside its document `pack`."""
_COLUMNS = ("id", "system", "numeric")
_NUMERIC = {"y": True, "true": True, "n": False, "false": False}


@dataclass(frozen=True, slots=True)
class Control:
    """A control of a catalogue: its id, the code of its system, whether figures come into it."""

    id: str
    system: str
    numeric: bool = False


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Controls in the order of a catalogue, and what it calls their systems, where it says so."""

    controls: tuple[Control, ...]
    titles: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Carrier:
    """A rule or table with the controls that it carries: its id, that of its table, and what it covers.

    ``idle`` says why it does not count: ``off``, an overlay switched it off; ``never``, it can never apply.
    One that ``gives`` is a table of values: a control only if it covers one, or a catalogue has its id.
    """

    id: str
    system: str
    table: str | None = None
    covers: tuple[str, ...] = ()
    idle: str | None = None
    gives: bool = False

    @property
    def controls(self) -> tuple[str, ...]:
        """All controls that it carries, if a catalogue has them."""
        return tuple(dict.fromkeys((self.id, *(() if self.table is None else (self.table,)), *self.covers)))

    @property
    def stated(self) -> tuple[str, ...]:
        """The controls that it says it carries; where it covers none, its id is one, of a row its table's."""
        if self.covers or self.gives:
            return self.covers
        unnamed = self.table is not None and self.id.startswith(f"{self.table}#")
        return (self.table if unnamed and self.table is not None else self.id,)


@dataclass(frozen=True, slots=True)
class ControlCoverage:
    """A control with the rules and tables that carry it, and the cases that show it.

    ``idle`` are those that carry it and do not count, with the reason: ``CR-18-2-Y`` to ``never``.
    """

    control: Control
    rules: tuple[str, ...]
    idle: Mapping[str, str]
    cases: tuple[str, ...]

    @property
    def is_open(self) -> bool:
        """Whether no rule carries it, or figures come into it and no case shows it."""
        return not self.rules or self.lacks_figures

    @property
    def lacks_figures(self) -> bool:
        """Whether figures come into it, and no case shows it."""
        return self.control.numeric and not self.cases


@dataclass(frozen=True, slots=True)
class Tally:
    """How many controls there are, with a rule, with a case, with figures, with figures and no case."""

    controls: int
    with_rule: int
    with_case: int
    numeric: int
    numeric_without_case: int


def tally(controls: Sequence[ControlCoverage]) -> Tally:
    """Controls counted.

    >>> tally([ControlCoverage(Control("CR-1", "S06", True), ("CR-1",), {}, ())])
    Tally(controls=1, with_rule=1, with_case=0, numeric=1, numeric_without_case=1)
    """
    return Tally(
        len(controls),
        sum(bool(one.rules) for one in controls),
        sum(bool(one.cases) for one in controls),
        sum(one.control.numeric for one in controls),
        sum(one.lacks_figures for one in controls),
    )


@dataclass(frozen=True, slots=True)
class SystemCoverage:
    """A system with its controls, in the order of the catalogue; an empty code stands for none."""

    system: str
    title: LocalText | None
    controls: tuple[ControlCoverage, ...]

    @property
    def tally(self) -> Tally:
        """Its controls counted."""
        return tally(self.controls)


@dataclass(frozen=True, slots=True)
class Coverage:
    """The systems of a catalogue, and the ids that rules or cases name and it does not have.

    ``unlisted`` has for each such id the rules, tables and cases that name it.
    """

    systems: tuple[SystemCoverage, ...]
    unlisted: Mapping[str, tuple[str, ...]]

    @property
    def controls(self) -> tuple[ControlCoverage, ...]:
        """The controls of all systems."""
        return tuple(control for system in self.systems for control in system.controls)

    @property
    def tally(self) -> Tally:
        """All controls counted."""
        return tally(self.controls)

    @property
    def is_complete(self) -> bool:
        """Whether every control has a rule, and every one with figures a case."""
        return not any(control.is_open for control in self.controls)


def cover(engine: Engine, results: Iterable[TestResult], catalogue: Catalogue | None = None) -> Coverage:
    """Lay the policies of an engine beside a catalogue.

    Args:
        engine: The policies, with the overlays that are laid over them.
        results: What became of their cases, from `salesctrl.testing.run`.
        catalogue: The controls; left out, those that the rules carry themselves.

    >>> from importlib.resources import files
    >>> from salesctrl import load
    >>> from salesctrl.testing import run
    >>> engine = load(files("salesctrl.cli") / "starter" / "policies")
    >>> found = cover(engine, run(engine))
    >>> found.is_complete, found.tally.controls == found.tally.with_case
    (True, True)
    """
    known = list(carriers(engine))
    shown = _shown(known, results)
    chosen = own_catalogue(known) if catalogue is None else catalogue
    controls = [_covered(control, known, shown) for control in chosen.controls]
    pack = engine.documents.pack
    titles = {code: LocalText(en=said, zh=said) for code, said in chosen.titles.items()}
    titles |= pack.doc.systems if pack is not None else {}
    codes = dict.fromkeys(control.system for control in chosen.controls)
    systems = tuple(
        SystemCoverage(code, titles.get(code), tuple(one for one in controls if one.control.system == code))
        for code in codes
    )
    return Coverage(systems, _unlisted(known, shown, {one.control.id for one in controls}))


def _unlisted(
    known: Sequence[Carrier], shown: Mapping[str, Sequence[str]], listed: set[str]
) -> dict[str, tuple[str, ...]]:
    """What rules and cases name and is not listed; the id of a rule that covers others is not meant."""
    found: dict[str, list[str]] = {}
    for carrier in known:
        for control in carrier.stated:
            found.setdefault(control, []).append(carrier.id)
    own = {name for carrier in known for name in carrier.controls}
    for control, cases in shown.items():
        if control not in own:
            found.setdefault(control, []).extend(cases)
    return {name: tuple(by) for name, by in found.items() if name not in listed}


def own_catalogue(known: Iterable[Carrier]) -> Catalogue:
    """The catalogue of policies that have none: what their rules carry, each in the system of its policy.

    >>> own_catalogue([Carrier("CR-1", "S06"), Carrier("CR-1-X", "S06", covers=("CR-1",))])
    Catalogue(controls=(Control(id='CR-1', system='S06', numeric=False),), titles={})
    """
    systems: dict[str, str] = {}
    for carrier in known:
        for control in carrier.stated:
            systems.setdefault(control, carrier.system)
    return Catalogue(tuple(Control(name, system) for name, system in systems.items()), {})


def _covered(
    control: Control, known: Sequence[Carrier], shown: Mapping[str, Sequence[str]]
) -> ControlCoverage:
    carrying = [carrier for carrier in known if control.id in carrier.controls]
    return ControlCoverage(
        control,
        tuple(carrier.id for carrier in carrying if carrier.idle is None),
        {carrier.id: carrier.idle for carrier in carrying if carrier.idle is not None},
        tuple(shown.get(control.id, ())),
    )


def _shown(known: Sequence[Carrier], results: Iterable[TestResult]) -> dict[str, list[str]]:
    """For each control the cases that show it."""
    carried = {carrier.id: carrier.controls for carrier in known}
    found: dict[str, list[str]] = {}
    for result in results:
        if not result.passed:
            continue
        names = dict.fromkeys(result.case.covers if result.case.kind != "example" else ())
        for rule in result.fired:
            names.update(dict.fromkeys(carried.get(rule, ())))
        for name in names:
            found.setdefault(name, []).append(result.case.id)
    return found


# --- what carries controls ---------------------------------------------------------------------------


def carriers(engine: Engine) -> Iterator[Carrier]:
    """The rules, rows of tables with effects, and tables that give values, with the controls they carry.

    >>> from salesctrl import load
    >>> found = {carrier.id: carrier for carrier in carriers(load())}
    >>> found["CR-18-2-X"].controls, found["CR-18-2-Y"].idle
    (('CR-18-2-X', 'CR-18-2'), 'never')
    """
    documents = policy_documents(engine.documents)
    systems = {doc.policy: doc.system or "" for doc in documents}
    live = {planned.rule.id for plan in _plans(engine) for planned in plan.rules
            if planned.fired != plan.graph.false}  # fmt: skip
    covers = {(doc.policy, name): table.covers for doc in documents for name, table in doc.tables.items()}
    carried: dict[str, dict[str, None]] = {}
    for policy in engine.policies:
        for rule in policy.rules:  # versions of a policy may carry different controls
            carried.setdefault(rule.id, {}).update(dict.fromkeys(rule.covers))
    done: set[str] = set()
    for policy in engine.policies:
        system = systems.get(policy.name, "")
        for rule in policy.rules:
            if rule.id in done:  # of an earlier version of the policy
                continue
            done.add(rule.id)
            idle = "off" if rule.off is not None else None if rule.id in live else "never"
            table = rule.row.table if rule.row is not None else None
            yield Carrier(rule.id, system, table, tuple(carried[rule.id]), idle)
        read = _tables_read(policy)
        with_rules = {rule.row.table for rule in policy.rules if rule.row is not None}
        for name in policy.tables:
            if name in with_rules or name in done:
                continue
            done.add(name)
            named = covers.get((policy.name, name), ())
            yield Carrier(name, system, covers=named, idle=None if name in read else "never", gives=True)


def policy_documents(documents: PolicySet) -> tuple[PolicyDocument, ...]:
    """The documents of the policies, and those that metrics and obligations stand for.

    >>> from salesctrl import load
    >>> [doc.system for doc in policy_documents(load().documents) if doc.policy == "order-release"]
    ['S06']
    """
    return tuple(loaded.doc for loaded in derived(documents, Diagnostics()).policies)


def _plans(engine: Engine) -> Iterator[Plan]:
    for name in engine.control_points:
        yield from engine.point(name).plans


def _tables_read(policy: CheckedPolicy) -> set[str]:
    """The tables whose values something that is decided or reported asks for."""
    todo: list[t.Node] = [policy.formulas[name].node for name in policy.outputs]
    for rule in policy.rules:
        figures = (requirement.figure for requirement in rule.requirements)
        todo += [rule.when.node, *(e.node for _, e in rule.computes), *(f.node for f in figures if f)]
    seen: set[str] = set()
    tables: set[str] = set()
    while todo:
        for node in t.walk(todo.pop()):
            if isinstance(node, t.FormulaRef) and node.name not in seen:
                seen.add(node.name)
                todo.append(policy.formulas[node.name].node)
            elif isinstance(node, t.TableRef) and node.table not in tables:
                tables.add(node.table)
                todo.append(policy.table_outputs[node.table, node.output])
    return tables


# --- catalogues --------------------------------------------------------------------------------------


def find_catalogue(documents: PolicySet, paths: Sequence[Path]) -> Path | None:
    """The file `catalogue.csv` beside the document `pack` of a policy set that was loaded from some paths.

    >>> from salesctrl import load
    >>> from salesctrl.policy.loader import default_policies
    >>> find_catalogue(load().documents, [default_policies()]).name
    'catalogue.csv'
    """
    pack = documents.pack
    if pack is None:
        return None
    for path in paths:
        beside = (path if path.is_dir() else path.parent) / pack.source.file
        if beside.is_file() and (beside.with_name(CATALOGUE)).is_file():
            return beside.with_name(CATALOGUE)
    return None


def read_catalogue(path: Path) -> Catalogue:
    r"""Read a catalogue in CSV: the columns `id`, `system` and `numeric`; others are passed over.

    `system` is a code, with a title after a space if wanted; `numeric` is `y`, `n`, `true` or `false`.

    Raises:
        FactsError: It cannot be read; it carries every problem with its line.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "catalogue.csv")
    ...     _ = path.write_text("id,system,numeric\nCR-1,S06 Credit,y\n", encoding="utf-8")
    ...     read_catalogue(path)
    Catalogue(controls=(Control(id='CR-1', system='S06', numeric=True),), titles={'S06': 'Credit'})
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise _wrong(
            path.name, f"cannot be read: {reason}", "name a file of CSV with `--catalogue`"
        ) from error
    except UnicodeDecodeError as error:
        raise _wrong(path.name, "expected UTF-8 but got other bytes", "save it as CSV in UTF-8") from error
    except csv.Error as error:
        raise _wrong(path.name, f"expected CSV: {error}", "save it as CSV, with commas") from error
    return _Reader(path.name).catalogue(rows)


def _wrong(where: str, message: str, help: str) -> FactsError:
    return FactsError([FactProblem(where, "F_FILE", message, help)])


class _Reader:
    """Reads the rows of a catalogue, and collects what is wrong."""

    def __init__(self, name: str):
        self.name = name
        self.problems: list[FactProblem] = []

    def catalogue(self, rows: Sequence[tuple[int, list[str]]]) -> Catalogue:
        if not rows:
            raise _wrong(self.name, "expected a catalogue but the file is empty", f"begin with `{_header()}`")
        places = self._places(rows[0][1])
        controls: dict[str, Control] = {}
        lines: dict[str, int] = {}
        titles: dict[str, str] = {}
        for line, row in rows[1:]:
            cells = [row[place].strip() if place < len(row) else "" for place in places]
            id_, numeric = cells[0], _NUMERIC.get(cells[2].lower())
            code, _, title = cells[1].partition(" ")
            for column, cell in zip(_COLUMNS, cells, strict=True):
                if not cell:
                    self._problem(line, "F_MISSING", f"expected a value for `{column}` but got none",
                                  "fill it in, or leave the line out")  # fmt: skip
            if cells[2] and numeric is None:
                self._problem(line, "F_CHOICE", f"expected `y` or `n` for `numeric` but got `{cells[2]}`",
                              "write `y` where figures come into the control, else `n`")  # fmt: skip
            if id_ in lines:
                self._problem(line, "F_TWICE", f"the id `{id_}` is on line {lines[id_]} already",
                              "leave one of the two lines out")  # fmt: skip
            if not id_:
                continue
            lines.setdefault(id_, line)
            controls.setdefault(id_, Control(id_, code, bool(numeric)))
            if title.strip():
                titles.setdefault(code, title.strip())
        if self.problems:
            raise FactsError(self.problems)
        if not controls:
            raise _wrong(self.name, "expected controls but there are none below the header",
                         "add a line for each control")  # fmt: skip
        return Catalogue(tuple(controls.values()), titles)

    def _places(self, header: Sequence[str]) -> list[int]:
        names = [name.strip().lower() for name in header]
        problems = []
        for column in _COLUMNS:
            if names.count(column) != 1:
                there = "there is none" if column not in names else "there are several"
                message = f"expected a column `{column}` but {there}"
                help_ = f"name the columns in the first line: `{_header()}`"
                problems.append(FactProblem(self.name, "F_COLUMN", message, help_))
        if problems:
            raise FactsError(problems)
        return [names.index(column) for column in _COLUMNS]

    def _problem(self, line: int, code: str, message: str, help: str) -> None:
        self.problems.append(FactProblem(f"{self.name}:{line}", code, message, help))


def _header() -> str:
    return ",".join(_COLUMNS)
