"""Who holds which role when, up to which amount; what excludes what; and what is wrong with a document."""

import pickle
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesctrl.diagnostics import Diagnostics
from salesctrl.policy.documents import LocalText, OrganisationDocument
from salesctrl.policy.loader import Loaded
from salesctrl.policy.organisation import Limit, Organisation, build_organisation, normal
from salesctrl.policy.reader import read_text

ROLES = """
organisation: example
roles:
  general_manager: {title: {en: General manager, zh: 总经理}}
  cfo: {title: {en: Chief financial officer, zh: 财务总监}, reports_to: general_manager}
  sales_vp: {title: {en: Sales VP, zh: 销售副总}, reports_to: general_manager, aliases: [营销总监]}
  sales_manager: {title: {en: Sales manager, zh: 销售经理}, reports_to: 营销总监}
  salesperson: {reports_to: sales_manager}
"""

PERSONS = (
    ROLES
    + """
authority:
  - {role: sales_manager, control_point: order.release, amount: 500000 CNY}
  - {role: sales_manager, amount: 2000.5 CNY}
  - {role: 营销总监, amount: 700000}
duties:
  take_order: {title: {en: Takes the order, zh: 接单}}
  approve_order: {}
  keep_books: {}
incompatible:
  - {id: IC-1, duties: [take_order, approve_order], because: nobody approves their own}
  - {id: IC-2, duties: [keep_books, approve_order, 接单]}
persons:
  "100": {name: {en: Zhao Min, zh: 赵敏}, roles: [general_manager]}
  "101": {name: {en: Qian Feng, zh: 钱锋}, roles: [{role: cfo, to: 2026-02-15}]}
  "120":
    name: {en: Li Na, zh: 李娜}
    roles:
      - {role: sales_manager, from: 2025-01-01, to: 2025-12-31}
      - {role: sales_manager, from: 2026-02-01}
  "205": {name: Wang Wei, roles: 营销总监}
delegations:
  - {from: "101", to: "120", role: cfo, effective: {from: 2026-02-01, to: 2026-02-28}, amount: 100000 CNY}
  - {from: "120", to: "205", role: cfo, effective: {from: 2026-02-01, to: 2026-02-28}}
  - {from: "100", to: "205", role: 总经理, effective: {}, control_points: [order.release]}
"""
)


def build(*texts: str, control_points=None) -> tuple[Organisation, Diagnostics]:
    found = Diagnostics()
    loaded = [
        Loaded(OrganisationDocument.model_validate(source.data), source)
        for number, text in enumerate(texts)
        for source in read_text(text, f"{number}.yaml", found)
    ]
    return build_organisation(loaded, found, control_points), found


def sound(*texts: str) -> Organisation:
    organisation, found = build(*texts)
    assert not [d for d in found if d.code != "W421"], found.render()
    return organisation


def wrong(*texts: str, **options) -> list[tuple[str, int, str]]:
    """Code, line and message of everything found."""
    _, found = build(*texts, **options)
    for diagnostic in found:
        assert diagnostic.help
        assert diagnostic.span
    return [(d.code, d.span.line, d.message) for d in found if d.span]


def on(text: str) -> int:
    return date.fromisoformat(text).toordinal()


@pytest.fixture(scope="module")
def company() -> Organisation:
    return sound(PERSONS)


class TestRoles:
    @pytest.mark.parametrize(
        "text", ["sales_vp", "营销总监", "销售副总", "Sales VP", " sales_vp ", "ｓales_vp"]
    )
    def test_a_name_an_alias_and_a_title_mean_the_role(self, company, text):
        assert company.role(text) == "sales_vp"

    def test_other_texts_mean_none(self, company):
        assert company.role("sales_vip") is None
        assert company.role("") is None

    def test_a_title_of_two_roles_means_neither(self):
        organisation = sound("organisation: o\nroles: {a: {title: Manager}, b: {title: Manager}}")
        assert organisation.role("Manager") is None
        assert organisation.role("a") == "a"

    def test_a_name_goes_before_an_equal_title(self):
        organisation = sound("organisation: o\nroles: {a: {title: b}, b: {}}")
        assert organisation.role("b") == "b"

    def test_the_title_falls_back_to_the_name(self, company):
        assert company.title("cfo").get("zh") == "财务总监"
        assert company.title("salesperson").get("zh") == "salesperson"
        assert company.title("nobody") == LocalText(en="nobody", zh="nobody")

    def test_above_goes_from_the_role_to_the_top(self, company):
        assert company.above("salesperson") == ("salesperson", "sales_manager", "sales_vp", "general_manager")
        assert company.above("general_manager") == ("general_manager",)
        assert company.above("cfo") == ("cfo", "general_manager")

    def test_roles_of_several_documents_make_one_organisation(self):
        organisation = sound(ROLES, "organisation: branch\nroles: {clerk: {reports_to: 总经理}}")
        assert organisation.above("clerk") == ("clerk", "general_manager")
        assert organisation.roles[-1] == "clerk"


