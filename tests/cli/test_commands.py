"""init, check, test, explain, list and schema."""

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft7Validator, Draft202012Validator
from tests.cli.golden import prepare

import salesctrl as package
from salesctrl.policy.schema import texts


def sub(path, pattern, replacement):
    path = Path(path)
    text, count = re.subn(pattern, replacement, path.read_text(encoding="utf-8"))
    assert count
    path.write_text(text, encoding="utf-8")


# --- init ----------------------------------------------------------------------------------------------


def test_the_starter_works(starter, salesctrl):
    assert salesctrl("check", "policies", "--strict").code == 0
    assert salesctrl("test", "policies").code == 0
    engine = package.load("policies")
    assert engine.control_points == ("order.release",)


def test_the_starter_shows_every_outcome(starter, salesctrl):
    done = salesctrl("evaluate", "order.release", "facts/orders.csv", "-p", "policies", "--format", "jsonl")
    outcomes = {json.loads(line)["outcome"] for line in done.out.splitlines()}
    assert outcomes == {str(outcome) for outcome in package.Outcome}


def test_the_python_of_its_readme_runs(starter, capsys):
    [code] = re.findall(
        r"```python\n(.*?)```", (starter / "README.md").read_text(encoding="utf-8"), re.DOTALL
    )
    exec(compile(code, "README.md", "exec"), {})
    assert capsys.readouterr().out.startswith("deny\n")


