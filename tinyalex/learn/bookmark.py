"""Where a student stopped in a lesson: a small JSON file beside the lessons' pictures."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tinyalex.errors import RunError
from tinyalex.files import write_json
from tinyalex.learn.lesson_file import Lesson
from tinyalex.typed import fields, map_of, read_json, text, whole

NAME = "progress.json"

_KIND = map_of(fields({"file": text(64), "cell": whole(0, 10_000), "guesses": map_of(text(1000))}))


@dataclass
class Bookmark:
    """A place in a lesson.

    Attributes
    ----------
    cell : index of the next cell, from 0
    guesses : what was guessed, by the number of the question
    """

    cell: int = 0
    guesses: dict[str, str] = field(default_factory=dict)


def load(folder: Path, lesson: Lesson) -> Bookmark:
    """Where the lesson was left; its beginning if it was not begun, or has changed since.

    A file that cannot be read counts as no file: only a place in a lesson is lost.
    """
    place = _places(folder).get(lesson.name)
    if place is None or place["file"] != _fingerprint(lesson):
        return Bookmark()
    return Bookmark(min(place["cell"], len(lesson.cells)), dict(place["guesses"]))


def save(folder: Path, lesson: Lesson, mark: Bookmark) -> None:
    """Keep a place, atomically; raises RunError if the file cannot be written."""
    place = {"file": _fingerprint(lesson), "cell": mark.cell, "guesses": mark.guesses}
    _write(folder, _places(folder) | {lesson.name: place})


def remove(folder: Path, lesson: Lesson) -> None:
    """Forget a place: the lesson is done."""
    places = _places(folder)
    if places.pop(lesson.name, None) is not None:
        _write(folder, places)


def _places(folder: Path) -> dict[str, Any]:
    try:
        return dict(read_json(folder / NAME, _KIND))
    except (FileNotFoundError, RunError):
        return {}


def _write(folder: Path, places: Mapping[str, Any]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"{folder}: cannot be made ({error.strerror or error})") from error
    write_json(folder / NAME, places)


def _fingerprint(lesson: Lesson) -> str:
    """SHA-256 of the lesson's file, in hex."""
    return hashlib.sha256(lesson.path.read_bytes()).hexdigest()
