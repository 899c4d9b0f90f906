"""Which parts of a run were the student's: ``own.json`` in the run's folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tinyalex.errors import RunError
from tinyalex.files import write_json
from tinyalex.learn.own.answers import OwnAnswer
from tinyalex.learn.own.parts import Part
from tinyalex.typed import fields, list_of, map_of, read_json, text

FILE = "own.json"

_NAMES = list_of(text(200), most=1000)
_PART = fields({"operation": text(200), "exercises": _NAMES, "candidates": _NAMES})
_ANSWER = fields({"file": text(1000), "sha256": text(64)})
_KIND = fields({"parts": list_of(_PART, most=1000), "answers": map_of(_ANSWER)})


def write_record(run: Path, parts: Sequence[Part], answers: Mapping[str, OwnAnswer]) -> None:
    """Write which parts of a run are the student's, and the hashes of the answers."""
    used = {name for part in parts for name in part.exercises}
    content = {
        "parts": [vars(part) for part in parts],
        "answers": {
            name: {"file": answer.path.name, "sha256": answer.sha256}
            for name, answer in answers.items()
            if name in used
        },
    }
    run.mkdir(parents=True, exist_ok=True)
    write_json(run / FILE, content)


def read_parts(run: Path) -> list[Part]:
    """The parts of a run; empty if it was trained without a student's answers.

    Raises
    ------
    RunError
        The file is damaged.
    """
    try:
        content = read_json(run / FILE, _KIND, RunError)
    except FileNotFoundError:
        return []
    return [
        Part(part["operation"], tuple(part["exercises"]), tuple(part["candidates"]))
        for part in content["parts"]
    ]
