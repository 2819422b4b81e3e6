"""Controls over cases and ladders as policies: their kinds, their rules, and where what is wrong is reported."""

import pytest
from tests.loading import check_text, engine_of, sound

from salesctrl import Outcome
from salesctrl.compile.derived_cases import EVENT_FIELDS, STAGE_FIELDS
from salesctrl.policy.types import Base

WORDS = """
vocabulary: sales
currency: CNY
kinds:
  event:
    fields:
      amount: {type: money, title: {en: Amount, zh: 金额}}
      grade: {type: choice, choices: [A, B]}
  order: {title: {en: Order, zh: 订单}, fields: {id: text}, aliases: [ordering]}
activities:
  take_order: {title: {en: Takes the order, zh: 接单}}
  ship: {}
  pay: {}
  fall_due: {}
  remind: {}
  settle: {}
---
vocabulary: export
currency: USD
kinds: {event: {fields: {freight: money}}}
---
organisation: company
roles: {cfo: {title: {en: CFO, zh: 财务总监}}, clerk: {}}
"""
CONTROL = """
---
case_control: shipped-before-paid
title: {en: Shipped before paid, zh: 先发货后收款}
effective: {from: 2026-01-01}
parameters: {share: 30%}
by: [case, grade]
events: {ordered: take_order, shipped: ship}
gather: {payments: {activity: pay, before: shipped}}
let: {paid: sum(p.amount for p in matched.payments)}
outputs: paid
rules:
  - id: SBP-1
    when: paid < ordered.amount * share
    deny: true
    notify: cfo
    because: {en: "{paid} of {ordered.amount}", zh: "{ordered.amount}中{paid}"}
"""
LADDER = """
---
ladder: dunning
title: {en: Dunning, zh: 催收}
effective: {from: 2026-01-01}
begins: fall_due
parameters: {wait: 15 days}
let: {late: stage.days >= wait}
states:
  overdue: {title: {en: Overdue, zh: 逾期}}
  reminded: {}
  settled: {title: {en: Settled}, final: true}
transitions:
  - {id: D-1, from: overdue, to: reminded, on: remind, when: late, because: {en: "after {stage.days}", zh: "{stage.days}后"}}
  - {id: D-2, from: reminded, to: overdue, after: 10 days, review: {approval: cfo}, notify: [clerk]}
  - {id: D-3, title: {en: Paid, zh: 已付}, from: [overdue, reminded], to: settled, on: pay, when: event.amount > 0}
"""
ALL = WORDS + CONTROL + LADDER


@pytest.fixture(scope="module")
def engine():
    return engine_of(ALL)


# --- kinds --------------------------------------------------------------------------------------------


def fields(vocabulary, kind):
    return {name: str(field.type.base) for name, field in vocabulary.kinds[kind].fields.items()}


def test_every_name_of_an_event_is_a_kind_with_all_fields_of_events(engine):
    vocabulary = engine.checked.vocabulary
    assert set(vocabulary.kinds) == {"event", "order", "ordered", "shipped", "matched", "stage"}
    assert set(fields(vocabulary, "event")) == {*EVENT_FIELDS, "amount", "grade", "freight"}
    for kind in ("ordered", "shipped"):
        assert fields(vocabulary, kind) == fields(vocabulary, "event")
        assert vocabulary.at(f"{kind}.amount").type.currency == "CNY"
        assert vocabulary.at(f"{kind}.freight").type.currency == "USD"
        assert vocabulary.field(kind, "金额") == vocabulary.at(f"{kind}.amount")
        assert vocabulary.field(kind, "人员").name == "person"


def test_who_did_it_may_be_unknown_and_nothing_else(engine):
    of = engine.checked.vocabulary.kinds["shipped"].fields
    assert {name for name, field in of.items() if field.optional} == {"person", "role", "department"}


def test_activities_are_the_choices_of_the_activity(engine):
    activity = engine.checked.vocabulary.at("shipped.activity").type
    assert activity.choices == ("take_order", "ship", "pay", "fall_due", "remind", "settle")


def test_what_is_gathered_and_the_events_of_a_stage_are_lists_of_events(engine):
    vocabulary = engine.checked.vocabulary
    for path in ("matched.payments", "stage.events"):
        assert vocabulary.at(path).type.base is Base.LIST
        assert vocabulary.at(path).type.item == "event"
    assert set(fields(vocabulary, "stage")) == {*STAGE_FIELDS, "events"}


