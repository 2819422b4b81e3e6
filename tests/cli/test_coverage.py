"""coverage: the table that people read, data for programs, exit codes, what is said of a wrong catalogue."""

import csv
import io
import json

import pytest

CATALOGUE = """\
id,system,numeric
OR-1,S1 Orders,y
OR-2,S1 Orders,n
OR-3,S1 Orders,true
CR-1,S2 Credit,n
CR-2,S2 Credit,y
"""

TEXT = """\
system            controls   with rule   with case   numeric   no case
──────────────────────────────────────────────────────────────────────
S1       Orders          3           3           3         2
S2       Credit          2           0           0         1         1

total                    5           3           3         3         1

without a rule: 2
  S2  CR-1, CR-2

numeric, without a case: 1
  S2  CR-2

carried, but not in the catalogue: 1
  OR-1-X
"""

CHINESE = """\
系统            控制点数   有规则   有用例   含数值   缺用例
────────────────────────────────────────────────────────────
S1     Orders          3        3        3        2
S2     Credit          2        0        0        1        1

合计                   5        3        3        3        1

没有规则：2
  S2  CR-1、CR-2

含数值但没有用例：1
  S2  CR-2

规则已列而目录中没有：1
  OR-1-X
"""


@pytest.fixture
def catalogue(starter):
    path = starter / "list.csv"
    path.write_text(CATALOGUE, encoding="utf-8")
    return path


@pytest.mark.parametrize(("lang", "text"), [("en", TEXT), ("zh", CHINESE)])
def test_the_table_and_what_is_open(starter, salesctrl, catalogue, lang, text):
    done = salesctrl("coverage", "policies", "--catalogue", catalogue, "--lang", lang)
    assert (done.code, done.err) == (1, "")
    assert done.out == text


def test_without_a_catalogue_the_rules_are_laid_beside_themselves(starter, salesctrl):
    done = salesctrl("coverage", "policies")
    assert (done.code, done.err) == (0, "")
    assert done.out.endswith("\nevery control has a rule, and every numeric one a case\n")
    assert done.out.splitlines()[2].startswith("(none)")


def test_the_catalogue_beside_the_pack_is_taken(starter, salesctrl, catalogue):
    catalogue.rename(starter / "policies" / "catalogue.csv")
    assert salesctrl("coverage", "policies").out == TEXT


def test_what_the_catalogue_does_not_have_is_information(starter, salesctrl, catalogue):
    catalogue.write_text("id,system,numeric\nOR-1,S1,y\n", encoding="utf-8")
    done = salesctrl("coverage", "policies", "--catalogue", catalogue)
    assert done.code == 0
    assert "\ncarried, but not in the catalogue: 3\n" in done.out
    assert "OR-1-X, OR-2, OR-3\n" in done.out


def test_a_rule_that_is_switched_off_is_named(starter, salesctrl, catalogue):
    (starter / "off.yaml").write_text(
        "overlay: ours\noff: [{rule: OR-2, because: tried, owner: cfo, until: 2026-12-31}]\n",
        encoding="utf-8",
    )
    done = salesctrl("coverage", "policies", "--catalogue", catalogue, "--overlay", "off.yaml")
    assert done.code == 1
    assert "  S1  OR-2 (OR-2 is switched off)\n  S2  CR-1, CR-2\n" in done.out


def test_data(starter, salesctrl, catalogue):
    done = salesctrl("coverage", "policies", "--catalogue", catalogue, "--format", "json")
    data = json.loads(done.out)
    assert done.code == 1
    assert data["total"] == {
        "controls": 5, "with_rule": 3, "with_case": 3, "numeric": 3, "numeric_without_case": 1,
    }  # fmt: skip
    assert [s["without_rule"] for s in data["systems"]] == [[], ["CR-1", "CR-2"]]
    assert data["controls"][2]["rules"] == ["OR-3#1", "OR-3#2", "OR-3#3", "OR-3#4", "OR-3#5"]
    assert data["unlisted"] == {"OR-1-X": ["OR-1-X"]}
    assert data["complete"] is False


def test_a_line_for_each_control(starter, salesctrl, catalogue):
    done = salesctrl("coverage", "policies", "--catalogue", catalogue, "--format", "csv")
    lines = list(csv.DictReader(io.StringIO(done.out)))
    assert [line["id"] for line in lines] == ["OR-1", "OR-2", "OR-3", "CR-1", "CR-2"]
    assert lines[0] == {
        "id": "OR-1", "system": "S1", "numeric": "y", "rules": "OR-1", "idle": "", "cases": "OR-1#2",
    }  # fmt: skip


def test_a_catalogue_that_is_wrong(starter, salesctrl, catalogue):
    catalogue.write_text(CATALOGUE + "OR-1,S1,n\n", encoding="utf-8")
    done = salesctrl("coverage", "policies", "--catalogue", catalogue)
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "error: list.csv:7: the id `OR-1` is on line 2 already [F_TWICE]\n"
        "  help: leave one of the two lines out\n"
    )


def test_a_catalogue_that_is_not_there(starter, salesctrl):
    done = salesctrl("coverage", "policies", "--catalogue", "no.csv")
    assert (done.code, done.out) == (2, "")
    assert "no.csv: cannot be read: no such file or directory" in done.err


def test_policies_that_are_wrong(starter, salesctrl):
    (starter / "policies" / "more.yaml").write_text("policy: more\n", encoding="utf-8")
    done = salesctrl("coverage", "policies")
    assert (done.code, done.out) == (2, "")
    assert "more.yaml" in done.err


def test_on_a_terminal_nothing_is_wider_than_it(starter, salesctrl, catalogue, monkeypatch):
    many = "".join(f"XX-{number},S3 A system with a title that goes on and on,y\n" for number in range(99))
    catalogue.write_text(CATALOGUE + many, encoding="utf-8")
    monkeypatch.setattr("salesctrl.cli.console.is_terminal", lambda stream: True)
    monkeypatch.setenv("TERM", "dumb")
    done = salesctrl("coverage", "policies", "--catalogue", catalogue)
    assert max(map(len, done.out.splitlines())) <= 100
    assert "XX-98" in done.out
