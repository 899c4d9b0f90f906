"""The folder that a new run is written to: chosen and locked by rank 0, told to all workers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tinyalex import lock, notice
from tinyalex.errors import RunError
from tinyalex.group import Group
from tinyalex.lock import locked
from tinyalex.runs import folder as folders
from tinyalex.runs.config import ResolvedConfig, RunConfig

_ELSEWHERE = "another folder with --out"


@contextlib.contextmanager
def new_folder(
    config: RunConfig, resolved: ResolvedConfig, group: Group
) -> Iterator[ResolvedConfig]:
    """Lock the run's folder; gives the settings with the folder that it is, as ``config.out``.

    All workers must call this. A folder that the user did not name gets the first number that no
    run has, even if another run took the name in the meantime.

    Raises
    ------
    RunError
        The folder holds a run, or with ``overwrite`` anything else; another process uses it; it
        cannot be written.
    """
    with contextlib.ExitStack() as stack:
        out = resolved.out
        if group.leads and (config.has_own_name or config.overwrite):
            stack.enter_context(locked(out, "train", elsewhere=_ELSEWHERE))
            _check(out, config.overwrite)
        elif group.leads:
            default = config.default_folder()
            out = _first_free(stack, default)
            if out != default:
                notice.tell(f"{default} holds a run or is in use; this one is written to {out}")
        # Only the name: each worker may have its own path to the place.
        name = group.broadcast(out.name)
        out = out if group.leads else out.with_name(name)
        object.__setattr__(config, "out", out)  # frozen, but scripts ask it for the folder
        yield replace(resolved, out=out)


def set_aside(config: ResolvedConfig, group: Group) -> contextlib.AbstractContextManager[None]:
    """Keep what the folder holds of an old run until the new one has a checkpoint."""
    holds = group.leads and folders.holds_a_run(config.out)
    return folders.replaced(config.out) if holds else contextlib.nullcontext()


def _first_free(stack: contextlib.ExitStack, default: Path) -> Path:
    for out in folders.free(default):
        with contextlib.ExitStack() as attempt:
            try:
                attempt.enter_context(locked(out, "train", elsewhere=_ELSEWHERE))
            except RunError:
                if lock.holder(out) is None:  # no other process is the reason
                    raise
                continue
            if not folders.holds_a_run(out):
                stack.enter_context(attempt.pop_all())
                return out
    raise AssertionError("numbers do not end")


def _check(out: Path, overwrite: bool) -> None:
    if overwrite:
        folders.check_only_a_run(out)
    elif folders.holds_a_run(out):
        raise RunError(
            f"{out}: holds a run already",
            f"--resume {out} to continue it, --overwrite to replace it, or another --out",
        )
