"""What salesctrl has to reach, judged on one run of the benchmark."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from batch import Batched
from batch_files import Files
from batch_growth import RULES, TENTH, Growth
from imports import Imports
from load import Loading, growth
from memory import Memory
from monitor import PAIRS, Monitoring
from pack import PackLoading
from page import number
from process import Failed

TIMES_HAND_WRITTEN = 4.0
SHARE_OF_FASTEST_PEER = 0.5
TIMES_IMPORT = 1.5
TIMES_PARSER = 10.0
TIMES_PARSER_KEPT = 1.0
GROWTH = 1.25
BYTES_AN_EVALUATION = 1.0

TIMES_NUMPY = 2.0
TIMES_NUMPY_FROM_PANDAS = 3.0
TIMES_OPENFISCA = 5.0
TIMES_ROW_BY_ROW = 300.0
BATCH_GROWTH = 1.25
BYTES_FROM_FILE_TO_FILE = 2 * 2**30

TIMES_QUERY = 3.0
BYTES_OF_A_LOG = 4 * 2**30
TIMES_PM4PY = 20.0
GROWTH_OF_CASES = 1.25

TRACED_PEER = "zen"

#: The adapters that the limits of the batch evaluator are judged on.
SCALED, FROM_POLARS = "salesctrl_scaled", "salesctrl_polars"
#: Of pandas, by how a frame holds texts of which there are few: by hand they are small numbers, too.
FROM_PANDAS = {"salesctrl_pandas_category": "categories", "salesctrl_pandas": "texts"}
OPENFISCA = "openfisca"


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit, what was measured, and whether it is kept."""

    what: str
    bound: str
    measured: str
    kept: bool


def verdicts(
    results: Sequence[dict[str, Any]],
    imported: Imports,
    loaded: list[Loading],
    pack: PackLoading,
    held: Memory,
) -> list[Limit]:
    """Every limit that this run can judge; one whose engine failed is not kept."""
    by_name = {result["adapter"]: result for result in results}
    ours = by_name["salesctrl_"]
    if "failed" in ours:
        return [Limit("salesctrl runs", "yes", ours["failed"], False)]
    return [*_speed(ours, by_name), *_exactness(ours), *_costs(imported, loaded, pack, held)]


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


def _costs(imported: Imports, loaded: list[Loading], pack: PackLoading, held: Memory) -> Iterator[Limit]:
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
    yield _at_most("loading the policies that come with the package", TIMES_PARSER, pack.ratio)
    yield _at_most("loading them from what was kept", TIMES_PARSER_KEPT, pack.kept_ratio)
    if held.rss:
        yield Limit(
            "memory gained for each of a million evaluations",
            f"at most {BYTES_AN_EVALUATION:g} byte",
            f"{held.slope:.3f} bytes",
            held.slope <= BYTES_AN_EVALUATION,
        )


