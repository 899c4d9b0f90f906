"""The floors of the package: who may import whom. docs/architecture.md has a table made from them.

``python docs/floors.py`` writes that table; with ``--check`` it only says whether it is right.
``tests/test_floors.py`` reads every import and holds it against the same floors.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE, PAGE = ROOT / "tinyalex", ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- made by docs/floors.py -->\n", "<!-- /made by docs/floors.py -->\n"

# From the top down. A file imports only from its own folder and from lower floors: neighbours on
# one floor do not import each other. Beside each module or folder is what the page says of it.
FLOORS: list[dict[str, str]] = [
    {"__main__": "`python -m tinyalex`"},
    {"cli": "the command `tinyalex`: names and options of all commands"},
    {"commands": "one function per command"},
    {"reproduce": "the paper's claims, each rerun by one command"},
    {"report": "curves, filters, layer tables, a run as one HTML page"},
    {"learn": "the lessons' runner, the exercises' grader, a student's own AlexNet"},
    {"check": "the gradient check, the doctor, the benchmark"},
    {"training": "loop, optimizer, schedules; starting a run and resuming it"},
    {"evaluation": "top-k errors, ten crops, ensembles, confusion"},
    {"weights": "networks from PyTorch, Caffe and ONNX, to PyTorch and ONNX"},
    {
        "runs": "a run in its folder: settings, checkpoint, results, the network in it",
        "parallel": "one network split among workers: two towers, or the hybrid",
    },
    {
        "models": "lists of layers: AlexNet seven ways, the CIFAR-10 ladder, `tiny`",
        "settings": "what a run is asked: each setting's help, bounds and rule on resume, once",
        "preprocessing": "how a network's images are prepared, from recipe and statistics, once",
    },
    {
        "recipes": "how each net is trained: numbers, each with its source",
        "layers": "one layer per file: parameters, shapes, errors, and one call of the backend",
        "data": (
            "digits, CIFAR-10, folders of images, packed ImageNet; crops, mirrors, colour; loading"
        ),
    },
    {
        "backends": "what arrays are, and how operations become fast: threads, Numba, GPUs",
        "group": "the workers that train one network together: alone, by MPI, on GPUs by NCCL",
    },
    {
        "functional": (
            "the textbook: every operation with its gradients below it: **start here**, with "
            "[`conv.py`](../tinyalex/functional/conv.py)"
        )
    },
    {
        "typed": "reading JSON and tensors that others wrote: size, depth and every field checked",
        "files": "writing files that are complete or not there",
        "lock": "one process at a time in a folder",
        "notice": "notes and warnings for the user",
        "processes": "pools of worker processes that end with their parent",
        "outside": "names and texts of others, made safe for the place where they are shown",
        "launched": "what the launcher of several workers tells each of them: its rank, a terminal",
        "extras": "how to install an extra of this package, from its clone or its wheel",
    },
    {"errors": "every error that a user can cause"},
]
AROUND = [
    "[`lessons/`](../lessons), [`lessons/exercises/`](../lessons/exercises) "
    "| to step through; to write yourself",
    "[`tests/`](../tests) | mirrors the package; [`mutants/`](../tests/mutants) plants bugs and "
    "shows that the tests bite",
    "[`docs/`](how-to.md) | [decisions with reasons](decisions.md), [results](results) with logs",
]


def floor_of(room: str) -> int:
    """Height of a top-level module or folder of the package; the lowest floor is 0."""
    for height, rooms in enumerate(reversed(FLOORS)):
        if room in rooms:
            return height
    raise KeyError(f"tinyalex.{room} has no floor: give it one in docs/floors.py")


def place_of(room: str) -> Path | None:
    """The folder or the file of a room; None if it is not there."""
    found = [path for path in (PACKAGE / room, PACKAGE / f"{room}.py") if path.exists()]
    return found[0] if found else None


def table() -> str:
    """The page's table of folders."""
    lines = ["| floor | folder | what is in it |", "|---|---|---|"]
    for rooms in FLOORS:
        for room, what in rooms.items():
            if place := place_of(room):
                name = f"{room}/" if place.is_dir() else place.name
                link = f"[`{name}`](../{place.relative_to(ROOT).as_posix()})"
                lines.append(f"| {floor_of(room)} | {link} | {what} |")
    return "\n".join([*lines, *(f"| | {line} |" for line in AROUND)]) + "\n"


def with_table(page: str) -> str:
    """The page with the table as it should be."""
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}{table()}{END}{after}"


if __name__ == "__main__":
    page = PAGE.read_text(encoding="utf-8")
    right = page == with_table(page)
    if not right and "--check" not in sys.argv:
        PAGE.write_text(with_table(page), encoding="utf-8")
        right = True
    print(f"{PAGE.name}: its table is made from the floors" if right else f"{PAGE.name}: differs")
    sys.exit(not right)
