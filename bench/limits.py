"""What salesctrl has to reach, judged on one run of the benchmark."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from imports import Imports
from load import Loading, growth
from memory import Memory
from page import number

TIMES_HAND_WRITTEN = 4.0
SHARE_OF_FASTEST_PEER = 0.5
TIMES_IMPORT = 1.5
TIMES_PARSER = 10.0
GROWTH = 1.25
BYTES_AN_EVALUATION = 1.0

TRACED_PEER = "zen"


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit, what was measured, and whether it is kept."""

    what: str
    bound: str
    measured: str
    kept: bool


def verdicts(
    results: Sequence[dict[str, Any]], imported: Imports, loaded: list[Loading], held: Memory
) -> list[Limit]:
    """Every limit that this run can judge; one whose engine failed is not kept."""
    by_name = {result["adapter"]: result for result in results}
    ours = by_name["salesctrl_"]
    if "failed" in ours:
        return [Limit("salesctrl runs", "yes", ours["failed"], False)]
    return [*_speed(ours, by_name), *_exactness(ours), *_costs(imported, loaded, held)]


def _speed(ours: dict[str, Any], by_name: dict[str, dict[str, Any]]) -> Iterator[Limit]:
    ratio = ours["decide"]["ratio"]
    yield Limit(
        "a decision, against the hand-written Decimal function",
        f"at most {TIMES_HAND_WRITTEN:g} ×",
        f"{number(ratio)} ×",
        ratio <= TIMES_HAND_WRITTEN,
    )
    peers = [
        (result["decide"]["ratio"], result["title"])
        for name, result in by_name.items()
        if "failed" not in result and name != "salesctrl_" and not name.startswith("hand_")
    ]
    if peers:
        fastest, title = min(peers)
        share = ratio / fastest
        yield Limit(
            f"a decision, against the fastest other engine ({title})",
            f"less than {SHARE_OF_FASTEST_PEER:g} ×",
            f"{number(share)} ×",
            share < SHARE_OF_FASTEST_PEER,
        )
    traced = by_name.get(TRACED_PEER, {})
    if traced.get("explain"):
        share = ours["explain"]["ratio"] / traced["explain"]["ratio"]
        yield Limit(
            f"a decision with its whole trace read, against {traced['title']} with its own",
            "at most 1 ×",
            f"{number(share)} ×",
            share <= 1,
        )


def _exactness(ours: dict[str, Any]) -> Iterator[Limit]:
    for kind, found in ours["exactness"].items():
        refused = f", {found['refused']} refused" if found["refused"] else ""
        clean = kind != "dirty"
        yield Limit(
            f"wrong among {found['orders']:,} {kind} orders",
            "0, none refused" if clean else "0, those with noise refused",
            f"{found['wrong']}{refused}",
            found["wrong"] == 0 and not (clean and found["refused"]),
        )


def _costs(imported: Imports, loaded: list[Loading], held: Memory) -> Iterator[Limit]:
    yield Limit(
        "`import salesctrl`, against `import pydantic, yaml`",
        f"at most {TIMES_IMPORT:g} ×",
        f"{number(imported.ratio)} ×",
        imported.ratio <= TIMES_IMPORT,
    )
    worst = max(one.ratio for one in loaded)
    yield Limit(
        "loading, against PyYAML's C loader on the same text",
        f"at most {TIMES_PARSER:g} ×",
        f"{number(worst)} ×",
        worst <= TIMES_PARSER,
    )
    yield Limit(
        "cost of a rule among 5,000, over that among 500",
        f"at most {GROWTH:g} ×",
        f"{number(growth(loaded))} ×",
        growth(loaded) <= GROWTH,
    )
    if held.rss:
        yield Limit(
            "memory gained for each of a million evaluations",
            f"at most {BYTES_AN_EVALUATION:g} byte",
            f"{held.slope:.3f} bytes",
            held.slope <= BYTES_AN_EVALUATION,
        )
