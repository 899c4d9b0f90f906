"""AlexNet from first principles: every layer forward and backward, in NumPy.

The public names are in the subpackages. ``import tinyalex`` is fast: a subpackage is imported when
it is first used, as in ``tinyalex.layers.Conv2d``. Begin with ``tinyalex.Trainer``.
"""

import importlib as _importlib

__version__ = "0.1.0"

_SUBPACKAGES = (
    "backends",
    "check",
    "data",
    "evaluation",
    "functional",
    "layers",
    "models",
    "recipes",
    "training",
    "weights",
)


def __getattr__(name: str) -> object:
    if name in _SUBPACKAGES:
        return _importlib.import_module(f"{__name__}.{name}")
    if name == "Trainer":
        return _importlib.import_module(f"{__name__}.training").Trainer
    raise AttributeError(f"module 'tinyalex' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *_SUBPACKAGES, "Trainer"]
