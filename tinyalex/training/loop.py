"""A run of the command: the engine with log lines, warnings and checkpoints."""

from __future__ import annotations

import math
import time
from functools import partial
from typing import Any, Self

from tinyalex.errors import DivergedError
from tinyalex.evaluation.score import Running
from tinyalex.parallel import Part, own, whole
from tinyalex.runs import film
from tinyalex.runs.checkpoint import Checkpoint, save_checkpoint
from tinyalex.runs.guards import near_chance_warning
from tinyalex.runs.metrics import NoMetricsFile
from tinyalex.runs.state import check_fits
from tinyalex.training.engine import Engine
from tinyalex.training.listener import Listener
from tinyalex.training.setup import Parts
from tinyalex.training.stall import StallWatch, advice
from tinyalex.training.step_clock import StepClock
from tinyalex.training.stop import StopSignal
from tinyalex.training.weight_log import explain_stall, findings, log_line, measure

# Between two log lines a listener hears of a run this often; each time waits for the device.
_LISTEN_SECONDS = 0.5


class Loop(Engine):
    """One run, from any position: finished epochs, and finished steps of the next epoch.

    `state_dict` and a checkpoint's arrays determine everything that follows, so that a resumed run
    ends with the same bytes as one that was never stopped.
    """

    def __init__(
        self, parts: Parts, metrics: NoMetricsFile, listener: Listener, stop: StopSignal
    ) -> None:
        config = parts.config
        super().__init__(
            parts.model,
            parts.optimizer,
            parts.schedule,
            parts.backend,
            len(parts.loader),
            config.recipe.label_smoothing,
            parts.group,
            parts.batch_group,
            parts.shards,
            config.batch_size if config.graph else 0,
        )
        self.parts, self.config = parts, config
        self.metrics, self.listener, self.stop = metrics, listener, stop
        self.signal = 0  # which one stopped the run, at whichever worker
        what_to_try = advice(self.config.recipe, self.config.lr)
        self.stall = StallWatch(parts.model.num_classes, self.steps_per_epoch, what_to_try)
        self.told_of_chance = False
        self.steps_clock = StepClock()
        self.wall_seconds = 0.0
        self.last_epoch: dict[str, Any] = {}
        self.started = time.perf_counter()
        self.last_heard = self.last_saved = self.line_clock = self.started
        self.line_images = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.gradients.close()

    # ------------------------------------------------------------------ the run

    def run(self) -> bool:
        """Train to the end; False if it was stopped before. Saves in both cases."""
        self.started = time.perf_counter() - self.wall_seconds
        if self.epoch == self.step == 0:
            self._save()  # so that there is always a good checkpoint
        while self.epoch < self.config.epochs:
            if not (self._train_epoch() and self._finish_epoch()):
                self._save()
                return False
        return True

    def _train_epoch(self) -> bool:
        parts, recipe = self.parts, self.config.recipe
        for pattern, after in recipe.frozen:
            if self.epoch >= after:
                parts.optimizer.freeze(pattern)
        colour_is_on = recipe.colour_until is None or self.epoch < recipe.colour_until
        self._begin_clock()
        loader = parts.loader if colour_is_on else parts.plain_loader
        finished = self.train_epoch(loader, self.stops, self._after_step)
        self.steps_clock.count(self.images_trained)
        return finished

    def stops(self) -> bool:
        """Whether a signal has come to any worker. All workers ask, and get the same answer."""
        self.signal = self.group.agree(int(self.stop()) and (self.stop.number or 1))
        return self.signal > 0

    def _after_step(self) -> None:
        if not self.steps_clock.warm:
            self.backend.synchronize()
            self.steps_clock.set_first_step_apart(self.images_trained)
        at_line = self.step % self.config.log_every == 0 or self.step == self.steps_per_epoch
        now = time.perf_counter()
        if at_line:
            self._write_line()
        elif now - self.last_heard > _LISTEN_SECONDS:
            self.last_heard = now
            self.listener.step(self._step_record(self.window.local()))
        due = now - self.last_saved > self.config.checkpoint_every
        if self.group.agree(int(due and self.group.leads)):
            self.steps_clock.count(self.images_trained)
            self._save()
            self.steps_clock.start(self.images_trained)

    def _finish_epoch(self) -> bool:
        """Measure the test error, update the learning rate, log the epoch, save."""
        classes = self.parts.model.num_classes
        parts = self.parts
        reached = partial(self.listener.phase, "testing")
        test = self.test(parts.test_loader, classes, self.stops, reached)
        if test is None:
            return False
        record = {
            "epoch": self.epoch + 1,
            "train_loss": self.so_far.loss(),
            "train_error": self.so_far.error(),
            "test_loss": test.loss(),
            "test_error": test.error(),
            "test_top5_error": test.error(min(5, classes)),
            "lr": self.parts.schedule.lr,
            "seconds": round(time.perf_counter() - self.started, 3),
        }
        if not math.isfinite(record["test_loss"]):
            self._refuse(record["test_loss"], "test")
        self.end_epoch(record["test_error"])
        self.last_epoch = record
        self.metrics.write("weights", log_line(self.epoch, parts.optimizer, parts.model))
        self.metrics.write("epoch", record)
        warning = near_chance_warning(
            record["test_error"], record["train_error"], classes, self.config.facts["test_images"]
        )
        warning = None if self.told_of_chance else warning
        if warning:
            self.told_of_chance = True
            self.metrics.write("warning", {"epoch": self.epoch, "text": warning})
        self._save()
        self.listener.epoch(record)
        if warning:
            self.listener.warning(warning)
        return True

    # ------------------------------------------------------------------ records and warnings

    def _begin_clock(self) -> None:
        now = time.perf_counter()
        self.line_clock = self.last_heard = self.last_saved = now
        self.line_images = self.images_trained
        self.steps_clock.start(self.images_trained)

    def count_wall_seconds(self) -> None:
        """Set ``wall_seconds``: the time that all processes of the run have taken until now."""
        self.wall_seconds = time.perf_counter() - self.started

    def _step_record(self, window: Running) -> dict[str, Any]:
        seconds = time.perf_counter() - self.line_clock
        return {
            "epoch": self.epoch + 1,
            "step": self.step,
            "steps_per_epoch": self.steps_per_epoch,
            "epochs": self.config.epochs,
            "loss": window.loss(),
            "error": window.error(),
            "lr": self.parts.optimizer.lr,
            "images_per_second": round((self.images_trained - self.line_images) / seconds, 1),
            "seconds": round(time.perf_counter() - self.started, 3),
        }

    def _write_line(self) -> None:
        window = self.window.total()
        record = self._step_record(window)
        self._check_loss(record["loss"])
        self.metrics.write("step", record)
        self.listener.step(record)
        steps = (self.step - 1) % self.config.log_every + 1
        if warning := self.stall.add(record["loss"], steps, record["error"]):
            self._tell_of_stall(warning)
        self.absorb(window)
        self.line_clock = self.last_heard = time.perf_counter()
        self.line_images = self.images_trained

    def _tell_of_stall(self, warning: str) -> None:
        optimizer = self.parts.optimizer
        measured = measure(optimizer)
        if not findings(measured, optimizer) and self.stall.wait():
            return  # the updates of every layer look normal: it may be about to learn
        text = explain_stall(warning, measured, optimizer)
        self.metrics.write("warning", {"epoch": self.epoch + 1, "text": text})
        self.listener.warning(text)

    def _check_loss(self, loss: float) -> None:
        """After one bad batch the mean stays bad, so that a check per log line is enough."""
        if not math.isfinite(loss):
            self._refuse(loss, "training")

    def _refuse(self, loss: float, kind: str) -> None:
        raise DivergedError(
            f"{self._first()}epoch {self.epoch + 1}, step {self.step}: the {kind} loss is {loss}; "
            f"the last good checkpoint is kept in {self.config.out}",
            f"a smaller --lr than {self.config.lr:g}",
        )

    def _first(self) -> str:
        """Which worker had a bad loss before all others, if one had; all workers must call this."""
        everyone = self.group.gather([self.window.finite(), self.group.host])
        steps = [finite for finite, _ in everyone]
        if self.group.size == 1 or steps.count(min(steps)) > 1:
            return ""
        rank = steps.index(min(steps))
        return f"rank {rank} on {everyone[rank][1]}: "

    # ------------------------------------------------------------------ position

    def _save(self) -> None:
        self._check_loss(self.window.total().loss())
        self.count_wall_seconds()
        state, model = self.state_dict(), self.parts.model
        if self.group.leads or isinstance(model, Part):  # each worker has only its part's arrays
            checkpoint = Checkpoint(
                model_name=model.name,
                weights=whole(model, model.state_dict()),
                momentum=whole(model, self.parts.optimizer.state_dict()),
                statistics=self.parts.statistics.to_arrays(),
                state=state,
                clocks={
                    "train_seconds": round(self.steps_clock.seconds, 3),
                    "wall_seconds": round(self.wall_seconds, 3),
                },
            )
        if self.group.leads:
            if self.step == 0:
                film.keep(self.config.out, self.epoch, checkpoint.weights)
            save_checkpoint(self.config.out, checkpoint)
        self.last_saved = time.perf_counter()

    def state_dict(self) -> dict[str, Any]:
        """Position, counters and sums as plain values; no times, which always differ.

        All workers must call this.
        """
        return {
            **self.position(),
            "stall": self.stall.state_dict(),
            "told_of_chance": self.told_of_chance,
            "last_epoch": {k: v for k, v in self.last_epoch.items() if k != "seconds"},
            "metrics_lines": self.metrics.position(),
        }

    def load(self, checkpoint: Checkpoint) -> None:
        """Continue from a checkpoint."""
        state, where = checkpoint.state, str(self.config.out)
        check_fits(state, self.steps_per_epoch, self.parts.schedule.keeps(), where)
        model = self.parts.model
        model.load_state_dict(own(model, checkpoint.weights))
        self.parts.optimizer.load_state_dict(own(model, checkpoint.momentum))
        self.go_on(state)
        self.stall.load_state_dict(state["stall"])
        self.told_of_chance = bool(state.get("told_of_chance", False))
        self.last_epoch = dict(state["last_epoch"])
        self.wall_seconds = checkpoint.clocks.get("wall_seconds", 0.0)
        self.steps_clock.go_on(checkpoint.clocks.get("train_seconds"), self.images_trained)
