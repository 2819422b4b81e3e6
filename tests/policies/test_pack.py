"""The policies that come with the package: sound, shown by cases, and in words for those who read them."""

import re
from collections import defaultdict
from functools import cache

import pytest
from tests.policies.pack import (
    documents,
    engine,
    loading,
    overlaid,
    points,
    results,
    rules,
    rules_at_once,
    texts,
    told,
)

from salesctrl.coverage import ControlCoverage, cover, read_catalogue
from salesctrl.decision.trace import Status
from salesctrl.loading import check_overlays, read
from salesctrl.policy.documents import LocalText
from salesctrl.policy.loader import default_policies
from salesctrl.policy.types import Base

LISTED = read_catalogue(default_policies() / "catalogue.csv")
CATALOGUE = LISTED.controls
CONTROLS = [control.id for control in CATALOGUE]
OVERLAYS = [loaded.doc.overlay for loaded in loading().documents.overlays]

CHINESE = re.compile(r"[\u4e00-\u9fff]")
LATIN_WORD = re.compile(r"[A-Za-z_]{2,}")
CLAUSE = re.compile(r"\d[\d.、]*")
"""The number of an article or clause alone, or of several: the same in both languages."""


# --- sound -------------------------------------------------------------------------------------------


def test_nothing_is_found_in_it():
    assert loading().findings == ()


def test_nothing_is_found_under_an_overlay_of_it():
    looked_at = read()
    check_overlays(looked_at)
    assert looked_at.findings == ()


def test_all_its_overlays_fit_together():
    assert overlaid(*OVERLAYS).checked.overlays == tuple(OVERLAYS)


def test_every_case_is_as_expected():
    failed = [(r.case.id, r.mismatches, r.problems) for r in results() if not r.passed]
    assert failed == []


def test_no_control_point_is_without_a_case():
    assert {point for asked in points().values() for point in asked} == set(engine().control_points)


# --- the controls of the catalogue ---------------------------------------------------------------------


def test_there_are_491_controls():
    assert len(CONTROLS) == len(set(CONTROLS)) == 491


@cache
def covered() -> dict[str, ControlCoverage]:
    """What the library says of each control: the rules, tables, metrics and obligations that carry it."""
    return {found.control.id: found for found in cover(engine(), results(), LISTED).controls}


@pytest.mark.parametrize("control", CONTROLS)
def test_a_rule_carries_the_control(control):
    assert covered()[control].rules


def test_nothing_of_the_catalogue_is_open():
    assert [control for control in CONTROLS if covered()[control].is_open] == []


@pytest.mark.parametrize("control", CONTROLS)
def test_a_case_shows_the_control(control):
    assert [result.case.id for result in results() if control in result.case.covers]


def test_nothing_else_is_said_to_be_covered():
    named = {name for rule in rules().values() for name in rule.covers}
    named |= {name for result in results() for name in result.case.covers}
    assert named <= set(CONTROLS)


def test_every_policy_says_which_system_it_belongs_to():
    found = loading().documents
    documents = (*found.policies, *found.metrics, *found.obligations)
    documents += (*found.case_controls, *found.ladders)
    assert {loaded.doc.system for loaded in documents} == {control.system for control in CATALOGUE}


# --- shown by cases ------------------------------------------------------------------------------------


@cache
def became() -> dict[str, set[Status]]:
    """What became of each rule in the cases."""
    found = defaultdict(set)
    for one in told():
        found[one.rule.id].add(one.rule.status)
    return found


@pytest.mark.parametrize("rule", rules_at_once())
def test_a_rule_holds_in_one_case_and_not_in_another(rule):
    """A rule without a condition always holds: then what it requires is there in one and not in another.

    Or, where it requires nothing, an exception lifts it in one of them.
    """
    checked, seen = rules()[rule], set(became()[rule])
    assert seen & {Status.FIRED, Status.SATISFIED, Status.EXCEPTED}
    if checked.when.text == "true" and checked.requirements:
        seen.discard(Status.FIRED if checked.excepts else Status.SATISFIED)
        assert seen & {Status.FIRED, Status.WITHHELD, Status.NOT_FIRED}
    elif checked.when.text == "true":
        assert {Status.FIRED, Status.EXCEPTED} <= seen
    else:
        assert Status.NOT_FIRED in seen


@pytest.mark.parametrize("rule", [r.id for r in rules_at_once().values() if r.requirements and not r.excepts])
def test_what_a_rule_requires_is_there_in_one_case_and_not_in_another(rule):
    assert {Status.FIRED, Status.SATISFIED} <= became()[rule]


