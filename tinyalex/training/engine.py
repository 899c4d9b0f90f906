"""Steps and epochs: the one training loop, for `Trainer` and for the command's runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tinyalex.backends import Backend
from tinyalex.data import Batches
from tinyalex.evaluation.score import Running, ShardSums, score
from tinyalex.group import Alone, Group, Shards
from tinyalex.layers import Sequential
from tinyalex.training.gradients import BatchGradients
from tinyalex.training.label_smoothing import SmoothedCrossEntropy
from tinyalex.training.optimizer import SGD
from tinyalex.training.schedule import Schedule


class Engine:
    """Trains a network from any position: finished epochs, and finished steps of the next epoch.

    `position`, the weights and the momentum determine everything that follows.

    Parameters
    ----------
    model : Sequential
    optimizer : SGD
    schedule : Schedule
    backend : Backend
    steps_per_epoch : int
    label_smoothing : float
    group, batch_group : Group
        All workers, and those that share out a batch. By default there is one worker.
    shards : Shards
        Those of a batch.
    captured : int
        See `BatchGradients`.
    """

    def __init__(
        self,
        model: Sequential,
        optimizer: SGD,
        schedule: Schedule,
        backend: Backend,
        steps_per_epoch: int,
        label_smoothing: float = 0.0,
        group: Group | None = None,
        batch_group: Group | None = None,
        shards: Shards | None = None,
        captured: int = 0,
    ) -> None:
        self.model, self.optimizer, self.schedule = model, optimizer, schedule
        self.backend, self.steps_per_epoch = backend, steps_per_epoch
        self.group = group or Alone()
        self.batch_group, self.shards = batch_group or self.group, shards or Shards()
        loss = SmoothedCrossEntropy(label_smoothing)
        loss.to(backend)
        self.gradients = BatchGradients(model, loss, self.batch_group, self.shards, captured)
        self.epoch = self.step = self.images_trained = 0
        # Since the last log line.
        self.window = ShardSums(backend, self.batch_group, self.shards)
        self.so_far = Running(backend)  # of this epoch, up to the last log line

    def train_epoch(
        self, loader: Batches, stops: Callable[[], bool], after_step: Callable[[], None]
    ) -> bool:
        """Train to the end of the epoch; False if ``stops()``, asked before each step, is true."""
        self.model.train()
        if self.step == self.steps_per_epoch:  # stopped while the test error was measured
            return True
        batches = loader.epoch(self.epoch, start_batch=self.step)
        try:
            for images, _ in loader.steps(self.step):
                if stops():
                    break
                self._train_step(batches, images)
                after_step()
        finally:
            batches.close()  # ends the thread that prepares batches
        self.backend.synchronize()
        return self.step == self.steps_per_epoch

    def _train_step(self, batches: Iterator[tuple[Any, Any]], images: int) -> None:
        optimizer = self.optimizer
        optimizer.lr, optimizer.first_lr = self.schedule.rates(self.step, self.steps_per_epoch)
        self.gradients.compute(batches, images, self.window)
        optimizer.step()
        self.group.step()
        self.step += 1
        self.images_trained += images

    def test(
        self,
        loader: Batches,
        classes: int,
        stops: Callable[[], bool] = lambda: False,
        reached: Callable[[int, int], None] = lambda done, total: None,
    ) -> Running | None:
        """The loss and the errors on test images; None once ``stops()`` is true."""
        return score(self.model, loader, classes, stops, self.batch_group, reached)

    def absorb(self, window: Running) -> None:
        """End a window, whose sums over all workers are given: a log line was written."""
        self.so_far.absorb(window)
        self.window.reset()

    def end_epoch(self, error: float) -> None:
        """Begin the next epoch; the schedule gets the test error of the last one."""
        self.schedule.epoch_end(error)
        self.epoch, self.step = self.epoch + 1, 0
        self.so_far.reset()

    def position(self) -> dict[str, Any]:
        """Counters, sums and the schedule's state, as plain values; all workers must call this."""
        window, optimizer = self.window.state_dict(), self.optimizer
        rates = optimizer.last_rates if optimizer.momentum_correction else None
        return {
            "epoch": self.epoch,
            "step": self.step,
            "steps_per_epoch": self.steps_per_epoch,
            "schedule": self.schedule.state_dict(),
            "dropout": self.model.random_state(),
            "window": window[0] if len(window) == 1 else window,
            "so_far": self.so_far.state_dict(),
            "images_trained": self.images_trained,
            **({} if rates is None else {"last_rates": list(rates)}),
        }

    def go_on(self, state: Mapping[str, Any]) -> None:
        """Continue from `position`; the weights and the momentum are loaded by the caller."""
        self.optimizer.last_rates = state.get("last_rates")
        self.model.load_random_state(state["dropout"])
        self.schedule.load_state_dict(state["schedule"])
        window = state["window"]
        self.window.load_state_dict(window if isinstance(window, list) else [window])
        self.so_far.load_state_dict(state["so_far"])
        self.epoch, self.step = int(state["epoch"]), int(state["step"])
        self.images_trained = int(state["images_trained"])
