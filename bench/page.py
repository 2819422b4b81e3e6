"""Results on the terminal and in `docs/performance.md`."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: a title, the heads of its columns (the first is text, the others figures), its rows."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()

    def show(self, console: Console) -> None:
        """Print it on the terminal."""
        table = Table(title=self.title, title_justify="left", box=box.SIMPLE_HEAD)
        for place, head in enumerate(self.heads):
            table.add_column(head, justify="right" if place else "left", overflow="fold")
        for row in self.rows:
            table.add_row(*row)
        console.print(table)
        for note in self.notes:
            console.print(note, markup=False)
        console.print()

    def markdown(self) -> str:
        """The same as a Markdown table, notes below."""
        lines = [
            _row(self.heads),
            "|" + "|".join([" --- "] + [" --: "] * (len(self.heads) - 1)) + "|",
            *map(_row, self.rows),
        ]
        if self.notes:
            lines += ["", *(f"- {note}" for note in self.notes)]
        return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def console() -> Console:
    """A console that is wide enough for the tables, also where the output is no terminal."""
    usual = Console()
    return usual if usual.is_terminal else Console(width=120)


def number(value: float, unit: str = "") -> str:
    """A figure with three digits that count.

    >>> number(0.84321), number(12.61), number(1234.5), number(3.0, " ms")
    ('0.843', '12.6', '1,234', '3.00 ms')
    """
    decimals = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 1 else 3
    return f"{value:,.{decimals}f}{unit}"


def write_section(name: str, text: str, page: Path = PAGE) -> None:
    """Put a measured section between its markers in the page; the prose around stays as it is.

    Raises:
        ValueError: when the page lacks the markers.
    """
    begin, end = f"<!-- bench: {name} -->", f"<!-- end: {name} -->"
    before, opened, rest = page.read_text(encoding="utf-8").partition(begin)
    _, closed, after = rest.partition(end)
    if not (opened and closed):
        raise ValueError(f"expected the markers `{begin}` and `{end}` in {page.name}")
    page.write_text(f"{before}{begin}\n{text.strip()}\n{end}{after}", encoding="utf-8")
