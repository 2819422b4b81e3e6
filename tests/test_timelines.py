"""Timelines: what is expected of events in time, what comes out, and what is said where it is not so."""

from datetime import date
from textwrap import dedent, indent

import pytest

import salesctrl
from salesctrl.coverage import cover
from salesctrl.handbook import render
from salesctrl.monitor.stream import Monitor
from salesctrl.testing import cases, run, run_case, watched_points
from salesctrl.testing.timelines import EXPECTED

SET = """
vocabulary: sales
currency: CNY
kinds:
  part: {fields: {price: money}}
  event:
    fields:
      amount: {type: money, title: {en: Amount, zh: 金额}, optional: true}
      share: {type: rate, title: {en: Share, zh: 比例}, optional: true}
      parts: {type: list, of: part, optional: true}
activities:
  take: {title: {en: Takes the order, zh: 接单}, duty: take}
  approve: {title: {en: Approves it, zh: 审批}, duty: approve, evidence: {approval: true}}
  ship: {title: {en: Ships, zh: 发货}}
  pay: {title: {en: Pays, zh: 收款}}
  remind: {title: {en: Reminds, zh: 提醒}}
  settle: {title: {en: Settles, zh: 结清}, closes: true}
---
organisation: firm
roles: {boss: {title: {en: Boss, zh: 老板}}}
duties: {take: {title: {en: Takes, zh: 接单}}, approve: {title: {en: Approves, zh: 审批}}}
incompatible: [{id: IC-1, duties: [take, approve], because: {en: one hand, zh: 一手}}]
---
case_control: unpaid
title: {en: Shipped unpaid, zh: 未付即发}
parameters: {wanted: {value: 30%, min: 0%, max: 100%}}
events: {taken: take, shipped: ship}
order: [taken, shipped]
gather: {payments: {activity: pay, before: shipped}}
covers: [C-1]
rules:
  - id: UP-1
    when: sum(p.amount for p in matched.payments) < taken.amount * wanted
    deny: true
    because: {en: too little, zh: 过少}
tables:
  UP-2:
    inputs: [taken.share]
    hit: unique
    rows: [{match: ["> 50%"], flag: true}]
---
case_control: unapproved
events: {taken: take}
absent: {approval: {activity: approve, within: 5 days}}
rules: [{id: UA-1, flag: true}]
---
ladder: dunning
title: {en: Dunning, zh: 催收}
begins: ship
states:
  open: {title: {en: Open, zh: 未收}, due: {action: remind, owner: boss, within: 3 days}}
  reminded: {title: {en: Reminded, zh: 已提醒}}
  court: {title: {en: Court, zh: 诉讼}}
  settled: {title: {en: Settled, zh: 结清}, final: true}
transitions:
  - {id: D-1, from: open, to: reminded, on: remind}
  - {id: D-2, from: reminded, to: settled, on: settle, review: {approval: boss}}
  - {id: D-3, from: reminded, to: court, after: 10 days, covers: [C-2]}
---
overlay: lenient
title: {en: Lenient, zh: 宽松}
parameters: {unpaid: {wanted: 0%}}
"""

UNPAID = """
- {activity: take, time: 2026-03-01, amount: 100.00, person: A}
- {activity: ship, time: 2026-03-02 10:00}
"""
DUNNED = """
- {activity: ship, time: 2026-03-01}
- {activity: remind, time: 2026-03-04}
"""


@pytest.fixture
def engine(tmp_path):
    """The set with further documents."""

    def of(*documents):
        text = "\n---\n".join([SET, *(dedent(one) for one in documents)])
        (tmp_path / "set.yaml").write_text(text, encoding="utf-8")
        return salesctrl.load(tmp_path)

    return of


@pytest.fixture
def timeline(engine):
    """Runs one case, with the events, what is expected, and more of its keys and its document's."""

    def of(events, expect, more="", head=""):
        lines = f"timeline: t\n{head}cases:\n- name: {{en: n, zh: 名}}\n{indent(more, '  ')}"
        lines += f"  events:\n{indent(dedent(events).strip(), '    ')}\n" if events else ""
        [result] = run(engine(lines + f"  expect: {expect}"))
        return result

    return of


