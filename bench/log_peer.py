"""Time an engine over event logs, in its own environment: `run.py` and `monitor.py` start it.

    python log_peer.py ADAPTER LOG.parquet PAIRS.json TURNS

An adapter of `adapters/log` has TITLE, VERSION, `load(path)`, which is not counted, and
`conflicts(log, pairs)`: a set of (activity, activity, case). Prints one line of JSON.
"""

import hashlib
import importlib
import json
import sys
import time
from collections.abc import Iterable
from pathlib import Path


def digest(found: Iterable[list[str]]) -> str:
    """What tells two sets of conflicts apart."""
    return hashlib.sha256(json.dumps(sorted(found)).encode()).hexdigest()


def main(name: str, path: str, pairs_path: str, turns: str) -> None:
    adapter = importlib.import_module(f"adapters.log.{name}")
    pairs = [tuple(pair) for pair in json.loads(Path(pairs_path).read_text(encoding="utf-8"))]
    log = adapter.load(path)
    seconds = []
    for _ in range(int(turns)):
        began = time.perf_counter()
        found = adapter.conflicts(log, pairs)
        seconds.append(time.perf_counter() - began)
    answer = {
        "title": adapter.TITLE, "version": adapter.VERSION, "seconds": min(seconds),
        "found": len(found), "digest": digest(map(list, found)),
    }  # fmt: skip
    print(json.dumps(answer))


if __name__ == "__main__":
    main(*sys.argv[1:])
