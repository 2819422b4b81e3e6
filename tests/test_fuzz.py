"""Whatever is thrown at the public functions, only documented exceptions come back, and they come soon."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any
from unittest.mock import MagicMock

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.loading import WORDS, engine_of, policy_text
from tests.making.expressions import BOOLEAN, CNY, DATE, DAYS, MONTHS, NUMBER, TEXT, Maker
from tests.strategies import Chooser, Made, policy_sets

import salesctrl
from salesctrl import FactsError, PolicyError, UnknownControlPoint

PATIENCE = 10.0
"""Seconds that one call may take, on a slow machine."""
pytestmark = pytest.mark.slow

LOADING = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None
)


@contextmanager
def soon() -> Iterator[None]:
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < PATIENCE


@pytest.fixture
def load(tmp_path):
    """Load a text as a file; an engine, or ``None`` where the policies are wrong."""

    def load(text: str, *, overlays: Sequence[str] = ()) -> salesctrl.Engine | None:
        path = tmp_path / "set.yaml"
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        with soon():
            try:
                return salesctrl.load(path, overlays=overlays)
            except PolicyError as error:
                assert error.diagnostics
                assert str(error)
                return None

    return load


def decide(engine: salesctrl.Engine, facts: object, as_of: Any = "2026-03-01", **more: Any) -> None:
    """Ask for a decision in every way; whatever comes can be said."""
    with soon():
        try:
            engine.evaluate("point", facts, as_of=as_of, **more).to_json(trace=True)
        except FactsError as error:
            assert error.problems
            assert str(error)


# --- policies -----------------------------------------------------------------------------------------

WORDS_OF_EXPRESSIONS = [
    "order.amount", "订单.金额", "order.lines", "order", "limit", "grades", "shares", "as_of", "5", "5%", "30 days",
    "5000 CNY", '"A"', "'", '"', "(", ")", "[", "]", "{", "}", ",", ".", "+", "-", "*", "/", "**", "<", "<=", "==", "!=",
    "=", "and", "or", "not", "in", "if", "else", "for", "l", "round", "sum", "any", "known", "coalesce", "band",
    "allocate", "accrue", "\n", "\t", "\\", "#", "９", "ᚠ", "\u202e", "\x00", "lambda", "True", "None", "...", "0x1F", "1e9",
]  # fmt: skip
expressions = st.lists(st.sampled_from(WORDS_OF_EXPRESSIONS), max_size=14).map(" ".join) | st.text(
    max_size=40
)


@LOADING
@given(st.lists(expressions, min_size=1, max_size=4))
def test_any_text_as_expressions(load, texts):
    policy = {
        "policy": "p", "control_point": "point", "parameters": {"limit": "5 CNY", "grades": ["A"], "shares": {"a": "1"}},
        "let": {f"f{i}": text for i, text in enumerate(texts)},
        "tables": {"t": {"inputs": [texts[0]], "hit": "first", "rows": [{"match": [texts[-1]], "give": {"v": texts[0]}}]}},
        "rules": [{"id": "R", "when": texts[-1], "deny": True, "because": texts[0]}],
    }  # fmt: skip
    engine = load(f"{WORDS}---\n{yaml.safe_dump(policy, allow_unicode=True)}")
    if engine is not None:
        decide(engine, {})


keys = st.sampled_from(
    ["policy", "vocabulary", "organisation", "tests", "overlay", "pack", "control_point", "rules", "id", "when", "deny",
     "kinds", "fields", "type", "let", "tables", "inputs", "rows", "match", "give", "hit", "parameters", "value", "values",
     "from", "effective", "roles", "persons", "review", "approval", "excepts", "compute", "add", "off", "order"]
) | st.text(max_size=5)  # fmt: skip
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.dates()
    | st.text(max_size=8)
    | keys
)
documents = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=25,
)


@LOADING
@given(st.lists(documents, min_size=1, max_size=3))
def test_any_documents(load, parts):
    load(yaml.safe_dump_all(parts, allow_unicode=True))


@LOADING
@given(st.text(max_size=200) | st.text(alphabet="-:[]{}&*!|>'\"%@`#,? \n\tab1", max_size=80))
def test_any_text_as_a_file(load, text):
    load(text)


def places(part: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every part of a document with its path."""
    inner = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for key, value in inner:
        yield (*path, key), value
        yield from places(value, (*path, key))


