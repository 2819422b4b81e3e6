"""Incompatible duties in a whole log: who did both, in columns."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from salesctrl.monitor.controls import Controls
from salesctrl.monitor.findings import CaseFinding
from salesctrl.monitor.log_rows import each_event
from salesctrl.monitor.matching import Candidate
from salesctrl.monitor.model import Event

_WORD = 2**64 - 1


def proofs(events: pl.DataFrame, duty_of: dict[str, str], pairs: pl.DataFrame) -> pl.DataFrame:
    """The earliest events by which one person did both duties of a pair in a case: a row for each.

    Args:
        events: Events with ``id``, ``case``, ``activity``, ``person``, ``time`` and whatever is to be shown.
        duty_of: The duty of an activity, by its name.
        pairs: The pairs: ``pair``, ``first``, ``second``.

    Returns:
        ``pair``, ``case`` and ``person``, and the fields of both events as ``first.…`` and ``second.…``.

    >>> events = pl.DataFrame({"id": ["1", "2", "3"], "case": "SO-1", "activity": ["take", "take", "sign"],
    ...                        "person": ["7", "8", "8"], "time": [1, 2, 3]})
    >>> pairs = pl.DataFrame({"pair": ["IC-1"], "first": ["order"], "second": ["contract"]})
    >>> found = proofs(events, {"take": "order", "sign": "contract"}, pairs)
    >>> found.select("pair", "case", "person", "first.id", "second.id").rows()
    [('IC-1', 'SO-1', '8', '2', '3')]
    """
    key = ["case", "person"]
    codes = {duty: code for code, duty in enumerate(dict.fromkeys(duty_of.values()))}
    several = _several(events, {activity: codes[duty] for activity, duty in duty_of.items()})
    pairs = pairs.with_columns(pl.col("first", "second").replace_strict(codes, return_dtype=pl.UInt64))
    place = pl.struct("time", "id")
    firsts = several.lazy().group_by([*key, "§duty"]).agg(pl.all().sort_by(place).first())
    both = firsts.filter(pl.len().over(key) > 1)
    sides = {side: both.select(*key, pl.exclude(key).name.prefix(f"{side}.")) for side in ("first", "second")}
    found = (
        sides["first"]
        .join(pairs.lazy(), left_on="first.§duty", right_on="first")
        .join(sides["second"], left_on=[*key, "second"], right_on=[*key, "second.§duty"])
    )
    return found.drop("first.§duty", "second").collect()


def _several(events: pl.DataFrame, code_of: dict[str, int]) -> pl.DataFrame:
    """The events of those who had several duties in a case, with the code of the duty as ``§duty``.

    Most persons do one thing in a case, and comparing texts to find the others takes long. Equal keys have
    equal hashes, so nobody is lost whose hash stands beside two duties; who merely shares one is told apart
    by whoever compares the keys.
    """
    activities = pl.Enum(list(code_of))
    code = pl.lit(pl.Series(list(code_of.values()), dtype=pl.UInt64))
    duty = code.gather(pl.col("activity").cast(activities, strict=False).to_physical())
    # The lowest bits of a hash make room for the duty: sorted, two duties of one key are neighbours.
    low = (1 << len(code_of).bit_length()) - 1
    of_duty, of_key = pl.lit(low, pl.UInt64), pl.lit(_WORD - low, pl.UInt64)
    hashed = pl.col("case").hash(1) ^ pl.col("person").hash(2)
    by_somebody = pl.when(pl.col("person").is_not_null())
    marked = events.select(by_somebody.then(hashed & of_key | duty).alias("§mark"))
    mark, key = pl.col("§mark"), pl.col("§mark") & of_key
    both = (key == key.shift()) & (mark != mark.shift())
    ordered = marked.drop_nulls().lazy().sort("§mark")
    found = ordered.select(key.filter(both).unique()).collect().to_series()
    among = marked.select(key.is_in(found.implode()).fill_null(False)).to_series()
    return events.filter(among).with_columns(marked.filter(among).select((mark & of_duty).alias("§duty")))


def conflicts(controls: Controls, events: pl.DataFrame) -> Iterator[CaseFinding]:
    """The findings of the segregation of duties in a log."""
    watches = {name: watch for name, watch in controls.watches.items() if watch.pair is not None}
    duty_of = {
        activity: str(controls.activities.by_name[activity].duty)
        for watch in watches.values()
        for activity in watch.activities
    }
    if not duty_of:
        return
    lacking = events.filter(pl.col("person").is_null()).filter(pl.col("activity").is_in(list(duty_of)))
    for event in each_event(lacking):
        first = next(watch for watch in watches.values() if event.activity in watch.activities)
        finding = controls.lacking(first, event)
        if finding is not None:
            yield finding
    rows = [(name, w.pair.first, w.pair.second) for name, w in watches.items() if w.pair is not None]
    pairs = pl.DataFrame(
        rows, schema={"pair": pl.String, "first": pl.String, "second": pl.String}, orient="row"
    )
    shown = events.select("id", "case", "person", "activity", "time", "on", "role", "department")
    for row in proofs(shown, duty_of, pairs).iter_rows(named=True):
        watch = watches[row["pair"]]
        both = [_event(row, side) for side in ("first", "second")]
        chosen = {name: event for (name, _), event in zip(watch.control.events, both, strict=True)}
        on = max(event.on for event in both).toordinal()
        finding = controls.decide(watch, (row["case"],), Candidate(chosen, {}, on), both)
        if finding is not None:
            yield finding


def _event(row: dict[str, object], side: str) -> Event:
    own = {"case": row["case"], "person": row["person"]}
    fields = {name: row[f"{side}.{name}"] for name in ("id", "activity", "time", "on", "role", "department")}
    return Event(**{**own, **fields})  # type: ignore[arg-type]
