"""Pages are all written or none; what is not theirs stays."""

from pathlib import Path

import pytest

from salesctrl.errors import FactsError
from salesctrl.handbook import write
from salesctrl.handbook.words import TEXTS

MARK = TEXTS["written"][0] + "\n"
PAGES = {"index.md": MARK + "# A", "s1.md": MARK + "# 第一"}


def files(folder):
    return {path.name: path.read_text("utf-8") for path in folder.iterdir() if path.is_file()}


def test_a_new_folder(tmp_path):
    assert write(PAGES, tmp_path / "a" / "book") == ()
    assert files(tmp_path / "a" / "book") == PAGES
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["book"]
    assert (tmp_path / "a" / "book").stat().st_mode & 0o777 == (tmp_path / "a").stat().st_mode & 0o777


def test_again_pages_that_are_gone_are_removed_and_other_files_stay(tmp_path):
    write({**PAGES, "s2.md": MARK}, tmp_path)
    (tmp_path / "corrections.md").write_text("mine", encoding="utf-8")
    (tmp_path / "zh").mkdir()
    assert write({"index.md": MARK + "# B"}, tmp_path) == ("s1.md", "s2.md")
    assert files(tmp_path) == {"index.md": MARK + "# B", "corrections.md": "mine"}
    assert (tmp_path / "zh").is_dir()


def test_a_file_of_somebody_else_is_not_overwritten(tmp_path):
    (tmp_path / "s1.md").write_text("mine", encoding="utf-8")
    with pytest.raises(FactsError, match=r"`s1\.md` would be overwritten"):
        write(PAGES, tmp_path)
    assert files(tmp_path) == {"s1.md": "mine"}


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "book").write_text("mine", encoding="utf-8")
    with pytest.raises(FactsError, match="expected a folder but it is a file"):
        write(PAGES, tmp_path / "book")


@pytest.mark.parametrize("fails_at", [0, 1])
def test_if_a_page_cannot_be_put_in_its_place_all_is_as_before(tmp_path, monkeypatch, fails_at):
    folder = tmp_path / "book"
    before = {"index.md": MARK + "old", "s0.md": MARK + "old"}
    write(before, folder)
    replace, calls = Path.replace, []

    def failing(self, target):
        if target.parent == folder and self.parent.name == "new":
            calls.append(target)
            if len(calls) == fails_at + 1:
                raise OSError(28, "No space left on device")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(OSError, match="No space"):
        write(PAGES, folder)
    assert files(folder) == before
    assert [path.name for path in tmp_path.iterdir()] == ["book"]
