"""What loading costs beside PyYAML's C loader on the same text, and whether it grows linearly."""

import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from machine import last_core
from page import Grid, console, number
from worker import pin

SIZES = (100, 200, 500, 1_000, 2_000, 5_000)
RULES_A_FILE = 100
RULES_TIMED = 4_000  # so many rules are loaded for each size, at least three times over
SHARED = Path(__file__).parent / "policies" / "order_release" / "set.yaml"

CONDITIONS = (
    "order.overdue_days > {days} and not order.contract_signed",
    "order.discount_rate > {percent}% or order.prepaid_ratio < {percent}%",
    'exposure > order.credit_limit * {percent}% and order.customer_grade in ["B", "C"]',
    "order.unit_price < round(order.list_price * (1 - order.discount_rate), 2) - {cents}",
    "order.amount >= {amount} and order.requester_role == order.approver_role",
    "days_allowed < order.overdue_days and (order.has_cfo_approval or order.amount < {amount})",
)
EFFECTS = (
    "deny: true",
    "flag: true",
    "review: {approval: sales_manager}",
    "review: {approval: {any_of: [cfo, gm], form: written, within: 30 days, amount: order.amount}}",
    "compute: {{surcharge_{serial}_{place}: 'round(order.amount * {percent}%, 2)'}}",
)


@dataclass(frozen=True, slots=True)
class Loading:
    """Milliseconds for one size of policy set, of salesctrl and of PyYAML on the same text."""

    rules: int
    kilobytes: float
    ours: float
    load: float
    compose: float
    ratio: float
    ratio_to_compose: float


def policy(serial: int, count: int, rng: random.Random) -> str:
    """A policy document of so many rules in the manner of the reference policy."""
    lines = [
        f"policy: generated-{serial}",
        f"title: {{en: Generated policy {serial}, zh: 生成的制度{serial}}}",
        f"source: {{document: {{en: Generated rules, zh: 生成制度}}, article: Art. {serial}}}",
        "control_point: order.release",
        "effective: {from: 2020-01-01}",
        "parameters:",
        f"  days_allowed: {rng.randint(10, 90)} days",
        "let:",
        "  exposure: order.outstanding + order.amount",
        "rules:",
    ]
    for place in range(count):
        name = f"G-{serial}-{place}"
        figures = {
            "serial": serial,
            "place": place,
            "days": rng.randint(1, 300),
            "percent": rng.randint(1, 99),
            "cents": f"{rng.randint(1, 99) / 100:.2f}",
            "amount": 1_000 * rng.randint(1, 900),
        }
        condition, effect = CONDITIONS[place % len(CONDITIONS)], EFFECTS[place % len(EFFECTS)]
        if "{{" in effect:
            effect = effect.format(**figures)
        lines += [
            f"  - id: {name}",
            f"    title: {{en: Generated rule {name}, zh: 生成规则{name}}}",
            f"    when: {condition.format(**figures)}",
            f"    {effect}",
            '    because: {en: "amount {order.amount}, {order.overdue_days} late", zh: "金额{order.amount}"}',
        ]
    return "\n".join(lines) + "\n"


def shared() -> str:
    """The documents that the rules need: the pack, the vocabulary and the roles."""
    documents = SHARED.read_text(encoding="utf-8").split("---\n")
    return "---\n".join(part for part in documents if part.startswith(("pack", "voc", "org")))


def policy_set(rules: int) -> Iterator[tuple[str, str]]:
    """Names and texts of the files of a set: the shared documents, then the rules."""
    yield "shared.yaml", shared()
    rng = random.Random(rules)
    for place in range(rules // RULES_A_FILE):
        yield f"policy_{place:03}.yaml", policy(place, RULES_A_FILE, rng)


def measure_one(rules: int) -> Loading:
    """Load one set and parse its text, in turn."""
    import salesctrl

    files = dict(policy_set(rules))
    times: list[tuple[float, float, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            Path(folder, name).write_text(text, encoding="utf-8")
        for _ in range(max(3, RULES_TIMED // rules)):
            began = time.perf_counter()
            salesctrl.load(folder)
            loaded = time.perf_counter()
            for text in files.values():
                list(yaml.load_all(text, Loader=yaml.CSafeLoader))
            parsed = time.perf_counter()
            for text in files.values():
                list(yaml.compose_all(text, Loader=yaml.CSafeLoader))
            composed = time.perf_counter()
            times.append((loaded - began, parsed - loaded, composed - parsed))
    ours, load, compose = (1_000 * statistics.median(column) for column in zip(*times, strict=True))
    return Loading(
        rules=rules,
        kilobytes=sum(len(text.encode()) for text in files.values()) / 1_000,
        ours=ours,
        load=load,
        compose=compose,
        ratio=statistics.median(mine / theirs for mine, theirs, _ in times),
        ratio_to_compose=statistics.median(mine / theirs for mine, _, theirs in times),
    )


def measure() -> list[Loading]:
    """All sizes, the smallest once before to warm the imports."""
    measure_one(SIZES[0])
    return [measure_one(rules) for rules in SIZES]


def growth(found: list[Loading]) -> float:
    """Cost of a rule in the largest set, over that in a set of 500: 1 is linear.

    Both are taken against PyYAML's time, which is linear, so that the machine's mood cancels.
    """
    ratios = {one.rules: one.ratio for one in found}
    return ratios[max(ratios)] / ratios[500]


def grid(found: list[Loading]) -> Grid:
    """The table of the page."""
    return Grid(
        "loading a policy set",
        ("rules", "kB", "salesctrl, ms", "µs a rule", "PyYAML, ms", "×", "PyYAML nodes only, ms", "×"),
        tuple(
            (
                f"{one.rules:,}",
                number(one.kilobytes),
                number(one.ours),
                number(1_000 * one.ours / one.rules),
                number(one.load),
                number(one.ratio),
                number(one.compose),
                number(one.ratio_to_compose),
            )
            for one in found
        ),
        (
            "PyYAML: `yaml.load_all` with `CSafeLoader`; nodes only: `yaml.compose_all`",
            f"cost of a rule among {max(SIZES):,} over that among 500: {growth(found):.2f}",
        ),
    )


if __name__ == "__main__":
    pin(last_core())
    grid(measure()).show(console())
