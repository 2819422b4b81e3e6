"""The exit codes, each as docs/cli.md says."""

import os
import subprocess
import sys

import pytest

from salesctrl.cli.app import COMMANDS

ORDERS = ("facts/orders.csv", "--policies", "policies")
ALLOWED = (
    "order.id,as_of,amount,discount_rate,grade,credit_limit,balance\nA,2026-03-02,1.00,0,A,100.00,0.00\n"
)


def evaluate(salesctrl, *options, file="facts/orders.csv"):
    return salesctrl("evaluate", "order.release", file, "--policies", "policies", *options).code


@pytest.mark.parametrize(
    ("grade", "amount", "discount", "outcome"),
    [
        ("A", "1.00", "0", "allow"),
        ("C", "1.00", "6%", "flag"),
        ("A", "1.00", "12%", "review"),
        ("", "1.00", "0", "incomplete"),
        ("A", "101.00", "0", "deny"),
    ],
)
def test_fail_on(starter, salesctrl, grade, amount, discount, outcome):
    text = ALLOWED.replace("1.00,0,A", f"{amount},{discount},{grade}")
    (starter / "one.csv").write_text(text, encoding="utf-8")
    order = ["flag", "review", "incomplete", "deny"]
    assert evaluate(salesctrl, file="one.csv") == int(outcome == "deny")
    for fail_on in order:
        reached = outcome in order and order.index(outcome) >= order.index(fail_on)
        assert evaluate(salesctrl, "--fail-on", fail_on, file="one.csv") == int(reached)
    assert evaluate(salesctrl, "--fail-on", "never", file="one.csv") == 0


def test_the_worst_row_counts(starter, salesctrl):
    assert evaluate(salesctrl) == 1
    assert evaluate(salesctrl, "--fail-on", "never") == 0


def test_no_rows_are_nothing_found(starter, salesctrl):
    (starter / "none.csv").write_text(ALLOWED.splitlines()[0] + "\n", encoding="utf-8")
    done = salesctrl("evaluate", "order.release", "none.csv", "-p", "policies", "--fail-on", "flag")
    assert (done.code, done.out) == (0, "no rows\n")


def test_wrong_facts_are_2_whatever_the_outcomes(starter, salesctrl):
    (starter / "bad.csv").write_text(
        ALLOWED + ALLOWED.splitlines()[1].replace("1.00", "1.001"), encoding="utf-8"
    )
    assert evaluate(salesctrl, "--fail-on", "never", file="bad.csv") == 2


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("nothing",),
        ("evaluate",),
        ("evaluate", "order.release"),
        ("evaluate", "order.release", *ORDERS, "--fail-on", "sometimes"),
        ("evaluate", "order.release", *ORDERS, "--format", "xml"),
        ("evaluate", "order.release", *ORDERS, "--as-of", "2026-1-1"),
        ("evaluate", "order.release", *ORDERS, "--unknown"),
        ("evaluate", "order.relase", *ORDERS),
        ("evaluate", "order.release", "facts/none.csv", "--policies", "policies"),
        ("evaluate", "order.release", "facts", "--policies", "policies"),
        ("evaluate", "order.release", "README.md", "--policies", "policies"),
        ("evaluate", "order.release", *ORDERS, "--policies", "nothing"),
        ("evaluate", "order.release", *ORDERS, "--overlay", "nothing"),
        ("evaluate", "order.release", *ORDERS, "--map", "nothing.yaml"),
        ("evaluate", "order.release", *ORDERS, "--map", "README.md"),
        ("evaluate", "order.release", *ORDERS, "--out", "no/such/folder.csv"),
        ("evaluate", "order.release", *ORDERS, "--out", "facts/orders.csv"),
        ("evaluate", "order.release", *ORDERS, "--key", "nothing"),
        ("explain", "order.release", *ORDERS, "--row", "0"),
        ("explain", "order.release", *ORDERS, "--row", "7"),
        ("explain", "order.release", *ORDERS, "--verbosity", "loud"),
        ("check", "nothing"),
        ("check", "facts"),
        ("test", "nothing"),
        ("list", "order.relase", "--policies", "policies"),
        ("schema", "--document", "polcy"),
        ("schema", "--facts", "order.relase", "--policies", "policies"),
        ("schema", "--facts", "order.release", "--document", "policy"),
        ("init", "."),
    ],
)
def test_what_cannot_be_run_is_2_and_said(starter, salesctrl, arguments):
    done = salesctrl(*arguments)
    assert done.code == 2
    assert done.out + done.err
    if arguments and arguments[0] != "check":
        assert done.err
        assert done.out == ""


