"""Using a network: its errors and its predictions for arrays of any kind."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinyalex.backends import Backend
from tinyalex.data import Batches, Dataset
from tinyalex.data.batches import batches_of, inputs_of
from tinyalex.errors import ConfigError
from tinyalex.evaluation.score import score
from tinyalex.functional import softmax
from tinyalex.layers import Sequential
from tinyalex.training.given import classes_of

HostArray = np.ndarray[Any, Any]


class Predictor:
    """The part of a `Trainer` that does not train."""

    validation: Batches | None = None

    def __init__(self, model: Sequential, backend: Backend, batch_size: int, seed: int) -> None:
        self.model, self.backend = model.to(backend), backend
        self.batch_size, self.seed = batch_size, seed

    def evaluate(self, data: Any = None) -> dict[str, float]:
        """Measure the network in test mode.

        Parameters
        ----------
        data : as `Trainer`'s, optional
            By default the validation data.

        Returns
        -------
        dict
            ``loss``, ``error`` (top-1, 0 to 1), ``top5_error``, ``images``.
        """
        batches = self.validation if data is None else self.batches(data)
        if batches is None:
            raise ConfigError("evaluate: there is no validation data", "evaluate((x, labels))")
        classes = classes_of(self.model, batches)
        found = score(self.model, batches, classes)
        assert found is not None  # nothing stops it
        return {
            "loss": found.loss(),
            "error": found.error(),
            "top5_error": found.error(min(5, classes)),
            "images": found.images,
        }

    def predict(self, x: Any) -> HostArray:
        """The most probable class of each image: int64 (N,). ``x``: see `predict_proba`."""
        best: HostArray = self.predict_proba(x).argmax(axis=1)
        return best

    def predict_proba(self, x: Any) -> HostArray:
        """The probability of each class.

        Parameters
        ----------
        x : as the x of `Trainer`'s data, or a Split

        Returns
        -------
        float (N, classes), rows that sum to 1
        """
        if isinstance(x, tuple | list) or hasattr(x, "shape"):
            x = inputs_of(x)
            x = (x, np.zeros(len(x), np.int64))
        batches = self.batches(x)
        was_training = self.model.training
        self.model.eval()
        try:
            found = [
                self.backend.to_host(softmax(self.backend.widened(self.model.forward(x))))
                for x, _ in batches.epoch(0)
            ]
        finally:
            self.model.train(was_training)
        return np.concatenate(found)

    def batches(self, data: Any, training: bool = False) -> Batches:
        """Batches of arrays, a Dataset, a Split or a Loader, on the network's backend."""
        if isinstance(data, Dataset):
            data = data.train if training else data.test
        found = batches_of(data, self.backend, self.batch_size, self.seed, training)
        if found.backend is not self.backend:
            raise ConfigError(
                f"Trainer: the loader's batches are on {found.backend.name!r}, the network is on "
                f"{self.backend.name!r}",
                "backend=loader.backend",
            )
        return found