@pytest.mark.parametrize("rule", [r.id for r in rules().values() if r.excepts])
def test_an_exception_counts_in_one_case_and_not_in_another(rule):
    seen = {
        status is not Status.NOT_FIRED and one.rule.status is Status.EXCEPTED
        for one in told()
        for name, status in one.rule.exceptions
        if name == rule
    }
    assert seen == {True, False}


def readings() -> list[tuple[str, str, object]]:
    """Policy, parameter and value of every reading that can be chosen."""
    return [
        (policy.name, name, value)
        for policy in engine().policies
        for name, parameter in policy.parameters.items()
        for value in parameter.seen.type.choices or (False, True)
        if parameter.seen.type.base in (Base.CHOICE, Base.BOOLEAN)
    ]


@pytest.fixture(scope="module")
def decided_readings():
    """The readings under which a case is decided: of a policy at its control point, with its overlays."""
    found = defaultdict(set)
    for result in results():
        for policy in overlaid(*result.case.overlays).policies:
            if policy.control_point in points()[result.case.id]:
                for name, parameter in policy.parameters.items():
                    found[policy.name, name] |= {constant.value for _, constant in parameter.dated}
    return found


@pytest.mark.parametrize(("policy", "parameter", "value"), readings())
def test_every_reading_that_can_be_chosen_decides_a_case(policy, parameter, value, decided_readings):
    assert value in decided_readings[policy, parameter]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_cases_are_decided_under_every_overlay(overlay):
    assert any(overlay in result.case.overlays for result in results())


def test_an_overlay_changes_something_and_says_so():
    for overlay in OVERLAYS:
        changed = [
            name
            for policy in overlaid(overlay).policies
            for name, parameter in policy.parameters.items()
            if parameter.origin == overlay
        ]
        assert changed, overlay
        assert overlaid(overlay).digest != engine().digest


# --- in words ------------------------------------------------------------------------------------------

TEXTS = [text for name, document in documents() for text in texts(document, name)]


def test_there_are_texts():
    assert len(TEXTS) > 1000


def test_every_text_is_there_in_both_languages():
    missing = [path for path, text in TEXTS if not text.en or not text.zh]
    assert missing == []


def test_every_text_is_in_the_language_it_is_said_to_be():
    """Also of a text that stands for both, because it was written once. Clauses may be numbers alone."""
    wrong = [
        (path, text)
        for path, text in TEXTS
        if CHINESE.search(sentence_words(text.en))
        or not (CHINESE.search(text.zh) or (path.endswith(".article") and CLAUSE.fullmatch(text.zh)))
    ]
    assert wrong == []


def sentence_words(text: str) -> str:
    """An English text without what it quotes of the Chinese."""
    return re.sub("“[^”]*”", "", text)


def test_texts_are_typed_with_care():
    careless = [
        (path, words)
        for path, text in TEXTS
        for words in (text.en, text.zh)
        if words != words.strip() or re.search(r"  |\n|\.$", words) or words.count("“") != words.count("”")
    ]
    assert [one for one in careless if ".note" not in one[0]] == []


def test_punctuation_is_that_of_the_language():
    """Full-width in Chinese, but for what is filled in and for numbers such as 5:3:2 or 16,666."""
    filled = re.compile(r"\{[^}]*\}|(?<=\d)[:,](?=\d)")
    assert [(path, text.zh) for path, text in TEXTS if re.search("[,;:()?!]", filled.sub("", text.zh))] == []
    assert [(path, text.en) for path, text in TEXTS if re.search("[，；：（）。？！]", text.en)] == []


