"""`tinyalex watch`: a page that follows a training."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from pathlib import Path
from typing import Annotated, Any

import typer

from tinyalex.commands.console import Output
from tinyalex.commands.options import JsonOption, QuietOption

LAST_LOOK = 3.0  # seconds in which a page can see the end of a training that took its watcher along

WatchOption = Annotated[
    bool,
    typer.Option("--watch", help="Show the training on a local page; its address is printed."),
]
TensorBoardOption = Annotated[
    bool,
    typer.Option(
        "--tensorboard",
        help="Write curves and filters for TensorBoard into the run's folder (extra: tensorboard).",
    ),
]


def watch(
    run: Annotated[Path, typer.Argument(help="The run's folder; it may not be there yet.")],
    port: Annotated[
        int | None, typer.Option(help="Port of the page. Default: any free one.", min=1, max=65535)
    ] = None,
    open_page: Annotated[
        bool, typer.Option("--open", help="Open the page in the browser of this machine.")
    ] = False,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
    with_parent: Annotated[bool, typer.Option("--with-parent", hidden=True)] = False,
) -> None:
    """Follow a training on a page: curves, speed, time left, filters, a batch as augmented.

    The page is for this machine only (127.0.0.1). The run's files are only read: the training
    does not notice. Works before a run begins, while it trains, and after its end. Ctrl-C ends
    the watching, not the training.

    [bold]Examples[/]
    tinyalex watch runs/tiny-digits-seed0
    tinyalex train --watch
    """
    from tinyalex.errors import RunError
    from tinyalex.report.watch import Watcher

    if run.exists() and not run.is_dir():
        raise RunError(f"{run}: not a folder", "the folder of a run")
    with contextlib.suppress(AttributeError, OSError):  # no os.nice on Windows
        os.nice(10)  # the training comes first
    with Watcher(run, port or 0) as watcher:
        if with_parent:
            print(watcher.address, flush=True)
            threading.Thread(target=_end_with_parent, args=[watcher], daemon=True).start()
        else:
            output = Output(as_json, quiet)
            output.text(f"watching {run}: {watcher.address}")
            output.text("Ctrl-C ends the watching, not the training")
            output.result({"address": watcher.address, "run": str(run)}, watcher.address)
            sys.stdout.flush()
        if open_page:
            import webbrowser

            webbrowser.open(watcher.address)
        with contextlib.suppress(KeyboardInterrupt):
            watcher.serve_forever(0.2)


def _end_with_parent(watcher: Any) -> None:
    """Wait until the training's process has ended or closed its end of our standard input."""
    sys.stdin.buffer.read()
    watcher.seen.clear()
    watcher.seen.wait(LAST_LOOK)
    watcher.shutdown()
