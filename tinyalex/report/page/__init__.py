"""The HTML report: the results of one or more runs, in one file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import tinyalex
from tinyalex.errors import ConfigError
from tinyalex.files import write_atomic
from tinyalex.learn.own.parts import count, yours
from tinyalex.learn.own.record import read_parts as parts_of_run
from tinyalex.outside import as_html
from tinyalex.report.page import drawings, sections
from tinyalex.report.page.facts import Facts, gather
from tinyalex.report.page.findings import findings
from tinyalex.report.page.skeleton import bullets, page, table

__all__ = ["report"]

# Anchor, heading, function that makes it, whether it shows images of the data set.
_SECTIONS: tuple[tuple[str, str, Callable[[Facts], str], bool], ...] = (
    ("filters", "First-layer filters", sections.filters, False),
    ("augmented", "A training batch", sections.augmented, True),
    ("answers", "Test images and predictions", sections.answers, True),
    ("neighbours", "Nearest neighbours", sections.neighbours, True),
    ("classes", "Precision and recall", sections.classes, False),
    ("confusions", "Confusion matrix", sections.confusions, False),
    ("mistakes", "Mistakes", sections.mistakes, True),
    ("inside", "Activations and updates", sections.inside, False),
    ("cost", "Size and cost", sections.cost, False),
    ("repeat", "How to reproduce this run", sections.repeat, False),
)


def report(
    runs: Sequence[Path | str],
    out: Path | str,
    *,
    photographs: bool = True,
    backend: str = "auto",
    threads: int | None = None,
    data_root: Path | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> Path:
    """Write one HTML file about runs. It needs no network when it is opened.

    Parameters
    ----------
    runs : sequence of folders
        The first run is shown in full, the others next to it in the summary and the curves.
    out : Path
        The file; an older one is replaced in one move.
    photographs : bool
        False leaves the data set's images out, for a report that you share.
    backend, threads : optional
    data_root : Path, optional
        Where downloaded data sets are now, if not where they were.
    say : callable
        Called with a line of text before each step.

    Raises
    ------
    ConfigError
        No run is named, or a run is named twice.
    RunError, CheckpointError, DataError
        A folder has no run with a finished epoch, or its data are missing.

    Examples
    --------
    >>> import tempfile
    >>> from tinyalex.report import report
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = f"{folder}/report.html"
    ...     path = report(["runs/tiny-digits-seed0"], page, backend="numpy")
    ...     "<h1>tiny on digits" in path.read_text(encoding="utf-8")
    True
    """
    folders = [Path(run) for run in runs]
    if not folders:
        raise ConfigError("report: no run is named", "runs/tiny-digits-seed0")
    if len({folder.resolve() for folder in folders}) < len(folders):
        raise ConfigError("report: a run is named twice", "name each folder once")
    gathered = []
    for folder in folders:
        say(f"evaluating {folder}")
        gathered.append(gather(folder, backend, threads, data_root))
    html = compose(gathered, photographs)
    path = Path(out)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, html.encode())
    return path


def compose(runs: Sequence[Facts], photographs: bool = True) -> str:
    """The page's HTML."""
    first = runs[0]
    data_name = first.run.config.facts.get("data_name", first.run.config.data)
    title = f"{first.run.config.model} on {data_name}"
    parts = [
        ("summary", "Summary", _summary(runs)),
        ("findings", "Main findings", bullets(findings(first)) + _measured_on(first)),
        ("curves", "Training curves", _curves(runs)),
    ]
    parts += [
        (anchor, heading, make(first))
        for anchor, heading, make, shows_images in _SECTIONS
        if photographs or not shows_images
    ]
    if not photographs:
        parts.append(("left-out", "Left out", "<p>The images of the data set, as requested.</p>"))
    others = f" and {len(runs) - 1} more" if len(runs) > 1 else ""
    intro = (
        f"<p>Run <code>{as_html(first.name)}</code>{others}: test error "
        f"<strong>{100 * first.summary['top1_error']:.2f} %</strong> after "
        f"{as_html(first.summary['epochs'])} epochs.</p>{_own_parts(first)}"
    )
    return page(title, intro, parts, f"Made by tinyalex {as_html(tinyalex.__version__)}.")


def _own_parts(facts: Facts) -> str:
    """Which parts of the network were a student's own answers; empty if none was."""
    owned = parts_of_run(facts.run.folder)
    if not owned:
        return ""
    ours = [part.operation for part in owned if not part.is_own]
    rest = f" The package's: {as_html(', '.join(ours))}." if ours else ""
    return (
        f"<p><strong>{as_html(count(owned))}</strong>: {as_html(yours(owned))}.{rest} All figures "
        "on this page are computed with the package's own.</p>"
    )


def _summary(runs: Sequence[Facts]) -> str:
    rows = [
        [
            facts.name,
            facts.run.config.model,
            facts.run.config.seed,
            f"{100 * facts.summary['top1_error']:.2f} %",
            f"{100 * facts.best['test_error']:.2f} % (epoch {facts.best['epoch']})",
            f"{100 * facts.summary['train_error']:.2f} %",
            facts.summary["epochs"],
            f"{facts.run.model.count_parameters():,}",
        ]
        for facts in runs
    ]
    columns = (
        "run",
        "model",
        "seed",
        "test error",
        "lowest",
        "training error",
        "epochs",
        "parameters",
    )
    return table("Runs", columns, rows)


def _curves(runs: Sequence[Facts]) -> str:
    best = runs[0].best
    return drawings.curves(runs) + (
        f"<p>Ring: the lowest test error, in epoch {best['epoch']}. It is chosen on the test set "
        "itself, so take the last epoch's error as the result.</p>"
    )


def _measured_on(facts: Facts) -> str:
    if len(facts.labels) == facts.all_images:
        return f"<p>Measured on all {facts.all_images:,} test images, one crop each.</p>"
    return f"<p>Measured on {len(facts.labels):,} of the {facts.all_images:,} test images.</p>"
