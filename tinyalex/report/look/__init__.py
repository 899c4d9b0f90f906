"""One image in a network, as a page: feature maps, saliency, Grad-CAM, answers."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import tinyalex
from tinyalex import data, notice
from tinyalex.check.stopwatch import stopwatch
from tinyalex.data.dataset import array_split
from tinyalex.data.views import centre_corner, crop_size
from tinyalex.errors import ConfigError
from tinyalex.evaluation import inverted as negatives
from tinyalex.evaluation.views import softmax
from tinyalex.files import write_atomic
from tinyalex.outside import as_html, shown
from tinyalex.report.look import drawings
from tinyalex.report.look.gradients import grad_cam, last_maps, layers_by_name, saliency
from tinyalex.report.page.skeleton import page, table
from tinyalex.runs.load import Run, load_run

__all__ = ["Look", "grad_cam", "look", "look_at", "saliency"]

Host = np.ndarray[Any, Any]

TOP = 5
MOST_MAPS = 64  # of a layer in the page, those with the largest numbers


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


def look(
    run: Run | Path | str,
    image: Path | str,
    out: Path | str,
    *,
    layer: str | None = None,
    class_name: str | None = None,
    invert: bool = False,
    backend: str = "auto",
    threads: int | None = None,
) -> Look:
    """Write one HTML file about an image in a network. It needs no network when it is opened.

    Parameters
    ----------
    run : Run or folder
    image : Path
        An image file; it is prepared as the training images were.
    out : Path
        The file; an older one is replaced in one move.
    layer : str, optional
        Layer of Grad-CAM. Default: the last convolution.
    class_name : str, optional
        A class to explain besides the predicted one.
    invert : bool
        Exchange light and dark: for ink on paper, and a network trained on light strokes.
    backend, threads : optional

    Raises
    ------
    ConfigError, ShapeError
        There is no such layer or class, or the layer has no feature maps.
    DataError
        The file cannot be read as an image.
    """
    if not isinstance(run, Run):
        run = load_run(run, backend, threads)
    found = look_at(run, Path(image), layer, class_name, invert)
    path = Path(out)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, compose(found, Path(image).name).encode())
    return found


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
        p = host(softmax(run.backend.xp, run.model.forward(x)))[0]
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


def compose(found: Look, image_name: str) -> str:
    """The page's HTML."""
    names = [shown(str(name)) for name in _class_names(found.run)]
    first = found.best[0]
    rows = [[names[c], f"{100 * found.p[c]:.1f} %"] for c in found.best]
    why = "".join(_why(found, label, names[label]) for label in found.saliency)
    seen = f'<ul class="cards">{_card(drawings.picture(found.pixels), _SEEN)}</ul>'
    sections = [
        ("answers", "Answers", table("Most probable classes", ("class", "probability"), rows)),
        ("image", "The image", seen),
        ("why", "What speaks for an answer", f"{_WHY}{why}"),
        ("maps", "Feature maps, layer by layer", _maps(found)),
    ]
    intro = (
        f"<p>The network <code>{as_html(found.run.folder)}</code> takes "
        f"<code>{as_html(image_name)}</code> for <strong>{as_html(names[first])}</strong> "
        f"({100 * found.p[first]:.1f} %).</p>"
    )
    title = f"{image_name} in {found.run.config.model}"
    return page(title, intro, sections, f"Made by tinyalex {as_html(tinyalex.__version__)}.")


_SEEN = "what the network sees: scaled and cropped as in training"
_WHY = (
    "<p>Saliency: how strongly each pixel moves the score of the class, that is, the size of the "
    "score's gradient with respect to the pixel (Simonyan et al. 2014). Grad-CAM: the feature "
    "maps of a layer, each weighted by the mean gradient of the score in it; places that speak "
    "for the class are bright (Selvaraju et al. 2017).</p>"
)


def _why(found: Look, label: int, name: str) -> str:
    """Saliency and Grad-CAM for one class."""
    cards = (
        (drawings.heat(found.saliency[label]), f"saliency for {name}"),
        (
            drawings.overlay(found.pixels, found.cams[label]),
            f"Grad-CAM for {name}, layer {found.cam_layer}",
        ),
    )
    items = "".join(_card(uri, text) for uri, text in cards)
    heading = f"{as_html(name)}: {100 * found.p[label]:.1f} %"
    return f'<h3>{heading}</h3><ul class="cards">{items}</ul>'


def _card(uri: str, text: str) -> str:
    return f'<li><img src="{uri}" alt="{as_html(text)}"><div>{as_html(text)}</div></li>'


def _maps(found: Look) -> str:
    """A picture of every layer's feature maps."""
    kinds = {name: type(y).__name__ for name, y in layers_by_name(found.run.model).items()}
    parts = ["<p>Orange is positive, blue negative, black 0; each layer has its own scale.</p>"]
    for name, maps in found.maps.items():
        K, H, W = maps.shape
        about = f"{K} x {H} x {W}" if H * W > 1 else f"{K} units"
        kept = np.arange(K)
        if H * W > 1 and K > MOST_MAPS:
            kept = np.sort(np.argsort(-np.abs(maps).max(axis=(1, 2)), kind="stable")[:MOST_MAPS])
            about += f", the {MOST_MAPS} maps with the largest numbers"
        text = f"{about}, from {maps.min():.3g} to {maps.max():.3g}"
        alt = f"Output of {name}: {text}"
        parts.append(
            f"<figure><h3>{as_html(name)} {kinds[name]}</h3>"
            f'<img src="{drawings.sheet(maps[kept])}" alt="{as_html(alt)}">'
            f"<figcaption>{as_html(text)}</figcaption></figure>"
        )
    return "".join(parts)
