"""What a run is asked to do, and config.json, which holds all of it."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np

import tinyalex
from tinyalex import models, recipes
from tinyalex.errors import ConfigError
from tinyalex.recipes import Recipe
from tinyalex.runs import fields as fields_of_runs
from tinyalex.runs.default_model import Choice, default_model
from tinyalex.runs.no_run import no_run
from tinyalex.runs.places import data_place, remembered_place
from tinyalex.typed import Kind, read_json, record

FILE = "config.json"

# What the config.json of runs of older versions lacks.
_OLDER_RUNS = {
    "precision": "float32",
    "workspace_mb": None,
    "shuffle": "full",
    "workers": None,
    "jpeg_decoder": "pillow",
    "init_from": None,
    "new_last_layer": False,
    "ten_crops": True,
}


@dataclass(frozen=True)
class RunConfig:
    """A run, completely. What is None takes the model's or the recipe's value (`resolved`).

    Attributes
    ----------
    data : str
        ``"digits"``, ``"moved-digits"``, ``"cifar10"``, a part of these (``"cifar10@10000"``,
        ``"cifar10@held-out"``) or a folder of images.
    model : str, optional
        A name of `models.names`. If None, the recipe's; without a recipe, that of the run in
        ``init_from``, else what suits the data (`default_model`).
    recipe : Recipe or str, optional
        The model's own recipe if None.
    backend : str
        ``"auto"`` or a backend's name.
    threads : int, optional
        One a core if None.
    precision : str
        Of matrix products: ``"float32"``, or on a GPU ``"tf32"``.
    workspace_mb : int, optional
        GPU memory for the columns of a convolution, in MiB; the backend's own if None.
    epochs, batch_size, lr : optional
        Other than the recipe's. The steps of the rate move with the number of epochs.
    shuffle : str
        Of packed data: ``"full"``, any order of all images, or ``"shard"``, the files in any
        order and the images of a few files at a time.
    workers : int, optional
        Threads that read and decode images; one a core if None. Changes no result.
    jpeg_decoder : str
        Of packed JPEG: ``"turbo"``, ``"pillow"``, or on a GPU ``"nvimgcodec"``.
    seed : int
        Decides the first weights, the order of the images, the crops and the dropout masks.
    out : Path, optional
        The run's folder; ``runs/MODEL-DATA-seedSEED`` if None, with the last part of a path.
    data_root : Path, optional
        Where data sets are kept.
    log_every : int
        Steps between two lines of metrics.jsonl.
    checkpoint_every : float
        Seconds between checkpoints; there is also one after every epoch.
    command : str
        The command line, for the record.
    init_from : Path, optional
        Folder of a run whose weights to begin with; see `tinyalex.training.init_from`.
    new_last_layer : bool
        Begin with a new last layer even if that run has as many classes.
    ten_crops : bool
        Measure the test error by ten crops at the end, if the recipe crops and mirrors.
    """

    data: str = "digits"
    model: str | None = None
    recipe: Recipe | str | None = None
    backend: str = "auto"
    threads: int | None = None
    precision: str = "float32"
    workspace_mb: int | None = None
    epochs: int | None = None
    batch_size: int | None = None
    lr: float | None = None
    seed: int = 0
    shuffle: str = "full"
    workers: int | None = None
    jpeg_decoder: str = "turbo"
    out: Path | None = None
    data_root: Path | None = None
    log_every: int = 50
    checkpoint_every: float = 300.0
    command: str = ""
    init_from: Path | None = None
    new_last_layer: bool = False
    ten_crops: bool = True

    def __post_init__(self) -> None:
        # Known from the beginning wherever no data need to be read, so that scripts may ask.
        if self.out is None and (self.model is not None or self.data == "digits"):
            object.__setattr__(self, "out", self._folder())

    def _folder(self) -> Path:
        """Where the run goes if nothing else is said."""
        data = Path(data_place(str(self.data))).name or "data"
        return Path("runs") / f"{self._choice.model}-{data}-seed{self.seed}"

    @cached_property
    def _choice(self) -> Choice:
        """The model, and why it was chosen where the data decided."""
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
            A name or a number is not allowed; the message says which.
        DataError, RunError
            No model is named, and the data or the run that decide which one cannot be read.
        """
        model, reason = self._choice
        spec = models.spec(model)
        recipe = spec.recipe if self.recipe is None else self.recipe
        recipe = recipes.get(recipe) if isinstance(recipe, str) else recipe
        return ResolvedConfig(
            data=data_place(str(self.data)),
            model=model,
            recipe=recipe,
            backend=self.backend,
            threads=self.threads,
            precision=self.precision,
            workspace_mb=self.workspace_mb,
            epochs=recipe.epochs if self.epochs is None else self.epochs,
            batch_size=recipe.batch_size if self.batch_size is None else self.batch_size,
            lr=recipe.lr if self.lr is None else self.lr,
            seed=self.seed,
            shuffle=self.shuffle,
            workers=self.workers,
            jpeg_decoder=self.jpeg_decoder,
            out=self._folder() if self.out is None else Path(self.out),
            data_root=None if self.data_root is None else Path(self.data_root).absolute(),
            log_every=self.log_every,
            checkpoint_every=self.checkpoint_every,
            command=self.command,
            init_from=None if self.init_from is None else Path(self.init_from),
            new_last_layer=self.new_last_layer,
            ten_crops=self.ten_crops,
            facts={"model_chosen_for": reason} if reason else {},
        )