def wrong(result):
    """The mismatches of a result: what, expected, got, help."""
    assert not result.problems
    return [(one.what, one.expected, one.got, one.help) for one in result.mismatches]


# --- what is as expected ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("events", "expect"),
    [
        (UNPAID, "{fired: [UP-1], not_fired: [UA-1], outcome: deny, incomplete: [], blocked: []}"),
        (UNPAID, "{fired: UP-1, rejected: 0, stage: {dunning: open}, entered: {dunning: 2026-03-02}}"),
        (UNPAID, "{not_fired: [UP-2, 'UP-2#1', D-1, IC-1]}"),
        (UNPAID, "{due: {remind: 2026-03-05}, overdue: [], out_of_order: []}"),
        (DUNNED, "{fired: [D-1], stage: {dunning: reminded}, due: {remind: null}, outcome: allow}"),
        ("- {activity: take, time: 2026-03-01, person: A}", "{fired: [], stage: {dunning: null}}"),
        ("- {activity: take, time: 2026-03-01, person: A}", "{entered: {dunning: null}}"),
        ("", "{fired: [], outcome: allow, rejected: 0}"),
    ],
)
def test_what_is_so_passes(timeline, events, expect):
    assert timeline(events, expect).passed


def test_time_goes_on_up_to_a_day(timeline):
    result = timeline(DUNNED, "{fired: [D-1, D-3], stage: {dunning: court}}", "as_of: 2026-03-14\n")
    assert result.passed
    assert result.seen.as_of == date(2026, 3, 14)
    assert timeline(DUNNED, "{fired: [D-1]}", "as_of: 2026-03-13\n").passed
    assert timeline(UNPAID, "{fired: [UP-1, UA-1], overdue: [remind]}", "as_of: 2026-03-07\n").passed


def test_of_a_ladder_the_transitions_that_happened_have_fired(timeline):
    events = DUNNED + "- {activity: settle, time: 2026-03-05}\n- {activity: remind, time: 2026-03-06}"
    expect = "{fired: [D-1], not_fired: [D-2], blocked: [D-2], out_of_order: [Reminds], outcome: deny}"
    assert timeline(events, expect).passed


def test_approvals_among_the_events_count(timeline):
    events = DUNNED + "- {activity: approve, time: 2026-03-05, person: B, role: boss}\n"
    events += "- {activity: settle, time: 2026-03-06}"
    result = timeline(events, "{fired: [D-1, D-2], stage: {dunning: settled}, blocked: []}")
    assert result.passed


def test_a_case_that_is_closed_is_still_seen_long_after(timeline):
    events = "- {activity: ship, time: 2026-03-01}\n- {activity: settle, time: 2026-03-02}"
    more = "as_of: 2199-12-31\n"
    assert timeline(events, "{stage: {dunning: open}, overdue: [remind], out_of_order: settle}", more).passed


def test_pairs_of_duties_are_looked_at(timeline):
    events = UNPAID + "- {activity: approve, time: 2026-03-03, person: A}"
    assert timeline(events, "{fired: [UP-1, IC-1]}").passed
    assert timeline(events, "{fired: [IC-1]}", head="controls: segregation\n").passed
    assert timeline(events, "{fired: [UP-1]}", head="controls: [unpaid]\n").passed


def test_what_cannot_be_judged_is_named(timeline):
    events = "- {activity: take, time: 2026-03-01}\n- {activity: ship, time: 2026-03-02}"
    result = timeline(events, "{incomplete: [segregation, unpaid], outcome: incomplete, fired: []}")
    assert result.passed


def test_events_are_written_in_any_order_and_language(timeline):
    events = """
    - {activity: 发货, time: "2026-03-02T02:00:00+00:00"}
    - {activity: Takes the order, time: 2026-03-01, 金额: "1,000.00", Share: 60%, person: A}
    """
    assert timeline(events, "{fired: [UP-1, 'UP-2#1'], not_fired: []}").passed