def batch_verdicts(
    found: Sequence[Batched], growth: Growth | Failed, files: Files | Failed | None
) -> Iterator[Limit]:
    """Every limit of the batch evaluator that this run can judge; what failed is not kept."""
    ratios = {one.adapter: one.one_core.ratio for one in reversed(found) if one.one_core}
    if FROM_POLARS not in ratios:
        failed = next((one.failed for one in found if one.adapter == FROM_POLARS), "not measured")
        yield Limit("salesctrl decides many orders at once", "yes", failed, False)
        return
    on_all = {one.adapter: one.all_cores.ratio for one in reversed(found) if one.all_cores}
    if SCALED in ratios:  # numpy by hand is given whole numbers too
        what = "many orders in whole numbers, against numpy by hand; both on one core"
        yield _at_most(what, TIMES_NUMPY, ratios[SCALED])
    for adapter, texts in FROM_PANDAS.items():
        if adapter in on_all:
            what = f"many orders in floats and {texts} of pandas, read too, on all cores, against numpy"
            yield _at_most(what, TIMES_NUMPY_FROM_PANDAS, on_all[adapter])
    ours = ratios.get(SCALED, ratios[FROM_POLARS])  # the others are given what they compute with, too
    if OPENFISCA in ratios:
        yield _faster("OpenFisca", TIMES_OPENFISCA, ratios[OPENFISCA] / ours)
    loops = [(one.one_core.ratio, one.title) for one in found if one.one_core and _is_another_loop(one)]
    if loops:
        least, title = min(loops)
        yield _faster(f"the fastest that goes row by row ({title})", TIMES_ROW_BY_ROW, least / ours)
    ours_all = [one for one in found if one.adapter.startswith("salesctrl_")]
    faults = [f"{one.title} → {one.call}" for one in ours_all if one.failed or one.raised]
    wrong = sum(one.wrong + (one.differ or 0) for one in ours_all)
    yield Limit(
        "wrong among many orders, typical and on a boundary",
        "0",
        f"{wrong}" + "".join(f", {fault} failed" for fault in faults),
        not wrong and not faults,
    )
    if isinstance(growth, Failed):
        yield Limit("growth with orders and rules is linear", "yes", str(growth), False)
    else:
        most = growth.orders[-1].orders
        what = f"cost of an order among {most:,}, over that among {most // TENTH:,}"
        yield _at_most(what, BATCH_GROWTH, growth.with_orders)
        what = f"cost of a rule in many orders, among {RULES[-1]}, over that among {RULES[-1] // TENTH}"
        yield _at_most(what, BATCH_GROWTH, growth.with_rules)
    if isinstance(files, Failed):
        yield Limit("orders are decided from Parquet to Parquet", "yes", str(files), False)
    elif files is not None:
        yield Limit(
            f"memory for {files.rows:,} orders from Parquet to Parquet",
            f"less than {BYTES_FROM_FILE_TO_FILE / 2**30:g} GiB",
            f"{files.peak / 2**30:.2f} GiB",
            files.peak < BYTES_FROM_FILE_TO_FILE,
        )


def monitor_verdicts(found: Monitoring | Failed) -> Iterator[Limit]:
    """Every limit of cases over time that this run can judge; what failed is not kept."""
    if isinstance(found, Failed):
        yield Limit("cases over time are monitored", "yes", str(found), False)
        return
    whole, beside = found.whole, found.beside
    what = f"{len(PAIRS)} pairs of duties in {whole.events:,} events, against a query by hand"
    yield _at_most(what, TIMES_QUERY, whole.ratio)
    yield Limit(
        f"memory for {whole.events:,} events from Parquet",
        f"less than {BYTES_OF_A_LOG / 2**30:g} GiB",
        f"{whole.peak / 2**30:.2f} GiB",
        whole.peak < BYTES_OF_A_LOG,
    )
    if isinstance(beside, Failed):
        yield Limit("the pairs of duties beside another engine", "yes", str(beside), False)
    else:
        what = f"pairs of duties in {beside.events:,} events, times as fast as {beside.title}"
        fast = beside.times_as_fast
        differs = ", but they differ" if beside.differs else ""
        kept = fast >= TIMES_PM4PY and not beside.differs
        yield Limit(what, f"at least {TIMES_PM4PY:g} ×", f"{number(fast)} ×{differs}", kept)
    most, least = found.live[-1].cases, found.live[0].cases
    what = f"memory of an open case among {most:,}, over that among {least:,}"
    yield _at_most(what, GROWTH_OF_CASES, found.growth)


def _is_another_loop(one: Batched) -> bool:
    name = one.adapter.removeprefix("rows:")
    return one.adapter != name and not name.startswith(("hand_", "salesctrl_"))


def _at_most(what: str, bound: float, ratio: float) -> Limit:
    return Limit(what, f"at most {bound:g} ×", f"{number(ratio)} ×", ratio <= bound)


def _faster(than: str, bound: float, ratio: float) -> Limit:
    what = f"many orders in whole numbers, times as fast as {than}"
    return Limit(what, f"at least {bound:g} ×", f"{number(ratio)} ×", ratio >= bound)
