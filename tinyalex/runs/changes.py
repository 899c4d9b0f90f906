"""NAME=VALUE: any setting of a run, and any number of its recipe, as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_type_hints

from tinyalex.errors import ConfigError, unknown
from tinyalex.recipes import Recipe
from tinyalex.recipes.checks import CHANGEABLE
from tinyalex.settings import ABOUT, Settings, option_types
from tinyalex.typed import Mismatch, anything, parse_json

SOURCE = "set by --set"
EXAMPLE = "--set weight_decay=1e-4"

_SETTINGS = [name for name in ABOUT if name != "command"]
_NUMBERS = [name for name in CHANGEABLE if name not in ABOUT]
NAMES = [*_SETTINGS, *_NUMBERS]
_OR_NONE = ("crop", "colour", "colour_until")
_WORDS = {"true": True, "false": False, "null": None}


def from_words(words: Sequence[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read NAME=VALUE texts.

    Returns
    -------
    dict, dict
        Settings of `RunConfig`; numbers of the recipe, for its ``set``.

    Raises
    ------
    ConfigError
        There is no such name, it is given twice, or its value has the wrong type.

    Examples
    --------
    >>> from_words(["lr=0.1", "weight_decay=1e-4", "schedule.epochs=10,20"])
    ({'lr': 0.1}, {'weight_decay': 0.0001, 'schedule.epochs': [10, 20]})
    """
    settings: dict[str, Any] = {}
    numbers: dict[str, Any] = {}
    for word in words:
        name, equals, text = (part.strip() for part in word.partition("="))
        name = name.replace("-", "_")
        if not equals or not text:
            raise ConfigError(f"--set {word}: must be NAME=VALUE", EXAMPLE)
        if name in settings or name in numbers:
            raise ConfigError(f"--set {name}: is given twice", "keep one of them")
        if name in _SETTINGS:
            settings[name] = _setting(name, text)
        elif name.split(".")[0] in _NUMBERS:
            numbers[name] = _number(text)
        else:
            raise unknown("setting", name[:60], NAMES)
    return settings, numbers


def changed(recipe: Recipe, numbers: Mapping[str, Any], source: str = SOURCE) -> Recipe:
    """A recipe with other numbers; ``schedule.NAME`` changes one part of the schedule.

    Raises
    ------
    ConfigError
        There is no such number, or a value is not allowed.
    """
    plain: dict[str, Any] = {}
    for name, value in numbers.items():
        if name in ABOUT:
            raise ConfigError(f"set: {name} is a setting of the run itself", f"{name}={value}")
        whole, dot, part = name.partition(".")
        if whole not in _NUMBERS or (dot and whole != "schedule"):
            raise unknown("number of a recipe", name[:60], _NUMBERS)
        if value == "none" and name in _OR_NONE:
            value = None
        if whole == "schedule":
            value = _schedule(plain.get(whole, recipe.schedule), part, value)
        plain[whole] = value
    return recipe.replaced(source, **plain) if plain else recipe


def _schedule(before: Mapping[str, Any], part: str, value: Any) -> Any:
    """A schedule with another part; another kind begins without the parts of the last one."""
    if part == "kind" or (not part and isinstance(value, str)):
        part, before = "kind", before if before.get("kind") == value else {}
    if part == "epochs" and isinstance(value, int):
        value = [value]
    return {**before, part: value} if part else value


def _setting(name: str, text: str) -> Any:
    kind, about = option_types()[name], ABOUT[name]
    value = text if kind in (str, Path) else _number(text)
    try:
        about.kind(get_type_hints(Settings)[name])(value, name)
    except Mismatch as error:
        instead = about.instead.strip("'").split(",")[0] or "VALUE"
        raise ConfigError(f"--set {error}", f"--set '{name}={instead}'") from None
    return kind(value) if kind in (Path, float) else value


def _number(text: str) -> Any:
    """JSON; or a list without brackets (``10,20``); or a word."""
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    for written in (text, f"[{text}]" if "," in text else text):
        try:
            return parse_json(written, anything, "--set", ConfigError)
        except ConfigError:
            continue
    return text