def test_events_of_one_moment_stay_in_the_order_in_which_they_are_written(timeline):
    events = "- {activity: ship, time: 2026-03-01}\n"
    events += "- {activity: pay, time: 2026-03-01}\n" * 9 + "- {activity: remind, time: 2026-03-01}"
    assert timeline(events, "{fired: [D-1], out_of_order: []}").passed


def test_days_are_those_of_shanghai(timeline):
    events = '- {activity: ship, time: "2026-03-01T17:00:00Z"}'
    assert timeline(events, "{entered: {dunning: 2026-03-02}}").passed


def test_lists_in_events_are_read_like_facts(timeline):
    events = "- {activity: take, time: 2026-03-01, person: A, parts: [{price: '1,000.00'}]}"
    result = timeline(events, "{fired: []}")
    assert result.passed
    assert result.seen.events[0].attributes["parts"] == [{"price": "1000.00"}]


def test_overlays_are_laid_over_for_it(timeline):
    assert timeline(UNPAID, "{fired: []}", head="overlays: [lenient]\n").passed


def test_several_cases_are_told_apart(timeline):
    events = """
    - {activity: ship, time: 2026-03-01, case: A}
    - {activity: ship, time: 2026-03-01, case: B}
    - {activity: remind, time: 2026-03-02, case: B}
    """
    assert timeline(events, "{stage: {dunning: {A: open, B: reminded, C: null}}}").passed
    assert timeline(events, "{due: {remind: 2026-03-04}, entered: {dunning: {B: 2026-03-02}}}").passed
    assert wrong(timeline(events, "{stage: {dunning: {A: open, B: open}}}")) == [
        ("stage.dunning", "B: open", "B: reminded", None)
    ]
    assert wrong(timeline(events, "{stage: {dunning: open}}")) == [
        ("stage.dunning", "open", "the cases A, B", "say which case: `{A: open}`")
    ]


def test_events_may_be_rejected_where_that_is_said(timeline):
    events = UNPAID + "- {activity: shp, time: 2026-03-03}\n- {activity: ship, time: soon}"
    assert timeline(events, "{rejected: 2, fired: [UP-1], outcome: deny}").passed
    [(what, expected, got, _)] = wrong(timeline(events, "{rejected: 1}"))
    assert (what, expected) == ("rejected", "1")
    assert got.startswith("2 (event `3`: unknown activity `shp`; did you mean `ship`?; event `4`: ")
    events = "- {activity: shp, time: 2026-03-03}"
    assert timeline(events, "{rejected: 1, outcome: incomplete}").passed


