"""docs/cli.md names every command and every option, and what it says of maps can be read."""

import inspect
import re
from pathlib import Path
from typing import Annotated, get_args, get_origin, get_type_hints

import pytest

from salesctrl.cli.app import COMMANDS
from salesctrl.tables import read_map

PAGE = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")


def options(command):
    hints = get_type_hints(command, include_extras=True)
    for name in inspect.signature(command).parameters:
        hint = hints[name]
        assert get_origin(hint) is Annotated
        info = get_args(hint)[1]
        names = (info.default, *(info.param_decls or ()))  # typer takes the first name for a default here
        yield from (text for text in names if isinstance(text, str) and text.startswith("--"))


def test_every_command_has_a_line_and_a_section():
    names = {name for name, _ in COMMANDS}
    assert set(re.findall(r"^salesctrl (\w+) .*  \S", PAGE, re.MULTILINE)) == names
    assert names <= set(re.findall(r"^## (\w+)$", PAGE, re.MULTILINE))


@pytest.mark.parametrize(("name", "command"), COMMANDS)
def test_every_option_of_a_command_is_in_its_section(name, command):
    section = re.search(rf"^## {name}\n(.*?)^## ", PAGE, re.DOTALL | re.MULTILINE)
    assert section
    missing = [option for option in options(command) if f"`{option}" not in section[1]]
    assert missing == []


def test_every_option_in_the_page_exists():
    known = {option for _, command in COMMANDS for option in options(command)}
    assert set(re.findall(r"`(--[a-z-]+)", PAGE)) <= known | {"--help", "--debug"}


def test_the_map_of_the_page_can_be_read(tmp_path):
    [text] = re.findall(r'```yaml title="map.yaml"\n(.*?)```', PAGE, re.DOTALL)
    (tmp_path / "map.yaml").write_text(text, encoding="utf-8")
    assert set(read_map(tmp_path / "map.yaml").doc.columns) == {
        "InvoiceAmount",
        "DueDate",
        "SettledDate",
        "Fault",
    }