@dataclass(frozen=True)
class ResolvedConfig:
    """A `RunConfig` in which nothing is left open."""

    data: str
    model: str
    recipe: Recipe
    backend: str
    threads: int | None
    epochs: int
    batch_size: int
    lr: float
    seed: int
    out: Path
    data_root: Path | None
    log_every: int
    checkpoint_every: float
    command: str
    precision: str = "float32"
    workspace_mb: int | None = None
    shuffle: str = "full"
    workers: int | None = None
    jpeg_decoder: str = "turbo"
    init_from: Path | None = None
    new_last_layer: bool = False
    ten_crops: bool = True
    facts: Mapping[str, Any] = field(default_factory=dict)  # classes, fingerprint, versions

    def __post_init__(self) -> None:
        for name, least in (("epochs", 1), ("batch_size", 1), ("log_every", 1), ("seed", 0)):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                raise ConfigError(
                    f"--{name.replace('_', '-')} must be a whole number of at least {least} "
                    f"(got {value!r})",
                    f"--{name.replace('_', '-')} {max(least, 1)}, or leave it out",
                )
        if not (isinstance(self.lr, int | float) and math.isfinite(self.lr) and self.lr > 0):
            raise ConfigError(f"--lr must be a number above 0 (got {self.lr!r})", "--lr 0.01")
        if not 0 <= self.checkpoint_every < math.inf:
            raise ConfigError(
                f"--checkpoint-every must be at least 0 seconds (got {self.checkpoint_every!r})",
                "--checkpoint-every 300",
            )
        for name in ("threads", "workers"):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, int) or value < 1):
                raise ConfigError(f"--{name} must be at least 1 (got {value!r})", f"--{name} 1")
        if self.new_last_layer and self.init_from is None:
            raise ConfigError(
                "--new-last-layer is for a run that begins with other weights",
                "--init-from RUN as well",
            )

    def with_facts(self, **facts: Any) -> ResolvedConfig:
        """The same run with what only the data could tell."""
        return replace(self, facts={**self.facts, **facts})

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain values."""
        plain = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "facts"}
        plain["recipe"] = self.recipe.to_dict()
        plain["out"] = str(self.out)
        for name in ("data_root", "init_from"):
            plain[name] = None if plain[name] is None else str(plain[name])
        return {**plain, **self.facts}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any], out: Path) -> ResolvedConfig:
        """Read what `to_dict` gave; the folder may have moved, so ``out`` is where it is now."""
        names = {f.name for f in fields(cls)} - {"facts"}
        plain = {**_OLDER_RUNS, **plain}
        if missing := sorted(names - plain.keys()):
            raise ConfigError(f"{out / FILE}: {', '.join(missing)} missing")
        values = {name: plain[name] for name in names}
        values["recipe"] = Recipe.from_dict(plain["recipe"])
        values["out"] = out
        values["data"] = remembered_place(str(plain["data"]), str(plain["out"]), out)
        for name in ("data_root", "init_from"):
            values[name] = None if plain[name] is None else Path(plain[name])
        return cls(**values, facts={k: v for k, v in plain.items() if k not in names})


def read_config(folder: Path) -> ResolvedConfig:
    """Read a run's config.json.

    Raises
    ------
    RunError
        The folder holds no run; the file cannot be read, or a field cannot be what it says.
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
    return fields_of_runs.config(record(ResolvedConfig, **fields_of_runs.OPTIONS))


def versions() -> dict[str, str]:
    """Versions that a result depends on."""
    return {
        "tinyalex": tinyalex.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "platform": platform.platform(),
    }