def titled() -> list[tuple[str, LocalText | None]]:
    """What has a name that people read, with the title that it must have."""
    found: list[tuple[str, LocalText | None]] = []
    documents = loading().documents
    kinds = [kind for vocabulary in documents.vocabularies for kind in vocabulary.doc.kinds.items()]
    for kind in dict(kinds):  # in one of the vocabularies that it stands in
        found.append((kind, next((spec.title for name, spec in kinds if name == kind and spec.title), None)))
    for vocabulary in documents.vocabularies:
        for kind, spec in vocabulary.doc.kinds.items():
            for field, inner in spec.fields.items():
                found.append((f"{kind}.{field}", inner.title))
                found += [(f"{kind}.{field} {choice}", label) for choice, label in inner.choices.items()]
    for organisation in documents.organisations:
        found += [(f"role {name}", role.title) for name, role in organisation.doc.roles.items()]
        found += [(f"duty {name}", duty.title) for name, duty in organisation.doc.duties.items()]
        found += [(pair.id, pair.title) for pair in organisation.doc.incompatible]
    for policy in documents.policies:
        doc = policy.doc
        found.append((doc.policy, doc.title))
        for name, parameter in doc.parameters.items():
            found.append((f"{doc.policy}.{name}", parameter.title))
            found += [(f"{doc.policy}.{name} {choice}", label) for choice, label in parameter.choices.items()]
        found += [(f"{doc.policy}.{name}", formula.title) for name, formula in doc.let.items()]
        found += [(rule.id, rule.title) for rule in doc.rules]
    for tests in documents.tests:
        found.append((tests.doc.tests, tests.doc.title))
    for vocabulary in documents.vocabularies:
        found += [(f"activity {name}", spec.title) for name, spec in vocabulary.doc.activities.items()]
    for control in documents.case_controls:
        found.append((control.doc.case_control, control.doc.title))
        found += [(rule.id, rule.title) for rule in control.doc.rules]
    for ladder in documents.ladders:
        found.append((ladder.doc.ladder, ladder.doc.title))
        found += [(f"{ladder.doc.ladder}.{name}", state.title) for name, state in ladder.doc.states.items()]
        found += [(step.id, step.title) for step in ladder.doc.transitions]
        found += [(f"{ladder.doc.ladder}.{name}", p.title) for name, p in ladder.doc.parameters.items()]
    for timeline in documents.timelines:
        found.append((timeline.doc.timeline, timeline.doc.title))
    for overlay in documents.overlays:
        found.append((overlay.doc.overlay, overlay.doc.title))
    return found


def test_everything_that_people_read_has_a_title():
    assert [name for name, title in titled() if title is None] == []


def test_every_rule_but_an_exception_has_its_sentence():
    """A transition may do with the title of the state that it leads to."""
    steps = {step.id for ladder in engine().checked.cases.ladders for step in ladder.transitions}
    silent = [rule.id for rule in rules().values() if rule.because is None and not rule.excepts]
    assert [rule for rule in silent if rule not in steps] == []


def test_every_rule_names_the_clause_it_stands_on():
    assert [r.id for r in rules().values() if r.source is None or r.source.article is None] == []


def test_a_parameter_that_settles_an_ambiguity_says_how():
    """In both languages, as every text: what is open, and how it is read."""
    without = [
        f"{policy.name}.{name}"
        for policy in engine().policies
        for name, parameter in policy.parameters.items()
        if parameter.ref is not None and parameter.note is None
    ]
    assert without == []


def test_a_reading_that_can_be_chosen_says_which_ambiguity_it_settles():
    """Or, where the print is silent without being ambiguous, at least what it is."""
    for policy in engine().policies:
        for name, parameter in policy.parameters.items():
            if parameter.seen.type.base is Base.CHOICE and parameter.ref is None:
                assert (policy.name, name) in {
                    ("negotiation-prepare", "unprepared"),  # the clause says that three offers are prepared
                }


def test_the_sentences_of_a_rule_say_the_same_figures_in_both_languages():
    different = [
        (rule.id, *sides)
        for rule in rules().values()
        if rule.because is not None
        and len(set(sides := [figures(rule.because.parts[lang]) for lang in ("en", "zh")])) > 1
    ]
    assert different == []


def figures(parts) -> frozenset[str]:
    """The expressions that are filled into a sentence."""
    return frozenset(part.text for part in parts if not isinstance(part, str))


def test_an_amount_in_a_chinese_sentence_has_its_unit():
    bare = [
        (rule.id, part.text)
        for rule in rules().values()
        if rule.because is not None
        for part, after in zip(rule.because.parts["zh"], (*rule.because.parts["zh"][1:], ""), strict=True)
        if not isinstance(part, str)
        and part.node.type.base is Base.MONEY
        and not (isinstance(after, str) and after.startswith("元"))
    ]
    assert bare == []


def test_sentences_show_words_and_not_codes():
    """As filled in for the cases: of a choice its title, and nothing that is not known."""
    shown = [(one.case, one.rule.id, one.rule.because) for one in told() if holds(one.rule.status)]
    assert [case for case in shown if case[2] is not None and LATIN_WORD.search(case[2].zh)] == []
    assert [case for case in shown if case[2] is not None and "_" in case[2].en] == []
    assert [
        case for case in shown if case[2] is not None and re.search("unknown|not known", case[2].en)
    ] == []


def holds(status: Status) -> bool:
    return status in (Status.FIRED, Status.SATISFIED, Status.EXCEPTED)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_decision_with_each_rule_can_be_explained(lang):
    left = {one.rule.id for one in told() if holds(one.rule.status)}
    assert left >= set(rules_at_once())
    for result in results():
        if result.decision is None:
            continue
        fired = left & {r.id for r in result.decision.trace.rules if holds(r.status)}
        if fired:
            said = result.decision.explain(lang, "full")
            assert all(rule in said for rule in fired)
            left -= fired
    assert not left
