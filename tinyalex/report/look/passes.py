"""What a network makes of one image: forward for its maps and answers, backward for the why."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tinyalex import data, notice
from tinyalex.check.stopwatch import stopwatch
from tinyalex.data.dataset import array_split
from tinyalex.data.views import centre_corner, crop_size
from tinyalex.errors import ConfigError
from tinyalex.evaluation import inverted as negatives
from tinyalex.evaluation.views import softmax
from tinyalex.report.look.gradients import grad_cam, last_maps, saliency
from tinyalex.runs.load import Run

Host = np.ndarray[Any, Any]

TOP = 5


@dataclass(frozen=True)
class Look:
    """What a network makes of one image.

    Attributes
    ----------
    pixels : uint8 (CH, CW, C)
        What the network sees of the image.
    p : float32 (classes,)
        Probabilities.
    maps : dict of name to float32 (K, H, W)
        The output of every layer; of a fully connected one (K, 1, 1).
    saliency, cams : dict of class number to (CH, CW), and to (OH, OW)
        For the predicted class, and for the one that was asked for.
    cam_layer : str
        The layer of Grad-CAM.
    """

    run: Run
    pixels: Host
    p: Host
    maps: dict[str, Host]
    saliency: dict[int, Host]
    cams: dict[int, Host]
    cam_layer: str

    @property
    def best(self) -> list[int]:
        """The most probable classes, at most five."""
        order: list[int] = np.argsort(-self.p, kind="stable")[:TOP].tolist()
        return order

    @property
    def names(self) -> Sequence[str]:
        """The classes' names for people."""
        return _class_names(self.run)


def look_at(
    run: Run,
    image: Path,
    layer: str | None = None,
    class_name: str | None = None,
    invert: bool = False,
) -> Look:
    """Compute what the page of `look` shows; its parameters and errors are those of `look`."""
    asked = [] if class_name is None else [_class_number(run, class_name)]
    x, pixels = _prepared(run, image, invert)
    if layer is None:
        layer = last_maps(run.model, x.shape)
    maps, host = {}, run.backend.to_host

    def keep(name: str, method: str, seconds: float, given: Any, result: Any) -> None:
        y = np.array(host(result)[0])
        maps[name] = y.reshape(*y.shape, *([1] * (3 - y.ndim)))

    calls = [(name, y, "forward") for name, y in run.model.named_layers()]
    with stopwatch(calls, run.backend, keep):
        p = softmax(np, host(run.model.forward(x)))[0]
    classes = dict.fromkeys([int(p.argmax()), *asked])
    return Look(
        run,
        pixels,
        p,
        maps,
        {label: saliency(run.model, x, label) for label in classes},
        {label: grad_cam(run.model, x, label, layer) for label in classes},
        layer,
    )


def _prepared(run: Run, image: Path, invert: bool) -> tuple[Any, Host]:
    """The image as the network gets it, (1, C, CH, CW), and its pixels, uint8 (CH, CW, C)."""
    H, W, C = run.config.facts["image_shape"]
    pixels = data.read_image(image, H, C)[None]
    split = array_split(pixels, np.zeros(1, np.int64), 1, str(image))
    if invert:
        split = negatives.inverted(run, split)
    elif warning := negatives.warning(run, split):
        notice.warn(warning)
    x, _ = next(iter(run.preprocessing.loader(split, run.backend, 1)))
    CH, CW = crop_size(run.preprocessing.crop, (H, W))
    top, left = centre_corner((H, W), (CH, CW))
    return x, split.images(np.arange(1))[0, top : top + CH, left : left + CW]


def _class_names(run: Run) -> Sequence[str]:
    """The classes' names for people."""
    names: Sequence[str] = run.config.facts.get("class_names") or run.classes
    return names


def _class_number(run: Run, name: str) -> int:
    """Number of a class by its label or its name for people."""
    for known in (run.classes, _class_names(run)):
        if name in known:
            return list(known).index(name)
    near = difflib.get_close_matches(name, [*_class_names(run), *run.classes], 3, 0.4)
    raise ConfigError(
        f"unknown class {name!r}; the network has {len(run.classes)}",
        " or ".join(map(repr, near or run.classes[:3])),
    )