def test_kinds_that_nothing_speaks_of_are_not_made():
    only_words = sound(WORDS).vocabulary
    assert set(only_words.kinds) == {"event", "order"}
    assert set(fields(only_words, "event")) == {"amount", "grade", "freight"}
    assert "stage" not in sound(WORDS + CONTROL).vocabulary.kinds
    assert "matched" not in sound(WORDS + LADDER).vocabulary.kinds


def test_kinds_of_the_user_may_have_names_that_nothing_speaks_of():
    text = WORDS.replace("  order: {", "  stage: {fields: {name: text}}\n  order: {")
    assert sound(text + CONTROL).vocabulary.at("stage.name").type.base is Base.TEXT
    text = WORDS.replace("  order: {", "  matched: {fields: {name: text}}\n  order: {")
    assert sound(text + LADDER).vocabulary.at("matched.name").type.base is Base.TEXT


def test_controls_may_share_the_names_of_events():
    other = CONTROL.replace("shipped-before-paid", "other").replace("SBP-1", "O-1")
    vocabulary = sound(WORDS + CONTROL + other).vocabulary
    assert set(fields(vocabulary, "ordered")) == set(fields(vocabulary, "event"))


# --- policies -----------------------------------------------------------------------------------------


def test_a_control_decides_on_the_events_of_a_match(engine):
    assert engine.control_points == ("case.shipped-before-paid", "ladder.dunning")
    facts = {
        "ordered": {"case": "SO-1", "grade": "A", "amount": "100.00"},
        "shipped": {"case": "SO-1"},
        "matched": {"payments": [{"amount": "29.99"}]},
    }
    decision = engine.evaluate("case.shipped-before-paid", facts, as_of="2026-03-01")
    assert (decision.outcome, decision.fired) == (Outcome.DENY, ("SBP-1",))
    assert "SO-1" in decision.explain().splitlines()[0]
    assert "CFO" in decision.explain()
    facts["matched"] = {"payments": [{"amount": "29.99"}, {"amount": "0.01"}]}
    assert engine.evaluate("case.shipped-before-paid", facts, as_of="2026-03-01").outcome == "allow"


def test_what_is_not_known_of_an_event_is_not_passed_over(engine):
    facts = {"ordered": {"amount": "100.00"}, "matched": {"payments": [{"amount": None}]}}
    assert engine.evaluate("case.shipped-before-paid", facts, as_of="2026-03-01").outcome == "incomplete"
    facts = {"ordered": {"amount": "100.00"}}
    decision = engine.evaluate("case.shipped-before-paid", facts, as_of="2026-03-01")
    assert (decision.outcome, decision.missing) == ("incomplete", ("matched.payments",))


def test_before_a_version_is_in_force_nothing_is_let_through(engine):
    for point in engine.control_points:
        assert engine.evaluate(point, {}, as_of="2025-12-31").outcome == "incomplete"


@pytest.mark.parametrize(
    ("transition", "more", "outcome", "fired"),
    [
        ("D-1", {"days": 14}, "allow", ()),
        ("D-1", {"days": 15}, "allow", ("D-1",)),
        ("D-1", {}, "incomplete", ()),
        ("D-2", {}, "review", ("D-2",)),
        ("D-4", {}, "allow", ()),
    ],
)
def test_a_transition_is_a_rule_that_holds_when_it_is_asked_about(engine, transition, more, outcome, fired):
    facts = {"stage": {"transition": transition, **more}}
    decision = engine.evaluate("ladder.dunning", facts, as_of="2026-03-01")
    assert (decision.outcome, decision.fired) == (outcome, fired)


def test_the_conditions_of_other_transitions_need_no_facts(engine):
    """D-3 asks for the event, which a transition by time does not have."""
    facts = {"stage": {"transition": "D-2"}, "evidence": {}}
    assert engine.evaluate("ladder.dunning", facts, as_of="2026-03-01").missing == ()


@pytest.mark.parametrize(("when", "fired"), [("true", ("D-1",)), ("false", ()), ("1 > 2 or 2 > 1", ("D-1",))])
def test_a_condition_stands_for_itself_whatever_joins_it(when, fired):
    engine = engine_of(ALL.replace("when: late,", f"when: {when},"))
    decision = engine.evaluate("ladder.dunning", {"stage": {"transition": "D-1"}}, as_of="2026-03-01")
    assert decision.fired == fired
    other = engine.evaluate("ladder.dunning", {"stage": {"transition": "D-9"}}, as_of="2026-03-01")
    assert other.fired == ()


