"""What the documentation shows is what happens: every block is run, every link and name leads somewhere."""

import re
import subprocess
import sys
import tomllib

import pytest
import yaml
from tests.documentation import ROOT, blocks, name_of, pages, work_through

DOCS = ROOT / "docs"
SITE = ROOT / "mkdocs.yml"
_LINK = re.compile(r"\]\((?!https?://)([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_FENCED = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
_PATH = re.compile(r"`((?:\.?[\w*-]+/)*[a-z_*-]+\.(?:json|md|py|toml)|(?:[\w-]+/)+)`")
FOLDERS = ("bench", "docs", "examples", "policies", "src", "tests")
WRITTEN = [*pages(), DOCS / "diagnostics.md", ROOT / "CONTRIBUTING.md", ROOT / "bench" / "README.md"]


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_every_block_runs_and_shows_what_is_printed(page, tmp_path):
    differences = work_through(page, tmp_path)
    if differences:
        hint = f"if it should be so: python tests/documentation.py {name_of(page)}, and review"
        pytest.fail("\n\n".join([*map(str, differences), hint]), pytrace=False)


def prose(page):
    return _FENCED.sub("", page.read_text("utf-8"))


def anchor(heading):
    """The name that a heading is linked by."""
    return re.sub(r"[^\w\s-]", "", heading.replace("`", "").lower()).strip().replace(" ", "-")


@pytest.mark.parametrize("page", WRITTEN, ids=name_of)
def test_links_lead_somewhere(page):
    for link in _LINK.findall(prose(page)):
        path, _, wanted = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.is_file(), f"no file for {link}"
        if wanted:
            assert wanted in map(anchor, _HEADING.findall(prose(target))), f"no heading for {link}"


@pytest.mark.parametrize("page", WRITTEN, ids=name_of)
def test_files_of_the_project_that_are_named_are_there(page):
    """Names such as `expr/lower.py` and `tests/corpus/bad/`; those that the page itself makes aside."""
    made = [block.title for block in blocks(page) if block.title]
    for name in _PATH.findall(prose(page)):
        path = name.rstrip("/")
        if any(title == path or title.startswith(f"{path}/") for title in made):
            continue
        there = any(ROOT.glob(path)) or any(any((ROOT / folder).rglob(path)) for folder in FOLDERS)
        assert there, f"`{name}` is named and is not there"


def test_the_site_has_every_page():
    def named(part):
        if isinstance(part, str):
            return [part]
        parts = part if isinstance(part, list) else part.values()
        return [name for inner in parts for name in named(inner)]

    listed = named(yaml.safe_load(SITE.read_text("utf-8"))["nav"])
    assert sorted(listed) == sorted(page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md"))


def test_the_index_of_decisions_has_every_decision():
    there = sorted(page.name for page in (DOCS / "decisions").glob("[0-9]*.md"))
    index = (DOCS / "decisions" / "index.md").read_text("utf-8")
    assert re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", index) == there
    for number, name in enumerate(there, 1):
        title = (DOCS / "decisions" / name).read_text("utf-8").splitlines()[0]
        assert title.startswith(f"# {number}. ")
        assert f"{number}. [{title.partition('. ')[2]}]({name})" in index


def test_the_layers_are_those_of_the_contract():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    layers = " ".join(project["tool"]["importlinter"]["contracts"][0]["layers"])
    source = ROOT / "src" / "salesctrl"
    there = {path.stem for path in source.iterdir()}
    section = (DOCS / "architecture.md").read_text("utf-8").partition("## Layers")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    shown = re.findall(r"`(\w+)`", " ".join(cells))
    contract = [name for name in re.findall(r"\w+", layers) if name in there]
    assert shown == contract


def test_the_site_builds(tmp_path):
    pytest.importorskip("material", reason="needs the extra `docs`")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "site" / "index.html").is_file()
