"""Outputs that a person has read: what the commands write for the starter set.

`python tests/cli/update.py` writes them again; read the difference.
"""

import re
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"
ORDERS = ("order.release", "facts/orders.csv", "--policies", "policies")
COMMANDS: dict[str, tuple[str, ...]] = {
    "evaluate.txt": ("evaluate", *ORDERS),
    "evaluate-zh.txt": ("evaluate", *ORDERS, "--lang", "zh"),
    "evaluate.csv": ("evaluate", *ORDERS, "--format", "csv"),
    "evaluate.json": ("evaluate", *ORDERS, "--format", "json"),
    "evaluate.jsonl": ("evaluate", *ORDERS, "--format", "jsonl"),
    "evaluate-wrong-rows.txt": ("evaluate", "order.release", "facts/wrong.csv", "--policies", "policies"),
    "evaluate-wrong-rows.csv": (
        "evaluate", "order.release", "facts/wrong.csv", "--policies", "policies", "--format", "csv",
    ),
    "check.txt": ("check", "policies"),
    "check-wrong.txt": ("check", "wrong"),
    "check-wrong.json": ("check", "wrong", "--format", "json"),
    "test.txt": ("test", "policies"),
    "list.txt": ("list", "--policies", "policies"),
    "list-zh.txt": ("list", "--policies", "policies", "--lang", "zh"),
    "list.json": ("list", "--policies", "policies", "--format", "json"),
    "schema-facts.json": ("schema", "--facts", "order.release", "--policies", "policies"),
}  # fmt: skip

WRONG_ROWS = """\
order.id,as_of,order.amount,discount_rate,customer.grade,credit_limit,balance,freight
SO-1,2026-03-02,100.00,5%,A,50000.00,0.00,1
SO-2,2026-03-02,100.005,5%,A,50000.00,0.00,1
SO-3,2026-03-02,100.00,150%,AA,50000.00,0.00,1
SO-4,2026-03-02,100.00
SO-5,2.3.2026,100.00,5%,A,50000.00,0.00,1
SO-6,2026-03-02,60000.00,5%,A,50000.00,0.00,1
"""

_DIGEST = re.compile(r"\b[0-9a-f]{64}\b")


def prepare(folder: Path) -> None:
    """Add to the starter set what the commands need besides."""
    (folder / "facts" / "wrong.csv").write_text(WRONG_ROWS, encoding="utf-8")
    wrong = folder / "wrong"
    wrong.mkdir(exist_ok=True)
    for path in sorted((folder / "policies").iterdir()):
        text = path.read_text(encoding="utf-8")
        text = text.replace("when: exposure > customer.credit_limit", "when: exposure > customer.credit_limt")
        text = text.replace("[cfo, general_manager]", "[cfo, generl_manager]")
        (wrong / path.name).write_text(text, encoding="utf-8")


def shown(out: str, err: str, code: int) -> str:
    """The golden text of a run: both outputs and the exit code, without the digests of documents."""
    return _DIGEST.sub("<sha256>", f"{out}--- stderr\n{err}--- exit code {code}\n")
