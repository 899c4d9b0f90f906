"""A network from a file of weights, and how it becomes a run, in memory or in a folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tinyalex import backends, models
from tinyalex.data import Statistics
from tinyalex.errors import RunError
from tinyalex.files import sha256, write_json
from tinyalex.lock import locked
from tinyalex.models import Model
from tinyalex.recipes import Recipe
from tinyalex.runs import checkpoint as checkpoints
from tinyalex.runs import config as configs
from tinyalex.runs.config import ResolvedConfig, RunConfig
from tinyalex.runs.load import Run
from tinyalex.weights.tensors import HostArray


@dataclass(frozen=True)
class Imported:
    """A network from a file, with all that it needs to classify images.

    Attributes
    ----------
    path : Path
        The file of weights.
    model : str
        The model's name.
    weights : dict of str to float32 array
    recipe : Recipe
        The published network's recipe, with its preprocessing and its dropout.
    statistics : Statistics
        The mean that the network subtracts.
    classes : list of str
        Labels, in the order of the outputs.
    class_names : list of str, optional
        Readable names, if they differ from the labels.
    data : str
        The data set that it was trained on, or "unknown".

    Examples
    --------
    >>> import tempfile
    >>> from tinyalex import training, weights
    >>> run = training.load_run("runs/tiny-digits-seed0", backend="numpy")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file, *_ = weights.export(run, f"{folder}/tiny.safetensors")
    ...     imported = weights.read(file)
    >>> imported.weights["features.0.weight"].shape, imported.statistics.mean_image.shape
    ((16, 1, 5, 5), (1, 14, 14))
    """

    path: Path
    model: str
    weights: Mapping[str, HostArray]
    recipe: Recipe
    statistics: Statistics
    classes: list[str]
    class_names: list[str] | None
    data: str

    def config(self, model: Model, out: Path, command: str = "") -> ResolvedConfig:
        """The configuration of a run with these weights, for its config.json."""
        recipe, C = self.recipe, len(self.statistics.channel_means)
        asked = RunConfig(data=self.data, model=self.model, recipe=recipe, out=out, command=command)
        return asked.resolved().with_facts(
            classes=self.classes,
            class_names=self.class_names,
            image_shape=[recipe.image_size, recipe.image_size, C],
            input_shape=list(self.statistics.mean_image.shape),
            layers=repr(model).splitlines(),
            data_name=self.data,
            imported={"file": self.path.name, "sha256": sha256(self.path)},
            versions=configs.versions(),
        )

    def run(self, backend: str = "auto", threads: int | None = None) -> Run:
        """The network in test mode on a backend, as from `load_run`; nothing is written."""
        model = self._build()
        model.load_state_dict(dict(self.weights))
        where = backends.get(backend, threads)
        model.to(where)
        model.eval()
        config = self.config(model, self.path.parent)
        return Run(self.path, config, model, self.statistics, self.classes, where)

    def _build(self) -> Model:
        C, side, _ = self.statistics.mean_image.shape
        return models.build(
            self.model,
            num_classes=len(self.classes),
            init=models.ZEROS,
            dropout=self.recipe.dropout,
            in_channels=C,
            image_size=side,
        )

    def write(self, out: Path, command: str = "") -> None:
        """Write a run's folder, which `load_run` reads.

        Raises
        ------
        RunError
            The folder holds a run already, another process is using it, or it cannot be written.
        """
        with locked(out, "weights import"):
            if (out / configs.FILE).exists() or (out / checkpoints.FILE).exists():
                raise RunError(f"{out}: holds a run already", "another folder with --out")
            self._write(out, command)

    def _write(self, out: Path, command: str) -> None:
        config = self.config(self._build(), out, command)
        state = {"imported": dict(config.facts["imported"])}
        checkpoints.save_checkpoint(
            out,
            checkpoints.Checkpoint(
                self.model, dict(self.weights), {}, self.statistics.to_arrays(), state
            ),
        )
        write_json(out / configs.FILE, config.to_dict())