def corrupted(made: Made, c: Chooser) -> str:
    """The policies with one to three parts replaced by something else."""
    parts = copy.deepcopy(made.documents)
    maker = Maker(c, made.world)
    for _ in range(c.integer(1, 3)):
        document = parts[c.integer(1, len(parts) - 1)]
        found = list(places(document))
        path, value = c.one(found)
        new: Any = c.one(
            ["", "5", "order.lines", "shares", "t0.o0", "-", True, None, [], {}, ["A"], {"a": "1"}]
        )
        match c.integer(0, 3):
            case 0:
                new = copy.deepcopy(c.one(found)[1])
            case 1 if isinstance(value, str):
                at = c.integer(0, len(value))
                new = value[:at] + c.one(list('()[]"%+*/,.<>=- 5aX且')) + value[at + c.integer(0, 1) :]
            case 2:
                new = maker.make(c.one((CNY, NUMBER, DAYS, DATE, BOOLEAN, TEXT, MONTHS)), 2).text
        for key in path[:-1]:
            document = document[key]
        document[path[-1]] = new
    return Made(parts, made.world).text


@settings(LOADING, max_examples=150)
@given(policy_sets())
def test_policies_with_mistakes(load, drawn):
    made, c = drawn
    engine = load(corrupted(made, c), overlays=["here"] if "overlay" in made.documents[-1] else ())
    if engine is not None and "point" in engine.control_points:
        decide(engine, {})


@pytest.mark.parametrize(
    "expression",
    [
        "9**9**9",
        "9" * 3000,
        "(" * 100_000,
        "(" * 60 + "1" + ")" * 60,
        "-" * 3900 + "1",
        "not " * 900 + "order.urgent",
        "order" + ".amount" * 500,
        " + ".join(["order.amount"] * 300),
        " and ".join(["order.urgent"] * 200),
        "round(" * 59 + "order.amount" + ")" * 59,
        "known(" * 59 + "order.note" + ")" * 59,
        " * ".join(["99999999999999999999999999999999999999"] * 80),
        "order.amount * 0." + "0" * 36 + "1",
        "max(" + ", ".join(f"order.amount / {i}" for i in range(1, 51)) + ") > 5",
        "sum(round(max("
        + ", ".join(f"l.price / {i}" for i in range(1, 41))
        + "), 2) for l in order.lines) > 5",
        "[" * 50 + "]" * 50,
        '"' + "a" * 3990 + '" == order.memo',
        "add_months(as_of, 999999999999999999999999 months) > as_of",
        'accrue(order.amount, 99999999999999999999%, date("0001-01-01"), date("9999-12-31"), "ACT/ACT") > 5',
        "allocate(order.amount, shares).a > 5",
    ],
    ids=lambda text: text[:30],
)
def test_expressions_that_are_hard_on_a_machine(load, expression):
    quoted = expression.replace("'", "''")
    body = f"parameters: {{shares: {{a: 99999999999999999999, b: 1}}}}\nrules: [{{id: R, when: '{quoted}', deny: true}}]"
    engine = load(policy_text(body))
    if engine is not None:
        decide(
            engine, {"order": {"amount": "9999999999999999.99", "lines": [{"price": 5}] * 50, "urgent": True}}
        )


@pytest.mark.parametrize("length", [40, 5000])
@pytest.mark.parametrize("circle", [False, True])
def test_chains_of_formulas(load, length, circle):
    last = "f0 + 1 CNY" if circle else "order.amount"
    lines = [f"  f{i}: f{i + 1} + 1 CNY\n" for i in range(length)] + [f"  f{length}: {last}\n"]
    engine = load(policy_text(f"let:\n{''.join(lines)}rules: [{{id: R, when: f0 > 5, deny: true}}]"))
    assert (engine is not None) is (length == 40 and not circle)
    if engine is not None:
        decide(engine, {"order": {"amount": 5}})


def test_many_rules_that_except_one_another_in_a_row(load):
    rules = "\n".join(
        f"- {{id: R{i}, {'deny: true' if i == 0 else f'excepts: R{i - 1}'}}}" for i in range(1500)
    )
    engine = load(policy_text(f"rules:\n{rules}"))
    assert engine is not None
    decide(engine, {})


