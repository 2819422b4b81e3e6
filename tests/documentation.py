"""Pages of the documentation as scripts: their blocks are written, run, and compared with what they show.

A page is worked through from top to bottom in an empty folder of its own. What a block means follows from its
language and from what stands after it:

- `title="name"` after the language: the block is that file, and is written into the folder.
- `python`: run, all blocks of a page in one namespace. `expression  # -> value` says what an expression is.
- `shell`: lines that begin with `$ ` are run, the lines after each are what it prints; a last line `[exit 1]`
  says that it does not end with 0. Installing and `make` are not run: it is looked up that there is such a
  thing.
- `text` right after a `python` block: what that block prints. Any other `text` is a picture.
- `yaml` without a title: a document of a policy set that all such blocks of the page form together; if it
  does not begin like a document, an excerpt of a file in the folder.
- `json` without a title: valid JSON.
- `mermaid`: a picture.

A comment `<!-- folder: PAGE -->` says that the folder has the files of another page to begin with. After
`<!-- golden: NAME -->` a `text` block is the golden trace of that name, in the language of the page.

`python tests/documentation.py [PAGE...]` writes what is really printed into the pages, to be reviewed.
"""

from __future__ import annotations

import ast
import contextlib
import difflib
import io
import json
import os
import re
import shlex
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = frozenset({"csv", "ini", "json", "jsonl", "mermaid", "python", "shell", "text", "toml", "yaml"})
DOCUMENTS = frozenset(
    {
        "case_control", "ladder", "metric", "obligation", "organisation", "overlay", "pack", "policy", "tests",
        "timeline", "vocabulary",
    }
)  # fmt: skip
_FENCE = re.compile(r"^(?P<indent> *)```(?P<info>[^`\n]*)$")
_TITLE = re.compile(r'title="([^"]+)"')
_ARROW = re.compile(r"#\s*->\s*(.*)$")
_INSTALL = re.compile(r"""pip install ["']?(?:salesctrl|\.)(?:\[(?P<extras>[\w,]+)\])?["']?""")
_GOLDEN = re.compile(r"<!-- golden: (\S+) -->")
_FOLDER = re.compile(r"^<!-- folder: (\S+) -->$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language, its title, its text, the number of its first line of text."""

    language: str
    title: str | None
    text: str
    line: int
    alone: bool
    """Something else than empty lines stands between it and the block before it."""
    golden: str | None
    """The golden trace that it is."""


def pages() -> list[Path]:
    """Every page whose blocks are run; the catalogue of diagnostics is generated, and has its own test."""
    found = [ROOT / "README.md", ROOT / "README.zh.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [page for page in found if page.name != "diagnostics.md"]


def name_of(page: Path) -> str:
    """The page as people call it."""
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page."""
    found: list[Block] = []
    lines = page.read_text("utf-8").splitlines()
    opened: tuple[int, str, str] | None = None
    alone, golden = True, None
    for number, line in enumerate(lines, 1):
        fence = _FENCE.match(line)
        if opened is None and fence is None:
            alone = alone or bool(line.strip())
            named = _GOLDEN.match(line)
            golden = named[1] if named else golden if not line.strip() else None
        elif opened is None and fence is not None:
            opened = (number, fence["indent"], fence["info"].strip())
        elif opened is not None and fence is not None and not fence["info"].strip():
            begin, indent, info = opened
            text = "".join(part.removeprefix(indent) + "\n" for part in lines[begin : number - 1])
            title = _TITLE.search(info)
            language = info.split()[0] if info else "text"
            found.append(Block(language, title[1] if title else None, text, begin + 1, alone, golden))
            opened, alone, golden = None, False, None
    if opened is not None:
        raise AssertionError(f"{name_of(page)}:{opened[0]}: a block is not closed")
    return found


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a page shows something else than what is printed: lines to replace, and what by."""

    page: str
    first: int
    last: int
    shown: str
    printed: str

    def __str__(self) -> str:
        lines = difflib.unified_diff(
            self.shown.rstrip("\n").splitlines(), self.printed.rstrip("\n").splitlines(), lineterm="", n=1
        )
        return "\n".join([f"{self.page}:{self.first}: - is shown, + is printed", *list(lines)[2:]])


class Run:
    """One page, run."""

    def __init__(self, page: Path, folder: Path):
        self.page, self.folder, self.name = page, folder, name_of(page)
        self.module = ModuleType("page")
        self.differences: list[Difference] = []
        self.documents: list[str] = []

    def run(self) -> list[Difference]:
        """Run all blocks; raises where one fails, returns where another output is shown."""
        found = blocks(self.page)
        for other in _FOLDER.findall(self.page.read_text("utf-8")):
            for block in blocks((self.page.parent / other).resolve()):
                self._write(block)
        for block, following in zip(found, [*found[1:], None], strict=False):
            output = following if following is not None and _is_output(block, following) else None
            self._block(block, output)
        if self.documents:
            self._check_set()
        return self.differences

    def _fail(self, line: int, message: str) -> AssertionError:
        return AssertionError(f"{self.name}:{line}: {message}")

    def _compare(self, first: int, shown: str, printed: str) -> None:
        if shown.rstrip("\n") != printed.rstrip("\n"):
            last = first + len(shown.splitlines()) - 1
            self.differences.append(Difference(self.name, first, last, shown, printed))

    def _block(self, block: Block, output: Block | None) -> None:
        if block.language not in LANGUAGES:
            raise self._fail(block.line, f"a block of `{block.language}` is not checked by anything")
        if block.title is not None:
            self._write(block)
        elif block.golden is not None:
            lang = "zh" if self.name.endswith(".zh.md") else "en"
            trace = ROOT / "tests" / "golden" / "traces" / f"{block.golden}.{lang}.txt"
            self._compare(block.line, block.text, trace.read_text("utf-8"))
        elif block.language == "yaml" and block.text.split(":")[0] in DOCUMENTS:
            self.documents.append(block.text)
        elif block.language == "yaml":
            self._excerpt(block)
        elif block.language == "json":
            json.loads(block.text)
        elif block.language == "python":
            self._python(block, output)
        elif block.language == "shell":
            self._shell(block)

    def _write(self, block: Block) -> None:
        if block.title is not None:
            target = self.folder / block.title
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.text, "utf-8")

    # -- Python ------------------------------------------------------------------------------------

    def _python(self, block: Block, output: Block | None) -> None:
        """Statement by statement, so that what an expression is can be compared where it stands."""
        source = "\n" * (block.line - 1) + block.text
        lines = block.text.splitlines()
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), self._inside():
            for statement in ast.parse(source, self.name).body:
                assert statement.end_lineno is not None
                line = lines[statement.end_lineno - block.line]
                arrow = _ARROW.search(line)
                if arrow is None:
                    exec(compile(ast.Module([statement], []), self.name, "exec"), self.module.__dict__)
                elif isinstance(statement, ast.Expr):
                    code = compile(ast.Expression(statement.value), self.name, "eval")
                    value = eval(code, self.module.__dict__)
                    if arrow[1] not in (repr(value), str(value)):
                        printed_line = f"{line[: arrow.start(1)]}{value!r}"
                        self._compare(statement.end_lineno, line, printed_line)
                else:
                    raise self._fail(statement.lineno, "`# ->` stands after an expression")
        if output is not None:
            self._compare(output.line, output.text, printed.getvalue())
        elif printed.getvalue():
            raise self._fail(block.line, f"it prints, and no `text` block follows:\n{printed.getvalue()}")

    @contextlib.contextmanager
    def _inside(self) -> Iterator[None]:
        """In the folder, with its modules at hand; nothing of it stays behind in this process."""
        before, path, modules = Path.cwd(), list(sys.path), set(sys.modules)
        os.chdir(self.folder)
        sys.path.insert(0, str(self.folder))
        sys.modules["page"] = self.module
        try:
            yield
        finally:
            for name in set(sys.modules) - modules:
                if (getattr(sys.modules[name], "__file__", None) or "").startswith(str(self.folder)):
                    del sys.modules[name]
            sys.modules.pop("page")
            sys.path[:] = path
            os.chdir(before)

    # -- shell -------------------------------------------------------------------------------------

    def _shell(self, block: Block) -> None:
        for first, command, shown in _commands(block):
            if self._is_known(first, command):
                if shown:
                    raise self._fail(first, "it is not run, so nothing can be shown of what it prints")
                continue
            printed, code = self._salesctrl(command) if _is_plain(command) else self._bash(command)
            if "Traceback (most recent call last)" in printed or "a defect of salesctrl" in printed:
                raise self._fail(first, f"it broke down:\n{printed}")
            ending = f"[exit {code}]\n" if code else ""
            output = printed + ("\n" if printed and not printed.endswith("\n") else "")
            begin = first + command.count("\n") + 1
            self._compare(begin, shown, output.replace(str(self.folder) + os.sep, "") + ending)

    def _salesctrl(self, command: str) -> tuple[str, int]:
        """What it prints, on either stream, and the code it ends with; in this process, to save time."""
        from salesctrl.cli import main

        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed), self._inside():
            code = main(shlex.split(command.replace("\\\n", " "))[1:])
        return printed.getvalue(), code

    def _bash(self, command: str) -> tuple[str, int]:
        done = subprocess.run(
            ["bash", "-c", command], cwd=self.folder, env=_environment(), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", timeout=120, check=False,
        )  # fmt: skip
        return done.stdout, done.returncode

    def _is_known(self, line: int, command: str) -> bool:
        """Installing and chores: whether they exist is looked up."""
        if command.startswith("make"):
            targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
            for target in command.split()[1:]:
                if "=" not in target and target not in targets:
                    raise self._fail(line, f"the Makefile has no `{target}`")
            return True
        install = _INSTALL.fullmatch(command)
        if install is not None:
            project = (ROOT / "pyproject.toml").read_text("utf-8")
            for extra in filter(None, (install["extras"] or "").split(",")):
                if not re.search(rf"^{extra} = \[", project, re.MULTILINE):
                    raise self._fail(line, f"there is no extra `{extra}`")
            return True
        return command.startswith(("git clone ", "cd salesctrl"))

    # -- YAML --------------------------------------------------------------------------------------

    def _excerpt(self, block: Block) -> None:
        wanted = _unindented(block.text)
        if not any(wanted in _unindented(file.read_text("utf-8")) for file in self.folder.rglob("*.yaml")):
            raise self._fail(block.line, "no file of the folder has these lines")

    def _check_set(self) -> None:
        """The blocks together are a policy set: it loads, with each overlay and without, and its cases pass.

        Cases say themselves which overlays they are for, so they are run from the set without any.
        """
        from salesctrl.engine import Engine
        from salesctrl.loading import read
        from salesctrl.testing import run

        file = self.folder / "page" / "set.yaml"
        file.parent.mkdir()
        file.write_text("\n---\n".join(self.documents), "utf-8")
        plain = read(file)
        loadings = [plain, *(read(file, overlays=[o.doc.overlay]) for o in plain.documents.overlays)]
        found = "\n".join(loading.diagnostics.render() for loading in loadings if loading.findings)
        assert not found, f"{self.name}: {found}"
        failed = [result for result in run(Engine(plain)) if not result.passed]
        said = [
            f"{result.case.id}: expected {wrong.what} {wrong.expected} but got {wrong.got}"
            for result in failed
            for wrong in result.mismatches
        ]
        said += [f"{result.case.id}: {problem}" for result in failed for problem in result.problems]
        assert not failed, "\n".join([self.name, *said])


