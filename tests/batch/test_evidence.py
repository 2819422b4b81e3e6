"""Evidence in the columns of a frame counts as it does for `evaluate`."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from tests.batch.frames import AS_OF, KINDS, assert_decided, objects
from tests.loading import engine_of, policy_text

EVIDENCE = (
    policy_text("""
    subject: order.memo
    rules:
      - {id: R, when: order.amount > 10, review: [{approval: {any_of: [cfo, gm], amount: order.amount}}, {document: contract}]}
      - {id: P, when: order.urgent, review: {payment: {share: 30%, of: order.amount}}}
""")
    + """\
---
organisation: o
roles: {cfo: {title: CFO, reports_to: gm}, gm: {title: GM}}
authority: [{role: cfo, amount: 100 CNY}]
"""
)


def approvals(*roles):
    return [{"person": f"p-{role}", "role": role, "date": "2026-02-01"} for role in roles]


CONTRACT = [{"kind": "contract", "date": "2026-01-01"}]
WITH_EVIDENCE: list[dict[str, Any]] = [
    {"order.amount": "50.00", "order.urgent": False, "evidence": evidence}
    for evidence in (
        None,
        {"approvals": approvals("cfo")},
        {"approvals": approvals("cfo"), "documents": CONTRACT},
        {"documents": CONTRACT},
    )
] + [
    {"order.amount": "500.00", "order.urgent": False, "evidence": {"approvals": approvals("cfo"), "documents": CONTRACT}},
    {"order.amount": "500.00", "order.urgent": False, "evidence": {"approvals": approvals("gm"), "documents": CONTRACT}},
    {"order.amount": "10.00", "order.urgent": True, "evidence": {"payments": [{"amount": "2.99", "date": "2026-02-01"}]}},
    {"order.amount": "10.00", "order.urgent": True, "evidence": {"payments": [{"amount": "3.00", "date": "2026-02-01"}]}},
    {"order.amount": "0.00", "order.urgent": True},
]  # fmt: skip


def test_evidence_in_objects():
    result = assert_decided(engine_of(EVIDENCE), WITH_EVIDENCE)
    assert [str(o) for o in result.columns["outcome"]] == [
        "review", "review", "allow", "review", "review", "allow", "review", "allow", "allow",
    ]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", ["JSON", "records", "parts", "JSON of parts"])
def test_evidence_in_every_form_of_column(kind, form):
    engine = engine_of(EVIDENCE)
    expected = (
        engine.evaluate_frame("point", pl.DataFrame(objects(WITH_EVIDENCE)), as_of=AS_OF)
        .columns.drop("problems")
        .to_dicts()
    )
    columns = {
        "order.amount": pl.Series([Decimal(row["order.amount"]) for row in WITH_EVIDENCE]),
        "order.urgent": pl.Series([row["order.urgent"] for row in WITH_EVIDENCE]),
    }
    cells = [row.get("evidence") for row in WITH_EVIDENCE]
    if form == "JSON":
        columns["evidence"] = pl.Series([None if c is None else json.dumps(c) for c in cells])
    elif form == "records":
        parts = ("approvals", "documents", "payments")
        columns["evidence"] = pl.Series([None if c is None else {p: c.get(p) for p in parts} for c in cells])
    else:
        for part in ("approvals", "documents", "payments"):
            lists = [None if c is None else c.get(part) for c in cells]
            texts = [None if one is None else json.dumps(one) for one in lists]
            columns[f"evidence.{part}"] = pl.Series(lists if form == "parts" else texts)
    result = engine.evaluate_frame("point", KINDS[kind](columns), as_of=AS_OF)
    assert result.columns.drop("problems").to_dicts() == expected
    assert not result.row_problems


@pytest.mark.parametrize(
    "cell", ["[", "7", '{"approvals": 7}', '{"aprovals": []}', '{"approvals": [{"person": "p"}]}', '"x"']
)
def test_wrong_evidence_is_said_of_its_row(cell):
    engine = engine_of(EVIDENCE)
    cells = [None if row.get("evidence") is None else json.dumps(row["evidence"]) for row in WITH_EVIDENCE]
    columns = {name: objects(WITH_EVIDENCE)[name] for name in ("order.amount", "order.urgent")}
    clean = engine.evaluate_frame("point", pl.DataFrame({**columns, "evidence": cells}), as_of=AS_OF)
    cells[2] = cell
    result = engine.evaluate_frame("point", pl.DataFrame({**columns, "evidence": cells}), as_of=AS_OF)
    before, after = clean.columns.to_dicts(), result.columns.to_dicts()
    assert [row for i, row in enumerate(after) if i != 2] == [row for i, row in enumerate(before) if i != 2]
    assert after[2]["outcome"] == "incomplete"
    assert after[2]["problems"][0].startswith("evidence")
    assert {p.row for p in result.row_problems} == {2}


def test_who_asks_is_a_part_of_evidence():
    engine = engine_of(EVIDENCE)
    frame = pl.DataFrame({
        "order.amount": ["50.00"] * 3, "order.urgent": [False] * 3,
        "evidence.requester": ["p-cfo", "other", None],
        "evidence.approvals": [approvals("cfo")] * 3, "evidence.documents": [CONTRACT] * 3,
    })  # fmt: skip
    result = engine.evaluate_frame("point", frame, as_of=AS_OF)
    assert result.columns["outcome"].to_list() == ["review", "allow", "allow"]
    assert result.columns["requirements"].to_list()[1:] == [[], []]
