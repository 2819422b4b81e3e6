"""monitor: findings in all formats, rejected events, exit codes, and files that are complete or absent."""

import csv
import json

import polars as pl
import pytest
from openpyxl import load_workbook
from tests.cli.golden import MONITOR, prepare

import salesctrl as package


@pytest.fixture
def cases(starter):
    prepare(starter)
    return starter


def expected(log="cases/log.csv", **options):
    engine = package.load("cases/set.yaml")
    return engine.monitor_log(log, zone="Asia/Shanghai", **options)


def test_it_writes_what_the_library_finds(cases, salesctrl):
    wanted = expected("cases/rejected.csv")
    done = salesctrl("monitor", "cases/rejected.csv", *MONITOR, "--format", "json")
    data = json.loads(done.out)
    assert data["findings"] == [one.to_dict() for one in wanted.findings]
    assert (data["outcome"], data["as_of"]) == ("deny", "2026-03-06")
    assert (data["events"], data["cases"]) == (10, 3)
    assert [one["code"] for one in data["rejected"]] == ["V_ACTIVITY", "V_NO_CASE", "V_TIME"]
    assert data["policies"]["sha256"] == package.load("cases/set.yaml").digest


@pytest.mark.parametrize("format", ["csv", "jsonl", "parquet", "xlsx"])
def test_tables_have_a_row_for_each_finding_and_rejected_events_beside(cases, salesctrl, format):
    options = ("--format", format, "--out", f"found.{format}", "--rejected", f"rejected.{format}")
    done = salesctrl("monitor", "cases/rejected.csv", *MONITOR, *options)
    assert (done.code, done.out) == (2, "")
    assert (
        "10 events in 3 cases up to 2026-03-06: 2 deny, 2 incomplete, 1 flag; 3 events rejected" in done.err
    )
    assert "error: rejected.csv: 3 events rejected" in done.err
    assert "V_TIME" not in done.err  # they stand in the file
    found, rejected = (rows(cases / f"{name}.{format}", format) for name in ("found", "rejected"))
    wanted = expected("cases/rejected.csv")
    assert [one["control"] for one in found] == [one.control for one in wanted.findings]
    assert [one["outcome"] for one in found] == [str(one.outcome) for one in wanted.findings]
    assert [int(one["row"]) for one in rejected] == [11, 12, 13]
    assert [one["code"] for one in rejected] == ["V_ACTIVITY", "V_NO_CASE", "V_TIME"]


def rows(path, format):
    match format:
        case "csv":
            return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
        case "jsonl":
            return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        case "parquet":
            return pl.read_parquet(path).to_dicts()
        case _:
            head, *lines = load_workbook(path).active.iter_rows(values_only=True)
            return [dict(zip(head, line, strict=True)) for line in lines]


def test_it_writes_the_table_to_a_file(cases, salesctrl):
    screen = salesctrl("monitor", "cases/log.csv", *MONITOR)
    done = salesctrl("monitor", "cases/log.csv", *MONITOR, "--out", "found.txt")
    assert (done.code, done.out) == (1, "")
    assert (cases / "found.txt").read_text(encoding="utf-8") == screen.out


def test_many_rejected_events_are_counted_and_the_first_are_listed(cases, salesctrl):
    lines = "".join(f"{i},SO-9,ship,soon,Xu,\n" for i in range(20, 50))
    with (cases / "cases" / "log.csv").open("a", encoding="utf-8") as file:
        file.write(lines)
    done = salesctrl("monitor", "cases/log.csv", *MONITOR)
    assert "rejected events: 30\n  row 9, event `20`" in done.out
    assert "  … 10 more\n" in done.out
    chinese = salesctrl("monitor", "cases/log.csv", *MONITOR, "--lang", "zh")
    assert "未采纳的事件：30\n" in chinese.out
    assert "  ……其余10个\n" in chinese.out
    done = salesctrl("monitor", "cases/log.csv", *MONITOR, "--format", "jsonl")
    assert done.err.count("[V_TIME]") == 20
    assert "error: log.csv: 30 events rejected\n" in done.err


