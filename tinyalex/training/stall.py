"""Noticing that a network does not learn: its loss stays at ln(classes)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

# A long epoch need not end before somebody hears of it.
_FEWEST_STEPS, _MOST_STEPS = 200, 2000


class StallWatch:
    """Warns once when the mean loss over a window is within 1 % of ln(classes).

    That is the loss of a network that gives every class the same probability. It happened to a
    share of AlexNet trainings from some seeds (Caffe's recipe has smaller biases for it).

    Parameters
    ----------
    num_classes : int
    steps_per_epoch : int
        The window is an epoch, but at least 200 and at most 2000 steps.
    """

    def __init__(self, num_classes: int, steps_per_epoch: int) -> None:
        self.num_classes = num_classes
        self.window = min(max(_FEWEST_STEPS, steps_per_epoch), _MOST_STEPS)
        self.steps = 0
        self.loss = 0.0
        self.warned = False

    def add(self, loss: float, steps: int) -> str | None:
        """Count ``steps`` steps of mean ``loss``; returns the warning, once."""
        self.steps += steps
        self.loss += loss * steps
        if self.steps < self.window:
            return None
        mean, level = self.loss / self.steps, math.log(self.num_classes)
        self.steps, self.loss = 0, 0.0
        if self.warned or abs(mean - level) > 0.01 * level:
            return None
        self.warned = True
        return (
            f"the loss has stayed at {mean:.3f}, which is ln({self.num_classes}): the network "
            "gives every class the same probability and does not learn. Try another --seed, "
            "a larger or smaller --lr, or --recipe caffe, whose smaller biases avoid it"
        )

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint must keep."""
        return {"steps": self.steps, "loss": self.loss, "warned": self.warned}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from `state_dict`."""
        self.steps, self.loss = int(state["steps"]), float(state["loss"])
        self.warned = bool(state["warned"])
