"""Cases over time: incompatible duties in a whole log, and a live monitor with many open cases.

    python bench/monitor.py            ten million events, a million open cases
    python bench/monitor.py --quick    smaller

The log has the 28 pairs of eight duties; each case has an event of each duty, every one by a person of that
post, and one in two thousand by whoever did the step before. By hand it is one query of Polars; the faster of
two ways to write it counts. pm4py looks for the same pairs in the same log, in its own environment.
"""

import argparse
import json
import resource
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import polars as pl

import salesctrl
from environments import NotInstalled, peers
from log_peer import digest
from machine import rss_bytes
from page import Grid, console, number
from process import Failed, answer

HERE = Path(__file__).resolve()
DUTIES = 8
PAIRS = tuple(combinations(range(DUTIES), 2))
TURNS, PEER_TURNS = 3, 2


@dataclass(frozen=True, slots=True)
class Sizes:
    """Events of the log, and the numbers of open cases."""

    events: int
    open_cases: tuple[int, int]


FULL = Sizes(10_000_000, (100_000, 1_000_000))
QUICK = Sizes(400_000, (5_000, 20_000))
OPEN_EVENTS = 4
"""Events of an open case."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole log: seconds of ours and of the query by hand, the most memory held, and what was found."""

    events: int
    ours: float
    hand: float
    ratio: float
    peak: int
    found: int


@dataclass(frozen=True, slots=True)
class Beside:
    """A peer beside us, on the same log."""

    title: str
    events: int
    seconds: float
    ours: float
    differs: bool

    @property
    def times_as_fast(self) -> float:
        return self.seconds / self.ours


@dataclass(frozen=True, slots=True)
class Live:
    """A live monitor with so many open cases: bytes that each holds, and events a second."""

    cases: int
    bytes_a_case: float
    events_a_second: float


@dataclass(frozen=True, slots=True)
class Monitoring:
    whole: Whole
    beside: Beside | Failed
    live: tuple[Live, ...]

    @property
    def growth(self) -> float:
        """Memory of a case among the most, over that among the fewest."""
        return self.live[-1].bytes_a_case / self.live[0].bytes_a_case


# -- what is measured on ---------------------------------------------------------------------------------


