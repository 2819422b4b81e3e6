"""Random controls over cases, as YAML, and random events for them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

ACTIVITIES = ("order", "approve", "ship", "pay", "talk", "settle")
PERSONS = (None, "7", "8", "9")
START = datetime(2026, 1, 1, 8, tzinfo=UTC)

HEAD = """\
pack: random
version: "1"
---
vocabulary: random
currency: CNY
kinds:
  event:
    fields:
      amount: {type: money, title: {en: Amount, zh: 金额}}
      customer: {type: text, title: {en: Customer, zh: 客户}}
activities:
  order: {title: {en: Takes the order, zh: 接单}, duty: take}
  approve: {title: {en: Approves, zh: 审批}, duty: approve, evidence: {approval: true}}
  ship: {title: {en: Ships, zh: 发货}, duty: keep}
  pay: {title: {en: Is paid, zh: 收款}, evidence: {payment: amount}}
  talk: {title: {en: Talks, zh: 沟通}}
  settle: {title: {en: Settles, zh: 结清}, closes: true}
---
organisation: random
roles:
  clerk: {title: {en: Clerk, zh: 文员}}
duties:
  take: {title: {en: Takes, zh: 接单}}
  approve: {title: {en: Approves, zh: 审批}}
  keep: {title: {en: Keeps, zh: 保管}}
incompatible:
  - {id: IC-1, duties: [take, approve], because: {en: not both, zh: 不得兼任}}
  - {id: IC-2, duties: [take, approve, keep]}
waivers:
  - {of: IC-1, person: "9", instead: {en: monthly review, zh: 每月复核}, owner: clerk, until: 2026-01-20}
"""

some_activities = st.lists(st.sampled_from(ACTIVITIES[:5]), min_size=1, max_size=2, unique=True)
lengths = st.sampled_from(["0 days", "3 days", "10 days", "1 months", "wait"])


@st.composite
def _arounds(draw: st.DrawFn, prefix: str, names: list[str]) -> dict[str, dict[str, Any]]:
    done = {}
    for i in range(draw(st.integers(0, 2))):
        spec: dict[str, Any] = {"activity": draw(some_activities)}
        bound = draw(st.sampled_from(["none", "before", "after", "within", "within after", "within of"]))
        if bound == "before":
            spec["before"] = draw(st.sampled_from(names))
        if "after" in bound:
            spec["after"] = draw(st.sampled_from(names))
        if "within" in bound:
            spec["within"] = draw(lengths)
        if "of" in bound:
            spec["of"] = draw(st.sampled_from(names))
        done[f"{prefix}{i}"] = spec
    return done


@st.composite
def controls(draw: st.DrawFn, number: int = 0) -> dict[str, Any]:
    """A control as plain data."""
    names = ["first", "second", "third"][: draw(st.sampled_from([1, 2, 2, 2, 3]))]
    gather = draw(_arounds(f"list{number}_", names))
    tests = ["true", f"{names[0]}.amount > 50", f'{names[-1]}.person == "7"', f"{names[0]}.on >= as_of"]
    tests.append(f'{names[-1]}.role == "clerk"')
    tests += [f"count(e for e in matched.{name}) > 1" for name in gather]
    tests += [f"sum(e.amount for e in matched.{name}) < {names[0]}.amount" for name in gather]
    rules: list[dict[str, Any]] = []
    for i in range(draw(st.integers(1, 2))):
        effect: dict[str, Any] = draw(
            st.sampled_from(
                [{"deny": True}, {"flag": True}, {"allow": True, "notify": ["clerk"]},
                 {"review": [{"approval": "clerk"}]}, {"review": [{"payment": {"amount": f"{names[0]}.amount"}}]}]
            )
        )  # fmt: skip
        rules.append({"id": f"R-{number}-{i}", "when": draw(st.sampled_from(tests)), **effect})
    doc: dict[str, Any] = {
        "case_control": f"control-{number}",
        "parameters": {"wait": "5 days"},
        "by": draw(st.sampled_from([["case"], ["case"], ["customer"], ["person"]])),
        "events": {name: {"activity": draw(some_activities)} for name in names},
        "each": draw(st.sampled_from(["match", "match", "group"])),
        "rules": rules,
    }
    if draw(st.booleans()):
        doc["same"] = draw(st.sampled_from([["person"], ["customer"], ["person", "customer"]]))
    if len(names) > 1 and draw(st.booleans()):
        order = draw(st.permutations(names))
        doc["order"] = order[: draw(st.integers(2, len(names)))]
    if draw(st.integers(0, 3)) == 0:
        doc["within"] = draw(lengths)
    if absent := draw(_arounds("no", names)):
        doc["absent"] = absent
    if gather:
        doc["gather"] = gather
    if draw(st.integers(0, 5)) == 0:
        doc["effective"] = {"from": "2026-01-05", "to": "2026-01-25"}
    return doc


@st.composite
def events(draw: st.DrawFn, most: int = 14) -> list[dict[str, object]]:
    """Events in the order of arrival, which need not be that of time; several at one moment."""
    found: list[dict[str, object]] = []
    for number in range(draw(st.integers(1, most))):
        hours = draw(st.integers(0, 40)) * 24 + draw(st.sampled_from([0, 0, 5, 20]))
        found.append({
            "id": f"e{number}",
            "case": draw(st.sampled_from(["c1", "c2"])),
            "activity": draw(st.sampled_from(ACTIVITIES)),
            "person": draw(st.sampled_from(PERSONS)),
            "role": draw(st.sampled_from([None, "clerk", "文员", "visitor"])),
            "customer": draw(st.sampled_from([None, "C-1", "C-2"])),
            "amount": draw(st.sampled_from([None, "100.00", "30.00", "0.01", "ten"])),
            "time": START + timedelta(hours=hours),
        })  # fmt: skip
    return found
