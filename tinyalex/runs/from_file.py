"""The settings in a run's config.json, or in an edited copy, for a run that repeats it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

from tinyalex import models, recipes
from tinyalex.errors import ConfigError, unknown
from tinyalex.recipes import Recipe
from tinyalex.recipes.checks import KINDS
from tinyalex.runs.fields import ALWAYS_FACTS, FACTS
from tinyalex.runs.folder import CONFIG
from tinyalex.settings import ABOUT, SETTINGS, Settings, with_names_of_today
from tinyalex.typed import Kind, maybe, read_json, text
from tinyalex.typed import fields as object_of

SOURCE = "set in --config"
_HINT = "a run's config.json, or some of its keys"
_MOST_BYTES = 16 << 20  # that of a run on ImageNet has 0.1 MB
_FACTS = ALWAYS_FACTS | FACTS
_NOT_REPEATED = ("out", "command")
_NEEDED = [f.name for f in fields(Recipe) if f.default is MISSING and f.default_factory is MISSING]


def read_settings(path: Path) -> dict[str, Any]:
    """Settings for `RunConfig` from a file or a run's folder, without facts about the old run.

    Raises
    ------
    ConfigError
        See `RunConfig.from_file`.
    """
    path = path / CONFIG if path.is_dir() else path
    try:
        plain = read_json(path, _kind(), ConfigError, hint=_HINT, most=_MOST_BYTES)
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file", _HINT) from None
    plain = with_names_of_today(plain)
    for name in plain:
        if name not in SETTINGS and name not in _FACTS:
            error = unknown("key", name[:60], SETTINGS)
            raise ConfigError(f"{path}: {error.message}", error.hint)
    if "imported" in plain:
        raise ConfigError(
            f"{path}: is of imported weights, not of a training run",
            "--init-from its folder starts a run from these weights",
        )
    settings = {n: plain[n] for n in SETTINGS if n in plain and n not in _NOT_REPEATED}
    for name in ("data_root", "init_from"):
        if settings.get(name) is not None:
            settings[name] = Path(settings[name])
    if settings.get("data_root") is not None and not settings["data_root"].is_dir():
        del settings["data_root"]  # another machine's
    if isinstance(plain.get("recipe"), Mapping):
        settings["recipe"] = _recipe(plain["recipe"], plain.get("model"), path)
    return {**settings, "repeats": _repeats(plain)}


def _recipe(plain: Mapping[str, Any], model: str | None, path: Path) -> Recipe:
    """A complete recipe, or a known one with some other numbers."""
    try:
        for key in plain.keys() - KINDS.keys():
            raise unknown("key of the recipe", key[:60], KINDS)
        name = plain.get("name")
        known = recipes.get(name) if name in recipes.names() else None
        if set(_NEEDED) <= plain.keys():
            recipe = Recipe.from_dict(plain)
            return recipe if known is None else _with_sources(recipe, known)
        if known is None and model is None:
            raise ConfigError(
                "the recipe has only some numbers, and no name", 'add "name": "tiny", or another'
            )
        known = known or recipes.get(models.spec(str(model)).recipe)
        numbers = {k: v for k, v in plain.items() if k not in ("name", "model", "sources")}
        return known.replaced(SOURCE, **numbers)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error.message}", error.hint) from error


def _with_sources(recipe: Recipe, known: Recipe) -> Recipe:
    """A number that was edited does not come from where the known recipe's number does."""
    edited = {
        name: getattr(recipe, name)
        for name in KINDS
        if getattr(recipe, name) != getattr(known, name)
        and recipe.sources.get(name) == known.sources.get(name)
        and name not in ("name", "model", "sources")
    }
    return recipe.replaced(SOURCE, **edited) if edited else recipe


def _repeats(plain: Mapping[str, Any]) -> dict[str, str]:
    """What to compare the new run with."""
    facts = {
        "run": plain.get("out"),
        "data_fingerprint": plain.get("data_fingerprint"),
        "weights_sha256": plain.get("initialised", {}).get("weights_sha256"),
    }
    return {name: fact for name, fact in facts.items() if fact is not None}


@cache
def _kind() -> Kind:
    hints = get_type_hints(Settings)
    kinds = {name: about.kind(hints[name]) for name, about in ABOUT.items()}
    kinds |= {about.was: kinds[name] for name, about in ABOUT.items() if about.was}
    return object_of({}, {**kinds, **_FACTS, "recipe": _name_or_numbers})


def _name_or_numbers(value: Any, field: str) -> None:
    """A recipe's name, or some or all of its numbers."""
    if not isinstance(value, Mapping):
        maybe(text(1000))(value, field)
        return
    object_of({}, KINDS)(value, field)
