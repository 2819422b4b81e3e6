"""The result: frames of the kind that was given, matrices, pictures and pages."""

from html.parser import HTMLParser
from xml.etree import ElementTree

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.loading import engine_of
from tests.monitor.segregation import pictures
from tests.monitor.segregation.company import SET, WAIVERS, company, events, people, short

from salesctrl import FactsError, Outcome
from salesctrl.monitor.segregation import design, operation, segregation

DAY = "2026-03-05"
ROLES = people(
    ("7", "salesperson;keeper", "A"),
    ("8", "salesperson;sales_manager", "A"),
    ("9", "salesperson;sales_manager", "B"),
    ("10", "branch_head", "B"),
    ("11", "nobody"),
)
EVENTS = events(
    ("S1", "take_order", "7"),
    ("S1", "ship", "7", 1),
    ("S2", "take_order", "9"),
    ("S2", "approve_contract", "9", 1),
    ("S3", "release", None),
    ("S4", "audit", "7"),
)


@pytest.fixture(scope="module")
def result():
    return segregation(company(waivers=WAIVERS), ROLES, EVENTS, as_of=DAY)


def test_the_engine_judges_what_is_given():
    engine = company(waivers=WAIVERS)
    both = engine.segregation(ROLES, EVENTS, as_of=DAY)
    assert set(both.columns["form"]) == {"design", "operation", "gap"}
    one, other = engine.segregation(ROLES, as_of=DAY), engine.segregation(events=EVENTS, as_of=DAY)
    assert len(both) == len(one) + len(other)
    assert (one.outcome, other.outcome) == (Outcome.DENY, Outcome.DENY)
    assert repr(both) == "SegregationResult(as of 2026-03-05: 6 deny, 2 incomplete, 4 flag; 1 rejected)"


@pytest.mark.parametrize(
    ("convert", "kind"),
    [
        (lambda f: f, pl.DataFrame),
        (lambda f: f.lazy(), pl.LazyFrame),
        (lambda f: f.to_pandas(), pd.DataFrame),
        (lambda f: f.to_arrow(), pa.Table),
    ],
)
def test_frames_are_given_back_as_they_came(convert, kind):
    for judged in (design(company(), convert(ROLES), DAY), operation(company(), convert(EVENTS), DAY)):
        assert isinstance(judged.findings, kind)
        assert isinstance(judged.matrix(), kind)
    assert isinstance(segregation(company(), convert(ROLES), EVENTS, as_of=DAY).findings, kind)


def test_a_reader_is_read_once():
    judged = operation(company(), EVENTS.to_arrow().to_reader(), DAY)
    assert isinstance(judged.findings, pa.RecordBatchReader)
    assert len(judged) == len(operation(company(), EVENTS, DAY))


def test_findings_come_gravest_first(result):
    ranks = [Outcome(outcome).rank for outcome in result.columns["outcome"].to_list()]
    assert ranks == sorted(ranks, reverse=True)


# --- matrices -------------------------------------------------------------------------------------------


def test_the_matrix_of_duties(result):
    assert result.matrix().rows() == [
        ("take_order", None, 1, 2, 2),
        ("approve_contract", 1, None, None, None),
        ("approve_release", 2, None, None, None),
        ("keep_goods", 2, None, None, None),
    ]
    assert result.matrix("duties", "waived")["take_order"].to_list() == [None, 4, 0, 0]


def test_the_matrix_of_roles(result):
    matrix = result.matrix("roles")
    assert matrix.filter(role="salesperson").row(0) == ("salesperson", None, 3, 1, 0)
    assert result.matrix("roles", "waived").filter(role="branch_head")["branch_head"].item() == 2


def test_the_matrix_of_persons(result):
    assert result.matrix("persons").rows() == [
        ("7", None, None, 2, None),
        ("8", 1, 1, None, None),
        ("9", 0, 1, None, None),
        ("10", 0, None, None, None),
    ]


def test_there_is_no_other_matrix(result):
    with pytest.raises(FactsError, match="there is no matrix of `people`"):
        result.matrix("people")


