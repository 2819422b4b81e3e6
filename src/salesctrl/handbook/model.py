"""What the pages are made of: the policies by their systems, with their documents, rules and examples."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from salesctrl.compile.checked import CheckedPolicy, CheckedRule
from salesctrl.compile.rules import interval
from salesctrl.coverage import Coverage, SystemCoverage, policy_documents
from salesctrl.engine import Engine
from salesctrl.policy.documents import (
    LocalText,
    PolicyDocument,
    Source,
    TableSpec,
    TestsDocument,
    TimelineDocument,
)
from salesctrl.testing import TestResult, watched_points

_NUMBERS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Chapter:
    """One policy: as it was checked, and its document."""

    policy: CheckedPolicy
    document: PolicyDocument
    idle: frozenset[str]
    """The rules whose condition never holds with the parameters as they are."""

    @property
    def system(self) -> str:
        """The code of its system; empty where it names none."""
        return self.document.system or ""

    @property
    def source(self) -> Source | None:
        """The clause that the policy stands on."""
        return self.document.source

    def table(self, name: str) -> TableSpec | None:
        """A table as it is written; ``None`` of one that an overlay adds."""
        return self.document.tables.get(name)


@dataclass(frozen=True, slots=True)
class Suite:
    """Worked examples that belong together: those of a document of tests, of a timeline, or of a rule."""

    title: LocalText | None
    rule: str | None
    document: TestsDocument | TimelineDocument | None
    results: tuple[TestResult, ...]

    @property
    def is_timeline(self) -> bool:
        """Whether they are events in time, and not single decisions."""
        return isinstance(self.document, TimelineDocument)

    @property
    def has_overlays(self) -> bool:
        """Whether overlays are laid over the policies for them."""
        return self.document is not None and bool(self.document.overlays)

    @property
    def control_point(self) -> str:
        """The control point that decides them."""
        return self.results[0].case.control_point


@dataclass(frozen=True, slots=True)
class Page:
    """A system of controls with all that its page shows; an empty code is for policies of no system."""

    system: str
    title: LocalText | None
    chapters: tuple[Chapter, ...]
    suites: tuple[Suite, ...]
    coverage: SystemCoverage | None

    @property
    def control_points(self) -> tuple[str, ...]:
        """The control points in the order of the page."""
        return tuple(dict.fromkeys(chapter.policy.control_point for chapter in self.chapters))

    @property
    def rules(self) -> tuple[CheckedRule, ...]:
        """The rules of all chapters."""
        return tuple(rule for chapter in self.chapters for rule in chapter.policy.rules)


def gather(engine: Engine, results: Iterable[TestResult], coverage: Coverage) -> tuple[Page, ...]:
    """The pages: systems in the order of the pack and of the catalogue, further ones after them."""
    chapters = list(_chapters(engine))
    covered = {system.system: system for system in coverage.systems}
    pack = engine.documents.pack
    titles: Mapping[str, LocalText] = pack.doc.systems if pack is not None else {}
    codes = dict.fromkeys((*titles, *covered, *(chapter.system for chapter in chapters)))
    ordered = [*(code for code in codes if code), *(code for code in codes if not code)]
    by_system = {code: [c for c in chapters if c.system == code] for code in ordered}
    suites = _suites(engine, results, by_system)
    return tuple(
        Page(
            code,
            titles.get(code) or (covered[code].title if code in covered else None),
            _in_order(by_system[code]),
            tuple(suites.get(code, ())),
            covered.get(code),
        )
        for code in ordered
        if by_system[code]
    )


def _chapters(engine: Engine) -> Iterator[Chapter]:
    live = {
        rule.rule.id
        for name in engine.control_points
        for plan in engine.point(name).plans
        for rule in plan.rules
        if rule.fired != plan.graph.false
    }
    documents = {
        (document.policy, interval(document.effective)): document
        for document in policy_documents(engine.documents)
    }
    for policy in engine.policies:
        document = documents[policy.name, policy.effective]
        idle = frozenset(rule.id for rule in policy.rules if rule.id not in live)
        yield Chapter(policy, document, idle)


def clause_order(sources: Iterable[Source | None]) -> Callable[[Source | None], tuple[int, list[int]]]:
    """A key that puts clauses by their document, in the order met, then by the numbers of the article.

    >>> sources = [Source.model_validate({"document": "Rules", "article": f"Art. {n}"}) for n in (17, 9)]
    >>> [source.article.en for source in sorted(sources, key=clause_order(sources))]
    ['Art. 9', 'Art. 17']
    """
    documents = dict.fromkeys(source.document.get("en") for source in sources if source is not None)
    places = {name: place for place, name in enumerate(documents)}

    def place(source: Source | None) -> tuple[int, list[int]]:
        if source is None:
            return len(places), []
        article = source.article.get("en") if source.article is not None else ""
        return places[source.document.get("en")], [int(number) for number in _NUMBERS.findall(article)]

    return place


def _in_order(chapters: Sequence[Chapter]) -> tuple[Chapter, ...]:
    place = clause_order(chapter.source for chapter in chapters)
    return tuple(sorted(chapters, key=lambda chapter: place(chapter.source)))


def _suites(
    engine: Engine, results: Iterable[TestResult], by_system: Mapping[str, Sequence[Chapter]]
) -> dict[str, list[Suite]]:
    """The examples by system: those of a document go where most of what they cover is carried."""
    carried = {
        code: {name for c in chapters for rule in c.policy.rules for name in (rule.id, *rule.covers)}
        for code, chapters in by_system.items()
    }
    points = {code: {c.policy.control_point for c in chapters} for code, chapters in by_system.items()}
    tests = {loaded.doc.tests: loaded.doc for loaded in engine.tests}
    timelines = {loaded.doc.timeline: loaded.doc for loaded in engine.documents.timelines}
    rules = {rule.id: rule for policy in engine.policies for rule in policy.rules}
    groups: dict[tuple[str, str], list[TestResult]] = {}
    for result in results:
        groups.setdefault((result.case.kind, result.case.suite), []).append(result)
    done: dict[str, list[Suite]] = {}
    for (kind, name), group in groups.items():
        asked = {group[0].case.control_point}
        if kind == "case":
            named = [control for result in group for control in result.case.covers]
            suite = Suite(tests[name].title, None, tests[name], tuple(group))
        elif kind == "timeline":
            asked = set(watched_points(engine, group[0].case))
            named = [one for result in group for one in (*result.case.covers, *result.fired)]
            suite = Suite(timelines[name].title, None, timelines[name], tuple(group))
        else:
            named = [name]
            suite = Suite(rules[name].title, name, None, tuple(group))
        able = [code for code in by_system if asked & points[code]]
        if able:
            best = max(able, key=lambda code: sum(control in carried[code] for control in named))
            done.setdefault(best, []).append(suite)
    for suites in done.values():
        suites.sort(key=lambda suite: suite.has_overlays)
    return done
