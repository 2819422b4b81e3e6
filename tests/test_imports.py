"""`import salesctrl` loads next to nothing; each library comes in when it is first needed."""

import subprocess
import sys

import pytest

HEAVY = ("pydantic", "pandas", "polars", "pyarrow", "yaml", "typer", "rich", "numpy")


def loaded_by(code):
    """The modules of other projects that a piece of code loads, in a new process."""
    script = f"import sys\n{code}\nprint(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True)
    return set(done.stdout.split())


def test_the_package_loads_nothing_heavy():
    assert loaded_by("import salesctrl").isdisjoint(HEAVY)


def test_nor_do_its_errors_outcomes_and_diagnostics():
    code = "import salesctrl; salesctrl.PolicyError, salesctrl.Outcome, salesctrl.Diagnostic, dir(salesctrl)"
    assert loaded_by(code).isdisjoint(HEAVY)


def test_deciding_loads_no_data_frames_and_no_command_line():
    code = (
        "import salesctrl\n"
        "decision = salesctrl.load().evaluate('order.release', {}, as_of='2026-03-01')\n"
        "decision.explain(), decision.to_json(trace=True)"
    )
    loaded = loaded_by(code)
    assert loaded >= {"pydantic", "yaml"}
    assert loaded.isdisjoint({"pandas", "polars", "pyarrow", "numpy", "typer", "rich"})


def test_tables_and_tests_need_no_data_frames():
    code = "import salesctrl.testing, salesctrl.tables"
    assert loaded_by(code).isdisjoint({"pandas", "polars", "pyarrow", "numpy", "typer", "rich"})


def test_the_command_line_loads_no_data_frames():
    code = (
        "import contextlib, io\n"
        "from salesctrl.cli import main\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n"
        "    assert main(['check']) == 0"
    )
    assert loaded_by(code).isdisjoint({"pandas", "polars", "pyarrow", "numpy"})


@pytest.mark.slow
def test_what_it_costs_to_import():
    """Whole processes, taken in turn, so that what else the machine does falls on both alike."""
    from time import perf_counter

    def seconds(code):
        begin = perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        return perf_counter() - begin

    pairs = [(seconds("import salesctrl"), seconds("import pydantic, yaml")) for _ in range(9)]
    ours, theirs = (min(times) for times in zip(*pairs, strict=True))
    assert ours <= 1.5 * theirs
