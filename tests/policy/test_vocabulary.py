"""The vocabulary of a set: kinds whose fields come from one document or from several."""

import itertools
from pathlib import Path

import pytest

import salesctrl
from salesctrl import PolicyError

PARTS = {
    "sales": "{title: {en: Order, zh: 订单}, fields: {amount: money}}",
    "credit": "{aliases: [credit_order], fields: {on_credit: boolean}}",
    "shipping": "{fields: {shipped_on: date}}",
}
POLICY = """
policy: release
title: Release
control_point: order.release
effective: {from: 2026-01-01}
rules:
  - {id: R1, title: Held, when: credit_order.on_credit and order.amount > 100 and order.shipped_on >= date("2026-01-01"), deny: true}
"""


def written(folder: Path, parts: dict[str, str]) -> Path:
    for place, (name, kind) in enumerate(parts.items()):
        text = f"vocabulary: {name}\ncurrency: CNY\nkinds:\n  order: {kind}\n"
        (folder / f"{place}.yaml").write_text(text, encoding="utf-8")
    (folder / "policy.yaml").write_text(POLICY, encoding="utf-8")
    return folder


@pytest.mark.parametrize("names", list(itertools.permutations(PARTS)))
def test_a_kind_has_the_fields_of_all_vocabularies(tmp_path: Path, names: tuple[str, ...]) -> None:
    engine = salesctrl.load(written(tmp_path, {name: PARTS[name] for name in names}))
    order = {"amount": "100.01", "on_credit": True, "shipped_on": "2026-01-01"}
    assert engine.evaluate("order.release", {"order": order}, as_of="2026-02-01").outcome == "deny"
    assert engine.evaluate("order.release", {"订单": order}, as_of="2026-02-01").outcome == "deny"


def test_a_field_stands_in_one_vocabulary(tmp_path: Path) -> None:
    parts = PARTS | {"shipping": "{fields: {amount: integer}}"}
    with pytest.raises(PolicyError, match=r"duplicate field `order\.amount`"):
        salesctrl.load(written(tmp_path, parts))


def test_the_title_of_a_kind_stands_in_one_vocabulary(tmp_path: Path) -> None:
    parts = PARTS | {"shipping": "{title: Order, fields: {shipped_on: date}}"}
    with pytest.raises(PolicyError, match="duplicate title of the kind `order`"):
        salesctrl.load(written(tmp_path, parts))
