"""Training a network of one's own, on one's own arrays."""

from __future__ import annotations

import copy
import math
import signal
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from tinyalex import backends
from tinyalex.backends import Backend
from tinyalex.data import Batches, Dataset, Loader
from tinyalex.data.batches import Transform, Transformed
from tinyalex.errors import ConfigError, DivergedError
from tinyalex.layers import Sequential
from tinyalex.runs.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from tinyalex.runs.guards import check_layers
from tinyalex.runs.state import check_fits, check_trainer
from tinyalex.training.callbacks import Callback, TextProgress
from tinyalex.training.engine import Engine
from tinyalex.training.given import classes_of, listeners_of, optimizer_of
from tinyalex.training.listener import Listener
from tinyalex.training.notebook import NotebookProgress, in_notebook
from tinyalex.training.optimizer import SGD
from tinyalex.training.predictor import Predictor
from tinyalex.training.schedule import Schedule
from tinyalex.training.stop import StopSignal

Record = dict[str, Any]

_LISTEN_SECONDS = 0.5  # a callback's `step` is called this often


class Trainer(Predictor):
    """Trains a network of yours: fit, evaluate, predict, save, load.

    `tinyalex train` and `tinyalex.training.train` run the same steps and epochs (`Engine`), with a
    recipe, a folder for the results, and several workers around them.

    Parameters
    ----------
    model : Sequential
        It is moved to ``backend``, and trained in place.
    data : (x, labels), Dataset, Split or Loader, optional
        What to train on. x: uint8 images (N, H, W, C), which the network gets as float32
        (N, C, H, W) from 0 to 1; or floats as the network takes them, (N, C, H, W) or
        (N, features). labels: whole numbers (N,) from 0. Lists and other libraries' arrays are
        accepted. A `Loader` has its own batches, order and preprocessing. Not needed to predict.
    validation : as data, optional
        What the errors after each epoch are measured on. By default a Dataset's test images.
    lr : float or Schedule
        Learning rate: 0.01, or for example ``WarmUp(1, Cosine(0.1, epochs=20))``, which is copied.
    batch_size : int
        Images per step, also of `evaluate` and `predict`.
    momentum, weight_decay : float
        See `SGD`; 0.9 and 0.0005 if they are not given.
    optimizer : SGD, optional
        One with multipliers or LARS, in place of these two; ``lr`` is its own, or a schedule.
    transform : function, optional
        ``transform(x, rng)`` changes a training batch: x is a NumPy array as the network takes it,
        ``rng`` a `numpy.random.Generator` that depends on seed, epoch and step alone. Draw from it
        and from nothing else, and a training resumes exactly.
    label_smoothing : float
        Share of the wanted probability that all classes have equally.
    callbacks : sequence of Listener
        They hear of steps and epochs; a `Callback` may also end the training.
    seed : int
        Of the order of the images and of ``transform``'s draws. Initial weights and dropout masks
        have the seeds of their layers.
    backend : str or Backend
        See `tinyalex.backends.get`.
    progress : bool
        Show the progress: a bar and curves in a notebook, elsewhere a line of text per epoch.

    Attributes
    ----------
    history : list of dict
        One record per epoch: ``epoch``, ``train_loss``, ``train_error``, ``lr``, ``seconds``, and
        with validation data ``test_loss``, ``test_error``, ``test_top5_error``. Errors from 0 to 1.

    Raises
    ------
    ConfigError, DataError, ShapeError
        The arguments do not fit together.

    Examples
    --------
    >>> import numpy as np
    >>> from tinyalex.layers import Flatten, Linear, Sequential
    >>> from tinyalex.training import Trainer
    >>> images = np.random.default_rng(0).integers(0, 256, (60, 8, 8, 1), dtype=np.uint8)
    >>> labels = np.arange(60) % 2
    >>> images[labels == 1, :4] = 255
    >>> net = Sequential(Flatten(), Linear(64, 2))
    >>> trainer = Trainer(net, (images, labels), lr=0.1, progress=False)
    >>> history = trainer.fit(epochs=5)
    >>> trainer.evaluate((images, labels))["error"], trainer.predict(images[:4]).tolist()
    (0.0, [0, 1, 0, 1])
    """

    def __init__(
        self,
        model: Sequential,
        data: Any = None,
        validation: Any = None,
        *,
        lr: float | Schedule | None = None,
        batch_size: int = 32,
        momentum: float | None = None,
        weight_decay: float | None = None,
        optimizer: SGD | None = None,
        transform: Transform | None = None,
        label_smoothing: float = 0.0,
        callbacks: Sequence[Listener] = (),
        seed: int = 0,
        backend: str | Backend | None = None,
        progress: bool = True,
    ) -> None:
        if not isinstance(model, Sequential):
            kind = type(model).__name__
            raise ConfigError(
                f"Trainer: model must be a Sequential (got {kind})", "Sequential(layer, layer)"
            )
        if not 0 <= label_smoothing < 1:
            raise ConfigError(f"label_smoothing must be from 0 to below 1 (got {label_smoothing})")
        if backend is None:
            backend = data.backend if isinstance(data, Loader) else "auto"
        super().__init__(model, backends.get(backend), batch_size, seed)
        self.optimizer = optimizer_of(model, optimizer, lr, momentum, weight_decay)
        schedule = copy.deepcopy(lr) if isinstance(lr, Schedule) else Schedule(self.optimizer.lr)
        if validation is None and isinstance(data, Dataset):
            validation = data.test
        self.train_batches: Batches | None = None
        if data is not None:
            self.train_batches = self.batches(data, training=True)
            if transform is not None:
                self.train_batches = Transformed(self.train_batches, transform, seed)
        self.validation = None if validation is None else self.batches(validation)
        self.callbacks = listeners_of(callbacks)
        if progress:
            self.callbacks.append(NotebookProgress() if in_notebook() else TextProgress())
        steps = 0 if self.train_batches is None else len(self.train_batches)
        self.engine = Engine(model, self.optimizer, schedule, self.backend, steps, label_smoothing)
        self.history: list[Record] = []
        self._started = self._heard = 0.0

    # ------------------------------------------------------------------ training

    def fit(self, epochs: int) -> list[Record]:
        """Train for so many epochs more; an epoch that was begun counts as one.

        Returns
        -------
        list of dict
            The records of these epochs; `history` has all.

        Raises
        ------
        DivergedError
            The loss is no longer finite.
        KeyboardInterrupt
            After Ctrl-C, which ends the training after the current step. `save` and `fit` continue
            exactly from there.
        """
        if not isinstance(epochs, int) or epochs < 1:
            raise ConfigError(f"epochs must be a whole number of at least 1 (got {epochs!r})")
        if self.train_batches is None:
            raise ConfigError("Trainer: there is no data to train on", "Trainer(net, data)")
        engine, last = self.engine, self.engine.epoch + epochs
        classes = classes_of(self.model, self.train_batches)
        for callback in self.callbacks:
            if isinstance(callback, Callback):
                callback.stop_training = False
        self._tell("start", self._info(last))
        first, self._started = len(self.history), time.perf_counter()
        with StopSignal() as stop, warnings.catch_warnings():
            # There is an error of its own for a loss that diverges.
            warnings.filterwarnings("ignore", "overflow|invalid value", RuntimeWarning)

            def stops() -> bool:
                return stop() or any(
                    isinstance(c, Callback) and c.stop_training for c in self.callbacks
                )

            self.model.skip_input_gradient()
            try:
                while engine.epoch < last and not stops():
                    done = engine.train_epoch(self.train_batches, stops, self._after_step)
                    if done:
                        self._finish_epoch(classes)
            finally:
                self.model.skip_input_gradient(False)
        self._tell("end", {"epochs": engine.epoch, "interrupted": engine.epoch < last})
        if stop.number is not None:
            signal.raise_signal(stop.number)
        return self.history[first:]

    def _after_step(self) -> None:
        now = time.perf_counter()
        if now - self._heard > _LISTEN_SECONDS:
            self._heard = now
            window, engine = self.engine.window.local(), self.engine
            self._tell(
                "step",
                {
                    "epoch": engine.epoch + 1,
                    "step": engine.step,
                    "steps_per_epoch": engine.steps_per_epoch,
                    "loss": window.loss(),
                    "error": window.error(),
                    "lr": self.optimizer.lr,
                    "seconds": now - self._started,
                },
            )

    def _finish_epoch(self, classes: int) -> None:
        engine = self.engine
        window = engine.window.total()
        if not math.isfinite(window.loss()):
            raise DivergedError(
                f"epoch {engine.epoch + 1}: the training loss is {window.loss()}",
                f"a smaller lr than {engine.schedule.first_lr:g}",
            )
        engine.absorb(window)
        record = {
            "epoch": engine.epoch + 1,
            "train_loss": window.loss(),
            "train_error": window.error(),
            "lr": engine.schedule.lr,
        }
        if self.validation is not None:
            test = engine.test(self.validation, classes)
            assert test is not None  # nothing stops it
            record |= {
                "test_loss": test.loss(),
                "test_error": test.error(),
                "test_top5_error": test.error(min(5, classes)),
            }
        record["seconds"] = round(time.perf_counter() - self._started, 3)
        engine.end_epoch(record.get("test_error", record["train_error"]))
        self.history.append(record)
        self._tell("epoch", record)

    def _info(self, last: int) -> Record:
        engine = self.engine
        return {
            "model": type(self.model).__name__,
            "parameters": self.model.count_parameters(),
            "backend": self.backend.name,
            "batch_size": self.batch_size,
            "lr": engine.schedule.lr,
            "steps_per_epoch": engine.steps_per_epoch,
            "epochs": last,
            "epoch": engine.epoch,
            "step": engine.step,
            "history": list(self.history),
        }

    def _tell(self, event: str, record: Record) -> None:
        for callback in self.callbacks:
            getattr(callback, event)(record)

    # ------------------------------------------------------------------ files

    def save(self, path: str | Path) -> None:
        """Write weights, momentum, position and history to a .safetensors file, atomically.

        Raises
        ------
        RunError
            The file cannot be written.
        """
        checkpoint = Checkpoint(
            model_name=self._name,
            weights=self.model.state_dict(),
            momentum=self.optimizer.state_dict(),
            state=self.engine.position()
            | {
                "layers": repr(self.model).splitlines(),
                "history": [
                    {k: v for k, v in record.items() if k != "seconds"} for record in self.history
                ],
            },
        )
        write_checkpoint(Path(path), checkpoint)

    def load(self, path: str | Path) -> Self:
        """Continue from a file of `save`: with the same arguments, exactly (bit-identical).

        Raises
        ------
        CheckpointError
            The file is missing, damaged, or of another network, schedule or number of steps.
        """
        found = read_checkpoint(Path(path), self._name)
        state = found.state
        check_trainer(state, self.engine.schedule.keeps(), str(path))
        check_layers(self.model, state.get("layers"), str(path))
        if self.train_batches is not None and state["step"]:
            check_fits(state, self.engine.steps_per_epoch, (), str(path))
        self.model.load_state_dict(found.weights)
        self.optimizer.load_state_dict(found.momentum)
        self.engine.go_on(state)
        self.history = [dict(record) for record in state["history"]]
        return self

    @property
    def _name(self) -> str:
        return str(getattr(self.model, "name", type(self.model).__name__))
