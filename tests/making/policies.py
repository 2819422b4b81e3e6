"""Random policy sets: vocabularies, parameters, formulas, tables, rules and exceptions, as documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any

import yaml
from tests.making.expressions import (
    BOOLEAN,
    CNY,
    DATE,
    DAYS,
    GRADE,
    INSTANT,
    MONTHS,
    NUMBER,
    NUMERIC,
    ORDERED,
    STATUS,
    TEXT,
    USD,
    Chooser,
    Ex,
    Maker,
    Spec,
    Ty,
    World,
    amount,
    literal,
    plain,
    some_date,
)

FIRST, LAST = date(1, 1, 1), date(9999, 12, 31)

# --- vocabulary -----------------------------------------------------------------------------------


def make_vocabulary(c: Chooser, world: World) -> dict[str, Any]:
    """Kinds with fields of every type: records, lists of records, lists inside lists."""
    part = _fields(c, "p", 2)
    inner: tuple[Spec, ...] = _fields(c, "i", 4)
    if c.chance(40):
        inner = (
            *inner,
            Spec("parts", None, {"type": "list", "of": "part"} | _default(c, [], 30), items=part),
        )
    address = _fields(c, "a", 2)
    order = (
        *_fields(c, "f", 6),
        *(_field(c, name, ty) for name, ty in (("moment", INSTANT), ("grade", GRADE), ("状态", STATUS))),
        Spec("lines", None, {"type": "list", "of": "line"} | _default(c, [], 50), items=inner),
        Spec("place", None, {"type": "address"}, record=address),
    )
    customer = _fields(c, "客户项", 4)
    world.kinds = {"order": order, "customer": customer}
    for kind, specs in world.kinds.items():
        _name_fields(world, kind, specs)
    shown = {"part": part, "line": inner, "address": address, **world.kinds}
    kinds = {k: {"fields": {s.name: s.yaml for s in specs}} for k, specs in shown.items()}
    return {"vocabulary": "v", "currency": "CNY", "kinds": kinds}


def _name_fields(world: World, prefix: str, specs: Sequence[Spec]) -> None:
    for spec in specs:
        path = f"{prefix}.{spec.name}"
        if spec.record is not None:
            _name_fields(world, path, spec.record)
        elif spec.items is not None:
            world.lists.append((path, spec.items))
        elif spec.ty is not None:
            world.names.append((spec.ty, Ex(path, spec.scale, spec.digits)))


def _default(c: Chooser, value: Any, percent: int) -> dict[str, Any]:
    return {"default": value} if c.chance(percent) else {}


_FIELD_TYPES = (
    CNY,
    CNY,
    NUMBER,
    NUMBER,
    DAYS,
    MONTHS,
    DATE,
    DATE,
    BOOLEAN,
    GRADE,
    STATUS,
    TEXT,
    USD,
    INSTANT,
)


def _fields(c: Chooser, prefix: str, count: int) -> tuple[Spec, ...]:
    return tuple(_field(c, f"{prefix}{i}", c.one(_FIELD_TYPES)) for i in range(count))


def _field(c: Chooser, name: str, ty: Ty) -> Spec:
    extra: dict[str, Any] = {"optional": True} if c.chance(15) else {}
    if ty.base in NUMERIC:
        return _number_field(c, name, ty, extra)
    if ty.base == "date":
        low, high = (FIRST, LAST) if c.chance(20) else (date(1990, 1, 1), date(2040, 12, 31))
        bounds = {} if low == FIRST else {"min": low.isoformat(), "max": high.isoformat()}
        return Spec(
            name, ty, {"type": "date"} | bounds | extra | _default(c, "2026-01-31", 15), low=low, high=high
        )
    if ty.base == "boolean":
        return Spec(name, ty, {"type": "boolean"} | extra | _default(c, c.chance(50), 30))
    if ty.base == "choice":
        return Spec(name, ty, {"type": "choice", "choices": list(ty.of)} | extra | _default(c, ty.of[0], 15))
    return Spec(name, ty, {"type": ty.base} | extra)


def _number_field(c: Chooser, name: str, ty: Ty, extra: dict[str, Any]) -> Spec:
    digits = c.integer(2, 7)
    scale = 0 if ty.base in ("days", "months") else c.integer(0, min(4, digits))
    digits = min(digits, 3) if ty.base in ("days", "months") else digits
    kind = ty.base
    if ty.base == "number":
        kind = "integer" if scale == 0 else c.one(("decimal", "rate"))
    declared: dict[str, Any] = {"type": kind, "digits": str(digits)}
    if kind not in ("integer", "days", "months"):
        declared["decimals"] = str(scale)
    if ty.base == "money" and ty.of != "CNY":
        declared["currency"] = ty.of
    most = Fraction(10**digits - 1, 10**scale)
    low, high = -most, most
    if c.chance(60):
        low = Fraction(0)
        declared["min"] = "0"
    if c.chance(20):
        high = Fraction(c.integer(1, 10**digits - 1), 10**scale)
        declared["max"] = plain(high)
    default = _default(c, plain(max(low, min(high, Fraction(1)))), 15)
    return Spec(name, ty, declared | extra | default, scale, digits, low, high)


# --- the parts of a policy ------------------------------------------------------------------------


def make_parameters(c: Chooser, world: World) -> dict[str, Any]:
    """Parameters of every form: short, long, dated, lists, named numbers, ladders."""
    done: dict[str, Any] = {}
    for i in range(c.integer(1, 4)):
        ty = c.one((CNY, NUMBER, DAYS, MONTHS, DATE, BOOLEAN, TEXT, USD))
        name, count = f"常数{i}", c.one((1, 1, 2, 3))
        texts = [_parameter_text(c, world, ty) for _ in range(count)]
        scale = max(len(t.split(" ")[0].rstrip("%").partition(".")[2]) + 2 * ("%" in t) for t in texts)
        known = Ex(name, max(2, scale) if ty.base == "money" else scale if ty.base == "number" else 0, 7)
        world.names.append((ty, known))
        if count == 1:
            done[name] = texts[0] if c.chance(60) else {"value": texts[0], "title": {"zh": f"常数{i}"}}
            continue
        firsts = sorted({_day(c, world) for _ in texts})
        done[name] = {
            "values": [{"from": d.isoformat(), "value": v} for d, v in zip(firsts, texts, strict=False)]
        }
        if ty == NUMBER:
            world.dated_rates.append(name)
    for ty, name in ((GRADE, "grades"), (NUMBER, "marks"), (CNY, "sums")):
        if c.chance(50):
            world.list_parameters.append((name, ty))
            texts = [literal(c, world, ty).text.strip('"') for _ in range(c.integer(1, 3))]
            done[name] = texts if ty == GRADE or c.chance(50) else {"value": texts}
    if c.chance(70):
        keys = ("salesperson", "经理", "vp")[: c.integer(1, 3)]
        parts = {key: c.one(("0", "1", "2", "3", "2.5")) for key in keys}
        parts[keys[0]] = c.one(("1", "5", "0.5"))
        world.shares.append(("shares", keys))
        done["shares"] = parts
    for i in range(c.integer(0, 2)):
        takes = c.one((CNY, NUMBER, DAYS, DATE))
        gives = c.one((CNY, NUMBER, TEXT, DAYS))
        name = f"ladder{i}"
        rungs = dict.fromkeys(_cell(c, world, takes) for _ in range(c.integer(1, 4)))
        done[name] = {"bands": {key: _parameter_text(c, world, gives) for key in rungs}}
        decimals = 5 if gives.base in ("money", "number") else 0
        world.ladders.append((name, takes, gives, Ex("", decimals, 7)))
    return done


def _parameter_text(c: Chooser, world: World, ty: Ty) -> str:
    """A literal as parameters have it: without quotes."""
    if ty.base == "date":
        return some_date(c, world).isoformat()
    if ty.base == "text":
        return c.one(("x", "ab", "逾期", "Ab x"))
    return literal(c, world, ty).text


def _day(c: Chooser, world: World) -> date:
    """A day on which something begins."""
    day = (
        c.one(world.days) if world.days and c.chance(30) else date(2025, 1, 1) + timedelta(c.integer(0, 700))
    )
    world.days.append(day)
    return day


def _period(c: Chooser, world: World) -> dict[str, Any]:
    if c.chance(70):
        return {}
    first, last = sorted((_day(c, world), _day(c, world)))
    ends = {"from": first.isoformat(), "to": last.isoformat()}
    return {"effective": {key: ends[key] for key in c.some(("from", "to"), 1)}}


def _end(c: Chooser, world: World, ty: Ty) -> str:
    """An end of an interval: a literal, or the name of a constant."""
    known = [e.text for t, e in world.names if t == ty and e.text.isidentifier()]
    if known and c.chance(15):
        return c.one(known)
    return some_date(c, world).isoformat() if ty.base == "date" else literal(c, world, ty, bare=True).text


def _cell(c: Chooser, world: World, ty: Ty) -> str:
    """A unary test."""
    if c.chance(10):
        return "-"
    if ty.base == "boolean":
        return c.one(("true", "false"))
    if ty.base in ("choice", "text"):
        texts = c.some(ty.of, 1, 2) if ty.of else [c.one(("x", '"ab"', "逾期"))]
        return f"not({', '.join(texts)})" if c.chance(25) else ", ".join(texts)
    kind = c.integer(0, 4)
    if kind == 0:
        a, b = _ordered_ends(c, world, ty)
        return f"{c.one('[(')}{a}..{b}{c.one('])')}"
    if kind == 1:
        return f"not({c.one(('<', '>'))} {_end(c, world, ty)})"
    if kind == 2:
        return ", ".join(_end(c, world, ty) for _ in range(c.integer(1, 2)))
    return f"{c.one(('<', '<=', '>', '>='))} {_end(c, world, ty)}"


def _ordered_ends(c: Chooser, world: World, ty: Ty) -> tuple[str, str]:
    if ty.base == "date":
        low, high = sorted((some_date(c, world), some_date(c, world)))
        return low.isoformat(), high.isoformat()
    scale = 2 if ty.base in ("money", "number") else 0
    low_, high_ = sorted((amount(c, world, ty.base, scale), amount(c, world, ty.base, scale)))
    return plain(low_), plain(high_)


def make_formulas(c: Chooser, world: World, maker: Maker) -> tuple[dict[str, Any], list[str]]:
    """Formulas that use one another, not in the order of use, and those of them that can be reported."""
    made: list[tuple[str, str]] = []
    reported: list[str] = []
    for i in range(c.integer(0, 5)):
        ty = c.one((CNY, CNY, NUMBER, NUMBER, DAYS, MONTHS, DATE, BOOLEAN, TEXT, GRADE, USD))
        ex = maker.make(ty, 3)
        if c.chance(50) and ty.base in NUMERIC:
            ex = maker.definite(ex, 2)
        name = f"算式{i}" if c.chance(30) else f"g{i}"
        most = {"money": 2, "number": 18}.get(ty.base, 0)
        if ex.scale is not None and ex.scale <= most:
            reported.append(name)
        made.append((name, ex.text))
        world.names.append((ty, Ex(name, ex.scale, ex.digits)))
    return dict(c.shuffled(made)), c.some(reported)


OUTPUT_TYPES = (CNY, CNY, NUMBER, DAYS, DATE, BOOLEAN, TEXT)


def make_table(c: Chooser, world: World, maker: Maker, name: str) -> dict[str, Any]:
    """A table that gives values, by any hit policy."""
    hit = c.one(("unique", "first", "any", "priority", "collect"))
    inputs, types = _inputs(c, maker)
    table: dict[str, Any] = {"inputs": inputs, "hit": hit}
    outputs = {f"o{i}": c.one(OUTPUT_TYPES) for i in range(c.integer(1, 2))}
    if hit == "collect":
        table["collect"] = how = c.one(("list", "sum", "min", "max", "count"))
        wanted = (CNY, NUMBER, DAYS) if how == "sum" else (CNY, NUMBER, DATE, DAYS)
        outputs = dict.fromkeys(outputs, c.one(wanted))
    rows = _rows(c, world, types, table)
    pool = {output: [_given(c, world, ty) for _ in range(2)] for output, ty in outputs.items()}
    plainly = table["hit"] in ("any", "priority")
    table["rows"] = [
        {
            "match": cells,
            "give": {
                o: c.one(pool[o]) if plainly else _value(c, world, maker, ty) for o, ty in outputs.items()
            },
        }
        for cells in rows
    ]
    if table["hit"] == "priority":
        table["priority"] = {o: c.shuffled(sorted(set(texts))) for o, texts in pool.items()}
    lists = hit == "collect" and table["collect"] in ("list", "count")
    if c.chance(30) and not lists:
        table["otherwise"] = {o: _given(c, world, ty) for o, ty in outputs.items()}
    for output, ty in outputs.items():
        if lists and table["collect"] == "list":
            continue
        counted = lists and table["collect"] == "count"
        scale = 0 if counted or ty.base not in ("money", "number") else 6
        world.names.append((NUMBER if counted else ty, Ex(f"{name}.{output}", scale, 8)))
    return table


def _inputs(c: Chooser, maker: Maker) -> tuple[list[str], list[Ty]]:
    types = [
        c.one((CNY, NUMBER, DAYS, DATE, GRADE, GRADE, STATUS, BOOLEAN, TEXT)) for _ in range(c.integer(1, 2))
    ]
    made = [
        maker.leaf(ty).text if ty.base == "choice" or c.chance(60) else maker.make(ty, 1).text for ty in types
    ]
    known = [all(t != ty for t, _ in maker.world.names) and ty.base == "choice" for ty in types]
    return made, [TEXT if lacking else ty for ty, lacking in zip(types, known, strict=True)]


def _given(c: Chooser, world: World, ty: Ty) -> str:
    """A value as a row gives it."""
    if ty.base == "text":
        return c.one(("high", '"a b"', "逾期"))
    if ty.base == "date":
        return some_date(c, world).isoformat()
    return literal(c, world, ty).text


def _value(c: Chooser, world: World, maker: Maker, ty: Ty) -> str:
    """A value as a row gives it, or an expression."""
    if c.chance(70):
        return _given(c, world, ty)
    return maker.definite(maker.make(ty, 1), 6).text if ty.base in NUMERIC else maker.make(ty, 1).text


def _rows(c: Chooser, world: World, types: Sequence[Ty], table: dict[str, Any]) -> list[list[str]]:
    """The cells of the rows; of a `unique` table they exclude one another, or nobody can see if they do."""
    if table["hit"] != "unique":
        return [[_cell(c, world, ty) for ty in types] for _ in range(c.integer(1, 4))]
    rows = _unique_rows(c, world, types)
    if rows is None:
        table["hit"] = "first"
        return [[_cell(c, world, ty) for ty in types]]
    known = [e.text for ty, e in world.names if ty == types[0] and e.text.isidentifier()]
    if known and types[0].base in ORDERED and c.chance(30):
        rows.append([f"{c.one(('<', '>='))} {c.one(known)}", *["-"] * (len(types) - 1)])
    return rows


def _unique_rows(c: Chooser, world: World, types: Sequence[Ty]) -> list[list[str]] | None:
    """Rows that exclude one another by their first input; ``None`` where it has no order and no choices."""
    ty = types[0]
    rest = ["-"] * (len(types) - 1)
    if ty.base == "choice":
        cut = c.integer(1, len(ty.of) - 1)
        return [[", ".join(ty.of[:cut]), *rest], [f"not({', '.join(ty.of[:cut])})", *rest]]
    if ty.base == "boolean":
        return [["true", *rest], ["false", *rest]]
    if ty.base not in ("money", "number", "days"):
        return None
    scale = 0 if ty.base == "days" else 2
    cuts = sorted({amount(c, world, ty.base, scale) for _ in range(c.integer(1, 3))})
    rows = [[f"< {plain(cuts[0])}", *rest], [f">= {plain(cuts[-1])}", *rest]]
    rows += [[f"[{plain(a)}..{plain(b)})", *rest] for a, b in pairwise(cuts)]
    return c.shuffled(rows[: c.integer(1, len(rows))])


REQUIREMENTS: tuple[Any, ...] = (
    {"approval": "manager"},
    {"approval": {"all_of": ["manager", "cfo"], "form": "written"}},
    {"approval": {"level": "manager", "within": "30 days"}},
    {"document": {"kind": "contract", "within": "2 months"}},
    {"action": {"name": "call", "owner": "manager", "due": "3 days"}},
)


def _requirement(c: Chooser, maker: Maker) -> Any:
    amount = maker.make(CNY, 1).text
    return c.one((
        *REQUIREMENTS, {"payment": {"amount": amount}}, {"payment": {"share": "30%", "of": amount}},
        {"approval": {"any_of": ["manager", "cfo"], "amount": amount}},
        {"action": {"name": "call", "due": maker.make(DATE, 1).text}},
    ))  # fmt: skip


def _effects(c: Chooser, world: World, maker: Maker, outputs: dict[str, Ty]) -> dict[str, Any]:
    done: dict[str, Any] = {}
    effect = c.one(("deny", "review", "flag", "allow", "none", "none"))
    if effect == "review" and world.asking:
        done["review"] = [_requirement(c, maker) for _ in range(c.integer(1, 2))]
    elif effect != "none":
        done["deny" if effect == "review" else effect] = True
    if effect == "none" or c.chance(30):
        done["compute"] = {o: _computed(c, world, maker, outputs[o]) for o in c.some(list(outputs), 1, 2)}
    if c.chance(10):
        done["notify"] = "cfo"
    return done


def _computed(c: Chooser, world: World, maker: Maker, ty: Ty) -> str:
    if ty.base == "split":
        return f"allocate(round({maker.make(CNY, 2).text}, 2), shares)"
    if ty.base == "text":
        return literal(c, world, ty).text
    made = literal(c, world, ty) if c.chance(30) else maker.make(ty, 3)
    return maker.definite(made, 2).text if ty.base in NUMERIC else made.text


def make_rules(
    c: Chooser, world: World, maker: Maker, prefix: str, outputs: dict[str, Ty], tables: dict[str, Any]
) -> list[Any]:
    """Rules with every effect, and exceptions from rules before them."""
    rules: list[Any] = []
    for i in range(c.integer(1, 5)):
        rule: dict[str, Any] = {"id": f"{prefix}-{i}"} | _period(c, world)
        if c.chance(90):
            rule["when"] = True if c.chance(5) else maker.make(BOOLEAN, 3).text
        others = [r["id"] for r in rules] + [n for n, t in tables.items() if "give" not in t["rows"][0]]
        if others and c.chance(25):
            rule["excepts"] = c.some(others, 1, 2)
            if c.chance(50) and world.asking:
                rule["requires"] = _requirement(c, maker)
            if c.chance(30):
                rule["compute"] = {
                    o: _computed(c, world, maker, outputs[o]) for o in c.some(list(outputs), 1, 1)
                }
        else:
            rule |= _effects(c, world, maker, outputs)
        rules.append(rule)
    return rules


def make_policy(c: Chooser, world: World, prefix: str) -> dict[str, Any]:
    """A policy of the control point `point`."""
    before = len(world.names)
    world.lists = list(world.lists)
    for held in (world.list_parameters, world.ladders, world.shares, world.dated_rates):
        held.clear()
    policy: dict[str, Any] = {"policy": prefix, "control_point": "point"} | _period(c, world)
    if c.chance(20):
        policy["month_arithmetic"] = "error"
    policy["parameters"] = make_parameters(c, world)
    maker = Maker(c, world)
    tables = {}
    if c.chance(60):
        tables["t0"] = make_table(c, world, maker, "t0")
    policy["let"], policy["outputs"] = make_formulas(c, world, maker)
    if c.chance(40):
        tables["t1"] = make_table(c, world, maker, "t1")
    outputs = {f"{prefix}_out{i}": c.one(OUTPUT_TYPES) for i in range(3)}
    if world.shares:
        outputs[f"{prefix}_split"] = Ty("split")
    if c.chance(40):
        tables[f"{prefix}-T"] = _effect_table(c, world, maker, outputs)
    policy["rules"] = make_rules(c, world, maker, prefix, outputs, tables)
    policy["outputs"] = [f"{prefix}_{name}" for name in policy["outputs"]]
    policy["let"] |= {
        f"{prefix}_{n}": policy["let"][n] for n in policy["let"] if f"{prefix}_{n}" in policy["outputs"]
    }
    policy["tables"] = tables
    del world.names[before:]
    return {key: value for key, value in policy.items() if value not in ([], {})}


def _effect_table(c: Chooser, world: World, maker: Maker, outputs: dict[str, Ty]) -> dict[str, Any]:
    """A table whose rows are rules."""
    inputs, types = _inputs(c, maker)
    hit = c.one(("first", "unique", "any", "priority", "collect"))
    table: dict[str, Any] = {"inputs": inputs, "hit": hit} | _period(c, world)
    rows = _rows(c, world, types, table)
    if hit == "collect":
        table["collect"] = "list"
    table["rows"] = [{"match": cells} | (_effects(c, world, maker, outputs)) for cells in rows]
    return table


ORGANISATION: dict[str, Any] = {
    "organisation": "o",
    "roles": {"gm": {}, "cfo": {"reports_to": "gm"}, "manager": {"reports_to": "cfo"}},
    "authority": [{"role": "manager", "amount": "1000 CNY"}],
    "calendar": {"holidays": ["2025-01-01", "2026-01-01"], "workdays": ["2026-01-03"]},
}


@dataclass
class Made:
    """A policy set: its documents, and what facts for it are made from."""

    documents: list[dict[str, Any]]
    world: World

    def __repr__(self) -> str:
        return f"a policy set:\n{self.text}"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self))

    @property
    def text(self) -> str:
        return yaml.safe_dump_all(self.documents, allow_unicode=True, sort_keys=False, width=200)


def make_set(c: Chooser, *, asking: bool = True) -> Made:
    """A vocabulary, an organisation, policies of one control point, perhaps an overlay that switches off."""
    world = World(asking)
    documents = [make_vocabulary(c, world), ORGANISATION]
    policies = [make_policy(c, world, prefix) for prefix in ("P", "Q")[: c.one((1, 1, 2))]]
    documents += policies
    if c.chance(20):
        rule = c.one([rule["id"] for policy in policies for rule in policy["rules"]])
        off = {"rule": rule, "because": "x", "owner": "cfo", "until": _day(c, world).isoformat()}
        documents.append({"overlay": "here", "off": [off]})
    return Made(documents, world)
