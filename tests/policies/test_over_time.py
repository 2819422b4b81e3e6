"""Controls over cases and ladders of the pack: timelines show each on both sides."""

import pytest
from tests.policies.pack import engine, results, rules_in_time, shown_in_time

from salesctrl.compile.needs import ApprovalNeed

CASES = engine().checked.cases
CONTROLS = sorted({control.name for control in CASES.controls})
LADDERS = sorted({ladder.name for ladder in CASES.ladders})
STEPS = {step.id for ladder in CASES.ladders for step in ladder.transitions}


def looked_at_by(name):
    """What became of the timelines that a control or a ladder is named by."""
    return [
        result
        for result in results()
        if result.case.kind == "timeline" and (result.case.controls is None or name in result.case.controls)
    ]


def test_there_are_controls_and_ladders():
    assert CONTROLS
    assert LADDERS


@pytest.mark.parametrize("name", CONTROLS)
def test_a_timeline_shows_a_control_that_finds_something_and_one_that_does_not(name):
    found = {
        any(finding.control == name for finding in result.seen.findings) for result in looked_at_by(name)
    }
    assert found == {True, False}


@pytest.mark.parametrize("name", LADDERS)
def test_a_timeline_shows_a_ladder_that_leads_to_its_end_and_one_that_finds_something(name):
    seen = [result.seen for result in looked_at_by(name)]
    stages = [stage for one in seen for stage in one.stages[name].values()]
    assert any(stage.is_final for stage in stages)
    assert any(stage.findings for stage in stages)


@pytest.mark.parametrize("rule", [rule.id for rule in rules_in_time().values() if not rule.excepts])
def test_a_rule_holds_in_one_timeline_and_not_in_another(rule):
    holds, quiet = shown_in_time(rule)
    assert holds
    assert quiet


def approved():
    """The transitions that somebody approves. Documents are often those of the step before: always there."""
    for rule in rules_in_time().values():
        if rule.id in STEPS and any(isinstance(one.need, ApprovalNeed) for one in rule.requirements):
            yield rule.id


@pytest.mark.parametrize("step", list(approved()))
def test_an_approval_of_a_transition_is_there_in_one_timeline_and_not_in_another(step):
    seen = [result.seen for result in results() if result.seen is not None]
    assert any(step in one.fired for one in seen)
    assert any(step in one.blocked for one in seen)


@pytest.mark.parametrize("name", LADDERS)
def test_an_action_that_is_due_is_late_in_one_timeline(name):
    actions = {due.action for ladder in CASES.ladders if ladder.name == name
               for state in ladder.states.values() for due in state.due}  # fmt: skip
    late = {action for result in looked_at_by(name) for action in result.seen.overdue}
    assert not actions or actions & late


def test_every_timeline_says_what_looks_at_it():
    """What is found would otherwise change with every control that is added."""
    assert [r.case.id for r in results() if r.case.kind == "timeline" and r.case.controls is None] == []