class TestAuthority:
    def test_the_limit_of_the_control_point_goes_before_the_general_one(self, company):
        assert company.limit("sales_manager", "order.release") == Limit(50000000, 2, "CNY")
        assert company.limit("sales_manager", "contract.sign") == Limit(200050, 2, "CNY")

    def test_without_currency_the_limit_is_of_any(self, company):
        assert company.limit("sales_vp", "contract.sign") == Limit(700000, 0, None)

    def test_no_limit_is_none(self, company):
        assert company.limit("general_manager", "order.release") is None

    @given(st.integers(0, 10**9), st.integers(0, 6), st.integers(-(10**9), 10**9), st.integers(0, 6))
    def test_amounts_compare_exactly_across_decimals(self, limit, decimals, amount, places):
        allows = Limit(limit, decimals, None).allows(amount, places)
        assert allows == (amount * 10 ** (12 - places) <= limit * 10 ** (12 - decimals))


class TestPersons:
    def test_own_roles_have_dates_with_both_ends(self, company):
        days = ["2024-12-31", "2025-01-01", "2025-12-31", "2026-01-31", "2026-02-01", "2099-01-01"]
        held = [company.holds("120", "sales_manager", on(day)) is not None for day in days]
        assert held == [False, True, True, False, True, True]

    def test_a_role_is_held_by_its_alias(self, company):
        assert company.holds("205", "sales_vp", on("2026-01-01")).via == "own"

    def test_a_delegation_has_dates_limit_and_giver(self, company):
        assert company.holds("120", "cfo", on("2026-01-31")) is None
        holding = company.holds("120", "cfo", on("2026-02-01"))
        assert (holding.via, holding.from_person) == ("delegation", "101")
        assert holding.amount_limit == Limit(10000000, 2, "CNY")

    def test_a_delegation_ends_when_its_giver_loses_the_role(self, company):
        assert company.holds("120", "cfo", on("2026-02-15")) is not None
        assert company.holds("120", "cfo", on("2026-02-16")) is None

    def test_what_was_delegated_is_not_passed_on(self, company):
        assert company.holds("120", "cfo", on("2026-02-10")) is not None
        assert company.holds("205", "cfo", on("2026-02-10")) is None

    def test_a_delegation_may_be_for_some_control_points(self, company):
        day = on("2026-02-10")
        assert company.holds("205", "general_manager", day, "order.release") is not None
        assert company.holds("205", "general_manager", day, "contract.sign") is None
        assert company.holds("205", "general_manager", day).control_points == ("order.release",)

    def test_own_goes_before_delegated(self):
        organisation = sound(
            """
            organisation: o
            roles: {cfo: {}}
            persons: {a: {name: A, roles: cfo}, b: {name: B, roles: cfo}}
            delegations: [{from: a, to: b, role: cfo, effective: {}}]
            """
        )
        assert [h.via for h in organisation.holdings("b", "cfo", on("2026-01-01"))] == ["own", "delegation"]
        assert organisation.persons_of("cfo", on("2026-01-01")) == ("a", "b")

    def test_persons_of_a_role_on_a_date(self, company):
        assert company.persons_of("cfo", on("2026-01-10")) == ("101",)
        assert company.persons_of("cfo", on("2026-02-10")) == ("101", "120")
        assert company.persons_of("cfo", on("2026-02-20")) == ()
        assert company.persons_of("salesperson", on("2026-02-20")) == ()

    def test_ids_are_compared_in_one_form(self, company):
        assert company.knows(" １２０ ")
        assert company.holds("１２０", "sales_manager", on("2026-03-01")) is not None
        assert company.person_name(" 120").get("zh") == "李娜"

    def test_somebody_else(self, company):
        assert not company.knows("999")
        assert company.holds("999", "cfo", on("2026-02-10")) is None
        assert company.person_name("999").get("zh") == "999"

    def test_whether_persons_are_listed(self, company):
        assert company.lists_persons
        assert not sound(ROLES).lists_persons


