"""What `tinyalex bench` measures, and its tables; wrong options are refused at the start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tinyalex.commands.console import Output, plain_table
from tinyalex.errors import ConfigError

if TYPE_CHECKING:
    from tinyalex.check.bench import Job
    from tinyalex.check.bench.tables import TextTable

BATCH, GPU_BATCHES = 128, (128, 1024)


@dataclass(frozen=True)
class Plan:
    """Measurements at one batch size and precision: one job per implementation, PyTorch last.

    On a CPU, where we are no faster in bfloat16, PyTorch may be: unless ``--precision bf16`` asks
    for both, ours stay in float32 then.
    """

    jobs: list[Job]
    loads_data: bool

    @property
    def precision(self) -> str:
        """Precision of our implementations."""
        return self.jobs[0].precision

    @property
    def title(self) -> str:
        """Batch size, precision and overlap, for people."""
        first = self.jobs[0]
        shown = first.precision != "float32" or any(job.device == "cuda" for job in self.jobs)
        title = f"batch {first.batch_size}" + (f", {first.precision}" if shown else "")
        if (theirs := self.jobs[-1].precision) != first.precision:
            title = f"batch {first.batch_size}, {first.precision}, PyTorch in {theirs}"
        return title + ("" if first.overlap else ", no overlap")

    def tasks(self, wanted: Sequence[str]) -> list[str]:
        """The tasks of this plan; data loading does not depend on the precision."""
        return [task for task in wanted if task != "data" or self.loads_data]


def plans(
    model: str,
    names: Sequence[str] | None,
    compare: str | None,
    threads: int | None,
    batch_sizes: Sequence[int],
    precisions: Sequence[str],
    workspace_mb: int | None,
    overlap: bool = True,
    compile: bool = True,
) -> list[Plan]:
    """Make a plan for each batch size and precision.

    Default with only a GPU: 128 and 1024 images, all precisions. Else 128 images and float32; with
    PyTorch also bfloat16, its fastest on many machines.
    """
    from tinyalex import backends, models
    from tinyalex.check.bench import PRECISIONS, Job
    from tinyalex.check.bench.torch_net import import_torch

    models.spec(model)
    count = backends.get("numpy", threads=threads).threads
    chosen = list(dict.fromkeys(backends.get(name).name for name in names or ["auto"]))
    alone = chosen == ["cuda"]
    batch_sizes = batch_sizes or (GPU_BATCHES if alone else (BATCH,))
    wanted = precisions or (PRECISIONS if alone else ("float32", "bf16")[: 2 if compare else 1])

    def of(name: str, precision: str) -> str:
        both = precisions or alone or name == "torch"
        return precision if both else "float32"

    for name in chosen:
        for precision in {of(name, each) for each in wanted}:
            bound = workspace_mb if name == "cuda" or "cuda" not in chosen else None
            backends.get(name, threads, precision, bound)  # raises if it cannot run here
    device = "cuda" if "cuda" in chosen else "cpu"
    if not overlap and not alone:
        raise ConfigError(
            f"--no-overlap is only for --backend cuda (got {', '.join(chosen)})",
            "leave out --no-overlap",
        )
    if compare is not None:
        torch = import_torch()
        if device == "cuda" and not torch.cuda.is_available():
            raise ConfigError(
                f"--compare torch: this PyTorch ({torch.__version__}) finds no GPU",
                "install PyTorch for CUDA (see pytorch.org), or --backend numba",
            )
    implementations = [*chosen, *([compare] if compare else [])]

    def job(name: str, size: int, precision: str) -> Job:
        return Job(
            name,
            model,
            "train",
            size,
            count,
            device=device,
            precision=of(name, precision),
            workspace_mb=workspace_mb if name == "cuda" else None,
            overlap=overlap or name != "cuda",
            compile=compile,
        )

    return [
        Plan([job(name, size, precision) for name in implementations], precision == wanted[0])
        for size in batch_sizes
        for precision in wanted
    ]


def check(
    roofline: Path | None,
    sweep: str | None,
    plot: Path | None,
    tasks: Sequence[str] = (),
    compare: str | None = None,
) -> None:
    """Refuse options that exclude each other."""
    from tinyalex.check.bench import ALONE

    if compare is not None and (ours := [task for task in tasks if task in ALONE]):
        raise ConfigError(
            f"--what {ours[0]} is tinyalex's own loop, which PyTorch does not have",
            f"--what {ours[0]} without --compare",
        )
    if plot is not None and sweep is None:
        raise ConfigError("--plot needs --sweep", "add --sweep batch")
    for option, path in (("--roofline", roofline), ("--plot", plot)):
        if path is not None and not path.absolute().parent.is_dir():
            raise ConfigError(
                f"{option}: the folder {path.parent} does not exist", f"mkdir {path.parent}"
            )


def print_table(out: Output, table: TextTable) -> None:
    """Print a table of figures."""
    made = plain_table(*table.headings, left=table.text_columns)
    for row in table.rows:
        made.add_row(*row)
    out.table(made)
