"""Starting with the weights of another run, for example of one on a larger label set."""

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

_LISTED = 3  # layers that an error names
_SAME = 0.02  # a difference of scale as between standard deviations of two data sets


def start_from(
    model: Model, config: ResolvedConfig, classes: Sequence[str]
) -> tuple[dict[str, Any], list[str]]:
    """Give a new model the weights of the run ``config.init_from``.

    Everything but the last layer is taken. The last layer is taken as well if the run has as many
    classes (and ``config.new_last_layer`` does not say otherwise); the same classes in another
    order are put in order. Momentum, dropout counters and the mean image are not taken.

    Parameters
    ----------
    model : Model
        With first values from its own rules: a new last layer keeps them.
    config : ResolvedConfig
    classes : sequence of str
        Of the data that the model is going to be trained on.

    Returns
    -------
    facts : dict
        For config.json: the run, its model and epoch, the SHA-256 of its weights, and what became
        of the last layer (``"new"``, ``"kept"`` or ``"kept, classes put in order"``).
    notes : list of str
        What the user should know: another dropout convention, other scaling, mean or crop of the
        pictures, other classes.

    Raises
    ------
    RunError
        The folder holds no run; or the weights are not those that an earlier start has recorded.
    CheckpointError
        The weights are damaged, or layers do not fit; the message says which.
    """
    assert config.init_from is not None
    folder = Path(config.init_from)
    source = read_config(folder)
    found = load_checkpoint(folder, source.model)
    digest = weights_sha256(found.weights)
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
    taken = {
        name: array
        for name, array in found.weights.items()
        if not (new and name.startswith(f"{last}."))
    }
    wanted = {
        name: array for name, array in own.items() if not (new and name.startswith(f"{last}."))
    }
    _refuse_misfits(folder, source.model, model.name, wanted, taken)
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
                "--new-last-layer begins with a new one"
            )
    model.load_state_dict({**own, **taken})
    facts = {
        "run": str(folder),
        "model": source.model,
        "epoch": found.state.get("epoch"),
        "weights_sha256": digest,
        "last_layer": what,
    }
    return facts, notes


def last_layer(model: Model) -> str:
    """Name of the last layer that has parameters: ``classifier.6``."""
    return list(model.named_parameters())[-1][0].rpartition(".")[0]


def weights_sha256(weights: Mapping[str, HostArray]) -> str:
    """SHA-256 of named arrays, the same for any order of the names."""
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
    wrong += [
        f"{n} must be {wanted[n].shape} (got {got[n].shape})"
        for n in wanted
        if n in got and wanted[n].shape != got[n].shape
    ]
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
            "training, activities behind dropout differ by a factor of 2 from what the weights "
            "are used to"
        )
    ratio = np.asarray(ours.scale) / np.asarray(theirs.scale)
    if np.abs(ratio - 1).max() > _SAME:
        notes.append(
            f"{where}: trained with pixels times {_listed(theirs.scale)}, now "
            f"{_listed(ours.scale)}: the first layer gets numbers {ratio.mean():.3g} times as "
            "large as its weights are used to"
        )
    if theirs.mean != ours.mean:
        shifted = "none" in (theirs.mean, ours.mean)
        how = "off by the mean" if shifted else "a little off"
        notes.append(
            f"{where}: trained with mean {theirs.mean!r} subtracted, now {ours.mean!r}: the first "
            f"layer gets numbers that are {how}, for its weights"
        )
    if _sides(theirs) != _sides(ours):
        notes.append(
            f"{where}: trained on {_sides(theirs)}, now on {_sides(ours)}: things are shown at "
            "another size, or another part of the picture"
        )
    if source.model != config.model:
        notes.append(
            f"{where}: weights of {source.model} in {config.model}: the sizes fit, the layers "
            "between them may differ"
        )
    return notes


def _listed(scale: float | tuple[float, ...]) -> str:
    """A scale in short: ``0.0171, 0.0175, 0.0174``."""
    return ", ".join(f"{factor:.3g}" for factor in np.atleast_1d(scale))


def _sides(recipe: Recipe) -> str:
    """What the network sees of a picture, in words."""
    if recipe.crop is None:
        return f"whole images of {recipe.image_size} pixels"
    return f"crops of {recipe.crop} from {recipe.image_size} pixels"
