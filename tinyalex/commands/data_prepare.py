"""`tinyalex data prepare`: makes a packed data set from archives or folders of images."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.progress import BarColumn, TextColumn

from tinyalex.commands.console import Output, duration
from tinyalex.commands.interrupt import INTERRUPTED
from tinyalex.commands.options import JobsOption, JsonOption, QuietOption, SeedOption
from tinyalex.errors import ConfigError

if TYPE_CHECKING:
    from tinyalex.data import prepare as prepare_module

PLAIN_SECONDS = 30.0  # between lines where there is no terminal
IMAGES, LABELS, SHARDS = "Images", "Labels and split", "Files and order"


def prepare(
    src: Annotated[
        str,
        typer.Argument(
            help="Folder with ImageNet's archives, class folders or WebDataset shards, or a pattern"
            " of shards."
        ),
    ],
    dst: Annotated[Path, typer.Argument(help="New folder for the packed data set.")],
    format: Annotated[
        Literal["raw", "jpeg"],
        typer.Option(
            help="raw: pixels, fast to read. jpeg: a tenth of the disk space.",
            rich_help_panel=IMAGES,
        ),
    ] = "raw",
    resize: Annotated[
        Literal["shorter", "warp", "keep"],
        typer.Option(
            rich_help_panel=IMAGES,
            help="shorter: resize the shorter side to --size and crop the centre (the paper)."
            " warp: resize both sides to --size (Caffe). keep: do not resize (jpeg only).",
        ),
    ] = "shorter",
    keep: Annotated[
        bool,
        typer.Option(
            "--keep",
            help="The same as --format jpeg --resize keep.",
            rich_help_panel=IMAGES,
        ),
    ] = False,
    size: Annotated[
        int, typer.Option(help="Side of the images in pixels.", rich_help_panel=IMAGES)
    ] = 256,
    filter: Annotated[
        Literal["bilinear", "bicubic", "lanczos", "box"],
        typer.Option(help="Resampling filter (all antialiased).", rich_help_panel=IMAGES),
    ] = "bilinear",
    quality: Annotated[
        int | None,
        typer.Option(help="JPEG quality, 1 to 100. Default: 90.", rich_help_panel=IMAGES),
    ] = None,
    icc: Annotated[
        Literal["ignore", "srgb"],
        typer.Option(
            help="Colour profiles. ignore: do not use them. srgb: convert to sRGB.",
            rich_help_panel=IMAGES,
        ),
    ] = "ignore",
    synsets: Annotated[
        Path | None,
        typer.Option(
            help="List of synsets, to replace the development kit.", rich_help_panel=LABELS
        ),
    ] = None,
    val_labels: Annotated[
        Path | None,
        typer.Option(
            rich_help_panel=LABELS,
            help="Labels of validation images without class folders: Caffe's val.txt or Kaggle's"
            " LOC_val_solution.csv.",
        ),
    ] = None,
    val_fraction: Annotated[
        float,
        typer.Option(
            help="Fraction of each class to hold out, if there is no val folder.",
            rich_help_panel=LABELS,
        ),
    ] = 0.2,
    seed: SeedOption = 0,
    order: Annotated[
        Literal["random", "archive"],
        typer.Option(
            rich_help_panel=SHARDS,
            help="random: each shard is a random sample. archive: in the archive's order, for hard"
            " disks.",
        ),
    ] = "random",
    shard_mb: Annotated[
        int, typer.Option(help="Shard size in MB of pixels.", rich_help_panel=SHARDS)
    ] = 512,
    jobs: JobsOption = None,
    max_bad: Annotated[
        int | None,
        typer.Option(
            rich_help_panel=LABELS,
            help="Stop if more images are unusable. Default: one in 1000, but at least 10.",
        ),
    ] = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Pack images for training: resized, in large files, with checksums and statistics.

    After Ctrl-C or a crash the same command resumes.
    Unusable images are listed in DST/rejected.tsv with the reasons.

    [bold]Examples[/]
    tinyalex data prepare ilsvrc2012/ packed/
    tinyalex data prepare ilsvrc2012/ packed/ --format jpeg --quality 90
    tinyalex data prepare pictures/ packed/ --resize warp --size 128
    tinyalex data prepare "shards/train-{000..146}.tar" packed/
    """
    from tinyalex.data import prepare as module

    if keep:
        format, resize = "jpeg", "keep"
    if quality is not None and format != "jpeg":
        raise ConfigError("--quality is only for --format jpeg", "add --format jpeg")
    form = module.Form(format, resize, size, filter, 90 if quality is None else quality, icc)
    output = Output(as_json, quiet)
    begun = time.monotonic()
    try:
        with _Bar(output) as show:
            index = module.prepare(
                src,
                dst,
                form,
                synsets=synsets,
                val_labels=val_labels,
                val_fraction=val_fraction,
                seed=seed,
                order=order,
                shard_mb=shard_mb,
                workers=jobs,
                max_bad=max_bad,
                listen=show,
            )
    except KeyboardInterrupt as error:
        output.warning("stopped; the same command resumes")
        raise typer.Exit(INTERRUPTED) from error
    seconds = time.monotonic() - begun
    document: dict[str, Any] = {
        "path": str(dst),
        "kind": index.layout.kind,
        "classes": len(index.layout.classes),
        **{split: part.records for split, part in index.splits.items()},
        "bytes": sum(sum(part.shard_bytes) for part in index.splits.values()),
        "rejected": sum(index.rejected.values()),
        "seconds": seconds,
        "images_per_second": show.speed,
        "fingerprint": index.fingerprint,
    }
    parts = ", ".join(f"{part.records:,} {split}" for split, part in index.splits.items())
    output.text(
        f"{dst}: {parts} images of {document['classes']:,} classes,"
        f" {document['bytes'] / 1e6:,.1f} MB, in {duration(seconds)}"
    )
    if document["rejected"]:
        output.warning(f"unusable images: {document['rejected']:,}, see {dst / 'rejected.tsv'}")
    output.text(f"Check it with: tinyalex data verify {dst}")
    output.result(document, short=str(dst))


class _Bar:
    """Shows the progress: a bar on a terminal, otherwise a line every 30 seconds."""

    def __init__(self, output: Output) -> None:
        self.output, self.live = output, output.is_watched
        self.bar = output.bar(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[figures]}"),
            transient=True,
            expand=True,
        )
        self.task = self.bar.add_task("finding the images", total=None, figures="")
        self.begun = self.last = 0.0
        self.speed = 0.0

    def __enter__(self) -> _Bar:
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def __call__(self, progress: prepare_module.Progress) -> None:
        """Show the progress, unless it was shown a moment ago."""
        now = time.monotonic()
        if not self.begun:
            self.begun = self.last = now
            if progress.before:
                self.output.text(f"resuming: {progress.before:,} of {progress.total:,} are done")
        done = progress.done - progress.before
        self.speed = done / max(now - self.begun, 1e-9)
        rest = progress.total - progress.done
        if rest and now - self.last < (0.2 if self.live else PLAIN_SECONDS):
            return
        left = f"{duration(rest / self.speed)} left" if self.speed else ""
        bad = f"{progress.bad:,} rejected  " if progress.bad else ""
        figures = f"{self.speed:,.0f} images/s  {bad}{left} "
        if self.live:
            self.bar.update(
                self.task,
                description=f"{progress.done:,} of {progress.total:,}",
                total=progress.total,
                completed=progress.done,
                figures=figures,
            )
        elif now - self.last >= PLAIN_SECONDS:
            self.output.text(f"{progress.done:,} of {progress.total:,} images  {figures}")
        self.last = now
