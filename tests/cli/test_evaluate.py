"""`salesctrl evaluate`: rows in, decisions out, none dropped, none moved."""

import csv
import io
import json
import sys

import pytest

import salesctrl as package
from salesctrl.cli import files

HEADER = "order.id,as_of,amount,discount_rate,grade,credit_limit,balance"
ROW = "{id},2026-03-02,{amount},0,A,100.00,0.00"


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture
def evaluate(salesctrl, starter):
    """Evaluates the text of a file, or the orders of the starter."""

    def run(*options, text=None, name="in.csv", **more):
        file = "facts/orders.csv"
        if text is not None:
            (starter / name).write_text(text, encoding="utf-8")
            file = name
        return salesctrl("evaluate", "order.release", file, "--policies", "policies", *options, **more)

    return run


def test_every_format_says_the_same_as_the_library(evaluate):
    engine = package.load("policies")
    lines = [json.loads(line) for line in evaluate("--format", "jsonl").out.splitlines()]
    assert json.loads(evaluate("--format", "json").out) == lines
    table = rows_of(evaluate("--format", "csv").out)
    assert [row["row"] for row in table] == [str(n) for n in range(1, 7)]
    for data, row in zip(lines, table, strict=True):
        assert row["order.id"] == data["subject"]["order.id"]
        assert (row["outcome"], row["as_of"]) == (data["outcome"], data["as_of"])
        assert row["fired"].split() == data["fired"]
        assert row["missing"].split() == data["missing"]
        assert row["exposure"] == data["values"]["exposure"]
    facts = {
        "order": {"id": "SO-1002", "amount": "20000.01", "discount_rate": 0},
        "customer": {"grade": "B", "credit_limit": 50000, "balance": 30000},
    }
    assert lines[1] == engine.evaluate("order.release", facts, as_of="2026-03-02").to_dict()


def test_trace(evaluate):
    [first, *_] = evaluate("--format", "jsonl", "--trace").out.splitlines()
    assert {rule["id"] for rule in json.loads(first)["trace"]["rules"]} >= {"OR-1", "OR-2", "OR-3#1"}


def test_one_object_gives_one_decision(evaluate, salesctrl):
    text = json.dumps({"order": {"amount": 1, "id": "A"}, "as_of": "2026-03-02"})
    assert json.loads(evaluate("--format", "json", text=text, name="one.json").out)["outcome"] == "incomplete"
    by_stdin = salesctrl(
        "evaluate", "order.release", "-", "-p", "policies", "--format", "json", stdin=text.encode()
    )
    assert json.loads(by_stdin.out)["subject"] == {"order.id": "A"}


def test_wrong_rows_keep_their_place(evaluate):
    ids = [f"R{n}" for n in range(1, 31)]
    wrong = {"R3", "R17", "R30"}
    rows = [ROW.format(id=i, amount="oops" if i in wrong else "1.00") for i in ids]
    rows[9] += ",surplus"
    done = evaluate("--format", "csv", text="\n".join([HEADER, *rows]))
    assert done.code == 2
    table = rows_of(done.out)
    assert [row["row"] for row in table] == [str(n) for n in range(1, 31)]
    assert [row["order.id"] for row in table] == [i if i != "R10" else "" for i in ids]
    assert {row["order.id"] for row in table if row["problems"]} == {*wrong, ""}
    assert {row["outcome"] for row in table if row["problems"]} == {"incomplete"}
    assert "row 3: `amount` (order.amount): expected a number such as `1234.50` but got `oops`" in done.err
    assert done.err.splitlines()[-1] == "30 rows: 4 incomplete, 26 allow; 4 rows with wrong facts"


def test_a_denied_row_stays_denied_though_some_of_its_facts_are_wrong(evaluate):
    text = f"{HEADER}\nA,2026-03-02,200.00,lots,A,100.00,0.00\n"
    [row] = rows_of(evaluate("--format", "csv", text=text).out)
    assert row["outcome"] == "deny"
    assert row["problems"]


