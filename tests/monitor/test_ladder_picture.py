"""Pictures of ladders: they say all that there is, hold together, and are those of the guide."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.monitor.ladder_images import IMAGES, PAGE, pictures
from tests.monitor.ladder_sets import engine_of, event, histories, ladder_of, ladders

from salesctrl.monitor.ladder_picture import _width, _wrapped, ladder_mermaid, ladder_svg
from salesctrl.monitor.ladders import ladders_of, walk

SVG = "{http://www.w3.org/2000/svg}"


def parsed(text: str) -> ET.Element:
    return ET.fromstring(text)


def words(root: ET.Element) -> list[str]:
    return ["".join(one.itertext()) for one in root.iter(f"{SVG}text")]


@pytest.mark.parametrize("name", ["ladder-dunning.svg", "ladder-dunning-case.svg"])
def test_the_guide_shows_what_is_drawn(name: str) -> None:
    shown = (IMAGES / name).read_text("utf-8")
    assert shown == pictures()[name], "python tests/monitor/ladder_images.py, and look at it"
    assert f"images/{name}" in PAGE.read_text("utf-8")


ENGINE = engine_of("""
    ladder: all
    title: {en: "All & <more>", zh: "全部 & <更多>"}
    begins: begin
    states:
      one: {title: {en: One, zh: 一}, due: [{action: phone, owner: clerk, within: 3 days}]}
      two: {title: {en: 'Two "2"; #', zh: 二}}
      three: {title: {en: Three, zh: 三}}
      end: {title: {en: End, zh: 终}, final: true}
    transitions:
      - {id: W-1, from: one, to: two, on: a, when: stage.days >= 2 days, review: [{approval: boss}, {document: paper}, {action: {name: phone, owner: clerk}}, {payment: {amount: 3 CNY}}]}
      - {id: W-2, from: two, to: three, after: 1 month}
      - {id: W-3, from: [one, three], to: one, on: b}
      - {id: W-4, from: [one, two, three], to: end, on: pay}
      - {id: W-5, from: two, to: two, on: call}
    """)
LADDER = ladders_of(ENGINE)["all"]
VERSION = LADDER.versions[0]


def test_it_says_what_transitions_happen_on_and_ask_for() -> None:
    said = words(parsed(ladder_svg(VERSION, checked=ENGINE.checked)))
    for text in (
        "All & <more>", "Falls due", "One", 'Two "2"; #', "call within 3 days – Clerk", "W-1 · Does a", "W-2 · after 1 month",
        "W-3 · Does b", "W-4 · Pays", "W-5 · Calls",
    ):  # fmt: skip
        assert text in said
    joined = " ".join(said)
    assert "if stage.days >= 2 days; requires approval of Boss, paper, call, payment" in joined


def test_in_chinese() -> None:
    said = words(parsed(ladder_svg(VERSION, None, "zh", checked=ENGINE.checked)))
    for text in ("全部 & <更多>", "到期", "3天内电话（文员）", "W-2 · 1个月后", "W-4 · 付款"):
        assert text in said
    assert "若 stage.days >= 2 days；须有主管审批、文件、电话、付款" in "".join(said)


def test_names_stand_in_for_titles() -> None:
    said = words(parsed(ladder_svg(VERSION)))
    assert "begin" in said
    assert "W-1 · a" in said
    assert "phone within 3 days – clerk" in said


def test_the_state_is_marked_and_the_way_there() -> None:
    events = [event(1, "begin", 0), event(2, "b", 1), event(3, "a", 5)]
    stage = walk(LADDER, events, events[-1].on)
    root = parsed(ladder_svg(VERSION, stage, checked=ENGINE.checked))
    styles = [one.get("class") for one in root.iter()]
    assert styles.count("now") == 1
    assert "held" in styles
    assert "gone" in styles
    said = words(root)
    assert "since 2026-01-31" in said
    assert "C-1, as of 2026-02-04" in said
    assert "call within 3 days – Clerk, overdue" in said
    assert "call within 3 days – Clerk" not in said


def test_mermaid() -> None:
    stage = walk(LADDER, [event(1, "begin", 0)])
    assert ladder_mermaid(VERSION, stage, "en", checked=ENGINE.checked) == (
        "stateDiagram-v2\n"
        '    state "One" as s1\n'
        '    state "Two #quot;2#quot;#59; #35;" as s2\n'
        '    state "Three" as s3\n'
        '    state "End" as s4\n'
        "    [*] --> s1 : Falls due\n"
        "    s1 --> s2 : W-1 · Does a\n"
        "    s2 --> s3 : W-2 · after 1 month\n"
        "    s1 --> s1 : W-3 · Does b\n"
        "    s3 --> s1 : W-3 · Does b\n"
        "    s1 --> s4 : W-4 · Pays\n"
        "    s2 --> s4 : W-4 · Pays\n"
        "    s3 --> s4 : W-4 · Pays\n"
        "    s2 --> s2 : W-5 · Calls\n"
        "    s4 --> [*]\n"
        "    classDef now fill:#0969da,color:#fff,stroke:#0550ae\n"
        "    class s1 now\n"
    )
    assert "class s" not in ladder_mermaid(VERSION)


def test_the_engine_draws_the_version_of_the_case() -> None:
    stage = ENGINE.stage("all", [event(1, "begin", 0)])
    assert ENGINE.draw_ladder("all", stage) == ladder_svg(VERSION, stage, checked=ENGINE.checked)
    assert ENGINE.draw_ladder("all", form="mermaid", lang="zh").startswith("stateDiagram-v2")


@settings(max_examples=40, deadline=None)
@given(ladders(), histories())
def test_nothing_is_drawn_over_another_or_outside(made, events) -> None:
    ladder = ladder_of(made.yaml)
    root = parsed(ladder_svg(ladder.versions[0], walk(ladder, events)))
    width, height = int(root.get("width", "0")), int(root.get("height", "0"))
    boxes = [r for r in root.iter(f"{SVG}rect") if r.get("class")]
    spans = sorted((int(r.get("y", "")), int(r.get("y", "")) + int(r.get("height", ""))) for r in boxes)
    assert len(boxes) == len(made.states)
    assert all(a[1] + 30 < b[0] for a, b in pairwise(spans))
    assert spans[-1][1] < height
    ends: list[tuple[str, str]] = []
    for way in root.iter(f"{SVG}path"):
        d = way.get("d", "")
        numbers = [int(n) for n in re.findall(r"-?\d+", d)]
        assert all(0 <= n <= max(width, height) for n in numbers), d
        if way.get("class") == "way" and "Q" in d:
            ends.append((d.split("H")[0], d))
    starts = [start for start, _ in ends]
    assert len(set(starts)) == len(starts), "two ways leave a box at one place"
    for one in root.iter(f"{SVG}text"):
        x, long = (
            int(one.get("x", "0")),
            _width("".join(one.itertext()), 11 if "small" in one.get("class", "") else 13),
        )
        at = one.get("text-anchor")
        left = x - long if at == "end" else x - long // 2 if at == "middle" else x
        assert left >= 0
        assert left + long <= width


@given(st.text(max_size=80), st.integers(40, 200))
def test_lines_are_no_longer_than_asked(text: str, most: int) -> None:
    lines = _wrapped(text, most, 11)
    assert "".join("".join(lines).split()) == "".join(text.split())
    longest = max((_width(word, 11) for word in text.split()), default=0)
    assert all(_width(line, 11) <= max(most, longest) for line in lines)
