"""A policy set that is carried as text is the same set, and what is not is refused."""

from __future__ import annotations

import json

import pytest

import salesctrl
from salesctrl.engine import load_text


def test_an_engine_made_of_the_text_is_the_same():
    engine = salesctrl.load(overlays=["as-printed"])
    again = load_text(engine.text)
    assert again.digest == engine.digest
    assert again.text == engine.text
    assert again.checked.overlays == engine.checked.overlays
    assert again.control_points == engine.control_points
    for point in engine.control_points:
        for plan, other in zip(engine.point(point).plans, again.point(point).plans, strict=True):
            assert [rule.rule.id for rule in plan.rules] == [rule.rule.id for rule in other.rules]
            assert plan.graph.ops == other.graph.ops


def test_overlays_that_are_not_laid_are_left_behind():
    engine = salesctrl.load()
    assert load_text(engine.text).digest == engine.digest
    assert not json.loads(engine.text)["overlays"]


def test_texts_that_yaml_could_take_for_something_else_stay_what_they_are(tmp_path):
    odd = "yes: 0.10 {a}, [b] & *c # no | 'q' \"w\" \\n 1:30 额🙂\ttab"
    quoted = "'" + odd.replace("'", "''") + "'"
    (tmp_path / "set.yaml").write_text(
        f"vocabulary: v\nkinds:\n  thing: {{title: {quoted}, fields: {{note: text, on: boolean}}}}\n---\n"
        "policy: p\ncontrol_point: thing.check\nrules:\n"
        "  - {id: R, title: 'true', when: thing.on, deny: true}\n"
        "  - {id: S, title: 'null', when: 'thing.note == \"~\"', flag: true}\n",
        "utf-8",
    )
    engine = salesctrl.load(tmp_path)
    again = load_text(engine.text)
    assert again.digest == engine.digest
    assert again.checked.vocabulary.kinds["thing"].title.en == odd
    assert [rule.title.en for rule in again.policies[0].rules] == ["true", "null"]


def test_a_text_that_was_changed_on_its_way_is_refused():
    data = json.loads(salesctrl.load().text)
    data["documents"].pop()
    with pytest.raises((salesctrl.InternalError, salesctrl.PolicyError)):
        load_text(json.dumps(data))
    data = json.loads(salesctrl.load().text)
    data["digest"] = "0" * 64
    with pytest.raises(salesctrl.InternalError, match="0000"):
        load_text(json.dumps(data))
