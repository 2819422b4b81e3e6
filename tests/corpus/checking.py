"""Bad policies, and what is said of them; good ones, of which nothing is said.

`bad/CODE-what.yaml` shows a mistake, `bad/CODE-what.txt` beside it holds the expected text. A text without
its YAML is what is said of a file that does not exist. `good/` holds sets in every form of their documents.
"""

from pathlib import Path

from salesctrl.compile.pipeline import check_set
from salesctrl.diagnostics import Diagnostics
from salesctrl.policy.loader import load_policy_set

BAD = Path(__file__).parent / "bad"
GOOD = Path(__file__).parent / "good"


def check_text(path: Path) -> Diagnostics:
    """Everything that is found in a file which is checked alone, its overlays laid over it in their order."""
    found = Diagnostics()
    documents = load_policy_set([path], found)
    if not found.has_errors:
        check_set(documents, found, documents.overlays)
    return found


def names() -> list[str]:
    """The bad policies, by the names of their files without the ending."""
    return sorted({path.stem for path in BAD.iterdir() if path.suffix in {".yaml", ".txt"}})


def code_of(name: str) -> str:
    """The code that a bad policy shows."""
    return name.partition("-")[0]


def rendered(name: str) -> str:
    """What is said of a bad policy, as the text of a file."""
    return check_text(BAD / f"{name}.yaml").render() + "\n"