# --- facts --------------------------------------------------------------------------------------------

READS_ALL = """
parameters: {grades: [A, B]}
let: {total: sum(l.price * l.quantity for l in order.lines), weight: sum(sum(p.weight for p in l.parts) for l in order.lines)}
outputs: [total]
rules:
- {id: A, when: order.amount > total and order.discount < 5%, deny: true, because: "{order.amount}: {weight}"}
- {id: B, when: customer.grade in grades or customer.region == "north", flag: true}
- {id: C, when: order.due < as_of and order.waiting > 3 and order.term > 2 and order.pieces > 1, flag: true}
- {id: D, when: order.urgent or order.memo == order.note or order.placed == order.placed, flag: true}
- {id: E, when: order.place.distance > order.ratio and order.place.city == order.memo, review: {document: letter}}
"""
ENGINE = engine_of(policy_text(READS_ALL))
NAMES = [
    "order", "customer", "订单", "amount", "金额", "paid", "discount", "pieces", "ratio", "waiting", "term", "due", "placed",
    "urgent", "note", "memo", "lines", "place", "city", "distance", "grade", "region", "price", "quantity", "parts", "weight",
    "evidence", "approvals", "documents", "payments", "as_of",
]  # fmt: skip
plain = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.decimals() | st.fractions() | st.text(max_size=6)
    | st.dates() | st.datetimes() | st.binary(max_size=3) | st.complex_numbers() | st.sampled_from(["A", "north", "5", "2026-01-01"])
)  # fmt: skip
anything = st.recursive(
    plain,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=6) | st.integers() | st.none(), inner, max_size=6),
    max_leaves=30,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(anything, st.sampled_from(["raise", "incomplete"]), st.sampled_from(["exact", "nearest"]))
def test_any_facts(facts, on_error, floats):
    decide(ENGINE, facts, on_error=on_error, floats=floats)


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(st.sampled_from(NAMES), anything, max_size=12),
    st.dictionaries(st.sampled_from(NAMES), anything, max_size=5),
)
def test_any_values_of_the_fields(order, customer):
    decide(ENGINE, {"order": order, "customer": customer}, on_error="incomplete")


@given(plain)
def test_any_date_of_the_decision(as_of):
    decide(ENGINE, {}, as_of=as_of)


@given(st.text(max_size=10) | st.integers())
def test_any_control_point(name):
    if name != "point":
        with pytest.raises(UnknownControlPoint):
            ENGINE.evaluate(name, {}, as_of="2026-01-01")