def test_only_so_many_wrong_rows_are_listed_but_all_are_written(evaluate):
    rows = [ROW.format(id=i, amount="oops") for i in range(50)]
    done = evaluate("--format", "csv", text="\n".join([HEADER, *rows]))
    assert sum(line.startswith("error: row") for line in done.err.splitlines()) == 20
    assert "30 more rows with wrong facts: see the output" in done.err
    assert all(row["problems"] for row in rows_of(done.out))


def test_as_of_of_the_line_takes_the_place_of_the_column(evaluate):
    done = evaluate("--as-of", "2025-06-01", "--format", "csv")
    assert {row["as_of"] for row in rows_of(done.out)} == {"2025-06-01"}
    assert "`--as-of` takes the place of the column `as_of`" in done.err


def test_a_date_is_needed(evaluate):
    done = evaluate(text="amount\n1\n")
    assert (done.code, done.out) == (2, "")
    assert "there is no column `as_of`" in done.err
    assert "pass `--as-of 2026-03-01`" in done.err
    done = evaluate(
        "--format", "jsonl", text='{"order": {"amount": 1}}\n{"as_of": "2026-01-01"}', name="a.jsonl"
    )
    first, second = map(json.loads, done.out.splitlines())
    assert (done.code, first["as_of"], first["outcome"]) == (2, None, "incomplete")
    assert first["problems"][0]["code"] == "F_AS_OF"
    assert second["as_of"] == "2026-01-01"
    assert "pass `--as-of 2026-03-01`, or give each row an `as_of`" in done.err


def test_noise_of_binary_numbers(evaluate):
    text = f"{HEADER}\n" + ROW.format(id="A", amount="0.30000000000000004") + "\n"
    assert evaluate(text=text).code == 2
    done = evaluate("--floats", "nearest", "--format", "jsonl", "--trace", text=text)
    assert done.code == 0
    decision = json.loads(done.out)
    assert decision["values"]["exposure"] == "0.30"
    assert decision["trace"]["rounded"] == ["order.amount"]
    body = '{"order": {"amount": 0.30000000000000004}, "as_of": "2026-03-02"}'
    assert evaluate(text=body, name="a.json").code == 2
    assert evaluate("--floats", "nearest", text=body, name="a.json").code == 0


def test_numbers_of_json_are_exact(evaluate):
    body = '{"order": {"amount": 9007199254740993.01}, "customer": {"balance": 0}, "as_of": "2026-03-02"}'
    done = evaluate("--format", "json", text=body, name="a.json")
    assert json.loads(done.out)["values"]["exposure"] == "9007199254740993.01"


def test_a_map_and_constants(evaluate, starter):
    (starter / "map.yaml").write_text(
        "columns:\n  Nr: order.id\n  Betrag: order.amount\n  Datum: {fact: as_of, date: day/month/year}\n"
        "constants: {customer.grade: A, customer.credit_limit: 5000 CNY, customer.balance: 0}\n",
        encoding="utf-8",
    )
    text = "Nr,Betrag,Datum\nX1,5000.00,2/3/2026\nX2,5000.01,2/3/2026\n"
    done = evaluate("--map", "map.yaml", "--format", "csv", text=text)
    assert [(row["Nr"], row["as_of"], row["outcome"]) for row in rows_of(done.out)] == [
        ("X1", "2026-03-02", "allow"),
        ("X2", "2026-03-02", "deny"),
    ]


def test_key_columns(evaluate):
    done = evaluate("--key", "credit_limit", "--key", "order.id", "--format", "csv")
    assert done.out.splitlines()[1].startswith("1,50000.00,SO-1001,")


