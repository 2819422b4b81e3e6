"""Every script among the examples prints what was reviewed, and leaves nothing behind outside its `out`."""

from pathlib import Path

import pytest
from tests.examples.running import GOLDEN, ROOT, SCRIPTS, copy_examples, run_script, settled


def _files(root: Path) -> dict[str, bytes]:
    paths = (path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path.relative_to(root)): path.read_bytes() for path in paths}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_prints_what_was_reviewed(name, tmp_path):
    root = copy_examples(tmp_path)
    before = _files(root)
    said = settled(run_script(SCRIPTS[name], root))
    assert said == (GOLDEN / name).read_text(encoding="utf-8")
    out = str(Path("examples", "out"))
    assert {path: data for path, data in _files(root).items() if not path.startswith(out)} == before


def test_every_script_is_run():
    found = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "examples").rglob("*.py")
        if path.parent.name != "generator"
    }
    assert found == set(SCRIPTS.values())
    assert {path.name for path in GOLDEN.iterdir()} == set(SCRIPTS)
