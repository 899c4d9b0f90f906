"""Folders with answers as students have them, judged already or not."""

from __future__ import annotations

import functools
from pathlib import Path

from tinyalex.learn.exercises import all_exercises, get
from tinyalex.learn.grader.verdict import Outcome, Verdict
from tinyalex.learn.own.answers import OwnAnswer
from tinyalex.learn.own.operations import OwnOperations
from tinyalex.learn.own.remembered import Remembered
from tinyalex.learn.places import solutions_folder


@functools.cache
def solution(exercise: str) -> OwnAnswer:
    path = solutions_folder() / f"{exercise}.py"
    return OwnAnswer(exercise, path, path.read_bytes())


def operations(*exercises: str) -> OwnOperations:
    """The operations of the reference solutions; of all, if none is named."""
    names = exercises or [e.name for e in all_exercises() if e.name[:2] <= "23"]
    full = [get(name).name for name in names]
    return OwnOperations({name: solution(name) for name in full})


def written(folder: Path, **texts: str) -> OwnOperations:
    """The operations of answers with these texts, as files in a folder; ``_06_relu="def ..."``."""
    answers = {}
    for name, text in texts.items():
        path = folder / f"{name.lstrip('_')}.py"
        path.write_text(text)
        answers[path.stem] = OwnAnswer(path.stem, path, text.encode())
    return OwnOperations(answers)


def hand_in(folder: Path, *exercises: str, judged: bool = True, **texts: str) -> Path:
    """A folder with reference solutions and with answers of these texts.

    ``judged``: the folder remembers that all passed, so that nothing is judged in a process.
    """
    folder.mkdir(parents=True, exist_ok=True)
    memory = Remembered.of(folder)
    sources = {get(name).name: solution(get(name).name).source for name in exercises}
    sources |= {name.lstrip("_"): text.encode() for name, text in texts.items()}
    for name, source in sources.items():
        path = folder / f"{name}.py"
        path.write_bytes(source)
        passed = Verdict.of(get(name), Outcome.PASSED)
        memory.remember(OwnAnswer(name, path, source), passed)
    if judged:
        memory.write()
    return folder
