"""The settings of an experiment, and its result as JSON, Markdown and a picture."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinyalex import backends
from tinyalex.errors import ConfigError
from tinyalex.files import remove_leftovers, write_atomic, write_json
from tinyalex.report.pictures import save
from tinyalex.reproduce.arm import Arm
from tinyalex.reproduce.statistics import Estimate
from tinyalex.reproduce.store import Store
from tinyalex.runs.config import versions

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SCALES = ("laptop", "gpu", "imagenet")
MOST_JOBS = 4  # by default; each job holds the data and a net's activations


@dataclass(frozen=True)
class Lab:
    """The settings of an experiment.

    Attributes
    ----------
    store : Store
        Trains runs that are not trained yet.
    scale : str
        One of `SCALES`.
    seeds : sequence of int
        Chosen in advance; every arm is trained with all of them.
    data : str, optional
        Data in place of the experiment's own.
    epochs : int, optional
        Overrides the recipes' epochs, for a quick try.
    say : callable
        Called with a line of text for people.
    """

    store: Store
    scale: str
    seeds: Sequence[int]
    data: str | None = None
    epochs: int | None = None
    say: Callable[[str], None] = print

    def train(self, *arms: Arm) -> list[Path]:
        """Train arms with every seed; gives the runs' folders, arm by arm."""
        return self.store.train_all([(arm, s, self.epochs) for arm in arms for s in self.seeds])

    def finished(self, arm: Arm) -> list[Path]:
        """Folders of an arm's finished runs, by seed; a run that diverged is not finished."""
        return [
            self.store.path(arm, seed, self.epochs)
            for seed in self.seeds
            if self.store.done(arm, seed, self.epochs)
        ]

    def data_or(self, usual: str) -> str:
        """The data of these settings, or the experiment's usual data."""
        return self.data or usual


@dataclass
class Result:
    """The result of an experiment.

    Attributes
    ----------
    experiment : str
    question : str
        In one sentence.
    claim : str
        What the paper or its authors' logs say, with the section.
    answer : str
        The result here, in one sentence; it says so if nothing was shown.
    columns : tuple of str
        Headings of the table.
    rows : list of list
        Text and numbers, for people.
    figures : dict
        The numbers of the rows, for programs.
    notes : list of str
        Differences from the paper's experiment, and likely reasons.
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
        """The result as a Markdown page."""
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


def write(result: Result, folder: Path, lab: Lab, command: str, picture: Figure) -> list[Path]:
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
    save(picture, folder / "picture.png")
    return [folder / name for name in names]


MOST_SEEDS = 1000


def seeds_of(count: int) -> tuple[int, ...]:
    """The first ``count`` seeds, from 0."""
    if not 1 <= count <= MOST_SEEDS:
        raise ConfigError(f"seeds must be from 1 to {MOST_SEEDS} (got {count})", "seeds=3")
    return tuple(range(count))


def jobs_for(backend: str, jobs: int | None) -> int:
    """Number of runs to train at the same time: by default one per core, at most 4; on a GPU 1."""
    if jobs is not None and jobs < 1:
        raise ConfigError(f"jobs must be at least 1 (got {jobs})", "jobs=1")
    name = backends.get(backend).name if backend == "auto" else backend
    if name == "cuda":
        if (jobs or 1) > 1:
            raise ConfigError(f"jobs must be 1 on a GPU (got {jobs})", "jobs=1")
        return 1
    return jobs or min(os.cpu_count() or 1, MOST_JOBS)


def percent(fraction: float | None) -> str:
    """``12.34 %``, or a dash for None."""
    return "-" if fraction is None else f"{100 * fraction:.2f} %"


def with_spread(estimate: Estimate) -> str:
    """Mean and sample standard deviation: ``12.34 ± 0.56 %``; a single value as it is."""
    if estimate.spread is None:
        return percent(estimate.mean)
    return f"{100 * estimate.mean:.2f} ± {100 * estimate.spread:.2f} %"
