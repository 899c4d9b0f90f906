"""The page's HTML, with its style, its program and the network in it."""

from __future__ import annotations

import base64
import hashlib
import json
from importlib import resources
from string import Template
from typing import Any

import tinyalex
from tinyalex.outside import as_html

# In this order: each file uses only what stands in an earlier one, or what runs later.
SCRIPTS = (
    "layers.js",
    "network.js",
    "image.js",
    "maps.js",
    "explain.js",
    "view.js",
    "draw.js",
    "main.js",
)
_BRUSH = {1: 14, 3: 6}  # width in percent of the paper, for digits and for colours


def compose(title: str, network: dict[str, Any], weights: bytes) -> str:
    """Make the page.

    Parameters
    ----------
    title : str
        Text.
    network : dict
        ``image``, ``layers``, ``classes``, ``samples``: what the scripts read.
    weights : bytes
        Little-endian float32.
    """
    script, style = "".join(map(_file, SCRIPTS)), _file("style.css")
    # Nothing may be fetched, and no script or style runs but these two.
    policy = (
        f"default-src 'none'; img-src data:; script-src '{_hash(script)}';"
        f" style-src '{_hash(style)}'; base-uri 'none'; form-action 'none'"
    )
    return Template(_file("page.html")).substitute(
        title=as_html(title),
        policy=policy,
        style=style,
        script=script,
        # In a script element only "<" could end the text.
        network=json.dumps(network, allow_nan=False).replace("<", "\\u003c"),
        weights=base64.b64encode(weights).decode(),
        brush=_BRUSH[network["image"]["shape"][2]],
        footer=f"Made by tinyalex {as_html(tinyalex.__version__)}.",
    )


def _file(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
