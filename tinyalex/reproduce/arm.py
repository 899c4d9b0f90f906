"""What experiments train: an arm, a seed, a number of epochs; and how a signal ends it."""

from __future__ import annotations

import hashlib
import json
import signal
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tinyalex.errors import RunError
from tinyalex.recipes import Recipe


@dataclass(frozen=True)
class Arm:
    """One way of training that an experiment compares with others.

    Attributes
    ----------
    name : str
        As tables and pictures name it.
    model : str
    recipe : Recipe
        With what is changed for this arm.
    data : str
        A data set's name or folder.
    growing : bool
        Its runs go on from one number of epochs to the next, at a constant rate.
    may_diverge : bool
        A run of it whose loss is no longer a number ends there; otherwise that is an error.
    """

    name: str
    model: str
    recipe: Recipe
    data: str
    growing: bool = False
    may_diverge: bool = False

    def identity(self, epochs: int | None = None) -> str:
        """Name of its runs' folders: arms that train alike share them."""
        plain = self.recipe.to_dict()
        decides = {k: v for k, v in plain.items() if k not in ("name", "sources", "epochs")}
        if not self.growing:  # with more epochs the rate would fall later
            decides["epochs"] = self.length(epochs)
        decides |= {"model": self.model, "data": Path(self.data).name}
        text = json.dumps(decides, sort_keys=True)
        return f"{self.model}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"

    def length(self, epochs: int | None = None) -> int:
        """How many epochs: ``epochs`` if given, else the recipe's."""
        return epochs or self.recipe.epochs

    def with_recipe(self, name: str, **changes: Any) -> Arm:
        """The same with other numbers in its recipe."""
        return replace(self, name=name, recipe=replace(self.recipe, **changes))


class Interrupted(RunError):
    """A signal stopped a run; everything up to there is kept. Commands end as shells expect."""

    def __init__(self, message: str, hint: str = "", number: int = signal.SIGINT) -> None:
        super().__init__(message, hint)
        self.exit_code = 128 + number


Item = tuple[Arm, int, int | None]  # arm, seed, epochs