# --- what is not -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expect", "what", "expected", "got", "help"),
    [
        ("{fired: []}", "fired", "none", "UP-1", None),
        ("{fired: [UP-1, UA-1]}", "fired", "UP-1, UA-1", "UP-1", None),
        ("{not_fired: [UP-1]}", "not_fired", "none of UP-1", "UP-1", None),
        ("{fired: [UP-3]}", "fired", "UP-3", "UP-1", "`UP-3` is no rule that looks at it; did you mean `UP-1`?"),
        ("{not_fired: [x]}", "not_fired", "x", "UP-1", "`x` is no rule that looks at it"),
        ("{fired: {a: b}}", "fired", "a b", "UP-1", "write a list"),
        ("{outcome: allow}", "outcome", "allow", "deny", None),
        (
            "{outcome: denied}", "outcome", "denied", "deny",
            "an outcome is one of allow, flag, review, incomplete, deny",
        ),
        ("{incomplete: [unpaid]}", "incomplete", "unpaid", "none", None),
        (
            "{incomplete: [unpayd]}", "incomplete", "unpayd", "none",
            "`unpayd` is no control that looks at it; did you mean `unpaid`?",
        ),
        ("{blocked: [D-2]}", "blocked", "D-2", "none", None),
        ("{blocked: [UP-1]}", "blocked", "UP-1", "none", "`UP-1` is no transition of a ladder that looks at it"),
        ("{out_of_order: [pay]}", "out_of_order", "pay", "none", None),
        (
            "{out_of_order: [payy]}", "out_of_order", "payy", "none",
            "`payy` is no activity; did you mean `pay`?",
        ),
        ("{overdue: [remind]}", "overdue", "remind", "none", None),
        ("{overdue: [rmind]}", "overdue", "rmind", "none", "`rmind` is no action; did you mean `remind`?"),
        ("{stage: {dunning: court}}", "stage.dunning", "court", "open", None),
        ("{stage: {dunning: null}}", "stage.dunning", "not begun", "open", None),
        (
            "{stage: {dunning: opn}}", "stage.dunning", "opn", "open",
            "`opn` is no state; did you mean `open`?",
        ),
        (
            "{stage: {dunnig: open}}", "stage.dunnig", "open", "—",
            "`dunnig` is no ladder that looks at it; did you mean `dunning`?",
        ),
        ("{stage: open}", "stage", "open", "—", "write a mapping: a ladder with what is expected of it"),
        ("{due: open}", "due", "open", "—", "write a mapping: an action with what is expected of it"),
        ("{entered: {dunning: 2026-03-01}}", "entered.dunning", "2026-03-01", "2026-03-02", None),
        ("{entered: {dunning: null}}", "entered.dunning", "nothing", "2026-03-02", None),
        ("{entered: {dunning: [a]}}", "entered.dunning", "a", "2026-03-02", "expected a date, e.g. `2026-03-01`"),
        ("{due: {remind: 2026-03-06}}", "due.remind", "2026-03-06", "2026-03-05", None),
        ("{due: {remind: null}}", "due.remind", "nothing", "2026-03-05", None),
        ("{due: {rmind: 2026-03-05}}", "due.rmind", "2026-03-05", "—", "`rmind` is no action; did you mean `remind`?"),
        ("{rejected: one}", "rejected", "one", "0", "write how many events are rejected, e.g. `1`"),
        ("{rejected: true}", "rejected", "true", "0", "write how many events are rejected, e.g. `1`"),
        ("{fird: []}", "fird", "none", "nothing of this name", "did you mean `fired`?"),
        ("{xyz: 1}", "xyz", "1", "nothing of this name", f"to be expected are {', '.join(EXPECTED)}"),
    ],
)  # fmt: skip
def test_what_is_not_so_is_said(timeline, expect, what, expected, got, help):
    assert wrong(timeline(UNPAID, expect)) == [(what, expected, got, help)]


def test_a_day_that_is_none_is_said(timeline):
    [(what, expected, got, help)] = wrong(timeline(UNPAID, "{entered: {dunning: soon}}"))
    assert (what, expected, got) == ("entered.dunning", "soon", "2026-03-02")
    assert "date" in help


def test_nothing_that_does_not_look_at_it_can_be_expected(timeline):
    """It could never come out: `not_fired` of it would prove nothing."""
    head = "controls: [dunning]\n"
    for expect in ("not_fired: [UP-1]", "incomplete: [unpaid]", "fired: [IC-1]", "incomplete: [segregation]"):
        [(_, _, _, help)] = wrong(timeline(UNPAID, f"{{{expect}}}", head=head))
        assert "that looks at it" in help
    [(_, _, _, help)] = wrong(timeline(UNPAID, "{stage: {dunning: open}}", head="controls: [unpaid]\n"))
    assert help == "`dunning` is no ladder that looks at it"


def test_places_are_those_of_the_expectations(engine):
    made = engine("""
        timeline: t
        cases:
          - name: {en: n, zh: 名}
            events: [{activity: ship, time: 2026-03-01}]
            expect:
              fired: [D-1]
              stage:
                dunning: court
    """)
    [result] = run(made)
    first = made.documents.timelines[0].source.span(("cases", 0, "expect", "fired")).line
    assert [one.span.line - first for one in result.mismatches] == [0, 2]