class Raises:
    """Facts whose every attribute fails."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(f"no {name} today")


class RaisesBadly:
    """Facts that fail, and whose failure fails."""

    def __getattr__(self, name: str) -> Any:
        class Unsayable(Exception):
            def __str__(self) -> str:
                raise RuntimeError("and neither does this")

        raise Unsayable


class RaisingMapping(Mapping[str, Any]):
    """A mapping that fails at everything."""

    def __getitem__(self, key: str) -> Any:
        raise RuntimeError("no item")

    def __iter__(self) -> Iterator[str]:
        raise RuntimeError("no keys")

    def __len__(self) -> int:
        raise RuntimeError("no length")


class Forgetful(dict[str, Any]):
    """A dictionary without a value for the keys that it has."""

    def __getitem__(self, key: str) -> Any:
        raise ValueError("gone")

    def get(self, key: str, default: Any = None) -> Any:
        raise ValueError("gone")

    def __iter__(self) -> Iterator[str]:
        raise ValueError("gone")


class Endless(Sequence[Any]):
    """A list that says it is short and never ends."""

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: Any) -> Any:
        return {"price": 1}


class Lying(Sequence[Any]):
    """A list whose items fail."""

    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: Any) -> Any:
        raise RuntimeError("no item")


class Incomparable:
    """A value that cannot be compared, described or turned into another."""

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no comparison")

    __hash__ = None  # type: ignore[assignment]

    def __ne__(self, other: object) -> bool:
        raise RuntimeError("no comparison")

    def __repr__(self) -> str:
        raise RuntimeError("no words")

    def item(self) -> Any:
        raise RuntimeError("no item")

    @property
    def value(self) -> Any:
        raise RuntimeError("no value")

    def to_pydatetime(self) -> Any:
        raise RuntimeError("no date")


class Text(str):
    """A text that does not want to be read."""

    def strip(self, *args: Any) -> str:
        raise RuntimeError("no strip")

    def __len__(self) -> int:
        raise RuntimeError("no length")

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no comparison")

    __hash__ = str.__hash__


def circle() -> dict[str, Any]:
    facts: dict[str, Any] = {"amount": 5}
    facts["order"] = facts["place"] = facts["lines"] = facts["customer"] = facts
    facts["evidence"] = facts
    return facts


def looped_list() -> dict[str, Any]:
    lines: list[Any] = []
    lines.append({"price": 1, "quantity": 1, "parts": lines})
    lines.append(lines)
    return {"order": {"lines": lines}}


def deep(levels: int) -> Any:
    value: Any = {"price": 1}
    for _ in range(levels):
        value = {"lines": [value], "parts": [value], "order": value, "place": value}
    return value


FIELDS = [n for n in NAMES if n not in ("order", "customer", "订单", "evidence", "as_of")]
HOSTILE: dict[str, Any] = {
    "an object whose attributes raise": Raises(),
    "an object whose exceptions raise": RaisesBadly(),
    "a mapping that raises": RaisingMapping(),
    "a dictionary that raises": Forgetful(order={"amount": 5}),
    "records that raise": {"order": Raises(), "customer": RaisingMapping()},
    "records whose exceptions raise": {"order": RaisesBadly(), "customer": Forgetful(grade="A")},
    "facts inside themselves": circle(),
    "a list inside itself": looped_list(),
    "deep facts": deep(3000),
    "an endless list": {"order": {"lines": Endless()}},
    "a list whose items raise": {"order": {"lines": Lying()}},
    "a list that is too long": {"order": {"lines": [{"price": 1}] * 10_001}},
    "a generator": {"order": {"lines": ({"price": i} for i in range(3))}},
    "a mock of everything": MagicMock(),
    "mocks of everything": {"order": MagicMock(), "customer": MagicMock()},
    "values that raise": {"order": {name: Incomparable() for name in FIELDS}, "customer": {"grade": Incomparable()}},
    "values of two names that raise": {"order": {"amount": Incomparable(), "金额": Incomparable()}},
    "texts that raise": {"order": {name: Text("5") for name in FIELDS}, "customer": {"grade": Text("A"), "region": Text()}},
    "keys that are no texts": {5: 1, None: 2, ("order",): 3, "order": {5: 1, b"amount": 2}},
    "keys that raise": {Text("order"): {Text("amount"): 5}},
    "huge numbers": {"order": dict.fromkeys(FIELDS, 10 ** 5000)},
    "huge negative texts": {"order": dict.fromkeys(FIELDS, "-" + "9" * 100000)},
    "huge decimals": {"order": {name: Decimal("1e999999") for name in FIELDS}},
    "tiny decimals": {"order": {name: Decimal("1e-999999") for name in FIELDS}},
    "long texts": {"order": dict.fromkeys(FIELDS, "额" * 1000000)},
    "classes": {"order": int, "customer": type},
    "functions": {"order": lambda: 5, "customer": print},
    "modules": {"order": time, "customer": copy},
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
@pytest.mark.parametrize("on_error", ["raise", "incomplete"])
def test_hostile_facts(what, on_error):
    decide(ENGINE, HOSTILE[what], on_error=on_error)
    decide(ENGINE, HOSTILE[what], on_error=on_error, floats="nearest")
    decide(ENGINE, {"order": {"amount": 1}, "evidence": HOSTILE[what]}, on_error=on_error)


def test_a_hostile_date_of_the_decision():
    for value in (Incomparable(), Text("2026-01-01"), Raises(), MagicMock(), 10**5000, "9" * 100_000):
        decide(ENGINE, {}, as_of=value)
        decide(ENGINE, {"as_of": value}, as_of=None)


def test_hostile_facts_without_a_date():
    for facts in HOSTILE.values():
        decide(ENGINE, facts, as_of=None)
