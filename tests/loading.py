"""Policies from text, as the tests write them: YAML in, a checked set and what was found out."""

from collections.abc import Mapping
from textwrap import dedent
from typing import Any

from salesctrl.compile.pipeline import check_set
from salesctrl.compile.plan import CheckedSet
from salesctrl.diagnostics import Diagnostics
from salesctrl.engine import Engine
from salesctrl.loading import Loading
from salesctrl.policy.loader import PolicySet, load_document, set_of
from salesctrl.policy.reader import read_text
from salesctrl.policy.set_checks import check_set as check_documents


def read_set(text: str, file: str = "set.yaml") -> tuple[PolicySet, Diagnostics]:
    """The documents of a text, and what is wrong with their shape."""
    found = Diagnostics()
    sources = read_text(dedent(text), file, found)
    loaded = [document for source in sources if (document := load_document(source, found)) is not None]
    check_documents(loaded, found)

    documents = set_of(loaded, (file,))
    return documents, found


def check_text(text: str, *, overlays: bool = False) -> tuple[CheckedSet, Diagnostics]:
    """All passes over a text; with ``overlays`` those of the text apply, in their order."""
    documents, found = read_set(text)
    checked = check_set(documents, found, documents.overlays if overlays else ())
    return checked, found


def sound(text: str, *, overlays: bool = False) -> CheckedSet:
    """The checked set of a text in which nothing is wrong."""
    checked, found = check_text(text, overlays=overlays)
    assert not found.has_errors, found.render()
    return checked


def engine_of(text: str, *, overlays: bool = False) -> Engine:
    """An engine of the policies in a text in which nothing is wrong."""
    documents, found = read_set(text)
    laid = documents.overlays if overlays else ()
    checked = check_set(documents, found, laid)
    assert not found.has_errors, found.render()
    return Engine(Loading(documents, laid, checked, found))


WORDS = """\
vocabulary: sales
currency: CNY
kinds:
  line:
    fields:
      quantity: {type: integer, digits: 4}
      price: money
      rebate: {type: rate, optional: true}
      shipped: date
      gift: boolean
      parts: {type: list, of: part, default: []}
  part: {fields: {weight: decimal}}
  place: {fields: {city: text, distance: {type: decimal, decimals: 1}}}
  order:
    title: {en: Order, zh: 订单}
    fields:
      amount: {type: money, title: {zh: 金额}}
      paid: {type: money, default: 0.00}
      cost: {type: money, currency: USD}
      discount: {type: rate, min: 0, max: 1, title: {zh: 折扣率}}
      pieces: {type: integer, digits: 6}
      ratio: decimal
      waiting: days
      term: months
      due: {type: date, title: {zh: 到期日}}
      placed: instant
      urgent: boolean
      note: {type: text, optional: true}
      memo: text
      lines: {type: list, of: line}
      place: place
  customer:
    title: {en: Customer, zh: 客户}
    fields:
      grade: {type: choice, choices: [A, B, C], title: {zh: 等级}}
      region: {type: choice, choices: [north, south]}
"""
"""A vocabulary with fields of every type, for tests that need one."""


def policy_text(body: str, words: str = WORDS) -> str:
    """A policy `p` of the control point `point`, with the vocabulary of the tests before it."""
    return f"{words}---\npolicy: p\ncontrol_point: point\n{dedent(body)}\n"


def worth(
    expression: str, facts: Mapping[str, Any] | None = None, more: str = "", as_of: str = "2026-03-01"
) -> Any:
    """The value of an expression in a policy; ``more`` are further keys of the policy."""
    quoted = "'" + expression.replace("'", "''") + "'"
    engine = engine_of(policy_text(f"{dedent(more)}\nrules:\n- {{id: R, compute: {{x: {quoted}}}}}\n"))
    return engine.evaluate("point", facts or {}, as_of=as_of).values.get("x")