# --- what is looked at ---------------------------------------------------------------------------------


def test_controls_can_be_chosen(cases, salesctrl):
    chosen = ("--control", "shipped-before-paid", "--control", "dunning", "--format", "jsonl")
    done = salesctrl("monitor", "cases/log.csv", *MONITOR, *chosen)
    assert [json.loads(line)["control"] for line in done.out.splitlines()] == ["shipped-before-paid"]
    done = salesctrl("monitor", "cases/log.csv", *MONITOR, "--control", "segregation", "--format", "jsonl")
    assert [json.loads(line)["rules"] for line in done.out.splitlines()] == [["IC-1"]]


def test_time_goes_up_to_a_day(cases, salesctrl):
    dunning = (*MONITOR, "--control", "dunning")
    done = salesctrl("monitor", "cases/log.csv", *dunning)
    assert (done.code, done.out) == (0, "8 events in 2 cases up to 2026-03-04: nothing was found\n")
    done = salesctrl("monitor", "cases/log.csv", *dunning, "--as-of", "2026-03-31")
    assert (done.code, done.out.splitlines()[-1]) == (0, "8 events in 2 cases up to 2026-03-31: 1 flag")
    chinese = salesctrl("monitor", "cases/log.csv", *dunning, "--lang", "zh")
    assert chinese.out == "2个案例的8个事件，截至2026-03-04：无发现\n"


@pytest.mark.parametrize("option", ["--column", "--map"])
def test_columns_can_be_named(cases, salesctrl, option):
    text = (cases / "cases" / "log.csv").read_text(encoding="utf-8")
    (cases / "other.csv").write_text(
        text.replace("case,activity", "Beleg,Schritt").replace("amount", "Betrag"), encoding="utf-8"
    )
    names = [part for pair in ("Beleg=case", "Schritt=activity", "Betrag=amount") for part in (option, pair)]
    done = salesctrl("monitor", "other.csv", *MONITOR, *names)
    assert done.out == salesctrl("monitor", "cases/log.csv", *MONITOR).out


def test_the_type_of_the_objects_that_are_cases_is_handed_on(cases, salesctrl):
    log = {
        "objectTypes": [{"name": "order", "attributes": []}, {"name": "item", "attributes": []}],
        "eventTypes": [{"name": "ship", "attributes": []}],
        "objects": [{"id": "SO-1", "type": "order"}, {"id": "I-1", "type": "item"}],
        "events": [
            {
                "id": "1", "type": "ship", "time": "2026-03-01T09:00:00Z", "attributes": [],
                "relationships": [
                    {"objectId": "SO-1", "qualifier": ""}, {"objectId": "I-1", "qualifier": ""},
                ],
            }
        ],
    }  # fmt: skip
    (cases / "log.jsonocel").write_text(json.dumps(log), encoding="utf-8")
    options = ("--case-of", "order", "--control", "dunning", "--as-of", "2026-04-01", "--format", "jsonl")
    done = salesctrl("monitor", "log.jsonocel", *MONITOR, *options)
    assert [json.loads(line)["group"] for line in done.out.splitlines()] == [["SO-1"]]


# --- exit codes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((), 1),
        (("--fail-on", "never"), 0),
        (("--control", "dunning"), 0),
        (("--control", "dunning", "--fail-on", "flag"), 0),
        (("--control", "dunning", "--fail-on", "flag", "--as-of", "2026-04-01"), 1),
    ],
)
def test_the_gravest_finding_counts(cases, salesctrl, arguments, code):
    assert salesctrl("monitor", "cases/log.csv", *MONITOR, *arguments).code == code


def test_what_could_not_be_judged_is_2_whatever_was_found(cases, salesctrl):
    with (cases / "cases" / "log.csv").open("a", encoding="utf-8") as file:
        file.write("9,SO-3,take_order,2026-03-05T11:00,,\n")
    done = salesctrl("monitor", "cases/log.csv", *MONITOR, "--fail-on", "never")
    assert (done.code, "1 incomplete" in done.out, "rejected" in done.out) == (2, True, False)


