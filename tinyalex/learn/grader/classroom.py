"""Many files: whose they are, judged one after the other or side by side, and tables of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinyalex.errors import ConfigError
from tinyalex.learn.exercises import all_exercises
from tinyalex.learn.grader import process
from tinyalex.learn.grader.process import Limits
from tinyalex.learn.grader.spec import Exercise
from tinyalex.learn.grader.verdict import Outcome, Verdict, in_words

POINTS = 10.0  # of an exercise, on Gradescope


@dataclass(frozen=True)
class Handed:
    """An exercise as a student handed it in; without a path where it is missing."""

    exercise: Exercise
    path: Path | None
    student: str = ""


@dataclass(frozen=True)
class Judged:
    """A file and what the grader says about it."""

    handed: Handed
    verdict: Verdict

    def to_dict(self) -> dict[str, Any]:
        """As JSON knows it."""
        file = str(self.handed.path) if self.handed.path else None
        who = {"student": self.handed.student} if self.handed.student else {}
        return who | {"file": file} | self.verdict.to_dict()


def exercise_of(path: Path) -> Exercise | None:
    """The exercise that a file's name belongs to: ``02_im2col.py``, ``im2col.py``, ``02.py``."""
    if path.suffix != ".py":
        return None
    stem = path.stem.lower()
    for exercise in all_exercises():
        number, _, rest = exercise.name.partition("_")
        if stem in (exercise.name, rest, number):
            return exercise
    # What a browser or a course system makes of it: "02_im2col (1).py", "anna_02_im2col.py".
    inside = [exercise for exercise in all_exercises() if exercise.name in stem]
    return max(inside, key=lambda exercise: len(exercise.name), default=None)


def handed_in(folder: Path, wanted: Sequence[Exercise] = (), student: str = "") -> list[Handed]:
    """Every known exercise among a folder's files, in order, or the wanted ones and no others.

    A wanted exercise that is not there is listed too, without a path. Of two files for one
    exercise the one with the exact name counts, else the last by name.
    """
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        exercise = exercise_of(path)
        if exercise is not None and found.get(exercise.name, path).stem != exercise.name:
            found[exercise.name] = path
        elif exercise is not None:
            found.setdefault(exercise.name, path)
    chosen = wanted or [one for one in all_exercises() if one.name in found]
    return [Handed(one, found.get(one.name), student) for one in chosen]


def class_of(folder: Path, wanted: Sequence[Exercise] = ()) -> list[Handed]:
    """What a class handed in: a folder a student, called as the student."""
    students = sorted(path for path in folder.iterdir() if _is_student(path))
    if not students:
        raise ConfigError(f"{folder} holds no folders of students", "a folder for each student")
    return [one for path in students for one in handed_in(path, wanted, path.name)]


def grade_all(
    files: Sequence[Handed], *, seed: int = 0, limits: Limits | None = None, workers: int = 1
) -> Iterator[Judged]:
    """Judge files, in order, so many at a time; nothing that a file does stops the others."""

    def one(handed: Handed) -> Judged:
        exercise = handed.exercise
        names = tuple(one.name for one in exercise.properties)
        failed = Verdict(exercise.name, exercise.title, Outcome.GRADER, names)
        if handed.path is None:
            what = f"there is no file {exercise.name}.py"
            absent = Verdict(exercise.name, exercise.title, Outcome.ABSENT, names, what=what)
            return Judged(handed, absent)
        try:
            return Judged(handed, process.grade(handed.path, exercise, seed=seed, limits=limits))
        except Exception as error:  # the machine's fault: no process, no disk
            what = f"{type(error).__name__}: {error}"
            return Judged(handed, failed.with_what(what))

    with ThreadPoolExecutor(workers) as pool:
        try:
            yield from pool.map(one, files)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            process.stop_all()
            raise


def gradescope(judged: Iterable[Judged], points: float = POINTS, hints: int = 1) -> dict[str, Any]:
    """``results.json`` as Gradescope's autograder expects it: a test an exercise.

    An exercise scores the share of its properties that hold, up to the first that does not.
    """
    tests = [
        {
            "name": f"{one.verdict.exercise}: {one.verdict.title}",
            "score": round(points * one.verdict.score, 2),
            "max_score": points,
            "status": "passed" if one.verdict.passed else "failed",
            "output": "\n".join(in_words(one.verdict, hints)),
            "visibility": "visible",
        }
        for one in judged
    ]
    passed = sum(test["status"] == "passed" for test in tests)
    return {
        "score": round(sum(test["score"] for test in tests), 2),  # type: ignore[misc]
        "output": f"{passed} of {len(tests)} exercises passed",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": tests,
    }


def by_student(judged: Iterable[Judged]) -> dict[str, list[Judged]]:
    """The files of each student, in order."""
    students: dict[str, list[Judged]] = {}
    for one in judged:
        students.setdefault(one.handed.student, []).append(one)
    return students


def as_csv(judged: Sequence[Judged]) -> str:
    """A row a student, a column an exercise (its score from 0 to 1, empty if not handed in)."""
    present = {one.verdict.exercise for one in judged}
    columns = [one.name for one in all_exercises() if one.name in present]
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["student", "passed", "score", *columns])
    for student, files in by_student(judged).items():
        scores = {
            one.verdict.exercise: f"{one.verdict.score:.3f}"
            for one in files
            if one.verdict.outcome is not Outcome.ABSENT
        }
        passed = sum(one.verdict.passed for one in files)
        total = sum(one.verdict.score for one in files)
        row = [scores.get(name, "") for name in columns]
        table.writerow([student, passed, f"{total:.3f}", *row])
    return text.getvalue()


def _is_student(path: Path) -> bool:
    return path.is_dir() and not path.name.startswith((".", "__"))