def test_a_transition_without_a_title_is_called_by_its_states(engine):
    [ladder] = [policy for policy in engine.policies if policy.name == "dunning"]
    assert [(rule.title.get("en"), rule.title.get("zh")) for rule in ladder.rules] == [
        ("Overdue → reminded", "逾期 → reminded"),
        ("reminded → Overdue", "reminded → 逾期"),
        ("Paid", "已付"),
    ]


def test_several_states_that_a_transition_leads_from_are_all_named():
    text = ALL.replace("title: {en: Paid, zh: 已付}, ", "")
    rule = sound(text).policies[-1].rules[-1]
    assert rule.title.get("en") == "Overdue, reminded → Settled"
    assert rule.title.get("zh") == "逾期、reminded → Settled"


def test_rules_carry_what_the_document_does():
    text = ALL.replace("outputs: paid\n", "outputs: paid\ncovers: [RC-7, RC-8]\n")
    text = text.replace("    deny: true\n", "    deny: true\n    covers: RC-8\n")
    text = text.replace("begins: fall_due\n", "begins: fall_due\ncovers: RC-10\n")
    text = text.replace("from: overdue, to: reminded,", "from: overdue, to: reminded, covers: [RC-10-1],")
    text = text.replace(
        "rules:\n  - id: SBP-1",
        "tables:\n"
        "  T-1: {inputs: [shipped.grade], hit: first, covers: RC-9, rows: [{match: [A], flag: true}]}\n"
        "  factors: {inputs: [shipped.grade], hit: first, rows: [{match: [A], give: {factor: 2}}]}\n"
        "rules:\n  - id: SBP-1",
    )
    covers = {rule.id: rule.covers for policy in sound(text).policies for rule in policy.rules}
    assert covers == {
        "SBP-1": ("RC-8", "RC-7"), "T-1#1": ("RC-9", "RC-7", "RC-8"),
        "D-1": ("RC-10-1", "RC-10"), "D-2": ("RC-10",), "D-3": ("RC-10",),
    }  # fmt: skip


def test_overlays_change_switch_off_and_add_as_they_do_of_policies():
    overlay = """
---
overlay: acme
parameters: {shipped-before-paid: {share: 10%}, dunning: {wait: 20 days}}
off: [{rule: D-2, because: {en: no, zh: 否}, owner: cfo, until: 2026-12-31}]
add:
  shipped-before-paid: {rules: [{id: ACME-1, when: ordered.amount > 1000, flag: true}]}
"""
    engine = engine_of(ALL + overlay, overlays=True)
    facts = {"ordered": {"amount": "1000.01"}, "matched": {"payments": [{"amount": "100.01"}]}}
    decision = engine.evaluate("case.shipped-before-paid", facts, as_of="2026-03-01")
    assert (decision.outcome, decision.fired) == ("flag", ("ACME-1",))

    def fired(on, **stage):
        return engine.evaluate("ladder.dunning", {"stage": stage}, as_of=on).fired

    assert fired("2026-03-01", transition="D-1", days=19) == ()
    assert fired("2026-03-01", transition="D-1", days=20) == ("D-1",)
    assert fired("2026-12-31", transition="D-2") == ()
    assert fired("2027-01-01", transition="D-2") == ("D-2",)


# --- where what is wrong is reported --------------------------------------------------------------------


def written(text, span):
    """What stands at a span of one line."""
    assert span.line == span.end_line
    return text.splitlines()[span.line - 1][span.column - 1 : span.end_column - 1]