def engine(folder: Path) -> salesctrl.Engine:
    """An engine with nothing but the pairs."""
    lines = ["pack: p", 'version: "1"', "---", "vocabulary: v", "activities:"]
    lines += [f"  a{i}: {{duty: d{i}}}" for i in range(DUTIES)]
    lines += ["---", "organisation: o", "duties:", *(f"  d{i}: {{}}" for i in range(DUTIES)), "incompatible:"]
    lines += [f"  - {{id: IC-{a}-{b}, duties: [d{a}, d{b}]}}" for a, b in PAIRS]
    (folder / "set.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return salesctrl.load(folder)


def log(events: int) -> pl.DataFrame:
    """A log of so many events, sorted by time."""
    cases = events // DUTIES
    size = cases * DUTIES
    chance = np.random.default_rng(20260301)
    case, activity = np.repeat(np.arange(cases), DUTIES), np.tile(np.arange(DUTIES), cases)
    person = activity + chance.integers(0, 25, size) * 10
    again = np.flatnonzero(chance.random(size) < 0.0005)
    again = again[activity[again] > 0]
    person[again] = person[again - 1]
    minutes = case.astype(np.int64) % 400_000 + activity * 60
    time = np.datetime64("2026-01-01T08:00:00", "us") + (minutes * 60_000_000).astype("timedelta64[us]")
    made = pl.DataFrame(
        {"id": np.arange(size), "case": case, "activity": activity, "person": person, "time": time}
    )
    return made.select(
        pl.col("id").cast(pl.String),
        pl.format("SO-{}", "case").alias("case"),
        pl.format("a{}", "activity").alias("activity"),
        pl.format("P{}", "person").alias("person"),
        pl.col("time").dt.replace_time_zone("UTC"),
    ).sort("time", "id")


def by_activity(frame: pl.DataFrame) -> pl.DataFrame:
    """The pairs by hand: joined on the activities."""
    pairs = pl.LazyFrame({"x": [f"a{a}" for a, _ in PAIRS], "y": [f"a{b}" for _, b in PAIRS]})
    done = frame.lazy().select("case", "person", "activity", "id", "time")
    return (
        done.join(pairs, left_on="activity", right_on="x")
        .join(
            done, left_on=["case", "person", "y"], right_on=["case", "person", "activity"], suffix="_2"
        )
        .collect()
    )  # fmt: skip


def by_first(frame: pl.DataFrame) -> pl.DataFrame:
    """The pairs by hand: the earliest event of each person, case and duty first."""
    duties = pl.LazyFrame({"activity": [f"a{i}" for i in range(DUTIES)], "duty": range(DUTIES)})
    pairs = pl.LazyFrame({"x": [a for a, _ in PAIRS], "y": [b for _, b in PAIRS]})
    done = frame.lazy().join(duties, on="activity").sort("time", "id")
    firsts = done.group_by("case", "person", "duty").agg(pl.col("id", "time").first())
    return (
        firsts.join(pairs, left_on="duty", right_on="x")
        .join(firsts, left_on=["case", "person", "y"], right_on=["case", "person", "duty"], suffix="_2")
        .collect()
    )


def open_events(cases: int) -> Iterator[dict[str, object]]:
    """The events of cases that stay open, one case after the other."""
    chance = Random(20260301)
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    for case in range(cases):
        for step in range(OPEN_EVENTS):
            yield {
                "id": f"{case}/{step}",
                "case": f"SO-{case:07}",
                "activity": f"a{chance.randrange(DUTIES)}",
                "person": f"P{chance.randrange(200)}",
                "time": begin + timedelta(minutes=case % 400_000, seconds=step),
            }


# -- processes -------------------------------------------------------------------------------------------


def _timed(call: Callable[[], Any]) -> tuple[float, Any]:
    began = perf_counter()
    found = call()
    return perf_counter() - began, found


def _compare(folder: Path, events: int) -> dict[str, Any]:
    """Ours and by hand in turn, on a frame."""
    rules, frame = engine(folder), log(events)
    hands = [by_activity, by_first]
    hand = min(hands, key=lambda query: _timed(lambda: query(frame))[0])
    ours: list[float] = []
    theirs: list[float] = []
    for turn in range(TURNS):
        for mine in (True, False) if turn % 2 else (False, True):
            if mine:
                spent, result = _timed(lambda: rules.monitor_log(frame))
                ours.append(spent)
            else:
                spent, rows = _timed(lambda: hand(frame))
                theirs.append(spent)
    assert len(result.findings) == rows.height, "they differ"
    ratio = median(a / b for a, b in zip(ours, theirs, strict=True))
    return {"ours": median(ours), "hand": median(theirs), "ratio": ratio, "found": rows.height}


def _held(folder: Path, path: Path) -> dict[str, Any]:
    """The most memory that a process holds which reads the log from a file, in bytes."""
    engine(folder).monitor_log(path)
    unit = 1 if sys.platform == "darwin" else 1024
    return {"peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit}


def _conflicts(folder: Path, path: Path) -> dict[str, Any]:
    """Our conflicts in a log, in the form of the peers."""
    rules, frame = engine(folder), pl.read_parquet(path).rechunk()  # whole columns, as pandas has them
    turns = [_timed(lambda: rules.monitor_log(frame)) for _ in range(TURNS)]
    pair_of = {f"IC-{a}-{b}": (f"a{a}", f"a{b}") for a, b in PAIRS}
    found = {(*pair_of[one.rules[0]], one.group[0]) for one in turns[0][1].findings}
    return {"seconds": min(spent for spent, _ in turns), "digest": digest(map(list, found))}


def _open(folder: Path, cases: int) -> dict[str, Any]:
    """A monitor that cases are open in; what it is fed is made on the way."""
    monitor = engine(folder).monitor()
    for event in open_events(100):
        monitor.add({**event, "id": f"w{event['id']}", "case": f"w{event['case']}"})
    before = rss_bytes() or 0
    making, _ = _timed(lambda: sum(1 for _ in open_events(cases)))

    def feed() -> None:
        for event in open_events(cases):
            monitor.add(event)

    spent, _ = _timed(feed)
    held = (rss_bytes() or 0) - before
    return {"bytes": held / cases, "rate": cases * OPEN_EVENTS / (spent - making)}


def measure(sizes: Sizes = FULL) -> Monitoring:
    """Everything, each in a process of its own.

    Raises:
        Failed: A process of ours failed.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "log.parquet"
        log(sizes.events).write_parquet(path)
        timed = _ask(folder, "compare", sizes.events)
        held = _ask(folder, "held", path)
        whole = Whole(
            sizes.events, timed["ours"], timed["hand"], timed["ratio"], held["peak"], timed["found"]
        )
        live = []
        for cases in sizes.open_cases:
            found = _ask(folder, "open", cases)
            live.append(Live(cases, found["bytes"], found["rate"]))
        return Monitoring(whole, _beside(folder, path, sizes.events), tuple(live))


def _ask(folder: Path, what: str, of: object) -> dict[str, Any]:
    found: dict[str, Any] = answer([sys.executable, str(HERE), "--raw", what, str(folder), str(of)])
    return found


def _beside(folder: Path, path: Path, events: int) -> Beside | Failed:
    """The peers beside us; there is one."""
    pairs = folder / "pairs.json"
    pairs.write_text(json.dumps([(f"a{a}", f"a{b}") for a, b in PAIRS]), encoding="utf-8")
    (peer,) = peers(log=True)
    try:
        python = peer.python()
        command = [
            str(python),
            str(HERE.parent / "log_peer.py"),
            peer.adapter,
            str(path),
            str(pairs),
            str(PEER_TURNS),
        ]
        theirs = answer(command)
    except NotInstalled as problem:
        return Failed(f"{peer.adapter} is not installed: {problem}")
    except Failed as problem:
        return Failed(f"{peer.adapter}: {problem}")
    ours = _ask(folder, "conflicts", path)
    differs = ours["digest"] != theirs["digest"]
    title = f"{theirs['title']} {theirs['version']}"
    return Beside(title, events, theirs["seconds"], ours["seconds"], differs)


# -- the page --------------------------------------------------------------------------------------------


def log_grid(found: Monitoring) -> Grid:
    """The table of whole logs."""
    whole, beside = found.whole, found.beside

    def row(what: str, events: int, seconds: float, ratio: str) -> tuple[str, ...]:
        return what, f"{events:,}", number(seconds), f"{events / seconds:,.0f}", ratio

    rows = [
        row("hand-written, Polars", whole.events, whole.hand, "1"),
        row("`engine.monitor_log`", whole.events, whole.ours, number(whole.ratio)),
    ]
    notes = [
        f"{whole.found:,} findings in {whole.events:,} events; both find the same",
        f"`engine.monitor_log` on the log as a Parquet file holds {whole.peak / 2**30:.2f} GiB at most",
    ]
    if isinstance(beside, Failed):
        notes.append(f"failed: {beside}")
    else:
        rows.append(row(f"{beside.title}, pair by pair", beside.events, beside.seconds, ""))
        rows.append(row("`engine.monitor_log` on the same", beside.events, beside.ours, ""))
        same = "differ in what they find" if beside.differs else "find the same"
        notes.append(f"{beside.title} and `engine.monitor_log` {same}")
    heads = ("incompatible duties", "events", "seconds", "events a second", "× hand-written")
    return Grid(f"{len(PAIRS)} pairs of duties in a whole log", heads, tuple(rows), tuple(notes))


def live_grid(found: Monitoring) -> Grid:
    """The table of open cases."""
    return Grid(
        f"a live monitor of {len(PAIRS)} pairs of duties",
        ("open cases", "bytes a case", "events a second"),
        tuple(
            (f"{one.cases:,}", f"{one.bytes_a_case:,.0f}", f"{one.events_a_second:,.0f}")
            for one in found.live
        ),
        (
            f"each case has {OPEN_EVENTS} events",
            f"a case among the most over one among the fewest: {found.growth:.2f}",
        ),
    )


def main() -> int:
    parser = argparse.ArgumentParser(description="measure cases over time")
    parser.add_argument("--quick", action="store_true", help="a smaller log, fewer cases")
    parser.add_argument("--raw", nargs=3, metavar=("WHAT", "FOLDER", "OF"), help="one process, as JSON")
    arguments = parser.parse_args()
    if arguments.raw:
        what, folder, of = arguments.raw[0], Path(arguments.raw[1]), arguments.raw[2]
        calls: dict[str, Callable[[], dict[str, Any]]] = {
            "compare": lambda: _compare(folder, int(of)),
            "held": lambda: _held(folder, Path(of)),
            "conflicts": lambda: _conflicts(folder, Path(of)),
            "open": lambda: _open(folder, int(of)),
        }
        sys.stdout.write(json.dumps(calls[what]()) + "\n")
        return 0
    screen = console()
    found = measure(QUICK if arguments.quick else FULL)
    log_grid(found).show(screen)
    live_grid(found).show(screen)
    return 0


if __name__ == "__main__":
    sys.exit(main())
