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
from tinyalex.learn.grader import near, process
from tinyalex.learn.grader.near import exercise_of
from tinyalex.learn.grader.process import Limits
from tinyalex.learn.grader.spec import Exercise
from tinyalex.learn.grader.verdict import Outcome, Verdict, in_words
from tinyalex.outside import as_csv as csv_cell
from tinyalex.outside import lines

POINTS = 10.0  # of an exercise, on Gradescope


@dataclass(frozen=True)
class Handed:
    """An exercise as a student handed it in; without a path where it is missing.

    Attributes
    ----------
    exercise : Exercise
    path : Path, optional
    student : str
    note : str
        What was found in place of a file that is missing, and what to do.
    """

    exercise: Exercise
    path: Path | None
    student: str = ""
    note: str = ""


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


def handed_in(folder: Path, wanted: Sequence[Exercise] = (), student: str = "") -> list[Handed]:
    """Every known exercise among a folder's files, in order, or the wanted ones and no others.

    A wanted exercise that is not there is listed too, without a path, and so is one of which
    something is there that is nearly an answer. Of two files for one exercise the one with the
    exact name counts, else the last by name.
    """
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        exercise = exercise_of(path)
        if exercise is not None and found.get(exercise.name, path).stem != exercise.name:
            found[exercise.name] = path
        elif exercise is not None:
            found.setdefault(exercise.name, path)
    notes = near.misses(folder, deeper=bool(wanted) or not found)
    packed = near.packed(folder)
    chosen = wanted or [one for one in all_exercises() if one.name in found.keys() | notes.keys()]
    return [
        Handed(one, found[one.name], student)
        if one.name in found
        else Handed(one, None, student, notes.get(one.name, packed))
        for one in chosen
    ]


def class_of(folder: Path, wanted: Sequence[Exercise] = ()) -> list[Handed]:
    """What a class handed in: a folder a student, called as the student.

    Who handed in nothing, an archive, or a file without a folder is listed as well.
    """
    paths = sorted(folder.iterdir())
    students = {path.name: path for path in paths if _is_student(path)}
    loose = dict(_loose(path) for path in paths if path.name not in students)
    loose = {name: note for name, note in loose.items() if note and name not in students}
    if not students:
        found = f"; found {'; '.join(loose.values())}" if loose else ""
        raise ConfigError(
            f"{folder} holds no folders of students{found}", "a folder for each student"
        )
    handed = {name: _of_student(path, wanted) for name, path in students.items()}
    given = {one.exercise.name for found, _ in handed.values() for one in found}
    expected = wanted or [one for one in all_exercises() if one.name in given]
    handed |= {name: ([], note) for name, note in loose.items()}
    return [
        one
        for name, (found, note) in sorted(handed.items())
        for one in found or [Handed(exercise, None, name, note) for exercise in expected]
    ]


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
            what += f"; {handed.note}" if handed.note else ""
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
            "output": lines("\n".join(in_words(one.verdict, hints))),
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
    """One row per student, one column per exercise (a score from 0 to 1, empty if not handed in).

    Where files are missing, and something else was found, a last column says so.
    """
    present = {one.verdict.exercise for one in judged}
    columns = [one.name for one in all_exercises() if one.name in present]
    notes = ["note"] if any(one.handed.note for one in judged) else []
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["student", "passed", "score", *columns, *notes])
    for student, files in by_student(judged).items():
        scores = {
            one.verdict.exercise: f"{one.verdict.score:.3f}"
            for one in files
            if one.verdict.outcome is not Outcome.ABSENT
        }
        passed = sum(one.verdict.passed for one in files)
        total = sum(one.verdict.score for one in files)
        row = [scores.get(name, "") for name in columns]
        if notes:
            row.append(
                csv_cell("; ".join(filter(None, dict.fromkeys(x.handed.note for x in files))))
            )
        table.writerow([csv_cell(student), passed, f"{total:.3f}", *row])
    return text.getvalue()


def _is_student(path: Path) -> bool:
    return path.is_dir() and not path.name.startswith((".", "__"))


def _of_student(folder: Path, wanted: Sequence[Exercise]) -> tuple[list[Handed], str]:
    """What a student handed in; of nothing at all, why."""
    try:
        return handed_in(folder, wanted, folder.name), near.packed(folder)
    except OSError as error:
        return [], f"its folder cannot be read ({error.strerror or error})"


def _loose(path: Path) -> tuple[str, str]:
    """Whose a file beside the students' folders may be, and what to do with it, if anything."""
    if near.is_archive(path):
        return near.unpacked_name(path), f"{path.name}: unpack it"
    if exercise_of(path) or near.nearly(path):
        return path.name, f"{path.name}: put it into a folder for its student"
    return path.name, ""
