"""The HTML page about one image in a network."""

from __future__ import annotations

import numpy as np

import tinyalex
from tinyalex.outside import as_html, shown
from tinyalex.report.look import drawings
from tinyalex.report.look.gradients import layers_by_name
from tinyalex.report.look.passes import Look
from tinyalex.report.page.skeleton import page, table

MOST_MAPS = 64  # of a layer in the page, those with the largest numbers


def compose(found: Look, image_name: str) -> str:
    """The page's HTML."""
    names = [shown(str(name)) for name in found.names]
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
        f"<p>The network <code>{as_html(found.run.folder)}</code> classifies "
        f"<code>{as_html(image_name)}</code> as <strong>{as_html(names[first])}</strong> "
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