def _is_output(block: Block, following: Block) -> bool:
    return block.language == "python" and following.language == "text" and not following.alone


def _unindented(text: str) -> str:
    return "".join(line.strip() + "\n" for line in text.splitlines())


def _commands(block: Block) -> Iterator[tuple[int, str, str]]:
    """Each command with its line and what is shown of its output; a backslash at the end goes on."""
    lines = block.text.splitlines()
    number = 0
    while number < len(lines):
        if not lines[number].startswith("$ "):
            raise AssertionError(f"line {block.line + number}: a `shell` block begins with `$ `")
        first, command = number, lines[number][2:]
        while command.endswith("\\"):
            number += 1
            command += "\n" + lines[number]
        number += 1
        begin = number
        while number < len(lines) and not lines[number].startswith("$ "):
            number += 1
        yield block.line + first, command, "".join(line + "\n" for line in lines[begin:number])


def _is_plain(command: str) -> bool:
    """Whether it is `salesctrl` alone, with nothing in it that a shell would act on."""
    return command.startswith("salesctrl ") and not set(command) & set("|<>&;$*")


def _environment() -> dict[str, str]:
    """The `salesctrl` of this environment on the path, and no terminal."""
    scripts = sysconfig.get_path("scripts")
    return {
        **{key: value for key, value in os.environ.items() if not key.startswith(("LC_", "PYTEST"))},
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), scripts, os.environ.get("PATH", "")]),
        "PYTHONPATH": str(ROOT / "src"), "PYTHONUTF8": "1", "LANG": "C.UTF-8", "NO_COLOR": "1",
    }  # fmt: skip


def work_through(page: Path, folder: Path) -> list[Difference]:
    """Run a page in an empty folder; what it shows and what is printed otherwise."""
    return Run(page, folder).run()


def rewrite(page: Path) -> int:
    """Write what is printed into the page; the number of places that changed."""
    with tempfile.TemporaryDirectory() as folder:
        differences = work_through(page, Path(folder))
    lines = page.read_text("utf-8").splitlines()
    for difference in sorted(differences, key=lambda d: -d.first):
        lines[difference.first - 1 : difference.last] = difference.printed.rstrip("\n").splitlines()
    page.write_text("\n".join(lines) + "\n", "utf-8")
    return len(differences)


if __name__ == "__main__":
    sys.path[:0] = [str(ROOT / "src"), str(ROOT)]
    chosen = [Path(name).resolve() for name in sys.argv[1:]] or pages()
    for path in chosen:
        print(f"{name_of(path)}: {rewrite(path)} changed")  # noqa: T201 - a tool for the terminal
