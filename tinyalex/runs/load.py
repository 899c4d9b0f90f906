"""Loading a run's network and its data."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from tinyalex import backends, data, models
from tinyalex.backends import Backend
from tinyalex.data import Statistics
from tinyalex.errors import CheckpointError
from tinyalex.models import Model
from tinyalex.outside import html_table
from tinyalex.preprocessing import Preprocessing
from tinyalex.runs import checkpoint as checkpoints
from tinyalex.runs import config as configs
from tinyalex.runs import metrics
from tinyalex.runs.config import ResolvedConfig, read_config
from tinyalex.runs.curves import curves
from tinyalex.runs.guards import check_layers, check_mean

# All runs on a folder hold out the same images, whatever their seed: ensembles need that.
_SPLIT_SEED = 0


@dataclass
class Run:
    """A trained network with everything it needs to classify images.

    Attributes
    ----------
    folder : Path
    config : ResolvedConfig
    model : Model
        In test mode, on ``backend``.
    statistics : Statistics
        Of the training images.
    classes : list of str
    backend : Backend

    Examples
    --------
    >>> run = load_run("runs/tiny-digits-seed0", backend="numpy")
    >>> run.model.forward(np.zeros((1, *run.model.input_shape), np.float32)).shape
    (1, 10)
    """

    folder: Path
    config: ResolvedConfig
    model: Model
    statistics: Statistics
    classes: list[str]
    backend: Backend

    def _repr_html_(self) -> str:
        """The run's facts and its curves, in a notebook."""
        config, path = self.config, self.folder / metrics.FILE
        epochs = metrics.read_epochs(path) if path.is_file() else []
        rows = [
            ("model", self.model.name),
            ("data", str(config.data)),
            ("parameters", f"{self.model.count_parameters():,}"),
            ("epochs", f"{len(epochs)} of {config.epochs}"),
            ("lr", f"{config.scaled_lr:g}"),
        ]
        if epochs:
            rows.append(("test error", f"{100 * epochs[-1]['test_error']:.2f} %"))
        return html_table(str(self.folder), ("", ""), rows, texts=2) + curves(epochs)

    @property
    def preprocessing(self) -> Preprocessing:
        """What is done to an image before the network sees it."""
        return Preprocessing.of(self.config.recipe, self.statistics)


def load_run(
    run_dir: Path | str,
    backend: str = "auto",
    threads: int | None = None,
    precision: str | None = None,
) -> Run:
    """Load a run's network in test mode.

    Parameters
    ----------
    run_dir : Path
        The run's folder.
    backend, threads, precision : optional
        As in `tinyalex.backends.get`; by default float32 products on a GPU.

    Raises
    ------
    RunError
        The folder holds no run.
    CheckpointError
        The checkpoint is missing, damaged or of another model.

    Examples
    --------
    >>> run = load_run("runs/tiny-digits-seed0", backend="numpy")
    >>> run.model.training, run.classes[:3], run.model["features"][0]
    (False, ['0', '1', '2'], Conv2d(1, 16, kernel_size=5, stride=1, padding=2, groups=1))
    """
    folder = Path(run_dir)
    config = read_config(folder)
    checkpoint = checkpoints.load_checkpoint(folder, config.model)
    model = model_of(config)
    facts = config.facts
    model.load_state_dict(checkpoint.weights)
    where = backends.get(backend, threads, precision)
    model.to(where)
    model.eval()
    statistics = Statistics.from_arrays(checkpoint.statistics)
    run = Run(folder, config, model, statistics, list(facts["classes"]), where)
    if "image_shape" in facts:
        check_mean(run.preprocessing, facts["image_shape"], str(folder))
    return run


def model_of(config: ResolvedConfig) -> Model:
    """Build the model of an existing run; its weights are still zeros.

    Raises CheckpointError if config.json is not complete, or the model's layers have changed.

    Examples
    --------
    >>> model_of(read_config(Path("runs/tiny-digits-seed0"))).count_parameters()
    60106
    """
    facts = config.facts
    try:
        classes, (C, side, _) = list(facts["classes"]), facts["input_shape"]
    except (KeyError, ValueError, TypeError) as error:
        raise CheckpointError(
            f"{config.out / configs.FILE}: classes or input_shape missing", "train again"
        ) from error
    model = models.build(
        config.model,
        num_classes=len(classes),
        seed=config.seed,
        init=models.ZEROS,
        dropout=config.recipe.dropout,
        in_channels=C,
        image_size=side,
    )
    check_layers(model, facts.get("layers"), str(config.out))
    return model


def load_dataset(
    config: ResolvedConfig,
    measured: Sequence[str] | None = None,
    trained_on: Collection[str] = (),
) -> data.Dataset:
    """Load a run's data. A folder's images are converted to the recipe's size.

    They are also converted to the run's number of channels, if it is known. Labels are checked
    here, once: no training step checks them. `data.load` has ``measured`` and ``trained_on``.

    Examples
    --------
    >>> dataset = load_dataset(read_config(Path("runs/tiny-digits-seed0")))
    >>> dataset.name, len(dataset.test)
    ('digits', 360)
    """
    shape = config.facts.get("image_shape")
    dataset = data.load(
        config.data,
        root=config.data_root,
        image_size=config.recipe.image_size,
        channels=None if shape is None else shape[2],
        seed=_SPLIT_SEED,
        jpeg_decoder=config.jpeg_decoder,
        measured=measured,
        trained_on=trained_on,
        run_folder=config.out,
    )
    for split, what in ((dataset.train, "training"), (dataset.test, "test")):
        where = f"{dataset.name}, {what} images"
        data.check_labels(split.labels, len(split), len(dataset.classes), where)
    return dataset
