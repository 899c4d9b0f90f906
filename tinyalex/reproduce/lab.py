"""What an experiment gets, and what it leaves: a result as JSON, Markdown and a picture."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinyalex import backends
from tinyalex.errors import ConfigError
from tinyalex.files import remove_leftovers, write_atomic, write_json
from tinyalex.reproduce.arm import Arm
from tinyalex.reproduce.statistics import Estimate
from tinyalex.reproduce.store import Store
from tinyalex.runs.config import versions

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SCALES = ("laptop", "gpu", "imagenet")
MOST_JOBS = 4  # unless asked: each holds the data and a net's activations


@dataclass(frozen=True)
class Lab:
    """Where an experiment is done.

    Attributes
    ----------
    store : Store
        Trains runs, or finds them trained.
    scale : str
        One of `SCALES`.
    seeds : sequence of int
        Named in advance; every arm has all of them.
    data : str, optional
        Other data than the experiment's own.
    epochs : int, optional
        Other than the recipes', for trying an experiment out.
    say : callable
        Takes a line for people.
    """

    store: Store
    scale: str
    seeds: Sequence[int]
    data: str | None = None
    epochs: int | None = None
    say: Callable[[str], None] = print

    def train(self, *arms: Arm) -> list[Path]:
        """Train arms with every seed; returns the runs' folders, an arm's seeds in a row."""
        return self.store.train_all([(arm, s, self.epochs) for arm in arms for s in self.seeds])

    def finished(self, arm: Arm) -> list[Path]:
        """Folders of an arm's runs that came to their end, by seed; who diverged did not."""
        return [
            self.store.path(arm, seed, self.epochs)
            for seed in self.seeds
            if self.store.done(arm, seed, self.epochs)
        ]

    def data_or(self, usual: str) -> str:
        """The data to use, where an experiment has usual ones."""
        return self.data or usual


@dataclass
class Result:
    """What an experiment found.

    Attributes
    ----------
    experiment : str
    question : str
        In one sentence.
    claim : str
        What the paper or its authors' logs say, with the place.
    answer : str
        What was found here, in one sentence that says so when nothing was shown.
    columns : tuple of str
        Headings of the table.
    rows : list of list
        Text and numbers, as people read them.
    figures : dict
        The numbers behind the rows, for programs.
    notes : list of str
        What differs from the paper's experiment, and likely reasons.
    """

    experiment: str
    question: str
    claim: str
    answer: str
    columns: tuple[str, ...]
    rows: list[list[str]]
    figures: dict[str, Any]
    notes: list[str] = field(default_factory=list)

    def markdown(self, about: Sequence[str] = ()) -> str:
        """The result as a page."""
        table = [" | ".join(self.columns), " | ".join("---" for _ in self.columns)]
        table += [" | ".join(row) for row in self.rows]
        lines = [
            f"# {self.experiment}",
            "",
            self.question,
            "",
            f"**The paper:** {self.claim}",
            "",
            f"**Here:** {self.answer}",
            "",
            *(f"| {line} |" for line in table),
            "",
            *(f"- {note}" for note in self.notes),
            "",
            *about,
        ]
        return "\n".join(lines).rstrip() + "\n"


def leave(result: Result, folder: Path, lab: Lab, command: str, picture: Figure) -> list[Path]:
    """Write ``result.json``, ``result.md`` and ``picture.png``.

    Raises
    ------
    RunError
        A file cannot be written; the older ones are untouched.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = ("result.json", "result.md", "picture.png")
    remove_leftovers(folder, names)
    made = {
        "scale": lab.scale,
        "seeds": list(lab.seeds),
        "command": command,
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "backend": lab.store.backend,
        "versions": versions(),
    }
    write_json(folder / "result.json", {**asdict(result), **made})
    seeds = ", ".join(map(str, lab.seeds))
    about = f"`{command}`, scale {lab.scale}, seeds {seeds}, {made['date']}"
    page = result.markdown(["![picture](picture.png)", "", about])
    write_atomic(folder / "result.md", page.encode())
    png = io.BytesIO()
    picture.savefig(png, format="png", dpi=120)
    write_atomic(folder / "picture.png", png.getvalue())
    return [folder / name for name in names]


MOST_SEEDS = 1000


def seeds_of(count: int) -> tuple[int, ...]:
    """The first ``count`` seeds, from 0."""
    if not 1 <= count <= MOST_SEEDS:
        raise ConfigError(
            f"--seeds must be at least 1, at most {MOST_SEEDS} (got {count})", "--seeds 3"
        )
    return tuple(range(count))


def jobs_for(backend: str, jobs: int | None) -> int:
    """How many runs to train at a time: by default one a core, at most 4; a GPU has one."""
    if jobs is not None and jobs < 1:
        raise ConfigError(f"--jobs must be at least 1 (got {jobs})", "--jobs 1")
    name = backends.get(backend).name if backend == "auto" else backend
    if name == "cuda":
        if (jobs or 1) > 1:
            raise ConfigError(f"--jobs {jobs}: a GPU is given one run at a time", "--jobs 1")
        return 1
    return jobs or min(os.cpu_count() or 1, MOST_JOBS)


def percent(fraction: float | None) -> str:
    """``12.34 %``, or a dash where nothing was measured."""
    return "-" if fraction is None else f"{100 * fraction:.2f} %"


def with_spread(found: Estimate) -> str:
    """Mean and sample standard deviation: ``12.34 ± 0.56 %``; of a single value itself."""
    if found.spread is None:
        return percent(found.mean)
    return f"{100 * found.mean:.2f} ± {100 * found.spread:.2f} %"
