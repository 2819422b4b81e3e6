"""The pages put together: the index, and for each system its clauses, flow, rules, roles and examples."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from salesctrl.compile.needs import ActionNeed
from salesctrl.coverage import Catalogue, cover
from salesctrl.decision.values import Language
from salesctrl.engine import Engine
from salesctrl.handbook.examples import ExampleWriter
from salesctrl.handbook.flow import approvers, flow
from salesctrl.handbook.markdown import escaped, shown_columns, table
from salesctrl.handbook.model import Page, clause_order, gather
from salesctrl.handbook.rules import ChapterWriter, clause
from salesctrl.handbook.timelines import TimelineWriter
from salesctrl.handbook.words import PageWords
from salesctrl.policy.documents import Source
from salesctrl.testing import TestResult

INDEX = "index.md"
_OTHER = re.compile(r"[^\w-]+")


def render(
    engine: Engine, results: Iterable[TestResult], lang: Language = "en", catalogue: Catalogue | None = None
) -> dict[str, str]:
    """The pages by the names of their files; the same policies give the same pages.

    Args:
        engine: The policies, with the overlays that are laid over them.
        results: What became of their cases, from `salesctrl.testing.run`.
        lang: ``en`` or ``zh``.
        catalogue: The controls that there are to be; left out, those that the rules carry.

    >>> from importlib.resources import files
    >>> from salesctrl import load
    >>> from salesctrl.testing import run
    >>> engine = load(files("salesctrl.cli") / "starter" / "policies")
    >>> sorted(render(engine, run(engine)))
    ['index.md', 'policies.md']
    """
    found = list(results)
    words = PageWords(lang)
    coverage = cover(engine, found, catalogue)
    listed = frozenset(one.control.id for one in coverage.controls)
    pages = gather(engine, found, coverage)
    names = _file_names(pages)
    done = {INDEX: _text(_index(engine, pages, names, words))}
    for page, name in zip(pages, names, strict=True):
        done[name] = _text(_page(engine, page, listed, words))
    return done


def _text(lines: Iterable[str]) -> str:
    """Lines as a file; never two empty ones in a row, and none at the end."""
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip("\n") + "\n"


def _file_names(pages: Sequence[Page]) -> list[str]:
    """A name for each page, from the code of its system."""
    names: list[str] = []
    for page in pages:
        stem = _OTHER.sub("-", page.system.lower()).strip("-") or "policies"
        name, number = f"{stem}.md", 1
        while name in names or name == INDEX:
            number += 1
            name = f"{stem}-{number}.md"
        names.append(name)
    return names


def _heading(page: Page, words: PageWords) -> str:
    title = escaped(page.title.get(words.lang)) if page.title is not None else ""
    return f"{escaped(page.system)} {title}".strip() or words.tell("further")


# --- the index ---------------------------------------------------------------------------------------


def _index(engine: Engine, pages: Sequence[Page], names: Sequence[str], words: PageWords) -> Iterator[str]:
    pack = engine.documents.pack
    title = pack.doc.title if pack is not None else None
    heading = (
        words.tell("index") if title is None else words.tell("index_of", title=escaped(title.get(words.lang)))
    )
    yield from (words.tell("written"), "", f"# {heading}", "")
    if pack is not None:
        yield from (words.tell("version", name=engine.name, version=engine.version), "")
    controls = [one for page in pages if page.coverage is not None for one in page.coverage.controls]
    yield words.tell(
        "counts",
        systems=len(pages),
        controls=len(controls),
        rules=sum(len(page.rules) for page in pages),
        points=len({point for page in pages for point in page.control_points}),
        cases=sum(len(suite.results) for page in pages for suite in page.suites),
    )
    yield ""
    keys = ("system", "title", "controls", "with_rule", "with_case", "control_points", "rules", "examples")
    yield from table(
        [words.tell(key) for key in keys], (_line(p, n, words) for p, n in zip(pages, names, strict=True))
    )


def _line(page: Page, name: str, words: PageWords) -> list[str]:
    title = escaped(page.title.get(words.lang)) if page.title is not None else words.tell("further")
    counted = page.coverage.tally if page.coverage is not None else None
    numbers = ("", "", "") if counted is None else (counted.controls, counted.with_rule, counted.with_case)
    examples = sum(len(suite.results) for suite in page.suites)
    rest = (len(page.control_points), len(page.rules), examples)
    return [escaped(page.system), f"[{title}]({name})", *map(str, (*numbers, *rest))]


# --- a page ------------------------------------------------------------------------------------------


def _page(engine: Engine, page: Page, listed: frozenset[str], words: PageWords) -> Iterator[str]:
    yield from (words.tell("written"), "", f"# {_heading(page, words)}", "")
    yield from (f"## {words.tell('clauses')}", "", *_clauses(page, listed, words), "")
    yield from (f"## {words.tell('flow')}", "", *flow(engine, page, words), "")
    for chapter in page.chapters:
        yield from ChapterWriter(engine, chapter, words).lines()
        yield ""
    roles = list(_roles(engine, page, words))
    if roles:
        yield from (f"## {words.tell('roles')}", "", *roles)
    if page.suites:
        yield from (f"## {words.tell('examples')}", "")
        examples, timelines = ExampleWriter(engine, words), TimelineWriter(engine, words)
        for suite in page.suites:
            yield from (timelines if suite.is_timeline else examples).lines(suite)
            yield ""


def _clauses(page: Page, listed: frozenset[str], words: PageWords) -> Iterator[str]:
    """The clauses in their order, with the controls that they hold and the rules that say them."""
    said = list(_sources(page))
    place = clause_order(source for source, _, _ in said)
    found: dict[str, tuple[dict[str, None], dict[str, None]]] = {}
    for source, name, names in sorted(said, key=lambda one: place(one[0])):
        controls, rules = found.setdefault(clause(source, words) or "—", ({}, {}))
        controls.update(dict.fromkeys(one for one in names if one in listed))
        rules[name] = None
    rows = [[text, ", ".join(controls), ", ".join(rules)] for text, (controls, rules) in found.items()]
    keys = ("clause", "controls", "rules")
    yield from table(*shown_columns([words.tell(key) for key in keys], rows))
    without = (
        [c.control.id for c in page.coverage.controls if not c.rules] if page.coverage is not None else []
    )
    if without:
        yield from ("", words.tell("no_rule", controls=", ".join(without)), "")


def _sources(page: Page) -> Iterator[tuple[Source | None, str, tuple[str, ...]]]:
    """The clause of each rule and table, its name, and the ids of controls that it may carry."""
    for chapter in page.chapters:
        with_rules = set()
        for rule in chapter.policy.rules:
            name = rule.id if rule.row is None else rule.row.table
            with_rules.add(name)
            yield rule.source, name, (rule.id, name, *rule.covers)
        for name in chapter.policy.tables:
            spec = chapter.table(name)
            if name not in with_rules and spec is not None:
                yield spec.source or chapter.source, name, (name, *spec.covers)


def _roles(engine: Engine, page: Page, words: PageWords) -> Iterator[str]:
    """The roles that the rules speak of, with what they approve, do and are told."""
    organisation = engine.checked.organisation
    found: dict[str, tuple[dict[str, None], dict[str, None], dict[str, None]]] = {}
    for rule in page.rules:
        does = [
            requirement.need.owner
            for requirement in rule.requirements
            if isinstance(requirement.need, ActionNeed) and requirement.need.owner is not None
        ]
        for place, roles in enumerate((approvers([rule]), does, rule.notify)):
            for role in roles:
                known = organisation.role(role) or role
                found.setdefault(known, ({}, {}, {}))[place][rule.id] = None
    order = {role: place for place, role in enumerate(organisation.roles)}
    rows = [
        [escaped(organisation.title(role).get(words.lang)), *(", ".join(rules) for rules in found[role])]
        for role in sorted(found, key=lambda role: order.get(role, len(order)))
    ]
    keys = ("role", "approves", "does", "told")
    yield from table(*shown_columns([words.tell(key) for key in keys], rows))