@pytest.mark.parametrize(
    ("old", "new", "code", "marked"),
    [
        # of a control
        ("paid < ordered.amount * share", "paid < ordered.sum * share", "E304", "ordered.sum"),
        ("paid < ordered.amount * share", "paid < ordered.amount + share", "E306", "ordered.amount + share"),
        ("{paid} of {ordered.amount}", "{paid} of {ordered.sum}", "E304", "ordered.sum"),
        ("for p in matched.payments", "for p in matched.payment", "E304", "matched.payment"),
        ("share: 30%", "share: 30 %%", "E411", "30 %%"),
        ("outputs: paid", "outputs: [paid, due]", "E303", "due"),
        ("notify: cfo", "notify: ceo", "E401", "ceo"),
        ("by: [case, grade]", "by: [case, grad]", "E431", "grad"),
        ("by: [case, grade]", "by: grad", "E431", "grad"),
        ("{ordered: take_order, shipped: ship}", "{ordering: take_order, shipped: ship}", "E418", "take_order"),
        ("{ordered: take_order, shipped: ship}", "{order: take_order, shipped: ship}", "E431", "order"),
        # of a ladder
        ("when: late,", "when: stage.days > 15 and lat,", "E303", "lat"),
        ("when: late,", 'when: "stage.days >= 3 and  lat",', "E303", "lat"),
        ("when: late,", "when: stage.days,", "E305", "stage.days"),
        ("when: late,", "when: late) or (true,", "E301", ")"),
        ("when: late,", "when: late and (true,", "E301", "e"),  # the end, where `)` is missing
        ("when: late,", 'when: "late # now",', "E301", "#"),
        ("late: stage.days >= wait", "late: stage.dayz >= wait", "E304", "stage.dayz"),
        ("after {stage.days}", "after {stage.dayz}", "E304", "stage.dayz"),
        ("review: {approval: cfo}", "review: {approval: ceo}", "E401", "ceo"),
        ("review: {approval: cfo}", "review: [{approval: ceo}]", "E401", "ceo"),
        ("notify: [clerk]", "notify: [clerk, ceo]", "E401", "ceo"),
        ("when: event.amount > 0", "when: event.amount > 0 days", "E306", "event.amount > 0 days"),
        # of the attributes of events: said once, whatever the number of kinds
        ("amount: {type: money,", "amount: {type: moneys,", "E418", "moneys"),
        ("{type: choice, choices: [A, B]}", "{type: choice, choices: [A, B], min: 3}", "E418", "3"),
    ],
)  # fmt: skip
def test_mistakes_are_marked_where_they_were_written(old, new, code, marked):
    assert old in ALL
    text = ALL.replace(old, new)
    _, found = check_text(text)
    first, *others = found
    line = next(n for n, line in enumerate(text.splitlines(), 1) if new.splitlines()[0] in line)
    assert (first.code, first.span.line) == (code, line)
    assert written(text, first.span) == marked
    assert all(other.code in ("E304", "E303", "E418") for other in others), found.render()


def test_a_condition_on_many_lines_is_marked_on_its_line():
    guard = "when: >-\n      stage.days\n      >= wait\n      and lat\n"
    ladder = LADDER.replace(
        "  - {id: D-1, from: overdue, to: reminded, on: remind, when: late, because: {en: \"after {stage.days}\","
        " zh: \"{stage.days}后\"}}\n",
        f"  - id: D-1\n    from: overdue\n    to: reminded\n    on: remind\n    {guard}",
    )  # fmt: skip
    assert "and lat\n" in ladder
    text = WORDS + ladder
    _, found = check_text(text)
    [diagnostic] = found
    assert text.splitlines()[diagnostic.span.line - 1].strip() == "and lat"
    assert written(text, diagnostic.span) == "lat"


def test_a_ladder_with_one_transition_needs_no_list():
    text = WORDS + LADDER[: LADDER.index("transitions:")].replace("  reminded: {}\n", "").replace(
        "let: {late: stage.days >= wait}\n", ""
    )
    text += "transitions: {id: D-1, from: overdue, to: settled, on: pay, when: event.amout > 0}\n"
    _, found = check_text(text)
    [diagnostic] = found
    assert (diagnostic.code, written(text, diagnostic.span)) == ("E304", "event.amout")


def test_a_control_that_cannot_be_formed_says_nothing_else():
    text = ALL.replace("{ordered: take_order, shipped: ship}", "{order: take_order, shipped: ship}")
    _, found = check_text(text)
    assert [diagnostic.code for diagnostic in found] == ["E431"]


def test_a_list_that_has_no_name_of_its_own_stops_only_controls_that_gather():
    text = WORDS.replace("  order: {", "  matched: {fields: {name: text}}\n  order: {")
    other = "\n---\ncase_control: shipped\nevents: {sent: ship}\nrules: [{id: S-1, when: sent.sum > 0, flag: true}]\n"
    _, found = check_text(text + CONTROL + other)
    assert [(d.code, d.message.split("`")[1]) for d in found] == [("E431", "matched"), ("E304", "sum")]