class TestDuties:
    def test_a_duty_by_name_or_title(self, company):
        assert company.duty("接单") == company.duty("take_order") == "take_order"
        assert company.duty("give_order") is None
        assert company.duties == ("take_order", "approve_order", "keep_books")
        assert company.duty_title("take_order").get("en") == "Takes the order"
        assert company.duty_title("approve_order").get("en") == "approve_order"

    def test_conflicts_go_both_ways_and_name_their_rule(self, company):
        assert [(c.duty, c.id) for c in company.conflicts("approve_order")] == [
            ("take_order", "IC-1"),
            ("keep_books", "IC-2"),
            ("take_order", "IC-2"),
        ]
        assert [(c.duty, c.id) for c in company.conflicts("keep_books")] == [
            ("approve_order", "IC-2"),
            ("take_order", "IC-2"),
        ]
        assert company.conflicts("take_order")[0].because.get("en") == "nobody approves their own"


class TestCalendar:
    def test_the_days_of_the_document(self):
        organisation = sound(
            """
            organisation: o
            calendar: {weekend: [friday, saturday], holidays: [2026-10-01], workdays: [2026-10-10]}
            """
        )
        days = ["2026-10-01", "2026-10-02", "2026-10-04", "2026-10-09", "2026-10-10"]
        assert [organisation.calendar.is_workday(on(day)) for day in days] == [
            False,
            False,
            True,
            False,
            True,
        ]

    def test_without_one_the_weekend_is_free(self):
        assert sound(ROLES).calendar.weekend == {6, 7}


def test_it_survives_pickling(company):
    again = pickle.loads(pickle.dumps(company))
    assert again.holds("120", "cfo", on("2026-02-10")) == company.holds("120", "cfo", on("2026-02-10"))


def test_it_cannot_be_changed(company):
    with pytest.raises(AttributeError):
        company.calendar = None


def test_normal_is_idempotent():
    assert normal(normal(" Ａ\u3000")) == normal(" Ａ\u3000") == "A"


