"""Starting from the weights of another run, for example for fine-tuning."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tinyalex.errors import CheckpointError, RunError
from tinyalex.models import Model
from tinyalex.recipes import Recipe
from tinyalex.runs.checkpoint import HostArray, load_checkpoint
from tinyalex.runs.config import ResolvedConfig, read_config

_LISTED = 3  # parameters named in an error
_SAME = 0.02  # relative difference of scale, as between two data sets' standard deviations


def start_from(
    model: Model, config: ResolvedConfig, classes: Sequence[str]
) -> tuple[dict[str, Any], list[str]]:
    """Load the weights of the run ``config.init_from`` into a new model.

    The last layer is loaded only if the run has as many classes and ``config.new_last_layer`` is
    False; its rows are reordered if the classes are the same in another order. Momentum, dropout
    counters and the mean image are not loaded.

    Parameters
    ----------
    model : Model
        With its own initial weights, which a new last layer keeps.
    config : ResolvedConfig
    classes : sequence of str
        Of the data on which the model will be trained.

    Returns
    -------
    facts : dict
        For config.json: the run, its model and epoch, the SHA-256 of its weights, and the last
        layer (``"new"``, ``"kept"`` or ``"kept, classes put in order"``).
    notes : list of str
        What differs between the two runs: dropout convention, preprocessing, classes, model.

    Raises
    ------
    RunError
        The folder holds no run, or its weights have changed since this run began.
    CheckpointError
        The weights are damaged, or do not fit the model.
    """
    assert config.init_from is not None
    folder = Path(config.init_from)
    source = read_config(folder)
    checkpoint = load_checkpoint(folder, source.model)
    digest = weights_sha256(checkpoint.weights)
    before = config.facts.get("initialised")
    if before is not None and before["weights_sha256"] != digest:
        raise RunError(
            f"--init-from {folder}: its weights are not those that the run began with",
            f"the weights with SHA-256 {before['weights_sha256'][:16]}..., or a new run",
        )
    own = model.state_dict()
    last = last_layer(model)
    theirs = [str(name) for name in source.facts.get("classes", ())]
    new = config.new_last_layer or len(theirs) != len(classes)

    def kept(weights: Mapping[str, HostArray]) -> dict[str, HostArray]:
        return {n: w for n, w in weights.items() if not (new and n.startswith(f"{last}."))}

    taken = kept(checkpoint.weights)
    _refuse_misfits(folder, source.model, model.name, kept(own), taken)
    notes = _notes(source, config, folder)
    what = "new" if new else "kept"
    if not new and theirs != list(classes):
        if sorted(theirs) == sorted(classes):
            order = [theirs.index(name) for name in classes]
            taken |= {n: a[order] for n, a in taken.items() if n.startswith(f"{last}.")}
            what = "kept, classes put in order"
        else:
            i = next(i for i, (a, b) in enumerate(zip(theirs, classes, strict=True)) if a != b)
            notes.append(
                f"--init-from {folder}: as many classes, but other names (class {i} is "
                f"{theirs[i]!r} there, {classes[i]!r} here); its last layer is kept. "
                "--new-last-layer starts with a new one"
            )
    model.load_state_dict({**own, **taken})
    facts = {
        "run": str(folder),
        "model": source.model,
        "epoch": checkpoint.state.get("epoch"),
        "weights_sha256": digest,
        "last_layer": what,
    }
    return facts, notes


def last_layer(model: Model) -> str:
    """Name of the last layer that has parameters: ``classifier.6``."""
    return list(model.named_parameters())[-1][0].rpartition(".")[0]


def weights_sha256(weights: Mapping[str, HostArray]) -> str:
    """SHA-256 of named arrays, whatever the order of the names."""
    digest = hashlib.sha256()
    for name in sorted(weights):
        array = np.ascontiguousarray(weights[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.data)
    return digest.hexdigest()


def _refuse_misfits(
    folder: Path,
    theirs: str,
    ours: str,
    wanted: Mapping[str, HostArray],
    got: Mapping[str, HostArray],
) -> None:
    wrong = [f"{n} is missing there" for n in wanted if n not in got]
    wrong += [f"{n} does not exist in {ours}" for n in got if n not in wanted]
    misshapen = [n for n in wanted if n in got and wanted[n].shape != got[n].shape]
    wrong += [f"{n} must be {wanted[n].shape} (got {got[n].shape})" for n in misshapen]
    if wrong:
        more = f"; and {len(wrong) - _LISTED} more" if len(wrong) > _LISTED else ""
        raise CheckpointError(
            f"--init-from {folder}: the weights of its {theirs} do not fit {ours}: "
            f"{'; '.join(wrong[:_LISTED])}{more}",
            f"--model {theirs}, with a recipe of the same crop",
        )


def _notes(source: ResolvedConfig, config: ResolvedConfig, folder: Path) -> list[str]:
    theirs, ours = source.recipe, config.recipe
    where = f"--init-from {folder}"
    notes = []
    if theirs.dropout != ours.dropout:
        notes.append(
            f"{where}: trained with dropout {theirs.dropout!r}, now {ours.dropout!r}: while "
            "training, activations after dropout differ by a factor of 2 from those in its training"
        )
    ratio = np.asarray(ours.scale) / np.asarray(theirs.scale)
    if np.abs(ratio - 1).max() > _SAME:
        notes.append(
            f"{where}: trained with pixels times {_listed(theirs.scale)}, now "
            f"{_listed(ours.scale)}: the first layer's inputs are {ratio.mean():.3g} times as "
            "large as before"
        )
    if theirs.mean != ours.mean:
        shifted = "none" in (theirs.mean, ours.mean)
        how = "off by the mean" if shifted else "slightly off"
        notes.append(
            f"{where}: trained with mean {theirs.mean!r} subtracted, now {ours.mean!r}: the first "
            f"layer's inputs are {how}"
        )
    if _sides(theirs) != _sides(ours):
        notes.append(
            f"{where}: trained on {_sides(theirs)}, now on {_sides(ours)}: objects have another "
            "size, or the crops show another part of the image"
        )
    if source.model != config.model:
        notes.append(
            f"{where}: weights of {source.model} in {config.model}: the shapes fit, but layers "
            "without weights may differ"
        )
    return notes


def _listed(scale: float | tuple[float, ...]) -> str:
    """A scale to three digits: ``0.0171, 0.0175, 0.0174``."""
    return ", ".join(f"{factor:.3g}" for factor in np.atleast_1d(scale))


def _sides(recipe: Recipe) -> str:
    """The size of images and crops, in words."""
    if recipe.crop is None:
        return f"whole images of {recipe.image_size} pixels"
    return f"crops of {recipe.crop} from {recipe.image_size} pixels"
