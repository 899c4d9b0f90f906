"""Loading a run, to use its network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tinyalex import backends, models
from tinyalex.backends import Backend
from tinyalex.data import Statistics
from tinyalex.errors import CheckpointError
from tinyalex.models import Model
from tinyalex.training import checkpoint as checkpoints
from tinyalex.training import config as configs
from tinyalex.training.config import ResolvedConfig, read_config
from tinyalex.training.guards import check_layers, check_mean


@dataclass
class Run:
    """A trained network with all that it needs to look at images.

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
    """

    folder: Path
    config: ResolvedConfig
    model: Model
    statistics: Statistics
    classes: list[str]
    backend: Backend


def load_run(
    run_dir: Path | str,
    backend: str = "auto",
    threads: int | None = None,
    precision: str | None = None,
) -> Run:
    """Load a run's network in test mode; products are float32 unless ``precision`` says tf32.

    Raises
    ------
    RunError
        The folder holds no run.
    CheckpointError
        The checkpoint is missing, damaged or of another model.
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
    if "image_shape" in facts:
        check_mean(statistics, config.recipe, facts["image_shape"], str(folder))
    return Run(folder, config, model, statistics, list(facts["classes"]), where)


def model_of(config: ResolvedConfig) -> Model:
    """The model of a run that exists, before its weights are loaded.

    Raises
    ------
    CheckpointError
        config.json does not say enough, or its layers are not those of the model now.
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
