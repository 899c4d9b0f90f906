"""Checkpoints: one safetensors file with everything needed to resume a run, or to predict.

Tensors are named ``model/NAME``, ``momentum/NAME`` and ``statistics/NAME``. The rest (position,
learning rate, counters) is JSON in the file's header, so that weights and position always belong
together. A checksum there covers every byte. The same training writes the same bytes: times, which
always differ, are in ``checkpoint.json``, with a copy of the position for people to read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tinyalex.errors import CheckpointError, DivergedError, RunError
from tinyalex.files import write_atomic, write_json
from tinyalex.runs import tensors as layout
from tinyalex.runs.fields import SECONDS
from tinyalex.runs.state import parse_state
from tinyalex.typed import fields, open_tensors, read_json

FILE = "checkpoint.safetensors"
ECHO = "checkpoint.json"
_FORMAT = "tinyalex-checkpoint-2"
_WITHOUT_CHECKSUM = "tinyalex-checkpoint-1"
_HINT = "a copy of the file, or train again"
_CLOCKS = ("train_seconds", "wall_seconds")

HostArray = np.ndarray[Any, Any]


@dataclass
class Checkpoint:
    """What a run needs to resume.

    Attributes
    ----------
    model_name : str
    weights, momentum : dict of str to array
        float32, by parameter name.
    statistics : dict of str to array
        Mean image and colour statistics of the training images.
    state : dict
        Plain values: epoch, step, schedule, dropout counters, running sums.
    clocks : dict of str to float
        Seconds of work by all processes; unknown ones are missing.

    Examples
    --------
    >>> checkpoint = Checkpoint("tiny", weights={"fc.bias": np.zeros(10, np.float32)})
    >>> checkpoint.momentum, checkpoint.state
    ({}, {})
    """

    model_name: str
    weights: dict[str, HostArray]
    momentum: dict[str, HostArray] = field(default_factory=dict)
    statistics: dict[str, HostArray] = field(default_factory=dict)
    state: dict[str, Any] = field(default_factory=dict)
    clocks: dict[str, float] = field(default_factory=dict)


def save_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Replace the folder's checkpoint; if anything fails, the old one is kept.

    Raises
    ------
    DivergedError
        A weight is not a finite number.
    RunError
        The file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> weights = {"fc.bias": np.array([1, 2], np.float32)}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_checkpoint(Path(folder), Checkpoint("tiny", weights, state={"epoch": 3}))
    ...     sorted(path.name for path in Path(folder).iterdir())
    ['checkpoint.json', 'checkpoint.safetensors']
    """
    write_checkpoint(folder / FILE, checkpoint)
    echo = {"model": checkpoint.model_name, **_readable(checkpoint.state), **checkpoint.clocks}
    write_json(folder / ECHO, echo)


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Replace the file ``path``; errors as in `save_checkpoint`."""
    for name, array in checkpoint.weights.items():
        if not np.isfinite(array).all():
            raise DivergedError(
                f"the weights {name} are no longer finite; the last good checkpoint is kept",
                "a new run with a smaller --lr",
            )
    tensors = {
        f"{group}/{name}": array
        for group in ("model", "momentum", "statistics")
        for name, array in _group(checkpoint, group).items()
    }
    head = {
        "format": _FORMAT,
        "model": checkpoint.model_name,
        "state": json.dumps(checkpoint.state, allow_nan=True, sort_keys=True),
    }
    write_atomic(path, layout.to_bytes(tensors, head))


def load_checkpoint(folder: Path, model_name: str | None = None) -> Checkpoint:
    """Read and check a checkpoint.

    Parameters
    ----------
    folder : Path
        The run's folder.
    model_name : str, optional
        The model that the weights must belong to.

    Raises
    ------
    CheckpointError
        There is no checkpoint; the file is damaged or something else; the model is another one; or
        a number is not finite.

    Examples
    --------
    >>> checkpoint = load_checkpoint(Path("runs/tiny-digits-seed0"))
    >>> checkpoint.model_name, sorted(checkpoint.weights)[0]
    ('tiny', 'classifier.0.bias')
    """
    path = folder / FILE
    if not path.is_file():
        raise CheckpointError(
            f"{folder}: no checkpoint ({FILE}) in this folder",
            "a folder that `tinyalex train` wrote, once it has finished an epoch",
        )
    checkpoint = read_checkpoint(path, model_name)
    checkpoint.clocks = _clocks(folder, checkpoint.state)
    return checkpoint


def read_checkpoint(path: Path, model_name: str | None = None) -> Checkpoint:
    """Read and check the file ``path``, without the clocks; errors as in `load_checkpoint`."""
    with open_tensors(path, hint=_HINT) as file:
        head = dict(file.metadata() or {})
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    if head.get("format") not in (_FORMAT, _WITHOUT_CHECKSUM):
        raise CheckpointError(f"{path}: not a checkpoint of tinyalex, or of a later version")
    if head["format"] == _FORMAT and not layout.is_whole(path, head.get(layout.DIGEST, "")):
        raise CheckpointError(f"{path}: damaged: its checksum is not that of its bytes", _HINT)
    if model_name is not None and head.get("model") != model_name:
        raise CheckpointError(
            f"{path}: holds the model {head.get('model')!r}, wanted {model_name!r}",
            "the run's own folder, with the files that were written together",
        )
    state = parse_state(head.get("state", ""), str(path))
    checkpoint = Checkpoint(str(head["model"]), {}, state=state)
    for name, array in tensors.items():
        if not np.isfinite(array).all():
            raise CheckpointError(
                f"{path}: {name} holds numbers that are not finite", "an older copy of the run"
            )
        group, _, key = name.partition("/")
        if group not in ("model", "momentum", "statistics"):
            raise CheckpointError(f"{path}: unknown tensor {name!r}")
        _group(checkpoint, group)[key] = array
    return checkpoint


def read_head(folder: Path) -> tuple[str, dict[str, Any]] | None:
    """A checkpoint's checksum ("" in older runs) and state, without reading the weights.

    None if there is no checkpoint; CheckpointError if its header is damaged.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    with open_tensors(path, hint=_HINT) as file:
        head = dict(file.metadata() or {})
    return head.get(layout.DIGEST, ""), parse_state(head.get("state", "{}"), str(path))


def _clocks(folder: Path, state: Mapping[str, Any]) -> dict[str, float]:
    """The times: in the state of older runs, else in checkpoint.json, which may be missing."""
    times = state
    if not all(name in state for name in _CLOCKS):
        try:
            times = read_json(folder / ECHO, fields({}, dict.fromkeys(_CLOCKS, SECONDS)))
        except (RunError, FileNotFoundError):
            return {}
    return {name: float(times[name]) for name in _CLOCKS if name in times}


def _group(checkpoint: Checkpoint, group: str) -> dict[str, HostArray]:
    return {
        "model": checkpoint.weights,
        "momentum": checkpoint.momentum,
        "statistics": checkpoint.statistics,
    }[group]


def _readable(state: Mapping[str, Any]) -> dict[str, Any]:
    """The state with infinities as text: JSON has none."""
    return {
        key: _readable(value)
        if isinstance(value, Mapping)
        else (str(value) if isinstance(value, float) and not np.isfinite(value) else value)
        for key, value in state.items()
    }