class TestWhatIsWrong:
    def test_unknown_roles_everywhere(self):
        found = wrong(
            """organisation: o
roles:
  cfo: {reports_to: boss}
authority:
  - {role: cof, amount: 5 CNY}
persons:
  a: {name: A, roles: [cfo, {role: ceo}]}
  b: {name: B}
delegations:
  - {from: a, to: b, role: sales, effective: {}}
"""
        )
        assert [(code, line) for code, line, _ in found] == [
            ("E401", 3),
            ("E401", 5),
            ("E401", 7),
            ("E401", 10),
        ]
        assert found[1][2] == "unknown role `cof`"

    def test_a_likely_name_is_suggested(self):
        _, found = build("organisation: o\nroles: {cfo: {}, sales_manager: {reports_to: cf0}}")
        assert [d.help for d in found] == ["did you mean `cfo`?"]

    def test_a_cycle_is_shown_once(self):
        found = wrong(
            "organisation: o\nroles:\n  x: {reports_to: a}\n  a: {reports_to: b}\n  b: {reports_to: c}\n"
            "  c: {reports_to: a}\n  d: {reports_to: d}\n"
        )
        assert found == [
            ("E421", 4, "the role `a` reports to itself: a -> b -> c -> a"),
            ("E421", 7, "the role `d` reports to itself: d -> d"),
        ]

    def test_above_ends_in_spite_of_a_cycle(self):
        organisation, _ = build(
            "organisation: o\nroles: {x: {reports_to: a}, a: {reports_to: b}, b: {reports_to: a}}"
        )
        assert organisation.above("x") == ("x", "a")

    def test_an_alias_of_two_roles(self):
        found = wrong("organisation: o\nroles:\n  a: {aliases: [c, x]}\n  b: {aliases: x}\n  c: {}\n")
        assert found == [
            ("E422", 3, "`c` already names the role `c`"),
            ("E422", 4, "`x` already names the role `a`"),
        ]

    def test_two_persons_with_one_id(self):
        found = wrong('organisation: o\npersons:\n  "1": {name: A}\n  "１": {name: B}\n')
        assert found == [("E422", 4, "`１` already names the person `1`")]

    def test_a_limit_twice(self):
        found = wrong(
            """organisation: o
roles: {a: {aliases: boss}}
authority:
  - {role: a, amount: 5 CNY}
  - {role: a, control_point: x, amount: 5 CNY}
  - {role: boss, amount: 6 CNY}
"""
        )
        assert found == [("E422", 6, "the authority limit of `a` is given twice")]

    @pytest.mark.parametrize("amount", ["5%", "many", "30 days", "-1 CNY", "1..2", "2026-01-01", "5 FRANCS"])
    def test_a_limit_that_is_no_amount_allows_nothing(self, amount):
        text = f"organisation: o\nroles: {{a: {{}}}}\nauthority:\n  - {{role: a, amount: {amount}}}\n"
        organisation, found = build(text)
        assert [(d.code, str(d.span)[:8]) for d in found] == [("E425", "0.yaml:4")]
        limit = organisation.limit("a", "order.release")
        assert limit is not None
        assert not limit.allows(0, 2)

    def test_duties(self):
        found = wrong(
            """organisation: o
duties: {take: {}, approve: {}}
incompatible:
  - {id: I, duties: [take, aprove]}
  - {id: I, duties: [take, approve]}
  - {id: J, duties: [take, take]}
"""
        )
        assert found == [
            ("E402", 4, "unknown duty `aprove`"),
            ("E422", 5, "the id `I` is given twice"),
            ("E422", 6, "expected different duties in `J` but got one of them twice"),
        ]

    def test_delegations(self):
        found = wrong(
            """organisation: o
roles: {cfo: {}}
persons: {a: {name: A, roles: [{role: cfo, to: 2025-12-31}]}, b: {name: B}}
delegations:
  - {from: a, to: z, role: cfo, effective: {}}
  - {from: b, to: b, role: cfo, effective: {}}
  - {from: a, to: b, role: cfo, effective: {from: 2026-01-01}}
  - {from: a, to: b, role: cfo, effective: {from: 2025-12-31}, amount: lots}
"""
        )
        assert [(code, line) for code, line, _ in found] == [
            ("E420", 5),
            ("E426", 6),
            ("W421", 7),
            ("E425", 8),
        ]

    def test_delegations_where_no_persons_are_listed(self):
        delegation = "{from: a, to: b, role: cfo, effective: {}}"
        found = wrong(f"organisation: o\nroles: {{cfo: {{}}}}\ndelegations: [{delegation}]\n")
        assert [code for code, _, _ in found] == ["E420", "E420"]

    def test_a_control_point_that_no_policy_names(self):
        text = """organisation: o
roles: {cfo: {}}
authority:
  - {role: cfo, control_point: order.relase, amount: 1 CNY}
persons: {a: {name: A, roles: cfo}, b: {name: B}}
delegations:
  - {from: a, to: b, role: cfo, effective: {}, control_points: [order.release, contract]}
"""
        assert wrong(text) == []
        found = wrong(text, control_points=["order.release"])
        assert [(code, line) for code, line, _ in found] == [("W420", 4), ("W420", 7)]

    def test_a_week_of_rest(self):
        days = "monday, tuesday, wednesday, thursday, friday, saturday, sunday"
        found = wrong(f"organisation: o\ncalendar:\n  weekend: [{days}]\n")
        assert found == [("E426", 3, "the weekend leaves no working day")]

    def test_the_place_is_in_the_right_file(self):
        _, found = build(ROLES, "organisation: p\nauthority: [{role: king, amount: 1 CNY}]")
        assert [str(d.span) for d in found] == ["1.yaml:2:20"]


DAYS = st.integers(on("2026-01-01"), on("2026-01-08"))


@given(
    spans=st.lists(st.tuples(st.sampled_from("ab"), DAYS, DAYS), max_size=4),
    grants=st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("bc"), DAYS, DAYS), max_size=4),
    day=DAYS,
)
def test_holding_is_owning_or_standing_in_for_an_owner(spans, grants, day):
    def period(first: int, last: int) -> str:
        first, last = sorted((first, last))
        return f"from: {date.fromordinal(first)}, to: {date.fromordinal(last)}"

    held = {p: ", ".join(f"{{role: cfo, {period(f, t)}}}" for q, f, t in spans if p == q) for p in "abc"}
    persons = ", ".join(f"{person}: {{name: X, roles: [{roles}]}}" for person, roles in held.items())
    given = [g for g in grants if g[0] != g[1]]
    delegations = ", ".join(
        f"{{from: {g}, to: {t}, role: cfo, effective: {{{period(x, y)}}}}}" for g, t, x, y in given
    )
    organisation = sound(
        f"organisation: o\nroles: {{cfo: {{}}}}\npersons: {{{persons}}}\ndelegations: [{delegations}]"
    )

    def within(x, y):
        return min(x, y) <= day <= max(x, y)

    owners = {p for p, x, y in spans if within(x, y)}
    acting = owners | {t for g, t, x, y in given if within(x, y) and g in owners}
    assert set(organisation.persons_of("cfo", day)) == acting
    assert {p for p in "abc" if organisation.holds(p, "cfo", day)} == acting
