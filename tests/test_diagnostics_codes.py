"""The catalogue of diagnostics is complete, in order, and printed in the documentation."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from salesctrl.diagnostics_codes import CODES, page

ROOT = Path(__file__).parents[1]


def test_the_page_of_the_documentation_is_in_step():
    """After a change: `python -m salesctrl.diagnostics_codes > docs/diagnostics.md`."""
    assert (ROOT / "docs/diagnostics.md").read_text("utf-8") == page()


def test_the_module_prints_the_page():
    command = [sys.executable, "-m", "salesctrl.diagnostics_codes"]
    environment = {"PYTHONPATH": str(ROOT / "src"), "PYTHONIOENCODING": "utf-8"}
    printed = subprocess.run(command, capture_output=True, check=True, env=environment)
    assert printed.stdout.decode("utf-8").splitlines() == page().splitlines()


def test_the_page_has_a_section_for_every_code():
    assert re.findall(r"^### ([EW]\d{3}):", page(), re.MULTILINE) == sorted(CODES)


@pytest.mark.parametrize("code", sorted(CODES))
def test_an_entry_says_what_it_finds_and_why(code):
    info = CODES[code]
    assert info.code == code
    assert info.title == info.title.strip().rstrip(".")
    assert len(info.explanation) > 40
    assert info.explanation.endswith(".")
    assert info.explanation.count("`") % 2 == 0


@pytest.mark.parametrize("group", ["E1", "E2"])
def test_the_codes_of_reading_and_shape_are_those_that_are_raised(group):
    raised = {
        code
        for path in (ROOT / "src").rglob("*.py")
        if path.name != "diagnostics_codes.py"
        for code in re.findall(rf'"({group}\d\d)"', path.read_text("utf-8"))
    }
    assert raised == {code for code in CODES if code.startswith(group)}
