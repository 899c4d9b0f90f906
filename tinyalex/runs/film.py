"""The first layer's filters, epoch by epoch: what a page can play as a film.

One small safetensors file in the run's folder. It has the initial filters, those after the last
finished epoch, and at most `MOST` between them, evenly spaced: which ones depends on the epoch
alone, so that a resumed run writes the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tinyalex.errors import CheckpointError
from tinyalex.files import write_atomic
from tinyalex.runs import tensors
from tinyalex.typed import open_tensors

FILE = "filters.safetensors"
MOST = 64  # frames between the first and the last
MOST_BYTES = 1 << 20  # of one frame; AlexNet's has 70 kB

HostArray = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Film:
    """Filters of several epochs.

    Attributes
    ----------
    epochs : int64 (N,)
        Finished epochs, rising; 0 are the initial filters.
    filters : float16 (N, F, C, KH, KW)
    groups : int
        Groups of the second convolution: two GPUs in the paper, two groups in figure 3.
    """

    epochs: HostArray
    filters: HostArray
    groups: int = 1


def first_filters(weights: Mapping[str, HostArray]) -> HostArray | None:
    """The filters that read the image, float (F, C, KH, KW); C is 1 or 3.

    Of two towers, the left tower's, then the right tower's. None if the network does not begin
    with a convolution of an image.
    """
    name = next((name for name in weights if name.endswith(".weight")), "")
    first = weights.get(name)
    if first is None or first.ndim != 4 or first.shape[1] not in (1, 3):
        return None
    right = weights.get(name.replace(".left.", ".right.")) if ".left." in name else None
    return first if right is None else np.concatenate([first, right])


def _groups(weights: Mapping[str, HostArray], count: int) -> int:
    """Groups of the second convolution, which reads the first one's ``count`` feature maps."""
    convolutions = [(n, w) for n, w in weights.items() if n.endswith(".weight") and w.ndim == 4]
    if ".left." in convolutions[0][0]:
        return 2
    inputs = convolutions[1][1].shape[1] if len(convolutions) > 1 else count
    return count // inputs if count % inputs == 0 else 1


def keep(folder: Path, epoch: int, weights: Mapping[str, HostArray]) -> None:
    """Add the filters after ``epoch`` finished epochs to the folder's film.

    Frames of this and of later epochs are replaced: a run was resumed from an older checkpoint. A
    network without filters of an image gets no film.

    Raises
    ------
    RunError
        The file cannot be written.
    """
    frame = first_filters(weights)
    if frame is None or 2 * frame.size > MOST_BYTES:
        return
    with np.errstate(over="ignore"):
        frame = frame.astype(np.float16)
    old = read(folder)
    frames = {}
    if old is not None and old.filters.shape[1:] == frame.shape:
        step = 1 << max(0, (epoch // MOST).bit_length())
        frames = {
            int(e): f
            for e, f in zip(old.epochs, old.filters, strict=True)
            if e < epoch and e % step == 0
        }
    frames[epoch] = frame
    arrays = {"epochs": np.array(list(frames), np.int64), "filters": np.stack([*frames.values()])}
    head = {"format": "tinyalex-filters-1", "groups": str(_groups(weights, len(frame)))}
    write_atomic(folder / FILE, tensors.to_bytes(arrays, head))


def read(folder: Path) -> Film | None:
    """The film in a run's folder; None if there is none, or if the file is damaged."""
    path = folder / FILE
    if not path.is_file() or path.stat().st_size > (MOST + 3) * MOST_BYTES:
        return None
    try:
        with open_tensors(path) as file:
            groups = (file.metadata() or {}).get("groups", "1")
            arrays = file.get_tensor("epochs"), file.get_tensor("filters")
    except CheckpointError:
        return None
    film = Film(*arrays, int(groups) if re.fullmatch("[1-9][0-9]?", groups) else 1)
    return film if _is_film(film) else None


def _is_film(film: Film) -> bool:
    epochs, filters = film.epochs, film.filters
    return (
        filters.ndim == 5
        and filters.dtype == np.float16
        and filters.shape[2] in (1, 3)
        and filters.shape[1] % film.groups == 0
        and 0 not in filters.shape
        and epochs.dtype == np.int64
        and epochs.shape == filters.shape[:1]
        and bool((epochs >= 0).all() and (np.diff(epochs) > 0).all())
    )
