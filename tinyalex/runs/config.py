"""The settings of a run, and config.json, which holds all of them."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np

import tinyalex
from tinyalex import models, recipes
from tinyalex.errors import ConfigError
from tinyalex.recipes import Recipe
from tinyalex.runs import fields as fields_of_runs
from tinyalex.runs import folder as folders
from tinyalex.runs.changes import changed
from tinyalex.runs.default_model import Choice, default_model
from tinyalex.runs.from_file import read_settings
from tinyalex.runs.no_run import no_run
from tinyalex.runs.places import data_place, remembered_place
from tinyalex.settings import (
    ABOUT,
    OLDER_RUNS,
    SETTINGS,
    Settings,
    described,
    with_names_of_today,
)
from tinyalex.typed import Kind, read_json

FILE = folders.CONFIG


@dataclass(frozen=True)
class RunConfig(Settings):
    """All settings of a run. `resolved` replaces None by the model's or the recipe's value."""

    set: Mapping[str, Any] = field(default_factory=dict, kw_only=True)
    overwrite: bool = field(default=False, kw_only=True)
    repeats: Mapping[str, Any] = field(default_factory=dict, kw_only=True, repr=False)
    has_own_name: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not isinstance(self.model, str | None):
            raise ConfigError(
                f"RunConfig: model must be a network's name (got a {type(self.model).__name__})",
                "training.Trainer(net, data) trains a network of your own",
            )
        object.__setattr__(self, "has_own_name", self.out is not None)
        # Set here if no data must be read for it, so that scripts know the folder before training.
        if self.out is None and (self.model is not None or self.data == "digits"):
            object.__setattr__(self, "out", self._folder())

    @classmethod
    def from_file(cls, path: Path | str, **changes: Any) -> RunConfig:
        """The settings of another run, from its config.json or an edited copy of it.

        Parameters
        ----------
        path : Path
            The file, or a run's folder. Keys may be missing. The old run's folder, command line
            and facts about the data are left out.
        **changes
            Settings that take the place of the file's.

        Raises
        ------
        ConfigError
            There is no such file; it is too large, or not JSON; or it has an unknown key or a
            value that is not allowed.
        """
        settings = read_settings(Path(path))
        if changes.get("backend", "auto") not in ("auto", "cuda"):
            settings.pop("workspace_mb", None)  # only a GPU has one
        return cls(**{**settings, **changes})

    def default_folder(self) -> Path:
        """The folder's name before it is numbered: ``runs/MODEL-DATA-seedN``."""
        data = Path(data_place(str(self.data))).name or "data"
        return Path("runs") / f"{self._choice.model}-{data}-seed{self.seed}"

    def _folder(self) -> Path:
        folder = self.default_folder()
        return folder if self.overwrite else next(folders.free(folder))

    @cached_property
    def _choice(self) -> Choice:
        """The model, and the reason if the data decided."""
        if self.model is not None:
            return Choice(self.model, "")
        if self.recipe is not None:
            recipe = recipes.get(self.recipe) if isinstance(self.recipe, str) else self.recipe
            return Choice(recipe.model, "")
        if self.init_from is not None:
            return Choice(read_config(Path(self.init_from)).model, "")
        return default_model(str(self.data), None if self.out is None else Path(self.out))

    def resolved(self) -> ResolvedConfig:
        """Fill in what is None and check the rest.

        Raises
        ------
        ConfigError
            A value is not allowed.
        DataError, RunError
            No model is named, and the data or the run that would decide cannot be read.
        """
        model, reason = self._choice
        spec = models.spec(model)
        recipe = spec.recipe if self.recipe is None else self.recipe
        recipe = recipes.get(recipe) if isinstance(recipe, str) else recipe
        recipe = changed(recipe, self.set)
        asked = {name: getattr(self, name) for name in SETTINGS}
        for name in ("epochs", "batch_size", "lr", "warmup", "lars"):
            if asked[name] is None:
                asked[name] = getattr(recipe, name)
        asked |= {"data": data_place(str(self.data)), "model": model, "recipe": recipe}
        asked["out"] = self._folder() if self.out is None else Path(self.out)
        if self.data_root is not None:
            asked["data_root"] = Path(self.data_root).absolute()
        if self.init_from is not None:
            asked["init_from"] = Path(self.init_from)
        facts = {"model_chosen_for": reason, "repeats": dict(self.repeats)}
        return ResolvedConfig(**asked, facts={name: fact for name, fact in facts.items() if fact})