def test_values_of_a_split_have_a_column_each(salesctrl):
    body = (
        '{"receivable": {"overdue": "66666.66", "due_date": "2026-01-01", "at_fault": true},'
        ' "as_of": "2026-02-15"}'
    )
    done = salesctrl(
        "evaluate", "receivable.liability", "-", "--format", "csv", "--fail-on", "never", stdin=body.encode()
    )
    [row] = rows_of(done.out)
    assert [row[f"split.{role}"] for role in ("salesperson", "sales_manager", "sales_vp")] == [
        "166.66", "100.00", "66.67",
    ]  # fmt: skip


def test_control_characters_do_not_reach_the_terminal(evaluate):
    text = f'{HEADER}\n"\x1b[31mred\nline",2026-03-02,1.00,0,A,100.00,0.00\n'
    done = evaluate(text=text)
    assert "\x1b" not in done.out
    assert " [31mred line " in done.out


# --- --out ---------------------------------------------------------------------------------------------


def test_out_is_written_whole(evaluate, starter):
    for format_ in ("table", "json", "jsonl", "csv"):
        shown = evaluate("--format", format_).out
        done = evaluate("--format", format_, "--out", "result")
        assert done.out == ""
        assert done.err.splitlines()[-1].startswith("6 rows: ")
        assert (starter / "result").read_text(encoding="utf-8") == shown
    assert sorted(path.name for path in starter.iterdir()) == ["README.md", "facts", "policies", "result"]


@pytest.mark.parametrize("before", [None, "what was there"])
def test_out_is_as_it_was_if_something_goes_wrong(evaluate, starter, before):
    result = starter / "result.csv"
    if before is not None:
        result.write_text(before, encoding="utf-8")
    rows = "\n".join(ROW.format(id=i, amount="1.00") for i in range(100))
    done = evaluate("--format", "csv", "--out", "result.csv", text=f'{HEADER}\n{rows}\n"unclosed')
    assert done.code == 2
    assert "not CSV from line 102 on" in done.err
    assert (result.read_text(encoding="utf-8") if result.exists() else None) == before
    assert [path.name for path in starter.iterdir() if path.name.startswith(".")] == []


def test_out_keeps_a_link_and_never_replaces_a_device(evaluate, starter):
    (starter / "real.csv").write_text("old", encoding="utf-8")
    (starter / "link.csv").symlink_to("real.csv")
    evaluate("--format", "csv", "--out", "link.csv")
    assert (starter / "link.csv").is_symlink()
    assert (starter / "real.csv").read_text(encoding="utf-8").startswith("row,")
    assert evaluate("--format", "csv", "--out", "/dev/null").code == 1


def test_output_of_a_file_that_cannot_be_opened(tmp_path):
    with pytest.raises(FileNotFoundError), files.output(tmp_path / "no" / "file"):
        pass


# --- memory and order ----------------------------------------------------------------------------------


def test_rows_are_decided_as_they_are_read(starter, salesctrl, monkeypatch):
    """Of a file that is wrong at its end, the decisions before stand in the output."""
    rows = "\n".join(ROW.format(id=i, amount="1.00") for i in range(10))
    (starter / "in.csv").write_text(f'{HEADER}\n{rows}\n"unclosed', encoding="utf-8")
    done = salesctrl("evaluate", "order.release", "in.csv", "-p", "policies", "--format", "jsonl")
    assert done.code == 2
    assert len(done.out.splitlines()) == 10


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak of memory from /proc")
@pytest.mark.slow
def test_memory_does_not_grow_with_the_rows(starter):
    import subprocess

    def peak(count):
        with (starter / "many.jsonl").open("w", encoding="utf-8") as file:
            for i in range(count):
                row = {"order": {"id": str(i), "amount": "1.00"}, "as_of": "2026-03-02"}
                file.write(json.dumps(row) + "\n")
        code = (
            "import resource, sys\nfrom salesctrl.cli import main\n"
            "main(['evaluate', 'order.release', 'many.jsonl', '-p', 'policies', '--format', 'jsonl', "
            "'--out', 'out'])\n"
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
        return int(done.stdout)

    assert peak(15_000) - peak(1_000) < 4_000  # kilobytes; the decisions would be several times as many
