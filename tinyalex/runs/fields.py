"""Which values config.json, summary.json and the lines of metrics.jsonl may hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tinyalex.recipes import Recipe
from tinyalex.recipes.checks import EPOCHS, KINDS, LR, MOST_BATCH, NAME, SIDE
from tinyalex.settings import ABOUT, MOST_THREADS, OLDER_RUNS
from tinyalex.typed import (
    Kind,
    Mismatch,
    anything,
    fields,
    list_of,
    map_of,
    maybe,
    number,
    record,
    text,
    whole,
)

ERROR = number(0, 1)
LOSS = number()
SECONDS = number(0, 1e12)

_SHAPE = list_of(SIDE, 3)
_CLASSES = list_of(NAME, least=1, most=1 << 20)


RECIPE = record(Recipe, **KINDS)

# What training found out, next to the settings that it was given.
ALWAYS_FACTS: dict[str, Kind] = {
    "classes": _CLASSES,
    "image_shape": _SHAPE,
    "input_shape": _SHAPE,
    "data_name": NAME,
}
FACTS: dict[str, Kind] = {
    "class_names": maybe(_CLASSES),
    "layers": anything,  # compared, not used
    "data_fingerprint": text(1000),
    "train_images": whole(),
    "test_images": whole(),
    "backend_used": text(100),
    "versions": map_of(text(1000)),
    "imported": map_of(text()),
    "replaced": map_of(text()),  # operations that were the user's own functions
    "initialised": fields(
        {"weights_sha256": text(64)}, {"run": text(), "model": text(), "last_layer": text()}
    ),
    "model_chosen_for": text(),
    "repeats": fields(
        {}, {"run": text(), "data_fingerprint": text(1000), "weights_sha256": text(64)}
    ),
}


def config(hints: Mapping[str, Any]) -> Kind:
    """The kind of config.json: settings with the given type hints, and facts about the data."""
    kinds = {name: about.kind(hints[name]) for name, about in ABOUT.items()} | {"recipe": RECIPE}
    kinds |= {about.was: kinds[name] for name, about in ABOUT.items() if about.was}
    always = {name: kind for name, kind in kinds.items() if name in ABOUT.keys() - OLDER_RUNS}
    settings = fields(always, kinds)
    facts = fields(ALWAYS_FACTS, FACTS)

    def check(value: Any, field: str) -> None:
        settings(value, field)
        facts(value, field)
        names = value.get("class_names")
        if names is not None and len(names) != len(value["classes"]):
            raise Mismatch("class_names", f"a list of {len(value['classes'])}", names)

    return check


SUMMARY = fields(
    {
        "top1_error": ERROR,
        "train_error": ERROR,
        "train_loss": LOSS,
        "epochs": EPOCHS,
        "images_per_second": number(0),
        "wall_seconds": SECONDS,
        "backend": text(100),
    },
    {
        "top5_error": ERROR,
        "test_loss": LOSS,
        "parameters": whole(),
        "seed": whole(),
        "threads": whole(1, MOST_THREADS),
        "precision": text(100),
        "gpu_memory_mib": maybe(number(0)),
        "model": text(1000),
        "recipe": NAME,
        "data": NAME,
        "batch_size": whole(1, MOST_BATCH),
        "lr": LR,
        "command": text(),
        "versions": map_of(text(1000)),
        "top1_error_ten_crops": ERROR,
        "top5_error_ten_crops": ERROR,
    },
)

EPOCH = fields(
    {
        "epoch": EPOCHS,
        "train_loss": LOSS,
        "train_error": ERROR,
        "test_loss": LOSS,
        "test_error": ERROR,
        "lr": LR,
    },
    {"test_top5_error": ERROR, "seconds": SECONDS},
)
_WEIGHTS = fields(
    {
        "epoch": EPOCHS,
        "parameters": map_of(
            fields(
                {"ratio": maybe(number(0, finite=False))},
                {"w": number(0, finite=False), "dw": number(0, finite=False)},
            )
        ),
    }
)


def metrics_line(value: Any, field: str) -> None:
    """The kind of a line of metrics.jsonl; only lines of epochs and of weights are checked."""
    fields({}, {"event": text(100)})(value, field)
    if "test_error" in value:
        EPOCH(value, field)
    if "parameters" in value:
        _WEIGHTS(value, field)
