"""How to train each model: data, not code. ``recipes.get("paper")``, ``recipes.names()``."""

from __future__ import annotations

from tinyalex.errors import unknown
from tinyalex.recipes import cifar, imagenet, large_batch, ours, star
from tinyalex.recipes.recipe import Recipe

_OF_IMAGENET = (*imagenet.RECIPES, *large_batch.RECIPES, *star.RECIPES)
_RECIPES = {r.name: r for r in (*_OF_IMAGENET, *ours.RECIPES, *cifar.RECIPES)}


def names() -> list[str]:
    """Names of all recipes: ImageNet's first, then this project's, then CIFAR-10's.

    Examples
    --------
    >>> "paper" in names(), "tiny" in names()
    (True, True)
    """
    return list(_RECIPES)


def get(name: str) -> Recipe:
    """Find a recipe by its name.

    Raises
    ------
    ConfigError
        There is no such recipe; the message suggests the nearest.

    Examples
    --------
    >>> get("paper").lr
    0.01
    """
    if name not in _RECIPES:
        raise unknown("recipe", name, _RECIPES)
    return _RECIPES[name]


__all__ = ["Recipe", "get", "names"]
