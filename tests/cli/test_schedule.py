"""`salesctrl schedule`: the lines, sums and persons in every format, and what is wrong with files."""

import csv
import io
import json
from functools import cache

import polars as pl
import pytest

from salesctrl.cli import schedule
from salesctrl.cli.app import run
from salesctrl.cli.options import load_policies

DEBTS = """单据编号,逾期金额,到期日,认定故意或重大过失,责任人销售专员
R-1,200000.00,2024-01-15,是,205
R-2,66666.66,2024-02-20,是,206
"""
PAYMENTS = "单据编号,date,amount\nR-1,2024-09-12,200000.00\n"
ASKED = ("schedule", "wage-deductions")


@pytest.fixture(autouse=True, scope="module")
def _loaded_once():
    """The policies are loaded for the first test, and kept."""
    once = cache(lambda paths, overlays: load_policies(paths, overlays))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schedule, "load_policies", once)
        yield


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "debts.csv").write_text(DEBTS, encoding="utf-8")
    (tmp_path / "payments.csv").write_text(PAYMENTS, encoding="utf-8")
    return tmp_path


def said(capsys, *arguments):
    code = run(arguments)
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def test_the_lines_as_csv(files, capsys):
    """Nobody is named for two of the posts: their half is the company's, and does not go back."""
    code, out, err = said(
        capsys, *ASKED, "debts.csv", "--until", "2024-12-31", "--payments", "payments.csv", "--format", "csv"
    )
    assert (code, err) == (0, "")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [row["amount"] for row in rows if row["单据编号"] == "R-1"] == [
        "1000.00", "1000.00", "1000.00", "40000.00", "-21500.00",
    ]  # fmt: skip


def test_the_formats_say_the_same(files, capsys):
    _, text, _ = said(capsys, *ASKED, "debts.csv", "--until", "2024-03-31", "--format", "json")
    whole = json.loads(text)
    _, text, _ = said(capsys, *ASKED, "debts.csv", "--until", "2024-03-31", "--format", "jsonl")
    assert [json.loads(line) for line in text.splitlines()] == whole
    code, _, _ = said(
        capsys, *ASKED, "debts.csv", "--until", "2024-03-31", "--format", "parquet", "--out", "lines.parquet"
    )
    assert code == 0
    lines = pl.read_parquet("lines.parquet")
    assert [str(amount) for amount in lines["amount"]] == [line["amount"] for line in whole]


def test_sums_and_persons(files, capsys):
    given = (*ASKED, "debts.csv", "--until", "2024-03-31", "--format", "csv")
    _, out, _ = said(capsys, *given, "--total", "what")
    assert out.splitlines()[1].startswith("CR-19-3-1,3,2333.33,")
    _, out, _ = said(capsys, *given, "--persons")
    assert out.splitlines()[:2] == ["person,as_of,charged,refunded", "205,2024-02-29,500.00,0.00"]
    assert said(capsys, *given, "--persons", "--total", "what")[0] == 2


def test_a_table_for_people(files, capsys):
    code, out, _ = said(capsys, *ASKED, "debts.csv", "--until", "2024-02-29", "--lang", "zh")
    assert code == 0
    assert "累计" in out
    assert "CR-19-3-1" in out
    code, out, _ = said(capsys, *ASKED, "debts.csv", "--until", "2024-01-31")
    assert (code, out.strip()) == (0, "no lines")
    code, out, _ = said(capsys, *ASKED, "debts.csv", "--until", "2024-01-31", "--format", "json")
    assert (code, json.loads(out)) == (0, [])


def test_an_outcome_can_be_a_failure(files, capsys):
    given = (*ASKED, "debts.csv", "--until", "2024-05-31", "--format", "csv")
    assert said(capsys, *given)[0] == 0
    assert said(capsys, *given, "--fail-on", "flag")[0] == 1


def test_a_wrong_row_has_a_line_and_the_exit_code_says_so(files, capsys):
    (files / "debts.csv").write_text(DEBTS + "R-3,ten,2024-01-15,是,205\n", encoding="utf-8")
    code, out, err = said(capsys, *ASKED, "debts.csv", "--until", "2024-02-29", "--format", "csv")
    assert code == 2
    assert "row 3, 2024-01-31" in err
    assert len(out.splitlines()) == 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("wage-deduction", "debts.csv"), "did you mean `wage-deductions`"),
        (("wage-deductions", "debts.csv"), "expected the last date"),
        (("wage-deductions", "none.csv", "--until", "2024-01-31"), "none.csv"),
        (("wage-deductions", "debts.csv", "--until", "2024-13-31"), "2024-13-31"),
        (("wage-deductions", "debts.csv", "--until", "2024-01-31", "--format", "xlsx"), "--out FILE"),
        (("wage-deductions", "debts.csv", "--until", "2024-01-31", "--out", "debts.csv"), "another file"),
        (("wage-deductions", "debts.csv", "--until", "2024-01-31", "--total", "color"), "no such column"),
        (("wage-deductions",), "expected FILE"),
        ((), "expected SCHEDULE"),
    ],
)
def test_what_is_wrong_is_said(files, capsys, arguments, words):
    code, _, err = said(capsys, "schedule", *arguments)
    assert code == 2
    assert words in err
    assert (files / "debts.csv").read_text(encoding="utf-8") == DEBTS


def test_the_schedules_are_listed(capsys):
    assert said(capsys, "schedule", "--list") == (0, "wage-deductions\nwages\n", "")
