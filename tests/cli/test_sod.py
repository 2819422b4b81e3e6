"""`salesctrl sod`: its formats, what it writes, and the codes it ends with."""

import csv
import io
import json

import polars as pl
import pytest
from tests.cli.sod_files import FILES, ROLES, SOD


@pytest.fixture
def company(tmp_path, monkeypatch):
    """A folder with the organisation, in which the test stands."""
    monkeypatch.chdir(tmp_path)
    for name, content in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    return tmp_path


LOG = ("--events", "log.csv")


def test_all_formats_hold_the_same_findings(company, salesctrl):
    rows = list(csv.DictReader(io.StringIO(salesctrl(*SOD, *LOG, "--format", "csv").out)))
    found = [(row["outcome"], row["id"], row["subject"], row["case"]) for row in rows]
    assert len(found) == 7
    lines = salesctrl(*SOD, *LOG, "--format", "jsonl").out.splitlines()
    whole = json.loads(salesctrl(*SOD, *LOG, "--format", "json").out)
    assert [json.loads(line) for line in lines] == whole["findings"]
    for one in ("parquet", "xlsx"):
        assert salesctrl(*SOD, *LOG, "--format", one, "--out", f"out.{one}").code == 1
    from_parquet = pl.read_parquet(company / "out.parquet")
    for listed in (whole["findings"], from_parquet.to_dicts()):
        assert [(r["outcome"], r["id"] or "", r["subject"], r["case"] or "") for r in listed] == found


def test_only_events(company, salesctrl):
    done = salesctrl("sod", "--policies", "duties", "--as-of", "2026-03-10", *LOG, "--format", "csv")
    assert {row["form"] for row in csv.DictReader(io.StringIO(done.out))} == {"operation", "gap"}


def test_the_page(company, salesctrl):
    assert salesctrl(*SOD, *LOG, "--html", "page.html", "--lang", "zh").code == 1
    page = (company / "page.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "承接订单者不得审批合同" in page


@pytest.mark.parametrize(
    ("fail_on", "code"), [("deny", 0), ("incomplete", 0), ("review", 0), ("flag", 1), ("never", 0)]
)
def test_fail_on(company, salesctrl, fail_on, code):
    (company / "roles.csv").write_text(ROLES.replace(", storekeeper", ""), encoding="utf-8")
    assert salesctrl(*SOD, "--fail-on", fail_on).code == code


def test_nothing_found_is_0(company, salesctrl):
    (company / "roles.csv").write_text("user,role\n7,cfo\n", encoding="utf-8")
    done = salesctrl(*SOD, "--fail-on", "flag")
    assert (done.code, done.out) == (0, "conflicts: 0\n")


def test_columns_of_other_names(company, salesctrl):
    (company / "roles.csv").write_text("Benutzer,Rolle\n7,salesperson;storekeeper\n", encoding="utf-8")
    assert salesctrl(*SOD).code == 2
    done = salesctrl(*SOD, "--column", "Benutzer=person", "--column", "Rolle=role")
    assert (done.code, "IC-2" in done.out) == (1, True)


def test_columns_and_the_zone_of_a_log(company, salesctrl):
    text = "Beleg,activity,time,user\nS-1,order,2026-03-01 09:00,8\nS-1,ship,2026-03-01 10:00,8\n"
    (company / "log.csv").write_text(text, encoding="utf-8")
    options = ("--policies", "duties", "--as-of", "2026-03-10", *LOG, "--event-column", "Beleg=case")
    assert "zone" in salesctrl("sod", *options).err
    assert salesctrl("sod", *options, "--zone", "Asia/Shanghai").code == 1


def test_rejected_rows_are_2_whatever_else(company, salesctrl):
    done = salesctrl("sod", "wrong-roles.csv", *SOD[2:], "--fail-on", "never")
    assert done.code == 2
    assert done.err.count("error: ") == 3


def test_many_rejected_rows_are_not_all_listed(company, salesctrl):
    (company / "roles.csv").write_text("user,role\n" + "7,nobody\n" * 30, encoding="utf-8")
    done = salesctrl(*SOD)
    assert done.err.count("unknown role") == 20
    assert "error: 10 more rows refused\n" in done.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("sod", "roles.csv", "--policies", "duties"),
        ("sod", "--policies", "duties", "--as-of", "2026-03-10"),
        (*SOD, "--format", "xlsx"),
        (*SOD, "--column", "user"),
        (*SOD, "--out", "roles.csv"),
        (*SOD, "--html", "roles.csv"),
        (*SOD, "--html", "a", "--out", "a"),
        (*SOD, *LOG, "--zone", "Asia/Nowhere"),
        (*SOD, "--events", "none.csv"),
        (*SOD, "--sheet", "one"),
        ("sod", "none.csv", *SOD[2:]),
        (*SOD[:5], "2026-3-1"),
    ],
)
def test_what_cannot_be_run_is_2_and_said(company, salesctrl, arguments):
    done = salesctrl(*arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err
    assert (company / "roles.csv").read_text(encoding="utf-8") == ROLES
