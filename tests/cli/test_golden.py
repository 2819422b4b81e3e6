"""What the commands write is what a person has read and found good."""

import pytest
from tests.cli.golden import COMMANDS, FOLDER, prepare, shown


@pytest.mark.parametrize("name", COMMANDS)
def test_output(name, starter, salesctrl):
    """On purpose changed? `python tests/cli/update.py` writes the texts; read the difference."""
    prepare(starter)
    done = salesctrl(*COMMANDS[name])
    assert shown(done.out, done.err, done.code) == (FOLDER / name).read_text(encoding="utf-8")


def test_no_golden_text_is_left_over():
    assert {path.name for path in FOLDER.iterdir()} == set(COMMANDS)