def test_the_commands_of_its_readme_run(starter, salesctrl):
    [block] = re.findall(r"```sh\n(.*?)```", (starter / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    commands = [line.split("#")[0].split() for line in block.splitlines()]
    assert len(commands) == 6
    for program, *arguments in commands:
        assert program == "salesctrl"
        assert salesctrl(*arguments).code in (0, 1)


def test_init_overwrites_nothing(salesctrl, tmp_path):
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "pack.yaml").write_text("mine", encoding="utf-8")
    done = salesctrl("init", tmp_path)
    assert done.code == 2
    assert "`policies/pack.yaml` would be overwritten" in done.err
    assert [path.name for path in tmp_path.rglob("*")] == ["policies", "pack.yaml"]
    assert (tmp_path / "policies" / "pack.yaml").read_text(encoding="utf-8") == "mine"


def test_init_makes_the_folder(salesctrl, tmp_path):
    done = salesctrl("init", tmp_path / "a" / "b")
    assert done.code == 0
    assert (tmp_path / "a" / "b" / "README.md").is_file()
    assert f"next: cd {(tmp_path / 'a' / 'b').as_posix()}\n" in done.out


# --- check ---------------------------------------------------------------------------------------------


def test_check_of_the_shipped_policies(salesctrl):
    done = salesctrl("check")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[-1].startswith("no problems in ")


def test_check_finds_everything_at_once(starter, salesctrl):
    prepare(starter)
    done = salesctrl("check", "wrong")
    assert done.code == 2
    assert "did you mean `customer.credit_limit`?" in done.out
    assert "generl_manager" in done.out
    data = json.loads(salesctrl("check", "wrong", "--format", "json").out)
    assert data["summary"]["error"] == len(data["diagnostics"]) == 2


def test_check_strict(starter, salesctrl):
    sub("policies/organisation.yaml", "control_point: order.release", "control_point: order.ship")
    done = salesctrl("check", "policies")
    assert (done.code, "1 warning in 5 files" in done.out) == (0, True)
    assert salesctrl("check", "policies", "--strict").code == 1


def test_check_with_an_overlay(starter, salesctrl):
    (starter / "acme.yaml").write_text(
        "overlay: acme\nparameters: {order-release: {large_order: 5 days}}\n", encoding="utf-8"
    )
    assert salesctrl("check", "policies").code == 0
    done = salesctrl("check", "policies", "--overlay", "acme.yaml")
    assert (done.code, "acme.yaml" in done.out) == (2, True)


# --- test ----------------------------------------------------------------------------------------------


def test_failures_are_shown_with_place_and_explanation(starter, salesctrl):
    sub("policies/order-release.yaml", "value: 150000 CNY", "value: 150001 CNY")
    done = salesctrl("test", "policies")
    assert done.code == 1
    assert "failed: order-release-cases#2 a large order waits for the sales manager\n" in done.out
    assert "  case at order-release.tests.yaml:11:5, control point order.release\n" in done.out
    assert "  outcome (order-release.tests.yaml:13)\n    expected  review\n    got       allow\n" in done.out
    assert "large_order 150,001.00" in done.out
    assert done.out.splitlines()[-1] == "1 failed, 9 passed of 2 examples and 8 cases"
    chinese = salesctrl("test", "policies", "--lang", "zh")
    assert "failed: order-release-cases#2 大额订单待销售经理审批\n" in chinese.out
    data = json.loads(salesctrl("test", "policies", "--format", "json").out)
    assert data["summary"] == {"passed": 9, "failed": 1}
    [failed] = [result for result in data["results"] if not result["passed"]]
    assert [m["what"] for m in failed["mismatches"]] == ["outcome", "fired", "pending"]


def test_a_case_that_cannot_be_decided_fails(starter, salesctrl):
    sub("policies/order-release.tests.yaml", "discount_rate: 5.01%", "discount_rat: 5.01%")
    done = salesctrl("test", "policies")
    assert done.code == 1
    assert "order.discount_rat: unknown field of `order` `discount_rat` [T_NAME]" in done.out
    assert "    help: did you mean `discount_rate`?" in done.out


def test_test_of_wrong_policies(starter, salesctrl):
    prepare(starter)
    done = salesctrl("test", "wrong")
    assert (done.code, done.out) == (2, "")
    assert "did you mean `customer.credit_limit`?" in done.err


def test_no_tests(starter, salesctrl):
    (starter / "policies" / "order-release.tests.yaml").unlink()
    sub("policies/order-release.yaml", r"(?s)    examples:.*?\n\n", "\n")
    done = salesctrl("test", "policies")
    assert (done.code, done.out) == (0, "no examples and no tests in these policies\n")


# --- explain -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("verbosity", ["brief", "normal", "full"])
def test_explain_says_what_the_library_says(starter, salesctrl, lang, verbosity):
    engine = package.load("policies")
    facts = {
        "order": {"id": "SO-1002", "amount": "20000.01", "discount_rate": 0},
        "customer": {"grade": "B", "credit_limit": 50000, "balance": 30000},
    }
    decision = engine.evaluate("order.release", facts, as_of="2026-03-02")
    done = salesctrl(
        "explain", "order.release", "facts/orders.csv", "-p", "policies", "--row", "2", "--lang", lang,
        "--verbosity", verbosity,
    )  # fmt: skip
    assert (done.code, done.err) == (0, "")
    assert done.out == decision.explain(lang, verbosity) + "\n"


def test_explain_of_a_row_with_wrong_facts(starter, salesctrl):
    prepare(starter)
    done = salesctrl("explain", "order.release", "facts/wrong.csv", "-p", "policies", "--row", "3")
    assert done.code == 2
    assert done.out.startswith("INCOMPLETE")
    assert "row 3: customer.grade: expected one of A, B, C but got `AA`" in done.err
    done = salesctrl("explain", "order.release", "facts/wrong.csv", "-p", "policies", "--row", "4")
    assert (done.code, done.out) == (2, "")
    assert "row 4: expected 8 cells" in done.err


def test_explain_of_a_row_that_is_not_there(starter, salesctrl):
    done = salesctrl("explain", "order.release", "facts/orders.csv", "-p", "policies", "--row", "7")
    assert (done.code, done.out) == (2, "")
    assert "expected a row 7 but there are 6 rows" in done.err


# --- list and schema -----------------------------------------------------------------------------------


def test_list_names_every_control_point_rule_and_fact(salesctrl):
    engine = package.load()
    data = json.loads(salesctrl("list", "--format", "json").out)
    assert [point["control_point"] for point in data] == list(engine.control_points)
    rules = {rule["id"] for point in data for policy in point["policies"] for rule in policy["rules"]}
    assert rules == {rule.id for policy in engine.policies for rule in policy.rules}
    text = salesctrl("list").out
    assert all(f" {rule} " in text for rule in rules)


def test_list_of_one(salesctrl):
    text = salesctrl("list", "order.release", "--lang", "zh").out
    assert text.startswith("order.release\n")
    assert "\n\n" not in text


def test_the_index_of_schemas(salesctrl):
    titles = [json.loads(text)["title"] for text in texts().values()]
    names = [name.removesuffix(".schema.json") for name in texts()]
    lines = salesctrl("schema").out.splitlines()
    assert [line.split(maxsplit=1) for line in lines] == [
        list(pair) for pair in zip(names, titles, strict=True)
    ]


def test_schemas_are_written(salesctrl, tmp_path):
    assert salesctrl("schema", "--out", tmp_path / "schemas").code == 0
    written = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "schemas").iterdir()}
    assert written == texts()
    assert salesctrl("schema", "--document", "policy").out == texts()["policy.schema.json"]


def test_schemas_are_valid(starter, salesctrl):
    Draft7Validator.check_schema(json.loads(salesctrl("schema", "--document", "policy").out))
    facts = json.loads(salesctrl("schema", "--facts", "order.release", "-p", "policies").out)
    Draft202012Validator.check_schema(facts)
    assert Draft202012Validator(facts).is_valid({"order": {"amount": "1.00"}, "as_of": "2026-01-01"})


def test_an_unknown_document_is_said(salesctrl):
    assert "did you mean" in salesctrl("schema", "--document", "polcy").err
