"""pm4py: its filter for the four-eyes principle, once for each pair of activities.

It keeps the events of the cases in which one person did both. Of an activity that a case has several times it
looks at the last; the cases of the benchmark have each once.
"""

import pandas as pd
import pm4py

TITLE = "pm4py"
VERSION = pm4py.__version__


def load(path):
    frame = pd.read_parquet(path)
    return frame.rename(
        columns={
            "case": "case:concept:name",
            "activity": "concept:name",
            "person": "org:resource",
            "time": "time:timestamp",
        }
    )


def conflicts(log, pairs):
    found = set()
    for first, second in pairs:
        kept = pm4py.filter_four_eyes_principle(log, first, second, keep_violations=True)
        found.update((first, second, case) for case in kept["case:concept:name"].unique())
    return found