PAIRS = st.lists(
    st.tuples(
        st.sampled_from("123"), st.sampled_from(["salesperson", "sales_manager", "keeper", "branch_head"])
    ),
    max_size=8,
)


@given(PAIRS)
def test_the_matrix_counts_every_finding_about_a_pair_once(rows):
    judged = design(company(waivers=WAIVERS), people(*rows), DAY)
    pairs = judged.columns.filter(pl.col("form") == "design")
    for of, states in (("conflict", ["conflict", "expired"]), ("waived", ["waived"])):
        matrix = judged.matrix("duties", of).drop("duty")
        assert matrix.equals(matrix.transpose(column_names=matrix.columns))
        total = sum(column.sum() for column in matrix.iter_columns())
        assert total == 2 * pairs.filter(pl.col("state").is_in(states)).height


# --- pictures and pages ---------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("kind", ["duties", "roles", "persons"])
def test_pictures_are_sound(result, kind, lang):
    tree = ElementTree.fromstring(result.svg(kind, lang))
    width, height = int(tree.get("width")), int(tree.get("height"))
    for element in tree.iter():
        if element.get("x"):
            assert 0 <= float(element.get("x")) < width
            assert 0 <= float(element.get("y")) < height
    assert result.svg(kind, lang) == result.svg(kind, lang)


def test_a_picture_shows_what_is_counted(result):
    names = [
        element.text
        for element in ElementTree.fromstring(result.svg()).iter("{http://www.w3.org/2000/svg}title")
    ]
    assert "Approves the contract × Takes the order: IC-1; conflicts: 1, waived: 4" in names
    assert "Approves the release × Takes the order: IC-2; conflicts: 2, cannot be judged: 1" in names


def test_nothing_to_show():
    judged = design(company(), people(), DAY)
    assert "nothing to show" in judged.svg("persons")
    bare = design(engine_of("organisation: o\nroles: {clerk: {}}"), people(("7", "clerk")), DAY)
    assert "nothing to show" in bare.svg()
    assert "nothing to show" in bare.svg("roles")


def test_hostile_texts_stay_texts():
    evil = '<script>alert("1")</script>&\x00\x1b'
    engine = engine_of(SET.replace("Keeps the goods", "'<b>&amp;</b>'"))
    judged = engine.segregation(
        people((evil, "salesperson;keeper", evil), ("7", evil)), events((evil, evil, evil)), as_of=DAY
    )
    for kind in ("duties", "roles", "persons"):
        ElementTree.fromstring(judged.svg(kind))
    for page in (judged.html(), judged.html("zh"), judged._repr_html_()):
        assert "<script" not in page

        class Parser(HTMLParser):
            def handle_starttag(self, tag, attrs):
                assert tag not in ("script", "b") or tag == "b"

        Parser().feed(page)


def test_braces_in_texts_stay_braces():
    waivers = WAIVERS.replace("monthly review", '"{until} {because}"')
    judged = design(company(waivers=waivers), people(("9", "salesperson;sales_manager")), DAY)
    assert (
        "waived until 2026-06-30: {until} {because} (CFO)"
        in judged.columns.filter(state="waived", who="person")["because"][0]
    )


def test_a_page_holds_all_matrices_and_what_was_refused(result):
    page = result.html("zh")
    assert page.count("<svg") == 3
    assert "unknown role `nobody`" in page
    assert "接单与审批分离" in page


def test_names_come_from_the_list_or_the_organisation(result):
    frame = pl.DataFrame({"user": ["7", "7"], "姓名": ["Lin", None], "role": ["salesperson", "keeper"]})
    judged = segregation(company(), frame, EVENTS, as_of=DAY)
    assert set(short(judged, "form", "name")) >= {("design", "Lin"), ("operation", "Lin")}


@pytest.mark.parametrize("name", ["segregation-duties.svg", "segregation-persons.svg"])
def test_the_pictures_of_the_guide_are_what_its_files_give(name):
    """On purpose changed? `python tests/monitor/segregation/pictures.py` writes them; look at them."""
    assert pictures.pictures()[name] == (pictures.FOLDER / name).read_text(encoding="utf-8")
