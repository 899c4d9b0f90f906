"""The files of a student or a class: finding them, judging them, and tables of the results."""

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
from tinyalex.learn.grader import filenames, process
from tinyalex.learn.grader.filenames import exercise_of
from tinyalex.learn.grader.process import Limits
from tinyalex.learn.grader.spec import Exercise
from tinyalex.learn.grader.verdict import Outcome, Verdict, in_words
from tinyalex.outside import as_csv as csv_cell
from tinyalex.outside import lines

POINTS = 10.0  # per exercise, on Gradescope


@dataclass(frozen=True)
class Submission:
    """An exercise as a student handed it in.

    Attributes
    ----------
    exercise : Exercise
    path : Path, optional
        None if the file is missing.
    student : str
    note : str
        If the file is missing: what was found instead, and what to do.
    """

    exercise: Exercise
    path: Path | None
    student: str = ""
    note: str = ""


@dataclass(frozen=True)
class Graded:
    """A submission and its verdict."""

    submission: Submission
    verdict: Verdict

    def to_dict(self) -> dict[str, Any]:
        """A dictionary that JSON can store."""
        file = str(self.submission.path) if self.submission.path else None
        student = {"student": self.submission.student} if self.submission.student else {}
        return student | {"file": file} | self.verdict.to_dict()


def handed_in(folder: Path, wanted: Sequence[Exercise] = (), student: str = "") -> list[Submission]:
    """The submissions in a folder: all exercises that it has files for, or the wanted ones.

    A wanted exercise without a file is listed without a path, and so is an exercise with a misnamed
    file. Of two files for one exercise, the one with the exact name counts, else the last by name.
    """
    files: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        exercise = exercise_of(path)
        if exercise is not None and files.get(exercise.name, path).stem != exercise.name:
            files[exercise.name] = path
        elif exercise is not None:
            files.setdefault(exercise.name, path)
    notes = filenames.misplaced(folder, deeper=bool(wanted) or not files)
    archives = filenames.archives_in(folder)
    known = files.keys() | notes.keys()
    return [
        Submission(exercise, files[exercise.name], student)
        if exercise.name in files
        else Submission(exercise, None, student, notes.get(exercise.name, archives))
        for exercise in wanted or [e for e in all_exercises() if e.name in known]
    ]


def class_of(folder: Path, wanted: Sequence[Exercise] = ()) -> list[Submission]:
    """The submissions of a class: one folder per student, with the student's name.

    Students who handed in nothing or an archive, and files outside a folder, are listed as well.
    """
    paths = sorted(folder.iterdir())
    students = {path.name: path for path in paths if _is_student(path)}
    loose = dict(_loose(path) for path in paths if path.name not in students)
    loose = {name: note for name, note in loose.items() if note and name not in students}
    if not students:
        found = f"; found {'; '.join(loose.values())}" if loose else ""
        raise ConfigError(
            f"{folder} has no folders of students{found}", "make one folder per student"
        )
    handed = {name: _of_student(path, wanted) for name, path in students.items()}
    given = {s.exercise.name for submissions, _ in handed.values() for s in submissions}
    expected = wanted or [exercise for exercise in all_exercises() if exercise.name in given]
    handed |= {name: ([], note) for name, note in loose.items()}
    return [
        submission
        for name, (submissions, note) in sorted(handed.items())
        for submission in submissions or [Submission(e, None, name, note) for e in expected]
    ]


def grade_all(
    submissions: Sequence[Submission],
    *,
    seed: int = 0,
    limits: Limits | None = None,
    workers: int = 1,
) -> Iterator[Graded]:
    """Judge submissions, in order, ``workers`` at a time; a file cannot stop the others."""

    def judge(submission: Submission) -> Graded:
        exercise, path = submission.exercise, submission.path
        if path is None:
            what = f"there is no file {exercise.name}.py"
            what += f"; {submission.note}" if submission.note else ""
            return Graded(submission, Verdict.of(exercise, Outcome.ABSENT, what))
        try:
            verdict = process.grade(path, exercise, seed=seed, limits=limits)
        except Exception as error:  # the machine's fault: no process, no disk
            what = f"{type(error).__name__}: {error}"
            verdict = Verdict.of(exercise, Outcome.GRADER, what)
        return Graded(submission, verdict)

    with ThreadPoolExecutor(workers) as pool:
        try:
            yield from pool.map(judge, submissions)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            process.stop_all()
            raise


def gradescope(graded: Iterable[Graded], points: float = POINTS, hints: int = 1) -> dict[str, Any]:
    """``results.json`` in the format of Gradescope's autograder: one test per exercise.

    The score of an exercise is the fraction of its properties that hold, up to the first that does
    not.
    """
    tests = [
        {
            "name": f"{result.verdict.exercise}: {result.verdict.title}",
            "score": round(points * result.verdict.score, 2),
            "max_score": points,
            "status": "passed" if result.verdict.passed else "failed",
            "output": lines("\n".join(in_words(result.verdict, hints))),
            "visibility": "visible",
        }
        for result in graded
    ]
    passed = sum(test["status"] == "passed" for test in tests)
    return {
        "score": round(sum(test["score"] for test in tests), 2),  # type: ignore[misc]
        "output": f"{passed} of {len(tests)} exercises passed",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": tests,
    }


def by_student(graded: Iterable[Graded]) -> dict[str, list[Graded]]:
    """The results of each student, in order."""
    students: dict[str, list[Graded]] = {}
    for result in graded:
        students.setdefault(result.submission.student, []).append(result)
    return students


def as_csv(graded: Sequence[Graded]) -> str:
    """One row per student, one column per exercise (a score from 0 to 1, empty if not handed in).

    If a file is missing and something else was found, the last column says what to do.
    """
    present = {result.verdict.exercise for result in graded}
    columns = [exercise.name for exercise in all_exercises() if exercise.name in present]
    notes = ["note"] if any(result.submission.note for result in graded) else []
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["student", "passed", "score", *columns, *notes])
    for student, results in by_student(graded).items():
        scores = {
            result.verdict.exercise: f"{result.verdict.score:.3f}"
            for result in results
            if result.verdict.outcome is not Outcome.ABSENT
        }
        passed = sum(result.verdict.passed for result in results)
        total = sum(result.verdict.score for result in results)
        row = [scores.get(name, "") for name in columns]
        if notes:
            of_student = dict.fromkeys(result.submission.note for result in results)
            row.append(csv_cell("; ".join(filter(None, of_student))))
        table.writerow([csv_cell(student), passed, f"{total:.3f}", *row])
    return text.getvalue()


def _is_student(path: Path) -> bool:
    return path.is_dir() and not path.name.startswith((".", "__"))


def _of_student(folder: Path, wanted: Sequence[Exercise]) -> tuple[list[Submission], str]:
    """The submissions in a student's folder; and, if there are none, the reason."""
    try:
        return handed_in(folder, wanted, folder.name), filenames.archives_in(folder)
    except OSError as error:
        return [], f"its folder cannot be read ({error.strerror or error})"


def _loose(path: Path) -> tuple[str, str]:
    """The student a file outside the students' folders may belong to, and what to do with it."""
    if filenames.is_archive(path):
        return filenames.unpacked_name(path), f"{path.name}: unpack it"
    if exercise_of(path) or filenames.similar_exercise(path):
        return path.name, f"{path.name}: put it into a folder for its student"
    return path.name, ""
