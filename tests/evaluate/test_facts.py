"""What a fact may be, where other tests do not come by."""

from __future__ import annotations

import pandas as pd
import pytest
from tests.loading import engine_of, policy_text

from salesctrl import FactsError

ENGINE = engine_of(
    policy_text("""
rules:
- {id: DUE, when: order.due < as_of, flag: true}
- {id: PLACED, when: known(order.placed), flag: true}
""")
)


@pytest.mark.parametrize("field", ["due", "placed"])
def test_nanoseconds_are_refused_and_never_cut_off(field):
    time = pd.Timestamp("2026-02-01T00:00:00.000000001Z")
    with pytest.raises(FactsError, match="without nanoseconds") as refused:
        ENGINE.evaluate("point", {"order": {field: time}}, as_of="2026-03-01")
    assert refused.value.problems[0].path == f"order.{field}"


def test_a_time_of_pandas_without_nanoseconds_is_a_time():
    facts = {"order": {"due": pd.Timestamp("2026-02-01"), "placed": pd.Timestamp("2026-02-01T08:00Z")}}
    assert ENGINE.evaluate("point", facts, as_of="2026-03-01").fired == ("DUE", "PLACED")