@pytest.mark.parametrize("command", [name for name, _ in COMMANDS])
def test_help(salesctrl, command):
    done = salesctrl(command, "--help")
    assert done.code == 0
    assert "Usage: salesctrl" in done.out


def test_version(salesctrl):
    import salesctrl as package

    done = salesctrl("--version")
    assert (done.code, done.out) == (0, f"salesctrl {package.__version__}\n")


def test_the_unexpected_is_one_line_and_2(starter, salesctrl, monkeypatch):
    def fail(*_):
        raise RuntimeError("the roof\nis on fire")

    monkeypatch.setattr("salesctrl.cli.evaluate.load_policies", fail)
    done = salesctrl("evaluate", "order.release", *ORDERS)
    assert done.code == 2
    assert done.err == (
        "error: unexpected RuntimeError: the roof; this is a defect of salesctrl: "
        "please report it, with what `--debug` prints\n"
    )


@pytest.mark.parametrize("place", [0, 1, 5])
def test_debug_shows_the_traceback(starter, capsys, monkeypatch, place):
    from salesctrl.cli import main

    def fail(*_):
        raise RuntimeError("the roof")

    monkeypatch.setattr("salesctrl.cli.evaluate.load_policies", fail)
    arguments = ["evaluate", "order.release", *ORDERS]
    arguments.insert(place, "--debug")
    assert main(arguments) == 2
    assert "Traceback" in capsys.readouterr().err


def test_an_interrupt_is_2(starter, salesctrl, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("salesctrl.cli.evaluate.load_policies", interrupt)
    done = salesctrl("evaluate", "order.release", *ORDERS)
    assert (done.code, done.err) == (2, "error: interrupted\n")


def process(*arguments, **options):
    command = [sys.executable, "-m", "salesctrl.cli", *arguments]
    return subprocess.run(command, capture_output=True, check=False, **options)


def test_as_a_process(starter):
    arguments = ("evaluate", "order.release", *ORDERS, "--format", "json")
    first = process(*arguments)
    assert first.returncode == 1
    environment = {**os.environ, "LC_ALL": "C", "PYTHONHASHSEED": "7", "COLUMNS": "20", "TERM": "dumb"}
    second = process(*arguments, env=environment, cwd=starter)
    assert (second.returncode, second.stdout, second.stderr) == (1, first.stdout, first.stderr)
    assert "书面" not in first.stdout.decode()
    assert "信用敞口" in first.stdout.decode()


@pytest.mark.skipif(os.name != "posix", reason="pipes that end are told by a signal")
def test_a_reader_that_goes_away_is_2_without_a_word(starter):
    rows = "".join(ALLOWED.splitlines()[1].replace("A,", f"A{i},", 1) + "\n" for i in range(3000))
    (starter / "many.csv").write_text(ALLOWED.splitlines()[0] + "\n" + rows, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "salesctrl.cli",
        "evaluate",
        "order.release",
        "many.csv",
        "-p",
        "policies",
    ]
    with subprocess.Popen(
        [*command, "--format", "jsonl"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.readline()
        running.stdout.close()
        assert running.wait(30) == 2
        assert running.stderr.read() == b""
