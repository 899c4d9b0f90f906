"""`--workers`: a command that several processes run together."""

from __future__ import annotations

import contextlib
import os
import sys
import time
import traceback
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tinyalex import notice
from tinyalex.commands.console import console, explain, has_cursor, print_error
from tinyalex.commands.interrupt import INTERRUPTED
from tinyalex.errors import ConfigError
from tinyalex.launched import TERMINAL
from tinyalex.settings import ABOUT, option_of

if TYPE_CHECKING:
    from tinyalex.group import Group

PANEL = "Several workers"
WorkersOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Processes that work together, by MPI (the extra mpi). Default: 1.",
        rich_help_panel=PANEL,
    ),
]
ShardsOption = Annotated[
    int | None, typer.Option(min=1, help=ABOUT["shards"].help, rich_help_panel=PANEL)
]
TimeoutOption = Annotated[
    float,
    typer.Option(
        min=1,
        help="Seconds without a step after which a worker counts as stopped.",
        rich_help_panel=PANEL,
    ),
]


def start_workers(workers: int | None, timeout: float = 600.0) -> None:
    """Where several workers are wanted and none is there, start them, and exit with their code."""
    if workers in (None, 1):
        return
    from tinyalex.group.launch import launch
    from tinyalex.group.world import check_alone, started_by_mpi

    check_alone()
    if not started_by_mpi():
        settings: Any = {"timeout": timeout, "variables": _terminal(), "hint": _after_an_end()}
        raise typer.Exit(launch(workers or 1, sys.argv[1:], **settings))


def _after_an_end() -> str:
    """What to do about a command that has ended without a reason."""
    from tinyalex.group.launch import AGAIN

    return {
        "train": "--resume the run: its last checkpoint is kept",
        "reproduce": "the same command resumes: its last checkpoint is kept",
    }.get(sys.argv[1] if sys.argv[1:] else "", AGAIN)


def _terminal() -> dict[str, str]:
    """What tells rank 0 that we show what it prints on a terminal, and how wide that is now."""
    screen = console()
    is_shown = has_cursor(screen) and not screen.legacy_windows  # that one knows no codes
    return {TERMINAL: "1", "COLUMNS": str(screen.width)} if is_shown else {}


@contextlib.contextmanager
def together(workers: int | None, timeout: float = 600.0) -> Iterator[Group]:
    """Join the others. An error of one worker is told once, with its rank, and ends all."""
    from tinyalex.group.world import join

    try:
        group = join()
    except KeyboardInterrupt:
        os._exit(INTERRUPTED)  # an orderly end would wait for the others
    if not group.leads:
        notice.listen(lambda text: None, lambda text: None)
        notice.follow(None)
    try:
        if workers not in (None, group.size):
            raise ConfigError(
                f"--workers {workers}, but MPI started {group.size}", f"--workers {group.size}"
            )
        group.watch(timeout)
        yield group
    except BaseException as error:
        if isinstance(error, typer.Exit) or group.size == 1:
            raise
        interrupted = isinstance(error, KeyboardInterrupt)
        code = INTERRUPTED if interrupted else getattr(error, "exit_code", 1)
        if not group.fails_alone():
            if group.leads:
                raise
            raise typer.Exit(code) from error
        _tell(group, error)
        group.abort(code)
    finally:
        group.close()


def _tell(group: Group, error: BaseException) -> None:
    where = f"rank {group.rank} on {group.host}"
    if (told := explain(error, {name: option_of(name) for name in ABOUT})) is not None:
        print_error(f"{where}: {told[0]}", told[1])
    else:
        print_error(f"{where}: {type(error).__name__}: {error}", _after_an_end())
        sys.stderr.write("".join(traceback.format_exception(error)))
    sys.stderr.flush()
    time.sleep(0.3)  # the launcher passes it on; what comes after the end is lost
