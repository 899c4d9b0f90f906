"""Runs that experiments share: each is trained once; a stopped run is resumed."""

from __future__ import annotations

import math
import os
import signal
import time
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

from tinyalex import notice, training
from tinyalex.errors import DivergedError, RunError
from tinyalex.group import Alone, Group
from tinyalex.reproduce.arm import Arm, Interrupted, Item
from tinyalex.reproduce.side_by_side import train_side_by_side
from tinyalex.runs import config as configs
from tinyalex.runs import metrics
from tinyalex.runs.checkpoint import read_head
from tinyalex.training import Listener, RunConfig


class Store:
    """A folder of runs.

    Parameters
    ----------
    folder : Path
    data_root : Path, optional
    backend : str
    threads : int, optional
        For all runs that are trained at the same time. Default: one per core.
    listen : callable, optional
        ``listen(arm, seed)`` makes the listener of a run. With several jobs it must be picklable.
    command : str
        The command line, to be recorded.
    jobs : int
        Runs to train at the same time; at most the number of threads.
    group : Group, optional
        The workers that train each run together. Rank 0 calls `train` and `train_all`, and
        `dismiss` at the end; the others call `follow`.
    shards : int
        Every run's number of shards is a multiple of it.
    """

    def __init__(
        self,
        folder: Path,
        data_root: Path | None = None,
        backend: str = "auto",
        threads: int | None = None,
        listen: Callable[[Arm, int], Listener] | None = None,
        command: str = "",
        jobs: int = 1,
        group: Group | None = None,
        shards: int = 1,
    ) -> None:
        self.folder, self.data_root = folder, data_root
        self.backend, self.threads, self.command = backend, threads, command
        self.jobs, self._listen = jobs, listen
        self.group, self.shards = group or Alone(), shards

    def path(self, arm: Arm, seed: int, epochs: int | None = None) -> Path:
        """The folder of the run of an arm with a seed, finished or not."""
        return self.folder / f"{self._in_shards(arm).identity(epochs)}-seed{seed}"

    def train(self, arm: Arm, seed: int, epochs: int | None = None) -> Path:
        """Train a run to ``epochs`` (default: the arm's), unless it already has them.

        Returns
        -------
        Path
            Its folder.

        Raises
        ------
        Interrupted
            A signal came; the run is resumed next time.
        DivergedError
            The loss is no longer finite, and the arm may not diverge.
        CheckpointError
            The run was trained when its model had other layers.
        """
        if self.done(arm, seed, epochs):
            return self.path(arm, seed, epochs)
        begun = (self.path(arm, seed, epochs) / configs.FILE).exists()
        self.group.broadcast([arm.to_dict(), seed, epochs, begun])
        return self._train(arm, seed, epochs, begun)

    def follow(self) -> None:
        """Train with rank 0 what it trains, until it calls `dismiss`."""
        while (order := self.group.broadcast(None)) is not None:
            plain, seed, epochs, begun = order
            self._train(Arm.from_dict(plain), seed, epochs, begun)

    def dismiss(self) -> None:
        """Tell the other workers that there is nothing left to train."""
        self.group.broadcast(None)

    def _in_shards(self, arm: Arm) -> Arm:
        count = math.lcm(arm.settings.get("shards", 1), self.shards)
        return arm if count == 1 else replace(arm, settings={**arm.settings, "shards": count})

    def _train(self, arm: Arm, seed: int, epochs: int | None, begun: bool) -> Path:
        out = self.path(arm, seed, epochs)
        listener = Listener()
        if self._listen is not None and self.group.leads:
            listener = self._listen(arm, seed)
        machine: dict[str, Any] = {"backend": self.backend, "threads": self.threads}
        try:
            if begun:
                length = arm.length(epochs)
                summary = training.resume(out, listener, self.group, epochs=length, **machine)
            else:
                config = RunConfig(
                    data=arm.data,
                    model=arm.model,
                    recipe=arm.recipe,
                    epochs=arm.length(epochs),
                    seed=seed,
                    out=out,
                    data_root=self.data_root,
                    command=self.command,
                    ten_crops=False,
                    **machine,
                    **self._in_shards(arm).settings,
                )
                summary = training.train(config, listener, self.group)
        except DivergedError:
            if not arm.may_diverge:
                raise
            return out
        finally:
            self.group.rest()
        if summary["interrupted"]:
            number = summary.get("signal", signal.SIGINT)
            raise Interrupted(f"{out}: stopped and saved", "the same command resumes it", number)
        return out

    def train_all(self, items: Sequence[Item]) -> list[Path]:
        """`train` each (arm, seed, epochs), `jobs` at the same time.

        Raises
        ------
        TinyalexError
            As `train`; the other runs are stopped and saved.
        """
        missing = {self.path(*item): item for item in items if not self.done(*item)}
        threads = self.threads or os.cpu_count() or 1
        at_a_time = min(self.jobs, len(missing), threads)
        began = time.monotonic()

        def ended(count: int) -> None:
            if 0 < count < len(missing):
                left = (time.monotonic() - began) / count * (len(missing) - count) / 60
                notice.tell(
                    f"{count} of {len(missing)} runs are trained, about {left:.0f} min left"
                )

        if at_a_time > 1:
            child = copy(self)
            child.jobs, child.threads = 1, threads // at_a_time
            train_side_by_side(child.train, list(missing.values()), at_a_time, ended)
        else:
            for i, item in enumerate(missing.values()):
                self.train(*item)
                ended(i + 1)
        return [self.path(*item) for item in items]

    def done(self, arm: Arm, seed: int, epochs: int | None = None) -> bool:
        """Whether a run is finished; a run that diverged is not.

        Raises
        ------
        CheckpointError
            It is, but its model had other layers then.
        """
        out = self.path(arm, seed, epochs)
        if not (out / "summary.json").exists():
            return False
        training.model_of(training.read_config(out))
        try:
            return int(training.read_summary(out)["epochs"]) >= arm.length(epochs)
        except RunError:  # the run was resumed since, and stopped
            head = read_head(out)
            return arm.growing and head is not None and head[1]["epoch"] >= arm.length(epochs)

    def epochs(self, arm: Arm, seed: int) -> list[dict[str, Any]]:
        """The records of a run's epochs, from its metrics.jsonl."""
        path = self.path(arm, seed) / metrics.FILE
        return metrics.read_epochs(path) if path.exists() else []
