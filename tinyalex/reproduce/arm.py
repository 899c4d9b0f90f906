"""The items that experiments train: an arm, a seed and a number of epochs."""

from __future__ import annotations

import hashlib
import json
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from tinyalex.errors import RunError
from tinyalex.recipes import Recipe

# Recipe fields that older runs do not have: their folders keep their names.
LATER = ("warmup", "lars", "label_smoothing")


@dataclass(frozen=True)
class Arm:
    """A model and a recipe that an experiment compares with others.

    Attributes
    ----------
    name : str
        Name in tables and pictures.
    model : str
    recipe : Recipe
        With the changes of this arm.
    data : str
        A data set's name or folder.
    growing : bool
        Its runs are resumed with more and more epochs, at a constant learning rate.
    may_diverge : bool
        Whether a run may end because its loss is no longer finite; otherwise that is an error.
    settings : mapping
        Settings of its runs that are not in the recipe; see `tinyalex.training.RunConfig`.
    """

    name: str
    model: str
    recipe: Recipe
    data: str
    growing: bool = False
    may_diverge: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)

    def identity(self, epochs: int | None = None) -> str:
        """Name of its runs' folders; arms with the same training share them."""
        plain = self.recipe.to_dict()
        decides = {k: v for k, v in plain.items() if k not in ("name", "sources", "epochs")}
        decides = {k: v for k, v in decides.items() if v or k not in LATER}
        if not self.growing:  # with more epochs the learning rate would drop later
            decides["epochs"] = self.length(epochs)
        decides |= {"model": self.model, "data": Path(self.data).name}
        if self.settings:
            decides["settings"] = dict(self.settings)
        text = json.dumps(decides, sort_keys=True)
        return f"{self.model}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"

    def length(self, epochs: int | None = None) -> int:
        """Number of epochs: ``epochs`` if given, else the recipe's."""
        return epochs or self.recipe.epochs

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        plain = {each.name: getattr(self, each.name) for each in fields(self)}
        return plain | {"recipe": self.recipe.to_dict(), "settings": dict(self.settings)}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Arm:
        """The arm of `to_dict`."""
        return cls(**{**plain, "recipe": Recipe.from_dict(plain["recipe"])})

    def with_recipe(self, name: str, **changes: Any) -> Arm:
        """The same arm with changes in its recipe."""
        return replace(self, name=name, recipe=replace(self.recipe, **changes))


class Interrupted(RunError):
    """A signal stopped a run, which is saved. The exit code is the one that shells expect."""

    def __init__(self, message: str, hint: str = "", number: int = signal.SIGINT) -> None:
        super().__init__(message, hint)
        self.exit_code = 128 + number


Item = tuple[Arm, int, int | None]  # arm, seed, epochs
