"""By hand as SQL of DuckDB over DECIMAL columns of a table in memory."""

import os

import duckdb

import columns as orders
from adapters.batch._bits import read_ids
from reference.rules import DENYING, RULES

TITLE, DISTRIBUTION, TAKES = "hand-written, DuckDB SQL", "duckdb", "DECIMAL, VARCHAR"
THREADS = True

CONDITIONS = {
    "R1": "NOT contract_signed",
    "R2": "outstanding + amount > credit_limit AND NOT has_cfo_approval",
    "R3": "overdue_days > 120",
    "R4": "overdue_days > 30",
    "R5": "customer_grade = 'D' AND prepaid_ratio < 1",
    "R6": "customer_grade = 'C' AND prepaid_ratio < 0.3",
    "R7": "discount_rate > 0.05",
    "R8": "discount_rate > 0.10",
    "R9": "discount_rate > 0.20",
    "R10": "unit_price < round(list_price * (1 - discount_rate), 2)",
    "R11": "amount >= 500000",
    "R12": "requester_role = approver_role",
}
JUDGED = ", ".join(f"({condition}) AS {rule}" for rule, condition in CONDITIONS.items())
OUTCOME = (
    f"(CASE WHEN {' OR '.join(rule for rule in RULES if rule in DENYING)} THEN 2 "
    f"WHEN {' OR '.join(RULES)} THEN 1 ELSE 0 END)::UTINYINT AS outcome"
)
BITS = " + ".join(f"CASE WHEN {rule} THEN {1 << place} ELSE 0 END" for place, rule in enumerate(RULES))
IDS = "concat_ws(' ', " + ", ".join(f"CASE WHEN {rule} THEN '{rule}' END" for rule in RULES) + ")"


def _query(fired):
    return f"SELECT {OUTCOME}, {fired} AS fired FROM (SELECT {JUDGED} FROM orders)"


def load():
    connection = duckdb.connect()
    threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    connection.execute(f"SET threads = {threads}")
    return connection


def take(connection, columns):
    """A connection of its own for each table, over the one database of the process."""
    cursor = connection.cursor()
    source = orders.arrow(columns)
    cursor.register("source", source)
    cursor.execute("CREATE OR REPLACE TEMP TABLE orders AS SELECT * FROM source")
    cursor.unregister("source")
    return cursor


def _bits(_engine, cursor):
    return cursor.execute(_query(f"({BITS})::USMALLINT")).fetchnumpy()


def _ids(_engine, cursor):
    return cursor.sql(_query(IDS)).to_arrow_table()


def _read_ids(table):
    return read_ids((table["outcome"].to_numpy(), table["fired"].to_pylist()))


CALLS = {"bits": (_bits, lambda found: (found["outcome"], found["fired"])), "ids": (_ids, _read_ids)}
