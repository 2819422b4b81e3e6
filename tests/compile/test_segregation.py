"""The segregation of duties as it is stated: pairs, processes, the duties of roles, and waivers."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.loading import check_text, sound

from salesctrl.calendar import FIRST_DAY
from salesctrl.compile.segregation import Segregation

ORGANISATION = """
organisation: company
roles:
  salesperson: {title: {en: Salesperson, zh: 销售员}, duties: [sell, 开票]}
  clerk: {duties: [ship, sell, ship]}
  cfo: {title: {en: CFO, zh: 财务总监}}
duties:
  sell: {title: {en: Sells, zh: 销售}}
  approve: {title: {en: Approves, zh: 审批}}
  ship: {}
  invoice: {title: {en: Invoices, zh: 开票}}
incompatible:
  - {id: IC-1, title: {en: Sell or approve, zh: 销售与审批}, duties: [销售, approve], because: {en: no, zh: 否}}
  - {id: IC-2, duties: [sell, ship, invoice]}
processes:
  order_to_cash: {title: {en: Order to cash, zh: 订单到收款}, duties: [sell, 审批, ship], because: {en: no, zh: 否}}
  two: {duties: [ship, invoice]}
persons:
  "100": {name: {en: Zhao Min, zh: 赵敏}, roles: [cfo]}
  "205": {name: {en: Wang Wei, zh: 王伟}, roles: [salesperson]}
waivers:
  - {of: IC-1, person: " ２０５", instead: {en: monthly review, zh: 每月复核}, owner: 财务总监, approved_by: "１００", until: 2026-06-30}
  - {of: IC-1, role: 销售员, instead: weekly review, owner: cfo, from: 2026-02-01, until: 2026-12-31}
  - {of: two, role: clerk, instead: weekly review, owner: cfo, from: 2026-02-01, until: 2026-02-01}
"""


def day(text: str) -> int:
    return date.fromisoformat(text).toordinal()


@pytest.fixture(scope="module")
def stated() -> Segregation:
    return sound(ORGANISATION).segregation


def test_of_several_duties_each_excludes_every_other(stated):
    said = [(pair.id, pair.first, pair.second) for pair in stated.pairs]
    assert said == [
        ("IC-1", "sell", "approve"),
        ("IC-2", "sell", "ship"),
        ("IC-2", "sell", "invoice"),
        ("IC-2", "ship", "invoice"),
    ]
    first, *others = stated.pairs
    assert (first.title.get("zh"), first.because.get("en")) == ("销售与审批", "no")
    assert {(pair.title.get("en"), pair.because) for pair in others} == {("IC-2", None)}


def test_processes_and_duties_of_roles_have_the_own_names_of_duties(stated):
    assert [(one.id, one.duties) for one in stated.processes] == [
        ("order_to_cash", ("sell", "approve", "ship")),
        ("two", ("ship", "invoice")),
    ]
    assert [one.title.get("zh") for one in stated.processes] == ["订单到收款", "two"]
    assert stated.duties_of == {"salesperson": ("sell", "invoice"), "clerk": ("ship", "sell"), "cfo": ()}


def test_a_waiver_is_of_the_person_whatever_the_width_of_the_id(stated):
    first, second, _ = stated.waivers
    assert (first.person, first.role, first.owner, first.approved_by) == ("205", None, "cfo", "100")
    assert (first.first, first.last) == (FIRST_DAY, day("2026-06-30"))
    assert (second.person, second.role, second.instead.get("zh")) == (None, "salesperson", "weekly review")


@pytest.mark.parametrize(
    ("of", "person", "roles", "on", "found"),
    [
        ("IC-1", "205", (), "1999-01-01", 0),
        ("IC-1", "205", (), "2026-06-30", 0),
        ("IC-1", "205", (), "2026-07-01", None),
        ("IC-1", "205", ("salesperson",), "2026-07-01", 1),
        ("IC-1", "206", ("clerk", "salesperson"), "2026-01-31", None),
        ("IC-1", "206", ("clerk", "salesperson"), "2026-02-01", 1),
        ("IC-1", None, ("salesperson",), "2026-12-31", 1),
        ("IC-1", None, ("salesperson",), "2027-01-01", None),
        ("IC-1", None, (), "2026-03-01", None),
        ("IC-2", "205", ("salesperson",), "2026-03-01", None),
        ("two", None, ("clerk",), "2026-02-01", 2),
        ("two", None, ("clerk",), "2026-02-02", None),
    ],
)
def test_whom_a_waiver_lets_do_it_and_when(stated, of, person, roles, on, found):
    waiver = stated.waiver(of, person, roles, day(on))
    assert waiver is (None if found is None else stated.waivers[found])


days = st.dates(date(1990, 1, 1), date(2100, 1, 1)).map(date.toordinal)


@given(first=days, length=st.integers(0, 1000), on=days)
def test_a_waiver_counts_on_its_first_day_and_its_last_and_between(stated, first, length, on):
    waiver = stated.waivers[0]._replace(first=first, last=first + length)
    assert waiver.counts(first)
    assert waiver.counts(first + length)
    assert not waiver.counts(first - 1)
    assert not waiver.counts(first + length + 1)
    assert waiver.counts(on) is (first <= on <= first + length)


def test_without_an_organisation_nothing_is_stated():
    assert sound("vocabulary: v\nkinds: {order: {fields: {id: text}}}\n").segregation == Segregation()


def test_several_documents_are_one_organisation():
    more = """
---
organisation: warehouse
duties: {count_goods: {}}
incompatible: [{id: IC-3, duties: [count_goods, ship]}]
waivers: [{of: IC-1, role: clerk, instead: review, owner: cfo, until: 2026-03-01}]
"""
    stated = sound(ORGANISATION + more).segregation
    assert [(pair.id, pair.first, pair.second) for pair in stated.pairs][-1] == (
        "IC-3",
        "count_goods",
        "ship",
    )
    assert stated.waivers[-1].of == "IC-1"


def test_without_persons_nobody_is_unknown():
    start, end = ORGANISATION.index("persons:"), ORGANISATION.index("waivers:")
    stated = sound(ORGANISATION[:start] + ORGANISATION[end:]).segregation
    assert stated.waivers[0].person == "205"


def test_a_waiver_of_a_set_with_an_unknown_duty_is_not_reported_besides():
    text = ORGANISATION.replace("duties: [销售, approve]", "duties: [销售, aprove]")
    _, found = check_text(text)
    assert [diagnostic.code for diagnostic in found] == ["E402"]


def test_overlays_leave_it_as_it_is(tmp_path):
    import salesctrl

    policy = """
---
vocabulary: v
kinds: {order: {fields: {amount: integer}}}
---
policy: p
control_point: order.release
parameters: {most: 5}
rules: [{id: R-1, when: order.amount > most, deny: true}]
---
overlay: more
parameters: {p: {most: 6}}
"""
    (tmp_path / "set.yaml").write_text(ORGANISATION + policy, encoding="utf-8")
    engine = salesctrl.load(tmp_path)
    assert engine.with_overlays(["more"]).checked.segregation == engine.checked.segregation
