"""Building a run from its configuration: data, statistics, model, optimizer and schedule."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import sha256
from typing import Any

import numpy as np

from tinyalex import backends, data, models, notice
from tinyalex.backends import Backend
from tinyalex.data.read_ahead import usable_cores
from tinyalex.errors import ConfigError, RunError, ShapeError
from tinyalex.group import Alone, Group, Shards
from tinyalex.models import Model
from tinyalex.parallel import split
from tinyalex.preprocessing import Preprocessing
from tinyalex.runs import guards
from tinyalex.runs.config import ResolvedConfig, versions
from tinyalex.runs.default_model import Choice
from tinyalex.runs.load import load_dataset
from tinyalex.training import schedules
from tinyalex.training.gpus import choose_gpu, on_gpus
from tinyalex.training.init_from import start_from
from tinyalex.training.optimizer import SGD


@dataclass
class Parts:
    """Everything that a training loop needs.

    ``config`` includes facts about the data. ``plain_loader`` is the training loader without the
    colour shift, for recipes that end it before the last epochs. ``group`` are all workers,
    ``batch_group`` those that share out a batch: with towers, each worker sees all images.
    ``notes`` are warnings for the user before the first step.
    """

    config: ResolvedConfig
    backend: Backend
    model: Model
    statistics: data.Statistics
    preprocessing: Preprocessing
    loader: data.Loader
    plain_loader: data.Loader
    test_loader: data.Loader
    optimizer: SGD
    schedule: schedules.Schedule
    group: Group
    batch_group: Group
    shards: Shards
    notes: list[str] = field(default_factory=list)


def assemble(
    config: ResolvedConfig,
    statistics: data.Statistics | None = None,
    group: Group | None = None,
    backend: Backend | None = None,
) -> Parts:
    """Load the data and build everything else; a resumed run has ``statistics`` already.

    All workers of a group must call this. ``backend`` is used in place of the config's.

    Raises
    ------
    ConfigError, DataError
        The model, the recipe and the data do not fit together.
    """
    group = group or Alone()
    batch_group = Alone() if config.parallel == "towers" else group
    config = replace(config, shards=config.shards or batch_group.size)
    shards = Shards(config.shards or 1, batch_group.rank, batch_group.size)
    check_shards(config, group)
    share = group.share_of(usable_cores())
    threads = share if config.threads is None else config.threads
    choose_gpu(group, config.backend)
    if backend is None:
        backend = backends.get(config.backend, threads, config.precision, config.workspace_mb)
    group.fast_sum = config.fast_sum
    group = on_gpus(group, backend)
    if batch_group.size > 1:
        batch_group = group
    config = replace(config, workspace_mb=backend.workspace_mb)
    dataset = load_dataset(config)
    recipe = config.recipe
    model = build_model(config, dataset)
    guards.check_layers(model, config.facts.get("layers"), str(config.out))
    facts: dict[str, Any] = {}
    notes: list[str] = []
    begins = statistics is None
    if begins and config.init_from is not None:
        facts["initialised"], notes = start_from(model, config, dataset.classes)
    check_workers(group, config, dataset, model)
    layers = repr(model).splitlines()
    if group.size > 1 and config.parallel != "data":
        model = split(model, config.parallel, group)
    model.to(backend)
    model.skip_input_gradient()
    if statistics is None and dataset.statistics is not None:
        statistics = dataset.statistics.cropped(recipe.crop)
    elif statistics is None:
        computed = data.statistics(dataset.train, recipe.crop).to_arrays() if group.leads else None
        statistics = data.Statistics.from_arrays(group.broadcast_arrays(computed))
    preprocessing = Preprocessing.of(recipe, statistics)
    loader = partial(
        preprocessing.loader,
        backend=backend,
        batch_size=config.batch_size,
        seed=config.seed,
        shuffle=config.shuffle,
        workers=share if config.loader_threads is None else config.loader_threads,
        shards=shards,
    )
    test_batch = config.batch_size
    if config.parallel == "hybrid":  # a worker without images would not compute with the others
        test_batch = shards.batch_for_all(len(dataset.test), config.batch_size)
    lr = config.scaled_lr
    optimizer = SGD(
        model,
        lr,
        recipe.momentum,
        recipe.weight_decay,
        recipe.multipliers,
        recipe.steady,
        config.momentum_correction,
        config.lars,
    )
    schedule = schedules.of_run(config)
    guards.check_mean(preprocessing, dataset.image_shape, dataset.name)
    if warning := guards.class_order_warning(dataset.classes, dataset.name):
        notes.append(warning)
    if begins and config.data != "digits" and (reason := config.facts.get("model_chosen_for")):
        notice.tell(str(Choice(config.model, str(reason))))
    facts |= {
        "classes": list(dataset.classes),
        "image_shape": list(dataset.image_shape),
        "input_shape": list(model.input_shape),
        "layers": layers,
        "data_name": dataset.name,
        "data_fingerprint": dataset.fingerprint,
        "train_images": len(dataset.train),
        "test_images": len(dataset.test),
        "backend_used": backend.name,
        "versions": versions(),
    }
    if begins:
        notes += guards.repeats_notes(config.facts, facts)
    if backend.own:
        facts["replaced"] = dict(backend.own)
    return Parts(
        config=config.with_facts(**facts),
        backend=backend,
        model=model,
        statistics=statistics,
        preprocessing=preprocessing,
        loader=loader(dataset.train, training=True, colour=True),
        plain_loader=loader(dataset.train, training=True),
        test_loader=loader(dataset.test, batch_size=test_batch),
        optimizer=optimizer,
        schedule=schedule,
        group=group,
        batch_group=batch_group,
        shards=shards,
        notes=notes,
    )


def check_shards(config: ResolvedConfig, group: Group) -> None:
    """Refuse shards that a batch, or the way of working together, does not allow.

    Raises
    ------
    ConfigError
    """
    shards, batch = config.shards or 1, config.batch_size
    if shards > batch:
        raise ConfigError(
            f"shards must be at most {batch}, the images of a batch (got {shards})",
            f"shards={group.size}, or a larger --batch-size",
        )
    if config.parallel == "towers" and (group.size, shards) != (2, 1):
        raise ConfigError(
            f"parallel='towers' needs 2 workers and 1 shard (got {group.size} and {shards})",
            "--workers 2, without shards",
        )
    if config.parallel == "hybrid" and shards != group.size:
        raise ConfigError(
            f"parallel='hybrid' needs one worker per shard (got {group.size} workers, {shards} "
            "shards)",
            f"--workers {shards}",
        )


def check_workers(
    group: Group, config: ResolvedConfig, dataset: data.Dataset, model: Model
) -> None:
    """Refuse workers that would not do the same steps.

    Raises
    ------
    GroupError
        On all of them; the message says what differs.
    """
    if group.size == 1:
        return
    here = versions()
    here.pop("platform")
    group.check_same(here, "the same environment for all workers")
    group.check_same(config.same_for_all(), "the same options for all workers")
    group.check_same({"data": dataset.fingerprint}, "the same data for all workers")
    weights = model.state_dict()
    digest = sha256()
    for name in sorted(weights):
        digest.update(np.ascontiguousarray(weights[name]).data)
    group.check_same({"initial weights": digest.hexdigest()}, "the same seed and --init-from")


def build_model(config: ResolvedConfig, dataset: data.Dataset) -> Model:
    """Build the run's model for the classes, channels and (cropped) size of the images."""
    recipe = config.recipe
    H, W, C = dataset.image_shape
    side = min(H, W) if recipe.crop is None else recipe.crop
    if recipe.crop is not None and recipe.crop > min(H, W):
        raise ConfigError(
            f"recipe {recipe.name} crops {recipe.crop}x{recipe.crop} pixels, the images of "
            f"{dataset.name} have {H}x{W}",
            "a recipe for smaller images; see `tinyalex recipe`",
        )
    if recipe.crop is None and H != W:
        raise ConfigError(f"{dataset.name}: images must be square (got {H}x{W})")
    try:
        return models.build(
            config.model,
            num_classes=len(dataset.classes),
            seed=config.seed,
            # Layer numbers differ between models: a recipe's rules are for its own model.
            init=recipe.init if recipe.model == config.model and recipe.init else None,
            dropout=recipe.dropout,
            in_channels=C,
            image_size=side,
        )
    except ShapeError as error:
        raise ConfigError(
            f"{config.model} cannot work on {side}x{side} images of {dataset.name}: "
            f"{error.message}",
            "a smaller model, such as --model tiny",
        ) from error


def too_large(parts: Parts, error: MemoryError) -> RunError:
    """The error if the memory, of the host or of a GPU, is too small for a run's batches."""
    batch, on_gpu = parts.config.batch_size, parts.backend.name == "cuda"
    where = "the GPU's memory is" if on_gpu else "the memory is"
    what = f" ({str(error).splitlines()[0]})" if str(error) else ""
    smaller = f"a new run with --batch-size {batch // 2}" if batch > 1 else "a smaller model"
    less = (parts.backend.workspace_mb or 0) // 4
    return RunError(
        f"{where} too small for {parts.config.model} with batches of {batch}{what}",
        smaller + (f", or with --workspace-mb {less}" if less else ""),
    )