# --- what cannot be watched ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "path", "code", "message"),
    [
        ("{activity: shp, time: 2026-03-01}", "event `1`", "V_ACTIVITY", "did you mean `ship`?"),
        ("{activity: ship}", "event `1`", "V_TIME", "no `time`"),
        ("{activity: ship, time: soon, id: E-9}", "event `E-9`", "V_TIME", "soon"),
        ("{activity: ship, time: 2026-03-01, amont: 1}", "events[0].amont", "T_NAME", "amont"),
        (
            "{activity: ship, time: 2026-03-01, amount: 1, 金额: 1}",
            "events[0].amount",
            "F_AMBIGUOUS",
            "twice",
        ),
        (
            "{activity: ship, time: 2026-03-01, person: 1, 人员: 1}",
            "events[0].person",
            "F_AMBIGUOUS",
            "twice",
        ),
    ],
)
def test_events_that_test_nothing_are_problems(timeline, event, path, code, message):
    result = timeline(f"- {event}", "{fired: []}")
    assert not result.passed
    assert result.seen is None
    assert result.fired == ()
    [problem] = result.problems
    assert (problem.path, problem.code) == (path, code)
    assert message in problem.message


def test_two_events_with_one_id_are_a_problem(timeline):
    events = "- {activity: ship, time: 2026-03-01, id: 2}\n- {activity: pay, time: 2026-03-01}"
    assert [one.code for one in timeline(events, "{fired: []}").problems] == ["V_SAME_ID"]


def test_a_day_before_events_is_a_problem(timeline):
    [problem] = timeline(UNPAID, "{fired: []}", "as_of: 2026-03-01\n").problems
    assert problem.message == "time has gone up to 2026-03-01 and there is an event on 2026-03-02"


def test_attributes_without_a_kind_are_a_problem(tmp_path):
    (tmp_path / "set.yaml").write_text(
        "vocabulary: v\ncurrency: CNY\nactivities: {take: {duty: a}, ship: {duty: b}}\n---\n"
        "organisation: o\nduties: {a: {title: a}, b: {title: b}}\nincompatible: [{id: I, duties: [a, b]}]\n---\n"
        "timeline: t\ncases:\n"
        "- {name: n, events: [{activity: take, time: 2026-03-01, persn: A}], expect: {fired: []}}\n"
        "- {name: m, events: [{activity: take, time: 2026-03-01, person: A},"
        " {activity: ship, time: 2026-03-01, person: A}], expect: {fired: [I]}}\n",
        encoding="utf-8",
    )
    first, second = run(salesctrl.load(tmp_path))
    assert [str(one) for one in first.problems] == [
        "events[0].persn: unknown field of `event` `persn` [T_NAME]\n  help: did you mean `person`?"
    ]
    assert second.passed


# --- where they stand -------------------------------------------------------------------------------------

DOCUMENT = """
timeline: both
title: {en: Both, zh: 两者}
controls: [unpaid, dunning]
cases:
  - name: {en: shipped unpaid, zh: 未付即发}
    covers: [C-1]
    events:
      - {activity: take, time: 2026-03-01T09:30, amount: 100.00, person: A, role: boss, case: X}
      - {activity: ship, time: 2026-03-02, case: X}
    expect: {fired: [UP-1]}
  - name: {en: went to court, zh: 诉讼}
    as_of: 2026-03-20
    events:
      - {activity: ship, time: 2026-03-01}
      - {activity: remind, time: 2026-03-04}
      - {activity: settle, time: 2026-03-05}
      - {activity: remind, time: 2026-03-06}
      - {activity: shp, time: 2026-03-06}
    expect: {fired: [D-1, D-3], blocked: [D-2], out_of_order: [remind], rejected: 1}
  - {name: {en: it fails, zh: 失败}, events: [{activity: ship, time: 2026-03-01}], expect: {fired: [D-1]}}
"""


def test_they_are_cases_among_others(engine):
    made = engine(DOCUMENT)
    first, second, third = cases(made)
    assert [case.id for case in (first, second, third)] == ["both#1", "both#2", "both#3"]
    assert {case.kind for case in (first, second, third)} == {"timeline"}
    assert first.covers == ("C-1",)
    assert watched_points(made, first) == ("case.unpaid", "ladder.dunning")
    assert run_case(made, first).passed
    assert [result.passed for result in run(made)] == [True, True, False]


