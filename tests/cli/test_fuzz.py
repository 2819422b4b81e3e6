"""Whatever bytes a file holds: no traceback, and exit code 0, 1 or 2."""

import io
import json
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import salesctrl
from salesctrl.cli import main

HEADER = "order.id,as_of,amount,discount_rate,grade,credit_limit,balance"
CELLS = st.sampled_from(
    ["", "1.00", "1,000", "5%", "A", "2026-03-02", "2026/3/2", '"', "é", "订单", "x\ny", "1e9", "-0"]
)
TABLES = st.lists(st.lists(CELLS, min_size=5, max_size=8), max_size=4).map(
    lambda rows: "\n".join([HEADER, *(",".join(row) for row in rows)]).encode()
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.just("2026-03-02"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(
    ["order", "customer", "as_of", "evidence", "order.amount", "订单", "oder", "amount", "id"]
)
RECORDS = st.dictionaries(KEYS, VALUES | st.dictionaries(st.sampled_from(["amount", "id", "grade"]), VALUES))
OBJECTS = RECORDS.map(lambda record: json.dumps(record).encode())
CONTENTS = st.one_of(st.binary(max_size=60), TABLES, OBJECTS, st.lists(OBJECTS, max_size=3).map(b"\n".join))


@pytest.fixture(scope="module", autouse=True)
def _loaded_once(tmp_path_factory):
    """Loading the policies is the same every time, and takes most of the time."""
    folder = tmp_path_factory.mktemp("starter")
    assert main(["init", str(folder)]) == 0
    engine = salesctrl.load(folder / "policies")
    with pytest.MonkeyPatch.context() as patch:
        for command in ("evaluate", "explain"):
            patch.setattr(f"salesctrl.cli.{command}.load_policies", lambda *_: engine)
        yield


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=CONTENTS,
    input_format=st.sampled_from([(), ("--input-format", "csv"), ("--input-format", "jsonl")]),
    format=st.sampled_from(["table", "json", "jsonl", "csv"]),
    floats=st.sampled_from(["exact", "nearest"]),
    as_of=st.sampled_from([(), ("--as-of", "2026-03-02")]),
    explain=st.booleans(),
)
def test_any_file(capsys, content, input_format, format, floats, as_of, explain):
    sys.stdin = io.TextIOWrapper(io.BytesIO(content))
    options = [*input_format, "--floats", floats, *as_of]
    try:
        if explain:
            code = main(["explain", "order.release", "-", *options])
        else:
            code = main(["evaluate", "order.release", "-", *options, "--format", format])
    finally:
        sys.stdin = sys.__stdin__
    captured = capsys.readouterr()
    assert code in (0, 1, 2)
    assert "Traceback" not in captured.err
    assert "unexpected" not in captured.err.replace("unexpected end of data", "")
    if code == 2:
        assert captured.err
