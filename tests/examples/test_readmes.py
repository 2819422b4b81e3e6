"""The commands in the READMEs of the examples print what stands below them."""

import re
from pathlib import Path

import pytest
from tests.examples.running import ROOT, copy_examples, run_script

from salesctrl.cli.app import run

READMES = sorted(path.relative_to(ROOT) for path in (ROOT / "examples").glob("*/README.md"))
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"^\$ (?P<command>.*)\n(?P<output>(?:(?!\$ ).*\n)*)", re.MULTILINE)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return copy_examples(tmp_path_factory.mktemp("readmes"))


def sessions(text: str) -> list[tuple[str, str]]:
    """The commands of a page, each with the output shown."""
    return [(m["command"], m["output"]) for block in _BLOCK.findall(text) for m in _COMMAND.finditer(block)]


def matches(shown: str, said: str) -> bool:
    """Whether output is what is shown; `…` alone stands for any lines, in a line for any characters."""
    lines = (
        r"(?:.*\n)*?" if line == "…\n" else re.escape(line).replace("…", ".*")
        for line in shown.splitlines(keepends=True)
    )
    return re.fullmatch("".join(lines), said) is not None


@pytest.mark.parametrize("readme", READMES, ids=lambda path: path.parent.name)
def test_commands_print_what_is_shown(readme, root, monkeypatch, capsys):
    monkeypatch.chdir(root / readme.parent)
    found = sessions((ROOT / readme).read_text(encoding="utf-8"))
    assert found
    for command, shown in found:
        name, *arguments = command.split()
        if name == "salesctrl":
            run(arguments)
            said = capsys.readouterr().out
        else:
            assert name == "python"
            said = run_script(arguments[0], Path.cwd(), *arguments[1:])
        assert matches(shown, said), f"$ {command}\n{said}"


def test_a_page_that_shows_something_else_is_noticed():
    assert matches("a\n…\nb…\n", "a\nx\ny\nbcd\n")
    assert not matches("a\nb\n", "a\nc\n")
    assert not matches("a\n", "a\nb\n")
    assert sessions("```console\n$ one\n1\n2\n$ two\n```\n") == [("one", "1\n2\n"), ("two", "")]


def test_the_index_names_everything():
    text = (ROOT / "examples" / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\| `([^`]+?)/?` \|", text, re.MULTILINE))
    there = {path.name for path in (ROOT / "examples").iterdir()}
    assert named == there - {"README.md", "out", "__pycache__"}
