"""Noticing that a network does not learn: its loss stays at ln(classes)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from tinyalex import recipes
from tinyalex.recipes import Recipe

# The upper limit is for long epochs, whose end would be a late warning.
_FEWEST_STEPS, _MOST_STEPS = 200, 2000


class StallWatch:
    """Warns once if a network gives every class the same probability over a whole window.

    The loss is then ln(classes), and accuracy is at chance. It happens to AlexNet with some seeds
    (hence the smaller biases of Caffe's recipe). A loss that passes ln(classes) on its way down,
    or an accuracy above chance, is no stall.

    Parameters
    ----------
    num_classes : int
    steps_per_epoch : int
        The window is an epoch, but at least 200 and at most 2000 steps.
    advice : str
        What to try.
    """

    def __init__(
        self, num_classes: int, steps_per_epoch: int, advice: str = "another --seed"
    ) -> None:
        self.num_classes = num_classes
        self.advice = advice
        self.window = min(max(_FEWEST_STEPS, steps_per_epoch), _MOST_STEPS)
        self.warned = self.waited = False
        self._begin_window()

    def _begin_window(self) -> None:
        self.steps, self.loss, self.right, self.farthest = 0, 0.0, 0.0, 0.0

    def add(self, loss: float, steps: int, error: float = 1.0) -> str | None:
        """Count steps with this mean loss and error; returns the warning, once."""
        level = math.log(self.num_classes)
        self.steps += steps
        self.loss += loss * steps
        self.right += (1 - error) * steps
        self.farthest = max(self.farthest, abs(loss - level))
        if self.steps < self.window:
            return None
        mean, accuracy = self.loss / self.steps, self.right / self.steps
        stays = abs(mean - level) <= 0.01 * level and self.farthest <= 0.02 * level
        at_chance = accuracy <= 1.2 / self.num_classes
        self._begin_window()
        if self.warned or not (stays and at_chance):
            return None
        self.warned = True
        return (
            f"the loss has stayed at {mean:.3f}, which is ln({self.num_classes}): the network "
            f"gives every class the same probability and does not learn so far. Try {self.advice}"
        )

    def wait(self) -> bool:
        """Postpone the warning by one window; False if that was done before."""
        if self.waited:
            return False
        self.waited, self.warned = True, False
        return True

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint must keep."""
        names = ("steps", "loss", "right", "farthest", "warned", "waited")
        return {name: getattr(self, name) for name in names}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from `state_dict`, also of an older version."""
        self.steps, self.loss = int(state["steps"]), float(state["loss"])
        self.right = float(state.get("right", 0.0))
        self.farthest = float(state.get("farthest", 0.0))
        self.warned, self.waited = bool(state["warned"]), bool(state.get("waited", False))


def advice(recipe: Recipe, lr: float) -> str:
    """What to try against a stall; only recipes whose crops fit the run's images."""
    caffe = recipes.get("caffe")
    words = f"another --seed, or a larger or smaller --lr than {lr:g}"
    if recipe.name != caffe.name and recipe.crop == caffe.crop:
        words += f"; or --recipe {caffe.name}, whose smaller biases avoid it"
    return words