def test_a_rejected_event_is_2_though_nothing_was_found(cases, salesctrl):
    (cases / "one.csv").write_text("id,case,activity,time\n1,SO-1,pay,soon\n", encoding="utf-8")
    done = salesctrl("monitor", "one.csv", *MONITOR, "--fail-on", "never")
    assert done.code == 2
    assert "1 event rejected" in done.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("none.csv",), "no such file"),
        (("cases/log.csv", "--control", "dunnig"), "did you mean `dunning`?"),
        (("cases/log.csv", "--control", "x"), "unknown control `x`"),
        (("cases/log.csv", "--column", "case"), "NAME=VALUE"),
        (("cases/log.csv", "--column", "Fall=case"), "Fall"),
        (("cases/log.csv", "--as-of", "soon"), "expected a date"),
        (("cases/log.csv", "--format", "parquet"), "pass `--out FILE`"),
        (("cases/log.csv", "--rejected", "r.csv"), "leave `--rejected` out"),
        (
            ("cases/log.csv", "--format", "csv", "--out", "a.csv", "--rejected", "a.csv"),
            "expected another file",
        ),
        (("cases/log.csv", "--out", "cases/log.csv"), "expected another file than the input"),
        (
            ("cases/log.csv", "--format", "csv", "--rejected", "cases/log.csv"),
            "expected another file than the input",
        ),
    ],
)
def test_what_cannot_be_run_is_2_and_said(cases, salesctrl, arguments, said):
    before = (cases / "cases" / "log.csv").read_bytes()
    done = salesctrl("monitor", *arguments, *MONITOR)
    assert (done.code, done.out) == (2, "")
    assert said in " ".join(done.err.replace("│", " ").split())
    assert (cases / "cases" / "log.csv").read_bytes() == before


def test_an_unknown_zone_is_said(cases, salesctrl):
    done = salesctrl("monitor", "cases/log.csv", "-p", "cases/set.yaml", "--zone", "Asia/Shangai")
    assert (done.code, done.out) == (2, "")
    assert "Asia/Shangai" in done.err
    assert "defect" not in done.err


def test_policies_that_look_at_no_events_are_2(starter, salesctrl):
    prepare(starter)
    done = salesctrl("monitor", "cases/log.csv", "--policies", "policies", "--zone", "Asia/Shanghai")
    assert (done.code, done.out) == (2, "")


@pytest.mark.parametrize("format", ["csv", "jsonl", "parquet", "xlsx", "json", "table"])
def test_a_file_is_complete_or_as_it_was(cases, salesctrl, monkeypatch, format):
    """Whatever fails at the last moment, nothing new stands there and nothing is left over."""
    (cases / "found").write_text("before", encoding="utf-8")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("salesctrl.tables.whole.os.fsync", fail)
    beside = () if format in ("json", "table") else ("--rejected", "rejected")
    names = {path.name for path in cases.iterdir()}
    done = salesctrl("monitor", "cases/rejected.csv", *MONITOR, "--format", format, "--out", "found", *beside)
    assert (done.code, done.out) == (2, "")
    assert "no space left on device" in done.err
    assert (cases / "found").read_text(encoding="utf-8") == "before"
    assert {path.name for path in cases.iterdir()} == names


def test_what_a_log_says_cannot_steer_the_terminal(cases, salesctrl):
    with (cases / "cases" / "log.csv").open("a", encoding="utf-8") as file:
        file.write("\x1b[31m9,SO\x1b[2J-3,take_order,2026-03-05T11:00,Li,\n")
        file.write("10,SO\x1b[2J-3,ship,2026-03-06T11:00,Li,\n")
        file.write("11\x1b[2J,SO-4,s\x1b[2Jhip,2026-03-06T11:00,Li,\n")
    done = salesctrl("monitor", "cases/log.csv", *MONITOR)
    assert "\x1b" not in done.out + done.err
