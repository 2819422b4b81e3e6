# %% [markdown]
# # Which orders are held, and what it would take
#
# For analysts: run it cell by cell in Jupyter or VS Code (`# %%` starts a cell), or whole:
# `python examples/analysis.py`. A decision shows itself in a notebook; here its text is printed.

# %%
import json
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pandas as pd

import salesctrl

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from examples.generator import write_tables  # noqa: E402 - found from the root of the project

pd.set_option("display.width", 100)
pd.set_option("display.max_columns", 12)
engine = salesctrl.load()
tables = write_tables(HERE / "out" / "analysis")

# %% [markdown]
# ## Read the table
#
# Amounts are read as text and made `Decimal`. `pd.read_csv` without `dtype=str` makes binary floats of them;
# salesctrl takes those back exactly as long as nothing was calculated with them (below).

# %%
with tables["orders"].open(encoding="utf-8") as file:
    records = [json.loads(line) for line in file]
orders = pd.json_normalize(records)
for column in ("order.amount", "order.received", "customer.receivable", "customer.credit_limit"):
    orders[column] = orders[column].map(Decimal, na_action="ignore")
print(
    orders[["order.id", "customer.grade", "order.amount", "customer.receivable"]]
    .head(4)
    .to_string(index=False)
)

# %% [markdown]
# ## Decide each row
#
# One call a row. The facts are the records as they are; the new columns are what the decisions say.

# %%
decisions = [engine.evaluate("order.release", record) for record in records]
orders["outcome"] = [decision.outcome.value for decision in decisions]
orders["rules"] = [" ".join(decision.fired) for decision in decisions]
for name in ("exposure", "over_limit"):
    orders[name] = pd.Series([decision.values[name] for decision in decisions], dtype=object)
print(orders[["order.id", "outcome", "rules", "exposure", "over_limit"]].head(4).to_string(index=False))

# %% [markdown]
# ## Ask questions of it

# %%
by_grade = pd.crosstab(orders["customer.grade"], orders["outcome"])
print(by_grade)

# %%
# `Decimal` columns add up exactly; the parts are the whole.
worth = orders.groupby("outcome")["order.amount"].sum()
print(worth.to_string())
assert worth.sum() == sum(orders["order.amount"])

# %%
reasons = Counter(
    finding.rule
    for decision in decisions
    for finding in decision.findings
    if not decision.allowed and finding.outcome is decision.outcome
)
print(pd.Series(reasons, name="orders held").sort_index().to_string())

# %% [markdown]
# ## What if the limits were 50 % higher?
#
# The same records with one fact changed, decided again.

# %%
raised = []
for record in records:
    limit = record["customer"].get("credit_limit")
    customer = {**record["customer"], "credit_limit": limit and Decimal(limit) * Decimal("1.5")}
    raised.append(engine.evaluate("order.release", {**record, "customer": customer}).outcome.value)
print(pd.crosstab(orders["outcome"], pd.Series(raised, name="with higher limits")))

# %% [markdown]
# ## Binary floats
#
# A float that was only read is taken: it is the nearest to what was written. One that was calculated is not,
# because its cents are a guess. `floats="nearest"` rounds noise away where it is below 1e-9, and the trace of
# the decision says so.

# %%
for price in (219.9, 3 * 73.3):
    quote = {"list_price": Decimal("225.00"), "price": price, "quoted_by": "salesperson"}
    try:
        print(price, engine.evaluate("price.quote", {"quote": quote}, as_of="2026-06-30").outcome.value)
    except salesctrl.FactsError as error:
        print(error)
        decision = engine.evaluate("price.quote", {"quote": quote}, as_of="2026-06-30", floats="nearest")
        print("nearest:", decision.outcome.value, "rounded:", list(decision.trace.rounded))

# %% [markdown]
# ## One decision in words

# %%
held = next(decision for decision in decisions if "CR-18-2" in decision.fired)
print(held.explain("en", "brief"))