RunConfig.__doc__ = f"""{RunConfig.__doc__}

Attributes
----------
{described()}
set : Mapping[str, Any]
    Other numbers of the recipe, such as ``{{"weight_decay": 1e-4, "schedule.factor": 0.5}}``.
overwrite : bool
    Whether a run that is in the folder already is replaced.
repeats : Mapping[str, Any]
    What is known of the run that this one repeats; see `RunConfig.from_file`.
has_own_name : bool
    Whether ``out`` was given. If not, it is the first folder that no run has, at the latest once
    `tinyalex.training.train` has begun.

Examples
--------
>>> RunConfig(data="cifar10", model="cifar-80sec", seed=1).out.as_posix()
'runs/cifar-80sec-cifar10-seed1'
>>> RunConfig(epochs=5).resolved().batch_size  # the rest is the recipe's
32
"""


@dataclass(frozen=True, kw_only=True)
class ResolvedConfig(Settings):
    """A `RunConfig` without None for what the model or the recipe decides.

    Examples
    --------
    >>> resolved = RunConfig(model="alexnet", batch_size=256, lr_scaling="linear").resolved()
    >>> resolved.epochs, resolved.lr, resolved.scaled_lr  # the paper's 0.01 is for 128 images
    (90, 0.01, 0.02)
    """

    model: str
    recipe: Recipe
    epochs: int
    batch_size: int
    lr: float
    warmup: float
    lars: float
    out: Path
    facts: Mapping[str, Any] = field(default_factory=dict)  # classes, fingerprint, versions

    def __post_init__(self) -> None:
        self.check()
        if self.new_last_layer and self.init_from is None:
            raise ConfigError(
                "--new-last-layer is for a run that begins with another run's weights",
                "--init-from RUN as well",
            )

    @property
    def scaled_lr(self) -> float:
        """The learning rate for the run's batch size; ``lr`` is for the recipe's."""
        k = self.batch_size / self.recipe.batch_size
        return self.lr * {"none": 1.0, "linear": k, "sqrt": math.sqrt(k)}[self.lr_scaling]

    def with_facts(self, **facts: Any) -> ResolvedConfig:
        """The same run with more facts, which only the data could tell."""
        return replace(self, facts={**self.facts, **facts})

    def to_dict(self) -> dict[str, Any]:
        """Settings and facts as plain values, for config.json."""
        plain = {name: getattr(self, name) for name in SETTINGS}
        plain = {n: str(value) if isinstance(value, Path) else value for n, value in plain.items()}
        return {**plain, "recipe": self.recipe.to_dict(), **self.facts}

    def same_for_all(self) -> dict[str, Any]:
        """The settings in which the workers of one run may not differ, as plain values."""
        plain = self.to_dict()
        return {name: plain[name] for name, about in ABOUT.items() if not about.own}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any], out: Path) -> ResolvedConfig:
        """Read what `to_dict` gave; ``out`` is where the folder is now, as it may have moved."""
        plain = {**OLDER_RUNS, **with_names_of_today(plain)}
        values = {name: plain[name] for name in SETTINGS}
        values["recipe"] = Recipe.from_dict(plain["recipe"])
        values["out"] = out
        values["data"] = remembered_place(str(plain["data"]), str(plain["out"]), out)
        for name in ("data_root", "init_from"):
            values[name] = None if plain[name] is None else Path(plain[name])
        return cls(**values, facts={k: v for k, v in plain.items() if k not in SETTINGS})


def read_config(folder: Path) -> ResolvedConfig:
    """Read a run's config.json.

    Raises
    ------
    RunError
        The folder holds no run, the file cannot be read, or a field has an impossible value.

    Examples
    --------
    >>> read_config(Path("runs/tiny-digits-seed0")).model
    'tiny'
    """
    path = Path(folder) / FILE
    if os.path.isfile(folder):
        raise no_run(Path(folder))
    try:
        plain = read_json(path, _kind())
    except FileNotFoundError:
        raise no_run(Path(folder)) from None
    try:
        return ResolvedConfig.from_dict(plain, Path(folder))
    except ConfigError as error:
        raise ConfigError(f"{path}: {error.message}", error.hint) from error


@cache
def _kind() -> Kind:
    return fields_of_runs.config(get_type_hints(ResolvedConfig))


def versions() -> dict[str, str]:
    """Versions on which a result depends."""
    return {
        "tinyalex": tinyalex.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "platform": platform.platform(),
    }