def test_coverage_counts_what_they_cover_and_what_fires(engine):
    made = engine(DOCUMENT)
    shown = {one.control.id: one.cases for one in cover(made, run(made)).controls}
    assert shown["C-1"] == ("both#1",)
    assert shown["C-2"] == ("both#2",)  # D-3 carries it, and it happened
    assert shown["D-1"] == ("both#2",)
    assert shown["D-2"] == ()


def test_the_handbook_shows_them_with_what_came_of_them(engine):
    made = engine(DOCUMENT)
    results = list(run(made))
    page = render(made, results)["policies.md"]
    assert "### Both\n\nLooked at by Shipped unpaid, Dunning.\n" in page
    assert (
        "2026-03-01 09:30 Takes the order (case X, Amount 100.00, A, Boss); 2026-03-02 Ships (case X)" in page
    )
    assert "| **deny** | UP-1 | Dunning: Open since 2026-03-02; due 2026-03-05: Reminds |" in page
    court = (
        "| **deny**; events rejected: 1 | D-1, D-3 | Dunning: Court since 2026-03-14; "
        "blocked: D-2; out of order: Reminds |"
    )
    assert court in page
    assert "**allow**; not as expected" in page
    chinese = render(made, results, "zh")["policies.md"]
    assert "适用控制：未付即发、催收。" in chinese
    assert "**拒绝**；未采纳事件：1" in chinese
    assert "催收：诉讼（自2026-03-14起）；受阻：D-2；次序不符：提醒" in chinese


def test_the_handbook_says_what_else_may_be_said(engine):
    made = engine("""
        timeline: t
        overlays: [lenient]
        cases:
          - name: {en: late, zh: 迟}
            as_of: 2026-03-09
            events: [{activity: ship, time: 2026-03-01}, {activity: take, time: 2026-03-02}]
            expect: {overdue: [remind], incomplete: [segregation], fired: [UA-1]}
          - {name: {en: bad, zh: 坏}, events: [{activity: ship}], expect: {fired: []}}
    """)
    results = list(run(made))
    page = render(made, results)["policies.md"]
    assert "Looked at by all controls." in page
    assert "up to 2026-03-09; with lenient" in page
    assert "**incomplete**; not judged: Segregation of duties |" in page
    assert "due 2026-03-04: Reminds, overdue" in page
    assert "cannot be decided: the event has no \\`time\\`" in page
    assert "not as expected" not in page


def test_failures_say_what_was_seen(engine, tmp_path, capsys):
    from salesctrl.cli import main

    engine(DOCUMENT.replace("fired: [UP-1]", "fired: []").replace("fired: [D-1, D-3]", "fired: []"))
    assert main(["test", str(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert "failed: both#1 shipped unpaid\n  timeline at set.yaml:" in out
    assert ", controls unpaid, dunning\n" in out
    assert "  dunning of X\n    Open, since 2026-03-02\n" in out
    assert "  2026-03-02 deny UP-1: too little (events 1, 2)\n" in out
    assert "  event 5 rejected: unknown activity `shp`; did you mean `ship`? [V_ACTIVITY]\n" in out
    assert out.splitlines()[-1] == "3 failed, 0 passed of 3 timelines"
    assert main(["test", str(tmp_path), "--lang", "zh"]) == 1
    out = capsys.readouterr().out
    assert "  2026-03-02 deny UP-1：过少（事件 1、2）\n" in out


def test_nothing_seen_is_said(timeline):
    assert timeline("", "{fired: []}").seen.say() == "nothing was found"
    assert timeline("", "{fired: []}").seen.say("zh") == "无发现"


def test_the_monitor_is_fed_in_the_order_of_time(timeline, monkeypatch):
    fed = []
    add = Monitor.add
    monkeypatch.setattr(Monitor, "add", lambda self, event: fed.append(event) or add(self, event))
    events = "- {activity: ship, time: 2026-03-05}\n- {activity: pay, time: 2026-03-01}"
    assert timeline(events, "{fired: []}").passed
    assert [event.activity for event in fed] == ["pay", "ship"]
